"""Bad input: the message names the thing and the next step, and nothing has changed."""

import math
import operator
from decimal import Decimal

import numpy as np
import pytest

from gradloom import Value, no_grad, topological_order
from gradloom.engine import write

# ---- what is not a number
NOT_NUMBERS = [
    ("2", r"str \('2'\); convert it first, with float"),
    (b"2", "bytes"),
    (None, "NoneType .*give an int, a float or a NumPy scalar"),
    ([1, 2], r"list \(\[1, 2\]\); .*make a list"),
    ((1.0,), "tuple .*make a list"),
    (1j, "complex"),
    (np.complex128(1j), "complex128"),
    (np.array([1.0, 2.0]), "ndarray .*make a list"),
    (np.array([1.0]), "ndarray .*make a list"),
    (np.array("2"), "ndarray"),
    (np.datetime64("2020"), "datetime64"),
    (Decimal("2"), "Decimal"),
    ({}, "dict"),
    (object(), "object"),
    (Value(1.0), "Value .*use it as it is, or its number with .data"),
    (np.array(Value(1.0), dtype=object), "ndarray"),
]


@pytest.mark.parametrize(("thing", "says"), NOT_NUMBERS)
def test_a_value_holds_one_real_number(thing, says):
    with pytest.raises(TypeError, match=f"data must be a number, not {says}"):
        Value(thing)


@pytest.mark.parametrize(("thing", "says"), NOT_NUMBERS)
def test_assigning_something_else_changes_nothing(thing, says):
    v = Value(2.0)
    square = v * v
    square.backward()
    with pytest.raises(TypeError, match=f"data must be a number, not {says}"):
        v.data = thing
    assert v.data == 2.0
    square.backward()  # the refused number has made nothing stale
    assert v.grad == 8.0
    if thing is not None:  # a gradient of None is 0
        with pytest.raises(TypeError, match=f"grad must be a number, not {says}"):
            v.grad = thing
    assert v.grad == 8.0
    if thing is not None:
        with pytest.raises(TypeError, match=f"seed must be a number, not {says}"):
            square.backward(thing)
    assert v.grad == 8.0


def test_an_integer_beyond_a_float_is_pythons_error():
    with pytest.raises(OverflowError, match="too large"):
        Value(10**400)
    with pytest.raises(OverflowError, match="too large"):
        Value(1.0) + 10**400


@pytest.mark.parametrize("name", ["data", "grad", "operands", "_prev", "_backward"])
def test_what_makes_a_value_cannot_be_deleted(name):
    v = Value(1.0) * 2.0
    with pytest.raises((AttributeError, TypeError)):
        delattr(v, name)
    assert (v.data, v.grad, len(v.operands)) == (2.0, 0.0, 2)
    v.backward()


def test_operands_cannot_be_assigned_but_prev_can():
    with pytest.raises(AttributeError):
        Value(1.0).operands = ()


# ---- operands
OPERATORS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "<": operator.lt,
    ">=": operator.ge,
}


@pytest.mark.parametrize("f", OPERATORS.values(), ids=OPERATORS.keys())
@pytest.mark.parametrize("other", ["x", None, [1], (1,), {1}, 1j, {}])
def test_an_operand_must_be_a_number(f, other):
    v = Value(2.0)
    with pytest.raises(TypeError, match=f"must be a number, not {type(other).__name__}"):
        f(v, other)
    if not (isinstance(other, str) and f is operator.mod):  # that is Python's formatting
        with pytest.raises(TypeError, match=f"must be a number, not {type(other).__name__}"):
            f(other, v)


def test_the_message_names_the_operation():
    with pytest.raises(TypeError, match=r"an operand of \+ must be a number, not str \('x'\); convert it"):
        Value(1.0) + "x"
    with pytest.raises(TypeError, match=r"an operand of hypot must be a number, not list"):
        Value(1.0).hypot([1.0])
    with pytest.raises(TypeError, match=r"hypot\(\) takes Values and numbers.*gradloom.math.hypot"):
        Value(1.0).hypot(np.array([1.0, 2.0]))


@pytest.mark.parametrize("f", OPERATORS.values(), ids=OPERATORS.keys())
def test_a_foreign_type_is_left_to_python(f):
    class Foreign:
        pass

    with pytest.raises(TypeError, match=r"not supported|unsupported operand"):
        f(Value(1.0), Foreign())


def test_a_type_that_knows_values_is_asked():
    class Money:
        def __radd__(self, other):
            return "asked"

    assert Value(1.0) + Money() == "asked"


def test_children_must_be_values():
    for children in ((2.0,), Value(2.0), ["x"], "x"):
        with pytest.raises(TypeError, match=r"_children must be a tuple of Values"):
            Value(1.0, children)
    v = Value(1.0) * 2.0
    with pytest.raises(TypeError, match=r"_children must be a tuple of Values"):
        v._prev = (1.0,)
    assert v._op == "*"
    v.backward()


def test_a_backward_must_be_a_function():
    v = Value(1.0)
    with pytest.raises(TypeError, match="_backward must be a function, not int"):
        v._backward = 3
    v._backward()


@pytest.mark.parametrize(
    "act",
    [
        lambda v: round(v, 2),
        lambda v: pow(v, 2, 5),
        lambda v: v @ v,
        lambda v: v << 1,
        lambda v: ~v,
        lambda v: [1, 2, 3][v],
        lambda v: range(v),
        lambda v: len(v),
        lambda v: list(v),
        lambda v: v(),
        lambda v: Value(),
        lambda v: Value(1.0, data=2.0),
        lambda v: Value(1.0, op="+"),
        lambda v: v.tanh(1.0),
        lambda v: v.hypot(),
    ],
)
def test_what_has_no_meaning_is_a_type_error(act):
    with pytest.raises(TypeError):
        act(Value(1.0))


