"""The vector instructions of a Program as a picture: one box for each, so that one sees what became a vector.

Takes: a compiled function's path, and the forms that name its inputs.
Gives: ``vector_picture``, a Drawing.
Promises: an edge says how many numbers go from one instruction to another, and one too long to be drawn is
written in the box that it would go to; constants are named in the box that uses them. Of a long VectorProgram
the first instructions are folded by ranges, and the picture says so.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradloom.compiler.nesting import Form
from gradloom.compiler.path import Path
from gradloom.compiler.picture import inputs
from gradloom.compiler.program import CONSTANT, INPUT
from gradloom.compiler.vector_program import DOT, EXACT, NAMES, STRETCH, SUM, VectorProgram, scalars
from gradloom.compiler.vectorize import vectorize
from gradloom.draw import Drawing, draw_view
from gradloom.draw.fold import LENGTH
from gradloom.draw.graph import Box, View
from gradloom.draw.quotient import distances

__all__ = ["vector_picture"]

MOST = 300
"""Boxes, of which ``RANGES`` stand for many instructions where there are more."""
RANGES = 8


def vector_picture(
    f: Callable[..., Any], title: str, path: Path, arguments: tuple[list[Form], Form]
) -> Drawing:
    """The vector instructions of one evaluation on ``path``."""
    program = vectorize(path.lowered.program, path.same_order)
    operations = len(path.lowered.program) - int(np.isin(path.lowered.program.code, (INPUT, CONSTANT)).sum())
    boxes = [*_inputs(inputs(f, path, arguments)), *(_box(program, words) for words in program)]
    uses = _uses(program, [box.count for box in boxes[: len(boxes) - len(program)]], len(program))
    given = len(boxes) - len(program)
    view, cut = _view(boxes, uses, given)
    heading = f"{_counted(operations, 'operation')} in {_counted(len(program), 'vector instruction')}"
    if len(boxes) > MOST:
        heading += f"; the first {len(boxes) + 1 - len(view.nodes) + RANGES:,} of them are folded"
    if cut:
        heading += f"; {_counted(cut, 'long edge')} written as #"
    return draw_view(View(view.nodes, view.operands, 0, (), heading), title)


def _inputs(names: Sequence[str]) -> list[Box]:
    """A box for each argument: the names up to the first index, those in a row together."""
    boxes: list[Box] = []
    for name in names:
        argument = name.partition("[")[0].partition(".")[0]
        if not boxes or boxes[-1].name != argument:
            boxes.append(Box(argument, True, 1, 0, 0.0, {}, "leaf"))
        boxes[-1].count += 1
        boxes[-1].caption = _counted(boxes[-1].count, "number")
    return boxes


def _box(program: VectorProgram, words: np.ndarray) -> Box:
    """The box of an instruction: ``dot[64] x 27``."""
    op = int(words[0]) & ~EXACT
    if op == STRETCH:
        steps = Counter(NAMES[step[0]] for step in scalars(words))
        caption = ", ".join(f"{n} {name}" if n > 1 else name for name, n in steps.most_common(4))
        return Box("one by one", False, 1, sum(steps.values()), 0.0, {}, "result", caption)
    lanes, terms = int(words[2]), int(words[4]) if op in (SUM, DOT) else 0
    name = f"{NAMES[op]}[{terms}]" if terms else NAMES[op]
    work = f"{_counted(lanes, 'lane')} of {terms} terms" if terms else _counted(lanes, "lane")
    slots = np.unique(program.reads(words))
    constants = slots[slots < len(program.constants)]
    if len(constants):
        numbers = [f"{x:.6g}" for x in program.constants[constants[:3]].tolist()]
        work += f", with {', '.join(numbers)}{', ...' if len(constants) > 3 else ''}"
    return Box(f"{name} x {lanes:,}" if lanes > 1 else name, True, 1, lanes, 0.0, {}, "folded", work)


def _counted(n: int, thing: str) -> str:
    return f"{n:,} {thing}{'s' * (n != 1)}"


def _uses(program: VectorProgram, given: list[int], n: int) -> list[tuple[int, int, int]]:
    """(from, to, how many numbers) for all boxes; the last box is the results."""
    writer = np.full(program.slots, -1)
    first = len(program.constants)
    writer[first : first + program.inputs] = np.repeat(np.arange(len(given)), given)
    edges: list[tuple[int, int, int]] = []

    def read(slots: np.ndarray, by: int) -> None:
        sources, counts = np.unique(writer[np.unique(slots)], return_counts=True)
        edges.extend((s, by, c) for s, c in zip(sources.tolist(), counts.tolist(), strict=True) if s >= 0)

    for i, words in enumerate(program, len(given)):
        if words[0] & ~EXACT == STRETCH:
            inside: set[int] = set()
            for _, to, operands in scalars(words):
                read(np.array([x for x in operands if x not in inside], dtype=np.int64), i)
                inside.add(to)
            writer[list(inside)] = i
        else:
            read(program.reads(words).ravel(), i)
            writer[int(words[3]) : int(words[3] + words[2])] = i
    results = len(given) + n
    read(np.concatenate([program.outputs, program.guards[:, 0]]).astype(np.int64), results)
    total: Counter[tuple[int, int]] = Counter()
    for s, by, c in edges:
        total[s, by] += c
    return [(s, by, c) for (s, by), c in total.items()]


def _view(boxes: list[Box], uses: list[tuple[int, int, int]], given: int) -> tuple[View, int]:
    """What is shown: the inputs, the last instructions, the results, the first instructions by ranges; and
    how many edges are written, as they would be too long to be drawn."""
    n = len(boxes)
    things = [*boxes, Box("result", True, 1, 0, 0.0, {}, "root")]
    shown = list(range(n + 1))
    if n > MOST:
        for some in np.array_split(np.arange(given, n - max(MOST - RANGES - given - 1, 1)), RANGES):
            inside = Counter(boxes[i].name for i in some.tolist())
            caption = ", ".join(f"{k:,} {name}" if k > 1 else name for name, k in inside.most_common(3))
            for i in some.tolist():
                shown[i] = len(things)
            things.append(Box(f"{len(some):,} instructions", False, 1, len(some), 0.0, {}, "result", caption))
    total: Counter[tuple[int, int]] = Counter()
    for s, by, count in uses:
        if shown[s] != shown[by]:
            total[shown[s], shown[by]] += count
    things[n].count = sum(count for (_, by), count in total.items() if by == n)
    things[n].caption = _counted(things[n].count, "number")
    src, dst = np.array(list(total), dtype=np.int64).reshape(-1, 2).T
    distance = distances(len(things), src, dst)
    steps = distance[src] - distance[dst]
    order = np.argsort(steps, kind="stable")
    drawn = int(np.searchsorted(np.cumsum(steps[order]), LENGTH, side="right"))
    edges = list(total.items())
    for k in order[:drawn].tolist():
        (s, by), count = edges[k]
        things[by].uses[things[s]] = count
    for k in np.sort(order[drawn:]).tolist():
        (s, by), count = edges[k]
        where = things[s].name if s < given else f"#{s - given + 1}"
        if s >= given and not things[s].name.endswith(where):
            things[s].name += f"  {where}"
        things[by].caption += f", {count:,} of {where}"
    nodes = [things[i] for i in dict.fromkeys([n, *reversed(shown)])]
    return View(tuple(nodes), tuple(tuple(x.uses) for x in nodes), 0), len(edges) - drawn
