// Boxes that unfold. Graphviz has laid out the picture and each box's inside; where a box is open, its inside
// stands in its place in a frame, and x and y of the picture are stretched there to make room.
const all = (css) => [...layer.querySelectorAll(`:scope > ${css}`)];
const closed = [], frames = []; // of a box: as it is drawn, and its inside
for (const group of all("[data-node]")) closed[group.dataset.node] = group;
for (const group of all("[data-inside]")) frames[group.dataset.inside] = group;

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
  const [path, tip, text] = ["path", "polygon", "text"].map((css) => group.querySelector(css));
  const { edge, from, result } = group.dataset, into = result ?? edge?.split("-")[0], op = layer.querySelector(`:scope > [data-op="${into}"]`);
  if (into) lines.push(bent(path, { tip, tail: result ? op : closed[from], head: (edge && op) || closed[into] }));
  if (text) things.push([text, ["x", "y"].map((name) => Number(text.getAttribute(name)))]);
}
for (const group of all(".cluster")) {
  const { left, right, top, bottom } = outline(group);
  const corner = ([x, y]) => [2 * x < left + right ? left : right, 2 * y < top + bottom ? top : bottom];
  for (const path of group.querySelectorAll("path")) lines.push(bent(path, { corner }));
  for (const text of group.querySelectorAll("text")) things.push([text, [left, top]]);
}
const PLAIN = [WIDTH, HEIGHT];

function shift(element, [x, y]) {
  shifts.set(element, [x, y]);
  element.style.transform = x || y ? `translate(${x}px, ${y}px)` : "";
}

function stretch() {
  const axis = (low, high) => stretched([...open].map((i) => {
    const box = outline(closed[i]), frame = outline(frames[i]);
    return [box[low], box[high], frame[high] - frame[low]];
  }));
  const X = axis("left", "right"), Y = axis("top", "bottom"), by = ([x, y]) => [X(x) - x, Y(y) - y];
  for (const [thing, at] of things) shift(thing, by(at));
  for (const i of open) {
    const { left, right, top, bottom } = outline(closed[i]), [x, y] = centre(outline(frames[i]));
    shift(frames[i], [(X(left) + X(right)) / 2 - x, (Y(top) + Y(bottom)) / 2 - y]);
  }
  // An edge ends where its node is now, or at the side of the frame in its place.
  const end = (group, side) => {
    const i = closed.indexOf(group);
    if (!open.has(i)) return shifts.get(group);
    const box = outline(group), frame = extent(frames[i]);
    return [frame[side] - box[side], centre(frame)[1] - centre(box)[1]];
  };
  for (const { path, points, corner, tip, tail, head } of lines) {
    const last = points.length - 1, ends = head && [end(tail, "right"), end(head, "left")];
    // Where an edge begins and ends it keeps its direction: the second point goes with the first.
    const turn = (k) => (!head ? [0, 0] : by(points[k]).map((moved, axis) => ends[k && 1][axis] - moved));
    const turns = [turn(0), turn(last)];
    const moved = points.map((point, k) => {
      const [x, y] = by(corner ? corner(point) : point), [dx, dy] = k < 2 ? turns[0] : k > last - 2 ? turns[1] : [0, 0];
      return [point[0] + x + dx, point[1] + y + dy];
    });
    path.setAttribute("d", `M${moved[0]}C${moved.slice(1).join(" ")}`);
    if (tip) shift(tip, ends[1]);
  }
  [WIDTH, HEIGHT] = [X(PLAIN[0]), PLAIN[1] + Y(0)];
}

// A sign at each box that unfolds.
closed.forEach((group, i) => {
  const { right, top } = outline(group), d = `M${right - 8},${top}a8,8 0 1,1 16,0a8,8 0 1,1 -16,0m4,0h8m-4,-4v8`;
  if (nodes[i].inside) inPicture("path", { class: "sign", d }, group);
});
