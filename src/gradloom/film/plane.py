"""Where a model draws the line between two sides of a plane.

Takes: points (x, y), on which side each belongs, and the function that scores a point.
Gives: ``Plane``, which scores a grid of the plane, and the points, at each moment of a training.
Promises: the grid is one mapped call where the function can be traced; what cannot be is asked point by
point, to the same numbers. The parameters are as they were afterwards, whatever happens.
"""

import base64
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradloom.engine import Value, no_grad, read, write

__all__ = ["Plane", "one_number"]

CELLS = 40  # the grid's points, across and up
_MOST = 500  # points shown
_UNKNOWN = -128  # nan, in the page


class Plane:
    """The points, the window around them, and the function that scores."""

    def __init__(self, inputs: Any, targets: Any, score: Callable[..., Any], boundary: float):
        points, sides = _array(inputs, "inputs"), _array(targets, "targets")
        if points.ndim != 2 or points.shape[1] != 2 or not len(points):
            raise ValueError(
                f"inputs must be points in a plane, of shape (n, 2), not {points.shape}; leave inputs and "
                "targets out to film the loss and the layers alone"
            )
        if sides.size != len(points):
            raise ValueError(f"{sides.size} targets for {len(points)} inputs; give one for each")
        if not np.isfinite(points).all():
            raise ValueError("inputs must be finite numbers: nan and inf have no place in the plane")
        self.all = len(points)
        some = np.unique(np.linspace(0, self.all - 1, min(self.all, _MOST)).astype(int))
        self.points, self.above = points[some], sides.ravel()[some] > boundary
        low, high = points.min(axis=0), points.max(axis=0)
        margin = np.where(high > low, 0.12 * (high - low), 1.0)
        self.low, self.high = low - margin, high + margin
        self.cells, self._score, self._boundary = CELLS, score, boundary

    def pictures(self, moments: Sequence[Any], values: list[Value]) -> list[dict[str, Any]]:
        """For each moment: the grid as text, and which of the points are on the wrong side."""
        across, up = (np.linspace(self.low[k], self.high[k], self.cells) for k in (0, 1))
        grid = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
        before, scores = read(values), _mapped(self._score, np.concatenate([grid, self.points]))
        try:
            found = []
            for moment in moments:
                write(values, moment.data)
                found.append(scores() - self._boundary)
        finally:
            write(values, before)
        sizes = np.abs([some[: self.cells**2] for some in found])
        sizes = sizes[np.isfinite(sizes)]
        scale = float(np.percentile(sizes, 90)) if sizes.size else 0.0
        return [self._picture(some, scale or 1.0) for some in found]

    def _picture(self, scores: np.ndarray, scale: float) -> dict[str, Any]:
        scores, of_points = scores[: self.cells**2], scores[self.cells**2 :]
        shades = np.sign(scores) * 127 * np.sqrt(np.minimum(np.abs(scores) / scale, 1.0))  # finer around 0
        shades = np.where(np.abs(shades) < 1, np.sign(shades), np.round(shades))  # a side stays a side
        known = np.where(np.isnan(shades), _UNKNOWN, shades).astype(np.int8)
        right = ((of_points > 0) == self.above) & ~np.isnan(of_points)
        return {
            "shades": base64.b64encode(known.tobytes()).decode(),
            "wrong": np.flatnonzero(~right).tolist(),
        }


def one_number(x: Any) -> float:
    """The score as a float, or an error that says how to get one."""
    if isinstance(x, Value):
        return x.data
    if isinstance(x, (int, float, np.number)) or (isinstance(x, np.ndarray) and x.ndim == 0):
        return float(x)
    raise TypeError(
        f"the score of a point must be one number, not {type(x).__name__} ({x!r:.60}); choose one: "
        "Film(..., score=lambda x: model(x)[0])"
    )


def _array(x: Any, name: str) -> np.ndarray:
    try:
        return np.array(x, dtype=float)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name} must be numbers ({error})") from None


def _mapped(score: Callable[..., Any], points: np.ndarray) -> Callable[[], np.ndarray]:
    """A function that scores all the points with the parameters as they are."""
    from gradloom.compiler.transforms import vmap

    rows = vmap(lambda x: score(x))
    ways = [lambda: [score(point) for point in points.tolist()], lambda: rows(points)]

    def scores() -> np.ndarray:
        with no_grad():
            while True:
                try:
                    return np.array([one_number(x) for x in ways[-1]()])
                except Exception:  # whatever tracing minds: if it was the model, it will say so again
                    if len(ways) == 1:
                        raise
                    ways.pop()

    return scores
