"""The steps of both passes as pictures: for slides, and for what the explorer's page is drawn on.

Takes: the root of a graph.
Gives: ``frames``, a list of Drawings; ``Moment``, a view of a graph with the numbers of one step.
Promises: the boxes keep their sizes from frame to frame, so that only what changes moves.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from gradloom.draw.drawing import Drawing
from gradloom.draw.figure import figure
from gradloom.draw.graph import Box, View, view_from_root
from gradloom.draw.labels import describe, in_terminal, number
from gradloom.draw.passes import Passes, Step, passes
from gradloom.draw.style import ITEMS, Style, style, whole
from gradloom.draw.tree import tree
from gradloom.engine import Value

__all__ = ["at", "frames", "name_of", "named", "room_for"]


@dataclass(eq=False)
class Moment:
    """A node as it is at one step: what a box reads of a Value. None: the number is not there yet."""

    label: str
    data: float | None
    grad: float | None
    _op: str
    _recipe: tuple
    _trace: int


def at(view: View, data: Sequence[float | None], grads: Sequence[float | None]) -> View:
    """``view`` with other numbers in its boxes."""
    moments: dict[Any, Any] = {
        node: replace(node, grad=grad)
        if isinstance(node, Box)
        else Moment(view.names.get(node, node.label), x, grad, node._op, node._recipe, node._trace)
        for node, x, grad in zip(view.nodes, data, grads, strict=True)
    }
    for box in view.boxes:
        moments[box].uses = {moments[x]: count for x, count in box.uses.items()}
    operands = tuple(tuple(moments.get(x, x) for x in xs) for xs in view.operands)
    frames = tuple(replace(frame, nodes=tuple(moments[x] for x in frame.nodes)) for frame in view.frames)
    return View(tuple(moments.values()), operands, view.missing, frames, view.heading)


def named(view: View) -> View:
    """``view`` with its ``names`` as labels."""
    data = [None if isinstance(x, Box) else x.data for x in view.nodes]
    return at(view, data, [x.grad for x in view.nodes]) if view.names else view


def room_for(view: View, found: Passes, digits: int) -> int:
    """How many characters the longest number of all steps has."""
    alone = (x.data for x in view.nodes if not isinstance(x, Box))
    return max(digits + 3, *(len(number(x, digits)) for x in (*alone, *(step.total for step in found.steps))))


def frames(root: Value, *, digits: int = 4, theme: str = "light", max_nodes: int = 300) -> list[Drawing]:
    """Both passes over the graph below ``root`` as pictures, one for each step: for slides.

    The first shows the leaves alone; then each result gets its number; then the gradient of ``root``
    becomes 1, and goes back along one edge at a time. The lines above a frame say what happened.

    Parameters
    ----------
    root : Value
    digits : int
        Decimals, from 0 to 17.
    theme : {"light", "dark", "print"}
    max_nodes : int
        At most so many Values are shown, those nearest the root.

    Returns
    -------
    list of Drawing

    Examples
    --------
    >>> from gradloom import Value
    >>> from gradloom.draw import frames
    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> c = a * b; c.label = "c"
    >>> pictures = frames(c, digits=1)
    >>> len(pictures)
    5
    >>> print(pictures[3])  # c.grad = 1, then a gets its part
    c | data -6.0 | grad 1.0 <- *
      a | data 2.0 | grad -3.0
      b | data -3.0

    ``for i, picture in enumerate(pictures): picture.save(f"step-{i:02}.svg")`` writes them.
    """
    if not isinstance(root, Value):
        raise TypeError(f"frames takes a Value, not {type(root).__name__} ({root!r:.60})")
    view = view_from_root(root, whole("max_nodes", max_nodes, 1, 1_000_000))
    looks = style(ITEMS, None, digits, theme)
    found = passes(view, root)
    looks = style(ITEMS, None, digits, theme, room=room_for(view, found, digits))
    data = [None if operands else node.data for node, operands in zip(view.nodes, view.operands, strict=True)]
    grads: list[float | None] = [None] * len(data)
    pictures = [_frame(view, data, grads, looks, "The leaves\nhave their numbers", {})]
    for step in found.steps:
        marks = {}
        if step.kind == "value":
            data[step.node] = view.nodes[step.node].data
        else:
            grads[step.to] = step.total
        if step.kind in ("edge", "own"):
            colour = looks.theme.negative if step.adds < 0 else looks.theme.positive
            marks[step.node, step.k] = {"color": colour, "penwidth": "3"}
        pictures.append(_frame(view, data, grads, looks, _title(step, view, looks), marks))
    return pictures


def _frame(view, data, grads, looks: Style, title: str, marks) -> Drawing:
    moment = at(view, data, grads)
    notes = {f"v{i}": describe(node, looks, exact=True) for i, node in enumerate(moment.nodes)}
    return Drawing(figure(moment, looks, title, marks=marks), tree(moment, looks), notes, in_terminal(title))


def _title(step: Step, view: View, looks: Style) -> str:
    """What happens in a step, in two lines."""
    node, to = view.nodes[step.node], name_of(view.nodes[step.to])
    partial, incoming, adds = (number(x, looks.digits) for x in (step.partial, step.incoming, step.adds))
    return {
        "value": f"Forward\n{name_of(node)} = {number(node.data, looks.digits)}",
        "seed": f"Backward begins\nthe gradient of {to} is 1",
        "edge": f"Backward: {node._op} to {to}\n{partial} x {incoming} = {adds}",
        "own": f"Backward: {node._op or '?'} to {to}\nits own derivative adds {adds}",
        "unseen": f"Backward: nodes not shown, to {to}\n{adds}",
    }[step.kind]


def name_of(node: Value) -> str:
    """What a sentence calls a node."""
    return node.label or (f"the {node._op} node" if node._op else f"the {number(node.data, 4)}")
