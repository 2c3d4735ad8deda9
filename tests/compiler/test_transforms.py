"""The transforms against hand formulas: signatures, nesting, decorators, arguments in any nesting, SciPy."""

import itertools
import math
from functools import partial
from typing import NamedTuple

import numpy as np
import pytest

import gradloom as gl
from gradloom import math as gm

PENDULUM = np.array([0.3, -1.2, 2.0])


class Point(NamedTuple):
    x: float
    y: float


def cubic(x, y):
    return x**3 * y + gm.sin(y)


def rosenbrock(x):
    return sum(100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2 for i in range(len(x) - 1))


def rosenbrock_gradient(x):
    g = np.zeros(len(x))
    for i in range(len(x) - 1):
        g[i] += -400.0 * x[i] * (x[i + 1] - x[i] ** 2) - 2.0 * (1.0 - x[i])
        g[i + 1] += 200.0 * (x[i + 1] - x[i] ** 2)
    return g


def rosenbrock_hessian(x):
    h = np.zeros((len(x), len(x)))
    for i in range(len(x) - 1):
        h[i, i] += 1200.0 * x[i] ** 2 - 400.0 * x[i + 1] + 2.0
        h[i, i + 1] -= 400.0 * x[i]
        h[i + 1, i] -= 400.0 * x[i]
        h[i + 1, i + 1] += 200.0
    return h


# ---- each transform against a formula
def test_compile_computes_what_the_function_does():
    assert gl.compile(cubic)(2.0, 3.0) == pytest.approx(24.0 + math.sin(3.0), rel=1e-15)


def test_a_gradient_has_the_nesting_of_its_argument():
    x, y = 2.0, 3.0
    assert gl.grad(cubic)(x, y) == pytest.approx(3 * x**2 * y)
    assert gl.grad(cubic, 1)(x, y) == pytest.approx(x**3 + math.cos(y))
    assert gl.grad(cubic, -1)(x, y) == gl.grad(cubic, 1)(x, y)
    assert gl.grad(cubic, (1,))(x, y) == (gl.grad(cubic, 1)(x, y),)
    assert gl.grad(cubic, (1, 0))(x, y) == pytest.approx((x**3 + math.cos(y), 3 * x**2 * y))


def test_value_and_grad_and_has_aux():
    def f(x):
        return x * x, {"twice": 2.0 * x, "both": [x, x + 1.0]}

    assert gl.value_and_grad(f, has_aux=True)(3.0) == ((9.0, {"twice": 6.0, "both": [3.0, 4.0]}), 6.0)
    assert gl.grad(f, has_aux=True)(3.0) == (6.0, {"twice": 6.0, "both": [3.0, 4.0]})
    with pytest.raises(TypeError, match="pair"):
        gl.grad(cubic, has_aux=True)(1.0, 2.0)


def test_an_int_is_a_number_where_it_is_differentiated():
    assert gl.grad(lambda x: x * x)(3) == 6.0
    assert gl.grad(lambda x, n: x**n)(2.0, 3) == 12.0
    assert gl.grad(lambda x: x[0] * x[1])([3, 4]) == [4.0, 3.0]


def test_jacobian_of_an_array_is_one_array():
    def f(x):
        return [x[0] * x[1], gm.sin(x[1]), x[0] - x[2], x[2] ** 2]

    x = np.array([2.0, 0.5, -3.0])
    expected = [[0.5, 2.0, 0.0], [0.0, math.cos(0.5), 0.0], [1.0, 0.0, -1.0], [0.0, 0.0, -6.0]]
    found = gl.jacobian(f)(x)
    assert isinstance(found, np.ndarray)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_jacobian_takes_whichever_direction_and_agrees():
    tall = gl.jacobian(lambda x: np.array([x[0] * k for k in range(1, 9)]))(np.array([1.0]))
    wide = gl.jacobian(lambda x: np.array([sum(k * x[k] for k in range(8))]))(np.arange(8.0))
    assert tall.tolist() == [[k] for k in range(1, 9)]
    assert wide.tolist() == [list(range(8))]


def test_jacobian_is_otherwise_nested_as_in_jax():
    f = gl.jacobian(lambda p: {"a": p["x"] * p["y"], "b": (p["x"], 2.0)})
    assert f({"x": 3.0, "y": 4.0}) == {
        "a": {"x": 4.0, "y": 3.0},
        "b": ({"x": 1.0, "y": 0.0}, {"x": 0.0, "y": 0.0}),
    }
    both = gl.jacobian(lambda x, y: [x * y[0], y[1]], argnums=(0, 1))(2.0, [3.0, 5.0])
    assert both == [(3.0, [2.0, 0.0]), (0.0, [0.0, 1.0])]


