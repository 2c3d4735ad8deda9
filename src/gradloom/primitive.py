"""``primitive``: a user's own operation, in the shape of a row of the table.

Takes: two plain scalar functions, a value and its local derivatives.
Gives: a function of Values and numbers that differentiates.
Promises: it is a ``Row`` like those of ``ops.py`` and is treated like one everywhere. In a trace both
functions are recorded as they run, and the row ``custom`` puts the partials in the place of the value's
own derivatives.
"""

import functools
import inspect
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

from gradloom.arithmetic import foreign, number
from gradloom.engine import Value, apply, get_tracer
from gradloom.errors import TraceError
from gradloom.ops import TABLE, Row

__all__ = ["primitive"]

ORDER = 4
"""To which order a trace knows derivatives where the partials read the result: so often they are recorded."""


def primitive(value: Callable[..., float], partials: Callable[..., tuple[Any, ...]]) -> Callable[..., Any]:
    """A new differentiable operation from its value and its local derivatives.

    Parameters
    ----------
    value : function
        ``value(x, ...)``: floats in, a float out. In a compiled function it runs on Values, so there
        its functions are those of ``gradloom.math``.
    partials : function
        ``partials(m, x, ..., result)``: a tuple of the derivative by each operand, as arithmetic
        without ``if`` or loop. ``m`` has the library's own operations: ``m.exp``, ``m.where``, ...
        They are differentiated in turn where a compiled function asks for it: to any order if they
        are written from the operands, to the 4th if they read the result.

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
        return _recorded(row, operands) if get_tracer() else apply(row, *operands)

    operation.row = row  # type: ignore[attr-defined]
    return operation


# ---- in a trace
def _recording(row):
    return lambda *xs: apply(row, *(x if isinstance(x, Value) else float(x) for x in xs))


_RECORDING = SimpleNamespace(**{row.name: _recording(row) for row in TABLE.values()})
"""The ``m`` of ``partials`` in a trace."""


def _recorded(row: Row, operands: Sequence[Any]) -> Value:
    """The operation in a trace: its value, whose derivatives are the partials.

    The result that partials read must have those derivatives, too, in which there is a result again. So
    they are recorded once for each order, the highest first.
    """
    value = _value(row, operands)
    unknown = [_RECORDING.unknown(x) for x in operands]
    result = _with_derivatives(value, unknown, operands)
    for _ in range(ORDER):
        read = result
        partials = row.partials(_RECORDING, *operands, read)
        result = _with_derivatives(value, partials, operands)
        if not _reaches(partials, read):
            break
    return result


def _value(row: Row, operands: Sequence[Any]) -> Value:
    """The number that the traced value gives, without the derivatives of how it was computed."""
    try:
        value = row.value(*operands)
    except TraceError:
        raise
    except TypeError as error:
        value = get_tracer().refuse(
            f"run the value of {row.name} on Values ({error})",
            operands[0],
            "it with arithmetic and the functions of gradloom.math",
        )
    return _RECORDING.detach(value if isinstance(value, Value) else number(value, row.name))


def _with_derivatives(value: Value, partials: Sequence[Any], operands: Sequence[Any]) -> Value:
    for partial, x in zip(partials, operands, strict=True):
        if isinstance(x, Value):
            known = partial if isinstance(partial, Value) else number(partial, "a partial")
            value = _RECORDING.custom(value, known, x)
    return value


def _reaches(roots: Sequence[Any], x: Value) -> bool:
    """Whether one of ``roots`` was made from ``x``; what is older than that was not."""
    waiting, seen = list(roots), set()
    while waiting:
        v = waiting.pop()
        if v is x:
            return True
        if isinstance(v, Value) and id(v) not in seen and v._stamp > x._stamp:
            seen.add(id(v))
            waiting.extend(v._recipe[1])
    return False


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
