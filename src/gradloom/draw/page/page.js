// The page: one position in the steps, one chosen node, and what is shown of them.
const boxes = [], rounds = [], results = [], texts = [], outsides = [], edges = new Map();
for (const group of layer.querySelectorAll("g")) {
  const { node, op, result, edge, outside } = group.dataset, all = [...group.querySelectorAll("text")];
  if (node) boxes[node] = group;
  if (node) texts[node] = { data: all.at(-3), last: all.at(-1) };
  if (op) rounds[op] = group;
  if (result) results[result] = group;
  if (edge) edges.set(edge, group);
  if (outside) outsides.push({ group, i: Number(outside), data: all.at(-1) });
}
// The edge of a step, and the one for all that comes out of its box, closed or open.
const edgeOf = ({ node, k }) => isFolded(node) ? undefined : edges.get(`${node}-${k}`);
function wayOf({ node, to }) {
  const box = isFolded(node) ? node : host[node];
  return box === undefined ? undefined : edges.get(`${box}-${nodes[box].operands.indexOf(around(to))}`);
}

const PACE = 1;
let chosen = -1, pointed = -1, walk = [], matching = [], match = -1;

const sign = (x) => (x > 0 ? "positive" : x < 0 ? "negative" : "");
const figure = (x, text = noticeable(x)) => part("b", sign(x) && `${sign(x)}-number`, text);

// ---- the graph at this position; only what differs from what is shown is written
function show(element, what, value, write) {
  const known = element.shown ??= {};
  if (known[what] !== value) write(element, known[what] = value);
}
const setNumber = (element, x) => { element.textContent = x === null ? "·" : fitted(x, GRAPH.room); };
const setNorm = (element, x) => { element.textContent = `grad norm ${x === null ? "·" : number(x, GRAPH.digits)}`; };
const setClass = (name) => (element, on) => element.classList.toggle(name, on);
const setData = (name) => (element, x) => { element.dataset[name] = x; };
const setFlow = (element, share) => element.style.setProperty("--flow", `${(1 + 3 * sqrt(share)).toFixed(2)}px`);

function flow(edge, adds, largest) {
  if (!edge) return;
  const share = fabs(adds) / largest;
  show(edge, "sign", sign(adds), setData("sign"));
  show(edge, "wide", !adds ? 0 : share < 1 ? share : 1, setFlow); // what is not finite is as wide as can be
  show(edge, "flow", adds === null ? "" : adds === 0 ? "zero" : "some", setData("flow"));
}

function paint() {
  const known = nodes.map(() => true), sofar = nodes.map(() => null), settled = nodes.map(() => -1), carried = new Map();
  const hits = new Set(matching.map(seat));
  let largest = 0;
  steps.forEach((step, s) => {
    if (Number.isFinite(step.adds)) largest = Math.max(largest, fabs(step.adds));
    settled[step.to] = s;
    if (step.kind === "value") known[step.node] = s < position;
    else if (s < position) {
      if (!isFolded(step.to)) sofar[step.to] = step.total;
      if (step.kind === "between" || step.kind === "seed") return;
      const way = around(step.to) === step.to ? wayOf(step) : undefined; // into a frame, numbers do not add up
      for (const edge of [edgeOf(step), way].filter(Boolean)) carried.set(edge, (carried.get(edge) ?? 0) + step.adds);
    }
  });
  for (const i of open) known[i] = nodes[i].inside.every((j) => known[j]);
  for (const i of walk) {
    const grad = sofar[i];
    show(boxes[i], "chosen", i === chosen, setClass("chosen"));
    show(boxes[i], "found", hits.has(i), setClass("found"));
    if (open.has(i)) continue;
    for (const group of [boxes[i], rounds[i], results[i]]) {
      if (group) show(group, "later", !known[i], setClass("later"));
    }
    if (isFolded(i)) {
      const done = position > forwards.length && position > settled[i];
      if (!GRAPH.trouble) show(texts[i].last, "norm", done ? grads[i] : null, setNorm);
      continue;
    }
    show(texts[i].data, "number", known[i] ? data[i] : null, setNumber);
    show(texts[i].last, "number", grad, setNumber);
    show(texts[i].last, "sign", grad === null ? "" : sign(grad), setData("sign"));
    flow(results[i], grad, largest);
  }
  for (const { group, i, data: text } of outsides) {
    show(group, "later", !known[seat(i)], setClass("later"));
    if (!isFolded(i)) show(text, "number", data[i], (element, x) => { element.textContent = `data ${number(x, GRAPH.digits)}`; });
  }
  for (const [key, edge] of edges) {
    show(edge, "later", !known[key.split("-")[0]], setClass("later"));
    flow(edge, carried.get(edge) ?? null, largest);
  }
  const step = steps[position - 1];
  const lit = step ? groupsOf(step) : [];
  for (const group of litBefore) show(group, "now", false, setClass("now"));
  for (const group of lit) show(group, "now", true, setClass("now"));
  litBefore = lit;
}
let litBefore = [];