def test_hessian_and_hvp_of_rosenbrock():
    x, v = PENDULUM, np.array([1.0, -2.0, 0.5])
    np.testing.assert_allclose(gl.grad(rosenbrock)(x), rosenbrock_gradient(x), rtol=1e-13)
    np.testing.assert_allclose(gl.hessian(rosenbrock)(x), rosenbrock_hessian(x), rtol=1e-13)
    np.testing.assert_allclose(gl.hvp(rosenbrock)(x, v), rosenbrock_hessian(x) @ v, rtol=1e-13)


def test_hessian_by_several_arguments():
    h = gl.hessian(lambda x, y: x * x * y, argnums=(0, 1))(3.0, 5.0)
    assert h == ((10.0, 6.0), (6.0, 0.0))


def test_jvp_and_vjp_are_adjoint():
    def f(x, y):
        return [x[0] * y, gm.exp(x[1]), x[0] / x[1]]

    x, y = [2.0, 0.5], 3.0
    value, tangent = gl.jvp(f, (x, y), ([1.0, -1.0], 0.5))
    assert value == pytest.approx([6.0, math.exp(0.5), 4.0])
    assert tangent == pytest.approx([4.0, -math.exp(0.5), 2.0 + 8.0])
    same, back = gl.vjp(f, x, y)
    assert same == value
    weights = [0.3, -2.0, 1.5]
    (dx, dy) = back(weights)
    assert dx == pytest.approx([0.9 + 3.0, -2.0 * math.exp(0.5) - 1.5 * 8.0])
    assert dy == pytest.approx(0.6)
    forward = sum(w * t for w, t in zip(weights, tangent, strict=True))
    assert dx[0] - dx[1] + 0.5 * dy == pytest.approx(forward)
    with pytest.raises(ValueError, match="tangents"):
        gl.jvp(f, (x, y), ([1.0], 0.5))
    with pytest.raises(ValueError, match="cotangents"):
        back([1.0, 2.0])


# ---- nesting
def test_derivatives_of_derivatives():
    f = lambda x: x**5 / 20.0  # noqa: E731
    assert [gl.grad(gl.grad(f))(2.0), gl.grad(gl.grad(gl.grad(f)))(2.0)] == pytest.approx([8.0, 12.0])
    by_both = gl.grad(gl.grad(cubic, 1), 0)
    assert by_both(2.0, 3.0) == pytest.approx(12.0)


def test_a_jacobian_of_a_gradient_is_the_hessian():
    found = gl.jacobian(gl.grad(rosenbrock))(PENDULUM)
    np.testing.assert_allclose(found, rosenbrock_hessian(PENDULUM), rtol=1e-13)


def test_rows_of_gradients_and_gradients_of_rows():
    xs = np.linspace(-1.0, 2.0, 7)
    np.testing.assert_allclose(gl.vmap(gl.grad(gm.sin))(xs), np.cos(xs), rtol=1e-14)

    def error(w, x, y):
        return (w[0] * x + w[1] - y) ** 2

    w, ys = np.array([0.5, -1.0]), xs**2
    residual = w[0] * xs + w[1] - ys
    for reduce, scale in (("sum", 1), ("mean", len(xs))):
        total = gl.vmap(error, in_axes=(None, 0, 0), reduce=reduce)
        value, gradient = gl.value_and_grad(total)(w, xs, ys)
        assert value == pytest.approx(float(residual @ residual) / scale)
        np.testing.assert_allclose(
            gradient, np.array([2 * residual @ xs, 2 * residual.sum()]) / scale, rtol=1e-13
        )
    by_x = gl.grad(gl.vmap(error, in_axes=(None, 0, 0), reduce="mean"), argnums=1)(w, xs, ys)
    np.testing.assert_allclose(by_x, 2 * residual * w[0] / len(xs), rtol=1e-13)


