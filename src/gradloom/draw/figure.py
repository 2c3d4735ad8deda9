"""A graph as DOT source: boxes for Values, round nodes for operations, edges between them.

Takes: a ``View`` of a graph and the ``Style`` of the picture.
Gives: ``figure``, the ``Digraph`` that both ``draw`` and ``draw_dot`` show.
Promises: nodes are named by their place in the view, so the source is the same from run to run; an
operand used twice has two edges; where nodes are left out, a note says how many.
"""

from collections.abc import Mapping

from gradloom.draw.digraph import Digraph
from gradloom.draw.graph import View
from gradloom.draw.labels import box, in_box, in_picture
from gradloom.draw.style import Style
from gradloom.draw.theme import Theme
from gradloom.engine import Value

__all__ = ["DIRECTIONS", "figure", "note"]

# Where an edge leaves a box and where it enters the next: the eye follows one direction.
DIRECTIONS = {"LR": ("e", "w"), "RL": ("w", "e"), "TB": ("s", "n"), "BT": ("n", "s")}
_FONT = "Helvetica"  # both engines can measure it, and every system has a face of the same widths


def figure(
    view: View,
    style: Style,
    title: str | None = None,
    rankdir: str = "LR",
    marks: Mapping[tuple[int, int], Mapping[str, str]] = {},
) -> Digraph:
    """The DOT graph of ``view``; ``marks``: how the edge of node i's operand k differs from the others."""
    theme = style.theme
    leaving, entering = DIRECTIONS[rankdir]
    dot = Digraph(format="svg")
    dot.attr("graph", rankdir=rankdir, bgcolor=theme.background, pad="0.2", nodesep="0.28", ranksep="0.32")
    if title:
        dot.attr("graph", label=f"<<B>{in_box(title)}</B>>", labelloc="t")
        dot.attr("graph", fontname=_FONT, fontsize="16", fontcolor=theme.text)
    dot.attr("node", fontname=_FONT, fontsize="13", fontcolor=theme.text, shape="plain")
    dot.attr("edge", color=theme.edge, arrowsize="0.6")

    place = {node: i for i, node in enumerate(view.nodes)}
    boundary = []
    for (node, i), operands in zip(place.items(), view.operands, strict=True):
        kind = "leaf" if not operands else "root" if i == 0 else "result"
        dot.node(f"v{i}", box(node, style, getattr(theme, kind)), **{"class": kind})
        if not operands:
            continue
        dot.node(f"f{i}", in_picture(node._op or "?"), **_round(node, theme))
        dot.edge(f"f{i}", f"v{i}", headport=entering, weight="8")  # a result stays near its operation
        for k, x in enumerate(operands):
            if x in place:
                dot.edge(f"v{place[x]}", f"f{i}", tailport=leaving, **marks.get((i, k), {}))
        if any(x not in place for x in operands):
            boundary.append(f"f{i}")
    if view.missing:
        dot.node("note", in_picture(note(view.missing)), **_dashed(theme))
    for name in boundary:
        dot.edge("note", name, style="dashed")
    return dot


def note(missing: int) -> str:
    """What a picture says of the nodes it leaves out."""
    return f"... {missing:,} earlier node{'s' if missing > 1 else ''} not shown"


def _round(node: Value, theme: Theme) -> dict[str, str]:
    row = node._recipe[0]
    symmetric = row is not None and "commutative" in row.marks
    return {
        "class": "operation",
        "shape": "ellipse",
        "style": "filled",
        "fillcolor": theme.operation.fill,
        "color": theme.operation.line,
        "width": "0.4",
        "height": "0.4",
        "margin": "0.06,0.02",
        "ordering": "" if symmetric else "in",  # in a - b, a is the upper one
    }


def _dashed(theme: Theme) -> dict[str, str]:
    return {
        "class": "note",
        "shape": "box",
        "style": "dashed,rounded",
        "color": theme.edge,
        "fontcolor": theme.caption,
    }
