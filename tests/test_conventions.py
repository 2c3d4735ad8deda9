"""What the table decides where mathematics leaves a choice: ties, edges, singular points, nan."""

import math

import pytest

from gradloom.engine import Value, apply
from gradloom.ops import TABLE

nan, inf = math.nan, math.inf

CONVENTIONS = [
    ("sqrt", (0.0,), (inf,)),
    ("cbrt", (0.0,), (inf,)),
    ("cbrt", (-0.0,), (inf,)),
    ("asin", (1.0,), (inf,)),
    ("acos", (-1.0,), (-inf,)),
    ("acosh", (1.0,), (inf,)),
    ("hypot", (0.0, 0.0), (0.0, 0.0)),
    ("atan2", (0.0, 0.0), (nan, nan)),
    ("pow", (3.0, 0.0), (0.0, math.log(3.0))),
    ("pow", (0.0, 0.0), (0.0, -inf)),
    ("pow", (0.0, 1.0), (1.0, 0.0)),
    ("pow", (0.0, 2.0), (0.0, 0.0)),
    ("pow", (0.0, 0.5), (inf, 0.0)),
    ("pow", (-2.0, 3.0), (12.0, nan)),
    ("powc", (0.0, 0.0), (0.0,)),
    ("powc", (nan, 0.0), (0.0,)),
    ("powc", (0.0, 1.0), (1.0,)),
    ("powc", (0.0, 0.5), (inf,)),
    ("powc", (-2.0, 3.0), (12.0,)),
    ("relu", (0.0,), (0.0,)),
    ("relu", (-0.0,), (0.0,)),
    ("abs", (0.0,), (0.0,)),
    ("abs", (-0.0,), (0.0,)),
    ("copysign", (0.0, -1.0), (0.0, 0.0)),
    ("maximum", (2.0, 2.0), (1.0, 0.0)),
    ("minimum", (2.0, 2.0), (1.0, 0.0)),
    ("maximum", (nan, 2.0), (1.0, 0.0)),
    ("minimum", (2.0, nan), (0.0, 1.0)),
    ("floor", (2.0,), (0.0,)),
    ("ceil", (2.0,), (0.0,)),
    ("round", (2.5,), (0.0,)),
    ("floordiv", (4.0, 2.0), (0.0, 0.0)),
    ("mod", (4.0, 2.0), (1.0, -2.0)),
    ("where", (0.0, 5.0, 6.0), (0.0, 0.0, 1.0)),
    ("where", (nan, 5.0, 6.0), (0.0, 1.0, 0.0)),
    ("detach", (2.0,), (0.0,)),
]


@pytest.mark.parametrize(("name", "point", "gradients"), CONVENTIONS)
def test_convention(name, point, gradients):
    row = TABLE[name]
    operands = [*map(Value, point[: row.arity - row.parameter]), *point[row.arity - row.parameter :]]
    apply(row, *operands).backward()
    assert repr(tuple(x.grad for x in operands if isinstance(x, Value))) == repr(gradients)


@pytest.mark.parametrize("name", ["maximum", "minimum"])
@pytest.mark.parametrize("point", [(nan, 1.0), (1.0, nan), (nan, nan)])
def test_nan_wins(name, point):
    assert math.isnan(TABLE[name].value(*point))


def test_a_zero_in_the_denominator_is_not_hidden():
    """sqrt(x)**2 at 0 is inf * 0: nan, and nobody makes a 0 of it."""
    x = Value(0.0)
    (x.sqrt() ** 2).backward()
    assert math.isnan(x.grad)


@pytest.mark.parametrize("c", [2.0, 3.0, -1.0, 0.5, 1.7, -2.0])
def test_one_formula_per_exponent(c):
    formulas = {2.0: lambda x: x * x, 3.0: lambda x: x * x * x, -1.0: lambda x: 1.0 / x, 0.5: math.sqrt}
    for x in (0.3, 1.1, 2.7, 1e-5):
        assert TABLE["powc"].value(x, c) == formulas.get(c, lambda x: x**c)(x)
        assert (Value(x) ** c).data == TABLE["powc"].value(x, c)
