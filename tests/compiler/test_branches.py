"""Branches: the answer, and the gradient, are those of the path that plain Python takes."""

import math
import random
import warnings

import numpy as np
import pytest

import gradloom as gl
from gradloom import PathWarning
from gradloom import math as gm


# ---- functions with branches, each with the points on both sides of its guards and its derivative by hand
def step(x):
    return x * x if x > 1.0 else 3.0 * x


def early(x):
    if x < 0:
        return -x
    if x < 1:
        return x * x
    return x**3


def halving(x):
    n = 0
    while x > 1.0:
        x = x / 2.0
        n += 1
    return x + n


def breaking(x):
    total = 0.0
    for k in range(1, 20):
        total = total + x / k
        if total > 2.0:
            break
    return total


def largest(x):
    return max(x, 2.0 - x, 0.25 * x * x)


def smallest(x):
    return min(x * x, x)


def middle(x):
    return sorted([x, 1.0, x * x])[1]


def absolute(x):
    return abs(x - 1.0) * x


def between(x):
    return 5.0 * x if x > 0 and x < 1 else 7.0 * x


def outside(x):
    return 5.0 * x if x < 0 or x > 1 else 7.0 * x


def negated(x):
    return x if not x > 0 else 2.0 * x


def chained(x):
    return x * x if 0 < x <= 2 else x


def truthy(x):
    return x * 3.0 if x else x * 5.0


def counting(x):
    return x * sum(x > k for k in range(4))


def largest_slope(x):
    return 0.5 * x if largest(x) == 0.25 * x * x else 1.0 if x > 2.0 - x else -1.0


def middle_slope(x):
    return 0.0 if min(x, x * x) < 1.0 < max(x, x * x) else 1.0 if middle(x) == x else 2.0 * x


FUNCTIONS = [
    (step, lambda x: 2 * x if x > 1 else 3.0, [1.0]),
    (early, lambda x: -1.0 if x < 0 else 2 * x if x < 1 else 3 * x * x, [0.0, 1.0]),
    (halving, lambda x: 0.5 ** max(0, math.ceil(math.log2(x))) if x > 1 else 1.0, [1.0, 2.0, 4.0]),
    (breaking, lambda x: breaking(x) / x if x else sum(1 / k for k in range(1, 20)), [2.0, 4 / 3, 1.0, -1.0]),
    (largest, largest_slope, [1.5, 4.5, -7.0]),
    (smallest, lambda x: 2 * x if x * x < x else 1.0, [0.5, 1.5, -0.5]),
    (middle, middle_slope, [-0.5, 0.5, 1.5, -1.5]),
    (absolute, lambda x: 2 * x - 1 if x > 1 else 1 - 2 * x, [0.9, 1.1, -1.0]),
    (between, lambda x: 5.0 if 0 < x < 1 else 7.0, [0.0, 1.0]),
    (outside, lambda x: 5.0 if x < 0 or x > 1 else 7.0, [0.0, 1.0]),
    (negated, lambda x: 1.0 if x <= 0 else 2.0, [0.0]),
    (chained, lambda x: 2 * x if 0 < x <= 2 else 1.0, [0.0, 2.0]),
    (truthy, lambda x: 3.0 if x else 5.0, [0.0]),
    (counting, lambda x: float(sum(x > k for k in range(4))), [0.0, 1.0, 2.5, 3.0]),
]  # fmt: skip
NAMES = "f", "slope", "points"
cases = pytest.mark.parametrize(NAMES, FUNCTIONS, ids=[row[0].__name__ for row in FUNCTIONS])


def around(points):
    """Both sides of each point, as near as floats come, and the point."""
    return [x for p in points for x in (math.nextafter(p, -9e9), p, math.nextafter(p, 9e9), p - 0.3, p + 0.3)]


@cases
def test_one_call_takes_the_path_of_plain_python(f, slope, points):
    compiled, both = gl.compile(f), gl.value_and_grad(f)
    xs = around(points)
    for x in xs + xs[::-1]:
        assert compiled(x) == pytest.approx(f(x), rel=1e-15)
        value, gradient = both(x)
        assert value == pytest.approx(f(x), rel=1e-15)
        assert gradient == pytest.approx(slope(x), rel=1e-13), x


@cases
def test_every_row_takes_its_own_path(f, slope, points):
    xs = np.array(around(points))
    np.testing.assert_allclose(gl.vmap(f)(xs), [f(x) for x in xs.tolist()], rtol=1e-14)
    np.testing.assert_allclose(gl.vmap(gl.grad(f))(xs), [slope(x) for x in xs.tolist()], rtol=1e-13)
    total = gl.vmap(lambda w, x: w * f(x), in_axes=(None, 0), reduce="sum")
    value, gradient = gl.value_and_grad(total)(2.0, xs)
    expected = math.fsum(map(f, xs.tolist()))
    assert (value, gradient) == pytest.approx((2.0 * expected, expected), rel=1e-12)


