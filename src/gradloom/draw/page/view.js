// Pan, zoom, fit and follow. Only a CSS transform changes, so the cost does not grow with the graph.
const canvas = document.querySelector(".canvas");
const picture = canvas.querySelector("svg");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const embedded = window !== window.parent;
const SMALLEST = 0.02, LARGEST = 6, READABLE = 0.6, MARGIN = 20;
const { width: WIDTH, height: HEIGHT } = picture.viewBox.baseVal;
const ORIGIN = picture.querySelector(".graph").transform.baseVal.consolidate().matrix;
const at = { x: 0, y: 0, scale: 1 };
const size = { width: canvas.clientWidth, height: canvas.clientHeight }; // kept: asking would lay the page out
let resting = 0, scheduled = false;

picture.style.width = `${WIDTH}px`;
picture.style.height = `${HEIGHT}px`;

function place() {
  scheduled = false;
  picture.style.transform = `translate(${at.x}px, ${at.y}px) scale(${at.scale})`;
}

// A layer of its own while it moves; drawn sharply again when it rests.
function moveTo(x, y, scale, gliding = false) {
  Object.assign(at, { x, y, scale });
  picture.classList.toggle("gliding", gliding && !still.matches);
  picture.classList.add("moving");
  clearTimeout(resting);
  resting = setTimeout(() => picture.classList.remove("moving", "gliding"), 400);
  if (!scheduled) requestAnimationFrame(place);
  scheduled = true;
}

function zoom(factor, x = size.width / 2, y = size.height / 2, gliding = false) {
  const scale = Math.min(LARGEST, Math.max(SMALLEST, at.scale * factor)), by = scale / at.scale;
  moveTo(x - (x - at.x) * by, y - (y - at.y) * by, scale, gliding);
}

function fit(least = 0, gliding = false) {
  const wide = (size.width - 2 * MARGIN) / WIDTH, high = (size.height - 2 * MARGIN) / HEIGHT;
  const scale = Math.max(least, Math.min(1.5, wide, high));
  const middle = (room, size) => (room - size * scale) / 2;
  // What does not fit begins at its end: results are on the right.
  const x = WIDTH * scale > size.width ? size.width - MARGIN - WIDTH * scale : middle(size.width, WIDTH);
  moveTo(x, middle(size.height, HEIGHT), scale, gliding);
}

// The corners of a box or a round: from what it is drawn with, so that nothing need be laid out to know.
function extent(group) {
  const shape = group.querySelector("path, ellipse"), of = (name) => Number(shape.getAttribute(name));
  if (shape.tagName === "ellipse") {
    const [x, y, rx, ry] = ["cx", "cy", "rx", "ry"].map(of);
    return { left: x - rx, right: x + rx, top: y - ry, bottom: y + ry };
  }
  const numbers = shape.getAttribute("d").match(/-?[\d.]+/g).map(Number);
  const [xs, ys] = [0, 1].map((odd) => numbers.filter((_, i) => i % 2 === odd));
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
}

// Bring some groups of the picture into sight, as calmly as possible: not at all if they are.
function follow(groups, centre = false) {
  const extents = groups.filter(Boolean).map(extent);
  if (!extents.length) return;
  const scale = Math.max(at.scale, centre ? READABLE : 0);
  const moved = (low, high, origin, room, shift) => {
    const from = scale === at.scale ? shift : 0;
    const first = (Math.min(...extents.map((box) => box[low])) + origin) * scale + from;
    const last = (Math.max(...extents.map((box) => box[high])) + origin) * scale + from;
    if (!centre && scale === at.scale && first >= MARGIN && last <= room - MARGIN) return shift;
    return from + room / 2 - (first + last) / 2;
  };
  const x = moved("left", "right", ORIGIN.e, size.width, at.x);
  const y = moved("top", "bottom", ORIGIN.f, size.height, at.y);
  if (x !== at.x || y !== at.y || scale !== at.scale) moveTo(x, y, scale, true);
}

// ---- what a step adds to the picture
const inPicture = (tag) => picture.querySelector(".graph").appendChild(document.createElementNS(picture.namespaceURI, tag));

// A dot that runs along an edge: with the arrow, or (a gradient, of this sign) against it.
function travel(edge, gradient = null) {
  if (!edge || still.matches) return;
  const dot = inPicture("circle"), way = [{ offsetDistance: "0%" }, { offsetDistance: "100%" }];
  dot.setAttribute("r", 5);
  dot.setAttribute("class", `dot ${gradient ?? ""}`);
  dot.style.offsetPath = `path("${edge.querySelector("path").getAttribute("d")}")`;
  const run = dot.animate(gradient === null ? way : way.reverse(), { duration: 500, easing: "ease-in-out" });
  run.onfinish = () => dot.remove();
}

// The arithmetic of the step, above the box that gets its result.
const badges = inPicture("text");
badges.setAttribute("class", "badge");
function badge(box, text = "") {
  badges.textContent = box ? text : "";
  if (!box || !text) return;
  const { left, right, top } = extent(box), early = left < WIDTH / 2; // so that it stays inside the picture
  badges.setAttribute("text-anchor", early ? "start" : "end");
  badges.setAttribute("x", early ? left + 4 : right - 4);
  badges.setAttribute("y", top - 6);
}

new ResizeObserver(() => {
  const before = size.width;
  Object.assign(size, { width: canvas.clientWidth, height: canvas.clientHeight });
  if (size.width !== before) fit(READABLE);
}).observe(canvas);

// ---- wheel, drag, pinch
canvas.addEventListener("wheel", (event) => {
  if (embedded && !event.ctrlKey) return; // a notebook scrolls on
  event.preventDefault();
  const { left, top } = canvas.getBoundingClientRect();
  const lines = event.deltaMode === 1 ? 16 : 1;
  zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0016)), event.clientX - left, event.clientY - top);
}, { passive: false });

const fingers = new Map();
let travelled = 0;

canvas.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || event.target.closest("button, input")) return;
  fingers.set(event.pointerId, event);
  travelled = 0;
});
addEventListener("pointermove", (event) => {
  const before = fingers.get(event.pointerId);
  if (!before) return;
  const middle = () => {
    const all = [...fingers.values()], { left, top } = canvas.getBoundingClientRect();
    const mean = (name) => all.reduce((sum, finger) => sum + finger[name], 0) / all.length;
    const x = mean("clientX"), y = mean("clientY");
    return { x: x - left, y: y - top, spread: Math.hypot(all[0].clientX - x, all[0].clientY - y) };
  };
  const was = middle();
  fingers.set(event.pointerId, event);
  const now = middle();
  travelled += Math.hypot(event.clientX - before.clientX, event.clientY - before.clientY);
  if (travelled < 4 && fingers.size === 1) return;
  moveTo(at.x + now.x - was.x, at.y + now.y - was.y, at.scale);
  if (fingers.size > 1 && was.spread > 0) zoom(now.spread / was.spread, now.x, now.y);
});
for (const name of ["pointerup", "pointercancel"]) {
  addEventListener(name, (event) => fingers.delete(event.pointerId));
}
const dragged = () => travelled >= 4;
