"""Programs on numbers that never raise: what compiled arithmetic must give where Python's has an error.

Takes: the table.
Gives: ``Number``, a recorded number with every operation of the table as IEEE 754 has it, ``math`` for it,
and ``order``.
Promises: nothing here is the engine or the compiler; only a row's value and NumPy's answer where that
raises. Arithmetic on plain floats is left to Python, errors included, as in a trace.
"""

import itertools
from functools import reduce
from types import SimpleNamespace

import numpy as np

import gradloom.math
from gradloom.ops import TABLE

__all__ = ["Number", "evaluate", "math", "order"]

_count = itertools.count()


def evaluate(row, xs):
    """``row``'s value, NumPy's where Python raises."""
    try:
        return row.value(*xs)
    except (ArithmeticError, ValueError):
        with np.errstate(all="ignore"):
            return float(getattr(np, row.ufunc)(*map(np.float64, xs)))


class Number:
    """A number that remembers the row and the operands it was made from."""

    def __init__(self, data, recipe=(None, ())):
        self.data, self._recipe, self.serial = float(data), recipe, next(_count)

    __hash__ = object.__hash__

    def __eq__(self, other):
        return self.data == _float(other)

    def __bool__(self):
        return self.data != 0.0

    def __pow__(self, other):
        return _apply("pow" if isinstance(other, Number) else "powc", self, other)

    def __pos__(self):
        return self

    def __round__(self):
        return _apply("round", self)


def _float(x):
    return x.data if isinstance(x, Number) else float(x)


def _apply(name, *xs):
    row, xs = TABLE[name], tuple(x if isinstance(x, Number) else float(x) for x in xs)
    return Number(evaluate(row, [_float(x) for x in xs]), (row, xs))


def _operator(row, name):
    if row.arity == 1:
        return lambda self: _apply(row.name, self)
    if name in ("__lt__", "__le__", "__gt__", "__ge__"):
        return lambda self, other: bool(row.value(self.data, _float(other)))

    def operator(self, other):
        if isinstance(other, np.ndarray):
            return NotImplemented
        return _apply(row.name, *((other, self) if name.startswith("__r") else (self, other)))

    return operator


for _row in TABLE.values():
    for _name in _row.methods:
        if _name.startswith("__") and _name not in vars(Number):
            setattr(Number, _name, _operator(_row, _name))


def order(root):
    """All Numbers that ``root`` was made from, operands first."""
    found, stack = {root}, [root]
    while stack:
        new = {x for x in stack.pop()._recipe[1] if isinstance(x, Number)} - found
        found |= new
        stack.extend(new)
    return sorted(found, key=lambda x: x.serial)


# ---- gradloom.math for Numbers
def _fold(name):
    return lambda *xs: reduce(lambda a, b: _apply(name, a, b), xs)


def _powers(xs):
    top = max(map(_float, xs))
    shift = top if np.isfinite(top) else 0.0
    return shift, [
        _apply("exp", Number.__sub__(Number(x) if not isinstance(x, Number) else x, shift)) for x in xs
    ]


def _softmax(xs):
    powers = _powers(xs)[1]
    total = reduce(Number.__add__, powers)
    return [power / total for power in powers]


def _logsumexp(xs):
    shift, powers = _powers(xs)
    return _apply("log", reduce(Number.__add__, powers)) + shift


def _where(condition, a, b):
    taken = a if condition else b
    return _apply("chosen", taken) if isinstance(taken, Number) else Number(taken)


_COMPOSED = {
    "where": _where,
    "clip": lambda x, low, high: _apply("minimum", _apply("maximum", x, low), high),
    "dot": lambda xs, ys: reduce(lambda a, b: a + b, [x * y for x, y in zip(xs, ys, strict=True)]),
    "prod": lambda xs: reduce(lambda a, b: a * b, xs, 1),
    "softmax": _softmax,
    "logsumexp": _logsumexp,
    "trunc": lambda x: _apply("copysign", _apply("floor", _apply("abs", x)), x),
    "fabs": lambda x: _apply("abs", x),
    "maximum": _fold("maximum"),
    "minimum": _fold("minimum"),
}


def _dispatched(name):
    """``gradloom.math``'s function where there is no Number, else what is written here."""
    plain, ours = getattr(gradloom.math, name), _COMPOSED.get(name) or (lambda *xs: _apply(name, *xs))

    def function(*xs):
        flat = [x for part in xs for x in (part if isinstance(part, (list, tuple, np.ndarray)) else [part])]
        return (ours if any(isinstance(x, Number) for x in flat) else plain)(*xs)

    return function


_NAMES = [name for name in gradloom.math.__all__ if name in TABLE or name in _COMPOSED]
math = SimpleNamespace(**{name: _dispatched(name) for name in _NAMES})
