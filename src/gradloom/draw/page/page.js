// The page: one position in the steps, one chosen node, and what is shown of them.
const groups = (what) => {
  const found = [];
  for (const group of picture.querySelectorAll(`[data-${what}]`)) found[group.dataset[what]] = group;
  return found;
};
const boxes = groups("node"), rounds = groups("op"), results = groups("result"), edges = new Map();
const texts = boxes.map((box) => {
  const all = box.querySelectorAll("text");
  return { data: all[all.length - 3], grad: all[all.length - 1], size: all[all.length - 1] };
});
for (const edge of picture.querySelectorAll("[data-from]")) {
  const into = Number(edge.dataset.into), from = Number(edge.dataset.from);
  const places = nodes[into].operands.flatMap((j, k) => (j === from ? [k] : []));
  edges.set(`${into}-${places[edge.dataset.nth]}`, edge);
}
// What comes out of a box comes along one edge, whatever number of contributions it is.
const edgeOf = ({ node, k, to }) => edges.get(`${node}-${isFolded(node) ? nodes[node].operands.indexOf(to) : k}`);
// When a box has got all of its gradient: only then its norm is shown.
const settled = nodes.map((_, i) => steps.findLastIndex((step) => step.to === i));

const LAST = steps.length, PACE = 1;
let chosen = -1, pointed = -1;

// ---- small parts of the page
const sign = (x) => (x > 0 ? "positive" : x < 0 ? "negative" : "");
const figure = (x, text = noticeable(x)) => part("b", sign(x) && `${sign(x)}-number`, text);
const described = (facts) => part("dl", "", ...facts.map(([name, x]) => part("div", "", part("dt", "", name), part("dd", "", x))));

// ---- the graph at this position; only what differs from what is shown is written
const shown = new Map();
function show(element, what, value, write) {
  let known = shown.get(element);
  if (!known) shown.set(element, known = {});
  if (known[what] === value) return;
  known[what] = value;
  write(element, value);
}
const setNumber = (element, x) => { element.textContent = x === null ? "·" : fitted(x, GRAPH.room); };
const setNorm = (element, x) => { element.textContent = `grad norm ${x === null ? "·" : number(x, GRAPH.digits)}`; };
const setClass = (name) => (element, on) => element.classList.toggle(name, on);
const setSign = (element, name) => {
  element.classList.toggle("positive", name === "positive");
  element.classList.toggle("negative", name === "negative");
};
const setFlow = (element, share) => element.style.setProperty("--flow", `${(1 + 3 * Math.sqrt(share)).toFixed(2)}px`);

function flow(edge, adds, largest) {
  if (!edge) return;
  const some = adds !== null && adds !== 0;
  const share = fabs(adds) / largest;
  show(edge, "sign", some ? sign(adds) : "", setSign);
  show(edge, "flow", some ? (share < 1 ? share : 1) : 0, setFlow); // what is not finite is as wide as can be
  show(edge, "flowing", some, setClass("flowing"));
  show(edge, "zero", adds === 0, setClass("zero"));
}

function paint() {
  const known = nodes.map((_, i) => !computed.has(i));
  const sofar = nodes.map(() => null), carried = new Map();
  let largest = 0;
  steps.forEach((step, s) => {
    if (Number.isFinite(step.adds)) largest = Math.max(largest, fabs(step.adds));
    if (s >= position) return;
    if (step.kind === "value") known[step.node] = true;
    else {
      if (!isFolded(step.to)) sofar[step.to] = step.total;
      if (step.node >= 0 && step.kind !== "seed") carried.set(edgeOf(step), step.adds ?? null);
    }
  });
  nodes.forEach((_, i) => {
    const grad = sofar[i];
    if (isFolded(i)) {
      const done = position > forwards.length && position > settled[i];
      if (!GRAPH.trouble) show(texts[i].size, "norm", done ? grads[i] : null, setNorm);
      show(boxes[i], "later", !known[i], setClass("later"));
      return;
    }
    show(texts[i].data, "number", known[i] ? data[i] : null, setNumber);
    show(texts[i].grad, "number", grad, setNumber);
    show(texts[i].grad, "sign", grad === null ? "" : sign(grad), setSign);
    for (const group of [boxes[i], rounds[i], results[i]]) {
      if (group) show(group, "later", !known[i], setClass("later"));
    }
    flow(results[i], grad, largest);
  });
  for (const [key, edge] of edges) {
    show(edge, "later", !known[key.split("-")[0]], setClass("later"));
    flow(edge, carried.get(edge) ?? null, largest);
  }
  const step = steps[position - 1];
  const lit = step ? groupsOf(step) : [];
  for (const group of litBefore) if (!lit.includes(group)) show(group, "now", false, setClass("now"));
  for (const group of lit) show(group, "now", true, setClass("now"));
  litBefore = lit;
}
let litBefore = [];

