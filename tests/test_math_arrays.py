"""gradloom.math beyond the standard module: where, arrays, sequences, softmax."""

import math

import numpy as np
import pytest
from mpmath import mp

import gradloom.math as gm
from gradloom import Value, gradcheck, topological_order

nan, inf = math.nan, math.inf


# ---- where
def test_where_takes_the_branch():
    a, b = Value(2.0), Value(3.0)
    for cond in (True, 1, -0.5, np.bool_(True), Value(2.0), nan, a < b):
        assert gm.where(cond, a, b).operands == (a,)
    for cond in (False, 0, -0.0, Value(0.0), np.array(0.0)):
        assert gm.where(cond, a, b).operands == (b,)
    assert type(gm.where(True, 1, 2)) is float
    leaf = gm.where(True, 1, b)
    assert (leaf.data, leaf.operands) == (1.0, ())


def test_where_has_the_gradient_of_the_if():
    """The branch not taken is not in the graph: no inf, no nan comes from there."""
    x = Value(0.0)
    root = x.sqrt()
    y = gm.where(x > 0, root, 0.0) + gm.where(x > 0, root, x)
    y.backward()
    assert (y.data, x.grad) == (0.0, 1.0)
    assert root not in topological_order(y)


def test_a_value_as_condition_gets_no_gradient():
    cond, a = Value(1.0), Value(2.0)
    gm.where(cond, a, 0.0).backward()
    assert (cond.grad, a.grad) == (0.0, 1.0)


# ---- arrays
def test_arrays_of_numbers_give_arrays_of_numbers():
    xs = np.array([[0.1, 0.2], [0.3, 0.4]])
    assert np.array_equal(gm.tanh(xs), [[math.tanh(x) for x in row] for row in xs])
    assert gm.tanh(xs).dtype == np.float64
    assert gm.floor(xs).dtype.kind == "i"
    assert gm.isnan(np.array([nan, 1.0])).tolist() == [True, False]
    assert gm.hypot(np.array([3.0, 5.0]), 4.0, 0.0).tolist() == [5.0, math.hypot(5, 4)]
    assert gm.isclose(np.array([1.0, 2.0]), 1.1, rel_tol=0.2).tolist() == [True, False]
    assert gm.gcd(np.array([4, 6]), 6).tolist() == [2, 6]
    assert gm.exp(np.zeros((0, 3))).shape == (0, 3)
    assert gm.comb(np.array([100]), 50)[0] == math.comb(100, 50)
    parts, exponents = gm.frexp(np.array([1.0, 5.0]))
    assert (parts.tolist(), exponents.tolist()) == ([0.5, 0.625], [1, 3])


def test_zero_dimensional_arrays_are_numbers():
    assert gm.exp(np.array(1.0)) == math.e
    x = Value(1.0)
    assert gm.exp(np.array(x, dtype=object)).operands == (x,)


def test_errors_in_arrays_are_those_of_the_element():
    with pytest.raises(ValueError, match="math domain error"):
        gm.log(np.array([1.0, 0.0]))


def test_arrays_of_values():
    x, y = Value(0.5), Value(-2.0)
    xs = np.array([x, y], dtype=object)
    result = gm.relu(xs) + gm.maximum(xs, 0.25) + gm.where(np.array([True, False]), xs, x)
    result += gm.atan2(x, np.ones(2))
    assert result.dtype == object
    assert all(isinstance(v, Value) for v in result)
    result.sum().backward()
    assert (x.grad, y.grad) == (1.0 + 1.0 + 2.0 + 2.0 / (1.0 + 0.25), 0.0)
    assert gm.isfinite(xs).tolist() == [True, True]
    assert gm.clip(xs, -1, 1)[1].data == -1.0


def test_an_array_with_a_value_and_numbers_stays_an_array_of_objects():
    mixed = gm.exp(np.array([Value(0.0), 1.0], dtype=object))
    assert isinstance(mixed[0], Value)
    assert mixed[1] == math.e


