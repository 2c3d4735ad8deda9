"""``math`` for numbers, Values and arrays.

Takes: numbers, Values, and NumPy arrays of either.
Gives: every name of the standard ``math`` module, every function of the table (``relu``, ``sigmoid``,
``maximum``, ...), and ``where clip dot softmax logsumexp``.
Promises: of numbers the answer is exactly ``math``'s, errors included. Of a Value it is the method of
the table's row, so ``Value.tanh = mine`` is seen here, or a short composition of rows. Arrays are
mapped element by element. A new row of the table appears here by itself.

>>> from gradloom import Value, math
>>> math.exp(0), math.floor(2.5), math.maximum(1, 3, 2)
(1.0, 2, 3.0)
>>> x = Value(3.0)
>>> math.hypot(x, 4.0).backward()
>>> x.grad
0.6
"""

import builtins
import math as standard
import sys
from functools import partial, reduce, wraps
from operator import add, mul, sub

import numpy as np

from gradloom.engine import Value, apply, get_tracer
from gradloom.mapping import bare, fold, function_of, method, of_sequences, operand, settled, tournament
from gradloom.ops import TABLE

m = sys.modules[__name__]  # this module: most of its functions are made at its foot, by name


# ---- compositions of rows: what the standard module has and the table does not
def _exactly(name, value, exact):
    """``value`` with its rounding taken back: the number is ``exact()``, the derivatives are its own."""
    if get_tracer():
        get_tracer().refuse(f"take {name}() of traced Values", value)
    exact = exact()
    unchanged = value.data == exact or not standard.isfinite(value.data)
    return value if unchanged else value - value.data + exact


def _remainder(x, y):
    if get_tracer():
        return m.where(x < 0.0, -_rounded_remainder(-x, abs(y)), _rounded_remainder(x, abs(y)))
    if x < 0.0:
        return -m.remainder(-x, y)
    rest = x % abs(y)
    return rest if rest == standard.remainder(bare(x), bare(y)) else rest - abs(y)


