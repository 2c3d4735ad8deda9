// What is said of a node and of a step, in plain text; nothing here becomes markup.
const names = nodes.map((node) => node.name);
const ruleOf = (i) => ROWS[nodes[i].row] ?? nodes[i].rule;

// A rule's text with something else in place of x, y, z and out.
const replaced = (text, values) => text.replace(/\b(out|x\d*|y|z)\b/g, (name) => values[name] ?? name);

function written(i, rule, of) {
  const values = Object.fromEntries(nodes[i].operands.map((j, k) => [rule.names[k], of(j, k)]));
  if ("parameter" in nodes[i]) values[rule.names.at(-1)] = spoken(nodes[i].parameter);
  return replaced(rule.call, values);
}

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
    what: /\)$/.test(rule.call) ? ` ${rule.call}` : `(${pretty(rule.call)})`,
    by: rule.names[step.k],
    rule: pretty(text),
    filled: /\b(out|x\d*|y|z)\b/.test(text) ? pretty(replaced(text, values)).replace(/^\(([^()]*)\)$/, "$1") : "",
    where: rule.names.map((name, k) => `${name} is ${k < operands.length ? isFolded(operands[k]) ? inside(operands[k]) : names[operands[k]] ?? "not shown" : "constant"}`),
    note: rule.note ?? "",
  };
}

const manyOf = (i) => `${nodes[i].folded.toLocaleString("en")} nodes`;
const inside = (i) => `inside ${names[i]}`;
const source = (s) => (s.node < 0 ? "nodes not shown" : inside(s.node));
const contributions = (s) => `${s.k.toLocaleString("en")} contribution${s.k > 1 ? "s" : ""}`;
const opOf = (i) => nodes[i].op || "?";
