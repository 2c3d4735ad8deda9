"""Random programs: plain scalar Python functions as source text, the way that users write them.

Takes: a seed.
Gives: ``Source``: the text of a module with a function ``f`` and a function ``total`` (a weighted sum of
all numbers that ``f`` returns), the shape of the arguments, and the two as
functions over floats and over Values.
Promises: a seed always gives the same text. The text means the same for floats, for eager Values and in
a trace: whatever it does is Python's own syntax, ``gradloom.math``, and parameters that it names.

What the programs do: reuse of inner results, mutation of locals and of lists, loops with counters and
loops that end by a comparison of values, branches, early returns, ``and or not``, ``max min sorted
abs``, helpers that call each other, lists and dicts in and out, functions near the edge of their domain.
"""

import ast
import linecache
import operator
import sys
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path

import numpy as np

from gradloom import math
from gradloom.ops import TABLE

sys.path.insert(0, str(Path(__file__).parent))
import ieee
from expressions import COMPARISONS, Expressions
from structures import leaves, like

__all__ = ["Source", "write"]

PARAMETERS = {"w0": 0.75, "w1": -1.25, "bank": [0.5, -0.3, 1.5]}
"""What the programs read without being given it: module-level Values."""


@dataclass(frozen=True)
class Source:
    """A program; ``shapes`` has one structure per argument, with anything in the place of numbers."""

    name: str
    text: str
    shapes: tuple
    loaded: dict = field(default_factory=dict, compare=False, repr=False)

    def names(self, kind):
        """The names that the text defines, with its parameters made by ``kind``, once for each kind."""
        if kind not in self.loaded:
            self.loaded[kind] = self._load(kind)
        return self.loaded[kind]

    def parameters_of(self, kind):
        """The numbers that the text reads and is not given; [] where it reads none."""
        words = {node.id for node in ast.walk(ast.parse(self.text)) if isinstance(node, ast.Name)}
        return leaves([self.names(kind)[name] for name in PARAMETERS if name in words])

    @property
    def computes_with_truths(self):
        """Whether a comparison is used as a number, as in ``where``, and not only to branch."""
        nodes, branching = list(ast.walk(ast.parse(self.text))), set()
        asked = [node.test for node in nodes if isinstance(node, (ast.If, ast.IfExp, ast.While))]
        while asked:
            node = asked.pop()
            branching.add((node.lineno, node.col_offset, node.end_col_offset))
            asked += getattr(node, "values", []) + ([node.operand] if isinstance(node, ast.UnaryOp) else [])
        compares = [node for node in nodes if isinstance(node, ast.Compare)]
        return any((n.lineno, n.col_offset, n.end_col_offset) not in branching for n in compares)

    def _load(self, kind):
        names = {name: like(x, map(kind, leaves(x))) for name, x in PARAMETERS.items()}
        names["math"] = ieee.math if kind is ieee.Number else math
        names["power"] = _power
        tree = ast.fix_missing_locations(_Powers().visit(ast.parse(self.text)))
        if kind is float:
            names["sum"] = _sum
        filename = f"<program {self.name}>"
        linecache.cache[filename] = (len(self.text), None, self.text.splitlines(keepends=True), filename)
        exec(compile(tree, filename, "exec"), names)
        return names


class _Powers(ast.NodeTransformer):
    def visit_BinOp(self, node):
        self.generic_visit(node)
        if not isinstance(node.op, ast.Pow):
            return node
        constant = ast.Constant(isinstance(node.right, ast.Constant))
        return ast.Call(ast.Name("power", ast.Load()), [node.left, node.right, constant], [])


def _power(x, y, constant):
    """``x ** y``, of plain numbers as the table has it: x*x for 2, not libm's pow."""
    if isinstance(x, np.ndarray):
        return np.array([_power(one, y, constant) for one in x], dtype=object)
    if isinstance(x, (int, float)) and isinstance(y, (int, float)):
        return TABLE["powc" if constant else "pow"].value(float(x), float(y))
    return x**y


def _sum(xs, start=0):
    """From the left, as Values add; Python 3.12 compensates sums of floats."""
    return reduce(operator.add, xs, start)