def test_rows_inside_another_trace():
    x, table = np.array([0.5, 1.5, -2.0]), np.arange(6.0).reshape(2, 3)
    square = gl.vmap(lambda r: r * r if r > 0 else -r)
    np.testing.assert_allclose(gl.compile(square)(x), [0.25, 2.25, 2.0])
    np.testing.assert_allclose(gl.jacobian(square)(x), np.diag([1.0, 3.0, -1.0]))
    np.testing.assert_allclose(gl.vmap(gl.vmap(lambda r: r * r))(table), table**2)
    np.testing.assert_allclose(gl.vmap(gl.vmap(lambda r: r * r, reduce="sum"))(table), (table**2).sum(axis=1))
    assert gl.compile(lambda a, b: gl.vmap(lambda r: 2.0 * r)([a, b]).sum())(1.0, 2.0) == 6.0
    error = gl.vmap(lambda w, r: (w[0] * r + w[1]) ** 2, in_axes=(None, 0), reduce="sum")
    h = [[2 * x @ x, 2 * x.sum()], [2 * x.sum(), 6.0]]
    np.testing.assert_allclose(gl.hessian(error)(np.array([1.0, 2.0]), x), h)
    np.testing.assert_allclose(gl.hvp(error)(np.array([1.0, 2.0]), np.array([0.0, 1.0]), x), h[1])


def test_transforms_of_every_kind_of_rows():
    xs = np.array([0.5, 1.5, -2.0])
    pairs = np.array([[1.0, 2.0], [4.0, 5.0]])
    np.testing.assert_allclose(gl.vmap(lambda r: gl.hvp(lambda y: y**3)(r, 1.0))(xs), 6 * xs)
    np.testing.assert_allclose(gl.vmap(lambda r: gl.jvp(lambda y: y**3, (r,), (1.0,))[1])(xs), 3 * xs**2)
    np.testing.assert_allclose(gl.vmap(lambda r: gl.vjp(lambda y: y**3, r)[1](1.0)[0])(xs), 3 * xs**2)
    jacobians = gl.vmap(gl.jacobian(lambda r: [r[0] * r[1], r[1]]))(pairs)
    np.testing.assert_allclose(jacobians, [[[2, 1], [0, 1]], [[5, 4], [0, 1]]])
    hessians = gl.vmap(gl.hessian(lambda r: r[0] * r[1] * r[1]))(pairs)
    np.testing.assert_allclose(hessians, [[[0, 4], [4, 2]], [[0, 10], [10, 8]]])
    by_columns = gl.grad(gl.vmap(lambda r: r[0] * r[1], in_axes=1, reduce="sum"))(pairs)
    np.testing.assert_allclose(by_columns, pairs[::-1])
    nested = gl.vmap(lambda p, y: p["a"] * p["b"] * y, in_axes=({"a": 0, "b": None}, 0))
    np.testing.assert_allclose(nested({"a": xs, "b": 2.0}, xs), 2 * xs**2)
    loss = gl.vmap(lambda w, r: (w * r, r * r), in_axes=(None, 0), reduce="sum")
    (value, aux), gradient = gl.value_and_grad(loss, has_aux=True)(2.0, xs)
    assert (value, aux, gradient) == pytest.approx((2 * xs.sum(), xs @ xs, xs.sum()))


def test_perturbations_are_not_confused():
    assert gl.grad(lambda x: x * gl.grad(lambda y: x + y)(1.0))(5.0) == 1.0
    assert gl.grad(lambda x: gl.grad(lambda y: x * y * y)(x))(3.0) == pytest.approx(4 * 3.0)


def test_a_compiled_function_inside_another_is_a_part_of_it():
    inner = gl.compile(lambda x: x * x if x > 0 else -x)
    outer = gl.compile(lambda x: inner(x) + inner(-x))
    assert [outer(3.0), outer(-2.0)] == [12.0, 6.0]
    assert gl.grad(outer)(3.0) == 7.0


def test_a_gradient_in_a_loop_does_not_trace_again():
    runs = itertools.count()

    def f(x):
        next(runs)  # an iterator is not watched
        return x * x

    assert [gl.grad(f)(x) for x in (1.0, 2.0, 3.0)] == [2.0, 4.0, 6.0]
    assert next(runs) == 1


# ---- how they are written
def test_decorators_with_and_without_options():
    @gl.compile
    def plain(x):
        """Doubles."""
        return 2.0 * x

    @gl.compile(same_order=True)
    def ordered(x):
        return 2.0 * x

    @gl.grad(argnums=1)
    def slope(x, y):
        return x * y * y

    @gl.value_and_grad
    def both(x):
        return x * x

    @gl.vmap(in_axes=(None, 0))
    def rows(w, x):
        return w * x

    assert (plain(1.5), ordered(1.5)) == (3.0, 3.0)
    assert (plain.__name__, plain.__doc__) == ("plain", "Doubles.")
    assert slope(2.0, 3.0) == 12.0
    assert both(3.0) == (9.0, 6.0)
    assert rows(2.0, np.array([1.0, 2.0])).tolist() == [2.0, 4.0]


