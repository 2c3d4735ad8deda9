"""``Drawing``: a picture of a graph as it was when it was drawn.

Takes: the DOT graph, its text tree, and what to say of each box when the mouse rests on it.
Gives: SVG, files, the display in a notebook, and the tree when printed.
Promises: the graph is laid out when first asked for, once; the SVG holds real text, no ``id`` (so any
number of pictures share a page) and nothing from outside; a file is complete or not there.
"""

import html
import os
import re
from functools import cached_property
from pathlib import Path

from gradloom.draw.digraph import Digraph
from gradloom.draw.layout import find_engine
from gradloom.draw.tables import bundle

__all__ = ["Drawing"]

_DPI = 96  # pixels per inch of a PNG at scale 1
_IN_NOTEBOOK = 72 / _DPI  # there, 13 points are shown as 13 pixels


class Drawing:
    """A picture of a graph of Values; ``draw`` makes it.

    In a notebook it shows itself; ``print`` gives an indented text tree.

    Attributes
    ----------
    svg : str
        The picture as an SVG element, to put into a page or a file as it is.
    source : str
        The graph in Graphviz's DOT language.

    Examples
    --------
    >>> from gradloom import Value
    >>> from gradloom.draw import draw
    >>> a = Value(2.0, label="a")
    >>> b = a + a; b.label = "b"
    >>> b.backward()
    >>> picture = draw(b)
    >>> print(picture)
    b | data 4.0000 | grad 1.0000 <- +
      a | data 2.0000 | grad 2.0000  (1)
      a, see (1)
    """

    def __init__(self, dot: Digraph, tree: str, notes: dict[str, str], name: str):
        self._dot, self._tree, self._notes, self._name = dot, tree, notes, name

    @property
    def source(self) -> str:
        return self._dot.source

    @cached_property
    def svg(self) -> str:
        svg = self._dot.pipe(format="svg", encoding="utf-8", quiet=True)
        svg = svg[svg.index("<svg") :]
        svg = re.sub(r"<!--.*?-->\n", "", svg, flags=re.DOTALL)
        svg = re.sub(r' id="[^"]*" class=', " class=", svg)
        svg = re.sub(r"<title>(.*?)</title>\n", lambda found: self._hover(found[1]), svg)
        svg = svg.replace('font-family="Helvetica,sans-Serif"', 'font-family="Helvetica,Arial,sans-serif"')
        return svg.replace("<svg ", f'<svg role="img" aria-label="{html.escape(self._name)}" ', 1)

    def _hover(self, node: str) -> str:
        """What a browser shows when the mouse rests on ``node``, instead of Graphviz's name for it."""
        return f"<title>{html.escape(self._notes[node])}</title>\n" if node in self._notes else ""

    def save(self, path: str | os.PathLike[str], scale: float = 1) -> None:
        """Write the picture to a file.

        Parameters
        ----------
        path : path-like
            Its suffix says what is written: ``.svg``, ``.png``, ``.dot``, or ``.pdf`` where Graphviz
            is installed.
        scale : float
            How much larger ``.svg`` and ``.png`` come out; 2 suits a PNG for a sharp screen.

        Raises
        ------
        ValueError
            An unknown suffix, or a scale that is not above 0 and at most 20.
        FileNotFoundError
            The folder does not exist.
        """
        path = Path(path)
        write = _WRITERS.get(path.suffix.lower())
        if write is None:
            known = ", ".join(_WRITERS)
            raise ValueError(f"a picture cannot be saved as {path.name!r}; end the name in one of {known}")
        if isinstance(scale, bool) or not isinstance(scale, (int, float)) or not 0 < scale <= 20:
            raise ValueError(f"scale must be a number above 0 and at most 20, not {scale!r}")
        if not path.parent.is_dir():
            raise FileNotFoundError(
                f"there is no folder {str(path.parent)!r} for {path.name!r}; make it first"
            )
        if path.is_dir():
            raise IsADirectoryError(f"{str(path)!r} is a folder; give the name of a file")
        _replace(path, write(self, scale))

    def _repr_mimebundle_(self, include=None, exclude=None, **_) -> dict[str, str]:
        makers = {"image/svg+xml": lambda: _in_notebook(self), "text/plain": lambda: self._tree}
        return bundle(makers, include, exclude)

    def __str__(self) -> str:
        return self._tree

    def __repr__(self) -> str:
        return f"<Drawing: {self._name}>"


def _in_notebook(drawing: Drawing) -> str:
    """The SVG with text of a notebook's size; a wide one shrinks with the cell, as far as one can read it."""
    wide = float(drawing.svg.partition(' width="')[2].partition("pt")[0])
    style = f"max-width: max(100%, {0.6 * wide:.0f}px); height: auto"
    return _scaled(drawing.svg, _IN_NOTEBOOK).replace("<svg ", f'<svg style="{style}" ', 1)


def _scaled(svg: str, scale: float) -> str:
    head, brace, body = svg.partition(">")
    size = r'\b(width|height)="([\d.]+)pt"'
    return re.sub(size, lambda found: f'{found[1]}="{float(found[2]) * scale:g}pt"', head) + brace + body


# ---- files
def _svg(drawing: Drawing, scale: float) -> bytes:
    return _scaled(drawing.svg, scale).encode()


def _png(drawing: Drawing, scale: float) -> bytes:
    dot = drawing._dot.copy()
    dot.attr("graph", dpi=f"{_DPI * scale:g}")
    return dot.pipe(format="png", quiet=True)


def _pdf(drawing: Drawing, scale: float) -> bytes:
    if find_engine().stem != "dot":
        raise ValueError(
            "saving a .pdf needs Graphviz (https://graphviz.org/download), whose program dot is not on "
            "PATH; install it, or save the picture as .svg or .png"
        )
    return drawing._dot.pipe(format="pdf", quiet=True)


_WRITERS = {
    ".svg": _svg,
    ".png": _png,
    ".dot": lambda drawing, scale: drawing.source.encode(),
    ".pdf": _pdf,
}


def _replace(path: Path, content: bytes) -> None:
    """Write a whole file or none: beside the target first, then in its place."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(content)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
