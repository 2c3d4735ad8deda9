"""Random expressions over what a program has in scope: the lower half of ``programs.py``.

Takes: a seed; the names of numbers and lists that may be used, kept up to date by whoever writes lines.
Gives: ``Expressions``, whose methods return source text: numbers, reductions of lists, truths.
Promises: the text is Python syntax and ``gradloom.math``, and reads nothing but those names. Arguments
are mostly brought into a function's domain; in an "edgy" program they are often not.
"""

import random

__all__ = ["COMPARISONS", "Expressions"]

ANYWHERE = [
    "sin",
    "cos",
    "tanh",
    "atan",
    "sigmoid",
    "softplus",
    "relu",
    "erf",
    "erfc",
    "asinh",
    "cbrt",
    "fabs",
]
INSIDE = {  # functions with the argument brought into their domain
    "exp": "math.tanh({})", "expm1": "math.sin({})", "exp2": "math.tanh({})", "sinh": "math.tanh({})",
    "cosh": "math.sin({})", "tan": "0.9 * math.sin({})", "asin": "0.9 * math.sin({})",
    "acos": "0.9 * math.tanh({})", "atanh": "0.9 * math.sin({})", "log": "{0} * {0} + 0.1",
    "log2": "abs({}) + 0.2", "log10": "{0} * {0} + 0.3", "log1p": "abs({})", "sqrt": "{0} * {0} + 0.1",
    "acosh": "abs({}) + 1.1",
}  # fmt: skip
AT_THE_EDGE = [
    "exp",
    "log",
    "sqrt",
    "asin",
    "acos",
    "atanh",
    "acosh",
    "log1p",
    "tan",
    "cosh",
    "exp2",
    "log10",
]
COMPARISONS = ["<", "<=", ">", ">="]