class Spring:
    def __init__(self, k):
        self.k = k

    @gl.compile
    def energy(self, x):
        return 0.5 * self.k * x * x

    @gl.grad
    def force(self, x):
        return 0.5 * x * x


def test_methods_read_their_own_instance():
    soft, stiff = Spring(1.0), Spring(10.0)
    assert [soft.energy(2.0), stiff.energy(2.0), soft.energy(3.0)] == [2.0, 20.0, 4.5]
    soft.k = 3.0
    assert soft.energy(2.0) == 6.0
    assert gl.grad(stiff.energy)(2.0) == 20.0


def test_partials_and_callable_instances():
    assert gl.grad(partial(cubic, y=3.0))(2.0) == pytest.approx(36.0)
    assert gl.compile(partial(cubic, 2.0))(0.0) == 0.0

    class Line:
        def __init__(self, a):
            self.a = a

        def __call__(self, x):
            return self.a * x

    line = Line(3.0)
    f = gl.compile(line)
    assert f(2.0) == 6.0
    line.a = 4.0
    assert f(2.0) == 8.0


def test_a_module_is_a_function_of_its_input():
    net = gl.nn.MLP(2, [3, 1])
    eager = net([0.5, -1.0])
    eager.backward()
    expected = [p.grad for p in net.parameters()]
    for p in net.parameters():
        p.zero_grad()
    loss = gl.compile(net)([0.5, -1.0])
    loss.backward()
    assert loss.data == pytest.approx(eager.data, rel=1e-12)
    assert [p.grad for p in net.parameters()] == pytest.approx(expected, rel=1e-12)


# ---- arguments and results in any nesting
def test_arguments_of_every_nesting():
    def f(p):
        return p["a"][0] * p["a"][1][0] + p["b"].x * p["b"].y + (p["c"] * p["c"]).sum() + p["n"]

    p = {"a": [2.0, (3.0,)], "b": Point(4.0, 5.0), "c": np.array([[1.0, 2.0]]), "n": 1.0}
    assert gl.compile(f)(p) == 6.0 + 20.0 + 5.0 + 1.0
    g = gl.grad(f)(p)
    assert g["a"] == [3.0, (2.0,)]
    assert g["b"] == Point(5.0, 4.0)
    assert isinstance(g["b"], Point)
    assert g["c"].tolist() == [[2.0, 4.0]]
    assert g["n"] == 1.0


def test_results_of_every_nesting():
    @gl.compile
    def f(x):
        return {"list": [x, 2.0 * x], "point": Point(x, -x), "array": np.array([[x, x * x]]), "number": 1}

    found = f(3.0)
    assert found["list"] == [3.0, 6.0]
    assert found["point"] == Point(3.0, -3.0)
    assert found["array"].tolist() == [[3.0, 9.0]]
    assert found["array"].dtype == np.float64
    assert found["number"] == 1.0


def test_arrays_index_multiply_and_sum_inside():
    a, x = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([1.0, -2.0])
    f = lambda x: x @ a @ x  # noqa: E731
    np.testing.assert_allclose(gl.grad(f)(x), 2 * a @ x, rtol=1e-14)
    np.testing.assert_allclose(gl.hessian(f)(x), 2 * a, rtol=1e-14)


def test_keyword_arguments():
    assert gl.compile(cubic)(2.0, y=0.0) == 0.0
    assert gl.grad(cubic)(2.0, y=3.0) == pytest.approx(36.0)
    for argnums, args, kwargs in [(0, (), {"y": 3.0, "x": 2.0}), (1, (2.0,), {"y": 3.0})]:
        expected = gl.grad(cubic, argnums)(2.0, 3.0)
        assert gl.grad(cubic, argnums)(*args, **kwargs) == expected
        assert gl.compile(lambda x: gl.grad(cubic, argnums)(*args, **kwargs) * x)(1.0) == expected  # noqa: B023


def test_static_parameters_are_part_of_the_program():
    @gl.compile(static="n")
    def power(x, n):
        return x ** int(n)

    assert [power(2.0, 3.0), power(2.0, 4.0), power(2.0, n=5.0)] == [8.0, 16.0, 32.0]
    with pytest.raises(ValueError, match="no parameter"):
        gl.compile(power, static="m")