@cases
def test_a_branch_in_a_function_that_is_traced_by_another(f, slope, points):
    outer = gl.grad(lambda x: 2.0 * gl.compile(f)(x))
    for x in around(points):
        assert outer(x) == pytest.approx(2.0 * slope(x), rel=1e-13)


# ---- how paths are found
def test_each_trace_adds_a_path():
    f = gl.compile(early)
    for x in (-1.0, 0.5, 2.0, -2.0, 0.25, 3.0):
        f(x)
    assert len(f.paths) == 3


def test_a_hundred_thousand_near_ties_decide_as_plain_python():
    """The bound is the sum as plain Python has it, or the float before or after that."""

    def tie(a, b, c, d, e, bound):
        return 1.0 * a if a * b + c * d + gm.exp(e) + a / c > bound else 2.0 * a

    rng = np.random.default_rng(14)
    x = rng.uniform(0.5, 2.0, (100_000, 5))
    a, b, c, d, e = x.T.tolist()
    total = [p * q + r * s + math.exp(t) + p / r for p, q, r, s, t in zip(a, b, c, d, e, strict=True)]
    bound = np.nextafter(total, rng.choice([0.0, 9e9], len(total)))
    bound = np.where(rng.random(len(total)) < 0.3, total, bound)
    expected = np.where(np.array(total) > bound, 1.0, 2.0) * x[:, 0]
    assert {y / p for y, p in zip(expected[:50].tolist(), a, strict=False)} == {1.0, 2.0}
    rows = gl.vmap(tie)(*x.T, bound)
    assert np.array_equal(rows, expected)
    f = gl.compile(tie)
    assert [f(*p, q) for p, q in zip(x[:3000].tolist(), bound.tolist(), strict=False)] == rows[:3000].tolist()
    assert len(f.paths) == 2


def test_sums_in_another_order_decide_as_plain_python():
    def tie(a, b, c):
        return 1.0 * a if a + b + c > c + b + a else 2.0 * a

    f = gl.compile(tie)
    draw = random.Random(7).random
    points = np.array([[round(draw(), 2) for _ in range(3)] for _ in range(3000)])
    expected = [tie(*p) for p in points.tolist()]
    assert [f(*p) for p in points.tolist()] == expected
    assert {y == 2.0 * x for x, y in zip(points[:, 0], expected, strict=True) if x} == {True, False}
    assert gl.vmap(tie)(*points.T).tolist() == expected


def test_many_paths_from_one_line_warn_once_and_name_it():
    def count(x):
        n = 0.0
        while x > n:
            n += 1.0
        return x * n

    f = gl.compile(count)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert [f(k + 0.5) for k in range(80)] == [(k + 0.5) * (k + 1) for k in range(80)]
    assert [w.category for w in caught] == [PathWarning]
    text = str(caught[0].message)
    assert "test_branches.py:" in text
    assert "where(cond" in text


def test_the_least_used_path_is_dropped():
    f = gl.compile(halving, max_paths=2)
    for x in (0.5, 0.5, 1.5, 3.0, 6.0, 0.5, 1.5):
        assert f(x) == halving(x)
    assert len(f.paths) <= 2


def test_the_watch_keeps_its_paths_apart():
    limit = [1.0]

    def f(x):
        return x if x > limit[0] else -x

    compiled = gl.compile(f)
    assert [compiled(0.5), compiled(2.0)] == [-0.5, 2.0]
    limit[0] = 3.0
    assert [compiled(0.5), compiled(2.0), compiled(4.0)] == [-0.5, -2.0, 4.0]


# ---- where, and what it does not multiply
def test_where_has_the_gradient_of_the_if():
    f = lambda x: gm.where(x > 0, gm.sqrt(x), 0.0)  # noqa: E731
    assert gl.value_and_grad(f)(0.0) == (0.0, 0.0)
    assert gl.value_and_grad(f)(4.0) == (2.0, 0.25)
    assert len(gl.compile(f).paths) == 0
    compiled = gl.compile(f)
    compiled(-1.0)
    compiled(1.0)
    assert len(compiled.paths) == 1
    assert gl.vmap(gl.grad(f))(np.array([0.0, 4.0])).tolist() == [0.0, 0.25]


def test_a_real_pole_stays_a_pole():
    assert math.isnan(gl.grad(lambda x: gm.sqrt(x) ** 2)(0.0))
    assert gl.grad(gm.sqrt)(0.0) == math.inf


def test_a_dead_part_shared_by_two_wheres():
    def f(x):
        root = gm.sqrt(x)
        return gm.where(x > 0, root, 1.0) + gm.where(x > 0, 2.0 * root, x)

    assert gl.value_and_grad(f)(0.0) == (1.0, 1.0)
    assert gl.value_and_grad(f)(4.0) == (6.0, 0.75)


