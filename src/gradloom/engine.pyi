# Written by tools/stubs.py from the table of operations (ops.py); do not edit.
# After a change of the table: python tools/stubs.py
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import ContextDecorator
from typing import Any, Literal, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradloom.draw import Drawing, Explorer
from gradloom.ops import Row

ENGINE: Literal["plain", "native"]
PURE: bool
PROBLEM: str

_Number: TypeAlias = float | np.floating[Any] | np.integer[Any] | np.bool_
_Scalar: TypeAlias = Value | _Number
_Array: TypeAlias = NDArray[Any]

class Value:
    """One real number that remembers how it was made.

    Parameters
    ----------
    data : float
        The number. Ints, bools, NumPy scalars and 0-d arrays become float.
    _children : iterable of Value
        The operands, for a node made by hand; give such a node a ``_backward`` too.
    _op : str
        What a picture calls the operation of a node made by hand.
    label : str
        A name for pictures and messages.

    Notes
    -----
    ``a == b`` between two Values asks whether they are the same node, so that sets and dicts of
    Values work; ``a == 2.0`` compares the number.

    Examples
    --------
    >>> from gradloom import Value
    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> c = a * b + 10
    >>> c.backward()
    >>> c.data, a.grad, b.grad
    (4.0, -3.0, 2.0)"""
    label: str
    _op: str
    _recipe: Any
    _notes: Any
    _stamp: int
    _trace: int
    _swept: bool
    _data: float
    _grad: float
    _handmade: Callable[[], object] | None
    def __init__(
        self, data: _Number | _Array, _children: Iterable[Value] = (), _op: str = "", label: str = ""
    ) -> None: ...
    @property
    def data(self) -> float: ...
    @data.setter
    def data(self, x: _Number | _Array) -> None: ...
    @property
    def grad(self) -> float: ...
    @grad.setter
    def grad(self, x: _Number | _Array | None) -> None: ...
    @property
    def operands(self) -> tuple[Value, ...]:
        """The operands in order, so that ``a + a`` has two. A constant becomes a Value here."""
    @property
    def _prev(self) -> set[Value]: ...
    @_prev.setter
    def _prev(self, children: Iterable[Value]) -> None: ...
    @property
    def _backward(self) -> Callable[[], object]:
        """One step of the chain rule, from this node to its operands."""
    @_backward.setter
    def _backward(self, function: Callable[[], object]) -> None: ...
    def backward(self, seed: _Number = 1.0) -> None:
        """Fill ``.grad`` of every Value that this one was made from.

        Leaves accumulate, as in micrograd and PyTorch: ``zero_grad()`` between steps. Inner nodes
        start from 0 each time. A Value that nothing is passed on to (it is an operand of a ``relu`` that
        cut it, and of nothing else) passes nothing on, as if an ``if`` had never computed it. If anything
        goes wrong, no leaf's gradient has changed.

        Parameters
        ----------
        seed : float
            The gradient of this Value with respect to itself.

        Raises
        ------
        StaleDataError
            An operand's data was assigned after the result was computed from it.
        DerivativeError
            A node made by hand has no ``_backward``."""
    def zero_grad(self) -> None:
        """Set the gradient of this Value, and of all it was made from, to 0."""
    def item(self) -> float:
        """The number, as a float."""
    def conjugate(self) -> Value:
        """The Value itself: it is a real number. NumPy asks for it in ``var``, ``std`` and ``vdot``."""
    def detach(self) -> Value:
        """A new leaf with the same number: no gradient flows through it."""
    def draw(
        self,
        *,
        show: str | Iterable[str] = ("label", "data", "grad"),
        blank: str | Iterable[str] | None = None,
        digits: int = 4,
        title: str | None = None,
        theme: str = "light",
        max_nodes: int = 300,
        fold: Literal["auto", "all", "none"] = "auto",
        unfold: str | Iterable[str] = (),
    ) -> Drawing:
        """A picture of the graph below ``root``, as it is now. Also a method: ``root.draw()``.

        Parameters
        ----------
        root : Value
            The result. Or a set of nodes, if ``edges`` are given: ``draw(nodes, edges)``.
        edges : set of (Value, Value), optional
            Pairs (operand, result), as ``trace`` finds them.
        show : tuple of {"label", "data", "grad"}
            What is in each box, in this order.
        blank : {"label", "data", "grad"} or tuple, optional
            What is left empty, to be filled in on paper.
        digits : int
            Decimals, from 0 to 17.
        title : str, optional
            A line above the picture.
        theme : {"light", "dark", "print"}
            The colours. Leaves, inner results, operations and the root differ; "print" does without
            colour.
        max_nodes : int
            At most so many boxes. Constants count. There are fewer where so many could not be laid out in some
            seconds, because their edges are many and long.
        fold : {"auto", "all", "none"}
            Where there are more Values than boxes, "auto" lets a box stand for many: for a scope
            (``gradloom.scope``; layers and neurons are scopes by themselves), for equal ones side by side, or
            for what is far from the result. It says how many Values are in it, and the norm of the gradients
            of those that are used outside of it; edges into it are one, with their number. "all" does so for
            each of the outermost scopes, however small; "none" shows the Values nearest the root and counts
            the others.
        unfold : str or iterable of str
            Scopes that are to be open before any other, by their names: ``"layer 0"``, or ``"layer"`` for all.

        Returns
        -------
        Drawing

        Notes
        -----
        A graph of 1,000,000 Values takes a few seconds, and about 200 bytes for each while it is folded. Of
        ``draw(nodes, edges)`` nothing is folded: it shows the nearest.

        Examples
        --------
        >>> from gradloom import Value
        >>> from gradloom.draw import draw
        >>> x = Value(3.0, label="x")
        >>> y = 2 * x; y.label = "y"
        >>> print(draw(y, show=("label", "data"), digits=1))
        y | data 6.0 <- *
          data 2.0
          x | data 3.0"""
    def explore(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        digits: int = 4,
        title: str | None = None,
        max_nodes: int = 300,
        fold: Literal["auto", "all", "none"] = "auto",
        unfold: str | Iterable[str] = (),
    ) -> Explorer:
        """A page that plays the forward and the backward pass over the graph of ``root``, step by step.

        Each backward step shows the local derivative, with its formula and the numbers put in, times the
        incoming gradient, and the sum so far. A leaf can be given another number: data and gradients are
        computed anew in the page. Also a method: ``root.explore()``.

        Parameters
        ----------
        root : Value
            The result. ``backward()`` need not have been called; gradients are as if it were called once.
        path : path-like, optional
            The HTML file to write. Without it, the file goes into the folder for temporary files and is
            opened in the browser, where there is a screen.
        digits : int
            Decimals in the boxes, from 0 to 17. All digits are shown for a node that is pointed at.
        title : str, optional
            The heading of the page.
        max_nodes : int
            At most so many boxes are shown at first. Constants count. Of a larger graph the page shows what
            ``draw`` shows: a box may stand for a scope, for equal Values side by side, or for what is far from
            the root. It is one step forward; on the way back, what it passes to a Value is one step. A small box
            unfolds in the page, and then each of its Values has its own steps.
        fold : {"auto", "all", "none"}
            Where there are boxes for many Values, as in ``draw``.
        unfold : str or iterable of str
            Scopes that are to be open before any other, as in ``draw``.

        Returns
        -------
        Explorer

        Raises
        ------
        ValueError
            The name of the file does not end in ``.html``.
        FileNotFoundError
            The folder does not exist.

        Examples
        --------
        >>> from gradloom import Value
        >>> x = Value(3.0, label="x")
        >>> y = x * x; y.label = "y"
        >>> page = y.explore("square.html")
        >>> page
        <Explorer: the graph of y, in square.html>"""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __bool__(self) -> bool: ...
    def __round__(self) -> Value: ...
    def __divmod__(self, other: _Scalar, /) -> tuple[Value, Value]: ...
    def __rdivmod__(self, other: _Scalar, /) -> tuple[Value, Value]: ...
    def __trunc__(self) -> Value: ...
    def __format__(self, spec: str, /) -> str: ...
    def __copy__(self) -> Value: ...
    def __deepcopy__(self, memo: dict[int, Any], /) -> Value: ...
    @overload
    def __add__(self, other: _Scalar, /) -> Value: """r = x + y, where d/dx = 1.0, d/dy = 1.0."""
    @overload
    def __add__(self, other: _Array, /) -> _Array: ...
    @overload
    def __radd__(self, other: _Scalar, /) -> Value: """r = x + y, where d/dx = 1.0, d/dy = 1.0."""
    @overload
    def __radd__(self, other: _Array, /) -> _Array: ...
    @overload
    def __sub__(self, other: _Scalar, /) -> Value: """r = x - y, where d/dx = 1.0, d/dy = -1.0."""
    @overload
    def __sub__(self, other: _Array, /) -> _Array: ...
    @overload
    def __rsub__(self, other: _Scalar, /) -> Value: """r = x - y, where d/dx = 1.0, d/dy = -1.0."""
    @overload
    def __rsub__(self, other: _Array, /) -> _Array: ...
    @overload
    def __mul__(self, other: _Scalar, /) -> Value: """r = x * y, where d/dx = y, d/dy = x."""
    @overload
    def __mul__(self, other: _Array, /) -> _Array: ...
    @overload
    def __rmul__(self, other: _Scalar, /) -> Value: """r = x * y, where d/dx = y, d/dy = x."""
    @overload
    def __rmul__(self, other: _Array, /) -> _Array: ...
    @overload
    def __truediv__(self, other: _Scalar, /) -> Value: """r = x / y, where d/dx = 1.0 / y, d/dy = (-r) / y."""
    @overload
    def __truediv__(self, other: _Array, /) -> _Array: ...
    @overload
    def __rtruediv__(self, other: _Scalar, /) -> Value: """r = x / y, where d/dx = 1.0 / y, d/dy = (-r) / y."""
    @overload
    def __rtruediv__(self, other: _Array, /) -> _Array: ...
    @overload
    def __mod__(self, other: _Scalar, /) -> Value: """r = x % y, where d/dx = 1.0, d/dy = -floordiv(x, y). Note: the result has the divisor's sign, as in Python."""
    @overload
    def __mod__(self, other: _Array, /) -> _Array: ...
    @overload
    def __rmod__(self, other: _Scalar, /) -> Value: """r = x % y, where d/dx = 1.0, d/dy = -floordiv(x, y). Note: the result has the divisor's sign, as in Python."""
    @overload
    def __rmod__(self, other: _Array, /) -> _Array: ...
    @overload
    def __floordiv__(self, other: _Scalar, /) -> Value: """r = x // y, where d/dx = 0.0, d/dy = 0.0. Note: a staircase: derivative 0, at the steps too."""
    @overload
    def __floordiv__(self, other: _Array, /) -> _Array: ...
    @overload
    def __rfloordiv__(self, other: _Scalar, /) -> Value: """r = x // y, where d/dx = 0.0, d/dy = 0.0. Note: a staircase: derivative 0, at the steps too."""
    @overload
    def __rfloordiv__(self, other: _Array, /) -> _Array: ...
    def __neg__(self) -> Value: """r = -x, where d/dx = -1.0."""
    @overload
    def __pow__(self, other: _Scalar, modulus: None = None, /) -> Value: """r = x ** y, where d/dx = y * pow(where(eq(y, 0.0) * (1.0 - ge(abs(x), 1e-300)), 1.0, x), y - 1.0), d/dy = where(eq(r, 0.0), 0.0, log(x) * r). Note: exponent 0: d/dx is 0; at 0**y with y > 0: d/dy is 0; d/dy of a negative base is nan."""
    @overload
    def __pow__(self, other: _Array, modulus: None = None, /) -> _Array: ...
    @overload
    def __rpow__(self, other: _Scalar, /) -> Value: """r = x ** y, where d/dx = y * pow(where(eq(y, 0.0) * (1.0 - ge(abs(x), 1e-300)), 1.0, x), y - 1.0), d/dy = where(eq(r, 0.0), 0.0, log(x) * r). Note: exponent 0: d/dx is 0; at 0**y with y > 0: d/dy is 0; d/dy of a negative base is nan."""
    @overload
    def __rpow__(self, other: _Array, /) -> _Array: ...
    def exp(self) -> Value: """r = exp(x), where d/dx = r."""
    def expm1(self) -> Value: """r = expm1(x), where d/dx = exp(x)."""
    def exp2(self) -> Value: """r = exp2(x), where d/dx = r * 0.6931471805599453."""
    def log(self) -> Value: """r = log(x), where d/dx = 1.0 / x."""
    def log1p(self) -> Value: """r = log1p(x), where d/dx = 1.0 / (1.0 + x)."""
    def log2(self) -> Value: """r = log2(x), where d/dx = 1.0 / (x * 0.6931471805599453)."""
    def log10(self) -> Value: """r = log10(x), where d/dx = 1.0 / (x * 2.302585092994046)."""
    def sqrt(self) -> Value: """r = sqrt(x), where d/dx = 0.5 / r. Note: derivative inf at 0."""
    def cbrt(self) -> Value: """r = cbrt(x), where d/dx = 1.0 / ((3.0 * r) * r). Note: derivative inf at 0."""
    def sin(self) -> Value: """r = sin(x), where d/dx = cos(x)."""
    def cos(self) -> Value: """r = cos(x), where d/dx = -sin(x)."""
    def tan(self) -> Value: """r = tan(x), where d/dx = 1.0 + (r * r)."""
    def asin(self) -> Value: """r = asin(x), where d/dx = 1.0 / sqrt((1.0 - x) * (1.0 + x)). Note: derivative inf at -1 and 1."""
    def arcsin(self) -> Value: """r = asin(x), where d/dx = 1.0 / sqrt((1.0 - x) * (1.0 + x)). Note: derivative inf at -1 and 1."""
    def acos(self) -> Value: """r = acos(x), where d/dx = (-1.0) / sqrt((1.0 - x) * (1.0 + x)). Note: derivative -inf at -1 and 1."""
    def arccos(self) -> Value: """r = acos(x), where d/dx = (-1.0) / sqrt((1.0 - x) * (1.0 + x)). Note: derivative -inf at -1 and 1."""
    def atan(self) -> Value: """r = atan(x), where d/dx = 1.0 / (1.0 + (x * x))."""
    def arctan(self) -> Value: """r = atan(x), where d/dx = 1.0 / (1.0 + (x * x))."""
    def atan2(self, other: _Scalar, /) -> Value: """r = atan2(x, y), where d/dx = (y / hypot(x, y)) / hypot(x, y), d/dy = ((-x) / hypot(x, y)) / hypot(x, y). Note: derivatives nan at (0, 0); to 4 ulp between engines, as hypot."""
    def arctan2(self, other: _Scalar, /) -> Value: """r = atan2(x, y), where d/dx = (y / hypot(x, y)) / hypot(x, y), d/dy = ((-x) / hypot(x, y)) / hypot(x, y). Note: derivatives nan at (0, 0); to 4 ulp between engines, as hypot."""
    def sinh(self) -> Value: """r = sinh(x), where d/dx = cosh(x)."""
    def cosh(self) -> Value: """r = cosh(x), where d/dx = sinh(x)."""
    def tanh(self) -> Value: """r = tanh(x), where d/dx = 1.0 - (r * r). Note: derivative accurate absolutely, not relatively, in the tails."""
    def asinh(self) -> Value: """r = asinh(x), where d/dx = 1.0 / hypot(1.0, x). Note: derivative to 4 ulp between engines, as hypot."""
    def arcsinh(self) -> Value: """r = asinh(x), where d/dx = 1.0 / hypot(1.0, x). Note: derivative to 4 ulp between engines, as hypot."""
    def acosh(self) -> Value: """r = acosh(x), where d/dx = 1.0 / (sqrt(x - 1.0) * sqrt(x + 1.0)). Note: derivative inf at 1."""
    def arccosh(self) -> Value: """r = acosh(x), where d/dx = 1.0 / (sqrt(x - 1.0) * sqrt(x + 1.0)). Note: derivative inf at 1."""
    def atanh(self) -> Value: """r = atanh(x), where d/dx = 1.0 / ((1.0 - x) * (1.0 + x))."""
    def arctanh(self) -> Value: """r = atanh(x), where d/dx = 1.0 / ((1.0 - x) * (1.0 + x))."""
    def hypot(self, other: _Scalar, /) -> Value: """r = hypot(x, y), where d/dx = x / where(eq(r, 0.0), 1.0, r), d/dy = y / where(eq(r, 0.0), 1.0, r). Note: derivatives 0 and 0 at (0, 0); to 4 ulp between engines."""
    def sigmoid(self) -> Value: """r = sigmoid(x), where d/dx = r * (1.0 - r). Note: derivative accurate absolutely, not relatively, in the right tail."""
    def softplus(self) -> Value: """r = softplus(x), where d/dx = sigmoid(x)."""
    def relu(self) -> Value: """r = relu(x), where d/dx = 1.0 - le(x, 0.0). Note: derivative 0 at 0; nan stays nan."""
    def abs(self) -> Value: """r = abs(x), where d/dx = gt(x, 0.0) - lt(x, 0.0). Note: derivative 0 at 0, where neither x nor -x is taken."""
    def fabs(self) -> Value: """r = abs(x), where d/dx = gt(x, 0.0) - lt(x, 0.0). Note: derivative 0 at 0, where neither x nor -x is taken."""
    def __abs__(self) -> Value: """r = abs(x), where d/dx = gt(x, 0.0) - lt(x, 0.0). Note: derivative 0 at 0, where neither x nor -x is taken."""
    def maximum(self, other: _Scalar, /) -> Value: """r = maximum(x, y), where d/dx = ge(x, y) + ne(x, x), d/dy = (1.0 - ge(x, y)) - ne(x, x). Note: a tie goes to the first; nan from either side stays."""
    def minimum(self, other: _Scalar, /) -> Value: """r = minimum(x, y), where d/dx = le(x, y) + ne(x, x), d/dy = (1.0 - le(x, y)) - ne(x, x). Note: a tie goes to the first; nan from either side stays."""
    def floor(self) -> Value: """r = floor(x), where d/dx = 0.0. Note: a staircase: derivative 0, at the steps too; never -0.0."""
    def __floor__(self) -> Value: """r = floor(x), where d/dx = 0.0. Note: a staircase: derivative 0, at the steps too; never -0.0."""
    def ceil(self) -> Value: """r = ceil(x), where d/dx = 0.0. Note: a staircase: derivative 0, at the steps too; never -0.0."""
    def __ceil__(self) -> Value: """r = ceil(x), where d/dx = 0.0. Note: a staircase: derivative 0, at the steps too; never -0.0."""
    def round(self) -> Value: """r = round(x), where d/dx = 0.0. Note: half goes to even, as in Python; derivative 0; never -0.0."""
    def rint(self) -> Value: """r = round(x), where d/dx = 0.0. Note: half goes to even, as in Python; derivative 0; never -0.0."""
    def copysign(self, other: _Scalar, /) -> Value: """r = copysign(x, y), where d/dx = (gt(x, 0.0) - lt(x, 0.0)) * copysign(1.0, y), d/dy = 0.0. Note: derivative 0 at 0, as abs."""
    def erf(self) -> Value: """r = erf(x), where d/dx = 1.1283791670955126 * exp((-x) * x)."""
    def erfc(self) -> Value: """r = erfc(x), where d/dx = (-1.1283791670955126) * exp((-x) * x)."""
    @overload
    def __lt__(self, other: _Scalar, /) -> bool: """r = x < y, where d/dx = 0.0, d/dy = 0.0."""
    @overload
    def __lt__(self, other: _Array, /) -> _Array: ...
    @overload
    def __le__(self, other: _Scalar, /) -> bool: """r = x <= y, where d/dx = 0.0, d/dy = 0.0."""
    @overload
    def __le__(self, other: _Array, /) -> _Array: ...
    @overload
    def __gt__(self, other: _Scalar, /) -> bool: """r = x > y, where d/dx = 0.0, d/dy = 0.0."""
    @overload
    def __gt__(self, other: _Array, /) -> _Array: ...
    @overload
    def __ge__(self, other: _Scalar, /) -> bool: """r = x >= y, where d/dx = 0.0, d/dy = 0.0."""
    @overload
    def __ge__(self, other: _Array, /) -> _Array: ...

