"""Pictures of graphs: boxes for Values, round nodes for operations, operands on the left.

Takes: the root of a graph, or the nodes and edges found by ``trace``.
Gives: ``draw`` (and ``Value.draw``), a ``Drawing``; ``draw_dot`` and ``Digraph``, which make a notebook
written for the graphviz package work without Graphviz; ``trace``; ``explore`` (and ``Value.explore``), a
page that plays both passes; ``frames``, the same as pictures.
Promises: no system package is needed; a picture is the same from run to run; beyond ``max_nodes`` the
part nearest the root is shown, and the picture says how much is not.
"""

import sys
from collections.abc import Iterable
from types import ModuleType

from gradloom.draw.digraph import Digraph
from gradloom.draw.drawing import Drawing
from gradloom.draw.explorer import Explorer, explore
from gradloom.draw.figure import DIRECTIONS, figure
from gradloom.draw.graph import View, trace, view_from_edges, view_from_root
from gradloom.draw.labels import describe, in_terminal
from gradloom.draw.moments import frames
from gradloom.draw.style import ITEMS, choice, style, whole
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
        At most so many Values are shown, those nearest the root. Constants count.

    Returns
    -------
    Drawing

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
    view = _view(root, edges, whole("max_nodes", max_nodes, 1, 1_000_000))
    notes = {f"v{i}": describe(node, looks, exact=True) for i, node in enumerate(view.nodes)}
    name = in_terminal(title or f"the graph of {view.nodes[0].label or 'a Value'}")
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
    dot = figure(view, style(ITEMS, None, 4, "light"), rankdir=rankdir)
    dot.format = format
    return dot


def _view(root, edges, most: int) -> View:
    """What is shown, or a TypeError that says how to call ``draw``."""
    if edges is None:
        if isinstance(root, Value):
            return view_from_root(root, most)
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