# ---- sequences
def test_dot():
    a, b = Value(2.0), Value(3.0)
    assert gm.dot([], []) == 0.0
    assert gm.dot(np.array([1.0, 2.0]), (3, 4)) == 11.0
    assert type(gm.dot([1], [2])) is float
    result = gm.dot([a, 1.0], np.array([4.0, b], dtype=object))
    result.backward()
    assert (result.data, a.grad, b.grad) == (11.0, 4.0, 1.0)
    for xs, ys in (([1.0], [1.0, 2.0]), ([], [a])):
        with pytest.raises(ValueError, match=f"of {len(xs)} and {len(ys)}"):
            gm.dot(xs, ys)
    with pytest.raises(ValueError, match="of 1 and 2"):
        gm.dist([a], [1.0, 2.0])


def test_dot_adds_from_the_left_for_numbers_and_values_alike():
    xs = [0.1, 0.2, 0.3, 0.4]
    assert gm.dot(xs, xs) == gm.dot([Value(x) for x in xs], xs).data == ((0.1**2 + 0.2**2) + 0.3**2) + 0.4**2


def test_softmax_and_logsumexp_do_not_overflow():
    big = [1000.0, 1001.0, -1e308, -inf]
    with mp.workdps(30):
        total = mp.exp(-1) + 1
        expected = [mp.exp(-1) / total, 1 / total, 0, 0]
        for xs in (big, [Value(x) for x in big]):
            shares = [getattr(p, "data", p) for p in gm.softmax(xs)]
            assert all(math.isclose(p, q, rel_tol=1e-15) for p, q in zip(shares, expected, strict=True))
            found = gm.logsumexp(xs)
            assert math.isclose(getattr(found, "data", found), 1001 + mp.log(total), rel_tol=1e-15)
    assert gm.logsumexp([inf, 1.0]) == inf
    assert math.isnan(gm.logsumexp([nan, 1.0]))
    nowhere = [Value(-inf), Value(-inf)]
    result = gm.logsumexp(nowhere)
    result.backward()
    assert result.data == gm.logsumexp([-inf, -inf]) == -inf
    assert all(math.isnan(x.grad) for x in nowhere)  # exp(-inf - -inf), as in PyTorch and in a trace


def test_softmax_gives_back_what_it_was_given():
    assert type(gm.softmax([1, 2])) is list
    assert gm.softmax(np.array([1.0, 1.0])).dtype == np.float64
    assert gm.softmax(np.array([Value(1.0), 1.0])).dtype == object
    assert gm.softmax(iter([1.0])) == [1.0]
    xs = [Value(0.3), Value(-0.2), Value(1.5)]
    gm.logsumexp(xs).backward()  # its gradient is softmax
    assert np.allclose([x.grad for x in xs], [p.data for p in gm.softmax(xs)], rtol=1e-15)
    assert gradcheck(lambda *xs: gm.softmax(xs)[0] ** 2, [0.3, -0.2, 1.5])


@pytest.mark.parametrize("f", [gm.softmax, gm.logsumexp])
def test_nothing_to_add(f):
    with pytest.raises(ValueError, match="empty"):
        f([])


@pytest.mark.parametrize("name", ["relu", "sigmoid", "maximum", "clip", "where", "dot", "softmax"])
def test_a_list_where_numbers_belong(name):
    lists = [[[1.0]]] * {"clip": 3, "where": 3, "dot": 2}.get(name, 1)
    with pytest.raises(TypeError, match=rf"{name}\(\) takes numbers.*, not list; .*numpy.array"):
        getattr(gm, name)(*lists)


def test_maximum_of_nothing():
    for f in (gm.maximum, gm.minimum):
        with pytest.raises(TypeError, match="missing"):
            f()
        assert f(2) == 2.0
        x = Value(2.0)
        assert f(x) is x