class Expressions:
    """Writes expressions; ``numbers``, ``lists`` (with lengths) and ``helpers`` are what they may use."""

    def __init__(self, seed):
        self.draw = random.Random(seed)
        self.numbers, self.lists, self.helpers = [], {}, {}
        self.arrays = {}  # those of the lists that are NumPy arrays
        self.captures, self.edgy = self.chance(0.4), self.chance(0.15)
        self.fresh = 0

    def chance(self, p):
        return self.draw.random() < p

    def name(self, letter):
        self.fresh += 1
        return f"{letter}{self.fresh}"

    # -- numbers
    def constant(self):
        return repr(
            self.draw.choice([0.0, 0.5, 1.0, 2.0, -1.0, 3.0, -0.25, round(self.draw.uniform(-3, 3), 3)])
        )

    def atom(self):
        kind = self.draw.random()
        if self.lists and kind < 0.15:
            name = self.draw.choice(sorted(self.lists))
            return f"{name}[{self.draw.randrange(-1, self.lists[name])}]"
        if self.captures and kind < 0.3:
            return self.draw.choice(["w0", "w1", "bank[0]", "bank[1]", "bank[-1]"])
        if kind < 0.36 or not self.numbers:
            return self.constant()
        recent = self.numbers[-4:] if self.chance(0.6) else self.numbers
        return self.draw.choice(recent)

    def variable(self):
        return self.draw.choice(self.numbers) if self.numbers else self.atom()

    def expression(self, depth=2):
        if depth == 0 or self.chance(0.12):
            return self.atom()
        forms = [self.arithmetic] * 8 + [self.function] * 5 + [self.selection] * 4 + [self.reduction]
        return self.draw.choice(forms)(depth - 1)

    def arithmetic(self, depth):
        a, b = self.expression(depth), self.expression(depth)
        safe = "{0}" if self.edgy else "({0} * {0} + 0.5)"
        c = self.atom()
        return self.draw.choice([
            f"({a} + {b})", f"({a} + {b})", f"({a} - {b})", f"({a} - {b})", f"{a} * {b}", f"{a} * {b}",
            f"({a} * {c} + {b})", f"{a} / {safe.format(c)}", f"(-{a})", f"(1.0 - {a})", f"{a} / 4.0",
            f"{self.variable()} ** {self.draw.choice([2, 3, 2.0, 1, 0])}", f"(abs({c}) + 0.5) ** -1.5",
            f"(abs({c}) + 0.1) ** 0.5", f"2.0 ** math.tanh({a})",
            f"(abs({c}) + 0.2) ** math.sin({self.variable()})",
            f"{a} % {self.draw.choice(['2.0', '1.5', safe.format(c)])}", f"{a} // 0.75",
        ])  # fmt: skip

    def function(self, depth):
        a = self.expression(depth)
        if self.helpers and self.chance(0.2):
            name = self.draw.choice(sorted(self.helpers))
            return f"{name}({', '.join([a] + [self.atom() for _ in range(self.helpers[name] - 1)])})"
        if self.edgy and self.chance(0.3):
            return f"math.{self.draw.choice(AT_THE_EDGE)}({a})"
        if self.chance(0.5):
            return f"math.{self.draw.choice(ANYWHERE)}({a})"
        name = self.draw.choice(sorted(INSIDE))
        return f"math.{name}({INSIDE[name].format(self.atom())})"

    def selection(self, depth):
        a, b, c = (self.expression(depth) for _ in range(3))
        return self.draw.choice([
            f"max({a}, {b})", f"min({a}, {b})", f"max({a}, {b}, {c})", f"abs({a})", f"math.maximum({a}, {b})",
            f"math.minimum({a}, {b}, {c})", f"math.where({self.condition(1, plain=True)}, {a}, {b})",
            f"({a} if {self.condition(1)} else {b})", f"({a} or {b})", f"({a} and {b})",
            f"({self.comparison()}) * {a}", f"math.clip({a}, -1.0, {self.atom()})",
            f"math.copysign({a}, {c})",
            f"(math.floor({a}) + 0.0)", f"(round({a}) + 0.5)", f"(math.ceil({a}) - 1.0)", f"math.relu({a})",
            f"math.relu({a})", f"math.atan2({a}, abs({self.atom()}) + 0.5)", f"(math.trunc({a}) + {b})",
        ])  # fmt: skip

    def of_array(self):
        name = self.draw.choice(sorted(self.arrays))
        return self.draw.choice([
            f"({name} @ {name})", f"({name} * {self.variable()}).sum()", f"({name} - {self.atom()}).sum()",
            f"({name}[1:] * {name}[:-1]).sum()", f"({self.constant()} * {name} + {name})[1]",
            f"(1.0 - {name}[::-1])[0]", f"({name} ** 2).sum()", f"(-{name}).sum()",
        ])  # fmt: skip

    def reduction(self, depth):
        if self.arrays and self.chance(0.4):
            return self.of_array()
        name = self.draw.choice(sorted(self.lists)) if self.lists else None
        xs = (
            name
            if name and self.chance(0.7)
            else f"[{self.atom()}, {self.expression(depth)}, {self.variable()}]"
        )
        size = self.lists[name] if xs == name else 3
        ys = f"[{', '.join(self.atom() for _ in range(size))}]"
        return self.draw.choice([
            f"sum({xs})", f"max({xs})", f"min({xs})", f"sorted({xs})[{self.draw.randrange(size)}]",
            f"math.dot({xs}, {ys})", f"math.softmax({xs})[{self.draw.randrange(size)}]", f"math.prod({xs})",
            f"math.logsumexp({xs})", f"sum(u * v for u, v in zip({xs}, {ys}))",
            f"math.maximum(*{xs}, {self.atom()})",
            f"sum([u > {self.atom()} for u in {xs}]) * 0.5", f"sum(u * u for u in {xs}) / {size}.0",
            f"sorted({xs}, key=lambda u: -u)[0]", f"sum({xs}, {self.atom()})",
        ])  # fmt: skip

    # -- truths
    def comparison(self):
        return f"{self.variable()} {self.draw.choice(COMPARISONS)} {self.expression(1)}"

    def condition(self, depth=2, plain=False):
        """``plain``: one that ``where`` takes without asking for its truth."""
        if plain:
            both = f"({self.comparison()}) {self.draw.choice('&|')} ({self.comparison()})"
            return both if self.chance(0.2) else self.comparison()
        kind = self.draw.random() if depth else 1.0
        if kind < 0.12:
            return (
                f"{self.condition(depth - 1)} {self.draw.choice(['and', 'or'])} {self.condition(depth - 1)}"
            )
        if kind < 0.18:
            return f"not ({self.condition(depth - 1)})"
        if kind < 0.24:
            return f"{self.constant()} < {self.variable()} < {self.expression(1)}"
        if kind < 0.3:
            return f"{self.variable()} - {self.atom()} {self.draw.choice(['==', '!='])} 0.0"
        return self.variable() if kind < 0.33 else self.comparison()
