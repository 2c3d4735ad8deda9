"""The look of the demo's charts.

Takes: matplotlib, without its global state and without a window.
Gives: ``picture``, which makes axes to draw on and then writes the file; the colours.
Promises: one blue and one orange, each with one meaning in a picture; no frame, no grid, and a word
beside a line instead of a legend. A file is written whole or not at all.
"""

import io
from contextlib import contextmanager

from gradloom.draw.theme import THEMES
from gradloom.state import replace_file

__all__ = ["BLUE", "INK", "ORANGE", "PALE_BLUE", "PALE_ORANGE", "percent", "picture"]

LIGHT = THEMES["light"]  # the pages lie beside the charts
BLUE, ORANGE, INK, GREY = LIGHT.positive, LIGHT.negative, LIGHT.text, LIGHT.edge
PALE_BLUE, PALE_ORANGE = "#dfe9f5", "#fbe8d7"

STYLE = {
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.titlesize": 13,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.w_pad": 0.15,
    "figure.constrained_layout.h_pad": 0.12,
    "font.size": 11,
    "lines.linewidth": 1.8,
    "lines.markersize": 5,
    "text.color": INK,
    "xtick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.color": GREY,
    "ytick.labelcolor": INK,
}


@contextmanager
def picture(path, mosaic, size, **layout):
    """Axes by the names in ``mosaic``, on a page of ``size`` inches, written to ``path`` at the end."""
    import matplotlib.style
    from matplotlib.figure import Figure

    with matplotlib.style.context(["default", STYLE]):
        figure, buffer = Figure(figsize=size), io.BytesIO()
        yield figure.subplot_mosaic(mosaic, **layout)
        figure.savefig(buffer, format="png", dpi=150)
    replace_file(path, buffer.getvalue())


def percent(fractions):
    return [100.0 * x for x in fractions]
