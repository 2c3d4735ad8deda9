"""How far rounding may move a result: the room that two engines have to differ in.

Takes: a ``Source`` of ``programs.py`` and a point.
Gives: ``Run``: the program on eager Values at that point, with its value, gradients, path and rooms.
Promises: the room is measured on this very graph, which is evaluated again with each inexact result a
few units in the last place off, each time once more with every one of them off the other way: what lies
on a step (``logsumexp([x, x, x]) // 0.75`` where it is 0.75) falls to the other side in one of the two.
A result that was not rounded is left alone, so that ties and steps that are reached exactly are compared
strictly. Once more 0 + x is x, as every Program has it: -0.0 stays, and copysign or 1 / x may tell.
"""

import functools
import math
import random
import sys
from pathlib import Path

import gradloom.engine
from gradloom import Value
from gradloom.arithmetic import local_derivatives
from gradloom.ops import spell

sys.path.insert(0, str(Path(__file__).parent))
import ieee
from structures import like

__all__ = ["PAIRS", "ULPS", "Run", "blurred", "exact", "number", "same"]

ULPS, PAIRS = 16 * 2.0**-53, 2


class Run:
    """``total`` of a program at one point, recorded: its value, its gradients, its graph.

    ``kind``: ``Value``, which raises where Python's arithmetic does, or ``ieee.Number``, which does not.
    """

    def __init__(self, source, point, kind=Value):
        self.inputs = [kind(x) for x in point]
        self.eager = kind is Value
        self.leaves = [*self.inputs, *source.parameters_of(kind)]
        result = source.names(kind)["total"](*like(source.shapes, iter(self.inputs)))
        self.root = result if isinstance(result, kind) else kind(result)
        self.value = self.root.data
        self.nodes = (gradloom.engine.order if self.eager else ieee.order)(self.root)
        self.recipes = [node._recipe for node in self.nodes]
        place = {node: i for i, node in enumerate(self.nodes)}
        self.operands = [
            tuple(place[x] if isinstance(x, kind) else x for x in operands) for _, operands in self.recipes
        ]
        self.places = [place.get(leaf) for leaf in self.leaves]
        self.jumps = False  # set where a truth that is used as a number hangs on the last place

    def gradients(self):
        """What ``backward()`` gives."""
        if not self.eager:
            return self._evaluate(merged=False)[1]
        for leaf in self.leaves:
            leaf.grad = 0.0
        if self.root.operands or self.root in self.leaves:
            self.root.backward()
        return [leaf.grad for leaf in self.leaves]

    def better_gradients(self):
        """What a Program may give where ``backward()`` gives nan.

        A Program computes equal nodes once, so that what arrives at them is added before it is multiplied
        by what may be infinite: (0 + 1) * inf is inf, 0 * inf + 1 * inf is nan.
        """
        return self._evaluate()[1]

    def worse_gradients(self):
        """What a Program may give where a number of the graph is not finite.

        What is not taken passes nothing on in ``backward()``; a Program masks it only in front of a pole,
        and elsewhere relies on 0 * x being 0: with an infinite x it is nan.
        """
        if all(math.isfinite(node.data) for node in self.nodes):
            return self.gradients()
        return self._evaluate(masked=False)[1]

    def path(self):
        """What was computed, without the numbers: two points on one path have the same."""
        shape = [tuple(i if type(i) is int else None for i in operands) for operands in self.operands]
        return *self.places, *zip((row and row.name for row, _ in self.recipes), shape, strict=True)

    def constants(self):
        """The plain numbers among the operands, as they were before somebody looked at them."""
        return [x for operands in self.operands for x in operands if type(x) is float]

    def rooms(self):
        """How far rounding may move the value and each gradient; inf where it may do anything."""
        value, gradients = self._evaluate()
        if self.jumps:
            return math.inf, [math.inf] * len(gradients)
        rooms = [1e-12 * abs(x) + 1e-307 for x in (value, *gradients)]
        samples = [self._evaluate(step, k) for k in range(PAIRS) for step in (ULPS, -ULPS)]
        for moved, others in [*samples, self._evaluate(signs=False)]:
            for i, (x, y) in enumerate(zip((moved, *others), (value, *gradients), strict=True)):
                if not same(x, y):
                    rooms[i] = max(rooms[i], 8.0 * abs(x - y)) if math.isfinite(x - y) else math.inf
        return rooms[0], rooms[1:]

    def room_of_signs(self):
        """How far the value moves where 0 + x is x, which drops the sign of a zero (RULES 20)."""
        value = self._evaluate(signs=False)[0]
        return 0.0 if same(value, self.value) else abs(value - self.value)

    def _evaluate(self, step=0.0, seed=0, merged=True, signs=True, masked=True):
        blur = blurred(step, seed)

        numbers = []
        for node, (row, _), operands in zip(self.nodes, self.recipes, self.operands, strict=True):
            if row is None:
                numbers.append(node.data)
                continue
            xs = [numbers[i] if type(i) is int else i for i in operands]
            result = ieee.evaluate(row, xs)
            if not signs and row.name == "add" and any(type(i) is float and i == 0.0 for i in operands):
                result = next(x for x, i in zip(xs, operands, strict=True) if type(i) is int)
            numbers.append(result if exact(row.name, xs, result) else blur(result))
        adjoints = [None] * len(numbers)  # None: nothing arrives
        first = self.first if merged else range(len(numbers))
        adjoints[first[-1]] = 1.0
        for k in range(len(numbers) - 1, -1, -1):
            row = self.recipes[k][0]
            if row is None or adjoints[k] is None or (merged and first[k] != k):
                continue
            operands = self.operands[k]
            xs = [numbers[i] if type(i) is int else i for i in operands]
            partials = local_derivatives(row, xs, numbers[k])
            for i, partial, formula in zip(operands, partials, formulas(row), strict=False):
                if type(i) is int and formula != "0.0":
                    taken = not (partial == 0.0 and row.selects)
                    term = blur(partial * adjoints[k]) if taken else 0.0
                    if taken or not masked:
                        adjoints[first[i]] = (adjoints[first[i]] or 0.0) + term
        return numbers[-1], [0.0 if i is None else adjoints[i] or 0.0 for i in self.places]

    @functools.cached_property
    def first(self):
        """For each node the first that computes the same."""
        seen, first = {}, []
        for k, ((row, _), operands) in enumerate(zip(self.recipes, self.operands, strict=True)):
            parts = tuple(first[i] if type(i) is int else repr(i) for i in operands)
            first.append(k if row is None else seen.setdefault((row.name, parts), k))
        return first


