"""Results that are Values: a compiled call as one operation, with the leaves as its operands.

Takes: the numbers that a call gave, and how cotangents are carried back.
Gives: ``one`` (a single result, whose gradients came with it) and ``several``.
Promises: ``backward()`` through them uses the numbers saved at the call. Several results of one call are
projections of one hidden node, so that one reverse sweep runs after all their cotangents are in.
"""

import weakref
from collections.abc import Callable, Sequence

import numpy as np

from gradloom.engine import Value, read, write

__all__ = ["Operands", "one", "several"]


class Operands:
    """The Values that a call depends on, each once; the gradients by equal ones are added up."""

    def __init__(self, values: Sequence[Value]):
        self.values = list(dict.fromkeys(values))
        self._index: list[int] | None = None
        if len(self.values) < len(values):
            place = {v: i for i, v in enumerate(self.values)}
            self._index = [place[v] for v in values]

    def add(self, gradients: np.ndarray) -> None:
        """Add to the ``grad`` of each."""
        if self._index is not None:
            summed = np.zeros(len(self.values))
            np.add.at(summed, self._index, gradients)
            gradients = summed
        write(self.values, read(self.values, "grad") + gradients, "grad")


def one(name: str, x: float, operands: Operands, gradients: np.ndarray) -> Value:
    """The result ``x``, whose derivatives by the operands are ``gradients``."""
    result = Value(x, operands.values, name)
    node = weakref.ref(result)  # a closure over the result itself would be a cycle, freed late

    def backward() -> None:
        operands.add(gradients * node()._grad)  # type: ignore[union-attr]

    return _with_step(result, backward)


def several(
    name: str, xs: Sequence[float] | np.ndarray, operands: Operands, pull: Callable[..., np.ndarray]
) -> list[Value]:
    """The results ``xs``; ``pull(cotangents)`` gives the gradients by the operands.

    ``pull(cotangents, used)`` takes only those results that are used, which costs a Program more: it is
    asked where a result that nobody uses, with a cotangent of 0, met an infinite derivative.
    """
    cotangents, used = np.zeros((2, len(xs)))

    def backward() -> None:
        gradients = pull(cotangents)
        if np.isnan(gradients).any() and not used.all():
            gradients = pull(cotangents, used)
        operands.add(gradients)

    hidden = _with_step(Value(0.0, operands.values, name), backward)
    return [_projection(float(x), i, hidden, cotangents, used) for i, x in enumerate(xs)]


def _projection(x: float, i: int, hidden: Value, cotangents: np.ndarray, used: np.ndarray) -> Value:
    result = Value(x, (hidden,), f"[{i}]")
    node = weakref.ref(result)

    def backward() -> None:
        if hidden._grad == 0.0:  # the first in this sweep: the engine has just reset the inner nodes
            cotangents[:] = used[:] = 0.0
            hidden.grad = 1.0
        cotangents[i], used[i] = node()._grad, 1.0  # type: ignore[union-attr]

    return _with_step(result, backward)


def _with_step(node: Value, backward: Callable[[], None]) -> Value:
    if node._recipe[1]:  # not inside no_grad(), where a result remembers nothing
        node._backward = backward
    return node
