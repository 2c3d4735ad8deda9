// The film: one frame of a training, and what is shown of it.
const { frames, curve, layers } = FILM, LAST = frames.length - 1, PACE = 0.12;

// ---- the loss curve: as far as the frame in ink, the rest pale
const known = curve.map(([, loss]) => loss).filter(Number.isFinite);
const highest = Math.max(...known), lowest = Math.min(...known);
const logarithmic = lowest > 0 && highest > 20 * lowest;
const scaled = (x) => (logarithmic ? Math.log(x) : x / 2); // a half, so that no difference is infinite
const height = (loss) => (highest === lowest ? 500 : 1000 - (1000 * (scaled(loss) - scaled(lowest))) / (scaled(highest) - scaled(lowest)));
const across = (step) => (1000 * step) / Math.max(1, FILM.steps - 1);

function drawn(points) {
  let down = false;
  return points.map(([step, loss]) => {
    const sign = down ? "L" : "M";
    down = Number.isFinite(loss);
    return down ? `${sign}${across(step).toFixed(1)} ${height(loss).toFixed(1)}` : "";
  }).join("") + (points.length === 1 ? "h0" : "");
}

function paintCurve({ step, loss }) {
  const [ahead, line] = $("chart").querySelectorAll("path");
  if (!ahead.hasAttribute("d")) ahead.setAttribute("d", drawn(curve));
  line.setAttribute("d", drawn(curve.filter(([at]) => at < step).concat([[step, loss]])));
  $("loss").textContent = `${spoken(loss)} at step ${step + 1}${logarithmic ? " · log scale" : ""}`;
  $("now").hidden = !Number.isFinite(loss);
  Object.assign($("now").style, { left: `${across(step) / 10}%`, top: `${height(loss) / 10}%` });
}

// ---- the layers: a small picture for each kind of number
function svg(tag, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

// Two digits are enough for a size, and three of them have to fit below a picture: 0.000042 is 4.2e-5.
function brief(x) {
  if (!Number.isFinite(x)) return "none";
  const [digits, power] = x.toExponential(1).split("e").map(Number);
  return x && (power < -3 || power > 3) ? `${digits}e${power}` : String(Number(x.toPrecision(2)));
}

function histogram() {
  const bars = ["down", "none", "up"].map((side) => svg("path", { class: side }));
  const picture = svg("svg", { viewBox: "0 0 31 100", preserveAspectRatio: "none", "aria-hidden": true });
  picture.append(...bars);
  const words = [part("span"), part("b"), part("span")];
  return { whole: part("div", "", picture, part("div", "ends", ...words)), bars, words };
}

const pictures = layers.map((layer) => {
  const both = Object.fromEntries(["data", "grad"].map((kind) => [kind, histogram()]));
  const title = part("h2", "", layer.name, part("small", "", `${layer.size} parameter${layer.size === 1 ? "" : "s"}`));
  $("layers").append(part("div", "layer", title, both.data.whole, both.grad.whole));
  return both;
});

function paintLayers(frame) {
  pictures.forEach((both, i) => {
    for (const [kind, { bars, words }] of Object.entries(both)) {
      const { bins, range, size, lost } = frame[kind][i], most = Math.max(1, ...bins), middle = (bins.length - 1) / 2;
      const shape = (from, to) => bins.slice(from, to).map((count, k) => {
        const tall = (97 * count) / most;
        return count ? `M${from + k + 0.08} 100v${-tall.toFixed(1)}h0.84v${tall.toFixed(1)}z` : "";
      }).join("");
      [[0, middle], [middle, middle + 1], [middle + 1, bins.length]].forEach((of, k) => bars[k].setAttribute("d", shape(...of)));
      const said = [brief(-range), `size ${brief(size)}${lost ? ` · ${lost} not finite` : ""}`, brief(range)];
      said.forEach((text, k) => { words[k].textContent = text; });
    }
  });
}

// ---- moving in time
const side = ({ wrong }) => `${plane.points.length - wrong.length} of ${plane.points.length} points on the right side`;

function sentence(at) {
  const frame = frames[at];
  return `Step ${frame.step + 1} of ${FILM.steps}. The loss is ${spoken(frame.loss)}${plane ? `; ${side(frame)}` : ""}.`;
}

function go(to) {
  arrive(to, sentence, (at) => `${frames[at].step + 1} / ${FILM.steps}`);
  const frame = frames[position];
  paintCurve(frame);
  paintLayers(frame);
  if (plane) {
    $("right").textContent = side(frame);
    $("map").setAttribute("aria-label", `The plane at step ${frame.step + 1}: ${side(frame)}`);
    paintPlane(frame);
  }
}

listen(PLAYER, (key) => PLAYER_KEYS[key]);
$("chart").addEventListener("click", (event) => {
  const { left, width } = $("chart").getBoundingClientRect();
  const wanted = ((event.clientX - left) / width) * (FILM.steps - 1);
  const distance = frames.map(({ step }) => Math.abs(step - wanted));
  leap(distance.indexOf(Math.min(...distance)));
});

// ---- begin
$("notice").textContent = FILM.notice;
$("notice").hidden = !FILM.notice;
$("highest").textContent = known.length ? spoken(highest) : "";
$("lowest").textContent = known.length && lowest < highest ? spoken(lowest) : "";
$("last").textContent = `step ${FILM.steps}`;
if (plane) {
  $("plane").hidden = false;
  $("some").textContent = plane.all > plane.points.length ? ` ${plane.points.length} of ${plane.all} points are shown.` : "";
  new ResizeObserver(() => paintPlane(frames[position])).observe($("map"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => paintPlane(frames[position]));
}
go(LAST);
