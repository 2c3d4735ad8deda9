"""``Shown``: what a compiled function shows of itself.

Takes: the paths of a ``Compiled``, and the path that some arguments take.
Gives: the base class with ``paths``, ``program``, ``draw``, ``draw_vectors``, ``stats``, ``explain``, and a
table for a notebook.
Promises: to look changes nothing; arguments that no path was traced for are traced.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from gradloom.compiler.explanation import as_table, explain, stats
from gradloom.compiler.nesting import Form
from gradloom.compiler.path import Path
from gradloom.compiler.paths import Paths
from gradloom.compiler.picture import picture
from gradloom.compiler.program import Program
from gradloom.compiler.vector_picture import vector_picture
from gradloom.draw import Drawing
from gradloom.draw.tables import bundle

__all__ = ["Found", "Shown"]

Found = tuple[Path, tuple[list[Form], Form], np.ndarray]
"""The path for some arguments, their forms and their numbers."""


class Shown:
    """What ``Compiled`` needs to be looked at."""

    _f: Callable[..., Any]
    _entries: dict[Any, Paths]
    _cleared: str  # why there are no older paths
    _credit: Callable[[], None]
    _path: Callable[[tuple[Any, ...], dict[str, Any]], Found]

    @property
    def paths(self) -> list[Path]:
        self._credit()
        return [path for paths in self._entries.values() for path in paths.paths]

    def program(self, *args: Any, **kwargs: Any) -> Program:
        """The Program that runs for these arguments; print it."""
        return self._path(args, kwargs)[0].lowered.program

    def draw(self, *args: Any, **kwargs: Any) -> Drawing:
        """A picture of ``program(*args)``, with the numbers that these arguments give.

        Examples
        --------
        >>> import gradloom as gl
        >>> print(gl.grad(lambda x, y: x * x * y, argnums=1).draw(2.0, 3.0))
        result | data 4.0000 <- *
          x | data 2.0000  (1)
          x, see (1)
        """
        return picture(self._f, repr(self)[1:-1], *self._path(args, kwargs))

    def draw_vectors(self, *args: Any, **kwargs: Any) -> Drawing:
        """A picture of the vector instructions that run ``program(*args)``: which operations became one.

        A box is an instruction on so many lanes; an edge says how many numbers it gets from another.

        Examples
        --------
        >>> import gradloom as gl
        >>> print(gl.compile(lambda x: sum(a * a for a in x)).draw_vectors([0.5] * 64))
        result: 1 number
          dot[64]: 1 lane of 64 terms
            x: 64 numbers
        127 operations in 1 vector instruction
        """
        return vector_picture(self._f, repr(self)[1:-1], *self._path(args, kwargs)[:2])

    def stats(self) -> dict[str, Any]:
        """How much was traced, and how often it ran.

        Returns
        -------
        dict
            paths, calls, nodes (as traced), instructions (as run), bytes (of both), seconds (tracing and
            differentiating).
        """
        return stats(self.paths)

    def explain(self) -> str:
        """Why each path was traced, one line for each."""
        self._credit()
        return explain(repr(self), self._cleared, self._traced)

    @property
    def _traced(self) -> list[Any]:
        """The paths for each form of arguments."""
        return [(paths.arguments, paths.paths) for paths in self._entries.values()]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> dict[str, str]:
        """A table of the paths, for a notebook."""
        self._credit()
        name = repr(self)
        makers = {"text/html": lambda: as_table(name[1:-1], self._traced), "text/plain": lambda: name}
        return bundle(makers, include, exclude)
