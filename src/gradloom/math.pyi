# Written by tools/stubs.py from the table of operations (ops.py); do not edit.
# After a change of the table: python tools/stubs.py
import sys
from collections.abc import Iterable
from math import comb as comb, factorial as factorial, gamma as gamma, gcd as gcd, isqrt as isqrt
from math import lcm as lcm, lgamma as lgamma, nextafter as nextafter, perm as perm, ulp as ulp
from typing import overload

from gradloom.engine import Value, _Array, _Number, _Scalar

e: float
inf: float
nan: float
pi: float
tau: float

@overload
def acos(x: _Number, /) -> float:
    """r = acos(x), where d/dx = (-1.0) / sqrt((1.0 - x) * (1.0 + x)). Note: derivative -inf at -1 and 1."""
@overload
def acos(x: Value, /) -> Value: ...
@overload
def acos(x: _Array, /) -> _Array: ...
@overload
def acosh(x: _Number, /) -> float:
    """r = acosh(x), where d/dx = 1.0 / (sqrt(x - 1.0) * sqrt(x + 1.0)). Note: derivative inf at 1."""
@overload
def acosh(x: Value, /) -> Value: ...
@overload
def acosh(x: _Array, /) -> _Array: ...
@overload
def asin(x: _Number, /) -> float:
    """r = asin(x), where d/dx = 1.0 / sqrt((1.0 - x) * (1.0 + x)). Note: derivative inf at -1 and 1."""
@overload
def asin(x: Value, /) -> Value: ...
@overload
def asin(x: _Array, /) -> _Array: ...
@overload
def asinh(x: _Number, /) -> float:
    """r = asinh(x), where d/dx = 1.0 / hypot(1.0, x). Note: derivative to 4 ulp between engines, as hypot."""
@overload
def asinh(x: Value, /) -> Value: ...
@overload
def asinh(x: _Array, /) -> _Array: ...
@overload
def atan(x: _Number, /) -> float:
    """r = atan(x), where d/dx = 1.0 / (1.0 + (x * x))."""
@overload
def atan(x: Value, /) -> Value: ...
@overload
def atan(x: _Array, /) -> _Array: ...
@overload
def atan2(x: _Number, y: _Number, /) -> float:
    """r = atan2(x, y), where d/dx = (y / hypot(x, y)) / hypot(x, y), d/dy = ((-x) / hypot(x, y)) / hypot(x, y). Note: derivatives nan at (0, 0); to 4 ulp between engines, as hypot."""
@overload
def atan2(x: Value, y: _Scalar, /) -> Value: ...
@overload
def atan2(x: _Number, y: Value, /) -> Value: ...
@overload
def atan2(x: _Array, y: _Scalar | _Array, /) -> _Array: ...
@overload
def atan2(x: _Scalar, y: _Array, /) -> _Array: ...
@overload
def atanh(x: _Number, /) -> float:
    """r = atanh(x), where d/dx = 1.0 / ((1.0 - x) * (1.0 + x))."""
@overload
def atanh(x: Value, /) -> Value: ...
@overload
def atanh(x: _Array, /) -> _Array: ...
@overload
def cbrt(x: _Number, /) -> float:
    """r = cbrt(x), where d/dx = 1.0 / ((3.0 * r) * r). Note: derivative inf at 0."""
@overload
def cbrt(x: Value, /) -> Value: ...
@overload
def cbrt(x: _Array, /) -> _Array: ...
@overload
def ceil(x: _Number, /) -> int:
    """r = ceil(x), where d/dx = 0.0. Note: a staircase: derivative 0, at the steps too; never -0.0."""
@overload
def ceil(x: Value, /) -> Value: ...
@overload
def ceil(x: _Array, /) -> _Array: ...
@overload
def clip(x: _Number, lo: _Number, hi: _Number) -> float:
    """``x``, no less than ``lo`` and no more than ``hi``; on the edge the gradient is that of ``x``.

    Parameters
    ----------
    x, lo, hi : float, Value or ndarray

    Examples
    --------
    >>> from gradloom import math
    >>> math.clip(7.0, -1.0, 1.0)
    1.0"""
