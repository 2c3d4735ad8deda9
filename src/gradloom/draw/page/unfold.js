// Boxes that unfold. Graphviz has laid out the picture and each box's inside; where a box is open, its inside
// stands in its place in a frame, and x and y of the picture are stretched there to make room.
const all = (css) => [...layer.querySelectorAll(`:scope > ${css}`)];
const groups = (what) => all(`[data-${what}]`).reduce((found, group) => { found[group.dataset[what]] = group; return found; }, []);
const closed = groups("node"), ops = groups("op"), frames = groups("inside"); // frames: of a box, its inside

// A coordinate where each part, from `low` to `high`, has become `size` long; nothing comes nearer to anything.
function stretched(parts) {
  const cuts = [...new Set(parts.flatMap(([low, high]) => [low, high]))].sort((a, b) => a - b);
  const pieces = cuts.map((from, i) => {
    const sizes = parts.filter(([low, high]) => low <= from && from < high).map(([low, high, size]) => size / (high - low));
    return [from, cuts[i + 1] ?? from, Math.max(1, ...sizes) - 1];
  });
  return (x) => pieces.reduce((sum, [from, to, more]) => sum + more * (Math.min(Math.max(x, from), to) - from), x);
}

// What is moved, as Graphviz placed it: [x, y] says where a thing is, whole; a line is bent at its points.
const centre = ({ left, right, top, bottom }) => [(left + right) / 2, (top + bottom) / 2];
const things = all(".node").map((group) => [group, centre(outline(group))]);
const bent = (path, place) => ({
  path, points: path.getAttribute("d").match(/[^MC ]+/g).map((pair) => pair.split(",").map(Number)), ...place,
});
const lines = [];
for (const group of all(".edge")) {
  const [path, tip, label] = ["path", "polygon", "text"].map((css) => group.querySelector(css));
  const { edge, from, result } = group.dataset, into = result ?? edge?.split("-")[0];
  if (into) lines.push(bent(path, { tip, tail: result ? ops[into] : closed[from], head: (edge && ops[into]) || closed[into] }));
  if (label) things.push([label, centre(outline(group))]);
}
for (const group of all(".cluster")) {
  const { left, right, top, bottom } = outline(group);
  const corner = ([x, y]) => [2 * x < left + right ? left : right, 2 * y < top + bottom ? top : bottom];
  for (const part of group.children) {
    if (part.tagName === "path") lines.push(bent(part, { corner }));
    else things.push([part, [left, top]]);
  }
}
const PLAIN = [WIDTH, HEIGHT];

function shift(element, [x, y]) {
  element.shift = [x, y];
  element.style.transform = x || y ? `translate(${x}px, ${y}px)` : "";
}

function stretch() {
  const axis = (low, high) => stretched([...open].map((i) => {
    const box = outline(closed[i]), frame = outline(frames[i]);
    return [box[low], box[high], frame[high] - frame[low]];
  }));
  const X = axis("left", "right"), Y = axis("top", "bottom"), moved = ([x, y]) => [X(x) - x, Y(y) - y];
  for (const [thing, at] of things) shift(thing, moved(at));
  for (const i of open) {
    const { left, right, top, bottom } = outline(closed[i]), [x, y] = centre(outline(frames[i]));
    shift(frames[i], [(X(left) + X(right)) / 2 - x, (Y(top) + Y(bottom)) / 2 - y]);
  }
  // An edge ends where its node is now, or at the side of the frame in its place.
  const end = (group, side) => {
    const i = Number(group.dataset.node);
    if (!open.has(i)) return group.shift;
    const box = outline(group), frame = extent(frames[i]);
    return [frame[side] - box[side], centre(frame)[1] - centre(box)[1]];
  };
  for (const { path, points, corner, tip, tail, head } of lines) {
    const [first, last] = head ? [end(tail, "right"), end(head, "left")] : [];
    const [begin, ...curves] = points.map((point, k) => {
      const near = head && (k < 2 ? first : k > points.length - 3 && last); // so it leaves and arrives as it did
      const [x, y] = near || moved(corner ? corner(point) : point);
      return [point[0] + x, point[1] + y];
    });
    path.setAttribute("d", `M${begin}C${curves.join(" ")}`);
    if (tip) shift(tip, last);
  }
  [WIDTH, HEIGHT] = [X(PLAIN[0]), PLAIN[1] + Y(0)];
}

// A sign at each box that unfolds.
for (const i in frames) {
  const { right, top } = outline(closed[i]), d = `M${right - 8},${top}a8,8 0 1,1 16,0a8,8 0 1,1 -16,0m4,0h8m-4,-4v8`;
  inPicture("path", { class: "sign", d }, closed[i]);
}
