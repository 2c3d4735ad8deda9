"""gradloom.math: the standard module to the letter, and gradients where there are any."""

import inspect
import itertools
import math
import pickle
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from mpmath import mp

import gradloom.math as gm
from gradloom import Value
from gradloom.ops import TABLE

nan, inf = math.nan, math.inf
STANDARD = [name for name in dir(math) if not name.startswith("_")]
FUNCTIONS = [name for name in STANDARD if callable(getattr(math, name))]
NUMBERS = [0, 1, 2, 7, -3, True, 0.0, -0.0, 0.5, -0.3, 2.5, 1e300, 5e-324, inf, -inf, nan, 10**400]
NUMBERS += [Fraction(1, 3), np.float64(0.25), np.float32(0.5), np.int64(3), np.array(0.75)]
ODD = ["x", None, [0.5], 1j, {}]
PAIRS = [(0.5, 2.0), (2.0, 0.5), (6, 4), (-7.5, 2.0), (-1.0, 2), (0.0, -1.0), (inf, 1.0), (1.0, nan), (5, 0)]
SEQUENCES = [[], [1, 2, 3], (0.1,) * 10, [1e16, 1.0, -1e16], [inf, -inf], ["x"], np.array([1.5, 2.5]), 3]


def outcome(function, *xs, **options):
    """Type and text of what comes back, or the type and text of the error."""
    try:
        result = function(*xs, **options)
    except Exception as error:
        return type(error), str(error)
    return type(result), repr(result)


def gradients(f, *numbers):
    """The number and the gradients of ``f`` of Values."""
    xs = [Value(x) for x in numbers]
    result = f(*xs)
    result.backward()
    return result.data, tuple(x.grad for x in xs)


# ---- numbers: exactly the standard module
def test_every_name_is_there():
    assert set(STANDARD) <= set(gm.__all__)
    assert dir(gm) == gm.__all__
    assert all(hasattr(gm, name) for name in gm.__all__)


@pytest.mark.parametrize("name", STANDARD)
def test_constants_are_the_same(name):
    if name not in FUNCTIONS:
        assert getattr(gm, name) is getattr(math, name)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_numbers_give_what_math_gives(name):
    ours, standard = getattr(gm, name), getattr(math, name)
    calls = [(), *((x,) for x in NUMBERS + ODD + SEQUENCES), *PAIRS, (1, 2, 3), (1.5, 2.5, 3.5)]
    calls += [(xs, ys) for xs, ys in itertools.combinations(SEQUENCES[:3], 2)]
    if name in ("factorial", "comb", "perm", "isqrt", "gcd", "lcm"):
        calls.remove((10**400,))
    for call in calls:
        if any(isinstance(x, np.ndarray) and x.ndim for x in call) and name not in ("fsum", "prod", "dist"):
            continue  # arrays are mapped: the standard module does not do that
        assert outcome(ours, *call) == outcome(standard, *call), call


def test_keywords_are_those_of_math():
    assert gm.isclose(1.0, 1.1, rel_tol=0.2)
    assert not gm.isclose(1.0, 1.1, abs_tol=0.01)
    assert gm.prod([2, 3], start=4) == 24
    assert gm.perm(5, k=2) == math.perm(5, k=2) if sys.version_info >= (3, 14) else True


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name not in ("hypot", "log")])
def test_signatures_are_those_of_math(name):
    assert inspect.signature(getattr(gm, name)) == inspect.signature(getattr(math, name))


def test_functions_pickle_by_name():
    functions = [f for f in vars(gm).values() if getattr(f, "__name__", "_") in gm.__all__]
    assert len(functions) == len(gm.__all__) - len({"e", "inf", "nan", "pi", "tau"})
    assert pickle.loads(pickle.dumps(functions)) == functions


# ---- Values: the row's method
ROWS = [pytest.param(row, id=row.name) for row in TABLE.values() if row.name in row.methods]


