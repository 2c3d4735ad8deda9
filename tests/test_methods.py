"""The methods that the table gives to Value, one by one, and NumPy's functions on Values."""

import math

import numpy as np
import pytest

from gradloom.engine import Value
from gradloom.ops import TABLE, operand_names

PUBLIC = [pytest.param(row, id=row.name) for row in TABLE.values() if "internal" not in row.marks]


def middle(row):
    """A point of the row's domain, not negative: a reflected power must not have a negative base."""
    edges = [(max(0.0, lo), hi) for lo, hi in row.domain]
    return tuple(lo + (0.3 + 0.1 * i) * (hi - lo) for i, (lo, hi) in enumerate(edges))


@pytest.mark.parametrize("row", PUBLIC)
def test_every_method_is_the_row(row):
    point = middle(row)
    for name in row.methods:
        operands = [Value(x) for x in point]
        result = getattr(operands[0], name)(*operands[1:])
        back = name.startswith("__r") and row.arity == 2
        assert result.data == row.value(*(point[::-1] if back else point))
        assert result._op == row.symbol
        assert result.operands == tuple(operands[::-1] if back else operands)
        assert row.doc.startswith(f"r = {row.spelling.format(*operand_names(row.arity))}, where d/dx = ")


@pytest.mark.parametrize("row", [row for row in PUBLIC if row.values[0].arity == 1 and row.values[0].ufunc])
def test_numpy_calls_the_method(row):
    x = Value(*middle(row))
    result = getattr(np, row.ufunc)(x)
    assert (type(result), result.data, result._op) == (Value, row.value(x.data), row.symbol)


def test_the_ufuncs_that_accept_a_value():
    """The list in the documentation is this one."""
    names = [row.ufunc for row in TABLE.values() if row.arity == 1 and "internal" not in row.marks]
    assert " ".join(filter(None, names)) == (
        "negative exp expm1 exp2 log log1p log2 log10 sqrt cbrt sin cos tan arcsin arccos arctan sinh cosh "
        "tanh arcsinh arccosh arctanh fabs floor ceil rint"
    )


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in TABLE.values() if row.ufunc])
def test_numpy_means_the_same(row):
    x, *others = middle(row)
    first = x != 0.0 if row.arity == 3 else x  # np.where takes a bool
    number = float(getattr(np, row.ufunc)(first, *others))
    assert math.isclose(number, row.value(x, *others), rel_tol=1e-14)


def test_the_operators_of_python_reach_a_value():
    one = ["neg", "abs", "floor", "ceil", "lt", "le", "gt", "ge"]
    two = ["add", "sub", "mul", "truediv", "mod", "floordiv", "pow"]
    hooks = {name for row in TABLE.values() for name in row.methods if name.startswith("__")}
    assert hooks == {f"__{name}__" for name in one + two} | {f"__r{name}__" for name in two}
