"""Pictures of graphs: boxes for Values, round nodes for operations, operands on the left.

Takes: the root of a graph, or the nodes and edges found by ``trace``.
Gives: ``draw`` (and ``Value.draw``), a ``Drawing``; ``draw_dot`` and ``Digraph``, which make a notebook
written for the graphviz package work without Graphviz; ``trace``; ``explore`` (and ``Value.explore``), a
page that plays both passes; ``frames``, the same as pictures.
Promises: no system package is needed; a picture is the same from run to run; a graph of any size is
drawn with at most ``max_nodes`` boxes, and the picture says how much is folded into how many of them.
"""

import sys
from collections.abc import Iterable, Sequence
from types import ModuleType

from gradloom.draw.digraph import Digraph
from gradloom.draw.drawing import Drawing
from gradloom.draw.explorer import Explorer, explore
from gradloom.draw.figure import DIRECTIONS, figure
from gradloom.draw.folded import view_of
from gradloom.draw.graph import Box, View, trace, view_from_edges
from gradloom.draw.labels import describe, describe_box, in_terminal
from gradloom.draw.moments import frames, named
from gradloom.draw.style import ITEMS, Style, choice, style, whole
from gradloom.draw.tree import tree
from gradloom.engine import Value

__all__ = ["Digraph", "Drawing", "Explorer", "draw", "draw_dot", "explore", "frames", "trace"]

_MAX_NODES = 300


def draw(
    root: Value | Iterable[Value],
    edges: Iterable[tuple[Value, Value]] | None = None,
    *,
    show: str | Iterable[str] = ITEMS,
    blank: str | Iterable[str] | None = None,
    digits: int = 4,
    title: str | None = None,
    theme: str = "light",
    max_nodes: int = _MAX_NODES,
    fold: str = "auto",
    unfold: str | Iterable[str] = (),
) -> Drawing:
    """A picture of the graph below ``root``, as it is now. Also a method: ``root.draw()``.

    Parameters
    ----------
    root : Value
        The result. Or a set of nodes, if ``edges`` are given: ``draw(nodes, edges)``.
    edges : set of (Value, Value), optional
        Pairs (operand, result), as ``trace`` finds them.
    show : tuple of {"label", "data", "grad"}
        What is in each box, in this order.
    blank : {"label", "data", "grad"} or tuple, optional
        What is left empty, to be filled in on paper.
    digits : int
        Decimals, from 0 to 17.
    title : str, optional
        A line above the picture.
    theme : {"light", "dark", "print"}
        The colours. Leaves, inner results, operations and the root differ; "print" does without
        colour.
    max_nodes : int
        At most so many boxes. Constants count. There are fewer where so many could not be laid out in some
        seconds, because their edges are many and long.
    fold : {"auto", "all", "none"}
        Where there are more Values than boxes, "auto" lets a box stand for many: for a scope
        (``gradloom.scope``; layers and neurons are scopes by themselves), for equal ones side by side, or
        for what is far from the result. It says how many Values are in it, and the norm of the gradients
        of those that are used outside of it; edges into it are one, with their number. "all" does so for
        each of the outermost scopes, however small; "none" shows the Values nearest the root and counts
        the others.
    unfold : str or iterable of str
        Scopes that are to be open before any other, by their names: ``"layer 0"``, or ``"layer"`` for all.

    Returns
    -------
    Drawing

    Notes
    -----
    A graph of 1,000,000 Values takes a few seconds, and about 200 bytes for each while it is folded. Of
    ``draw(nodes, edges)`` nothing is folded: it shows the nearest.

    Examples
    --------
    >>> from gradloom import Value
    >>> from gradloom.draw import draw
    >>> x = Value(3.0, label="x")
    >>> y = 2 * x; y.label = "y"
    >>> print(draw(y, show=("label", "data"), digits=1))
    y | data 6.0 <- *
      data 2.0
      x | data 3.0
    """
    looks = style(show, blank, digits, theme)
    if not isinstance(title, (str, type(None))):
        raise TypeError(f"title must be a str, not {type(title).__name__}")
    view = _view(root, edges, whole("max_nodes", max_nodes, 1, 1_000_000), fold, unfold)
    root_name = root.label if isinstance(root, Value) else getattr(view.nodes[0], "label", "")
    return _drawing(view, looks, title, in_terminal(title or f"the graph of {root_name or 'a Value'}"))