@overload
def clip(x: Value, lo: _Scalar, hi: _Scalar) -> Value: ...
@overload
def clip(x: _Number, lo: Value, hi: _Scalar) -> Value: ...
@overload
def clip(x: _Number, lo: _Number, hi: Value) -> Value: ...
@overload
def clip(x: _Array, lo: _Scalar | _Array, hi: _Scalar | _Array) -> _Array: ...
@overload
def clip(x: _Scalar, lo: _Array, hi: _Scalar | _Array) -> _Array: ...
@overload
def clip(x: _Scalar, lo: _Scalar, hi: _Array) -> _Array: ...
@overload
def copysign(x: _Number, y: _Number, /) -> float:
    """r = copysign(x, y), where d/dx = (gt(x, 0.0) - lt(x, 0.0)) * copysign(1.0, y), d/dy = 0.0. Note: derivative 0 at 0, as abs."""
@overload
def copysign(x: Value, y: _Scalar, /) -> Value: ...
@overload
def copysign(x: _Number, y: Value, /) -> Value: ...
@overload
def copysign(x: _Array, y: _Scalar | _Array, /) -> _Array: ...
@overload
def copysign(x: _Scalar, y: _Array, /) -> _Array: ...
@overload
def cos(x: _Number, /) -> float:
    """r = cos(x), where d/dx = -sin(x)."""
@overload
def cos(x: Value, /) -> Value: ...
@overload
def cos(x: _Array, /) -> _Array: ...
@overload
def cosh(x: _Number, /) -> float:
    """r = cosh(x), where d/dx = sinh(x)."""
@overload
def cosh(x: Value, /) -> Value: ...
@overload
def cosh(x: _Array, /) -> _Array: ...
@overload
def degrees(x: _Number, /) -> float:
    """As the standard ``math.degrees``; of Values with their gradients, of arrays element by element."""
@overload
def degrees(x: Value, /) -> Value: ...
@overload
def degrees(x: _Array, /) -> _Array: ...
@overload
def dist(p: Iterable[_Number], q: Iterable[_Number], /) -> float:  # type: ignore[overload-overlap]
    """As the standard ``math.dist``; of Values with their gradients, of arrays element by element."""
@overload
def dist(p: Iterable[_Scalar], q: Iterable[_Scalar], /) -> Value: ...
@overload
def dot(xs: Iterable[_Number], ys: Iterable[_Number]) -> float:  # type: ignore[overload-overlap]
    """The sum of ``x * y`` over two sequences, added from the left.

    Parameters
    ----------
    xs, ys : sequence of float or Value, or ndarray of shape (n,)
        A ValueError if one is longer than the other.

    Examples
    --------
    >>> from gradloom import math
    >>> math.dot([1.0, 2.0], [3.0, 4.0])
    11.0"""
@overload
def dot(xs: Iterable[_Scalar], ys: Iterable[_Scalar]) -> Value: ...
@overload
def erf(x: _Number, /) -> float:
    """r = erf(x), where d/dx = 1.1283791670955126 * exp((-x) * x)."""
@overload
def erf(x: Value, /) -> Value: ...
@overload
def erf(x: _Array, /) -> _Array: ...
@overload
def erfc(x: _Number, /) -> float:
    """r = erfc(x), where d/dx = (-1.1283791670955126) * exp((-x) * x)."""
@overload
def erfc(x: Value, /) -> Value: ...
@overload
def erfc(x: _Array, /) -> _Array: ...
@overload
def exp(x: _Number, /) -> float:
    """r = exp(x), where d/dx = r."""
@overload
def exp(x: Value, /) -> Value: ...
@overload
def exp(x: _Array, /) -> _Array: ...
@overload
def exp2(x: _Number, /) -> float:
    """r = exp2(x), where d/dx = r * 0.6931471805599453."""
@overload
def exp2(x: Value, /) -> Value: ...
@overload
def exp2(x: _Array, /) -> _Array: ...
@overload
def expm1(x: _Number, /) -> float:
    """r = expm1(x), where d/dx = exp(x)."""
@overload
def expm1(x: Value, /) -> Value: ...
@overload
def expm1(x: _Array, /) -> _Array: ...
@overload
def fabs(x: _Number, /) -> float:
    """r = abs(x), where d/dx = gt(x, 0.0) - lt(x, 0.0). Note: derivative 0 at 0, where neither x nor -x is taken."""
@overload
def fabs(x: Value, /) -> Value: ...
@overload
def fabs(x: _Array, /) -> _Array: ...
@overload
def floor(x: _Number, /) -> int:
    """r = floor(x), where d/dx = 0.0. Note: a staircase: derivative 0, at the steps too; never -0.0."""
