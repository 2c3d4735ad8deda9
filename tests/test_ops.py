"""The table: every row against mpmath, against Python, against its own other columns.

The loops name no operation, so a new row is tested without a new test. What is decided and not
mathematics (ties, singular points) is listed in ``test_conventions.py``.
"""

import ast
import builtins
import inspect
import itertools
import math
import operator
import random
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from mpmath import mp

from gradloom import ops
from gradloom.arithmetic import evaluate_ieee, local_derivatives
from gradloom.engine import Value, apply
from gradloom.ops import FLOATS, TABLE, operand_names, spell

SOURCE = Path(ops.__file__)
nan, inf = math.nan, math.inf
SPECIAL = [nan, inf, -inf, 0.0, -0.0, 1.0, -1.5, 5e-324, -1e308]

ROWS = [pytest.param(row, id=row.name) for row in TABLE.values()]
# The derivatives of these are not those of their numbers: this is what they are for.
DECLARED = ("detach", "unknown", "custom")
DERIVED = [pytest.param(row, id=row.name) for row in TABLE.values() if row.name not in DECLARED]

each_row = pytest.mark.parametrize("row", ROWS)
each_derived_row = pytest.mark.parametrize("row", DERIVED)


# ---- points, and the oracle
def points(row, count=12):
    """Random points of the row's domain, the same in every run."""
    rng = random.Random(row.name)
    return [tuple(rng.uniform(lo, hi) for lo, hi in row.domain) for _ in range(count)]


def corners(row):
    """The points of small whole numbers in the domain: zeros, ties, the exponents 0 and 1."""
    inside = ([k for k in (-1.0, 0.0, 1.0, 2.0) if lo <= k <= hi] for lo, hi in row.domain)
    return list(itertools.product(*inside))


def specials(row):
    return list(itertools.product(SPECIAL, repeat=row.arity))


def reference(row):
    """The row's mpmath expression as a function."""
    names = {name: getattr(mp, name) for name in dir(mp) if name[0].isalpha()}
    names |= {"abs": abs, "max": max, "min": min}
    code = compile(row.reference, row.name, "eval")
    return lambda *xs: mp.mpf(eval(code, names, dict(zip("xyz", xs, strict=False))))


def derivative(f, point, *positions):
    """mpmath's derivative of ``f`` by the operands at these positions."""
    orders = [positions.count(i) for i in range(len(point))]
    return mp.diff(f, tuple(map(mp.mpf, point)), tuple(orders))


def smooth(f, point, i):
    """Whether ``f`` has one finite slope at ``point`` by operand ``i``, from the left as from the right."""

    def along(t):
        return f(*(t if j == i else mp.mpf(x) for j, x in enumerate(point)))

    left, right = (mp.diff(along, point[i], direction=side) for side in (-1, 1))
    return abs(left - right) <= 1e-9 * (1 + abs(left)) and abs(left) < 1e9


def close(got, want, relative, absolute=0.0):
    return abs(mp.mpf(got) - want) <= relative * abs(want) + absolute


def derived(row):
    """The positions of the operands that have a derivative."""
    return range(row.arity - row.parameter)


def leaves(row, point):
    """The operands for ``apply``: Values, a parameter as the number it is."""
    return [Value(x) if i in derived(row) else x for i, x in enumerate(point)]


def outcome(function, xs):
    """What a call gives, as text that tells 0.0 from -0.0, or the type of its error."""
    try:
        result = function(*xs)
    except (ArithmeticError, ValueError) as error:
        return type(error)
    return ValueError if isinstance(result, complex) else repr(float(result))


@pytest.fixture(autouse=True)
def precision():
    with mp.workdps(40):
        yield


# ---- mathematics
@each_row
def test_value_agrees_with_the_reference(row):
    f = reference(row)
    for point in points(row) + corners(row):
        # The last bit of a difference of the operands is lost where it is taken (mod, sinh).
        assert close(row.value(*point), f(*map(mp.mpf, point)), 2e-15, 4e-16), point


