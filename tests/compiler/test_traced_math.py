"""``gradloom.math`` and NumPy's functions of arrays in a compiled function: what works, and why not all."""

import itertools
import math

import numpy as np
import pytest

import gradloom as gl
from gradloom import TraceError
from gradloom import math as gm

X = np.array([1.5, -2.0, 0.25, 3.0])
inf, nan = math.inf, math.nan


# ---- gradloom.math
def test_remainder_is_that_of_the_standard_module_without_a_branch():
    xs = [*np.arange(-40, 41) / 4.0, 1e300, -7.1, 1e-310, 2.0**60 + 2**10, 0.1, -0.3]
    ys = [0.5, -0.5, 1.0, 2.0, -3.0, 0.1, 1e-3, 7e200, inf]
    x, y = np.array(list(itertools.product(xs, ys))).T
    f = gl.vmap(gm.remainder)
    assert f(x, y).tolist() == list(map(math.remainder, x, y))
    assert len(f.paths) == 1
    assert math.isnan(gl.compile(gm.remainder)(inf, 2.0))
    assert math.isnan(gl.compile(gm.remainder)(1.0, 0.0))


@pytest.mark.parametrize("x", [7.5, -7.5, 6.5, 0.7, -0.2])
def test_the_gradient_of_remainder_is_that_of_backward(x):
    point = [gl.Value(x), gl.Value(2.0)]
    gm.remainder(*point).backward()
    assert gl.grad(gm.remainder, argnums=(0, 1))(x, 2.0) == tuple(v.grad for v in point)


def test_isclose_is_that_of_the_standard_module_without_a_branch():
    numbers = [0.0, -0.0, 1.0, 1.0 + 1e-9, 1.0 + 2e-9, 1.1, -1.0, 1e-12, 1e300, inf, -inf, nan]
    a, b = np.array(list(itertools.product(numbers, numbers))).T
    for options in ({}, {"rel_tol": 0.2}, {"abs_tol": 1e-9}, {"rel_tol": 0.0}, {"abs_tol": 1.0}):
        f = gl.vmap(lambda x, y, options=options: gm.isclose(x, y, **options))
        assert f(a, b).tolist() == [math.isclose(x, y, **options) for x, y in zip(a, b, strict=True)]
        assert len(f.paths) == 1
    assert gl.compile(lambda x: x if gm.isclose(x, 3) else 0.0)(3.0 + 1e-12) == 3.0 + 1e-12
    with pytest.raises(ValueError, match="non-negative"):
        gl.compile(lambda x: gm.isclose(x, 1.0, rel_tol=-1.0))(1.0)


REFUSED = {
    "fsum": (lambda x: gm.fsum(x), r"write sum\(xs\)"),
    "frexp": (lambda x: gm.frexp(x[0]), r"log2\(abs\(x\)\)\.floor\(\)"),
    "comb": (lambda x: gm.comb(x[0], 2), "part of the program"),
    "nextafter": (lambda x: gm.nextafter(x[0], 1.0), "part of the program"),
    "linalg.det": (lambda x: np.linalg.det(np.outer(x, x)), "gradloom.math"),
    "linalg.solve": (lambda x: np.linalg.solve(np.outer(x, x), x), "gradloom.math"),
    "isfinite": (lambda x: np.isfinite(x), "gradloom.math"),
    "logaddexp": (lambda x: np.logaddexp(x, x), "gradloom.math"),
    "interp": (lambda x: np.interp(x[0], [0.0, 1.0], [2.0, 3.0]), "gradloom.math"),
}
if hasattr(math, "sumprod"):
    REFUSED["sumprod"] = lambda x: gm.sumprod(x, x), r"dot\(p, q\)"


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_program_repeats_has_a_line_and_a_cure(name):
    f, cure = REFUSED[name]
    with pytest.raises(TraceError, match=rf"test_traced_math\.py:\d+: .*{cure}"):
        gl.compile(f)(X)


def test_gamma_points_to_primitive():
    with pytest.raises(TypeError, match=r"gamma\(\).*gradloom\.primitive"):
        gl.compile(lambda x: gm.gamma(x[0]))(X)


# ---- NumPy's functions of arrays of Values
SMOOTH = {
    "mean": lambda x: x.mean(),
    "var": lambda x: x.var(),
    "std": lambda x: x.std(),
    "sample std": lambda x: np.std(x, ddof=1),
    "std by axis": lambda x: x.reshape(2, 2).std(axis=0).sum(),
    "norm": lambda x: np.linalg.norm(x),
    "norm of a matrix": lambda x: np.linalg.norm(x.reshape(2, 2)),
    "norm 1": lambda x: np.linalg.norm(x, 1),
    "vdot": lambda x: np.vdot(x, x),
    "median": lambda x: np.median(x),
    "average": lambda x: np.average(x, weights=[1.0, 2.0, 3.0, 4.0]),
    "trapezoid": lambda x: (
        np.trapezoid(x) if hasattr(np, "trapezoid") else x[1:-1].sum() + (x[0] + x[-1]) / 2
    ),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_functions_of_arrays_and_their_gradients(name):
    f = SMOOTH[name]
    value, gradient = gl.value_and_grad(f)(X)
    assert value == pytest.approx(f(X), rel=1e-12)
    h = 1e-6
    differences = [(f(X + h * e) - f(X - h * e)) / (2 * h) for e in np.eye(4)]
    np.testing.assert_allclose(gradient, differences, atol=1e-8)


def test_a_branch_inside_numpy_is_at_the_users_line():
    f = gl.compile(lambda x: np.sort(x)[0])
    f(X)
    lines = {guard.line for guard in f.program(X).guards}
    assert lines
    assert all("test_traced_math.py" in line for line in lines)


def test_eager_values_have_var_and_std_too():
    values = np.array([gl.Value(x) for x in X], dtype=object)
    assert values.std().data == pytest.approx(X.std(), rel=1e-12)
    assert values[0].conjugate() is values[0]
