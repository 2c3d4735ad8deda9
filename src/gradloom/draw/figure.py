"""A graph as DOT source: boxes for Values, round nodes for operations, edges between them.

Takes: a ``View`` of a graph and the ``Style`` of the picture.
Gives: ``figure``, the ``Digraph`` that both ``draw`` and ``draw_dot`` show.
Promises: nodes are named by their place in the view, so the source is the same from run to run; an
operand used twice has two edges, and edges into a folded box are one, with their number; where nodes are
left out, a note says how many.
"""

import math
from collections.abc import Mapping

from gradloom.draw.digraph import Digraph
from gradloom.draw.graph import Box, View
from gradloom.draw.labels import box, folded_box, in_box, in_picture
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
    if title or view.boxes:
        dot.attr("graph", label=f"<{_heading(title, view, theme)}>", labelloc="t")
        dot.attr("graph", fontname=_FONT, fontsize="16", fontcolor=theme.text)
    dot.attr("node", fontname=_FONT, fontsize="13", fontcolor=theme.text, shape="plain")
    dot.attr("edge", color=theme.edge, arrowsize="0.6")

    place = {node: i for i, node in enumerate(view.nodes)}
    boundary = []
    for (node, i), operands in zip(place.items(), view.operands, strict=True):
        if isinstance(node, Box):
            dot.node(f"v{i}", folded_box(node, style), **{"class": node.kind})
            for x, count in node.uses.items():
                dot.edge(f"v{place[x]}", f"v{i}", tailport=leaving, headport=entering, **_many(count, theme))
            continue
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
    _frames(dot, view, place, theme)
    return dot


def _frames(dot: Digraph, view: View, place: Mapping[object, int], theme: Theme) -> None:
    """A rounded box around each scope's nodes; inner ones are done before they are put into outer ones."""
    frames = view.frames
    if frames:
        dot.attr(
            "graph", newrank="true"
        )  # without it, Graphviz fails at some clusters ("trouble in init_rank")
    clusters = [Digraph(name=f"cluster_{i}") for i in range(len(frames))]
    for frame, cluster in zip(reversed(frames), reversed(clusters), strict=True):
        cluster.attr(
            label=f"<{in_box(frame.name)}>", labeljust="l", style="rounded", color=theme.frame, margin="10"
        )
        cluster.attr(fontname=_FONT, fontsize="12", fontcolor=theme.caption, bgcolor=theme.inside)
        for node in frame.nodes:
            cluster.node(f"v{place[node]}")
            if not isinstance(node, Box) and view.operands[place[node]]:
                cluster.node(f"f{place[node]}")
        (clusters[frame.outside] if frame.outside >= 0 else dot).subgraph(cluster)


def _heading(title: str | None, view: View, theme: Theme) -> str:
    rows = [f"<B>{in_box(title)}</B>"] if title else []
    if view.boxes:
        rows.append(f'<FONT POINT-SIZE="12" COLOR="{theme.caption}">{folded_note(view)}</FONT>')
    return "<BR/>".join(rows)


def folded_note(view: View) -> str:
    """What a picture says of the nodes that it does not show one by one."""
    if view.heading:
        return view.heading
    boxes, count = len(view.boxes), sum(box.count for box in view.boxes)
    total = len(view.nodes) - boxes + count
    return f"{count:,} of {total:,} nodes are folded into {boxes} box{'es' * (boxes > 1)}"


def _many(count: int, theme: Theme) -> dict[str, str]:
    """How an edge looks that stands for several."""
    if count == 1:
        return {}
    width = f"{1 + 0.4 * math.log2(count):.2g}"
    aside = 'BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3"'  # of a wide line
    return {
        "label": f"<<TABLE {aside}><TR><TD>{count:,}</TD></TR></TABLE>>",
        "penwidth": width,
        "fontname": _FONT,
        "fontsize": "10",
        "fontcolor": theme.caption,
    }


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