function groupsOf(step) {
  const found = {
    value: [rounds[step.node], boxes[step.node], results[step.node]],
    seed: [boxes[step.node]],
    unseen: [boxes[step.node], edgeOf(step), boxes[step.to]],
    between: [boxes[step.node], edgeOf(step), boxes[step.to]],
  }[step.kind] ?? [rounds[step.node], edgeOf(step), boxes[step.to]];
  return found.filter(Boolean);
}

const inShort = (step) => ({
  value: () => (ruleOf(step.node) ? `${pretty(written(step.node, ruleOf(step.node), numberOf(step.node)))} = ${spoken(data[step.node])}` : ""),
  edge: () => `${spoken(step.partial)} × ${signed(step.incoming)} = ${spoken(step.adds)}`,
})[step.kind]?.() ?? "";

// ---- the step in full
function card() {
  const step = steps[position - 1], parts = [];
  const pass = !step ? "start" : step.kind === "value" ? "forward" : "backward";
  parts.push(part("p", "kicker", position ? `Step ${position} of ${steps.length} · ${pass}` : `${steps.length} steps`));
  parts.push(...(step ? CARDS[step.kind](step) : opening()));
  $("step").replaceChildren(...parts);
}

const opening = () => [
  part("h2", "", "The leaves have their numbers"),
  part("p", "", GRAPH.trouble
    ? "The forward pass computes one node after the other."
    : "First the forward pass computes one node after the other. Then the gradient goes back, one edge at a time."),
];

function derivative(step) {
  const words = formula(step);
  if (!words) return [];
  const lines = [part("div", "", `d${words.what}/d${words.by} = ${words.rule}`)];
  if (words.filled) lines.push(part("div", "filled", `= ${words.filled}`));
  const parts = [part("div", "rule", ...lines), part("p", "fine", words.where.join(" · "))];
  return words.note ? [...parts, part("p", "fine", `Note: ${words.note}.`)] : parts;
}

const product = (step) => part("div", "product",
  part("b", "", noticeable(step.partial)), part("span", "", "×"), figure(step.incoming), part("span", "", "="), figure(step.adds),
  ...["local derivative", "", "incoming gradient", "", "contribution"].map((text) => part("small", "", text)));

