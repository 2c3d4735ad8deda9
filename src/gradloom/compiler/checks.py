"""What a user may ask to have checked: that a result is still the function's, and that it is finite.

Takes: the function, the arguments of a call, and what the Program gave.
Gives: ``verify``, which raises where the function gives something else; ``not_finite``, the source line
whose operation made the first inf or nan.
Promises: neither costs anything when it is not asked for.
"""

import bisect
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradloom.arithmetic import local_derivatives
from gradloom.compiler.assembling import put_together
from gradloom.compiler.nesting import Form, flat, take_apart
from gradloom.compiler.refusals import line_of, name_of
from gradloom.compiler.tracing import Tracer
from gradloom.engine import Value, set_silent, set_tracer
from gradloom.errors import TraceError
from gradloom.lines import PACKAGE
from gradloom.ops import TABLE

__all__ = ["not_finite", "verify"]


def verify(f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], out: np.ndarray) -> None:
    """Raise unless plain Python gives ``out``, too, to 1e-9."""
    try:
        result = f(*args, **kwargs)
    except (ArithmeticError, ValueError):  # where a Program gives inf or nan
        return
    numbers: list[Any] = []
    take_apart(result, numbers, numeric=True)
    plain = np.array([x._data if isinstance(x, Value) else x for x in flat(numbers)], dtype=np.float64)
    if plain.shape != out.shape or not np.allclose(plain, out, rtol=1e-9, atol=1e-12, equal_nan=True):
        raise TraceError(
            f"{line_of(f)}: {name_of(f)} gives {_short(plain)} in plain Python and {_short(out)} compiled: "
            "it reads something that is not watched (a file, a clock, an iterator, a name of a module), or "
            "catches an error of arithmetic; pass what it reads as an argument"
        )


def _short(xs: np.ndarray) -> str:
    return np.array2string(xs, threshold=6)


# ---- the first number that is not finite
def not_finite(
    f: Callable[..., Any], forms: tuple[Form, Form], numbers: np.ndarray, decisions: Sequence[bool]
) -> str:
    """Which line made it: the function runs once more, noting what was made before each line began."""
    bad = np.flatnonzero(~np.isfinite(numbers))
    if len(bad):
        return f"{name_of(f)} was given {numbers[bad[0]]} (number {bad[0]} of its arguments)"
    tracer = Tracer(decisions)
    lines = _Lines(sys._getframe())
    before, silent, tracing = set_tracer(tracer), set_silent(False), sys.gettrace()
    try:
        inputs = [Value(x) for x in numbers.tolist()]
        args, kwargs = put_together(("tuple", forms), inputs)
        sys.settrace(lines.follow)
        try:
            result = f(*args, **kwargs)
        finally:
            sys.settrace(tracing)
        roots: list[Any] = []
        take_apart(result, roots, numeric=True)
    finally:
        set_tracer(before)
        set_silent(silent)
    for words, follow in ((_value, _computed), (_value, _differentiated), (_derivative, _differentiated)):
        for v in _below(flat(roots), follow):
            row, operands = v._recipe
            xs = [x if type(x) is float else x._data for x in operands]
            if row is not None and np.isfinite(xs).all() and (found := words(v, row, xs)):
                return f"{lines.at(v._stamp) or line_of(f)}: {found}"
    return f"{line_of(f)}: {name_of(f)} gave a number that is not finite"


def _below(roots: list[Any], follow: Callable[..., Sequence[Any]]) -> list[Value]:
    """What ``roots`` were made from, the oldest first, by the operands that are to be followed."""
    found: set[Value] = set()
    waiting = [x for x in roots if isinstance(x, Value)]
    while waiting:
        v = waiting.pop()
        if v not in found:
            found.add(v)
            waiting.extend(x for x in follow(*v._recipe) if isinstance(x, Value))
    return sorted(found, key=lambda v: v._stamp)


def _computed(row: Any, operands: Sequence[Any]) -> Sequence[Any]:
    """Those that make the number: not the partials of a primitive."""
    return operands[:1] if row is TABLE["custom"] else operands


def _differentiated(row: Any, operands: Sequence[Any]) -> Sequence[Any]:
    """Those that make the derivatives: not what a primitive's value was computed from."""
    return () if row is TABLE["detach"] else operands


def _value(v: Value, row: Any, xs: list[float]) -> str:
    return "" if np.isfinite(v._data) else f"{row.spelling.format(*xs)} is {v._data}"


def _derivative(v: Value, row: Any, xs: list[float]) -> str:
    if np.isfinite(local_derivatives(row, xs, v._data)).all():
        return ""
    return f"the derivative of {row.spelling.format(*xs)} is not finite"


class _Lines:
    """Follows a run line by line; a Value's stamp then tells the line that made it."""

    def __init__(self, root: Any):
        self._root = root  # the frame that calls the function
        self._stamps: list[int] = []
        self._lines: list[str] = []

    def follow(self, frame: Any, event: str, _: Any) -> Any:
        caller = frame.f_back
        if frame.f_code.co_filename.startswith(PACKAGE) or not (caller is self._root or caller.f_trace):
            return None  # the library's own, and what it calls: the line is the one that called it
        if event == "return":
            frame = caller  # back in the line that called
        self._stamps.append(Value(0.0)._stamp)
        self._lines.append(f"{frame.f_code.co_filename}:{frame.f_lineno}")
        return self.follow

    def at(self, stamp: int) -> str:
        i = bisect.bisect(self._stamps, stamp) - 1
        return self._lines[i] if i >= 0 else ""
