"""Draw ``docs/how-it-works.svg``, a function's way through the compiler: ``python tools/draw_pipeline.py``.

Takes: nothing; what is drawn stands below.
Gives: the picture, in the shapes and colours of ``Value.draw``: a box is a thing, a round node makes one of
another, and has the name of the module that does beneath its own.
Promises: ``tests/test_docs.py`` fails when the picture is stale.
"""

import itertools
from pathlib import Path

from gradloom.draw import Digraph
from gradloom.draw.drawing import Drawing
from gradloom.draw.theme import THEMES

PATH = Path(__file__).parents[1] / "docs" / "how-it-works.svg"
NODES = {
    "function": ("leaf", "Python function\\nof numbers"),
    "trace": ("operation", "trace\\ntracing.py"),
    "traced": ("result", "Program\\none path, as it ran"),
    "simplify": ("operation", "simplify\\nsimplify.py, rules.py"),
    "derive": ("operation", "reverse or forward\\nderivatives.py"),
    "again": ("operation", "simplify, with what is asked for\\nlowering.py"),
    "lowered": ("result", "Program\\nvalue, derivatives, guards"),
    "vectorize": ("operation", "vectorize\\nvectorize.py"),
    "vector": ("result", "VectorProgram"),
    "run": ("operation", "run\\nsingle.py"),
    "numbers": ("root", "numbers, and\\nwhether the guards hold"),
    "blocks": ("operation", "run, rows in blocks\\nrows.py"),
    "rows": ("root", "rows of numbers, and\\nin which the guards hold"),
}
CHAINS = [
    ["function", "trace", "traced", "simplify", "derive", "again", "lowered"],
    ["lowered", "vectorize", "vector", "run", "numbers"],
    ["lowered", "blocks", "rows"],
]
BACK = "  a guard does not hold:\\l  trace again, with     \\l  that branch turned    \\l"


def pipeline():
    """The picture."""
    theme = THEMES["light"]
    dot = Digraph(format="svg")
    dot.attr("graph", bgcolor=theme.background, pad="0.2", nodesep="0.3", ranksep="0.2")
    dot.attr("node", fontname="Helvetica", fontsize="13", fontcolor=theme.text, margin="0.22,0.03")
    dot.attr("edge", fontname="Helvetica", fontsize="12", fontcolor=theme.caption)
    dot.attr("edge", color=theme.edge, arrowsize="0.6")
    for name, (kind, label) in NODES.items():
        paint = getattr(theme, kind)
        shape, style = ("ellipse", "filled") if kind == "operation" else ("box", "filled,rounded")
        colours = {"fillcolor": paint.fill, "color": paint.line, "penwidth": str(paint.width)}
        dot.node(name, label, shape=shape, style=style, **colours)
    for chain in CHAINS:
        dot.edges(itertools.pairwise(chain))
    for end in ("numbers", "rows"):
        label = {"label": BACK} if end == "rows" else {}
        dot.edge("trace", end, style="dashed", dir="back", **label)
    return Drawing(dot, "", {}, "a function's way through the compiler")


if __name__ == "__main__":
    pipeline().save(PATH)
