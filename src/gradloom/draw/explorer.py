"""The explorer: one HTML file that plays both passes over a graph and answers "what if".

Takes: the root of a graph.
Gives: ``explore`` (and ``Value.explore``), an ``Explorer`` that knows its file and shows itself in a
notebook.
Promises: the file needs nothing but itself; labels are shown, never run; the numbers in it are Python's
own until the reader changes one; what it knows of an operation (its value, its derivatives, its formula)
is printed from the table. A file is complete or not there.

The page is ``page/page.html`` in the shell that all pages share (``document``). Its scripts get three
things: the graph as SVG, whose groups say what they are (``data-node="3"``, ``data-op="3"``,
``data-edge="3-0"``: the edge from operand 0 of node 3, ``data-result="3"``: the edge into it); ``GRAPH``,
the nodes and steps as JSON; and ``ROWS``, the rows of the table that the graph needs.
"""

import html
import os
import re
import sys
import tempfile
import webbrowser
from collections.abc import Mapping
from pathlib import Path

from gradloom.draw.document import Page, as_json, document, page_path
from gradloom.draw.figure import figure, folded_note, note
from gradloom.draw.folded import view_of
from gradloom.draw.graph import Box, View
from gradloom.draw.inside import insides, picture_of
from gradloom.draw.javascript import rows_as_javascript, rule
from gradloom.draw.labels import in_terminal, made_in
from gradloom.draw.moments import at, name_of, room_for
from gradloom.draw.passes import by_hand, passes
from gradloom.draw.style import ITEMS, style, whole
from gradloom.engine import Value
from gradloom.ops import TABLE, Row
from gradloom.state import replace_file

__all__ = ["Explorer", "explore"]

_SCRIPTS = ("prelude", "numbers", "player", "recompute", "words", "view", "page")
_LEGS = (
    '<div class="legs" aria-hidden="true"><span id="leg-forward">forward</span>'
    '<span id="leg-backward">backward</span></div>'
)


class Explorer(Page):
    """A page about a graph; ``explore`` makes it. In a notebook it shows itself.

    Attributes
    ----------
    path : pathlib.Path
        The file.
    html : str
        What is in it.
    """


def explore(
    root: Value,
    path: str | os.PathLike[str] | None = None,
    *,
    digits: int = 4,
    title: str | None = None,
    max_nodes: int = 300,
) -> Explorer:
    """A page that plays the forward and the backward pass over the graph of ``root``, step by step.

    Each backward step shows the local derivative, with its formula and the numbers put in, times the
    incoming gradient, and the sum so far. A leaf can be given another number: data and gradients are
    computed anew in the page. Also a method: ``root.explore()``.

    Parameters
    ----------
    root : Value
        The result. ``backward()`` need not have been called; gradients are as if it were called once.
    path : path-like, optional
        The HTML file to write. Without it, the file goes into the folder for temporary files and is
        opened in the browser, where there is a screen.
    digits : int
        Decimals in the boxes, from 0 to 17. All digits are shown for a node that is pointed at.
    title : str, optional
        The heading of the page.
    max_nodes : int
        At most so many boxes are shown. Constants count. Of a larger graph the page shows what ``draw``
        shows: a box may stand for a scope, for equal Values side by side, or for what is far from the root.
        It is one step forward; what comes out of it on the way back is one step for each Value that gets it.
        Small boxes can be looked into.

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError
        The name of the file does not end in ``.html``.
    FileNotFoundError
        The folder does not exist.

    Examples
    --------
    >>> from gradloom import Value
    >>> x = Value(3.0, label="x")
    >>> y = x * x; y.label = "y"
    >>> page = y.explore("square.html")
    >>> page
    <Explorer: the graph of y, in square.html>
    """
    if not isinstance(root, Value):
        raise TypeError(f"explore takes the Value at a graph's end, not {type(root).__name__} ({root!r:.60})")
    if not isinstance(title, (str, type(None))):
        raise TypeError(f"title must be a str, not {type(title).__name__}")
    target = None if path is None else page_path(path, "an explorer")
    name = (title or f"the graph of {in_terminal(root.label) or 'a Value'}").encode(errors="replace").decode()
    page = _page(root, name, digits, whole("max_nodes", max_nodes, 1, 1_000_000))
    if target is None:
        handle, temporary = tempfile.mkstemp(prefix="gradloom-", suffix=".html")
        os.close(handle)
        target = Path(temporary)
    replace_file(target, page.encode())
    if path is None and _has_screen():
        webbrowser.open(target.as_uri())
    return Explorer(target, page, name)


