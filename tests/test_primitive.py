"""primitive: a user's own operation behaves like a row of the table."""

import math
import pickle

import numpy as np
import pytest

from gradloom import Value, gradcheck, primitive
from gradloom.engine import apply
from gradloom.ops import TABLE, spell


def cubed(x):
    return x * x * x


def cubed_partials(m, x, r):
    return (3.0 * x * x,)


cube = primitive(cubed, cubed_partials)


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in TABLE.values() if not row.marks])
def test_a_row_of_the_table_made_by_hand(row):
    """The same two functions give the same numbers and gradients, whoever wraps them."""
    by_hand = primitive(
        (lambda x: row.value(x)) if row.arity == 1 else (lambda x, y: row.value(x, y)),
        (lambda m, x, r: row.partials(m, x, r))
        if row.arity == 1
        else (lambda m, x, y, r: row.partials(m, x, y, r)),
    )
    point = [lo + 0.3 * (hi - lo) for lo, hi in row.domain]
    results = []
    for operation in (by_hand, lambda *xs: apply(row, *xs)):
        xs = [Value(x) for x in point]
        result = operation(*xs)
        result.backward(2.0)
        results.append((result.data, [x.grad for x in xs]))
    assert results[0] == results[1]


def test_values_numbers_and_both():
    scaled = primitive(lambda x, y: x * math.exp(y), lambda m, x, y, r: (m.exp(y), r))
    x, y = Value(2.0), Value(0.5)
    z = scaled(x, y)
    z.backward()
    assert (z.data, x.grad, y.grad) == (2.0 * math.exp(0.5), math.exp(0.5), 2.0 * math.exp(0.5))
    assert scaled(2.0, 0.5) == z.data
    assert type(scaled(2, np.float32(0.5))) is float
    half = scaled(x, 0.5)
    assert [v.data for v in half.operands] == [2.0, 0.5]
    assert gradcheck(lambda a, b: scaled(scaled(a, b), a), [0.3, -0.2])


def test_it_is_a_row():
    assert cube.__name__ == "cubed"
    assert cube.row.arity == 1
    assert spell(cube.row) == ("(3.0 * x) * x",)
    assert cube.row.reads == (0,)
    assert cube(Value(2.0))._op == "cubed"


def test_partials_see_the_number_at_backward_time():
    x = Value(2.0)
    y = cube(x)
    x.data = 3.0
    with pytest.raises(RuntimeError, match="compute the result again"):
        y.backward()


def test_a_pole_is_inf_and_no_error():
    root = primitive(math.sqrt, lambda m, x, r: (0.5 / r,))
    x = Value(0.0)
    root(x).backward()
    assert x.grad == math.inf


def test_pythons_errors_name_the_operation():
    def root(x):
        return math.sqrt(x)

    with pytest.raises(ValueError, match=r"math domain error in root\(a=-1.0\)"):
        primitive(root, lambda m, x, r: (0.5 / r,))(Value(-1.0, label="a"))


def test_partials_with_more_operands_than_letters():
    total = primitive(lambda a, b, c, d: a * b + c * d, lambda m, a, b, c, d, r: (b, a, d, c))
    xs = [Value(x) for x in (1.0, 2.0, 3.0, 4.0)]
    total(*xs).backward()
    assert [x.grad for x in xs] == [2.0, 1.0, 4.0, 3.0]
    assert total.row.reads == (0, 1, 2, 3)


def test_partials_that_only_numbers_understand():
    """Not for compiling, but true: all operands count as read."""
    odd = primitive(lambda x: x, lambda m, x, r: (float(f"{x:.17g}") / x,))
    x = Value(2.0)
    odd(x).backward()
    assert x.grad == 1.0
    assert odd.row.reads == (0,)


def test_it_copies_and_pickles_when_its_parts_do():
    x = Value(2.0)
    y, leaf = pickle.loads(pickle.dumps((cube(x), x)))
    y.backward()
    assert (y.data, leaf.grad) == (8.0, 12.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: primitive(3, cubed_partials), "value must be a function, not int"),
        (lambda: primitive(cubed, None), "partials must be a function, not NoneType"),
        (lambda: primitive(cubed, lambda m, x: (1.0,)), "3 arguments"),
        (lambda: primitive(lambda *xs: 1.0, cubed_partials), r"by position, without \*"),
        (lambda: primitive(lambda: 1.0, lambda m, r: ()), "at least one operand"),
        (lambda: cube(Value(1.0), 2.0), "cubed takes 1 operands, not 2"),
        (lambda: cube("x"), "an operand of cubed must be a number"),
        (lambda: cube(np.ones(2)), "loop over the elements"),
        (lambda: primitive(lambda x: "x", cubed_partials)(1.0), "must be a number, not str"),
        (lambda: primitive(lambda x: "x", cubed_partials)(Value(1.0)), "must be a number, not str"),
    ],
)
def test_bad_input(make, message):
    with pytest.raises(TypeError, match=message):
        make()


@pytest.mark.parametrize("partials", [lambda m, x, r: 1.0, lambda m, x, r: (1.0, 2.0), lambda m, x, r: [1.0]])
def test_partials_of_the_wrong_shape_change_no_gradient(partials):
    x = Value(2.0)
    x.grad = 1.5
    y = primitive(lambda x: x, partials)(x) + x
    with pytest.raises(TypeError, match="must be a tuple of 1"):
        y.backward()
    assert x.grad == 1.5
