"""The steps of both passes as pictures: for slides, and for what the explorer's page is drawn on.

Takes: the root of a graph.
Gives: ``frames``, a list of Drawings; ``Moment``, a view of a graph with the numbers of one step.
Promises: the boxes keep their sizes from frame to frame, so that only what changes moves.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gradloom.draw.drawing import Drawing
from gradloom.draw.figure import figure
from gradloom.draw.folded import view_of
from gradloom.draw.graph import Box, View
from gradloom.draw.labels import describe, describe_box, in_terminal, number
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


def frames(
    root: Value,
    *,
    digits: int = 4,
    theme: str = "light",
    max_nodes: int = 300,
    fold: str = "auto",
    unfold: str | Iterable[str] = (),
) -> list[Drawing]:
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
        At most so many boxes.
    fold : {"auto", "all", "none"}
        Where a box may stand for many Values, as in ``draw``: it is one picture forward, and on the way back
        one for each that gets something from it.
    unfold : str or iterable of str
        Scopes that are to be open before any other, as in ``draw``.

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
    view = view_of([root], whole("max_nodes", max_nodes, 1, 1_000_000), fold, unfold)
    looks = style(ITEMS, None, digits, theme)
    found = passes(view, root)
    looks = style(ITEMS, None, digits, theme, room=room_for(view, found, digits))
    numbers = [None if isinstance(node, Box) else node.data for node in view.nodes]
    data = [None if operands else x for x, operands in zip(numbers, view.operands, strict=True)]
    grads: list[float | None] = [None] * len(data)
    settled = {step.to: step for step in found.steps if isinstance(view.nodes[step.to], Box)}
    pictures = [_frame(view, data, grads, looks, "The leaves\nhave their numbers", {})]
    for step in found.steps:
        marks = {}
        if step.kind == "value":
            data[step.node] = numbers[step.node]
        elif not isinstance(view.nodes[step.to], Box):
            grads[step.to] = step.total
        elif settled[step.to] is step:  # a box has its gradient when it has got all of it
            grads[step.to] = found.grads[step.to]
        if step.kind in ("edge", "own", "into"):
            colour = looks.theme.negative if step.adds < 0 else looks.theme.positive
            marks[step.node, step.k] = {"color": colour, "penwidth": "3"}
        pictures.append(_frame(view, data, grads, looks, _title(step, view, looks), marks))
    return pictures


def _frame(view, data, grads, looks: Style, title: str, marks) -> Drawing:
    moment = at(view, data, grads)
    notes = {
        f"v{i}": describe_box(node, looks) if isinstance(node, Box) else describe(node, looks, exact=True)
        for i, node in enumerate(moment.nodes)
    }
    return Drawing(figure(moment, looks, title, marks=marks), tree(moment, looks), notes, in_terminal(title))


def _title(step: Step, view: View, looks: Style) -> str:
    """What happens in a step, in two lines."""
    node, to = view.nodes[step.node], name_of(view.nodes[step.to])
    partial, incoming, adds = (number(x, looks.digits) for x in (step.partial, step.incoming, step.adds))
    many = isinstance(node, Box)
    made = "is computed" if many else f"= {number(node.data, looks.digits)}"
    source = node.title if many else node._op or "?"
    return {
        "value": f"Forward\n{name_of(node)} {made}",
        "seed": f"Backward begins\nthe gradient of {f'the result, in {to},' if many else to} is 1",
        "edge": f"Backward: {source} to {to}\n{partial} x {incoming} = {adds}",
        "own": f"Backward: {source} to {to}\nits own derivative adds {adds}",
        "unseen": f"Backward: {'nodes not shown,' if step.node < 0 else source} to {to}\n{adds}",
        "into": f"Backward: {source} into {to}\n{adds}",
        "between": f"Backward: {source} into {to}\n{step.k:,} contribution{'s' * (step.k > 1)}",
    }[step.kind]


def name_of(node: Value | Box) -> str:
    """What a sentence calls a node, or a box."""
    if isinstance(node, Box):
        return node.title
    return node.label or (f"the {node._op} node" if node._op else f"the {number(node.data, 4)}")
