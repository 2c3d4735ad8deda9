"""Whether second derivatives agree: forward over reverse, reverse over reverse, differences of the first.

Takes: a ``Source`` of ``programs.py``, points, and the runs at those points.
Gives: ``check_curvature``, which raises ``Disagreement``.
Promises: what is compared is the Hessian of ``total`` times a direction. The room is measured on the
Programs themselves, as ``rounding.py`` does on a graph. Where numbers are not finite, only each Program
is held to itself: 0 * inf comes out otherwise where terms are added first.
"""

import math
import random
import sys
from pathlib import Path

import numpy as np

import gradloom as gl
from gradloom.compiler.program import CONSTANT, INPUT, ROWS

sys.path.insert(0, str(Path(__file__).parent))
from agreement import Disagreement, attempt, jumps
from ieee import evaluate
from rounding import PAIRS, ULPS, blurred, exact, number, same
from structures import like

__all__ = ["check_curvature"]

MOST = 20_000
"""Instructions beyond which a Program is not evaluated one by one in Python."""


def check_curvature(source, points, runs):
    """Second derivatives at the first points where there is an eager run."""
    total = source.names(gl.Value)["total"]

    def flat(xs):
        return total(*like(source.shapes, iter(xs)))

    slopes, product = gl.grad(flat), gl.hvp(flat)
    ways = {
        "hvp": gl.compile(product),
        "grad of grad": gl.grad(lambda xs, v: sum(a * b for a, b in zip(slopes(xs), v, strict=True))),
    }
    eager = [(point, run) for point, run in zip(points, runs, strict=True) if run.eager]
    tried = []
    for point, run in eager[:3]:
        draw = random.Random(len(run.nodes))
        u, v = ([draw.uniform(0.5, 1.0) * draw.choice((-1.0, 1.0)) for _ in point] for _ in range(2))
        found = {name: along(name, way, point, v) for name, way in ways.items()}
        if None in found.values():
            return
        agree("hvp called directly", product(point, v), *found["hvp"], point)
        (ours, rooms), (theirs, others) = found.values()
        tried.append((point, v, ours, rooms))
        agree("grad of grad", theirs, ours, [a + b for a, b in zip(rooms, others, strict=True)], point)
        if not np.isfinite([*ours, *rooms]).all():
            continue
        turned, more = along("hvp", ways["hvp"], point, u)
        left, right = (sum(a * b for a, b in zip(*pair, strict=True)) for pair in ((u, ours), (v, turned)))
        if np.isfinite([left, right, *more]).all():
            size = sum(abs(a * b) for pair in ((u, ours), (v, turned)) for a, b in zip(*pair, strict=True))
            agree("<v, H u>", [right], [left], [sum(rooms) + sum(more) + 1e-13 * size], point)
        check_differences(source, run, point, v, ours, rooms)
    if tried:
        points, directions, expected, rooms = zip(*tried, strict=True)
        rows = gl.vmap(product)(np.array(points), np.array(directions))
        for row, *others in zip(rows, expected, rooms, points, strict=True):
            agree("vmap of hvp", row, *others)


def along(name, way, point, v):
    """The Hessian times ``v``, and the room of each number; None where the Program is too long to try."""
    got = [number(x) for x in way(point, v)]
    path, _, _ = way._path((point, v), {})
    program, inputs = path.lowered.program, path.inputs(np.array([*point, *v])).tolist()
    if len(program) > MOST:
        return None
    exactly, moved = outcome(program, inputs), []
    for seed in range(PAIRS):
        moved += [outcome(program, inputs, step, seed) for step in (ULPS, -ULPS)]
    rooms = [1e-12 * abs(x) + 1e-307 for x in exactly]
    for others in moved:
        for i, (x, y) in enumerate(zip(others, exactly, strict=True)):
            if not same(x, y):
                rooms[i] = max(rooms[i], 8.0 * abs(x - y)) if math.isfinite(x - y) else math.inf
    agree(f"{name}, compiled", got, exactly, rooms, point, strictly=True)
    return got, rooms


def outcome(program, inputs, step=0.0, seed=0):
    """The outputs of a Program, one number at a time; with ``step``, each rounded result is moved."""
    blur, numbers, given = blurred(step, seed), [], iter(inputs)
    start, args = program.start.tolist(), program.args.tolist()
    for i, code in enumerate(program.code.tolist()):
        if code == INPUT:
            numbers.append(next(given))
        elif code == CONSTANT:
            numbers.append(float(program.number[i]))
        else:
            row, xs = ROWS[code], [numbers[k] for k in args[start[i] : start[i + 1]]]
            result = evaluate(row, xs)
            numbers.append(result if exact(row.name, xs, result) else blur(result))
    return [numbers[i] for i in program.outputs.tolist()]


def agree(what, got, expected, rooms, point, strictly=False):
    """``strictly``: where they are not finite, too."""
    for i, (x, y, room) in enumerate(zip(map(number, got), expected, rooms, strict=True)):
        if (strictly or np.isfinite([x, y, room]).all()) and not same(x, y, room):
            raise Disagreement(f"{what}[{i}] is {x!r}, not {y!r} (room {room:.2g}), at {point}")


def check_differences(source, run, point, v, ours, rooms):
    """Central differences of ``backward()`` along ``v``, where the program is smooth between the two ends."""
    if any(abs(x) > 1e6 for x in (run.value, *point, *run.gradients(), *ours)):
        return
    found = []
    for h in (1e-4, 5e-5):
        ends = []
        for step in (h, -h):
            other = attempt(source, [x + step * a for x, a in zip(point, v, strict=True)])
            if other is None or other.path() != run.path() or jumps(run, other):
                return
            ends.append(np.array(other.gradients()[: len(point)]))
        found.append((ends[0] - ends[1]) / (2.0 * h))
    coarse, fine = found
    better, doubt = fine + (fine - coarse) / 3.0, np.abs(fine - coarse)
    size = max(1.0, *map(abs, run.gradients()), *map(abs, ours))
    space = 10.0 * doubt + 1e-6 * size + 1e6 * np.array(run.rooms()[1][: len(point)]) + rooms
    if np.isfinite(better).all():
        agree("hvp, against differences of backward(),", ours, better.tolist(), space.tolist(), point)