@overload
def floor(x: Value, /) -> Value: ...
@overload
def floor(x: _Array, /) -> _Array: ...
if sys.version_info >= (3, 13):
    @overload
    def fma(x: _Number, y: _Number, z: _Number, /) -> float:
        """As the standard ``math.fma``; of Values with their gradients, of arrays element by element."""
    @overload
    def fma(x: Value, y: _Scalar, z: _Scalar, /) -> Value: ...
    @overload
    def fma(x: _Number, y: Value, z: _Scalar, /) -> Value: ...
    @overload
    def fma(x: _Number, y: _Number, z: Value, /) -> Value: ...
    @overload
    def fma(x: _Array, y: _Scalar | _Array, z: _Scalar | _Array, /) -> _Array: ...
    @overload
    def fma(x: _Scalar, y: _Array, z: _Scalar | _Array, /) -> _Array: ...
    @overload
    def fma(x: _Scalar, y: _Scalar, z: _Array, /) -> _Array: ...
@overload
def fmod(x: _Number, y: _Number, /) -> float:
    """As the standard ``math.fmod``; of Values with their gradients, of arrays element by element."""
@overload
def fmod(x: Value, y: _Scalar, /) -> Value: ...
@overload
def fmod(x: _Number, y: Value, /) -> Value: ...
@overload
def fmod(x: _Array, y: _Scalar | _Array, /) -> _Array: ...
@overload
def fmod(x: _Scalar, y: _Array, /) -> _Array: ...
@overload
def frexp(x: _Number, /) -> tuple[float, int]:
    """As the standard ``math.frexp``; of Values with their gradients, of arrays element by element."""
@overload
def frexp(x: Value, /) -> tuple[Value, int]: ...
@overload
def frexp(x: _Array, /) -> tuple[_Array, _Array]: ...
@overload
def fsum(xs: Iterable[_Number], /) -> float:  # type: ignore[overload-overlap]
    """As the standard ``math.fsum``; of Values with their gradients, of arrays element by element."""
@overload
def fsum(xs: Iterable[_Scalar], /) -> Value: ...
@overload
def hypot(*xs: _Number) -> float:  # type: ignore[overload-overlap]
    """r = hypot(x, y), where d/dx = x / where(eq(r, 0.0), 1.0, r), d/dy = y / where(eq(r, 0.0), 1.0, r). Note: derivatives 0 and 0 at (0, 0); to 4 ulp between engines."""
@overload
def hypot(*xs: _Scalar) -> Value: ...  # type: ignore[overload-overlap]
@overload
def hypot(*xs: _Scalar | _Array) -> _Array: ...
@overload
def isclose(a: _Number, b: _Number, *, rel_tol: float = 1e-09, abs_tol: float = 0.0) -> bool:
    """As the standard ``math.isclose``; of Values with their gradients, of arrays element by element."""
@overload
def isclose(a: Value, b: _Scalar, *, rel_tol: float = 1e-09, abs_tol: float = 0.0) -> bool: ...
@overload
def isclose(a: _Number, b: Value, *, rel_tol: float = 1e-09, abs_tol: float = 0.0) -> bool: ...
@overload
def isclose(a: _Array, b: _Scalar | _Array, *, rel_tol: float = 1e-09, abs_tol: float = 0.0) -> _Array: ...
@overload
def isclose(a: _Scalar, b: _Array, *, rel_tol: float = 1e-09, abs_tol: float = 0.0) -> _Array: ...
@overload
def isfinite(x: _Number, /) -> bool:
    """As the standard ``math.isfinite``; of Values with their gradients, of arrays element by element."""
@overload
def isfinite(x: Value, /) -> bool: ...
@overload
def isfinite(x: _Array, /) -> _Array: ...
@overload
def isinf(x: _Number, /) -> bool:
    """As the standard ``math.isinf``; of Values with their gradients, of arrays element by element."""
@overload
def isinf(x: Value, /) -> bool: ...
@overload
def isinf(x: _Array, /) -> _Array: ...
@overload
def isnan(x: _Number, /) -> bool:
    """As the standard ``math.isnan``; of Values with their gradients, of arrays element by element."""
@overload
def isnan(x: Value, /) -> bool: ...
@overload
def isnan(x: _Array, /) -> _Array: ...
@overload
def ldexp(x: _Number, i: _Number, /) -> float:
    """As the standard ``math.ldexp``; of Values with their gradients, of arrays element by element."""