def _has_screen() -> bool:
    """Whether a browser window can be opened; a notebook shows the page itself."""
    if "ipykernel" in sys.modules:
        return False
    return (
        os.name == "nt" or sys.platform == "darwin" or bool({"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ))
    )


# ---- the page
def _page(root: Value, name: str, digits: int, most: int) -> str:
    view = view_of([root], most)
    opened = insides(view, whole("digits", digits, 0, 17))  # before the passes: constants become Values
    found = passes(view, root)
    room = room_for(view, found, digits)
    looks, plain = style(ITEMS, None, digits, "light", room), style(ITEMS, None, digits, "light")
    data = [None if isinstance(node, Box) else node.data for node in view.nodes]
    now = at(view, data, found.grads)
    place = {node: i for i, node in enumerate(view.nodes)}
    graph = {
        "nodes": [
            _folded(node, shown, grad, place)
            if isinstance(node, Box)
            else _node(node, shown, place, view.names)
            for node, shown, grad in zip(view.nodes, view.operands, found.grads, strict=True)
        ],
        "steps": [_STEPS[step.kind](step) for step in found.steps],
        "digits": digits,
        "room": room,
        "trouble": found.trouble,
        "refusal": "This needs a backward pass, and there is none." if found.trouble else _refusal(view),
        "missing": _left_out(view, len(opened)),
    }
    rows = [node._recipe[0] for node in view.nodes if not isinstance(node, Box)]
    return document(
        name,
        "page",
        _SCRIPTS,
        f"const GRAPH = {as_json(graph)};\n{rows_as_javascript([row for row in rows if _in_table(row)])}",
        insides="".join(
            f'<template data-inside="{i}">{svg}</template>\n'
            for i, x in opened.items()
            for svg in [picture_of(x, found.all_grads, plain, view.nodes[i].title)]
        ),
        picture=_marked(figure(now, looks).pipe(format="svg", encoding="utf-8", quiet=True)),
        legs=_LEGS,
        play="Play the two passes",
        steps="The steps of the two passes",
        noscript="The picture is complete; playing it needs JavaScript.",
    )


def _left_out(view: View, opened: int) -> str:
    """What the page says of the nodes that it does not show one by one."""
    if not view.boxes:
        return note(view.missing) if view.missing else ""
    some = f"; {opened} of them can be looked into" if opened else ""
    return folded_note(view) + some


def _folded(box: Box, shown: tuple[object, ...], grad: float | None, place: dict) -> dict[str, object]:
    """What the page knows of a Box: how many nodes are in it, and the norm of its gradients."""
    operands = [place[x] for x in shown]
    return {"label": box.title, "op": "", "operands": operands, "folded": box.count, "norm": grad}


def _node(
    node: Value, shown: tuple[object, ...], place: dict, names: Mapping[Value, str]
) -> dict[str, object]:
    row, operands = node._recipe
    facts: dict[str, object] = {
        "label": names.get(node, str(node.label)),
        "op": str(node._op),
        "operands": [place.get(x, -1) for x in shown],
        "data": node.data,
        "stored": node.grad,
    }
    if made := made_in(node):
        facts["made"] = made
    hidden = {k: x.data for k, x in enumerate(node.operands) if x not in place}
    if hidden:  # their numbers are in its formula
        facts["hidden"] = hidden
    if by_hand(node):
        return facts
    if _in_table(row):
        facts["row"] = row.name
        if row.parameter:
            facts["parameter"] = operands[-1]
    elif row is not None:
        facts["rule"] = rule(row)
    return facts


def _in_table(row: Row | None) -> bool:
    return row is not None and TABLE.get(row.name) is row


def _refusal(view: View) -> str:
    """Why the page cannot compute with other numbers; empty if it can."""
    for node, operands in zip(view.nodes, view.operands, strict=True):
        if operands and not isinstance(node, Box) and (by_hand(node) or not _in_table(node._recipe[0])):
            return (
                f"{in_terminal(name_of(node))} was not made by an operation of the table, so this page does "
                "not know its formula and cannot compute with other numbers."
            )
    if view.missing or view.boxes:
        return (
            "A part of the graph is not shown one by one in this page, so it cannot compute with other "
            "numbers; explore(root, max_nodes=...) takes more of it in."
        )
    return ""


# What the page is told of a step; it works out the rest, as it must when a number is changed.
_STEPS = {
    "value": lambda step: ["value", step.node],
    "seed": lambda step: ["seed", step.node],
    "edge": lambda step: ["edge", step.node, step.k, step.to, step.partial],
    "own": lambda step: ["own", step.node, step.k, step.to, step.adds, step.total],
    "unseen": lambda step: ["unseen", step.node, step.k, step.to, step.adds, step.total],
    "into": lambda step: ["into", step.node, step.k, step.to, step.partial, step.incoming, step.adds],
    "between": lambda step: ["between", step.node, step.k, step.to],
}


def _marked(svg: str) -> str:
    """Graphviz's SVG, with what each group stands for in attributes of its own, and no ``id``."""
    svg = re.sub(r"<!--.*?-->\n", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    met: dict[tuple[str, str], int] = {}

    def mark(found: re.Match[str]) -> str:
        kind, name = found[1], html.unescape(found[2])
        ends = [end.partition(":")[0] for end in name.split("->")]
        what = ""
        if kind == "edge" and ends[0].startswith("v"):
            # The edges between two nodes come in the order of the operands that they stand for.
            at = met[ends[0], ends[1]] = met.get((ends[0], ends[1]), -1) + 1
            what = f'data-from="{ends[0][1:]}" data-into="{ends[1][1:]}" data-nth="{at}"'
        elif kind == "edge" and ends[0].startswith("f"):
            what = f'data-result="{ends[0][1:]}"'
        elif re.fullmatch(r"[vf]\d+", name):
            what = f'data-{"node" if name[0] == "v" else "op"}="{name[1:]}"'
        return f'<g class="{kind}" {what}>\n'

    svg = re.sub(r'<g id="[^"]*" class="([^"]*)">\n<title>(.*?)</title>\n', mark, svg)
    return re.sub(r' id="[^"]*"', "", svg, count=1)


Value.explore = explore  # type: ignore[assignment, method-assign]  # the stub shows the method