@pytest.mark.parametrize("row", [row for row in ROWS if row.values[0].name in gm.__all__])
def test_a_row_is_its_method(row, monkeypatch):
    point = [max(lo, 0.0) + 0.3 * (hi - max(lo, 0.0)) for lo, hi in row.domain]
    f = getattr(gm, row.name)
    xs = [Value(x) for x in point]
    result = f(*xs)
    assert (result.data, result._op, result.operands) == (row.value(*point), row.symbol, tuple(xs))
    assert f(*point) == row.value(*point)
    assert type(f(*point)) in (float, int)
    assert f.__doc__ == row.doc
    for values in itertools.product([False, True], repeat=row.arity):
        mixed = [Value(x) if value else x for x, value in zip(point, values, strict=True)]
        assert float(getattr(f(*mixed), "data", f(*mixed))) == row.value(*point)
    monkeypatch.setattr(Value, row.name, lambda self, *others: "mine")
    assert f(*xs) == "mine"
    assert f(*point[:-1], xs[-1]) == "mine"


def test_every_public_row_is_there():
    """abs and round are Python's own and work on Values: a star import must not hide them."""
    public = {row.name for row in TABLE.values() if row.name in row.methods}
    assert public - set(gm.__all__) == {"abs", "round"}


def test_a_subclass_keeps_its_own_method():
    class Mine(Value):
        def tanh(self):
            return "mine"

    assert gm.tanh(Mine(1.0)) == "mine"


# ---- Values: compositions, against mpmath
def distance(a, b, c, d):
    return mp.hypot(a - c, b - d)


COMPOSED = [
    (gm.degrees, (0.7,), mp.degrees),
    (gm.radians, (0.7,), mp.radians),
    (gm.pow, (1.3, 2.7), mp.power),
    (gm.log, (5.0, 3.0), mp.log),
    (gm.hypot, (3.0, -4.0, 12.0), lambda x, y, z: mp.sqrt(x * x + y * y + z * z)),
    (gm.hypot, (-3.0,), abs),
    (gm.fmod, (7.5, 2.0), lambda x, y: x - 3 * y),
    (gm.fmod, (-7.5, 2.0), lambda x, y: x + 3 * y),
    (gm.fmod, (7.5, -2.0), lambda x, y: x + 3 * y),
    (gm.remainder, (7.5, 2.0), lambda x, y: x - 4 * y),
    (gm.remainder, (-7.5, 2.0), lambda x, y: x + 4 * y),
    (gm.remainder, (6.5, 2.0), lambda x, y: x - 3 * y),
    (gm.ldexp, (0.7, 3.0), lambda x, i: x * 8 * mp.power(2, i - 3)),
    (lambda *xs: gm.fsum(xs), (0.1, 0.2, 0.3), lambda *xs: mp.fsum(xs)),
    (lambda *xs: gm.prod(xs), (1.5, 2.5, 3.5), lambda *xs: mp.fprod(xs)),
    (lambda x, y: gm.prod([x], start=y), (1.5, 2.5), lambda x, y: x * y),
    (lambda a, b, c, d: gm.dist([a, b], (c, d)), (1.0, 2.0, 4.0, 6.0), distance),
    (lambda *xs: gm.dot(xs[:2], xs[2:]), (1.0, 2.0, 3.0, 4.0), lambda a, b, c, d: a * c + b * d),
    (gm.trunc, (-2.5,), lambda x: mp.mpf(-2)),
    (lambda x: gm.modf(x)[0], (-2.5,), lambda x: x + 2),
    (lambda x: gm.modf(x)[1], (2.5,), lambda x: mp.mpf(2)),
    (lambda x: gm.frexp(x)[0], (5.0,), lambda x: x / 8),
    (lambda x: gm.clip(x, -1.0, 1.0), (0.3,), lambda x: x),
    (lambda x, lo: gm.clip(x, lo, 1.0), (-3.0, -2.0), lambda x, lo: lo),
    (lambda *xs: gm.logsumexp(xs), (1.0, 2.0, -3.0), lambda *xs: mp.log(sum(map(mp.exp, xs)))),
    (lambda *xs: gm.softmax(xs)[1], (1.0, 2.0, -3.0), lambda *xs: mp.exp(xs[1]) / sum(map(mp.exp, xs))),
    (gm.maximum, (1.0, 3.0, 2.0), max),
    (gm.minimum, (3.0, 1.0, 2.0), min),
]


@pytest.mark.parametrize(("f", "point", "reference"), COMPOSED)
def test_compositions_agree_with_the_reference(f, point, reference):
    number, grads = gradients(f, *point)
    with mp.workdps(30):
        assert math.isclose(number, reference(*map(mp.mpf, point)), rel_tol=4e-16)
        for i, grad in enumerate(grads):
            order = tuple(int(j == i) for j in range(len(point)))
            assert math.isclose(grad, mp.diff(reference, point, order), rel_tol=1e-14, abs_tol=1e-25)


