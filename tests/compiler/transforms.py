"""Whether every compiled way of computing a program agrees with eager Values.

Takes: a ``Source`` of ``programs.py``, points, and the runs at those points.
Gives: ``check_compiled``, which raises ``Disagreement``.
Promises: values of ``same_order=True`` must agree to the bit (but for the sign of a zero, and what reads
it); everything else within the room that rounding has in that graph (``rounding.py``). Where Python's
arithmetic raises, the run is that of IEEE numbers. An exception is a disagreement.
"""

import math
import random
import sys
from pathlib import Path

import numpy as np

import gradloom as gl
from gradloom import Value

sys.path.insert(0, str(Path(__file__).parent))
from agreement import Disagreement, always, attempt
from ieee import Number
from rounding import number, same
from structures import leaves, like

__all__ = ["check_compiled"]

WEIGHTS = [1.0, -0.5, 0.75]  # of the results of f in total()


def check_compiled(source, points, runs):
    """All transforms of one program."""
    ways = _Ways(source)
    for point, run in zip(points, runs, strict=True):
        ways.single_call(point, run)
        ways.directions(point, run)
    ways.values_as_arguments(points, runs)
    ways.rows(points, runs)
    ways.shared_argument([point for point, run in zip(points, runs, strict=True) if not run.jumps])
    ways.parameters_that_change(points)


class _Ways:
    def __init__(self, source):
        self.source = source
        self.f, self.total = source.names(Value)["f"], source.names(Value)["total"]
        self.everything = tuple(range(len(source.shapes)))
        self.compiled = gl.compile(self.total)
        self.ordered = gl.compile(self.total, same_order=True)
        self.slopes = gl.grad(self.total, argnums=self.everything)
        self.both = gl.value_and_grad(self.total, argnums=self.everything)
        self.parameters = source.parameters_of(Value)

    def arguments(self, numbers):
        return like(self.source.shapes, iter(numbers))

    # -- one call
    def single_call(self, point, run):
        xs = self.arguments(point)
        compiled = call("compile", self.compiled, *xs)
        ordered = call("compile, same_order", self.ordered, *xs)
        value, pair = call("value_and_grad", self.both, *xs)
        slopes = call("grad", self.slopes, *xs)
        room, rooms = run.rooms()
        agree("compile, same_order", [ordered], [run.value], [run.room_of_signs()], point)
        agree("compile", [compiled], [run.value], [room], point)
        agree("value_and_grad's value", [value], [run.value], [room], point)
        agree_gradients("value_and_grad", leaves(pair), run, rooms, point)
        agree_gradients("grad", leaves(slopes), run, rooms, point)

    def directions(self, point, run):
        """jvp and vjp, which must also agree with each other: <c, J u> = <J^T c, u>."""
        xs, draw = self.arguments(point), random.Random(len(point))
        direction = [draw.uniform(-1.0, 1.0) for _ in point]
        out, pushed = call("jvp", gl.jvp, self.f, xs, self.arguments(direction))
        same_out, pull = call("vjp", gl.vjp, self.f, *xs)
        cotangent = like(out, iter(WEIGHTS)) if isinstance(out, (list, tuple, dict)) else 1.0
        pulled = call("vjp's pull", pull, cotangent)
        room, rooms = run.rooms()
        gradients = run.gradients()[: len(point)]
        value = sum(w * number(x) for w, x in zip(WEIGHTS, leaves(out), strict=False))
        agree("jvp's value", [value], [run.value], [max(room, total_size(out))], point)
        spaces = [1e-9 * abs(number(x)) + (room if math.isfinite(room) else 0.0) for x in leaves(out)]
        agree("vjp's value", leaves(same_out), leaves(out), spaces, point)
        agree_gradients("vjp", leaves(pulled), run, rooms, point)
        forward = sum(w * number(x) for w, x in zip(WEIGHTS, leaves(pushed), strict=False))
        terms = [u * g for u, g in zip(direction, gradients, strict=True)]
        if np.isfinite([forward, *gradients, *rooms]).all():
            size = sum(map(abs, terms)) + sum(abs(number(x)) for x in leaves(pushed))
            agree("jvp", [forward], [sum(terms)], [1e-9 * size + 4.0 * sum(rooms)], point)

    def values_as_arguments(self, points, runs):
        """Values in, a Value out, whose backward() fills the leaves, captured parameters too."""
        for point, run in zip(points[:4], runs, strict=False):
            inputs = [Value(x) for x in point]
            for leaf in self.parameters:
                leaf.grad = 0.0
            result = call("compile of Values", self.compiled, *self.arguments(inputs))
            if not isinstance(result, Value):
                raise Disagreement(f"compile of Values gives {type(result).__name__}, not a Value")
            call("backward of a compiled call", result.backward)
            filled = [x.grad for x in (*inputs, *self.parameters)]
            agree_gradients("backward of a compiled call", filled, run, run.rooms()[1], point)

    # -- many rows
    def rows(self, points, runs):
        columns = self.arguments(np.array(points).T)
        values = as_array(call("vmap", gl.vmap(self.total), *columns))
        slopes = call("vmap of grad", gl.vmap(self.slopes), *columns)
        by_row = np.array([as_array(x) for x in leaves(slopes, self.source.shapes)]).T
        finite = []
        for i, (point, run) in enumerate(zip(points, runs, strict=True)):
            room, rooms = run.rooms()
            agree("vmap", [values[i]], [run.value], [room], point)
            agree_gradients("vmap of grad", by_row[i], run, rooms, point)
            if np.isfinite([run.value, room]).all() and abs(run.value) < 1e100:
                finite.append((point, run.value, room))
        if finite:
            points, expected, room = zip(*finite, strict=True)
            mean = call("vmap, mean", gl.vmap(self.total, reduce="mean"), *self.arguments(np.array(points).T))
            size = sum(map(abs, expected))
            agree("vmap, mean", [mean], [sum(expected) / len(points)], [sum(room) + 1e-13 * size], points)

    def shared_argument(self, points):
        """One argument is the same in all rows: reduce="sum" adds up the rows' gradients by it."""
        if len(self.source.shapes) == 1:
            return
        k = len(points) % len(self.source.shapes)
        shared = self.arguments(points[0])[k]
        mixed = []
        for point in points:
            xs = self.arguments(point)
            mixed.append(leaves([*xs[:k], shared, *xs[k + 1 :]]))
        runs = [attempt(self.source, point) for point in mixed]
        kept = [
            (p, r)
            for p, r in zip(mixed, runs, strict=True)
            if r and np.isfinite([r.value, *r.gradients()]).all()
        ]
        if not kept or any(abs(x) > 1e100 for _, r in kept for x in (r.value, *r.gradients())):
            return
        columns = list(self.arguments(np.array([p for p, _ in kept]).T))
        columns[k] = shared
        axes = tuple(None if i == k else 0 for i in self.everything)
        summed = gl.vmap(self.total, in_axes=axes, reduce="sum")
        both = gl.value_and_grad(summed, argnums=self.everything)
        value, slopes = call("value_and_grad of vmap, sum", both, *columns)
        rooms = [r.rooms() for _, r in kept]
        size = sum(abs(r.value) for _, r in kept)
        room = sum(room for room, _ in rooms) + 1e-13 * size
        agree("vmap, sum", [value], [sum(r.value for _, r in kept)], [room], kept[0][0])
        start = 0
        for i, shape in enumerate(self.source.shapes):
            width = len(leaves(shape))
            got = np.array([as_array(x) for x in leaves(slopes[i], shape)])
            theirs = np.array([r.gradients()[start : start + width] for _, r in kept])
            space = np.array([room[start : start + width] for _, room in rooms])
            if i == k:
                space = space.sum(axis=0) + 1e-13 * abs(theirs).sum(axis=0)
                agree("grad of vmap, sum, by the shared argument", got, theirs.sum(axis=0), space, mixed)
            else:
                agree("grad of vmap, sum", got.T.ravel(), theirs.ravel(), space.ravel(), mixed)
            start += width

    # -- the same functions again, after the parameters that they read have changed
    def parameters_that_change(self, points):
        before = [leaf.data for leaf in self.parameters]
        twins = self.source.parameters_of(Number)
        try:
            for i, (leaf, twin) in enumerate(zip(self.parameters, twins, strict=True)):
                leaf.data = twin.data = 0.5 - 0.3 * i
            for point in points[:3] if before else ():
                if run := always(self.source, point):
                    self.single_call(point, run)
        finally:
            for leaf, twin, x in zip(self.parameters, twins, before, strict=True):
                leaf.data = twin.data = x


