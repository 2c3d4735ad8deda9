"""The transforms: ``compile grad value_and_grad jacobian hessian hvp jvp vjp vmap``.

Takes: a plain Python function of numbers.
Gives: a function with the same arguments that runs as a Program. Names, signatures and meaning are JAX's;
all of them nest, and serve as decorators with or without options.
Promises: the function is not rewritten. It may branch, loop, call others, and hold Values of its own.

What a compiled function cannot see: files, clocks, iterators, C extensions, what installed packages hold, and
that its numbers are Values while it is traced (``isinstance(x, float)``, ``{1.0: y}[x]``). What it names
otherwise (closures, globals, lists, attributes, modules of yours) is watched, and a change is a new trace.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

from gradloom.compiler.compiled import Compiled
from gradloom.compiler.kept import kept
from gradloom.compiler.lowering import (
    as_is,
    directional,
    gradients,
    jacobians,
    second,
    tangents,
    with_cotangents,
)
from gradloom.compiler.mapped import Mapped
from gradloom.compiler.nesting import matching

__all__ = ["compile", "grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp", "vmap"]


def compile(  # noqa: A001  # the field's word
    f: Callable[..., Any] | None = None,
    *,
    static: str | Sequence[str] = (),
    same_order: bool = False,
    max_paths: int = 1024,
    verify: bool = False,
    check_finite: bool = False,
) -> Any:
    """``f``, traced at its first call and then run as a Program.

    Parameters
    ----------
    f : function
        Of numbers, Values and arrays, in lists, tuples and dicts; it returns numbers in any nesting.
        Python's own ints, bools and strs among its arguments are part of the program.
    static : str or tuple of str
        Parameters whose floats are part of the program, too.
    same_order : bool
        Keep the order of sums; the result then agrees with the function's to the last bit wherever the C
        library does.
    max_paths : int
        How many ways through the branches are kept, for arguments of one nesting; beyond it the one that
        ran least is dropped, and traced again when it is needed.
    verify : bool
        At the 1st, 2nd, 4th, 8th ... call compare with plain Python, and raise a TraceError if they differ
        by more than 1e-9 of the number.
    check_finite : bool
        Raise a FloatingPointError where a result is inf or nan, naming the line that made the first.

    Returns
    -------
    function
        It returns floats and float64 arrays. If it is given Values, or reaches some, it returns Values,
        whose ``backward()`` goes on into them.

    Raises
    ------
    TraceError
        At the call: ``f`` does what no Program can repeat; the message has the line and the cure.

    Notes
    -----
    A change of what ``f`` names (closures, globals, lists, attributes) is noticed, and ``f`` is traced
    again. Not seen: files, clocks, iterators, C extensions, and what installed packages hold. Pass as
    arguments what they give.

    Another transform of the result traces ``f`` anew, without these options (only ``vmap`` keeps
    ``check_finite``): write ``compile(grad(f), check_finite=True)``.

    Examples
    --------
    >>> import gradloom as gl
    >>> @gl.compile
    ... def f(x):
    ...     return x * x if x > 0 else -x
    >>> f(3.0), f(-2.0)
    (9.0, 2.0)
    """
    make = functools.partial(
        Compiled, name="compile", static=static, same_order=same_order, max_paths=max_paths,
        verify=verify, check_finite=check_finite,
    )  # fmt: skip
    return make if f is None else make(f)


def grad(
    f: Callable[..., Any] | None = None, argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Any:
    """The gradient of ``f``, which returns one number.

    Parameters
    ----------
    f : function
    argnums : int or tuple of int
        By which arguments, counted by position. An int there is a number like any other, and no part of the
        program.
    has_aux : bool
        ``f`` returns a pair (number, aux), and this (gradient, aux).

    Returns
    -------
    function
        Its result has the nesting of the argument; for several arguments it is a tuple. Where ``f`` reaches
        Values it holds Values, whose ``backward()`` goes on.

    Raises
    ------
    TypeError
        At the call: ``f`` returns more than one number; sum it, or use ``jacobian``.

    Examples
    --------
    >>> import gradloom as gl
    >>> gl.grad(lambda x: x**3)(2.0), gl.grad(gl.grad(lambda x: x**3))(2.0)
    (12.0, 12.0)
    """
    if f is None:
        return functools.partial(grad, argnums=argnums, has_aux=has_aux)
    return _gradient(f, "grad", argnums, has_aux, value=False)


def value_and_grad(
    f: Callable[..., Any] | None = None, argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Any:
    """The pair (value, gradient) of ``f``; the arguments are those of ``grad``.

    Examples
    --------
    >>> import gradloom as gl
    >>> gl.value_and_grad(lambda a, b: a * b + b, argnums=(0, 1))(2.0, 3.0)
    (9.0, (3.0, 3.0))
    """
    if f is None:
        return functools.partial(value_and_grad, argnums=argnums, has_aux=has_aux)
    return _gradient(f, "value_and_grad", argnums, has_aux, value=True)


def jacobian(f: Callable[..., Any] | None = None, argnums: int | tuple[int, ...] = 0) -> Any:
    """The derivative of every number that ``f`` returns by every number of an argument.

    Returns
    -------
    function
        For one array argument of shape (n,) and m numbers out: one float64 array of shape (m, n).
        Otherwise nested as in JAX: the result's nesting outside, the argument's inside.

    Examples
    --------
    >>> import gradloom as gl, numpy as np
    >>> gl.jacobian(lambda x: [x[0] * x[1], x[0] + 1.0])(np.array([2.0, 3.0]))
    array([[3., 2.],
           [1., 0.]])
    """
    if f is None:
        return functools.partial(jacobian, argnums=argnums)
    return Compiled(f, "jacobian", jacobians(argnums), numeric=_numeric(argnums))


def hessian(f: Callable[..., Any] | None = None, argnums: int | tuple[int, ...] = 0) -> Any:
    """The second derivatives of ``f``, which returns one number: for an array of shape (n,), (n, n).

    Examples
    --------
    >>> import gradloom as gl, numpy as np
    >>> gl.hessian(lambda x: x[0] * x[0] * x[1])(np.array([2.0, 3.0]))
    array([[6., 4.],
           [4., 0.]])
    """
    if f is None:
        return functools.partial(hessian, argnums=argnums)
    return Compiled(f, "hessian", second(argnums), numeric=_numeric(argnums))


def hvp(f: Callable[..., Any]) -> Callable[..., Any]:
    """The Hessian of ``f`` times a vector, as a function of ``(x, v, *args)``: SciPy's ``hessp``.

    Examples
    --------
    >>> import gradloom as gl, numpy as np
    >>> gl.hvp(lambda x: x[0] * x[0] * x[1])(np.array([2.0, 3.0]), np.array([1.0, 0.0]))
    array([6., 4.])
    """
    compiled = Compiled(f, "hvp", directional, numeric=(0,))

    def product(x: Any, v: Any, *args: Any, **kwargs: Any) -> Any:
        return compiled._call((x, *args), kwargs, matching(x, v, "x and v"))

    return functools.update_wrapper(product, f)


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """The value of ``f(*primals)``, and how it moves along ``tangents``: forward mode.

    Examples
    --------
    >>> import gradloom as gl
    >>> gl.jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0))
    (6.0, 3.0)
    """
    if not isinstance(primals, (list, tuple)) or not isinstance(tangents, (list, tuple)):
        raise TypeError("primals and tangents hold one entry for each argument: jvp(f, (x, y), (dx, dy))")
    primals, directions = tuple(primals), tuple(tangents)
    compiled = kept(f, "jvp", _tangents, tuple(range(len(primals))))
    return compiled._call(primals, {}, matching(primals, directions, "primals and tangents"))


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value of ``f(*primals)``, and a function that carries cotangents back: reverse mode.

    Examples
    --------
    >>> import gradloom as gl
    >>> value, back = gl.vjp(lambda x, y: x * y, 2.0, 3.0)
    >>> value, back(1.0)
    (6.0, (3.0, 2.0))
    """
    value = kept(f, "compile", as_is, tuple(range(len(primals))))(*primals)
    compiled = kept(f, "vjp", with_cotangents, tuple(range(len(primals))))

    def back(cotangents: Any) -> tuple[Any, ...]:
        return compiled._call(primals, {}, matching(value, cotangents, "the result and the cotangents"))

    return value, back


