"""``Film``, the recorder.

Takes: a model; then, step by step, the loss.
Gives: ``Film``; ``Moment``, what is kept of one step.
Promises: at most ``frames`` moments are kept, evenly spaced, and the last one. What cannot be filmed is
refused at the start, not after the training.
"""

import os
from array import array
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gradloom.arithmetic import number
from gradloom.draw.document import Page, as_json, document, page_path
from gradloom.draw.style import whole
from gradloom.engine import Value, no_grad, read
from gradloom.film.plane import Plane, one_number
from gradloom.film.scene import scene
from gradloom.module import Module
from gradloom.state import replace_file

__all__ = ["Film", "Moment"]

_SCRIPTS = ("numbers", "player", "plane", "film")


class Moment(NamedTuple):
    """A model as it was at one step: its parameters and gradients, arrays of shape (n,)."""

    step: int
    data: np.ndarray
    grad: np.ndarray


class Film:
    """A recorder of a training: give it the loss at each step, save it as a page that plays.

    The page shows the loss curve, the parameters and gradients of each layer as histograms, and, for points
    in a plane, where the model draws the line; with a slider over the steps.

    Parameters
    ----------
    model : Module
        Or anything with ``parameters()``, or a list of Values.
    inputs : array_like of shape (n, 2), optional
        Points, for the picture of the plane.
    targets : array_like of shape (n,), optional
        What the model should say of each point; only the side of ``boundary`` matters.
    score : function, optional
        From one point, a sequence of two numbers, to one number. Without it, the model itself.
    boundary : float
        The score between the two sides: 0, or 0.5 for a model that gives probabilities.
    frames : int
        At most so many steps are kept, evenly spaced; each takes 16 bytes for each parameter.
    title : str, optional
        The heading of the page.

    Raises
    ------
    TypeError, ValueError
        The model has no parameters, the points are not pairs of numbers, or the score of the first point
        is not one number.

    Notes
    -----
    The plane is computed when the film is saved: the parameters take their earlier numbers for that time, and
    then get their own again. So call ``backward()`` before ``save``, not between.

    Examples
    --------
    >>> import gradloom as gl
    >>> model = gl.nn.MLP(2, [4, 1], activation="tanh")
    >>> points, sides = [[0.0, 1.0], [1.0, 0.0]], [1.0, -1.0]
    >>> film = gl.Film(model, points, sides)
    >>> for step in range(20):
    ...     loss = sum((model(x) - y) ** 2 for x, y in zip(points, sides))
    ...     model.zero_grad()
    ...     loss.backward()
    ...     for p in model.parameters():
    ...         p.data -= 0.05 * p.grad
    ...     film.frame(loss)
    >>> film
    <Film: the training of MLP, 20 steps>
    >>> film.save("training.html")
    <Page: the training of MLP, 20 steps, in training.html>
    """

    def __init__(
        self,
        model: Any,
        inputs: Any = None,
        targets: Any = None,
        *,
        score: Callable[..., Any] | None = None,
        boundary: float = 0.0,
        frames: int = 100,
        title: str | None = None,
    ):
        if not isinstance(title, (str, type(None))):
            raise TypeError(f"title must be a str, not {type(title).__name__}")
        self._model, self._title = model, title or f"the training of {type(model).__name__}"
        self._names = [name for name, _ in _named(model)]
        self._most = whole("frames", frames, 2, 10_000)
        self._plane = None
        if (inputs is None) != (targets is None):
            raise TypeError("inputs and targets go together: give both, or neither")
        if inputs is not None:
            score = model if score is None else score
            if not callable(score):
                raise TypeError("a list of Values cannot be called; say what the model answers: score=f")
            self._plane = Plane(inputs, targets, score, number(boundary, "boundary"))
            with no_grad():
                one_number(score(self._plane.points[0].tolist()))
        self._losses = array("d")
        self._kept: list[Moment] = []
        self._last: Moment | None = None
        self._every = 1

    def frame(self, loss: Any) -> None:
        """Keep this step: its loss, and the parameters and gradients as they are now.

        Parameters
        ----------
        loss : Value or number
            nan and inf are kept and shown.

        Raises
        ------
        ValueError
            The model has more or fewer parameters than at the start.
        """
        loss = number(loss.data if isinstance(loss, Value) else loss, "the loss")
        values = self._values()
        if len(values) != len(self._names):
            raise ValueError(
                f"the model had {len(self._names)} parameters when the film began and has {len(values)} now; "
                "begin a new Film when a model changes its size"
            )
        step = len(self._losses)
        self._losses.append(loss)
        self._last = Moment(step, read(values), read(values, "grad"))
        if step % self._every == 0:
            self._kept.append(self._last)
            if len(self._kept) > self._most:
                del self._kept[1::2]
                self._every *= 2

    def save(self, path: str | os.PathLike[str]) -> Page:
        """Write the page: one HTML file. The film may go on after that.

        Parameters
        ----------
        path : path-like
            The name of the file, which ends in ``.html``.

        Returns
        -------
        Page
            It shows itself in a notebook.

        Raises
        ------
        ValueError
            There is no frame yet, or the name ends otherwise.
        FileNotFoundError
            The folder does not exist.
        """
        target = page_path(path, "a film")
        if self._last is None:
            raise ValueError("the film has no frame yet; call film.frame(loss) at each step of the training")
        moments = self._kept
        if moments[-1] is not self._last:
            moments = [*moments[: self._most - 1], self._last]
        shown = scene(self._names, self._losses, moments, self._plane, self._values())
        name = self._title.encode(errors="replace").decode()
        page = document(
            name,
            "film",
            _SCRIPTS,
            f"const FILM = {as_json(shown)};\n",
            legs="",
            play="Play the training",
            steps="The steps of the training",
            noscript="The film needs JavaScript.",
        )
        replace_file(target, page.encode())
        return Page(target, page, f"{name}, {self._length()}")

    def _values(self) -> list[Value]:
        return _parameters(self._model)

    def _length(self) -> str:
        return f"{len(self._losses)} step{'s' * (len(self._losses) != 1)}"

    def __len__(self) -> int:
        return len(self._losses)

    def __repr__(self) -> str:
        return f"<Film: {self._title}, {self._length()}>"


def _parameters(model: Any) -> list[Value]:
    if isinstance(model, (list, tuple)):
        return list(model)
    return list(dict.fromkeys(model.parameters()))


def _named(model: Any) -> list[tuple[str, Value]]:
    """The parameters with their names, or an error that says what a film needs."""
    if not isinstance(model, (list, tuple)) and not callable(getattr(model, "parameters", None)):
        raise TypeError(
            f"a film is of a Module, of anything with parameters(), or of a list of Values; not of "
            f"{type(model).__name__} ({model!r:.60})"
        )
    if isinstance(model, Module):
        pairs = model.named_parameters()
    else:
        pairs = [(str(i), p) for i, p in enumerate(_parameters(model))]
    if not pairs:
        raise ValueError("the model has no parameters, so there is no training to film")
    for _, p in pairs:
        if not isinstance(p, Value):
            raise TypeError(f"parameters must be Values, not {type(p).__name__} ({p!r:.60})")
    return pairs
