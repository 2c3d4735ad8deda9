// Pan, zoom, fit and follow. Only a CSS transform changes, so the cost does not grow with the graph.
const canvas = document.querySelector(".canvas");
const picture = canvas.querySelector("svg");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const SMALLEST = 0.02, LARGEST = 6, READABLE = 0.55, MARGIN = 20;
let { width: WIDTH, height: HEIGHT } = picture.viewBox.baseVal;
const layer = picture.querySelector(".graph");
const ORIGIN = layer.transform.baseVal.consolidate().matrix;
const at = { x: 0, y: 0, scale: 1 };
const measured = () => ({ width: canvas.clientWidth, height: canvas.clientHeight });
const size = measured(); // kept: asking would lay the page out
let resting = 0, scheduled = false;

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

function zoom(factor, gliding = false, x = size.width / 2, y = size.height / 2) {
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

// The corners of a box, a round or a frame, as it was laid out; they are asked for once.
function outline(group) {
  if (!group.corners) {
    const { x, y, width, height } = group.querySelector("path, ellipse, rect").getBBox();
    group.corners = { left: x, right: x + width, top: y, bottom: y + height };
  }
  return group.corners;
}
// The same as it stands now, since some have made room; a frame takes its nodes with it.
function extent(group) {
  const { left, right, top, bottom } = outline(group), [x, y] = (group.closest(".inside") ?? group).shift ?? [0, 0];
  return { left: left + x, right: right + x, top: top + y, bottom: bottom + y };
}

// Bring some groups of the picture into sight, as calmly as possible: not at all if they are.
function follow(groups, centre = false) {
  const found = groups.filter(Boolean).map(extent), scale = Math.max(at.scale, centre ? READABLE : 0);
  if (!found.length) return;
  const moved = (low, high, origin, room, now) => {
    const first = (Math.min(...found.map((x) => x[low])) + origin) * scale, last = (Math.max(...found.map((x) => x[high])) + origin) * scale;
    const seen = !centre && scale === at.scale && first + now >= MARGIN && last + now <= room - MARGIN;
    return seen ? now : (room - first - last) / 2;
  };
  const x = moved("left", "right", ORIGIN.e, size.width, at.x), y = moved("top", "bottom", ORIGIN.f, size.height, at.y);
  if (x !== at.x || y !== at.y) moveTo(x, y, scale, true);
}

// ---- what a step adds to the picture
function inPicture(tag, of, into = layer) {
  const element = into.appendChild(document.createElementNS(picture.namespaceURI, tag));
  for (const name in of) element.setAttribute(name, of[name]);
  return element;
}

// A dot that runs along an edge: with the arrow, or (a gradient, of this sign) against it.
function travel(edge, gradient) {
  if (!edge || still.matches) return;
  const dot = inPicture("circle", { class: `dot ${gradient ?? ""}`, r: 5 }, edge.parentNode);
  dot.style.offsetPath = `path("${edge.querySelector("path").getAttribute("d")}")`;
  const direction = gradient === undefined ? "normal" : "reverse";
  dot.animate({ offsetDistance: ["0%", "100%"] }, { duration: 500, easing: "ease-in-out", direction }).onfinish = () => dot.remove();
}

// The arithmetic of the step, above the box that gets its result.
let badges;
function badge(box, text) {
  badges?.remove();
  if (!box || !text) return;
  const { left, right, top } = extent(box), early = left < WIDTH / 2; // so that it stays inside the picture
  badges = inPicture("text", { class: "badge", "text-anchor": early ? "start" : "end", x: early ? left + 4 : right - 4, y: top - 6 });
  badges.textContent = text;
}

new ResizeObserver(() => {
  const before = size.width;
  Object.assign(size, measured());
  if (size.width !== before) fit(READABLE);
}).observe(canvas);

// ---- wheel, drag, pinch
canvas.addEventListener("wheel", (event) => {
  if (window !== window.parent && !event.ctrlKey) return; // a notebook scrolls on
  event.preventDefault();
  const { left, top } = canvas.getBoundingClientRect();
  const lines = event.deltaMode === 1 ? 16 : 1;
  zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0016)), false, event.clientX - left, event.clientY - top);
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
  if (fingers.size > 1 && was.spread > 0) zoom(now.spread / was.spread, false, now.x, now.y);
});
for (const name of ["pointerup", "pointercancel"]) {
  addEventListener(name, (event) => fingers.delete(event.pointerId));
}
const dragged = () => travelled >= 4;
