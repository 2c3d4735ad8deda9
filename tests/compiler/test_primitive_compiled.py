"""``primitive`` in a compiled function: its derivatives are the user's partials, to any order."""

import math

import numpy as np
import pytest

import gradloom as gl
from gradloom import DerivativeError, TraceError, Value, primitive
from gradloom import math as gm
from gradloom.compiler.program import Program

cube = primitive(lambda x: x * x * x, lambda m, x, r: (3.0 * x * x,))
power = primitive(lambda x: gm.exp(x), lambda m, x, r: (r,))
scaled = primitive(lambda x, y: x * gm.exp(y), lambda m, x, y, r: (m.exp(y), r))
through = primitive(lambda x: gm.floor(x), lambda m, x, r: (1.0,))  # the straight-through estimator
doubled = primitive(lambda x: gm.exp(x), lambda m, x, r: (2.0 * r,))  # says that it grows twice as fast

PLAIN = {
    "cube": (lambda x: gm.sin(cube(x)) * x, lambda x: gm.sin(x * x * x) * x),
    "power": (lambda x: power(2.0 * x) / x, lambda x: gm.exp(2.0 * x) / x),
    "scaled": (lambda x: scaled(x, gm.sin(x)), lambda x: x * gm.exp(gm.sin(x))),
    "of itself": (lambda x: power(scaled(0.5, power(-x))), lambda x: gm.exp(0.5 * gm.exp(gm.exp(-x)))),
    "a number": (lambda x: scaled(2.0, x) + scaled(x, 3.0), lambda x: 2.0 * gm.exp(x) + x * gm.exp(3.0)),
}
each = pytest.mark.parametrize(("ours", "plain"), PLAIN.values(), ids=PLAIN)


@each
def test_every_order_is_that_of_the_plain_function(ours, plain):
    for _ in range(5):
        assert gl.compile(ours)(0.7) == pytest.approx(gl.compile(plain)(0.7), rel=1e-12)
        ours, plain = gl.grad(ours), gl.grad(plain)


@each
def test_the_gradient_is_that_of_backward(ours, plain):
    x = Value(0.7)
    eager = ours(x)
    eager.backward()
    value, gradient = gl.value_and_grad(ours)(0.7)
    assert (value, gradient) == pytest.approx((eager.data, x.grad), rel=1e-14)


@each
def test_rows_tangents_and_second_derivatives(ours, plain):
    xs = np.array([0.7, -1.3, 2.1])
    np.testing.assert_allclose(gl.vmap(gl.grad(ours))(xs), gl.vmap(gl.grad(plain))(xs), rtol=1e-12)
    assert gl.jvp(ours, (0.7,), (2.0,)) == pytest.approx(gl.jvp(plain, (0.7,), (2.0,)), rel=1e-12)
    ours_of_two, plain_of_two = (lambda v, f=f: f(v[0]) * f(v[1]) for f in (ours, plain))
    for transform in (gl.hessian, lambda f: gl.jacobian(gl.grad(f))):
        second = [np.asarray(transform(f)(xs[:2])) for f in (ours_of_two, plain_of_two)]
        np.testing.assert_allclose(*second, rtol=1e-11)


def test_the_partials_count_and_not_the_values_own_derivative():
    assert gl.value_and_grad(lambda x: through(x) ** 2)(2.7) == (4.0, 4.0)
    assert gl.grad(gl.grad(lambda x: through(x) ** 2))(2.7) == 2.0
    assert list(gl.vmap(gl.grad(lambda x: through(x) * x))(np.array([2.7, -0.5]))) == [4.7, -1.5]
    f = doubled
    for order in range(5):
        assert gl.compile(f)(0.3) == pytest.approx(2.0**order * math.exp(0.3))
        f = gl.grad(f)


def test_partials_that_read_the_result_have_four_orders_and_no_wrong_fifth():
    f = power
    for _ in range(5):
        f = gl.grad(f)
    with pytest.raises(DerivativeError, match=r"4th order.*from the operands"):
        f(0.3)
    with pytest.raises(DerivativeError, match="4th order"):
        gl.vmap(f)(np.array([0.3, 0.4]))
    f = cube
    for _ in range(6):
        f = gl.grad(f)
    assert f(0.3) == 0.0


def test_captured_values_get_their_gradients():
    w = Value(1.5)
    f = gl.compile(lambda x: scaled(w, x))
    f(0.3).backward()
    assert w.grad == math.exp(0.3)
    slope = gl.grad(lambda x: scaled(w, x))(0.3)
    slope.backward()
    assert w.grad == 2.0 * math.exp(0.3)


def test_a_branch_of_the_value_is_a_path():
    ramp = primitive(
        lambda x: x * x if x > 0 else 0.0, lambda m, x, r: (m.where(m.gt(x, 0.0), 2.0 * x, 0.0),)
    )
    f = gl.value_and_grad(lambda x: 3.0 * ramp(x))
    assert (f(2.0), f(-1.0), len(f.paths)) == ((12.0, 12.0), (0.0, 0.0), 2)
    gradients = gl.vmap(gl.grad(lambda x: ramp(x) * x))(np.array([1.0, -2.0, 3.0]))
    assert list(gradients) == [3.0, 0.0, 27.0]


def test_nothing_is_left_of_it_in_what_runs():
    assert gl.compile(cube).program(2.0) == gl.compile(lambda x: x * x * x).program(2.0)
    assert gl.grad(through).program(2.0) == Program.parse(
        "program of 1 inputs\nv0 = input\nv1 = constant 1.0\nreturn v1"
    )


def test_no_grad_holds_inside():
    def half(x):
        with gl.no_grad():
            frozen = cube(x)
        return frozen * x

    assert gl.value_and_grad(half)(2.0) == (16.0, 8.0)


def test_check_finite_tells_the_value_from_the_partials():
    root = primitive(lambda x: gm.sqrt(x), lambda m, x, r: (0.5 / r,))
    wrong = gl.compile(lambda x: gm.log(root(x)), check_finite=True)
    with pytest.raises(FloatingPointError, match=r"log\(0\.0\) is -inf"):
        wrong(0.0)
    assert gl.compile(root, check_finite=True)(0.0) == 0.0
    with pytest.raises(FloatingPointError, match=r"0\.5 / 0\.0 is inf"):
        gl.grad(gl.compile(root, check_finite=True))(0.0)


@pytest.mark.parametrize(
    ("value", "partials", "message"),
    [
        (math.sqrt, lambda m, x, r: (0.5 / r,), r"test_primitive_compiled.py:\d+.*gradloom\.math"),
        (lambda x: x, lambda m, x, r: (math.exp(x),), r"test_primitive_compiled.py:\d+.*gradloom\.math"),
        (lambda x: x + "", lambda m, x, r: (1.0,), r"of primitive on Values.*gradloom\.math"),
        (lambda x: "x", lambda m, x, r: (1.0,), "must be a number, not str"),
        (lambda x: x, lambda m, x, r: ("x",), "a partial must be a number, not str"),
        (lambda x: x, lambda m, x, r: 1.0, "must be a tuple of 1"),
    ],
)
def test_what_cannot_be_traced_says_what_to_write(value, partials, message):
    with pytest.raises(TypeError, match=message):
        gl.grad(primitive(value, partials))(2.0)
    with pytest.raises(TraceError):
        gl.grad(primitive(math.sqrt, lambda m, x, r: (0.5 / r,)))(2.0)