# ---- statements
class _Writer(Expressions):
    """Writes one program; each kind of statement returns its lines."""

    def __init__(self, seed):
        super().__init__(seed)
        self.result = self.draw.choice(["number"] * 4 + ["tuple", "list", "dict"])
        self.results = 1 if self.result == "number" else self.draw.randint(2, 3)

    def block(self, depth, length):
        """Lines that leave no new names behind."""
        numbers, lists = list(self.numbers), dict(self.lists)
        lines = [line for _ in range(length) for line in self.statement(depth)]
        self.numbers, self.lists = numbers, lists
        return lines

    def statement(self, depth):
        forms = [self.assign] * 6 + [self.mutate] * 4 + [self.make_list] * 2 + [self.change_list, self.swap]
        if depth:
            forms += [self.branch] * 4 + [self.count, self.each, self.repeat] + [self.leave] * (depth > 1)
        return self.draw.choice(forms)(depth)

    def assign(self, depth):
        right, left = self.expression(3), self.name("v")
        right = f"math.tanh({right})" if self.chance(0.15) else right
        self.numbers.append(left)
        return [f"{left} = {right}"]

    def locals(self):
        return [name for name in self.numbers if name[0] == "v"]

    def mutate(self, depth):
        names = self.locals()
        if not names:
            return self.assign(depth)
        return [
            f"{self.draw.choice(names)} {self.draw.choice(['+=', '+=', '-=', '*='])} {self.expression(2)}"
        ]

    def swap(self, depth):
        names = self.locals()
        if len(names) < 2:
            return self.assign(depth)
        a, b = self.draw.sample(names, 2)
        return [f"{a}, {b} = {b}, {a}{self.draw.choice(['', ' * 0.5'])}"]

    def make_list(self, depth):
        name, size = self.name("l"), self.draw.randint(2, 4)
        if self.lists and self.chance(0.5):
            other = self.draw.choice(sorted(self.lists))
            size, self.numbers = self.lists[other], [*self.numbers, "u"]
            line = f"{name} = [{self.expression(2)} for u in {other}]"
            self.numbers.pop()
            lines = [f"{name} = sorted({other})"] if self.chance(0.25) else [line]
        elif self.chance(0.5):
            lines = [
                f"{name} = []",
                f"for i in range({size}):",
                f"    {name}.append({self.expression(2)} + 0.5 * i)",
            ]
        else:
            lines = [f"{name} = [{', '.join(self.expression(1) for _ in range(size))}]"]
        self.lists[name] = size
        return lines

    def change_list(self, depth):
        own = [name for name in sorted(self.lists) if name[0] == "l"]
        if not own:
            return self.make_list(depth)
        name, sign = self.draw.choice(own), self.draw.choice(["=", "+="])
        return [f"{name}[{self.draw.randrange(self.lists[name])}] {sign} {self.expression(2)}"]

    def branch(self, depth):
        lines = [f"if {self.condition()}:", *_indented(self.block(depth - 1, self.draw.randint(1, 2)))]
        if self.chance(0.3):
            lines += [f"elif {self.condition()}:", *_indented(self.block(depth - 1, 1))]
        if self.chance(0.6):
            lines += ["else:", *_indented(self.block(depth - 1, self.draw.randint(1, 2)))]
        return lines

    def count(self, depth):
        """A loop that ends by a comparison of values, or by its counter."""
        value, n = self.name("v"), self.name("n")
        start = f"{value}, {n} = {self.expression(1)}, 0"
        self.numbers.append(value)
        step = f"{value} = {self.draw.choice(['0.5 * {} + {}', '{} * 1.5 + abs({})', '{} - 0.7 + 0.1 * {}'])}"
        inner = self.block(depth - 1, 1)
        limit = self.draw.randint(2, 5)
        return [start, f"while {self.comparison_of(value)} and {n} < {limit}:",
                f"    {n} += 1", "    " + step.format(value, self.atom()), *_indented(inner)]  # fmt: skip

    def comparison_of(self, value):
        return f"{value} {self.draw.choice(COMPARISONS)} {self.atom()}"

    def each(self, depth):
        if not self.lists:
            return self.make_list(depth)
        name, item = self.draw.choice(sorted(self.lists)), self.name("u")
        numbers, self.numbers = self.numbers, [*self.numbers, item]
        lines = [f"for {item} in {name}:", *_indented(self.block(depth - 1, self.draw.randint(1, 2)))]
        if self.chance(0.3):
            word = self.draw.choice(["break", "continue"])
            lines += [f"    if {self.condition(1)}:", f"        {word}", *_indented(self.block(depth - 1, 1))]
        self.numbers = numbers
        return lines

    def repeat(self, depth):
        return [
            f"for i in range({self.draw.randint(2, 3)}):",
            *_indented(self.block(depth - 1, self.draw.randint(1, 2))),
        ]

    def leave(self, depth):
        return [f"if {self.condition()}:", f"    return {self.answer()}"]

    def answer(self):
        """A result of the program's shape, made from what was computed last."""
        parts = []
        for i in range(self.results):
            used = [*self.numbers[-4:], *(f"sum({name})" for name in list(self.lists)[-2:])]
            part = " + ".join([self.expression(1), *self.draw.sample(used, min(len(used), 3))])
            parts.append(part if i == 0 or self.chance(0.6) else self.expression(1))
        if self.result == "number":
            return parts[0]
        if self.result == "dict":
            return "{" + ", ".join(f"'r{i}': {part}" for i, part in enumerate(parts)) + "}"
        joined = ", ".join(parts)
        return f"[{joined}]" if self.result == "list" else f"({joined})"

    # -- the whole
    def helper(self, name):
        self.numbers, self.lists = ["a", "b"][: self.draw.randint(1, 2)], {}
        arguments = list(self.numbers)
        lines = self.block(1, 1)
        text = [
            f"def {name}({', '.join(arguments)}):",
            *_indented(lines),
            f"    return {self.expression(2)}",
            "",
        ]
        self.helpers[name] = len(arguments)
        return text

    def arguments(self):
        """The argument names and their structures; what can be read from each is noted."""
        self.numbers, self.lists = [], {}
        names, shapes = [], []
        for name in "xyzt"[: self.draw.randint(1, 4)]:
            kind, size = (
                self.draw.choice(["number"] * 4 + ["list", "tuple", "dict", "matrix", "array"]),
                self.draw.randint(2, 4),
            )
            names.append(name)
            if kind == "number":
                shapes.append(0.0)
                self.numbers.append(name)
            elif kind in ("list", "tuple"):
                shapes.append([0.0] * size if kind == "list" else (0.0,) * size)
                self.lists[name] = size
            elif kind == "array":
                shapes.append(np.zeros(size))
                self.lists[name] = self.arrays[name] = size
            elif kind == "dict":
                shapes.append({"p": 0.0, "q": [0.0] * size})
                self.numbers.append(f"{name}['p']")
                self.lists[f"{name}['q']"] = size
            else:
                shapes.append([[0.0] * size, [0.0] * size])
                self.lists |= {f"{name}[0]": size, f"{name}[1]": size}
        if not self.numbers:
            self.numbers.append(next(iter(self.lists)) + "[0]")
        return names, tuple(shapes)

    def program(self):
        helpers = [line for i in range(self.draw.choice([0, 0, 1, 2])) for line in self.helper(f"helper{i}")]
        names, shapes = self.arguments()
        body = [line for _ in range(self.draw.randint(2, 7)) for line in self.statement(2)]
        function = [f"def f({', '.join(names)}):", *_indented([*body, f"return {self.answer()}"])]
        return "\n".join([*helpers, *function, "", *self.total(names)]) + "\n", shapes

    def total(self, names):
        places = {"number": ["r"], "dict": [f"r['r{i}']" for i in range(self.results)]}
        weights = [1.0, -0.5, 0.75]
        parts = places.get(self.result) or [f"r[{i}]" for i in range(self.results)]
        terms = " + ".join(f"{w} * {part}" for w, part in zip(weights, parts, strict=False))
        call = f"f({', '.join(names)})"
        return [f"def total({', '.join(names)}):", f"    r = {call}", f"    return {terms}"]


def _indented(lines):
    return [f"    {line}" for line in lines]


def write(seed):
    """The program of a seed.

    Examples
    --------
    >>> write(3).text == write(3).text
    True
    """
    text, shapes = _Writer(seed).program()
    return Source(str(seed), text, shapes)