const CARDS = {
  value: (step) => {
    if (isFolded(step.node)) return [part("h2", "", `${names[step.node]} is computed`), part("p", "", `${manyOf(step.node)} in one box, and one step here.`)];
    const rule = ruleOf(step.node), { operands, op } = nodes[step.node];
    const parts = [part("h2", "", `${pretty(names[step.node])} = ${spoken(data[step.node])}`)];
    if (rule) {
      parts.push(part("div", "rule", part("div", "", pretty(written(step.node, rule, (j) => names[j] ?? "…"))),
        part("div", "filled", `= ${pretty(written(step.node, rule, numberOf(step.node)))}`), part("div", "", `= ${spoken(data[step.node])}`)));
    } else {
      parts.push(part("p", "", `${op || "?"} was made by hand of ${operands.map((j) => names[j] ?? "…").join(", ")}; its number is the user's own.`));
    }
    return parts;
  },
  seed: (step) => isFolded(step.node) ? [part("h2", "", "Backward begins"), part("p", "", `The result is ${inside(step.node)}; its gradient is 1.`)] : [
    part("h2", "", `Backward begins at ${names[step.node]}`),
    part("div", "rule", `d ${names[step.node]} / d ${names[step.node]} = 1`),
    part("p", "", "How fast does a number change when it changes itself? One for one: so its gradient is 1."),
    sum(step),
  ],
  edge: (step) => {
    const parts = [part("h2", "", `${nodes[step.node].op} passes back to ${names[step.to]}`), ...derivative(step), product(step)];
    const why = step.partial === 0 ? "a derivative of 0 passes nothing here, whatever comes in." : "nothing came in.";
    if (!step.taken) parts.push(part("p", "fine", `Not taken: ${why}`));
    parts.push(sum(step));
    return parts;
  },
  own: (step) => [
    part("h2", "", `${nodes[step.node].op || "?"} passes back to ${names[step.to]}`),
    part("p", "", "The derivative is the user's own _backward, or that of a compiled function. What it added is shown as it is."),
    sum(step),
  ],
  unseen: (step) => [
    part("h2", "", `From ${source(step)} to ${names[step.to]}`),
    part("p", "", `${contributions(step)} of nodes ${step.node < 0 ? "outside this picture" : "in this box"}, added up.`),
    sum(step),
  ],
  into: (step) => [
    part("h2", "", `${nodes[step.node].op || "?"} passes back into ${names[step.to]}`),
    ...derivative(step), ...(step.partial || !step.adds ? [product(step)] : []),
    part("p", "", `${spoken(step.adds)} goes to a node ${inside(step.to)}, and on from there.`),
  ],
  between: (step) => [
    part("h2", "", `From ${inside(step.node)} into ${names[step.to]}`),
    part("p", "", `${contributions(step)} of nodes in one box to nodes in the other.`),
  ],
};

// All that a node has got so far, so that the adding up is seen.
function sum(step) {
  const most = 6, table = part("table", "sum", part("caption", "", `gradient of ${names[step.to]}, so far`));
  const all = steps.slice(0, position).filter((other) => other.kind !== "value" && other.to === step.to);
  const line = (name, x, className = "") => table.append(part("tr", className, part("td", "", name), part("td", "", figure(x))));
  if (all.length > most) {
    const earlier = all.slice(0, all.length - most + 1);
    line(`${earlier.length} contributions before`, earlier.at(-1).total);
  }
  for (const other of all.slice(all.length > most ? 1 - most : 0)) {
    const from = other.kind === "seed" ? "the start" : other.kind === "unseen" ? source(other) : `through ${nodes[other.node].op || "?"} from ${names[other.node]}`;
    line(from, other.adds, other === step ? "latest" : "");
  }
  line("together", step.total, "total");
  return table;
}

// ---- moving in time
function go(to, moves = true) {
  arrive(to, sentence, (position) => `${position} / ${LAST}`);
  const step = steps[position - 1];
  $("leg-forward").className = position > 0 && position <= forwards.length ? "on" : "";
  $("leg-backward").className = position > forwards.length ? "on" : "";
  paint();
  card();
  tip();
  if (moves && step) {
    follow(groupsOf(step).filter((group) => group.classList.contains("node")));
    if (step.kind === "value") nodes[step.node].operands.slice(0, 8).forEach((_, k) => travel(edges.get(`${step.node}-${k}`)));
    else if (step.kind !== "seed") travel(edgeOf(step), sign(step.adds));
  }
  badge(step && boxes[step.kind === "value" ? step.node : step.to], step && inShort(step));
}

// ---- one node in full: pointed at, else chosen
function tip() {
  const i = pointed >= 0 ? pointed : chosen;
  $("tip").hidden = i < 0;
  if (i < 0) return;
  const { label, op, operands, stored, made } = nodes[i];
  if (isFolded(i)) {
    const facts = [["nodes", nodes[i].folded.toLocaleString("en")]];
    if (!GRAPH.trouble) facts.push(["norm of its gradients", exact(grads[i])]);
    if (templateOf(i)) facts.push(["inside", "press it, or Enter"]);
    $("tip").replaceChildren(part("b", "", label), part("span", "kind", "many nodes in one box"), described(facts));
    return;
  }
  const kind = !operands.length ? "a leaf" : `made by ${op || "?"}`;
  const facts = [["data", exact(data[i])]];
  if (!GRAPH.trouble) facts.push(["gradient", exact(grads[i])]);
  if (changed.size) facts.push(["data, in Python", exact(original.data[i])]);
  else if (stored !== grads[i] && !Object.is(stored, grads[i])) facts.push([".grad, in Python", exact(stored)]);
  $("tip").replaceChildren(part("b", "", label || names[i]), part("span", "kind", kind), described(facts));
  if (made) $("tip").append(part("p", "made", `made in ${made}`));
}

