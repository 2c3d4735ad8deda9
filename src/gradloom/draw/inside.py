"""What is inside a box of many nodes: a picture of its own, for the page that shows the box.

Takes: the ``View`` of a folded graph; later the gradient of every Value.
Gives: ``insides`` (a View of each box that is small enough) and ``picture_of`` (one of them as SVG).
Promises: the page stays small: the smallest boxes come first, up to so many nodes together. What comes in
from outside is a box with its name and its number; so every operand of every node is there.
"""

from collections.abc import Mapping
from typing import Any

from gradloom.draw.drawing import Drawing
from gradloom.draw.figure import figure
from gradloom.draw.graph import Box, View
from gradloom.draw.labels import describe, describe_box, number
from gradloom.draw.moments import at, name_of
from gradloom.draw.network import is_constant
from gradloom.draw.style import Style
from gradloom.engine import Value

__all__ = ["insides", "picture_of"]

_LARGEST, _TOGETHER = 60, 500  # nodes of one box, and of all: a page has some 3,000 bytes for each
_HEADING = "What has one number comes in from outside"


def insides(view: View, digits: int) -> dict[int, View]:
    """By the place of a box in ``view``: what is in it."""
    small = [i for i, x in enumerate(view.nodes) if isinstance(x, Box) and x.count <= _LARGEST]
    found, together = {}, 0
    for i in sorted(small, key=lambda i: view.nodes[i].count):
        together += view.nodes[i].count
        if together > _TOGETHER:
            break
        found[i] = _inside(view.nodes[i], digits)
    return found


def _inside(box: Box, digits: int) -> View:
    members = set(box.members)
    known = {x for node in box.members for x in node._recipe[1] if _is_variable(x, node)}
    outside: dict[Any, Box] = {}
    operands: dict[Any, tuple[Any, ...]] = {}
    for node in box.members:
        for x in node.operands:
            if x in known and x not in members and x not in outside:
                data = f"data {number(x.data, digits)}"
                name = name_of(x) if x.label or x._op else "a leaf"
                outside[x] = Box(name, False, 1, 1, None, {}, caption=data, members=[x])
        operands[node] = tuple(outside.get(x, x) for x in node.operands)
        operands |= {x: () for x in operands[node] if x not in members}
    ordered = sorted(
        operands, key=lambda x: bool(operands[x])
    )  # no result is first: it would seem to be the last
    return View(tuple(ordered), tuple(operands[x] for x in ordered), 0, heading=_HEADING)


def _is_variable(x: Value | float, node: Value) -> bool:
    return isinstance(x, Value) and (bool(x._recipe[1]) or not is_constant(x, node))


def picture_of(inside: View, grads: Mapping[Value, float], looks: Style, name: str) -> str:
    """The picture as SVG, with these gradients; empty of them where there are none."""
    data = [None if isinstance(x, Box) else x.data for x in inside.nodes]
    mine = [None if isinstance(x, Box) or not grads else grads.get(x, 0.0) for x in inside.nodes]
    now = at(inside, data, mine)
    notes = {
        f"v{i}": describe_box(x, looks) if isinstance(x, Box) else describe(x, looks, exact=True)
        for i, x in enumerate(now.nodes)
    }
    dot = figure(now, looks)
    dot.attr("graph", labeljust="l")  # it is scrolled from its left
    return Drawing(dot, "", notes, name).svg
