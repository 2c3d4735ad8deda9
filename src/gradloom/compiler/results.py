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
    name: str, xs: Sequence[float] | np.ndarray, operands: Operands, pull: Callable[[np.ndarray], np.ndarray]
) -> list[Value]:
    """The results ``xs``; ``pull(cotangents)`` gives the gradients by the operands."""
    cotangents = np.zeros(len(xs))
    hidden = _with_step(Value(0.0, operands.values, name), lambda: operands.add(pull(cotangents)))
    return [_projection(float(x), i, hidden, cotangents) for i, x in enumerate(xs)]


def _projection(x: float, i: int, hidden: Value, cotangents: np.ndarray) -> Value:
    result = Value(x, (hidden,), f"[{i}]")
    node = weakref.ref(result)

    def backward() -> None:
        if hidden._grad == 0.0:  # the first in this sweep: the engine has just reset the inner nodes
            cotangents[:] = 0.0
            hidden.grad = 1.0
        cotangents[i] = node()._grad  # type: ignore[union-attr]

    return _with_step(result, backward)


def _with_step(node: Value, backward: Callable[[], None]) -> Value:
    if node._recipe[1]:  # not inside no_grad(), where a result remembers nothing
        node._backward = backward
    return node