def apply(row: Row, *operands: Value | float) -> Value:
    """A new Value: ``row``'s value of the operands (Values or floats), remembering both."""
def order(root: Value) -> list[Value]:
    """The nodes below ``root``, operands before results, each once; a stack, not recursion."""
def topological_order(root: Value) -> list[Value]:
    """Every node that ``root`` was made from, and ``root``: operands before results.

    Parameters
    ----------
    root : Value

    Returns
    -------
    list of Value
        Constants (the 2 of ``2 * x``) are included.

    Examples
    --------
    >>> from gradloom import Value
    >>> x = Value(3.0, label="x")
    >>> [v.data for v in topological_order(2 * x + x)]
    [2.0, 3.0, 6.0, 9.0]"""
def read(values: Sequence[Value], attribute: Literal["data", "grad"] = "data") -> NDArray[np.float64]:
    """The ``data`` or ``grad`` of many Values as one float64 array of shape (n,)."""
def write(
    values: Sequence[Value], numbers: ArrayLike, attribute: Literal["data", "grad"] = "data"
) -> None:
    """Assign the ``data`` or ``grad`` of many Values from an array of shape (n,)."""
def set_scope(number: int) -> int:
    """Let new Values of this thread carry the number of a scope, or 0; what they did before.

    The number's top bit (``1 << 31``) is set, so that none is that of a trace; in a trace the trace's is
    carried instead."""
def set_lines(find: Callable[[int], int] | None) -> None:
    """Let new Values of this thread carry ``find(scope)``, a source line's number, or (None) the scope's."""
def set_silent(silent: bool) -> bool:
    """Stop or start remembering operands in this thread; what it was before."""
def set_tracer(tracer: Any) -> Any:
    """Let ``tracer`` (or nothing: None) watch this thread's Values; what did before.

    While it does, arithmetic is IEEE and raises nothing, and the tracer is asked instead of the Value:
    ``data(v)``, ``compare(name, x, y)``, ``truth(v)``; ``refuse(what, v)`` raises for what cannot be
    recorded. Nodes that are made carry its ``number``."""
def get_tracer() -> Any:
    """What watches this thread's Values, or None."""

class no_grad(ContextDecorator):
    """Inside, results are leaves: they remember nothing and cost less. For this thread only.

    Examples
    --------
    >>> from gradloom import Value, no_grad
    >>> with no_grad():
    ...     y = Value(2.0) * 3
    >>> y, y.operands
    (Value(data=6.0, grad=0.0), ())"""
    def __init__(self) -> None: ...
    def __enter__(self) -> None: ...
    def __exit__(self, *error: object) -> None: ...