def test_conditions_are_numbers_until_python_asks():
    def f(x, y):
        both, either, one = (x > 0) & (y > 0), (x > 0) | (y > 0), (x > 0) ^ (y > 0)
        return both + 10.0 * either + 100.0 * one + 1000.0 * ~(x > y)

    compiled = gl.compile(f)
    for x, y in [(1.0, 2.0), (1.0, -2.0), (-1.0, 2.0), (-1.0, -2.0)]:
        both, either = x > 0 and y > 0, x > 0 or y > 0
        assert compiled(x, y) == both + 10 * either + 100 * ((x > 0) != (y > 0)) + 1000 * (x <= y)
    assert len(compiled.paths) == 1


def test_an_int_of_a_condition_is_a_branch():
    table = (5.0, 7.0)
    f = gl.compile(lambda x: x * table[x > 0] + int(x > 1))
    assert [f(-1.0), f(0.5), f(2.0)] == [-5.0, 3.5, 15.0]


def test_equality_of_two_traced_values_is_refused():
    with pytest.raises(gl.TraceError, match="a - b == 0"):
        gl.compile(lambda x, y: x if x == y else y)(1.0, 2.0)
    f = gl.compile(lambda x, y: 1.0 * x if x - y == 0 else 2.0 * y)
    assert [f(3.0, 3.0), f(3.0, 4.0)] == [3.0, 8.0]


# ---- arithmetic is IEEE, so that it does not matter which call comes first
def test_where_python_raises_a_program_goes_on():
    def f(x):
        return [1.0 / x, gm.log(x), gm.exp(1000.0 + x), gm.sqrt(-1.0 - x), 1.0 % x, (x - 1.0) ** 0.5]

    points = (0.0, 2.0, -1.0)
    found = []
    for turned in (points, points[::-1]):
        compiled = gl.compile(f)
        found.append({x: compiled(x) for x in turned})
        assert len(compiled.paths) == 1
    assert repr(found[0][0.0]) == "[inf, -inf, inf, nan, nan, nan]"
    for x in points:
        assert repr(found[0][x]) == repr(found[1][x])
        assert repr(gl.vmap(f)(np.array(points))[0].tolist()) == repr([found[0][x][0] for x in points])


# ---- nan is on no side
def test_nan_in_comparisons():
    f = gl.compile(lambda x: 1.0 * x if x < 0 else 2.0 * x if x >= 0 else gm.where(x > 0, 3.0, 4.0))
    assert [f(-1.0), f(1.0), f(math.nan), f(-1.0)] == [-1.0, 2.0, 4.0, -1.0]
    rows = gl.vmap(lambda x: 1.0 if x < 0 else 2.0 if x >= 0 else 3.0)(np.array([math.nan, -1.0, 1.0]))
    assert rows.tolist() == [3.0, 1.0, 2.0]
    unequal = gl.compile(lambda x: 1.0 if x != x else x)
    assert [unequal(2.0), unequal(math.nan), unequal(3.0)] == [2.0, 1.0, 3.0]


def test_nan_through_max_and_abs():
    assert math.isnan(gl.compile(lambda x: gm.maximum(x, 1.0))(math.nan))
    assert gl.compile(lambda x: max(1.0, x))(math.nan) == max(1.0, math.nan)
    assert math.isnan(gl.compile(abs)(math.nan))


def test_tests_for_nan_and_infinity_are_branches():
    f = gl.compile(lambda x: 0.0 if gm.isnan(x) else 1.0 if gm.isinf(x) else 2.0 * x)
    assert [f(3.0), f(math.nan), f(math.inf), f(-math.inf), f(4.0)] == [6.0, 0.0, 1.0, 1.0, 8.0]
    g = gl.compile(lambda x: gm.where(gm.isfinite(x), x, 0.0))
    assert [g(3.0), g(math.nan), g(-math.inf)] == [3.0, 0.0, 0.0]
    assert len(g.paths) == 1
    assert [gm.isnan(gl.Value(math.nan)), gm.isinf(2.0), gm.isfinite(gl.Value(2.0))] == [True, False, True]


# ---- jumps
def test_the_gradient_of_a_jump_is_that_of_the_path_taken():
    # A digital option: pays 1 where s * z > 1. Every path's gradient is 0, though the mean's is not.
    digital = gl.vmap(lambda s, z: 1.0 if s * z > 1.0 else 0.0, in_axes=(None, 0), reduce="mean")
    z = np.linspace(0.5, 1.5, 11)
    value, delta = gl.value_and_grad(digital)(1.0, z)
    assert value == pytest.approx(5 / 11)
    assert delta == 0.0
    # Smoothed, its gradient is that of the smooth mean.
    smooth = gl.vmap(lambda s, z: gm.sigmoid(20.0 * (s * z - 1.0)), in_axes=(None, 0), reduce="mean")
    p = 1.0 / (1.0 + np.exp(-20.0 * (z - 1.0)))
    assert gl.grad(smooth)(1.0, z) == pytest.approx(float(np.mean(20.0 * z * p * (1.0 - p))))
