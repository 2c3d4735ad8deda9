"""``Value`` as a number: what it holds, how it computes, how it compares."""

import math
import operator

import numpy as np
import pytest

from gradloom import Value
from gradloom.engine import apply, read, write
from gradloom.ops import TABLE


# ---- what it holds
@pytest.mark.parametrize(
    ("given", "held"),
    [
        (2.5, 2.5),
        (3, 3.0),
        (True, 1.0),
        (2**60, 2.0**60),
        (np.float32(0.5), 0.5),
        (np.int64(-7), -7.0),
        (np.uint8(255), 255.0),
        (np.bool_(False), 0.0),
        (np.array(1.5), 1.5),
        (np.array(4), 4.0),
        (math.inf, math.inf),
    ],
)
def test_whatever_is_one_real_number_becomes_a_float(given, held):
    v = Value(given)
    w = Value(0.0)
    w.data = given
    w.grad = given
    for number in (v.data, w.data, w.grad):
        assert type(number) is float
        assert number == held


def test_nan_is_a_number():
    assert math.isnan(Value(math.nan).data)


def test_the_four_parameters():
    a, b = Value(1.0), Value(2.0)
    v = Value(data=3.0, _children=(a, b, a), _op="?", label="v")
    assert (v.data, v.grad, v._op, v.label) == (3.0, 0.0, "?", "v")
    assert v.operands == (a, b, a)
    assert v._prev == {a, b}
    leaf = Value(1.0)
    assert (leaf.operands, leaf._prev, leaf._op, leaf.label) == ((), set(), "", "")


def test_a_set_of_operands_is_ordered_by_age():
    a, b, c = (Value(float(i)) for i in range(3))
    assert Value(0.0, {c, a, b}, "?").operands == (a, b, c)
    assert Value(0.0, frozenset((b, a)), "?").operands == (a, b)


def test_children_from_a_generator():
    values = [Value(1.0), Value(2.0)]
    assert Value(3.0, (v for v in values)).operands == tuple(values)


def test_operands_are_ordered_and_prev_is_a_set():
    a, b = Value(5.0), Value(4.0)
    assert (a - b).operands == (a, b)
    assert (b - a).operands == (b, a)
    assert (a + a).operands == (a, a)
    assert (a + a)._prev == {a}
    assert (a**3).operands == (a,)


def test_the_names_of_operations_are_micrograds():
    a, b = Value(5.0), Value(4.0)
    results = [a + b, a * b, a**2, a**-1, a**0.5, a.relu(), a.tanh(), a.exp()]
    assert [v._op for v in results] == ["+", "*", "**2", "**-1", "**0.5", "ReLU", "tanh", "exp"]
    assert [v._op for v in (a - b, a / b, a**b)] == ["-", "/", "**"]


def test_label_op_and_prev_can_be_assigned():
    a, b = Value(1.0), Value(2.0)
    c = a + b
    c.label, c._op = "c", "plus"
    c._prev = {b}
    assert (c.label, c._op, c.operands) == ("c", "plus", (b,))


# ---- constants
def test_a_constant_becomes_a_value_once():
    x = Value(3.0)
    y = 2 * x
    (two,) = y._prev - {x}
    assert two.data == 2.0
    two.label = "two"
    assert y.operands[0] is two
    assert {v.label for v in y._prev} == {"two", ""}
    y.backward()
    assert (x.grad, two.grad) == (2.0, 3.0)


def test_an_exponent_is_a_parameter_and_no_operand():
    x = Value(3.0)
    assert (x**2)._prev == {x}
    assert [v.data for v in (2**x).operands] == [2.0, 3.0]


def test_adding_zero_is_a_new_node():
    v = Value(1.0, label="v")
    s = sum([v])
    s.label = "s"
    assert s is not v
    assert v.label == "v"
    assert 0 + v is not v
    assert v * 1 is not v


# ---- how it computes
OPERATORS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}


@pytest.mark.parametrize("symbol", OPERATORS)
@pytest.mark.parametrize(("x", "y"), [(7.5, 2.0), (-7.5, 2.0), (0.1, 3.0), (5.0, -3.0)])
def test_operators_give_pythons_numbers(symbol, x, y):
    f = OPERATORS[symbol]
    for result in (f(Value(x), Value(y)), f(Value(x), y), f(x, Value(y))):
        assert type(result) is Value
        assert result.data == pytest.approx(f(x, y), rel=4e-16)


@pytest.mark.parametrize("symbol", [s for s in OPERATORS if s != "**"])
@pytest.mark.parametrize("y", [3, True, np.float32(0.5), np.int64(2), np.array(1.5)])
def test_any_number_may_stand_on_the_right(symbol, y):
    f = OPERATORS[symbol]
    assert f(Value(7.1), y).data == f(7.1, float(y))