def call(what, function, *xs):
    """``function(*xs)``; whatever it raises is a disagreement."""
    try:
        return function(*xs)
    except Exception as error:
        raise Disagreement(f"{what} of {xs!r:.300} raises {type(error).__name__}: {error}") from error


def agree(what, got, expected, rooms, point):
    got = [number(x) for x in got]
    if len(got) != len(expected):
        raise Disagreement(f"{what} gives {len(got)} numbers for {len(expected)}, at {point}")
    for i, (x, y, room) in enumerate(zip(got, expected, rooms, strict=False)):
        if not same(x, number(y), room):
            raise Disagreement(f"{what}[{i}] is {x!r}, eager {number(y)!r} (room {room:.2g}), at {point}")


def agree_gradients(what, got, run, rooms, point):
    """As ``agree``; but where ``backward()`` gives nan, a Program may do better, and where the numbers are
    not finite, be nan."""
    got = [number(x) for x in got]
    expected = run.gradients()[: len(got)]
    better = run.better_gradients()[: len(got)] if any(map(math.isnan, expected)) else expected
    worse = run.worse_gradients()[: len(got)] if any(map(math.isnan, got)) else expected
    pairs = zip(got, expected, better, worse, strict=True)
    expected = [w if math.isnan(x) else b if math.isnan(y) else y for x, y, b, w in pairs]
    agree(what, got, expected, rooms, point)


def as_array(x):
    """Numbers or Values, in an array or alone, as an array of floats."""
    return np.vectorize(number, otypes=[float])(np.asarray(x, dtype=object))


def total_size(out):
    sizes = [abs(number(x)) for x in leaves(out)]
    return 1e-12 * sum(sizes)