def draw_view(view: View, title: str, show: str | Iterable[str] = ITEMS) -> Drawing:
    """The picture of a View that was made elsewhere."""
    return _drawing(view, style(show, None, 4, "light"), title, in_terminal(title))


def draw_results(
    roots: Sequence[Value], title: str, show: str | Iterable[str], most: int, fold: str
) -> Drawing:
    """The picture of a graph with several results."""
    return draw_view(view_of(roots, most, fold), title, show)


def _drawing(view: View, looks: Style, title: str | None, name: str) -> Drawing:
    view = named(view)
    notes = {
        f"v{i}": describe_box(x, looks) if isinstance(x, Box) else describe(x, looks, exact=True)
        for i, x in enumerate(view.nodes)
    }
    notes |= {f"cluster_{i}": in_terminal(frame.name) for i, frame in enumerate(view.frames)}
    return Drawing(figure(view, looks, title), tree(view, looks), notes, name)


def draw_dot(root: Value, format: str = "svg", rankdir: str = "LR") -> Digraph:  # noqa: A002
    """The picture of ``draw(root)`` as a ``Digraph``, to be changed or rendered as graphviz does.

    Parameters
    ----------
    root : Value
    format : str
        What ``render`` writes: ``"svg"``, ``"png"``, ...
    rankdir : {"LR", "TB", "RL", "BT"}
        The direction from operands to results: left to right, top to bottom, ...

    Returns
    -------
    Digraph

    Examples
    --------
    >>> from gradloom import Value
    >>> from gradloom.draw import draw_dot
    >>> dot = draw_dot(Value(2.0) * Value(3.0))
    >>> dot.attr(bgcolor="transparent")
    >>> dot.pipe("svg", encoding="utf-8").count('class="node leaf"')
    2
    """
    choice("rankdir", rankdir, DIRECTIONS)
    view = _view(root, None, _MAX_NODES)
    dot = figure(named(view), style(ITEMS, None, 4, "light"), rankdir=rankdir)
    dot.format = format
    return dot


def _view(root, edges, most: int, fold: str = "auto", unfold: str | Iterable[str] = ()) -> View:
    """What is shown, or a TypeError that says how to call ``draw``."""
    if edges is None:
        if isinstance(root, Value):
            return view_of([root], most, fold, unfold)
        raise TypeError(f"draw takes a Value, or draw(nodes, edges) the two sets of trace; not {_kind(root)}")
    nodes, edges = _collected("nodes", root), _collected("edges", edges)
    if not nodes or not all(isinstance(x, Value) for x in nodes):
        raise TypeError("in draw(nodes, edges) the nodes must be Values, at least one")
    pairs = [x for x in edges if isinstance(x, tuple) and len(x) == 2]
    if len(pairs) < len(edges) or not all(isinstance(x, Value) for pair in pairs for x in pair):
        raise TypeError("in draw(nodes, edges) the edges must be pairs of Values, (operand, result)")
    return view_from_edges(nodes, edges, most)


def _collected(name, things) -> list:
    if not isinstance(things, Iterable) or isinstance(things, (str, Value)):
        raise TypeError(f"in draw(nodes, edges) the {name} must be a set or a list, not {_kind(things)}")
    return list(things)


def _kind(x) -> str:
    return f"{type(x).__name__} ({x!r:.60})"


Value.draw = draw  # type: ignore[assignment, method-assign]  # the stub shows the method


class _Callable(ModuleType):
    """``import gradloom as gl``: ``gl.draw(root)`` draws, and ``gl.draw.Digraph`` is there too."""

    __call__ = staticmethod(draw)


sys.modules[__name__].__class__ = _Callable
