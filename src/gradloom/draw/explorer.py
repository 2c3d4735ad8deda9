"""The explorer: one HTML file that plays both passes over a graph and answers "what if".

Takes: the root of a graph.
Gives: ``explore`` (and ``Value.explore``), an ``Explorer`` that knows its file and shows itself in a
notebook.
Promises: the file needs nothing but itself; labels are shown, never run; the numbers in it are Python's
own until the reader changes one; what it knows of an operation (its value, its derivatives, its formula)
is printed from the table. A file is complete or not there.

The page is ``page/page.html`` in the shell that all pages share (``document``). Its scripts get three
things: the graph as SVG, whose groups say what they are (``data-node="3"``, ``data-op="3"``,
``data-edge="3-0"``: the edge from operand 0 of node 3, ``data-result="3"``: the edge into it), with the
inside of each box that unfolds as a picture of its own; ``GRAPH``, the nodes and steps as JSON, with all of
these boxes open; and ``ROWS``, the rows of the table that the graph needs.
"""

import html
import os
import re
import sys
import tempfile
import webbrowser
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from gradloom.draw.document import Page, as_json, document, page_path
from gradloom.draw.facts import facts, gradient, in_table, notice, refusal, summary
from gradloom.draw.figure import figure
from gradloom.draw.folded import view_of
from gradloom.draw.graph import Box, View
from gradloom.draw.inside import Unfolding, fragment, inside, unfolding
from gradloom.draw.javascript import rows_as_javascript
from gradloom.draw.labels import in_terminal
from gradloom.draw.moments import at, room_for
from gradloom.draw.passes import Passes, passes
from gradloom.draw.style import ITEMS, Style, style, whole
from gradloom.engine import Value
from gradloom.state import replace_file

__all__ = ["Explorer", "explore"]

_SCRIPTS = ("prelude", "numbers", "player", "recompute", "words", "view", "unfold", "page")
_FORWARD = "The forward pass computes one node after the other."
_BOTH = f"First the {_FORWARD[4:-1]}. Then the gradient goes back, one edge at a time."
_LEGS = '<div class="legs" id="legs" aria-hidden="true"><span>forward</span><span>backward</span></div>'


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
    fold: str = "auto",
    unfold: str | Iterable[str] = (),
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
        At most so many boxes are shown at first. Constants count. Of a larger graph the page shows what
        ``draw`` shows: a box may stand for a scope, for equal Values side by side, or for what is far from
        the root. It is one step forward; on the way back, what it passes to a Value is one step. A small box
        unfolds in the page, and then each of its Values has its own steps.
    fold : {"auto", "all", "none"}
        Where there are boxes for many Values, as in ``draw``.
    unfold : str or iterable of str
        Scopes that are to be open before any other, as in ``draw``.

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
    view = view_of([root], whole("max_nodes", max_nodes, 1, 1_000_000), fold, unfold)
    page = _page(unfolding(view, root), root, name, whole("digits", digits, 0, 17))
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
def _page(un: Unfolding, root: Value, name: str, digits: int) -> str:
    found = passes(un.whole, root, [i for i in un.walk if i < len(un.whole.nodes)])
    looks = style(ITEMS, None, digits, "light", room_for(un.whole, found, digits))
    known, why = facts(un, found), refusal(un, found)
    graph = {
        "nodes": known,
        "walk": un.walk,
        "steps": [vars(step) for step in found.steps],
        "digits": digits,
        "room": looks.room,
        "trouble": found.trouble,
        "refusal": why,
    }
    rows = [x._recipe[0] for x in un.whole.nodes if not isinstance(x, Box)]
    told = notice(un, found)
    picture = _picture(replace(un.view, heading=None), un, found, looks)
    end = picture.rindex("</g>")
    frames = "".join(
        fragment(_picture(inside(un, box, digits), un, found, looks), un.number[box], box)
        for box in un.members
    )
    return document(
        name,
        "page",
        _SCRIPTS,
        f"const GRAPH = {as_json(graph)};\n{rows_as_javascript([row for row in rows if in_table(row)])}",
        picture=picture[:end] + frames + picture[end:],
        what=html.escape(summary(un)),
        notice=f'<p class="notice" id="notice">{html.escape(told)}</p>' if told else "",
        refusal=html.escape(why),
        refused=" hidden" * bool(why),
        leaves="".join(
            f'<option value="{i}">{html.escape(str(known[i]["name"]))}</option>'
            for i in un.walk
            if not known[i]["operands"] and "folded" not in known[i]
        ),
        first=_FORWARD if found.trouble else _BOTH,
        legs=_LEGS,
        play="Play the two passes",
        steps="The steps of the two passes",
        noscript="The picture is complete; playing it needs JavaScript.",
    )


def _picture(view: View, un: Unfolding, found: Passes, looks: Style) -> str:
    """The picture of a view as it is after both passes."""
    data = [None if isinstance(x, Box) else x.data for x in view.nodes]
    now = at(view, data, [gradient(x, un, found) for x in view.nodes])
    svg = figure(now, looks).pipe(format="svg", encoding="utf-8", quiet=True)
    return _marked(svg, view, un)


def _marked(svg: str, view: View, un: Unfolding) -> str:
    """Graphviz's SVG, with what each group stands for in attributes of its own, and no ``id``."""
    svg = re.sub(r"<!--.*?-->\n", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    svg = svg.replace("<svg", '<svg aria-hidden="true"', 1)  # to be heard, it is walked through
    svg = re.sub(r'="([\d.]+)pt"', r'="\1px"', svg, count=2)  # in which the page counts
    met: dict[tuple[str, str], int] = {}

    def number(name: str) -> int:
        """Of a node's name; what comes in from outside has its own, or that of the box that it is in."""
        x = view.nodes[int(name[1:])]
        return un.number.get(x, un.number.get(x.members[0], -1) if isinstance(x, Box) else -1)

    def mark(found: re.Match[str]) -> str:
        kind, name = found[1], html.unescape(found[2])
        tail, _, head = (end.partition(":")[0] for end in name.partition("->"))
        what = ""
        if kind == "edge" and tail.startswith("v"):
            # The edges between two nodes come in the order of the operands that they stand for.
            at = met[tail, head] = met.get((tail, head), -1) + 1
            operand, operands = view.nodes[int(tail[1:])], view.operands[int(head[1:])]
            places = [k for k, x in enumerate(operands) if x is operand]
            what = f'data-edge="{number(head)}-{places[at]}" data-from="{number(tail)}"'
        elif kind == "edge" and tail.startswith("f"):
            what = f'data-result="{number(tail)}"'
        elif re.fullmatch(r"[vf]\d+", name):
            outside = isinstance(x := view.nodes[int(name[1:])], Box) and x not in un.number
            what = f'data-{"outside" if outside else "node" if name[0] == "v" else "op"}="{number(name)}"'
        return f'<g class="{kind}" {what}>\n'

    svg = re.sub(r'<g id="[^"]*" class="([^"]*)">\n<title>(.*?)</title>\n', mark, svg)
    return re.sub(r' id="[^"]*"', "", svg, count=1)


Value.explore = explore  # type: ignore[assignment, method-assign]  # the stub shows the method
