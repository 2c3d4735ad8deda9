"""NumPy beside Values: its scalars on either side, object arrays, and its functions."""

import operator

import numpy as np
import pytest

from gradloom import Value
from gradloom.ops import TABLE

OPERATORS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
SCALARS = [
    np.float64(2.5),
    np.float32(2.5),
    np.float16(2.5),
    np.int64(3),
    np.uint8(3),
    np.array(2.5),
    np.array(3),
]


@pytest.mark.parametrize("f", OPERATORS.values(), ids=OPERATORS.keys())
@pytest.mark.parametrize("scalar", SCALARS, ids=lambda x: f"{type(x).__name__}-{x.dtype}")
def test_numpy_scalars_on_either_side(f, scalar):
    v = Value(7.25)
    for result, number in ((f(v, scalar), f(7.25, float(scalar))), (f(scalar, v), f(float(scalar), 7.25))):
        assert type(result) is Value
        assert result.data == number
        assert v in result._prev


@pytest.mark.parametrize("scalar", SCALARS, ids=lambda x: f"{type(x).__name__}-{x.dtype}")
def test_numpy_scalars_in_powers(scalar):
    v, number = Value(1.25), float(scalar)
    assert (v**scalar).data == pytest.approx(1.25**number, rel=4e-16)
    assert (scalar**v).data == pytest.approx(number**1.25, rel=4e-16)


@pytest.mark.parametrize("scalar", [np.float64(2.0), np.int32(2), np.array(2.0)])
def test_numpy_scalars_compare(scalar):
    small, equal = Value(1.0), Value(2.0)
    assert small < scalar
    assert scalar > small
    assert not scalar < small
    assert equal == scalar
    assert scalar == equal
    assert small != scalar
    assert max([small, scalar]) == 2.0


def test_gradients_flow_through_numpy_scalars():
    v = Value(3.0)
    y = np.float64(2.0) * v + np.int64(1) - v / np.float32(4.0) + np.float64(2.0) ** v
    y.backward()
    assert v.grad == pytest.approx(2.0 - 0.25 + 8.0 * np.log(2.0))


# ---- arrays of numbers
@pytest.mark.parametrize("f", [*OPERATORS.values(), operator.pow], ids=[*OPERATORS.keys(), "**"])
def test_a_value_and_an_array_of_numbers_give_an_array_of_values(f):
    v, numbers = Value(1.5), np.array([1.0, 2.5, 4.0])
    for result, expected in ((f(v, numbers), f(1.5, numbers)), (f(numbers, v), f(numbers, 1.5))):
        assert type(result) is np.ndarray
        assert result.dtype == object
        assert [type(x) for x in result] == [Value] * 3
        assert [x.data for x in result] == pytest.approx(list(expected), rel=4e-16)


@pytest.mark.parametrize("name", ["__add__", "__mul__", "__rsub__", "__truediv__", "__pow__", "__lt__"])
def test_operators_leave_arrays_to_numpy(name):
    assert getattr(Value(1.0), name)(np.array([1.0, 2.0])) is NotImplemented


def test_comparing_with_an_array_compares_each():
    v, numbers = Value(2.0), np.array([1.0, 2.0, 3.0])
    assert list(v < numbers) == [False, False, True]
    assert list(numbers <= v) == [True, True, False]
    assert list(v == numbers) == [False, True, False]


# ---- arrays of Values
def test_arrays_of_values_add_multiply_index_and_reduce():
    x = np.array([Value(1.0), Value(2.0), Value(3.0)])
    w = np.array([[Value(float(i + j)) for j in range(3)] for i in range(2)])
    assert (x.dtype, w.shape) == (object, (2, 3))
    assert [v.data for v in x + x] == [2.0, 4.0, 6.0]
    assert [v.data for v in 2 * x - 1] == [1.0, 3.0, 5.0]
    assert [v.data for v in x * np.arange(3)] == [0.0, 2.0, 6.0]
    assert x[1].data == 2.0
    assert [v.data for v in x[::-1]] == [3.0, 2.0, 1.0]
    assert [v.data for v in w @ x] == [8.0, 14.0]
    assert (x @ x).data == np.dot(x, x).data == 14.0
    assert [v.data for v in x @ np.eye(3)] == [1.0, 2.0, 3.0]
    assert (x.sum().data, x.mean().data, np.prod(x).data) == (6.0, 2.0, 6.0)
    assert [v.data for v in w.sum(axis=0)] == [1.0, 3.0, 5.0]
    assert [v.data for v in np.cumsum(x)] == [1.0, 3.0, 6.0]
    assert np.max(x) is x[2]
    assert [v.data for v in np.sort(x[::-1])] == [1.0, 2.0, 3.0]
    assert x.reshape(3, 1).T.shape == (1, 3)


