"""What cannot be traced: where it stands in the user's code, and what to write instead.

Takes: functions, frames, and errors that were raised while a function was traced.
Gives: ``source_line``, ``line_of`` and ``name_of``; ``CURES``, what to write instead of each thing that
``Tracer.refuse`` refuses; ``of_numpy``, the same for NumPy's own errors.
Promises: a line is the user's: neither the library's own nor NumPy's.
"""

import inspect
import traceback
from typing import Any

from gradloom.lines import is_users, user_line

__all__ = ["CURES", "line_of", "name_of", "of_numpy", "source_line"]


# ---- where
def name_of(f: Any) -> str:
    """How a message calls a function."""
    return getattr(f, "__qualname__", type(f).__qualname__)


def line_of(f: Any) -> str:
    """Where a function is written."""
    code = getattr(inspect.unwrap(getattr(f, "func", f)), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else repr(f)


def source_line() -> str:
    """Where the user's code stands: the innermost line that is neither the library's own nor NumPy's."""
    return "{}:{}".format(*user_line())


def of_numpy(error: BaseException) -> str:
    """What to say of an error that NumPy raised because it met Values; "" of any other."""
    cure = next((cure for beginning, cure in _OF_NUMPY.items() if str(error).startswith(beginning)), "")
    return f"{_line_in(error)}: {error}; {cure}" if cure else ""


def _line_in(error: BaseException) -> str:
    places = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    users = [place for place in places if is_users(place[0])]
    return "{}:{}".format(*(users or places)[-1])


# ---- what instead
_INDEX = "a length or an index is part of the program: pass it as an int, or choose with gradloom.math.where"
CURES = {
    "read .grad": "the gradient of a part of the function is gradloom.grad(part)(x)",
    "assign .grad": "a compiled function computes; clear gradients outside it",
    "assign .data": "return the new number, and assign it outside; a local name may be bound anew",
    "call backward()": "return the loss and call backward() on the result, or use gradloom.grad",
    "call zero_grad()": "clear gradients outside the function",
    "clear gradients": "clear them outside the function",
    "take the step of an optimiser": "take it outside, after backward()",
    "make a node by hand": "make the operation with gradloom.primitive",
    "assign _backward": "make the operation with gradloom.primitive",
    "assign _prev": "make the operation with gradloom.primitive",
    "take float() of a traced Value": "it is a number as it is; for math.f(x) write "
    "gradloom.math.f(x), and give an array that is to hold it dtype=object",
    "take int() of a traced Value": "write x.floor() or gradloom.math.trunc(x); a length or an index must be "
    "an int argument",
    "take an index of a traced Value": _INDEX,
    "take fsum() of traced Values": "a Program does not round as it does; write sum(xs)",
    "take sumprod() of traced Values": "a Program does not round as it does; write gradloom.math.dot(p, q)",
    "take fma() of traced Values": "a Program does not round as it does; write x * y + z",
    "take frexp() of a traced Value": "write gradloom.math.log2(abs(x)).floor() for the exponent",
    "take complex() of a traced Value": "compute with its two parts",
    "take str() of a traced Value": "it would show this call's number only; to look at numbers call the "
    "function itself, or return them",
}


_FLOATS_ONLY = (
    "this is NumPy's for floats, and in a compiled function arrays hold Values; write it with arithmetic and "
    "the functions of gradloom.math"
)
_OF_NUMPY = {
    "only integers, slices": _INDEX,
    "arrays used as indices": _INDEX,
    "ufunc '": _FLOATS_ONLY,
    "loop of ufunc": _FLOATS_ONLY,
    "Cannot cast ufunc": _FLOATS_ONLY,
}
"""How NumPy's errors begin where it meets Values that it cannot compute with, and what to do."""
