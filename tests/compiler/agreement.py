"""Where a program is tried, and whether plain floats and eager Values agree there.

Takes: a ``Source`` of ``programs.py``.
Gives: ``points`` (inputs: ordinary, with ties, special, and on both sides of comparisons), ``attempt``
(the eager run at one), and ``check_eager``.
Promises: floats and Values must agree to the bit. Central differences must agree with ``backward()``
wherever the program is smooth between the two ends.
"""

import itertools
import math
import random
import sys
from pathlib import Path

from gradloom import Value
from gradloom.arithmetic import local_derivatives

sys.path.insert(0, str(Path(__file__).parent))
from ieee import Number
from rounding import Run, number, same
from structures import leaves, like

__all__ = ["Disagreement", "always", "attempt", "check_eager", "points"]

ON_A_GRID = [-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0]
SPECIAL = [0.0, -0.0, math.inf, -math.inf, math.nan, 1e300, -1e300, 5e-324, 1e-310, 1.0, -1.0]


class Disagreement(Exception):
    """Two ways of computing one program gave two answers."""


# ---- inputs
def attempt(source, point, kind=Value):
    """The run, or None where Python's arithmetic raises; of ``ieee.Number`` only that on constants does."""
    try:
        return Run(source, point, kind)
    except (ArithmeticError, ValueError):
        return None


def always(source, point):
    """The eager run; the one on IEEE numbers where Python raises, which are held against each other."""
    run, other = attempt(source, point), attempt(source, point, Number)
    if run is not None and not same(run.value, other.value):
        raise Disagreement(f"IEEE numbers give {other.value!r}, Values {run.value!r}, at {point}")
    return run or other


def points(source, draw, count=6):
    """Inputs: ordinary, on a coarse grid with ties, special; and in a list apart, where two of them take
    different paths, two neighbours on the line between that differ in the last place and in the path."""
    n = len(leaves(source.shapes))
    chosen = [[draw.gauss(0.0, 1.5) for _ in range(n)] for _ in range(count)]
    chosen += [[draw.choice(ON_A_GRID) for _ in range(n)] for _ in range(count // 2)]
    for _ in range(count // 2):
        point = [draw.gauss(0.0, 1.0) for _ in range(n)]
        point[draw.randrange(n)] = draw.choice(SPECIAL)
        chosen.append(point)
    edges, runs = [], [(point, run) for point in chosen[:count] if (run := attempt(source, point))]
    for (a, first), (b, second) in itertools.islice(itertools.pairwise(runs), 3):
        if first.path() != second.path():
            edges += edge(source, a, b, first.path())
    return chosen, edges


def edge(source, a, b, path):
    """Two neighbouring points between ``a``, which takes ``path``, and ``b``, which does not."""

    def between(t):
        return [x + t * (y - x) for x, y in zip(a, b, strict=True)]

    low, high = 0.0, 1.0
    while low < (middle := (low + high) / 2.0) < high:
        run = attempt(source, between(middle))
        low, high = (middle, high) if run and run.path() == path else (low, middle)
    return [between(low), between(high)]


# ---- floats and eager Values
def check_eager(source, point, run):
    """Plain floats give the same bits; central differences give the gradient where they can."""
    total = source.names(float)["total"]

    def plain(xs):
        return float(total(*like(source.shapes, iter(xs), objects=True)))

    if "hypot" not in source.text and not same(plain(point), run.value):
        raise Disagreement(f"floats give {plain(point)!r}, Values {run.value!r}")
    check_slope(source, plain, run, point)


def check_slope(source, plain, run, point):
    """The gradient along a random direction is the central difference, where there is one."""
    draw = random.Random(len(run.nodes))
    direction = [draw.uniform(0.5, 1.0) * draw.choice((-1.0, 1.0)) for _ in point]
    gradients, (_, rooms) = run.gradients(), run.rooms()
    if any(abs(x) > 1e6 for x in (run.value, *point, *gradients)) or not math.isfinite(
        run.value + sum(gradients)
    ):
        return
    slopes = []
    for h in (1e-4, 5e-5):
        ends = []
        for step in (h, -h):
            moved = [x + step * u for x, u in zip(point, direction, strict=True)]
            other = attempt(source, moved)
            if other is None or other.path() != run.path() or jumps(run, other):
                return
            ends.append(plain(moved))
        slopes.append((ends[0] - ends[1]) / (2.0 * h))
    coarse, fine = slopes
    better, doubt = fine + (fine - coarse) / 3.0, abs(fine - coarse)
    along = sum(u * g for u, g in zip(direction, gradients, strict=False))
    terms = sum(abs(g) for g in gradients) + max(1.0, abs(run.value))
    if not same(better, along, 10.0 * doubt + 1e-7 * terms + 1e6 * sum(rooms)):
        raise Disagreement(f"the slope by differences is {better!r}, by backward() {along!r}")


def jumps(run, other):
    """Whether an operation with a step or a kink lies on different sides in the two runs."""
    if run.constants() != other.constants():
        return True  # a truth that was counted
    for (row, _), node, twin in zip(run.recipes, run.nodes, other.nodes, strict=True):
        if row is None or not (row.selects or row.name == "mod"):
            continue
        sides = [local_derivatives(row, [number(x) for x in n._recipe[1]], n.data) for n in (node, twin)]
        staircase = row.name in ("floor", "ceil", "round", "floordiv")
        if sides[0] != sides[1] or (staircase and node.data != twin.data):
            return True
    return False