function groupsOf(step) {
  const { kind, node, to } = step;
  const found = kind === "value" ? [rounds[node], boxes[node], results[node]]
    : kind === "seed" ? [boxes[node]] : [rounds[node] ?? boxes[node], edgeOf(step), wayOf(step), boxes[to]];
  return found.filter(Boolean);
}

// ---- the step in full; in short it stands in the picture, and is said
function inShort({ kind, node, partial, incoming, adds }) {
  if (kind === "edge") return `${spoken(partial)} × ${signed(incoming)} = ${spoken(adds)}`;
  return kind === "value" && ruleOf(node) ? `${written(node)} = ${spoken(data[node])}` : "";
}

const OPENING = [...$("step").children];
function card() {
  const step = steps[position - 1];
  if (!step) {
    $("step").replaceChildren(...OPENING);
    return `${OPENING[0].textContent}.`;
  }
  const { kind, node, to, before, total } = step, [title, ...parts] = CARDS[kind](step), adds = kind !== "value" && !isFolded(to);
  const kicker = [`Step ${position} of ${LAST}`, kind === "value" ? "forward" : "backward", host[node] >= 0 && inside(host[node])];
  $("step").replaceChildren(part("p", "kicker", kicker.filter(Boolean).join(" · ")), part("h2", "", title),
    ...parts.map((x) => (typeof x === "string" ? part("p", "", x) : x)), ...(adds ? [sum(step)] : []));
  const so = adds && `The gradient of ${names[to]} is ${before ? "now " : ""}${spoken(total)}`;
  return `${[title, inShort(step), so].filter(Boolean).join(". ")}.`;
}

function derivative(step) {
  const i = step.node, { call, names: letters, rules, note } = ruleOf(i) ?? {}, text = rules?.[step.k];
  if (!text) return [];
  const lines = [`d${call.endsWith(")") ? ` ${call}` : `(${pretty(call)})`}/d${letters[step.k]} = ${pretty(text)}`];
  const filled = written(i, undefined, text);
  if (filled !== pretty(text)) lines.push(`= ${filled.replace(/^\(([^()]*)\)$/, "$1")}`);
  const stand = (j) => (j === undefined ? "constant" : isFolded(j) ? inside(j) : names[j] ?? "not shown");
  const fine = [letters.map((letter, k) => `${letter} is ${stand(nodes[i].operands[k])}`).join(" · ")];
  if (note) fine.push(`Note: ${note}.`);
  return [block(lines), ...fine.map((text) => part("p", "fine", text)), product(step)];
}
const block = (lines) => part("div", "rule", ...lines.map((text, i) => part("div", i === 1 ? "filled" : "", text)));

const product = (step) => part("div", "product",
  part("b", "", noticeable(step.partial)), part("span", "", "×"), figure(step.incoming), part("span", "", "="), figure(step.adds),
  ...["local derivative", "", "incoming gradient", "", "contribution"].map((text) => part("small", "", text)));

// Of each kind of step the title, and the rest.
const CARDS = {
  value: ({ node }) => {
    if (isFolded(node)) return [`${names[node]} is computed`, `${manyOf(node)} in one box, and one step here.`];
    const title = `${pretty(names[node])} = ${spoken(data[node])}`, of = (j) => names[j] ?? "…";
    if (ruleOf(node)) return [title, block([written(node, of), `= ${written(node)}`, `= ${spoken(data[node])}`])];
    return [title, `${opOf(node)} was made by hand of ${nodes[node].operands.map(of).join(", ")}; its number is the user's own.`];
  },
  seed: ({ node }) => isFolded(node) ? ["Backward begins", `The result is ${inside(node)}; its gradient is 1.`] : [
    `Backward begins at ${names[node]}`, part("div", "rule", `d ${names[node]} / d ${names[node]} = 1`),
    "How fast does a number change when it changes itself? One for one: so its gradient is 1.",
  ],
  edge: (step) => [`${opOf(step.node)} passes back to ${names[step.to]}`, ...derivative(step),
    ...(step.taken ? [] : [part("p", "fine", `Not taken: ${step.partial ? "nothing came in" : "a derivative of 0 passes nothing here, whatever comes in"}.`)])],
  own: (step) => [`${opOf(step.node)} passes back to ${names[step.to]}`,
    "The derivative is the user's own _backward, or that of a compiled function. What it added is shown as it is."],
  unseen: (step) => [`From ${source(step)} to ${names[step.to]}`,
    `${contributions(step)} of nodes ${step.node < 0 ? "outside this picture" : "in this box"}, added up.`],
  into: (step) => [`${opOf(step.node)} passes back into ${names[step.to]}`, ...derivative(step),
    `${spoken(step.adds)} goes to a node ${inside(step.to)}, and on from there.`],
  between: (step) => [`From ${inside(step.node)} into ${names[step.to]}`, `${contributions(step)} of nodes in one box to nodes in the other.`],
};

