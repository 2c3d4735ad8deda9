// The graph's numbers: Python's own as they come, and computed anew where a leaf has another one.
//
//   data[i], grads[i]   of node i
//   steps[s]            {kind, node, k, to, partial, incoming, adds, total}, as passes.py describes them
//
// A box of many nodes has no number of its own: its gradient is the norm of those at what it gives to others.
const { nodes } = GRAPH;
const FIELDS = {
  value: ["kind", "node"],
  seed: ["kind", "node"],
  edge: ["kind", "node", "k", "to", "partial"],
  own: ["kind", "node", "k", "to", "adds", "total"],
  unseen: ["kind", "node", "k", "to", "adds", "total"],
  into: ["kind", "node", "k", "to", "partial", "incoming", "adds"],
  between: ["kind", "node", "k", "to"],
};
const steps = GRAPH.steps.map((told) => Object.fromEntries(FIELDS[told[0]].map((name, i) => [name, told[i]])));
const forwards = steps.filter((step) => step.kind === "value");
const computed = new Set(forwards.map((step) => step.node));
const original = { data: nodes.map((node) => node.data), partials: steps.map((step) => step.partial) };
const data = [...original.data];
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
  for (const { node } of forwards) {
    if (!nodes[node].operands.some((j) => touched.has(j))) continue;
    into[node] = ROWS[nodes[node].row].value(...numbersOf(node, into));
    touched.add(node);
  }
  return touched;
}

// Each edge's contribution, and the sums, in the order of backward().
function accumulate() {
  const reached = new Set(); // the others pass nothing on
  nodes.forEach((node, i) => { grads[i] = node.norm ?? 0; });
  for (const step of steps) {
    if (step.kind === "value" || isFolded(step.to)) continue;
    if (step.kind === "seed") {
      Object.assign(step, { to: step.node, adds: 1, total: 1 });
    } else if (step.kind === "edge") {
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
}

function recompute() {
  original.data.forEach((x, i) => { data[i] = x; });
  const touched = forward(changed, data);
  steps.forEach((step, s) => {
    if (step.kind !== "edge") return;
    step.partial = original.partials[s];
    if (touched.has(step.node)) {
      const { partials } = ROWS[nodes[step.node].row];
      step.partial = partials(...numbersOf(step.node, data), data[step.node])[step.k];
    }
  });
  accumulate();
}

// The slope at a leaf by bumping it up and down: what the gradient must agree with.
function slope(leaf) {
  const h = 1e-5 * Math.max(1, fabs(data[leaf])), high = data[leaf] + h, low = data[leaf] - h;
  const root = (x) => {
    const trial = [...original.data];
    forward(new Map([...changed, [leaf, x]]), trial);
    return trial[0];
  };
  return (root(high) - root(low)) / (high - low);
}

accumulate();