def vmap(
    f: Callable[..., Any] | None = None,
    in_axes: Any = 0,
    reduce: str | None = None,
    threads: int | None = None,
) -> Any:
    """``f``, a function of one row, for every row at once.

    Parameters
    ----------
    f : function
    in_axes : int, None, or a tuple of these
        Along which axis each argument holds its rows; None: all rows share it.
    reduce : {None, "sum", "mean"}
        With it the result is one: ``grad`` of it sums the rows' gradients without ever storing them.
    threads : int, optional
        At most so many, by default as many as there are cores; little work takes one. The result does not
        depend on it.

    Returns
    -------
    function
        Its results have an axis of rows in front, or are reduced. ``grad`` and ``value_and_grad`` of a
        reduced one run in blocks, too; inside every other transform its rows are unrolled.

    Examples
    --------
    >>> import gradloom as gl, numpy as np
    >>> gl.vmap(lambda x: x * x if x > 0 else -x)(np.array([3.0, -2.0]))
    array([9., 2.])
    >>> loss = gl.vmap(lambda w, x, y: (w * x - y) ** 2, in_axes=(None, 0, 0), reduce="mean")
    >>> gl.value_and_grad(loss)(2.0, np.array([1.0, 2.0]), np.array([1.0, 3.0]))
    (1.0, 3.0)
    """
    if f is None:
        return functools.partial(vmap, in_axes=in_axes, reduce=reduce, threads=threads)
    return Mapped(f, in_axes=in_axes, reduce=reduce, threads=threads)


# ---- what the transforms share
_tangents = tangents  # jvp's own argument has the field's name for them


def _gradient(
    f: Callable[..., Any], name: str, argnums: int | tuple[int, ...], has_aux: bool, value: bool
) -> Any:
    numeric = _numeric(argnums)
    lower = gradients(argnums, has_aux, value)
    if isinstance(f, Mapped):
        return f.gradient(name, lower, numeric)
    return kept(f, name, lower, numeric) if callable(f) else Compiled(f, name, lower)


def _numeric(argnums: int | tuple[int, ...]) -> tuple[int, ...]:
    numbers = argnums if isinstance(argnums, tuple) else (argnums,)
    if not numbers or any(isinstance(i, bool) or not isinstance(i, int) for i in numbers):
        raise TypeError(f"argnums must be a whole number or a tuple of them, not {argnums!r}")
    return numbers
