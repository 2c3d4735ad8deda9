"""The numbers under a Value: what counts as one, and what is said when arithmetic goes wrong.

Takes: the table, and whatever a user wrote where a number belongs.
Gives: ``number`` and ``foreign`` (conversion), ``evaluate`` (a row's value, its errors explained),
``local_derivatives`` (a row's partials, which never raise) and ``refuse`` (why there is no gradient).
Promises: both engines call these, so both convert alike and complain in the same words.
"""

from types import SimpleNamespace

import numpy as np

from gradloom.errors import CycleError, DerivativeError, StaleDataError, SweepError
from gradloom.ops import FLOATS, TABLE

_HOPELESS = (str, bytes, list, tuple, dict, set, frozenset, complex, type(None))


# ---- conversion
def is_number(x):
    """Whether ``x`` is a real number: Python's, a NumPy scalar or a 0-d array."""
    if isinstance(x, (float, int)):
        return True
    return isinstance(x, (np.generic, np.ndarray)) and x.ndim == 0 and x.dtype.kind in "fiub"


def number(x, what="data"):
    """``x`` as a float, or a TypeError that names ``what`` and says what to write."""
    if is_number(x):
        return float(x)
    if hasattr(x, "_backward"):
        cure = "it is a Value already: use it as it is, or its number with .data"
    elif isinstance(x, str):
        cure = "convert it first, with float(...)"
    elif isinstance(x, (list, tuple, np.ndarray)):
        cure = "a Value holds one number: make a list, [Value(x) for x in ...]"
    else:
        cure = "give an int, a float or a NumPy scalar"
    raise TypeError(f"{what} must be a number, not {type(x).__name__} ({x!r:.60}); {cure}")


def foreign(x, symbol):
    """An operand that is no Value: a float; NotImplemented if its own type may know better."""
    if is_number(x):
        return float(x)
    if isinstance(x, _HOPELESS):
        number(x, f"an operand of {symbol}")
    return NotImplemented


def not_accepted(name, x):
    """Raise: the method ``name`` was given something that is neither a Value nor a number."""
    raise TypeError(
        f"{name}() takes Values and numbers, not {type(x).__name__}; "
        f"for arrays use gradloom.math.{name}, which maps over them"
    )


# ---- a row's value
_CURES = {
    ZeroDivisionError: "keep the divisor away from 0",
    OverflowError: "keep the numbers smaller",
    ValueError: "keep the argument inside the function's domain",
}


def evaluate(row, numbers, operands):
    """``row.value(*numbers)``; Python's own error, naming the operation and the operands."""
    try:
        return number(row.value(*numbers), row.name)
    except (ArithmeticError, ValueError) as error:
        labels = (getattr(x, "label", "") for x in operands)
        shown = (f"{label}={x!r}" if label else repr(x) for x, label in zip(numbers, labels, strict=False))
        cure = next((c for kind, c in _CURES.items() if isinstance(error, kind)), "check the operands")
        reason = error.args[-1] if error.args else type(error).__name__
        raise type(error)(f"{reason} in {row.spelling.format(*shown)}; {cure}") from None


# ---- a row's derivatives
def _ieee(row):
    """``row.value`` as IEEE 754 has it: where Python raises, NumPy's inf or nan."""

    def value(*xs):
        try:
            return np.float64(row.value(*map(float, xs)))
        except (ArithmeticError, ValueError):
            return np.float64(getattr(np, row.ufunc)(*xs))

    return value


IEEE = SimpleNamespace(**{row.name: _ieee(row) for row in TABLE.values()})
"""The rows' values as functions of floats that never raise."""


def evaluate_ieee(row, numbers):
    """``row.value(*numbers)`` as IEEE 754 has it: inf or nan where Python raises."""
    try:
        return float(row.value(*numbers))
    except (ArithmeticError, ValueError):
        if not row.ufunc:  # a user's own: its error is all that is known
            raise
        with np.errstate(all="ignore"):
            return float(getattr(np, row.ufunc)(*map(np.float64, numbers)))


def local_derivatives(row, numbers, result):
    """``row``'s derivative by each operand. At a pole it is inf or nan, never an exception."""
    try:
        return row.partials(FLOATS, *numbers, result)
    except (ArithmeticError, ValueError):
        with np.errstate(all="ignore"):
            partials = row.partials(IEEE, *map(np.float64, numbers), np.float64(result))
            return tuple(map(float, partials))


def stale_operand(node, row, operands):
    """The first operand whose number the derivatives read and that is younger than ``node``, or None."""
    read = (operands[i] for i in row.reads)
    return next((x for x in read if type(x) is not float and x._stamp > node._stamp), None)


def gradient_of_constant(node, i):
    """What ``backward()`` had for operand ``i`` of ``node``: a constant that nobody had looked at yet.

    nan where the numbers that it was computed from are gone.
    """
    row, operands = node._recipe
    if node._grad == 0.0:
        return 0.0
    if stale_operand(node, row, operands) is not None:
        return float("nan")
    numbers = [x if type(x) is float else x._data for x in operands]
    partial = local_derivatives(row, numbers, node._data)[i]
    return 0.0 if partial == 0.0 and row.selects else partial * node._grad


# ---- why there is no gradient
_REFUSALS = {
    "stale": (
        StaleDataError,
        "the .data of {operand} was assigned after {node} was computed from it, so its gradient would "
        "mix old and new numbers; compute the result again, then call backward()",
    ),
    "underived": (
        DerivativeError,
        "{node} has operands but no derivative; assign its _backward, a function without arguments "
        "that adds to the .grad of each operand, or make the operation with gradloom.primitive",
    ),
    "cycle": (
        CycleError,
        "{node} is among its own operands; a graph must run from operands to results: "
        "do not assign _prev so that it closes a circle",
    ),
    "sweeping": (
        SweepError,
        "{node} is part of a backward() that has not finished (in another thread, or around this "
        "_backward); wait for it, or build a separate graph",
    ),
}


def refuse(kind, node, operand=None):
    """Raise the error of this ``kind``, naming the node (and the operand) it is about."""
    error, message = _REFUSALS[kind]
    raise error(message.format(node=_named(node), operand=_named(operand)))


def _named(value):
    """How a message calls a Value: its label or number, and the operation that made it."""
    if value is None:
        return ""
    name = f"Value {value.label!r}" if value.label else f"Value(data={value._data!r})"
    return f"{name} (made by {value._op})" if value._op else name