def test_gradients_flow_through_arrays():
    numbers = np.array([[1.0, -2.0], [0.5, 3.0]])
    w = np.array([[Value(x) for x in row] for row in numbers])
    x = np.array([2.0, -1.0])
    loss = ((w @ x) ** 2).mean() + np.tanh(w).sum()
    loss.backward()
    expected = np.outer(numbers @ x, x) + 1 - np.tanh(numbers) ** 2
    assert np.array([[v.grad for v in row] for row in w]) == pytest.approx(expected, rel=1e-14)


def test_one_value_in_an_array_is_an_object_array_without_axes():
    v = Value(1.0)
    array = np.asarray(v)
    assert (array.dtype, array.shape) == (object, ())
    assert array.item() is v
    assert np.array([v, 2.0])[0] is v


def test_an_array_of_numbers_made_from_values_is_refused():
    values = [Value(1.0), Value(2.0)]
    for lose in (
        lambda: np.asarray(values, float),
        lambda: np.array(values).astype(np.float32),
        lambda: np.zeros(2).__setitem__(0, values[0]),
        lambda: np.float64(values[0]),
        lambda: np.linspace(values[0], 1.0, 3, dtype=float),
    ):
        with pytest.raises(TypeError, match="would lose its gradient"):
            lose()
    assert list(np.array([v.data for v in values])) == [1.0, 2.0]


# ---- NumPy's functions call the method of the same name
def takes_objects(row):
    ufunc = getattr(np, row.ufunc) if row.ufunc and "internal" not in row.marks else None
    return isinstance(ufunc, np.ufunc) and "O" * row.arity + "->O" in ufunc.types


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if takes_objects(row)])
def test_ufuncs_of_the_table_work_on_values(name):
    row = TABLE[name]
    ufunc = getattr(np, row.ufunc)
    numbers = [0.37 * lo + 0.63 * hi for lo, hi in row.domain]
    result = ufunc(*map(Value, numbers))
    assert type(result) is Value
    assert result.data == pytest.approx(float(ufunc(*numbers)), rel=1e-15)
    column = ufunc(*([Value(x), Value(x)] for x in numbers))
    assert [v.data for v in column] == [result.data] * 2


USUAL = """
    exp expm1 exp2 log log1p log2 log10 sqrt cbrt sin cos tan arcsin arccos arctan sinh cosh tanh
    arcsinh arctanh fabs absolute floor ceil rint negative
"""


@pytest.mark.parametrize("name", USUAL.split())
def test_the_usual_functions_by_numpys_name(name):
    ufunc = getattr(np, name)
    result = ufunc(Value(0.25))
    assert type(result) is Value
    assert result.data == pytest.approx(float(ufunc(0.25)), rel=1e-15)


def test_functions_that_numpy_composes_itself():
    v = Value(3.0)
    y = np.square(v) + np.reciprocal(v) + np.power(v, 2) + np.hypot(v, Value(4.0)) + np.arctan2(v, Value(3.0))
    y.backward()
    assert y.data == pytest.approx(9.0 + 1 / 3 + 9.0 + 5.0 + np.pi / 4)
    assert v.grad == pytest.approx(6.0 - 1 / 9 + 6.0 + 0.6 + 1 / 6)


def test_np_exp_has_exps_gradient():
    v = Value(0.5)
    np.exp(v).backward()
    assert v.grad == pytest.approx(np.exp(0.5), rel=1e-15)