function choose(i, seen = true) {
  if (chosen >= 0) show(boxes[chosen], "chosen", false, setClass("chosen"));
  chosen = i;
  if (i >= 0) {
    show(boxes[i], "chosen", true, setClass("chosen"));
    if (seen) follow([boxes[i]]);
    if (isFolded(i)) $("live").textContent = `${names[i]}, ${manyOf(i)} in one box.`;
    if (isFolded(i)) return tip();
    const { operands, op, made } = nodes[i], kind = operands.length ? `made by ${op || "?"}` : "a leaf";
    $("live").textContent = `${names[i]}, ${kind}. Data ${spoken(data[i])}${GRAPH.trouble ? "" : `, gradient ${spoken(grads[i])}`}.` +
      (made ? ` Made in ${made}.` : "");
    if (!nodes[i].operands.length) pick(i);
  }
  tip();
}
const walk = [...nodes.keys()].filter((i) => !computed.has(i)).concat(forwards.map((step) => step.node));
const walked = (by) => choose(walk[(walk.indexOf(chosen) + by + walk.length) % walk.length] ?? walk[0]);

const under = (event) => {
  const group = event.target.closest?.("[data-node], [data-op]");
  return group ? Number(group.dataset.node ?? group.dataset.op) : -1;
};
canvas.addEventListener("pointerover", (event) => {
  if (event.pointerType === "touch" || event.target.closest(".tip")) return;
  pointed = under(event);
  tip();
});
canvas.addEventListener("pointerleave", () => { pointed = -1; tip(); });
canvas.addEventListener("click", (event) => {
  if (!dragged() && !event.target.closest(".tip, .tools")) {
    choose(under(event), false);
    lookInto(chosen);
  }
});

// ---- what if
const leaves = walk.filter((i) => !nodes[i].operands.length && !isFolded(i));
let leaf = leaves.find((i) => nodes[i].label) ?? leaves[0];

function pick(i) {
  leaf = i;
  const start = Number.isFinite(original.data[i]) ? original.data[i] : 0, span = Math.max(1, 2 * fabs(start));
  Object.assign($("drag"), { min: start - span, max: start + span });
  $("leaf").value = i;
  report();
}

function report(written = null) {
  if (GRAPH.refusal) return;
  const x = Number.isFinite(data[leaf]) ? data[leaf] : "";
  if (written !== $("value")) $("value").value = x;
  if (written !== $("drag")) $("drag").value = x;
  $("drag").setAttribute("aria-valuetext", `${names[leaf]} is ${spoken(data[leaf])}; ${names[0]} is ${spoken(data[0])}`);
  const now = spoken(data[0]), was = spoken(original.data[0]);
  $("outcome-name").textContent = names[0];
  $("outcome").textContent = now === was ? now : `${was} → ${now}`;
  $("gradient").replaceChildren(figure(grads[leaf], noticeable(grads[leaf], 6)));
  const bumped = slope(leaf);
  $("slope").replaceChildren(figure(bumped, noticeable(bumped, 6)));
  $("undo").hidden = !changed.size;
  const all = [...changed].map(([i, x]) => `${names[i]} = ${spoken(x)}`).join(", ");
  $("undo").textContent = changed.size > 2 ? `${changed.size} leaves changed · undo` : `${all} · undo`;
}

function change(i, x, written = null) {
  if (Number.isNaN(x)) return;
  if (Object.is(x, original.data[i])) changed.delete(i);
  else changed.set(i, x);
  recompute();
  go(position, false);
  report(written);
  $("live").textContent = `${names[i]} is ${spoken(x)}: ${names[0]} is ${spoken(data[0])}, the gradient of ${names[i]} is ${spoken(grads[i])}.`;
}