def blurred(step, seed=0):
    """A function that moves numbers by up to a part ``step`` of them, at random up or down.

    No two by the same part: in a chain of additions of something small the moves would cancel. The
    smallest numbers move by a few of the steps in which they come.
    """
    draw = random.Random(seed)

    def blur(x):
        move = step * draw.choice((-1.0, 1.0)) * draw.uniform(0.5, 1.0)
        return x * (1.0 + move) + math.copysign(8 * 5e-324, move)

    return blur if step else lambda x: x


@functools.cache
def formulas(row):
    return spell(row)


NEVER_ROUNDED = {"neg", "relu", "abs", "maximum", "minimum", "where", "chosen", "floor", "ceil", "round"}
NEVER_ROUNDED |= {"copysign", "detach", "custom", "unknown", "lt", "le", "gt", "ge", "eq", "ne", "floordiv"}


def exact(name, xs, r):
    """Whether the result ``r`` of an operation was not rounded, so that every engine must have it."""
    if name in NEVER_ROUNDED or not math.isfinite(r):
        return True
    if r == 0.0:  # unless it was too small for a float
        return name not in ("mul", "div", "powc") or 0.0 in xs
    if name in ("add", "sub"):
        a, b = xs[0], xs[1] if name == "add" else -xs[1]
        back = r - a
        return (a - (r - back)) + (b - back) == 0.0
    if name in ("mul", "powc", "div", "sqrt"):  # small numbers on a coarse grid: nothing to round
        return all(abs(x) < 1024.0 and x * 4096.0 == round(x * 4096.0) for x in (*xs, r))
    return r == 1.0 and xs[0] in (0.0, 1.0)


def number(x):
    """The float in a float or Value."""
    return x.data if isinstance(x, (Value, ieee.Number)) else float(x)


def same(x, y, room=0.0):
    """Whether two numbers are equal (nan is nan, -0.0 is 0.0) or no further apart than ``room``."""
    return x == y or (math.isnan(x) and math.isnan(y)) or room == math.inf or abs(x - y) <= room