@overload
def ldexp(x: Value, i: _Scalar, /) -> Value: ...
@overload
def ldexp(x: _Number, i: Value, /) -> Value: ...
@overload
def ldexp(x: _Array, i: _Scalar | _Array, /) -> _Array: ...
@overload
def ldexp(x: _Scalar, i: _Array, /) -> _Array: ...
@overload
def log(x: _Number, base: _Number = ..., /) -> float:
    """r = log(x), where d/dx = 1.0 / x."""
@overload
def log(x: Value, base: _Scalar = ..., /) -> Value: ...
@overload
def log(x: _Number, base: Value, /) -> Value: ...
@overload
def log(x: _Array, base: _Scalar | _Array = ..., /) -> _Array: ...
@overload
def log(x: _Scalar, base: _Array, /) -> _Array: ...
@overload
def log10(x: _Number, /) -> float:
    """r = log10(x), where d/dx = 1.0 / (x * 2.302585092994046)."""
@overload
def log10(x: Value, /) -> Value: ...
@overload
def log10(x: _Array, /) -> _Array: ...
@overload
def log1p(x: _Number, /) -> float:
    """r = log1p(x), where d/dx = 1.0 / (1.0 + x)."""
@overload
def log1p(x: Value, /) -> Value: ...
@overload
def log1p(x: _Array, /) -> _Array: ...
@overload
def log2(x: _Number, /) -> float:
    """r = log2(x), where d/dx = 1.0 / (x * 0.6931471805599453)."""
@overload
def log2(x: Value, /) -> Value: ...
@overload
def log2(x: _Array, /) -> _Array: ...
@overload
def logsumexp(xs: Iterable[_Number]) -> float:  # type: ignore[overload-overlap]
    """``log(sum(exp(x)))`` without overflow.

    Parameters
    ----------
    xs : sequence of float or Value, or ndarray of shape (n,)

    Examples
    --------
    >>> from gradloom import math
    >>> math.logsumexp([-1000.0])
    -1000.0"""
@overload
def logsumexp(xs: Iterable[_Scalar]) -> Value: ...
@overload
def maximum(*xs: _Number) -> float:  # type: ignore[overload-overlap]
    """r = maximum(x, y), where d/dx = ge(x, y) + ne(x, x), d/dy = (1.0 - ge(x, y)) - ne(x, x). Note: a tie goes to the first; nan from either side stays."""
@overload
def maximum(*xs: _Scalar) -> Value: ...  # type: ignore[overload-overlap]
@overload
def maximum(*xs: _Scalar | _Array) -> _Array: ...
@overload
def minimum(*xs: _Number) -> float:  # type: ignore[overload-overlap]
    """r = minimum(x, y), where d/dx = le(x, y) + ne(x, x), d/dy = (1.0 - le(x, y)) - ne(x, x). Note: a tie goes to the first; nan from either side stays."""
@overload
def minimum(*xs: _Scalar) -> Value: ...  # type: ignore[overload-overlap]
@overload
def minimum(*xs: _Scalar | _Array) -> _Array: ...
@overload
def modf(x: _Number, /) -> tuple[float, float]:
    """As the standard ``math.modf``; of Values with their gradients, of arrays element by element."""
@overload
def modf(x: Value, /) -> tuple[Value, Value]: ...
@overload
def modf(x: _Array, /) -> tuple[_Array, _Array]: ...
@overload
def pow(x: _Number, y: _Number, /) -> float:
    """As the standard ``math.pow``; of Values with their gradients, of arrays element by element."""
@overload
def pow(x: Value, y: _Scalar, /) -> Value: ...
@overload
def pow(x: _Number, y: Value, /) -> Value: ...
@overload
def pow(x: _Array, y: _Scalar | _Array, /) -> _Array: ...
@overload
def pow(x: _Scalar, y: _Array, /) -> _Array: ...
@overload
def prod(xs: Iterable[_Number], /, *, start: _Number = 1) -> float:  # type: ignore[overload-overlap]
    """As the standard ``math.prod``; of Values with their gradients, of arrays element by element."""
@overload
def prod(xs: Iterable[_Scalar], /, *, start: _Scalar = 1) -> Value: ...
@overload
def radians(x: _Number, /) -> float:
    """As the standard ``math.radians``; of Values with their gradients, of arrays element by element."""