# ---- conversions that would lose the gradient
@pytest.mark.parametrize(
    ("convert", "says"),
    [
        (float, "gradloom.math"),
        (math.exp, r"gradloom.math.f\(v\) for math.f\(v\)"),
        (lambda v: math.log(v, 2), "gradloom.math"),
        (lambda v: math.hypot(v, 1.0), "gradloom.math"),
        (int, r"int\(v.data\)"),
        (complex, r"complex\(v.data\)"),
        (lambda v: np.asarray(v, float), "gradloom.math"),
        (lambda v: np.asarray([v], float), "gradloom.math"),
        (lambda v: np.array([v, v]).astype(float), "gradloom.math"),
        (lambda v: "%.3f".__mod__(v), "v.data for the bare number"),
    ],
)
def test_a_conversion_that_would_lose_the_gradient_is_refused(convert, says):
    with pytest.raises(TypeError, match=f"would lose its gradient; write .*{says}"):
        convert(Value(2.0))


# ---- arithmetic: Python's own errors, with the operation and the operand
@pytest.mark.parametrize(
    ("error", "act", "says"),
    [
        (ValueError, lambda: Value(0.0).log(), r"math domain error in log\(0.0\); keep the argument"),
        (ValueError, lambda: Value(-1.0, label="x").log(), r"math domain error in log\(x=-1.0\)"),
        (ValueError, lambda: Value(-1.0).sqrt(), r"sqrt\(-1.0\)"),
        (ValueError, lambda: Value(-1.0) ** 0.5, r"-1.0 \*\* 0.5"),
        (ValueError, lambda: Value(2.0).asin(), r"asin\(2.0\)"),
        (ValueError, lambda: Value(1.0).atanh(), r"atanh\(1.0\)"),
        (ValueError, lambda: Value(0.5).acosh(), r"acosh\(0.5\)"),
        (ValueError, lambda: Value(-8.0) ** (1 / 3), "complex number"),
        (ValueError, lambda: Value(-8.0) ** Value(1 / 3), "complex number"),
        (ZeroDivisionError, lambda: 1 / Value(0.0), r"division by zero in 1.0 / 0.0; keep the divisor"),
        (ZeroDivisionError, lambda: Value(2.0) / Value(0.0, label="q"), r"in 2.0 / q=0.0"),
        (ZeroDivisionError, lambda: Value(1.0) // 0, r"1.0 // 0.0"),
        (ZeroDivisionError, lambda: Value(1.0) % 0, r"1.0 % 0.0"),
        (ZeroDivisionError, lambda: Value(0.0) ** -1, r"0.0 \*\* -1.0"),
        (ZeroDivisionError, lambda: Value(0.0) ** -2.5, r"0.0 \*\* -2.5"),
        (OverflowError, lambda: Value(10.0) ** 1000, r"10.0 \*\* 1000.0; keep the numbers smaller"),
        (OverflowError, lambda: Value(1e200) ** 2, r"1e\+200 \*\* 2.0"),
        (OverflowError, lambda: Value(-1e150) ** 3, r"-1e\+150 \*\* 3.0"),
        (OverflowError, lambda: Value(1000.0).exp(), r"exp\(1000.0\)"),
        (OverflowError, lambda: Value(1000.0).cosh(), r"cosh\(1000.0\)"),
        (OverflowError, lambda: Value(math.inf).floor(), r"floor\(inf\)"),
        (ValueError, lambda: Value(math.nan).floor(), r"floor\(nan\)"),
    ],
)
def test_errors_of_arithmetic_name_operation_and_operand(error, act, says):
    with pytest.raises(error, match=says):
        act()
    with no_grad(), pytest.raises(error, match=says):
        act()


def test_arithmetic_that_python_lets_overflow_overflows():
    assert (Value(1e200) * 1e200).data == math.inf
    assert (Value(1e308) + 1e308).data == math.inf
    assert (Value(math.inf) ** 2).data == math.inf
    assert math.isnan((Value(math.inf) - math.inf).data)


def test_a_failed_operation_changes_nothing():
    x = Value(0.0)
    y = x * 3.0
    y.backward()
    with pytest.raises(ValueError, match="log"):
        y.log()
    assert (x.grad, y.grad) == (3.0, 1.0)


# ---- a sweep of something else
@pytest.mark.parametrize("several", [list, tuple, np.array])
def test_a_list_of_losses_says_sum_them(several):
    x = Value(2.0)
    losses = several([x * 2.0, x * 3.0])
    for act in (Value.backward, topological_order):
        with pytest.raises(TypeError, match=r"sum them first: sum\(losses\)"):
            act(losses)
    assert x.grad == 0.0
    sum(losses).backward()
    assert x.grad == 5.0


def test_the_order_of_a_number_says_wrap_it():
    with pytest.raises(TypeError, match=r"wrap a number as Value\(x\)"):
        topological_order(3.0)


# ---- many at once
@pytest.mark.parametrize("attribute", ["data", "grad"])
@pytest.mark.parametrize("numbers", [[7.0, "x"], [7.0, None, 7.0], [7.0], [[7.0], [7.0, 7.0]], "xy"])
def test_a_bad_write_writes_nothing(attribute, numbers):
    values = [Value(1.0), Value(2.0)]
    with pytest.raises((TypeError, ValueError)):
        write(values, numbers, attribute)
    assert [(v.data, v.grad) for v in values] == [(1.0, 0.0), (2.0, 0.0)]
