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

const names = nodes.map((node) => node.name);
const ruleOf = (i) => ROWS[nodes[i].row] ?? nodes[i].rule;

const signed = (x) => (x < 0 || Object.is(x, -0) ? `(${spoken(x)})` : spoken(x));
// The number of an operand in a formula; what is inside a box or not shown has told it.
const numberOf = (i) => (j, k) => signed(nodes[i].hidden?.[k] ?? data[j]);
const pretty = (text) => text.replace(/\*\*|\^2|[*-]/g, (sign) => ({ "*": "·", "-": "−", "^2": "²" })[sign] ?? sign);

// A rule's text with something else in place of x, y, z and out.
function written(i, of = numberOf(i), text = ruleOf(i).call) {
  const { operands, parameter } = nodes[i], values = { out: signed(data[i]) };
  ruleOf(i).names.forEach((name, k) => { values[name] = k < operands.length ? of(operands[k], k) : signed(parameter); });
  return pretty(text.replace(/\b(out|x\d*|y|z)\b/g, (name) => values[name] ?? name));
}

const manyOf = (i) => `${nodes[i].folded.toLocaleString("en")} nodes`;
const inside = (i) => `inside ${names[i]}`;
const source = (s) => (s.node < 0 ? "nodes not shown" : inside(s.node));
const contributions = (s) => `${s.k.toLocaleString("en")} contribution${s.k > 1 ? "s" : ""}`;
const opOf = (i) => nodes[i].op || "?";