function sum(step) {
  const most = 6, table = part("table", "sum", part("caption", "", `gradient of ${names[step.to]}, so far`));
  const got = steps.slice(0, position).filter((other) => other.kind !== "value" && other.to === step.to);
  const line = (name, x, className = "") => table.append(part("tr", className, part("td", "", name), part("td", "", figure(x))));
  const earlier = got.length > most ? got.splice(0, got.length - most + 1) : [];
  if (earlier.length) line(`${earlier.length} contributions before`, earlier.at(-1).total);
  for (const other of got) {
    const from = { seed: "the start", unseen: source(other) }[other.kind] ?? `through ${opOf(other.node)} from ${names[other.node]}`;
    line(from, other.adds, other === step ? "latest" : "");
  }
  line("together", step.total, "total");
  return table;
}

function go(to, moves = true) {
  arrive(to, card, (position) => `${position} / ${LAST}`);
  const step = steps[position - 1];
  $("legs").dataset.on = position > forwards.length ? "backward" : position ? "forward" : "";
  paint();
  tip();
  if (moves && step) {
    follow(groupsOf(step).filter((group) => group.classList.contains("node")));
    if (step.kind === "value") nodes[step.node].operands.slice(0, 8).forEach((_, k) => travel(edges.get(`${step.node}-${k}`)));
    else if (step.kind !== "seed") for (const edge of [edgeOf(step), wayOf(step)]) travel(edge, sign(step.adds));
  }
  badge(step && boxes[step.kind === "value" ? step.node : step.to], step && inShort(step));
}

function tip() {
  const i = pointed >= 0 && seat(pointed) === pointed ? pointed : chosen;
  $("tip").hidden = i < 0;
  if (i < 0) return "";
  const { label, operands, stored, folded, inside, made } = nodes[i];
  const kind = folded ? "many nodes in one box" : operands.length ? `made by ${opOf(i)}` : "a leaf";
  const facts = folded ? [["nodes", folded.toLocaleString("en")]] : [["data", data[i]]];
  if (!GRAPH.trouble) facts.push([folded ? "norm of its gradients" : "gradient", grads[i]]);
  if (!folded && changed.size) facts.push(["data, in Python", original[i]]);
  else if (!folded && !Object.is(stored, grads[i]) && stored !== grads[i]) facts.push([".grad, in Python", stored]);
  const told = facts.map(([name, x]) => [name, x.toFixed ? exact(x) : x]);
  const rows = told.map(([name, x]) => part("div", "", part("dt", "", name), part("dd", "", x)));
  $("tip").replaceChildren(part("b", "", label || names[i]), part("span", "kind", kind), part("dl", "", ...rows));
  const said = [names[i], kind, ...told.map((texts) => texts.join(" "))];
  if (made && said.push(`made in ${made}`)) $("tip").append(part("p", "made", said.at(-1)));
  if (inside) {
    const button = part("button", "", open.has(i) ? "Fold" : "Unfold");
    button.setAttribute("aria-expanded", open.has(i));
    button.addEventListener("click", () => { unfold(i); canvas.focus(); });
    $("tip").append(button);
    said.push(open.has(i) ? "unfolded" : "folded");
  }
  return `${said.join(", ")}.`;
}

function choose(i, seen = true) {
  if (i >= 0 && seat(i) !== i) unfold(host[i]);
  chosen = i;
  paint();
  $("live").textContent = tip();
  if (i < 0) return;
  if (seen) follow([boxes[i]]);
  if (!isFolded(i) && !nodes[i].operands.length) pick(i);
}
const walked = (by) => choose(walk[(walk.indexOf(chosen) + by + walk.length) % walk.length] ?? walk[0]);

const under = (event) => {
  const { node, op, outside, inside } = event.target.closest?.(".node, .inside")?.dataset ?? {};
  return Number(node ?? op ?? outside ?? inside ?? -1);
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
    if (!open.has(chosen) || event.target.closest(".bar")) unfold(chosen);
  }
});

const leaves = GRAPH.walk.filter((i) => !nodes[i].operands.length && !isFolded(i));
let leaf = leaves.find((i) => nodes[i].label) ?? leaves[0];

function pick(i) {
  leaf = i;
  const start = Number.isFinite(original[i]) ? original[i] : 0, span = Math.max(1, 2 * fabs(start));
  Object.assign($("drag"), { min: start - span, max: start + span });
  $("leaf").value = i;
  report();
}

