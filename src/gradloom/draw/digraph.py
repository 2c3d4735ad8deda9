"""``Digraph``: the graphviz package's own class, which needs no Graphviz on the system.

Takes: everything ``graphviz.Digraph`` takes.
Gives: the same methods; ``pipe``, ``render``, ``view`` and the display in a notebook lay the graph out
with the engine of ``layout.py``.
Promises: DOT source, arguments and results are the package's own, so a notebook that draws with
``from graphviz import Digraph`` needs its import changed and nothing else.
"""

import graphviz

from gradloom.draw.layout import engine_in_use

__all__ = ["Digraph"]


class Digraph(graphviz.Digraph):
    """``graphviz.Digraph`` with a layout engine wherever there is no ``dot``.

    Notes
    -----
    The bundled engine writes SVG, PNG, JPEG, DOT and JSON. For PDF install Graphviz; its ``dot`` is
    then used for everything.

    Examples
    --------
    >>> from gradloom.draw import Digraph
    >>> dot = Digraph(format="svg", graph_attr={"rankdir": "LR"})
    >>> dot.node("a", label="{ a | data 2.0000 }", shape="record")
    >>> dot.edge("a", "b")
    >>> "<svg" in dot.pipe(encoding="utf-8")
    True
    """

    def pipe(self, *args, **options):
        """The picture as bytes, or as text when an ``encoding`` is given: ``graphviz.Digraph.pipe``."""
        with engine_in_use():
            return super().pipe(*args, **options)

    def render(self, *args, **options):
        """Write the source and the picture to files: ``graphviz.Digraph.render``."""
        with engine_in_use():
            return super().render(*args, **options)