@overload
def radians(x: Value, /) -> Value: ...
@overload
def radians(x: _Array, /) -> _Array: ...
@overload
def relu(x: _Number, /) -> float:
    """r = relu(x), where d/dx = 1.0 - le(x, 0.0). Note: derivative 0 at 0; nan stays nan."""
@overload
def relu(x: Value, /) -> Value: ...
@overload
def relu(x: _Array, /) -> _Array: ...
@overload
def remainder(x: _Number, y: _Number, /) -> float:
    """As the standard ``math.remainder``; of Values with their gradients, of arrays element by element."""
@overload
def remainder(x: Value, y: _Scalar, /) -> Value: ...
@overload
def remainder(x: _Number, y: Value, /) -> Value: ...
@overload
def remainder(x: _Array, y: _Scalar | _Array, /) -> _Array: ...
@overload
def remainder(x: _Scalar, y: _Array, /) -> _Array: ...
@overload
def sigmoid(x: _Number, /) -> float:
    """r = sigmoid(x), where d/dx = r * (1.0 - r). Note: derivative accurate absolutely, not relatively, in the right tail."""
@overload
def sigmoid(x: Value, /) -> Value: ...
@overload
def sigmoid(x: _Array, /) -> _Array: ...
@overload
def sin(x: _Number, /) -> float:
    """r = sin(x), where d/dx = cos(x)."""
@overload
def sin(x: Value, /) -> Value: ...
@overload
def sin(x: _Array, /) -> _Array: ...
@overload
def sinh(x: _Number, /) -> float:
    """r = sinh(x), where d/dx = cosh(x)."""
@overload
def sinh(x: Value, /) -> Value: ...
@overload
def sinh(x: _Array, /) -> _Array: ...
@overload
def softplus(x: _Number, /) -> float:
    """r = softplus(x), where d/dx = sigmoid(x)."""
@overload
def softplus(x: Value, /) -> Value: ...
@overload
def softplus(x: _Array, /) -> _Array: ...
@overload
def sqrt(x: _Number, /) -> float:
    """r = sqrt(x), where d/dx = 0.5 / r. Note: derivative inf at 0."""
@overload
def sqrt(x: Value, /) -> Value: ...
@overload
def sqrt(x: _Array, /) -> _Array: ...
if sys.version_info >= (3, 12):
    @overload
    def sumprod(p: Iterable[_Number], q: Iterable[_Number], /) -> float:  # type: ignore[overload-overlap]
        """As the standard ``math.sumprod``; of Values with their gradients, of arrays element by element."""
    @overload
    def sumprod(p: Iterable[_Scalar], q: Iterable[_Scalar], /) -> Value: ...
@overload
def tan(x: _Number, /) -> float:
    """r = tan(x), where d/dx = 1.0 + (r * r)."""
@overload
def tan(x: Value, /) -> Value: ...
@overload
def tan(x: _Array, /) -> _Array: ...
@overload
def tanh(x: _Number, /) -> float:
    """r = tanh(x), where d/dx = 1.0 - (r * r). Note: derivative accurate absolutely, not relatively, in the tails."""
@overload
def tanh(x: Value, /) -> Value: ...
@overload
def tanh(x: _Array, /) -> _Array: ...
@overload
def trunc(x: _Number, /) -> int:
    """As the standard ``math.trunc``; of Values with their gradients, of arrays element by element."""
@overload
def trunc(x: Value, /) -> Value: ...
@overload
def trunc(x: _Array, /) -> _Array: ...
@overload
def softmax(xs: _Array) -> _Array:
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
    [0.5, 0.5]"""
@overload
def softmax(xs: Iterable[_Number]) -> list[float]: ...  # type: ignore[overload-overlap]
@overload
def softmax(xs: Iterable[_Scalar]) -> list[Value]: ...
@overload
def where(cond: _Scalar, a: _Number, b: _Number, /) -> float:
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
    6.0"""
@overload
def where(cond: _Scalar, a: Value, b: _Scalar, /) -> Value: ...
@overload
def where(cond: _Scalar, a: _Number, b: Value, /) -> Value: ...
@overload
def where(cond: _Array, a: _Scalar | _Array, b: _Scalar | _Array, /) -> _Array: ...
@overload
def where(cond: _Scalar, a: _Array, b: _Scalar | _Array, /) -> _Array: ...
@overload
def where(cond: _Scalar, a: _Scalar, b: _Array, /) -> _Array: ...
