"""The plain engine is the definition; the native one must agree with it to the last bit (RULES 8)."""

import importlib.util
import itertools
import math
import random
import struct

import pytest

import gradloom.engine as native
from gradloom.ops import TABLE, spell

pytestmark = pytest.mark.skipif(native.ENGINE != "native", reason="the native engine is not loaded")

POINTS = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 3.0, -2.5, 1e-310, 1e-200, 1e160, -1e300, 709.9, -746.0]
POINTS += [math.inf, -math.inf, math.nan, 0.1, 7.7, 1e15 + 0.5, math.pi]
ROWS = [row for row in TABLE.values() if row.arity < 3]


@pytest.fixture(scope="module")
def plain():
    """A second copy of engine.py, loaded as if it were forbidden to look for the native one."""
    spec = importlib.util.spec_from_file_location("plain_engine", native.__file__)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADLOOM_PURE", "1")
        spec.loader.exec_module(module)
    assert module.Value is not native.Value
    return module


def bits(x):
    return "nan" if math.isnan(x) else struct.pack("<d", x)


def to_few_ulp(row):
    """hypot, and what divides by it: libm's differs from Python's in the last place."""
    return "hypot" in " ".join((row.name, *spell(row)))


def outcome(engine, row, numbers):
    """The value and the gradients of one application, or Python's error."""
    operands = [engine.Value(x) for x in numbers]
    try:
        result = engine.apply(row, *(operands[:-1] + numbers[-1:] if row.parameter else operands))
    except (ArithmeticError, ValueError) as error:
        return type(error).__name__, str(error)
    result.backward(1.5)
    return [result.data, *(x.grad for x in operands)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_rows_agree(plain, row):
    draw = random.Random(row.name)
    cases = list(itertools.product(POINTS, repeat=row.arity))
    cases += [tuple(draw.uniform(*interval) for interval in row.domain) for _ in range(300)]
    for numbers in map(list, cases):
        theirs, ours = outcome(plain, row, numbers), outcome(native, row, numbers)
        if isinstance(theirs, tuple):
            assert ours == theirs, numbers
        elif to_few_ulp(row):
            assert ours == pytest.approx(theirs, rel=1e-15, abs=0.0, nan_ok=True), numbers
        else:
            assert list(map(bits, ours)) == list(map(bits, theirs)), numbers


def grow(engine, seed):
    """A random graph that uses its inner nodes again: its root and its leaves."""
    draw = random.Random(seed)
    leaves = [engine.Value(draw.uniform(-2.0, 2.0)) for _ in range(4)]
    nodes = list(leaves)
    rows = [row for row in ROWS if "internal" not in row.marks and not to_few_ulp(row)]
    for _ in range(60):
        row = draw.choice(rows)
        operands = [draw.choice(nodes[-12:]) for _ in range(row.arity)]
        if draw.random() < 0.2 and row.arity == 2:
            operands[draw.randrange(2)] = draw.uniform(0.5, 2.0)
        try:
            nodes.append(engine.apply(row, *operands).tanh() + draw.uniform(1.0, 2.0))
        except (ArithmeticError, ValueError):
            continue
    return sum(nodes[-10:]), leaves


@pytest.mark.parametrize("seed", range(40))
def test_random_graphs_agree(plain, seed):
    answers = []
    for engine in (plain, native):
        root, _ = grow(engine, seed)
        root.backward()
        root.backward(0.5)
        numbers = [root.data, len(engine.order(root)), *(x.grad for x in engine.topological_order(root))]
        answers.append([bits(x) for x in numbers])
    assert answers[0] == answers[1]


def test_order_is_the_same(plain):
    def numbers(engine):
        root, _ = grow(engine, 7)
        return [x.data for x in engine.topological_order(root)]

    assert numbers(plain) == numbers(native)


def test_docstrings_come_from_the_table(plain):
    for row in ROWS:
        for name in row.methods:
            if not name.startswith("__"):
                assert getattr(native.Value, name).__doc__ == getattr(plain.Value, name).__doc__ == row.doc
