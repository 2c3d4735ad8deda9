"""``primitive``: a user's own operation, in the shape of a row of the table.

Takes: two plain scalar functions, a value and its local derivatives.
Gives: a function of Values and numbers that differentiates.
Promises: it is a ``Row`` like those of ``ops.py`` and is treated like one everywhere.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from gradloom.arithmetic import foreign, number
from gradloom.engine import Value, apply
from gradloom.ops import Row

__all__ = ["primitive"]


def primitive(value: Callable[..., float], partials: Callable[..., tuple[Any, ...]]) -> Callable[..., Any]:
    """A new differentiable operation from its value and its local derivatives.

    Parameters
    ----------
    value : function
        ``value(x, ...)``: floats in, a float out.
    partials : function
        ``partials(m, x, ..., result)``: a tuple of the derivative by each operand, as arithmetic
        without ``if`` or loop. ``m`` has the library's own operations: ``m.exp``, ``m.where``, ...

    Returns
    -------
    function
        Of as many Values or numbers as ``value`` takes. Numbers alone give a float.

    Raises
    ------
    TypeError
        The two functions do not fit together.

    Examples
    --------
    >>> from gradloom import Value, primitive
    >>> cube = primitive(lambda x: x * x * x, lambda m, x, r: (3.0 * x * x,))
    >>> x = Value(2.0)
    >>> y = cube(x)
    >>> y.backward()
    >>> y.data, x.grad
    (8.0, 12.0)
    """
    name = getattr(value, "__name__", "primitive").replace("<lambda>", "primitive")
    arity = _positional(value, "value")
    if _positional(partials, "partials") != arity + 2:
        raise TypeError(
            f"partials must take (m, the {arity} operands of value, result): {arity + 2} arguments"
        )
    if arity == 0:
        raise TypeError("value must take at least one operand")

    checked = functools.partial(_checked, partials, name, arity)  # a nested function could not be pickled
    row = Row(name, name, value, checked, domain=((-1.0, 1.0),) * arity)

    @functools.wraps(value)
    def operation(*given):
        if len(given) != arity:
            raise TypeError(f"{name} takes {arity} operands, not {len(given)}")
        operands = [x if isinstance(x, Value) else foreign(x, name) for x in given]
        if NotImplemented in operands:
            raise TypeError(f"{name} takes Values and numbers; for arrays loop over the elements")
        if not any(isinstance(x, Value) for x in operands):
            return number(row.value(*operands), name)
        return apply(row, *operands)

    operation.row = row  # type: ignore[attr-defined]
    return operation


def _checked(partials, name, arity, m, *arguments):
    derivatives = partials(m, *arguments)
    if not isinstance(derivatives, tuple) or len(derivatives) != arity:
        raise TypeError(
            f"the partials of {name} must be a tuple of {arity}, one for each operand: "
            f"return (dx,) for one operand, (dx, dy) for two; got {derivatives!r}"
        )
    if all(isinstance(x, float) for x in arguments):
        return tuple(number(p, f"a partial of {name}") for p in derivatives)
    return derivatives


def _positional(function, what):
    """How many positional arguments ``function`` takes."""
    if not callable(function):
        raise TypeError(f"{what} must be a function, not {type(function).__name__}")
    by_position = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    if any(p.kind not in by_position for p in parameters):
        raise TypeError(f"{what} must take its operands by position, without * or **")
    return len(parameters)
