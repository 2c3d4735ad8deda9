// The graph's numbers: Python's own as they come, and computed anew where a leaf has another one. data[i] and
// grads[i] are those of node i; of a box, grads[i] is the norm of those at what it gives to others. told[s] is a step
// as passes.py describes it; all steps there are, with every box open that unfolds.
const { nodes, steps: told } = GRAPH;
const makers = told.filter((step) => step.kind === "value");
const original = nodes.map((node) => node.data);
for (const step of told) step.first = step.partial;
const data = [...original];
const grads = nodes.map(() => 0);
const isFolded = (i) => nodes[i]?.folded > 0;
const changed = new Map(); // leaf -> its number here

const numbersOf = (i, from) => {
  const numbers = nodes[i].operands.map((j) => from[j]);
  return "parameter" in nodes[i] ? [...numbers, nodes[i].parameter] : numbers;
};

// The forward pass from other leaves into `into`; what no changed leaf reaches keeps Python's number.
function forward(leaves, into) {
  const touched = new Set();
  for (const [leaf, x] of leaves) {
    into[leaf] = x;
    touched.add(leaf);
  }
  for (const { node } of makers) {
    if (!nodes[node].operands.some((j) => touched.has(j))) continue;
    into[node] = ROWS[nodes[node].row].value(...numbersOf(node, into));
    touched.add(node);
  }
  return touched;
}

// Each edge's contribution, and the sums, in the order of backward().
function accumulate() {
  const reached = new Set(); // the others pass nothing on
  grads.fill(0);
  for (const step of told) {
    if (step.kind === "value" || isFolded(step.to)) continue;
    if (step.kind === "edge") {
      step.incoming = grads[step.node];
      step.taken = (step.incoming !== 0 || reached.has(step.node))
        && !(step.partial === 0 && ROWS[nodes[step.node].row]?.selects);
      step.adds = step.taken ? step.partial * step.incoming : 0;
      step.total = grads[step.to] + step.adds;
    }
    step.before = grads[step.to];
    grads[step.to] = step.total;
    if (step.taken ?? step.adds !== 0) reached.add(step.to);
  }
  nodes.forEach(({ norm, gives }, i) => {
    if (isFolded(i)) grads[i] = changed.size ? hypot(...gives.map((j) => grads[j])) : norm;
  });
}

function recompute() {
  Object.assign(data, original);
  const touched = forward(changed, data);
  for (const step of told) {
    const { node, k } = step, again = step.kind === "edge" && touched.has(node);
    step.partial = again ? ROWS[nodes[node].row].partials(...numbersOf(node, data), data[node])[k] : step.first;
  }
  accumulate();
  see();
}

// The slope at a leaf by bumping it up and down: what the gradient must agree with.
function slope(leaf) {
  const h = 1e-5 * Math.max(1, fabs(data[leaf])), high = data[leaf] + h, low = data[leaf] - h;
  const root = (x) => {
    const trial = [...original];
    forward(new Map([...changed, [leaf, x]]), trial);
    return trial[0];
  };
  return (root(high) - root(low)) / (high - low);
}

// ---- boxes that unfold
const host = []; // of a node, the box that it is in
nodes.forEach(({ inside = [] }, box) => inside.forEach((i) => { host[i] = box; }));
const open = new Set();
const around = (i) => host[i] ?? i;
const seat = (i) => (open.has(host[i]) ? i : around(i)); // where it is seen

// The steps while some boxes are closed: what happens in one is one step, and so is what it passes on to a node
// until another one does. `at`: the place of the last of them among all steps.
let steps, forwards, LAST;
function see() {
  const seen = new Set(), latest = new Map();
  told.forEach((step, at) => {
    const node = seat(step.node), to = seat(step.to), many = node < 0 || isFolded(node);
    let { kind, k } = step;
    if (kind !== "value" && kind !== "seed") {
      if (node === to) return;
      if (many && kind !== "unseen" && kind !== "between") k = 1;
      kind = isFolded(to) ? (many ? "between" : "into") : many ? "unseen" : kind;
    }
    const now = { ...step, kind, node, to, k, at };
    const place = kind === "value" || kind === "between" ? `${kind} ${node} ${to}` : to, last = latest.get(place);
    if (many && last?.kind === kind && last.node === node) {
      Object.assign(now, { k: last.k + k, adds: last.adds + now.adds, before: last.before });
      seen.delete(last);
    }
    seen.add(now);
    latest.set(place, now);
  });
  steps = [...seen];
  forwards = steps.filter((step) => step.kind === "value");
  LAST = steps.length;
}

accumulate();
see();