def _rounded_remainder(x, y):
    """The remainder of positive numbers by comparisons alone: a tie goes to the even multiple."""
    rest = x % y
    more = rest + rest - y
    return m.where((more > 0.0) | ((more == 0.0) & (x // y % 2.0 == 1.0)), rest - y, rest)


def _frexp(x):
    if get_tracer():
        get_tracer().refuse("take frexp() of a traced Value", x)
    return m.ldexp(x, -standard.frexp(x.data)[1]), standard.frexp(x.data)[1]


def _isclose(a, b, *, rel_tol=1e-09, abs_tol=0.0):
    if any(not isinstance(x, Value) and x < 0.0 for x in (rel_tol, abs_tol)):
        raise ValueError("tolerances must be non-negative")
    finite = (abs(a) < standard.inf) & (abs(b) < standard.inf)
    allowed = m.maximum(rel_tol * abs(a), rel_tol * abs(b), abs_tol)
    return ((a <= b) & (a >= b)) | (finite & (abs(a - b) <= allowed))


_COMPOSED = {
    "degrees": lambda x: x * (180.0 / standard.pi),
    "fma": lambda x, y, z: _exactly("fma", x * y + z, lambda: standard.fma(*map(bare, (x, y, z)))),
    "fmod": lambda x, y: -(-x % abs(y)) if x < 0.0 else x % abs(y),  # of positive numbers % is fmod
    "frexp": _frexp,
    "hypot": lambda *xs: fold(method("hypot"))(*xs) if len(xs) > 1 else abs(*xs),
    "ldexp": lambda x, i: x * 2.0 ** (i // 2) * 2.0 ** (i - i // 2),  # 2.0**i alone may overflow
    "log": lambda x, *base: m.log(x) / m.log(*base) if base else x.log(),
    "maximum": tournament(method("maximum")),
    "minimum": tournament(method("minimum")),
    "modf": lambda x: (m.fmod(x, 1.0), m.trunc(x)),
    "pow": lambda x, y: x**y,
    "radians": lambda x: x * (standard.pi / 180.0),
    "remainder": _remainder,
    "trunc": standard.trunc,  # asks Value.__trunc__
}
_OF_SEQUENCES = {
    "dist": lambda p, q: m.hypot(*map(sub, *_pair("dist", p, q))),
    "fsum": lambda xs: _exactly("fsum", reduce(add, xs), lambda: standard.fsum(map(bare, xs))),
    "prod": lambda xs, start=1: reduce(mul, xs, start),
    "sumprod": lambda p, q: _exactly(
        "sumprod", dot(p, q), lambda: standard.sumprod([*map(bare, p)], [*map(bare, q)])
    ),
}
_CURES = dict.fromkeys(("gamma", "lgamma"), "make it with gradloom.primitive(value, partials)")
_CURES |= dict.fromkeys(("nextafter", "ulp"), "it is about the bits of a number: give it v.data")


# ---- functions that neither has
@function_of
def where(cond, a, b, /):
    """``a`` where ``cond`` is true (not 0), else ``b``, with the gradient of the same ``if``.

    Parameters
    ----------
    cond, a, b : float, Value or ndarray

    Returns
    -------
    float, Value or ndarray
        A Value if either branch is one; only the branch taken is in its graph.

    Examples
    --------
    >>> from gradloom import Value, math
    >>> x = Value(3.0)
    >>> math.where(x > 0, x * x, -x).backward()
    >>> x.grad
    6.0
    """
    branches = operand(b, "where"), operand(a, "where")
    if isinstance(cond, Value) and get_tracer():  # both sides are recorded, and which is taken
        return apply(TABLE["where"], cond, *reversed(branches))
    branch = branches[bare(operand(cond, "where")) != 0.0]
    if isinstance(branch, Value):
        return apply(TABLE["chosen"], branch)
    return Value(branch) if any(isinstance(x, Value) for x in branches) else branch


@function_of
def clip(x, lo, hi):
    """``x``, no less than ``lo`` and no more than ``hi``; on the edge the gradient is that of ``x``.

    Parameters
    ----------
    x, lo, hi : float, Value or ndarray

    Examples
    --------
    >>> from gradloom import math
    >>> math.clip(7.0, -1.0, 1.0)
    1.0
    """
    x, lo, hi = (operand(v, "clip") for v in (x, lo, hi))
    return m.minimum(m.maximum(x, lo), hi)


def dot(xs, ys):
    """The sum of ``x * y`` over two sequences, added from the left.

    Parameters
    ----------
    xs, ys : sequence of float or Value, or ndarray of shape (n,)
        A ValueError if one is longer than the other.

    Examples
    --------
    >>> from gradloom import math
    >>> math.dot([1.0, 2.0], [3.0, 4.0])
    11.0
    """
    xs, ys = _pair("dot", *([operand(x, "dot") for x in side] for side in (xs, ys)))
    return reduce(add, map(mul, xs, ys)) if xs else 0.0


def softmax(xs):
    """``exp(x) / sum(exp(x))`` for each x, without overflow.

    Parameters
    ----------
    xs : sequence of float or Value, or ndarray of shape (n,)

    Returns
    -------
    list or ndarray
        As many numbers, adding up to 1; an array where ``xs`` is one.

    Examples
    --------
    >>> from gradloom import math
    >>> math.softmax([1000.0, 1000.0])
    [0.5, 0.5]
    """
    _, powers = _powers("softmax", xs)
    total = reduce(add, powers)
    shares = [power / total for power in powers]
    return settled(np.array(shares, dtype=object)) if isinstance(xs, np.ndarray) else shares


def logsumexp(xs):
    """``log(sum(exp(x)))`` without overflow.

    Parameters
    ----------
    xs : sequence of float or Value, or ndarray of shape (n,)

    Examples
    --------
    >>> from gradloom import math
    >>> math.logsumexp([-1000.0])
    -1000.0
    """
    shift, powers = _powers("logsumexp", xs)
    total = reduce(add, powers)
    if not get_tracer() and total == 0.0:  # all are -inf, and so is the answer; math.log would raise
        return m.sqrt(total) - standard.inf  # whose derivative is inf * exp(-inf), nan, as that of the log
    return m.log(total) + shift


def _pair(name, xs, ys):
    if len(xs) != len(ys):
        raise ValueError(f"{name}() needs two sequences of one length, not of {len(xs)} and {len(ys)}")
    return xs, ys


def _powers(name, xs):
    """A shift that keeps exp from overflowing, and exp(x - shift) for each x."""
    if isinstance(xs, Value) or not hasattr(xs, "__iter__"):
        kind = type(xs).__name__
        raise TypeError(f"{name}() takes a sequence of numbers and Values, not {kind}; write [x, y]")
    xs = [operand(x, name) for x in xs]
    if not xs:
        raise ValueError(f"{name}() of an empty sequence has no value; give it at least one number")
    top = m.maximum(*map(bare, xs))
    shift = m.where(top - top == 0.0, top, 0.0)  # 0 where the largest is not finite
    return shift, [m.exp(x - shift) for x in xs]


# ---- the rest of the module: the names of the standard one and of the table
def _made(name):
    """What ``name`` is here: a constant, or a function of numbers, Values and arrays."""
    row = _ROWS.get(name)
    plain = getattr(standard, name, None) or _of_row(name, row)
    if not callable(plain):
        return plain
    if name in _OF_SEQUENCES:
        function = of_sequences(plain, _OF_SEQUENCES[name])
    elif name.startswith("is") and name != "isqrt":
        function = function_of(plain, partial(_tested, name))
    else:
        of_values = _COMPOSED.get(name) or (method(name) if row else partial(_refuse, name))
        function = function_of(plain, of_values, 2 if name in ("frexp", "modf") else 1)
    function.__name__ = function.__qualname__ = name
    function.__module__ = __name__
    if row:
        function.__doc__ = row.doc
    return function


def _of_row(name, row):
    """The function of numbers that the standard module lacks."""
    value = fold(row.value) if name in _COMPOSED else row.value
    return wraps(row.value)(lambda *xs: float(value(*(operand(x, name) for x in xs))))


# Comparisons alone, which a trace can record; nan is unequal to itself.
_TESTS = {
    "isnan": lambda x: x != x,
    "isinf": lambda x: abs(x) == standard.inf,
    "isfinite": lambda x: x - x == 0.0,
    "isclose": _isclose,
}


def _tested(name, *xs, **options):
    """What a test of numbers says of Values."""
    if get_tracer() and name in _TESTS:
        return _TESTS[name](*xs, **options)
    return getattr(standard, name)(*map(bare, xs), **options)


def _refuse(name, *xs, **options):
    if get_tracer() and "gamma" not in name:
        get_tracer().refuse(
            f"take {name}() of a traced Value",
            next(x for x in xs if isinstance(x, Value)),
            f"{name}() of numbers that are part of the program: ints, or what compile(f, static=...) names",
        )
    cure = _CURES.get(name, "it takes whole numbers: give it int(v.data)")
    raise TypeError(f"{name}() of a Value has no derivative here; {cure}")


_ROWS = {name: row for row in TABLE.values() for name in row.methods}
_STANDARD = {name for name in dir(standard) if not name.startswith("_")}
# Python's own abs and round work on Values; only the standard module's names may hide such (pow).
_TABLE = {row.name for row in TABLE.values() if row.name in row.methods and not hasattr(builtins, row.name)}
globals().update({name: _made(name) for name in _STANDARD | _TABLE})
__all__ = sorted(_STANDARD | _TABLE | {"clip", "dot", "logsumexp", "softmax", "where"})


def __dir__():
    return __all__