def test_unary_operators():
    v = Value(-2.5)
    assert (-v).data == 2.5
    assert abs(v).data == 2.5
    whole = [f(v).data for f in (math.floor, math.ceil, math.trunc, round)]
    assert whole == [-3.0, -2.0, -2.0, -2.0]
    assert round(Value(3.5)).data == 4.0


@pytest.mark.parametrize("x", [0.1, 1.1, 2.7, 1e3 / 7])
def test_powers_are_one_formula_each(x):
    v = Value(x)
    assert (v**2).data == x * x
    assert (v**3).data == x * x * x
    assert (v**-1).data == 1 / x
    assert (v**0.5).data == math.sqrt(x)
    assert (v**0).data == 1.0
    assert (v**2.5).data == x**2.5


def test_division_is_division():
    for i in range(1, 50):
        assert (Value(1.0 + i) / (0.1 * i)).data == (1.0 + i) / (0.1 * i)  # not x * y**-1


def test_augmented_assignment_makes_new_nodes():
    a = first = Value(2.0)
    a += 3
    a -= Value(1.0)
    a *= 5
    a /= 2
    a **= 2
    assert (a.data, first.data) == (100.0, 2.0)
    a.backward()
    assert first.grad == 2 * 10.0 * 2.5


def test_sum_max_min_sorted_of_python():
    values = [Value(x) for x in (3.0, -1.0, 2.0)]
    total = sum(v * v for v in values)
    total.backward()
    assert total.data == 14.0
    assert [v.grad for v in values] == [6.0, -2.0, 4.0]
    assert max(values) is values[0]
    assert min(values) is values[1]
    assert max(values[1], 0.0) == 0.0
    assert [v.data for v in sorted(values)] == [-1.0, 2.0, 3.0]


def test_maximum_and_minimum_let_nan_through():
    nan = math.nan
    for x, y in ((nan, 1.0), (1.0, nan)):
        assert math.isnan(Value(x).maximum(y).data)
        assert math.isnan(Value(x).minimum(y).data)
    assert math.isnan(Value(nan).relu().data)


@pytest.mark.parametrize("name", [n for n, row in TABLE.items() if row.arity == 1 and row.methods])
def test_every_function_of_the_table_is_a_method(name):
    row = TABLE[name]
    x = 0.25 * row.domain[0][0] + 0.75 * row.domain[0][1]
    for method in row.methods:
        result = getattr(Value(x), method)()
        assert (result.data, result._op) == (row.value(x), row.symbol)


# ---- how it compares
@pytest.mark.parametrize("compare", [operator.lt, operator.le, operator.gt, operator.ge])
@pytest.mark.parametrize(("x", "y"), [(1.0, 2.0), (2.0, 1.0), (1.0, 1.0), (1.0, math.nan)])
def test_order_is_that_of_the_numbers(compare, x, y):
    expected = compare(x, y)
    for answer in (compare(Value(x), Value(y)), compare(Value(x), y), compare(x, Value(y))):
        assert answer is expected


def test_equality_of_values_is_identity_and_with_numbers_by_number():
    a, b = Value(2.0), Value(2.0)
    assert a == a
    assert not a == b  # noqa: SIM201
    assert a != b
    assert a == 2
    assert 2.0 == a  # noqa: SIM300
    assert a != 3
    assert not a != 2.0  # noqa: SIM202
    assert a != "2.0"
    assert a != None  # noqa: E711
    assert (a == object()) is False


def test_sets_and_dicts_of_values():
    a, b = Value(2.0), Value(2.0)
    assert len({a, b, a}) == 2
    assert {a: "a", b: "b"}[b] == "b"
    assert b not in {a}
    assert [b, a].index(a) == 1
    a.data = 5.0
    assert a in {a, b}


def test_truth_is_not_zero():
    assert not Value(0.0)
    assert not Value(-0.0)
    assert Value(1e-300)
    assert Value(math.nan)
    assert type(bool(Value(1.0))) is bool


# ---- many at once
def test_read_and_write():
    values = [Value(1.0), Value(2.0)]
    array = read(values)
    assert (array.dtype, array.shape) == (np.float64, (2,))
    write(values, array * 10.0)
    assert [v.data for v in values] == [10.0, 20.0]
    write(values, [0.5, 0.25], "grad")
    assert list(read(values, "grad")) == [0.5, 0.25]
    assert read([]).shape == (0,)


def test_write_of_the_wrong_length_raises():
    with pytest.raises(ValueError, match="2 numbers for 1 Values"):
        write([Value(1.0)], [1.0, 2.0])


def test_apply_makes_a_node_from_a_row():
    x = Value(3.0)
    y = apply(TABLE["mul"], x, 2.0)
    y.backward()
    assert (y.data, x.grad) == (6.0, 2.0)