@each_derived_row
def test_partials_agree_with_the_reference(row):
    f = reference(row)
    absolute = 1e-15 if "accurate absolutely" in row.note else 0.0
    for point in points(row) + corners(row):
        partials = local_derivatives(row, point, row.value(*point))
        assert len(partials) == len(derived(row))
        for i, partial in enumerate(partials):
            if point in points(row) or smooth(f, point, i):
                assert close(partial, derivative(f, point, i), 1e-13, absolute), (point, i)


@each_derived_row
def test_second_derivatives_come_from_the_partials(row):
    """The partials run on Values, whose ``backward()`` differentiates them once more."""
    f, m = reference(row), SimpleNamespace(**{r.name: on_values(r) for r in TABLE.values()})
    regular = [point for point in corners(row) if all(smooth(f, point, i) for i in derived(row))]
    for point in points(row, 3) + regular:
        for i in derived(row):
            operands = leaves(row, point)
            partial = row.partials(m, *operands, apply(row, *operands))[i]
            if isinstance(partial, Value):
                partial.backward()
            for j in derived(row):
                assert close(operands[j].grad, derivative(f, point, i, j), 1e-11, 1e-12), (point, i, j)


def on_values(row):
    return lambda *xs: apply(row, *xs) if any(isinstance(x, Value) for x in xs) else row.value(*xs)


@pytest.mark.parametrize("row", [row for row in ROWS if row.values[0].arity == 2])
def test_commutative_rows_are_those_that_commute(row):
    def swaps(x, y):
        there, back = (local_derivatives(row, xy, row.value(*xy)) for xy in [(x, y), (y, x)])
        return row.value(x, y) == row.value(y, x) and there == back[::-1]

    if "commutative" in row.marks:
        assert all(outcome(row.value, xy) == outcome(row.value, xy[::-1]) for xy in specials(row))
    if not row.selects:
        positive = [(abs(x), abs(y)) for x, y in points(row)]
        assert all(swaps(x, y) for x, y in positive) == ("commutative" in row.marks)


# ---- Python
def python_twin(row):
    """What Python itself calls the operation, or None."""
    if row.name in ("and", "or"):  # Python's functions of these names are about bits
        return None
    hook = next((name for name in row.methods if name.startswith("__")), f"__{row.name}__")
    for home, name in [(operator, hook), (math, row.name), (builtins, row.name)]:
        if hasattr(home, name):
            return getattr(home, name)
    return None


@each_row
def test_numbers_and_errors_are_pythons_own(row):
    twin = python_twin(row)
    for xs in points(row) + corners(row) + specials(row):
        if twin:
            assert outcome(row.value, xs) == outcome(twin, xs), xs
        elif row.arity == 1:
            assert isinstance(row.value(*xs), float)


@each_row
def test_backward_survives_nan_infinities_and_signed_zeros(row):
    for xs in specials(row):
        operands = leaves(row, xs)
        try:
            result = apply(row, *operands)
        except (ArithmeticError, ValueError) as error:
            assert type(error) is outcome(row.value, xs)  # noqa: PT017
            continue
        result.backward()
        assert all(type(x.grad) is float for x in operands if isinstance(x, Value))


@each_row
def test_a_value_that_can_raise_has_an_ieee_number(row):
    """Where Python raises, the derivatives of other rows go on with NumPy's inf or nan."""
    for xs in specials(row):
        if isinstance(outcome(row.value, xs), type):
            with np.errstate(all="ignore"):
                assert isinstance(getattr(np, row.ufunc)(*map(np.float64, xs)), np.float64)


@pytest.mark.parametrize("row", [row for row in ROWS if row.values[0].arity == 1 and row.id != "not"])
def test_nan_stays_nan(row):
    assert outcome(row.value, (nan,)) in ("nan", ValueError)


@each_row
def test_rows_that_select_have_derivatives_of_0_and_1(row):
    """Only these may drop a gradient where the derivative is 0; elsewhere 0 * inf is an honest nan."""
    partials = set()
    for point in points(row) + corners(row):
        partials |= set(local_derivatives(row, point, row.value(*point)))
    assert row.selects == (partials <= {-1.0, 0.0, 1.0} and 0.0 in partials)


@pytest.mark.parametrize("row", [row for row in ROWS if row.values[0].selects])
def test_what_is_not_taken_gets_nothing(row):
    """A derivative of 0 passes no gradient, not even 0 * inf."""
    for point in points(row) + corners(row):
        operands = leaves(row, point)
        apply(row, *operands).backward(inf)
        for x, partial in zip(operands, row.partials(FLOATS, *point, row.value(*point)), strict=True):
            assert x.grad == (0.0 if partial == 0.0 else partial * inf)


