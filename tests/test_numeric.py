"""slope and gradcheck: by bumping, without calculus."""

import math

import numpy as np
import pytest

from gradloom import DerivativeError, Value, gradcheck, slope
from gradloom import math as gm


def parabola(x):
    return 3 * x**2 - 4 * x + 5


# ---- slope
@pytest.mark.parametrize(("x", "printed"), [(3, "14.000003"), (2 / 3, "0.000003"), (Value(3.0), "14.000003")])
def test_the_slopes_of_the_lesson(x, printed):
    assert f"{slope(parabola, x):.6f}" == printed


def test_slope_is_the_forward_difference():
    assert slope(parabola, 3, h=0.5) == (parabola(3.5) - parabola(3.0)) / 0.5
    assert slope(math.exp, 0.0, h=-1.0) == 1.0 - math.exp(-1.0)
    assert type(slope(lambda x: 2, np.int64(1))) is float


def test_one_slope_for_each_input():
    slopes = slope(lambda a, b, c: a * b + c, [2, -3.0, Value(10.0)])
    assert type(slopes) is list
    assert [round(s, 6) for s in slopes] == [-3.0, 2.0, 1.0]
    assert [round(s, 6) for s in slope(lambda a, b: a * b, (2.0, -3.0))] == [-3.0, 2.0]
    assert slope(lambda x: 5 * x, [1.0]) == [slope(lambda x: 5 * x, 1.0)]
    assert slope(lambda: 1.0, []) == []


def test_values_are_bumped_as_values_and_left_alone():
    x = Value(0.5, label="x")
    x.grad = 7.0
    root = x * x
    assert math.isclose(slope(lambda v: v.tanh(), x), 1 - math.tanh(0.5) ** 2, rel_tol=1e-5)
    assert (x.data, x.grad) == (0.5, 7.0)
    root.backward()  # x.data was not assigned: its graphs are not stale
    assert x.grad == 8.0


def test_a_slope_of_a_gradient():
    """The function may run backward() itself: the slope of f' is f''."""

    def derivative(x):
        v = Value(x)
        parabola(v).backward()
        return v.grad

    assert math.isclose(slope(derivative, 3.0), 6.0, rel_tol=1e-6)


def test_an_input_that_is_not_bumped_keeps_the_sign_of_its_zero():
    assert round(slope(math.copysign, [1.0, -0.0])[0], 6) == -1.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: slope(parabola, 3, h=0), "h must not be 0"),
        (lambda: slope(parabola, 3, h="x"), "h must be a number"),
        (lambda: slope(parabola, "3"), "x must be a number, not str"),
        (lambda: slope(parabola, np.ones(2)), "x must be a number, not ndarray"),
        (lambda: slope(lambda x: [x], 3), "what f returns must be a number, not list"),
        (lambda: gradcheck(parabola, 3.0, eps=0), "eps must not be 0"),
        (lambda: gradcheck(parabola, ["3"]), "an input must be a number"),
        (lambda: gradcheck(lambda x: 1.0, [3.0]), "one Value, not float"),
        (lambda: gradcheck(lambda x: [x], [3.0]), "one Value, not list"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()


# ---- gradcheck
def test_gradcheck_agrees():
    assert gradcheck(parabola, 3.0) is True
    assert gradcheck(lambda a, b: (a * b).tanh() + gm.atan2(a, b) ** 2, (0.5, Value(-2.0))) is True
    assert gradcheck(lambda a, b: a * 1.0, [1.0, 2.0]) is True  # b has no part in it: 0 and 0


def test_inputs_are_unchanged():
    x, w = Value(0.5), Value(3.0)
    x.grad, w.grad = 7.0, 8.0
    root = x * w * x
    assert gradcheck(lambda v: (v * w).sin(), [x])  # w is captured, not an input
    assert (x.data, x.grad, w.data, w.grad) == (0.5, 7.0, 3.0, 8.0)
    root.backward()
    assert (x.grad, w.grad) == (7.0 + 3.0, 8.0 + 0.25)


def wrong(x):
    """x squared, with a derivative of x where it should be 2 * x."""
    square = Value(x.data**2, (x,), "square")

    def _backward():
        x.grad += x.data * square.grad

    square._backward = _backward
    return square


def test_the_input_that_differs_is_named():
    b = Value(3.0, label="b")
    b.grad = 1.5
    with pytest.raises(DerivativeError, match=r"input 1 \('b'\) at 3.0 is 3.0 by backward\(\) and (6.0|5.9)"):
        gradcheck(lambda a, b: a + wrong(b), [1.0, b])
    assert b.grad == 1.5
    with pytest.raises(DerivativeError, match=r"input 0 at 2\.0"):
        gradcheck(wrong, [2.0])
    assert gradcheck(wrong, [2.0], raise_exception=False) is False


def test_tolerances():
    assert gradcheck(wrong, [2.0], rtol=0.51) is True
    assert gradcheck(wrong, [2.0], rtol=0.49, raise_exception=False) is False
    assert gradcheck(wrong, [2.0], atol=2.1) is True
    assert gradcheck(wrong, [2.0], atol=1.9, rtol=0.0, raise_exception=False) is False


def test_nan_never_agrees():
    def hidden(x):
        return gm.where(x.data != 1.0, x, x * math.nan)

    assert gradcheck(hidden, [1.0], raise_exception=False) is False


def test_a_value_used_past_the_argument_is_told():
    """Its gradient would be compared with that of a copy: 0 and 0, which says nothing."""
    x = Value(2.0)
    with pytest.raises(ValueError, match="reaches input 0 by itself"):
        gradcheck(lambda v: wrong(x), [x])
    assert x.grad == 0.0


def test_an_error_leaves_the_gradients():
    w = Value(3.0)
    w.grad = 1.5

    def broken(x):
        node = Value(x.data, (x, w), "broken")
        node._backward = lambda: 1 / 0
        return node + w

    with pytest.raises(ZeroDivisionError):
        gradcheck(broken, [2.0])
    assert w.grad == 1.5
