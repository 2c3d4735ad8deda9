"""Derivatives without calculus: bump an input, see what the result does.

Takes: any function of numbers or Values.
Gives: ``slope``, the lesson's forward difference, and ``gradcheck``, which holds ``backward()``
against central differences.
Promises: an answer from the outside, by arithmetic that knows no derivative. The inputs are left as
they were: their numbers and gradients are not touched, nor is any other gradient.
"""

from collections.abc import Callable
from typing import TypeAlias, overload

from gradloom.arithmetic import number
from gradloom.engine import Value, topological_order
from gradloom.errors import DerivativeError

__all__ = ["gradcheck", "slope"]

_Scalar: TypeAlias = Value | float
_Several: TypeAlias = list[_Scalar] | list[Value] | list[float] | tuple[_Scalar, ...]


@overload
def slope(f: Callable[..., _Scalar], x: _Scalar, h: float = 1e-6) -> float: ...
@overload
def slope(f: Callable[..., _Scalar], x: _Several, h: float = 1e-6) -> list[float]: ...
def slope(f, x, h=1e-6):
    """How fast ``f`` rises at ``x``: ``(f(x + h) - f(x)) / h``.

    Parameters
    ----------
    f : function
        Of one number, or of as many as ``x`` holds; it returns a number or a Value.
    x : float or Value, or a list or tuple of them
        Where. A function of several numbers is called ``f(*x)``.
    h : float
        The step. Too large, and the curve bends within it; too small, and rounding takes over.

    Returns
    -------
    float or list of float
        One slope, or one for each input.

    Examples
    --------
    The derivative is 14; the rest is the curve bending within the step.

    >>> from gradloom import slope
    >>> print(f"{slope(lambda x: 3 * x**2 - 4 * x + 5, 3):.6f}")
    14.000003
    >>> [round(s, 3) for s in slope(lambda a, b, c: a * b + c, [2.0, -3.0, 10.0])]
    [-3.0, 2.0, 1.0]
    """
    h = _step(h, "h")
    inputs = list(x) if isinstance(x, (list, tuple)) else [x]
    here = _at(f, inputs)
    slopes = [(_at(f, inputs, i, h) - here) / h for i in range(len(inputs))]
    return slopes if isinstance(x, (list, tuple)) else slopes[0]


def gradcheck(
    f: Callable[..., Value],
    inputs: _Scalar | _Several,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Whether ``backward()`` through ``f`` agrees with central differences.

    Parameters
    ----------
    f : function
        Of Values; it returns one Value.
    inputs : float or Value, or a list or tuple of them
        Where to check: ``f`` is called on fresh Values with these numbers.
    eps : float
        The step to either side.
    atol, rtol : float
        Allowed: ``|exact - numeric| <= atol + rtol * |numeric|``.
    raise_exception : bool
        False: return False where the two differ.

    Returns
    -------
    bool

    Raises
    ------
    DerivativeError
        They differ; the message names the input and both numbers.

    Examples
    --------
    >>> from gradloom import gradcheck
    >>> gradcheck(lambda a, b: (a * b).tanh() + a**3, [0.5, -2.0])
    True
    """
    eps = _step(eps, "eps")
    given = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
    leaves = [_leaf(x) for x in given]
    exact = _exact(f, leaves, given)
    for i, leaf in enumerate(leaves):
        numeric = (_at(f, leaves, i, eps) - _at(f, leaves, i, -eps)) / (2.0 * eps)
        if not abs(exact[i] - numeric) <= atol + rtol * abs(numeric):  # so that nan differs
            if not raise_exception:
                return False
            name = f"input {i} ({leaf.label!r})" if leaf.label else f"input {i}"
            raise DerivativeError(
                f"the gradient of {name} at {leaf.data!r} is {exact[i]!r} by backward() and {numeric!r} by "
                "central differences; look at the partials or the _backward of what it goes through"
            )
    return True


def _step(h, name):
    if number(h, name) == 0.0:
        raise ValueError(f"{name} must not be 0, for a slope needs two points; try {name}=1e-6")
    return float(h)


def _leaf(x):
    """A fresh Value with the number of ``x``."""
    return Value(x.data, label=x.label) if isinstance(x, Value) else Value(number(x, "an input"))


def _at(f, inputs, i=-1, step=0.0):
    """The number ``f`` gives where input ``i`` is moved by ``step``."""
    moved = [_leaf(x) if isinstance(x, Value) else number(x, "x") for x in inputs]
    if i >= 0:
        moved[i] = _leaf(moved[i].data + step) if isinstance(moved[i], Value) else moved[i] + step
    result = f(*moved)
    return result.data if isinstance(result, Value) else number(result, "what f returns")


def _exact(f, leaves, given):
    """The gradients of ``leaves`` by backward(); all others are put back."""
    result = f(*leaves)
    if not isinstance(result, Value):
        raise TypeError(f"gradcheck needs f to return one Value, not {type(result).__name__}")
    nodes = topological_order(result)
    for i, x in enumerate(given):
        if any(node is x for node in nodes):
            raise ValueError(
                f"f reaches input {i} by itself and not through its argument, so that its gradient cannot "
                "be checked; let f use its arguments only"
            )
    before = [node.grad for node in nodes]
    try:
        result.backward()
        return [leaf.grad for leaf in leaves]
    finally:
        for node, grad in zip(nodes, before, strict=True):
            node.grad = grad