def test_static_parameters_are_told_apart_by_type_and_bits():
    @gl.compile(static="n")
    def f(x, n):
        first = n[0] if isinstance(n, (list, tuple)) else n
        return x * first + (10.0 if first is True else 20.0 if isinstance(first, int) else 30.0)

    assert [f(2.0, 1), f(2.0, True), f(2.0, 1.0), f(2.0, 1)] == [22.0, 12.0, 32.0, 22.0]
    assert [f(2.0, (1,)), f(2.0, (True,)), f(2.0, (1.0,)), f(2.0, [3])] == [22.0, 12.0, 32.0, 26.0]
    g = gl.compile(lambda x, n: x * n, static="n")
    assert [str(g(1.0, 0.0)), str(g(1.0, -0.0)), str(g(1.0, 0.0))] == ["0.0", "-0.0", "0.0"]
    h = gl.compile(lambda x, s: x * min(s) + (1.0 if isinstance(min(s), int) else 2.0))
    assert [h(3.0, frozenset({1})), h(3.0, frozenset({1.0}))] == [4.0, 5.0]
    with pytest.raises(TypeError, match="pass a tuple"):
        g(1.0, np.ones(2))


# ---- an independent oracle
def test_against_torch():
    torch = pytest.importorskip("torch")
    x = torch.tensor(PENDULUM, requires_grad=True)
    rosenbrock(x).backward()
    np.testing.assert_allclose(gl.grad(rosenbrock)(PENDULUM), x.grad.numpy(), rtol=1e-12)
    h = torch.autograd.functional.hessian(rosenbrock, torch.tensor(PENDULUM))
    np.testing.assert_allclose(gl.hessian(rosenbrock)(PENDULUM), h.numpy(), rtol=1e-12)


# ---- SciPy, as it is
def test_minimize_with_gradient_hessian_and_products():
    optimize = pytest.importorskip("scipy.optimize")

    def shifted(x, a):
        return rosenbrock(x - a)

    x0, a = np.array([-1.2, 1.0, 0.5]), 0.25
    options = {
        "BFGS": {},
        "trust-exact": {"hess": gl.hessian(shifted)},
        "Newton-CG": {"hessp": gl.hvp(shifted)},
    }
    for method, more in options.items():
        result = optimize.minimize(
            gl.value_and_grad(shifted), x0, args=(a,), jac=True, method=method, tol=1e-8, **more
        )
        np.testing.assert_allclose(result.x, 1.0 + a, atol=1e-4, err_msg=method)
    result = optimize.minimize(gl.compile(shifted), x0, args=(a,), jac=gl.grad(shifted), method="L-BFGS-B")
    np.testing.assert_allclose(result.x, 1.0 + a, atol=1e-3)


def test_least_squares_and_root():
    optimize = pytest.importorskip("scipy.optimize")
    t = np.linspace(0.0, 1.0, 9)
    y = 2.0 * np.exp(-1.5 * t)

    def residuals(p):
        return [p[0] * gm.exp(-p[1] * s) - z for s, z in zip(t.tolist(), y.tolist(), strict=True)]

    fit = optimize.least_squares(gl.compile(residuals), [1.0, 1.0], jac=gl.jacobian(residuals))
    np.testing.assert_allclose(fit.x, [2.0, 1.5], rtol=1e-6)

    def equations(x):
        return [x[0] ** 2 + x[1] ** 2 - 4.0, x[0] - x[1]]

    found = optimize.root(gl.compile(equations), [1.0, 0.5], jac=gl.jacobian(equations))
    np.testing.assert_allclose(found.x, [math.sqrt(2.0)] * 2, rtol=1e-8)


def test_a_stiff_equation_with_its_jacobian():
    integrate = pytest.importorskip("scipy.integrate")

    def robertson(t, y):
        a, b, c = 0.04 * y[0], 1e4 * y[1] * y[2], 3e7 * y[1] * y[1]
        return [-a + b, a - b - c, c]

    solved = integrate.solve_ivp(
        gl.compile(robertson),
        (0.0, 40.0),
        [1.0, 0.0, 0.0],
        method="BDF",
        jac=gl.jacobian(robertson, argnums=1),
        rtol=1e-7,
        atol=1e-10,
    )
    # Hairer and Wanner, Solving Ordinary Differential Equations II, table of reference values at t = 40
    np.testing.assert_allclose(solved.y[:, -1], [0.7158271, 9.1855e-6, 0.2841637], rtol=1e-4)