def finite(numbers):
    return all(map(math.isfinite, numbers))


@pytest.mark.parametrize("row", [row for row in ROWS if row.id != "custom"])
def test_rows_without_a_pole_have_finite_derivatives(row):
    """The compiler masks what is not taken only in front of a pole; custom's derivative is any number."""
    some = [0.0, -0.0, 5e-324, 1e-300, 0.5, 1.0, 2.0, 1e10, 1e300]
    found = []
    for xs in itertools.product([*some, *(-x for x in some)], repeat=row.arity):
        if row.parameter and xs[-1] not in (-1.0, 0.0, 0.5, 1.0, 2.0):
            continue
        result = evaluate_ieee(row, xs)
        if row.pole or math.isfinite(result):  # at a pole it may be infinite, too, and elsewhere overflow
            found.append(finite(local_derivatives(row, xs, result)))
    assert found
    assert all(found) != row.pole


# ---- one column against another
def test_names_are_unique_where_they_must_be():
    methods = [name for row in TABLE.values() for name in row.methods]
    symbols = [row.symbol for row in TABLE.values() if "internal" not in row.marks]
    assert len(methods) == len(set(methods))
    assert len(symbols) == len(set(symbols))
    assert list(TABLE) == [row.name for row in ops._ROWS]


@each_row
def test_columns_have_the_same_operands(row):
    assert len(inspect.signature(row.partials).parameters) == row.arity + 2
    assert set(re.findall(r"\b[xyz]\b", row.reference)) == set(operand_names(row.arity))
    known = {"operator", "commutative", "parameter", "selects", "pole", "internal"}
    assert set(row.marks.split()) <= known


# Python's & and | are about bits.
@pytest.mark.parametrize("row", [row for row in ROWS if row.id not in ("and", "or", "not")])
def test_spelling_is_the_call(row):
    names = operand_names(row.arity)
    for point in points(row):
        known = {**vars(FLOATS), **dict(zip(names, point, strict=True))}
        assert eval(row.spelling.format(*names), known) == row.value(*point)


@each_row
def test_spelled_partials_are_the_partials(row):
    for point in points(row):
        r = row.value(*point)
        names = {**vars(FLOATS), **dict(zip("xyz", point, strict=False)), "r": r}
        assert tuple(eval(text, names) for text in spell(row)) == row.partials(FLOATS, *point, r)


@each_row
def test_reads_names_the_operands_that_the_partials_read(row):
    seen = set()
    for point, other in itertools.combinations(points(row) + corners(row), 2):
        r = row.value(*point)
        for i in range(row.arity):
            moved = (*point[:i], other[i], *point[i + 1 :])
            if local_derivatives(row, moved, r) != local_derivatives(row, point, r):
                seen.add(i)
    assert seen == set(row.reads)


def test_spelling_of_a_few_rows():
    spelled = {name: spell(TABLE[name]) for name in ("add", "div", "tanh", "exp", "hypot", "relu", "acos")}
    assert spelled == {
        "add": ("1.0", "1.0"),
        "div": ("1.0 / y", "(-r) / y"),
        "tanh": ("1.0 - (r * r)",),
        "exp": ("r",),
        "hypot": ("x / where(eq(r, 0.0), 1.0, r)", "y / where(eq(r, 0.0), 1.0, r)"),
        "relu": ("1.0 - le(x, 0.0)",),
        "acos": ("(-1.0) / sqrt((1.0 - x) * (1.0 + x))",),
    }
    assert spell(TABLE["tan"], "value_{}") == ("1.0 + (r * r)",)
    assert spell(TABLE["sin"], "value_{}") == ("value_cos(x)",)
    assert TABLE["add"].doc == "r = x + y, where d/dx = 1.0, d/dy = 1.0."
    assert TABLE["powc"].picture_symbol((3.0, 2.0)) == "**2"


# ---- the file
def test_the_table_imports_the_standard_library_only():
    for node in ast.walk(ast.parse(SOURCE.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) else []
        assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names
