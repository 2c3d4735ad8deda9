// What is said of a node and of a step, in plain text; nothing here becomes markup.

// A number where only so many characters have room.
function fitted(x, room) {
  const text = number(x, GRAPH.digits);
  if (text.length <= room) return text;
  const short = [4, 3, 2, 1, 0].map((digits) => exponent(x.toExponential(digits)));
  return short.find((candidate) => candidate.length <= room) ?? short[4];
}

// The same where there is room: a small one is not shown as 0.
function noticeable(x, digits = GRAPH.digits) {
  return x !== 0 && Math.abs(x) < 0.5 * 10 ** -digits ? exponent(x.toExponential(3)) : number(x, digits);
}

const NAME_LENGTH = 26;
const names = nodes.map(() => "");

const shortened = (text) => {
  const letters = [...text.replace(/\s+/g, " ")];
  return letters.length > NAME_LENGTH ? letters.slice(0, NAME_LENGTH - 1).join("") + "…" : letters.join("");
};
const ruleOf = (i) => ROWS[nodes[i].row] ?? nodes[i].rule;

// A label; without one, a leaf's number, or how a result was made of its operands.
function nameNode(i) {
  const { label, operands, op } = nodes[i];
  if (label) return shortened(label);
  if (!operands.length) return spoken(original.data[i]);
  const rule = ruleOf(i);
  if (!rule || operands.some((j) => j < 0 || isFolded(j) || names[j].startsWith("the "))) return `the ${op || "?"} node`;
  const single = (j) => nodes[j].label || !nodes[j].operands.length || rule.call.endsWith(")");
  const made = written(i, rule, (j) => (single(j) ? names[j] : `(${names[j]})`));
  return made.length <= NAME_LENGTH ? made : `the ${op} node`;
}

// A rule's text with something else in place of x, y, z and out.
const replaced = (text, values) => text.replace(/\b(out|x\d*|y|z)\b/g, (name) => values[name] ?? name);

function written(i, rule, of) {
  const values = Object.fromEntries(nodes[i].operands.map((j, k) => [rule.names[k], of(j, k)]));
  if ("parameter" in nodes[i]) values[rule.names.at(-1)] = spoken(nodes[i].parameter);
  return replaced(rule.call, values);
}

nodes.forEach((_, i) => { if (!computed.has(i)) names[i] = nameNode(i); });
for (const { node } of forwards) names[node] = nameNode(node);

const signed = (x) => (x < 0 || Object.is(x, -0) ? `(${spoken(x)})` : spoken(x));
// The number of an operand in a formula; what is inside a box or not shown has told it.
const numberOf = (i) => (j, k) => signed(nodes[i].hidden?.[k] ?? data[j]);
const pretty = (text) => text.replace(/\*\*|\^2|[*-]/g, (sign) => ({ "*": "·", "-": "−", "^2": "²" })[sign] ?? sign);

// The derivative of an edge: what is differentiated, the rule, and the rule with the numbers put in.
function formula(step) {
  const rule = ruleOf(step.node), { operands, parameter } = nodes[step.node];
  if (!rule?.rules[step.k]) return null;
  const values = { out: signed(data[step.node]) };
  operands.forEach((j, k) => { values[rule.names[k]] = numberOf(step.node)(j, k); });
  if (parameter !== undefined) values[rule.names.at(-1)] = signed(parameter);
  const text = rule.rules[step.k];
  return {
    what: rule.call.endsWith(")") ? ` ${rule.call}` : `(${pretty(rule.call)})`,
    by: rule.names[step.k],
    rule: pretty(text),
    filled: /\b(out|x\d*|y|z)\b/.test(text) ? pretty(replaced(text, values)).replace(/^\(([^()]*)\)$/, "$1") : "",
    where: rule.names.map((name, k) => `${name} is ${k < operands.length ? isFolded(operands[k]) ? inside(operands[k]) : names[operands[k]] ?? "not shown" : "constant"}`),
    note: rule.note ?? "",
  };
}

const SENTENCES = {
  value: (s) => isFolded(s.node) ? `Forward. ${manyOf(s.node)} of ${names[s.node]} get their numbers.` : `Forward. ${names[s.node]} is ${spoken(data[s.node])}, made by ${nodes[s.node].op || "?"} of ` +
    nodes[s.node].operands.map((j, k) => `${names[j] ?? "a node not shown"}, ${spoken(nodes[s.node].hidden?.[k] ?? data[j])}`).join("; ") + ".",
  seed: (s) => `Backward begins. The gradient of ${isFolded(s.node) ? `the result, ${inside(s.node)},` : names[s.node]} by itself is 1.`,
  edge: (s) => `Backward, ${nodes[s.node].op} to ${names[s.to]}. Local derivative ${spoken(s.partial)} times incoming ` +
    `gradient ${spoken(s.incoming)} is ${spoken(s.adds)}. ${soFar(s)}`,
  own: (s) => `Backward, ${nodes[s.node].op || "?"} to ${names[s.to]}. The derivative is not in the table; it adds ` +
    `${spoken(s.adds)}. ${soFar(s)}`,
  unseen: (s) => `Backward. ${contributions(s)} from ${source(s)} add${s.k > 1 ? "" : "s"} ` +
    `${spoken(s.adds)} to ${names[s.to]}. ${soFar(s)}`,
  into: (s) => `Backward, ${nodes[s.node].op || "?"} into ${names[s.to]}. ${spoken(s.adds)} goes in.`,
  between: (s) => `Backward. ${contributions(s)} go${s.k > 1 ? "" : "es"} from ${inside(s.node)} into ${names[s.to]}.`,
};
const manyOf = (i) => `${nodes[i].folded.toLocaleString("en")} node${nodes[i].folded > 1 ? "s" : ""}`;
const inside = (i) => `inside ${names[i]}`;
const source = (s) => (s.node < 0 ? "nodes not shown" : inside(s.node));
const contributions = (s) => `${s.k.toLocaleString("en")} contribution${s.k > 1 ? "s" : ""}`;
const soFar = (s) => `The gradient of ${names[s.to]} is ${s.before === 0 ? "" : "now "}${spoken(s.total)}.`;

function sentence(position) {
  if (position === 0) return "The start: the leaves have their numbers, nothing is computed yet.";
  const step = steps[position - 1];
  return SENTENCES[step.kind](step);
}