// ---- find
let matching = [], match = -1;
function find(text) {
  for (const i of matching) show(boxes[i], "found", false, setClass("found"));
  const wanted = text.trim().toLowerCase();
  matching = wanted ? walk.filter((i) => [nodes[i].label, nodes[i].op].some((x) => x.toLowerCase().includes(wanted))) : [];
  match = -1;
  for (const i of matching) show(boxes[i], "found", true, setClass("found"));
  $("matches").textContent = wanted ? `${matching.length || "none"} found` : "";
}
function next() {
  if (!matching.length) return;
  match = (match + 1) % matching.length;
  choose(matching[match], false);
  follow([boxes[matching[match]]], true);
  $("matches").textContent = `${match + 1} of ${matching.length}`;
}

// ---- what is inside a box
const templateOf = (i) => document.querySelector(`[data-inside="${i}"]`);
function lookInto(i) {
  const template = templateOf(i);
  if (!template) return;
  play(false);
  $("inside-name").textContent = `Inside ${nodes[i].label}`;
  $("inside-note").textContent = GRAPH.trouble ? "As Python has them." : "Gradients are those after the whole backward pass.";
  $("inside-picture").replaceChildren(template.content.cloneNode(true));
  $("inside").showModal();
}
$("inside").addEventListener("close", () => { $("inside-picture").replaceChildren(); canvas.focus(); });

// ---- what is pressed
const PRESSED = {
  ...PLAYER, closer: () => zoom(1.3, undefined, undefined, true),
  further: () => zoom(1 / 1.3, undefined, undefined, true), fit: () => fit(0, true),
  leave: () => $("inside").close(),
  undo: () => { changed.clear(); recompute(); go(position, false); pick(leaf); },
};
$("leaf").addEventListener("change", () => choose(Number($("leaf").value)));
$("value").addEventListener("input", () => change(leaf, $("value").valueAsNumber, $("value")));
$("drag").addEventListener("input", () => change(leaf, Number($("drag").valueAsNumber.toPrecision(5)), $("drag")));
$("wanted").addEventListener("input", () => find($("wanted").value));
$("search").addEventListener("submit", (event) => { event.preventDefault(); next(); });

const KEYS = {
  ...PLAYER_KEYS, "+": PRESSED.closer, "=": PRESSED.closer, "-": PRESSED.further, 0: PRESSED.fit, "/": () => $("wanted").focus(),
  Escape: () => choose(-1),
};
const IN_GRAPH = {
  ArrowDown: () => walked(1), ArrowUp: () => walked(-1),
  Enter: () => { if (isFolded(chosen)) lookInto(chosen); else if (chosen >= 0 && !nodes[chosen].operands.length && !GRAPH.refusal) $("value").focus(); },
};
listen(PRESSED, (key, target) => $("inside").open ? undefined : KEYS[key] ?? (target === canvas ? IN_GRAPH[key] : undefined));
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.matches("input, select")) canvas.focus();
});

// ---- begin
picture.setAttribute("aria-hidden", "true"); // to be heard, it is walked through
const together = nodes.filter((_, i) => isFolded(i)).length;
canvas.setAttribute("aria-label", `The graph: ${nodes.length - together} numbers${together ? `, and ${together} boxes of many` : ""}; ${forwards.length} of them are computed`);
$("leg-forward").style.flex = forwards.length;
$("leg-backward").style.flex = steps.length - forwards.length;
$("leg-backward").hidden = steps.length === forwards.length;
$("notice").textContent = [GRAPH.trouble && `There is no backward pass: ${GRAPH.trouble}.`, GRAPH.missing && `${GRAPH.missing}.`].filter(Boolean).join(" ");
$("notice").hidden = !$("notice").textContent;
$("refusal").textContent = GRAPH.refusal;
$("refusal").hidden = !GRAPH.refusal;
$("trial").hidden = Boolean(GRAPH.refusal);
for (const i of leaves) {
  const option = part("option", "", names[i]);
  option.value = i;
  $("leaf").append(option);
}
fit(READABLE);
go(LAST, false);
if (!GRAPH.refusal) pick(leaf);