@pytest.mark.parametrize("name", ["degrees", "radians", "trunc", "pow", "log", "hypot", "fmod", "remainder"])
def test_compositions_have_the_number_of_math(name):
    ours, standard = getattr(gm, name), getattr(math, name)
    numbers = [0.3, 1.0, 2.0, 2.5, 3.0, 7.25, 1e-9, 123456.7, -0.3, -2.5, -8.0, 1e20]
    for point in itertools.product(numbers, repeat=1 if name in ("degrees", "radians", "trunc") else 2):
        try:
            expected = float(standard(*point))
        except (ArithmeticError, ValueError):
            continue
        assert math.isclose(ours(*map(Value, point)).data, expected, rel_tol=1e-15), point


def test_the_derivative_of_fmod_does_not_depend_on_the_side():
    """In the dividend it is 1 everywhere, at 0 and at the jumps too."""
    for x in (-6.0, -1.0, -0.0, 0.0, 1.0, 6.0):
        assert gradients(gm.fmod, x, 3.0)[1][0] == 1.0
        assert gradients(gm.remainder, x, 3.0)[1][0] == 1.0


def test_fsum_is_exact():
    assert gradients(lambda *xs: gm.fsum(xs), *[0.1] * 10) == (1.0, (1.0,) * 10)
    assert gradients(lambda *xs: gm.fsum(xs), 1e16, 1.0, -1e16) == (1.0, (1.0,) * 3)
    assert gm.fsum(Value(x) for x in (1.0, inf)).data == inf


def test_ldexp_and_frexp_reach_the_ends():
    assert gm.ldexp(Value(2.0**100), -1100).data == math.ldexp(2.0**100, -1100)
    assert gm.ldexp(Value(5e-324), 1074).data == 1.0
    mantissa, exponent = gm.frexp(Value(5e-324))
    assert (mantissa.data, exponent) == math.frexp(5e-324)


NEWER = """
import math
if not hasattr(math, "fma"):
    from fractions import Fraction
    math.fma = lambda x, y, z: float(Fraction(x) * Fraction(y) + Fraction(z))
if not hasattr(math, "sumprod"):
    from fractions import Fraction
    math.sumprod = lambda p, q: float(sum(Fraction(x) * Fraction(y) for x, y in zip(p, q, strict=True)))
from gradloom import Value, math as gm
x, y, z = Value(0.1), Value(10.0), Value(-1.0)
r = gm.fma(x, y, z)
r.backward()
assert r.data == gm.fma(0.1, 10.0, -1.0) != 0.0
assert (x.grad, y.grad, z.grad) == (10.0, 0.1, 1.0)
x.grad = y.grad = z.grad = 0.0
r = gm.sumprod([x, 1.0], (y, z))
r.backward()
assert r.data == gm.sumprod([0.1, 1.0], [10.0, -1.0]) != 0.0
assert (x.grad, y.grad, z.grad) == (10.0, 0.1, 1.0)
"""


def test_what_newer_versions_of_math_have():
    """fma came with Python 3.13 and sumprod with 3.12; before, exact fractions stand in for them."""
    subprocess.run([sys.executable, "-c", NEWER], check=True)


# ---- Values: where there is no derivative
@pytest.mark.parametrize("name", ["isnan", "isinf", "isfinite"])
def test_predicates_look_at_the_number(name):
    for x in (0.0, nan, inf):
        assert getattr(gm, name)(Value(x)) is getattr(math, name)(x)


def test_isclose_looks_at_the_numbers():
    assert gm.isclose(Value(1.0), 1.0 + 1e-12) is True
    assert gm.isclose(1.0, Value(1.1)) is False
    assert gm.isclose(Value(1.0), Value(1.1), rel_tol=0.2) is True


@pytest.mark.parametrize(
    ("name", "cure"),
    [(name, r"give it int\(v.data\)") for name in ("comb", "factorial", "gcd", "isqrt", "lcm", "perm")]
    + [(name, "gradloom.primitive") for name in ("gamma", "lgamma")]
    + [(name, "give it v.data") for name in ("nextafter", "ulp")],
)
def test_no_derivative_says_what_to_do(name, cure):
    with pytest.raises(TypeError, match=rf"{name}\(\) of a Value has no derivative here; .*{cure}"):
        getattr(gm, name)(Value(4.0), 2)
