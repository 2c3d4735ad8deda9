"""What the page of a film is told.

Takes: the names of the parameters, the losses, the moments that were kept, and the plane, if there is one.
Gives: ``scene``, a dict for JSON.
Promises: its size does not grow with the length of the training. What is not finite is counted and said,
and drawn nowhere.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradloom.engine import Value
from gradloom.film.plane import Plane
from gradloom.module import layers

__all__ = ["scene"]

_BINS = 31  # an odd number: the one in the middle is around 0
_CURVE = 1000  # points of the loss curve, at most twice this
_LAYERS = 12


def scene(
    names: Sequence[str],
    losses: Sequence[float],
    moments: Sequence[Any],
    plane: Plane | None,
    values: list[Value],
) -> dict[str, Any]:
    places = _places(names)
    kinds = {
        "data": [
            _histograms([moment.data[of] for moment in moments], one_range=True) for of in places.values()
        ],
        "grad": [
            _histograms([moment.grad[of] for moment in moments], one_range=False) for of in places.values()
        ],
    }
    frames: list[dict[str, Any]] = [
        {
            "step": moment.step,
            "loss": losses[moment.step],
            **{kind: [shown[i] for shown in kinds[kind]] for kind in kinds},
        }
        for i, moment in enumerate(moments)
    ]
    if plane is not None:
        for frame, picture in zip(frames, plane.pictures(moments, values), strict=True):
            frame |= picture
    return {
        "frames": frames,
        "steps": len(losses),
        "curve": _curve(np.array(losses)),
        "layers": [{"name": name, "size": len(of)} for name, of in places.items()],
        "plane": plane and {
            "cells": plane.cells,
            "low": plane.low.tolist(),
            "high": plane.high.tolist(),
            "points": plane.points.tolist(),
            "above": plane.above.tolist(),
            "all": plane.all,
        },
        "notice": _notice(losses),
    }  # fmt: skip


def _places(names: Sequence[str]) -> dict[str, list[int]]:
    """Where the parameters of each layer are; the smallest together, if there are very many layers."""
    places = layers(names)
    if len(places) > _LAYERS:
        large = sorted(places, key=lambda name: -len(places[name]))[: _LAYERS - 1]
        rest = [i for name, of in places.items() if name not in large for i in of]
        few = {name: of for name, of in places.items() if name in large}
        places = few | {f"{len(places) - len(few)} more": rest}
    return places


def _histograms(moments: Sequence[np.ndarray], one_range: bool) -> list[dict[str, Any]]:
    """For each moment: the bins, their range from -r to r, the typical size, and how much is not finite.

    With ``one_range`` growth is seen: parameters. Gradients shrink a hundredfold on the way: each moment has
    its own range, so that their shape is seen. The largest of a hundred are in the bins at the ends.
    """
    span, shown = _span(np.concatenate(moments)), []
    for numbers in moments:
        span = span if one_range else _span(numbers)
        some = numbers[np.isfinite(numbers)]
        bins = np.histogram(np.clip(some, -span, span), np.linspace(-span, span, _BINS + 1))[0]
        size = float(np.sqrt(np.mean((some / span) ** 2)) * span) if some.size else math.nan
        shown.append({"bins": bins.tolist(), "range": span, "size": size, "lost": len(numbers) - len(some)})
    return shown


def _span(numbers: np.ndarray) -> float:
    sizes = np.abs(numbers[np.isfinite(numbers) & (numbers != 0)])
    return float(np.percentile(sizes, 99)) if sizes.size else 1.0


def _curve(losses: np.ndarray) -> list[list[float]]:
    """(step, loss); of a long training the lowest and the highest of each stretch, so no peak is lost."""
    steps = np.arange(len(losses))
    if len(losses) > 2 * _CURVE:
        stretches = np.array_split(steps, _CURVE)
        found = [(of[losses[of].argmin()], of[losses[of].argmax()]) for of in stretches]
        steps = np.unique(found)
    return [[int(step), float(losses[step])] for step in steps]


def _notice(losses: Sequence[float]) -> str:
    lost = [step for step, loss in enumerate(losses) if not math.isfinite(loss)]
    if not lost:
        return ""
    first, more = lost[0], len(lost) - 1
    to_the_end = len(lost) == len(losses) - first and more
    rest = " and at every step after it" if to_the_end else f" and at {more} more" if more else ""
    return f"The loss was {losses[first]} at step {first + 1}{rest}."