function report(written = null) {
  if (GRAPH.refusal) return;
  const x = Number.isFinite(data[leaf]) ? data[leaf] : "";
  if (written !== $("value")) $("value").value = x;
  if (written !== $("drag")) $("drag").value = x;
  const words = `${names[leaf]} is ${spoken(data[leaf])}: ${names[0]} is ${spoken(data[0])}, the gradient of ${names[leaf]} is ${spoken(grads[leaf])}.`;
  $("drag").setAttribute("aria-valuetext", words);
  if (written) $("live").textContent = words;
  const now = spoken(data[0]), was = spoken(original[0]);
  $("outcome-name").textContent = names[0];
  $("outcome").textContent = now === was ? now : `${was} → ${now}`;
  for (const [id, x] of [["gradient", grads[leaf]], ["slope", slope(leaf)]]) $(id).replaceChildren(figure(x, noticeable(x, 6)));
  $("undo").hidden = !changed.size;
  const [one] = [...changed].map(([i, x]) => `${names[i]} = ${spoken(x)}`);
  $("undo").textContent = `${changed.size > 1 ? `${changed.size} leaves changed` : one} · undo`;
}

function change(i, x, written = null) {
  if (Number.isNaN(x)) return;
  if (Object.is(x, original[i])) changed.delete(i);
  else changed.set(i, x);
  recompute();
  go(position, false);
  report(written);
}

// ---- find
function find(text) {
  const wanted = text.trim().toLowerCase(), here = nodes.some(({ folded, inside }) => folded && !inside) ? " in this page" : "";
  matching = GRAPH.walk.filter((i) => wanted && `${nodes[i].label}\n${nodes[i].op}`.toLowerCase().includes(wanted));
  match = -1;
  paint();
  $("matches").textContent = wanted ? `${matching.length || "none"} found${here}` : "";
}
function next() {
  if (!matching.length) return;
  match = (match + 1) % matching.length;
  const i = matching[match];
  choose(i, false);
  follow([boxes[i]], true);
  $("matches").textContent = `${match + 1} of ${matching.length}${host[i] >= 0 ? `, ${inside(host[i])}` : ""}`;
}

// ---- boxes that unfold
function arrange() {
  walk = GRAPH.walk.filter((i) => seat(i) === i);
  $("time").max = LAST;
  $("legs").style.gridTemplateColumns = `${forwards.length}fr ${LAST - forwards.length}fr`;
}

// Open or close a box; what has been played stays played.
function unfold(i, on = !open.has(i)) {
  if (!nodes[i]?.inside) return;
  const since = position === LAST ? Infinity : steps[position - 1]?.at ?? -1;
  if (on) open.add(i);
  else open.delete(i);
  for (const group of [frames[i], closed[i]]) group.classList.toggle("open", on);
  boxes[i] = on ? frames[i] : closed[i];
  if (seat(chosen) !== chosen) chosen = i;
  stretch();
  see();
  arrange();
  go(steps.filter((step) => step.at <= since).length, false);
  const { left, right, top, bottom } = extent(boxes[i]), room = Math.min((size.width - 40) / (right - left), (size.height - 40) / (bottom - top));
  if (room < at.scale) zoom(Math.max(room, READABLE / 2) / at.scale); // all of it, if that can be read
  choose(i);
}

// ---- keys
const PRESSED = {
  ...PLAYER, closer: () => zoom(1.3, true), further: () => zoom(1 / 1.3, true), fit: () => fit(0, true),
  undo: () => { changed.clear(); recompute(); go(position, false); pick(leaf); },
};
$("leaf").addEventListener("change", () => choose(Number($("leaf").value)));
$("value").addEventListener("input", () => change(leaf, $("value").valueAsNumber, $("value")));
$("drag").addEventListener("input", () => change(leaf, Number($("drag").valueAsNumber.toPrecision(5)), $("drag")));
$("wanted").addEventListener("input", () => find($("wanted").value));
$("search").addEventListener("submit", (event) => { event.preventDefault(); next(); });

const KEYS = {
  ...PLAYER_KEYS, "+": PRESSED.closer, "=": PRESSED.closer, "-": PRESSED.further, 0: PRESSED.fit, "/": () => $("wanted").focus(),
  Escape: () => (open.has(around(chosen)) ? unfold(around(chosen), false) : choose(-1)),
};
const IN_GRAPH = {
  ArrowDown: () => walked(1), ArrowUp: () => walked(-1),
  Enter: () => { if (isFolded(chosen)) unfold(chosen); else if (chosen >= 0 && !nodes[chosen].operands.length && !GRAPH.refusal) $("value").focus(); },
};
listen(PRESSED, (key, target) => KEYS[key] ?? (target === canvas && IN_GRAPH[key]));
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.matches("input, select")) canvas.focus();
});

arrange();
fit(READABLE);
follow([boxes[seat(0)]]);
picture.classList.remove("gliding");
go(LAST, false);
if (!GRAPH.refusal) pick(leaf);
