"""What is inside the boxes of a folded picture, for the page in which they unfold.

Takes: the ``View`` of a folded graph.
Gives: ``unfolding``: which boxes are small enough to be in the page, the View in which all of them are open,
and a number for everything; ``inside``, the View of one of them; ``fragment``, its picture.
Promises: the page stays small: the smallest boxes come first, up to so many nodes together. What comes in
from outside is a box with its name and its number; so every operand of every node is there.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gradloom.draw.graph import Box, View
from gradloom.draw.labels import in_terminal, number
from gradloom.draw.moments import name_of
from gradloom.draw.naming import parameter_names
from gradloom.draw.network import is_constant
from gradloom.draw.passes import in_order
from gradloom.engine import Value

__all__ = ["Unfolding", "fragment", "inside", "unfolding"]

_LARGEST, _TOGETHER = 120, 700  # nodes of one box, and of all: a page has some 3,000 bytes for each
_BAR = 26  # points: the height of the bar with a frame's name
_LONGEST = 32  # letters of that name


@dataclass(frozen=True)
class Unfolding:
    """A folded View, and what is in those of its boxes that unfold."""

    view: View
    whole: View  # all of them unfolded; its root is first
    members: Mapping[Box, tuple[Value, ...]]  # of each box that unfolds: its nodes, operands first
    names: Mapping[Box, Mapping[Value, str]]  # of parameters, as they are called inside each of these
    operands: Mapping[Any, tuple[Any, ...]]  # of each node and box of ``view``
    number: Mapping[Any, int]  # of a node its place in ``whole``, of what is not in it that of the box around
    # it; the boxes that unfold come after them
    walk: tuple[int, ...]  # these numbers: what is given, then what is computed, in order; a box, its nodes


def unfolding(view: View, root: Value) -> Unfolding:
    """What unfolds in ``view``, the View of the graph below ``root``."""
    members = {box: _with_constants(box) for box in _small(view)}
    operands = dict(zip(view.nodes, view.operands, strict=True))
    nodes = [y for x in view.nodes for y in members.get(x, (x,))]
    if view.nodes[0] in members:
        nodes.remove(root)
        nodes.insert(0, root)
    number: dict[Any, int] = {x: i for i, x in enumerate((*nodes, *members))}
    mine = [operands[x] if isinstance(x, Box) else x.operands for x in nodes]
    elsewhere = {x for xs in mine for x in xs if x not in number}
    closed = {x: box for box in view.boxes if box not in members for x in elsewhere.intersection(box.members)}
    shown = tuple(tuple(closed.get(x, x) for x in xs) for xs in mine)
    names = {box: _names_in(box, some) for box, some in members.items()}
    inner = {x: names[box][x] for box, some in members.items() for x in some if x in names[box]}
    whole = View(tuple(nodes), shown, view.missing, names={**view.names, **inner})
    ordered = [view.nodes[i] for i in in_order(view, root)]
    walk = tuple(number[y] for x in ordered for y in (x, *members.get(x, ())))
    number |= {x: number[box] for x, box in closed.items()}
    return Unfolding(view, whole, members, names, operands, number, walk)


def _small(view: View) -> list[Box]:
    found, together = [], 0
    for box in sorted(view.boxes, key=lambda box: box.count):
        together += box.count
        if box.count > _LARGEST or together > _TOGETHER:
            break
        found.append(box)
    return found


def _with_constants(box: Box) -> tuple[Value, ...]:
    """The nodes of a box, operands first; constants become Values."""
    known = {x for node in box.members for x in node._recipe[1] if _is_variable(x, node)}
    return tuple(y for node in box.members for y in (*(x for x in node.operands if x not in known), node))


def _is_variable(x: Value | float, node: Value) -> bool:
    return isinstance(x, Value) and (bool(x._recipe[1]) or not is_constant(x, node))


def _names_in(box: Box, members: tuple[Value, ...]) -> dict[Value, str]:
    leaves = {x for node in members for x in (node, *node.operands) if not (x._recipe[1] or x.label)}
    return parameter_names(dict.fromkeys(leaves, box.around))


def inside(un: Unfolding, box: Box, digits: int) -> View:
    """What is in a box that unfolds. A Box of one stands for each node that comes in from outside."""
    members = dict.fromkeys(un.members[box])
    outside: dict[Any, Box] = {}
    for x in dict.fromkeys(x for node in members for x in node.operands if x not in members):
        name = name_of(x) if x.label or x._op else un.names[box].get(x, "a leaf")
        data = f"data {number(x.data, digits)}"
        outside[x] = Box(name, False, 1, 1, None, {}, kind="result", caption=data, members=[x])
    operands: dict[Any, tuple[Any, ...]] = dict.fromkeys(outside.values(), ())
    operands |= {node: tuple(outside.get(x, x) for x in node.operands) for node in members}
    ordered = sorted(operands, key=lambda x: bool(operands[x]))  # a result that is first would seem the last
    shown = tuple(operands[x] for x in ordered)
    return View(tuple(ordered), shown, 0, heading=None, names=un.names[box])


# ---- its picture
_FRAME = """<g class="inside" data-inside="{i}">
<rect class="frame" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="10"/>
<g class="bar"><rect x="{x:g}" y="{y:g}" width="{width:g}" height="{bar}"/>
<path class="sign" d="M{sign:g},{middle:g}a8,8 0 1,1 16,0a8,8 0 1,1 -16,0m4,0h8"/>
<text x="{name_x:g}" y="{name_y:g}">{name}</text></g>
{picture}</g>
"""


def fragment(svg: str, i: int, box: Box) -> str:
    """The picture of what is in ``box``, number ``i``, in a frame with its name: part of another picture."""
    width, height = (float(x) for x in re.findall(r'(?:width|height)="([\d.]+)px"', svg)[:2])
    graph, _, picture = svg[svg.index('<g class="graph"') :].partition("\n")
    picture = re.sub("^<polygon.*\n", "", picture[: picture.rindex("</g>")])  # without its ground
    x, y = (-float(x) for x in re.findall(r"-?[\d.]+", graph.partition("translate")[2]))
    y -= _BAR  # the upper left corner, in the picture's own measure
    name = in_terminal(box.title)
    name = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 3]}..."
    width = max(width, 9 * len(name) + 60)
    return _FRAME.format(
        i=i, x=x, y=y, width=width, height=height + _BAR, bar=_BAR, sign=x + 10, middle=y + 17, name_x=x + 34,
        name_y=y + 21, name=html.escape(name), picture=picture,
    )  # fmt: skip
