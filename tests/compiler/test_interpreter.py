"""The interpreters against the definition, and the definition against the table.

Programs over small whole numbers are exact in any order of summation, so that regrouped sums are held to the
bit; the rest is held to the bit with ``same_order``, and to a few units in the last place without.
"""

import itertools
import math
import os
import random
import signal
import threading
import time

import numpy as np
import pytest

from gradloom.compiler import rows as rows_module
from gradloom.compiler.definition import as_numpy
from gradloom.compiler.interpreter import define, prepare, prepare_rows
from gradloom.compiler.program import ROWS, Builder, Program
from gradloom.compiler.rows import NativeRows, PlainRows, native

LEVELS = native.LEVELS if native else ("plain",)
each_level = pytest.mark.parametrize("level", LEVELS)
needs_native = pytest.mark.skipif(native is None, reason="a promise of the native interpreter")
COUNTS = [0, 1, 7, 63, 64, 127, 128, 129, 1000]
SPECIAL = [
    math.nan,
    math.inf,
    -math.inf,
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -1.5,
    2.0,
    3.0,
    5e-324,
    -1e308,
    710.0,
    -745.0,
]
FUNCTIONS = {
    row.name for row in ROWS if any(f in row.c for f in ("exp", "log", "sin", "cos", "tan", "pow", "erf"))
}
FUNCTIONS |= {"cbrt", "hypot"}


def ready(program, mapped, reduce, level, same_order=False):
    if native is None:
        return PlainRows(program, mapped, reduce)
    return NativeRows(program, mapped, reduce, same_order, level)


def units_apart(a, b):
    """How many floats lie between two numbers; 0 for two nans."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    i, j = (np.where(k < 0, -(k & np.int64(2**63 - 1)), k) for k in (a.view(np.int64), b.view(np.int64)))
    apart = np.where((i < 0) == (j < 0), np.abs(i - j), 2**62)  # opposite signs: far, but for two zeros
    return np.where((np.isnan(a) & np.isnan(b)) | (a == b), 0, apart)


def same(a, b):
    """Equal to the bit, but for the payload of a nan and the sign of a zero."""
    return np.array_equal(np.asarray(a), np.asarray(b), equal_nan=True)


def random_program(rng, names, inputs=5, length=40, outputs=6):
    b = Builder(inputs)
    last = inputs + 2
    for x in (2.0, -1.0):
        b.constant(x)
    for _ in range(length):
        name = rng.choice(names)
        row = next(row for row in ROWS if row.name == name)
        operands = [rng.randrange(last) for _ in range(row.arity)]
        if row.parameter:
            operands[-1] = inputs
        last = b.emit(name, *operands) + 1
    return b.finish([rng.randrange(last) for _ in range(outputs)]).verified()


def split(values, mapped, rng, count):
    """The uniform numbers, and the mapped columns in arrays of several strides."""
    columns = [v for v, m in zip(values, mapped, strict=True) if m]
    arrays, at = [], 0
    while at < len(columns):
        k = rng.randint(1, len(columns) - at)
        kind = rng.choice(["C", "F", "every other", "backwards"])
        block = (
            np.empty((2 * count, k))
            if kind == "every other"
            else np.empty((count, k), order="CF"[kind == "F"])
        )
        view = block[::2] if kind == "every other" else block[::-1] if kind == "backwards" else block
        view[:] = np.array(columns[at : at + k]).T
        arrays.append(view)
        at += k
    return np.array([v for v, m in zip(values, mapped, strict=True) if not m], dtype=float), arrays


def expected(program, values, reduce, count):
    """The definition's outputs, reduced by an exact sum."""
    outputs = [np.broadcast_to(x, count) for x in define(program, values)]
    with np.errstate(all="ignore"):
        total = [
            math.fsum(x) if r and np.all(np.isfinite(x)) else np.sum(x)
            for x, r in zip(outputs, reduce, strict=True)
        ]
        reduced = [
            np.float64(t) / (count if r == "mean" else 1) for t, r in zip(total, reduce, strict=True) if r
        ]
    kept = [x for x, r in zip(outputs, reduce, strict=True) if not r]
    return np.array(reduced), np.array(kept).reshape(len(kept), count).T


# ---- the definition
def test_the_c_column_read_as_numpy():
    assert as_numpy("x <= 0.0 ? 0.0 : x") == "where(x <= 0.0, 0.0, x)"
    assert as_numpy("x >= y || x != x ? x : y") == "where((x >= y) | (x != x), x, y)"
    assert (
        as_numpy("log1p(exp(-fabs(x))) + (x > 0.0 ? x : 0.0)")
        == "log1p(exp(-fabs(x))) + (where(x > 0.0, x, 0.0))"
    )


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in ROWS])
def test_the_definition_says_what_the_table_says(row):
    rng = random.Random(row.name)
    program = Builder(row.arity)
    program = program.finish([program.emit(row.name, *range(row.arity))])
    points = [tuple(rng.uniform(lo, hi) for lo, hi in row.domain) for _ in range(20)]
    points += [tuple(rng.choice(SPECIAL) for _ in row.domain) for _ in range(200)]
    for point in points:
        try:
            want = row.value(*point)
        except (ArithmeticError, ValueError):
            continue  # Python raises where IEEE goes on
        (got,) = define(program, [np.float64(x) for x in point])
        assert got.dtype == np.float64
        limit = 4 if row.name in FUNCTIONS else 0
        assert units_apart(got, want) <= limit, (point, got, want)


def test_the_definition_broadcasts_and_counts_its_inputs():
    p = Program.parse("program of 2 inputs\n v2 = add v0 v1\n v3 = constant 4.0\n return v2 v3 v1")
    outputs = define(p, [np.arange(3.0), 10.0])
    assert [x.tolist() for x in outputs] == [[10.0, 11.0, 12.0], 4.0, 10.0]
    with pytest.raises(ValueError, match="takes 2 inputs, not 1"):
        define(p, [1.0])


def test_one_evaluation():
    p = Program.parse("program of 2 inputs\n v2 = div v0 v1\n return v2 v1")
    result = prepare(p)(np.array([1.0, 0.0]))
    assert result.dtype == np.float64
    assert result.tolist() == [math.inf, 0.0]


# ---- every row of the table
@needs_native
@each_level
@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in ROWS])
def test_every_kernel_in_every_pattern(row, level):
    """Each operand contiguous or broadcast; whole blocks and remainders; in place; special numbers."""
    rng = np.random.default_rng(row.arity)
    b = Builder(row.arity)
    program, index = b.finish([b.emit(row.name, *range(row.arity))]), LEVELS.index(level)
    for pattern in range(1 << row.arity):
        for n in (1, 5, native.BLOCK, 150):
            operands = []
            for k, (lo, hi) in enumerate(row.domain):
                x = rng.uniform(lo, hi, n)
                odd = rng.random(n) < 0.4
                x[odd] = rng.choice(SPECIAL, odd.sum())
                operands.append(x[:1].copy() if pattern >> k & 1 else x)
            if row.parameter and pattern >> (row.arity - 1):
                operands[-1][0] = rng.choice([2.0, 3.0, -1.0, 0.5, 1.7])
            want = np.broadcast_to(define(program, operands)[0], n)
            for exact in (False, True):
                out = np.empty(n)
                native.evaluate(index, ROWS.index(row), exact, (*operands, out))
                limit = 4 if row.name in FUNCTIONS else 0
                if exact and row.name in FUNCTIONS:  # the C library against Python, which calls it too
                    scalars = [np.broadcast_to(x, n).tolist() for x in operands]
                    for i, point in enumerate(zip(*scalars, strict=True)):
                        try:
                            assert units_apart(out[i], row.value(*point)) <= (1 if row.name == "hypot" else 0)
                        except (ArithmeticError, ValueError):
                            continue
                assert np.all(units_apart(out, want) <= 2 * limit), (pattern, n, exact)
                if not pattern & 1 and row.arity:
                    again = operands[0].copy()
                    native.evaluate(index, ROWS.index(row), exact, (again, *operands[1:], again))
                    assert same(again, out)


# ---- random programs
ARITHMETIC = [row.name for row in ROWS if row.name not in FUNCTIONS and row.name not in ("sqrt",)]
WHOLE = [
    "add",
    "add",
    "add",
    "mul",
    "sub",
    "neg",
    "relu",
    "maximum",
    "minimum",
    "where",
    "lt",
    "eq",
    "abs",
    "detach",
]


@each_level
@pytest.mark.parametrize("seed", range(40))
def test_random_arithmetic_keeps_every_bit_in_same_order(seed, level):
    rng = random.Random(seed)
    program = random_program(rng, ARITHMETIC)
    mapped = [rng.random() < 0.6 for _ in range(program.inputs)]
    count = rng.choice(COUNTS)
    draw = [np.array([rng.choice([*SPECIAL, rng.uniform(-3, 3)]) for _ in range(count)]) for _ in mapped]
    values = [v if m else rng.uniform(-2, 2) for v, m in zip(draw, mapped, strict=True)]
    uniform, arrays = split(values, mapped, rng, count)
    reduce = [None] * len(program.outputs)
    _, got = ready(program, mapped, reduce, level, same_order=True)(uniform, arrays, count, 1)
    _, want = expected(program, values, reduce, count)
    assert same(got, want)


@each_level
@pytest.mark.parametrize("seed", range(60))
def test_random_sums_of_whole_numbers_are_exact_in_any_order(seed, level):
    rng = random.Random(1000 + seed)
    program = random_program(rng, WHOLE, inputs=8, length=rng.choice([10, 30, 60]), outputs=9)
    mapped = [rng.random() < 0.6 for _ in range(program.inputs)]
    count = rng.choice(COUNTS[1:])
    values = [
        np.array([float(rng.randint(-2, 2)) for _ in range(count)]) if m else float(rng.randint(-2, 2))
        for m in mapped
    ]
    reduce = [rng.choice([None, "sum", "mean"]) for _ in program.outputs]
    want = expected(program, values, reduce, count)
    if max(np.abs(x).max(initial=0.0) for x in define(program, values)) * count > 2.0**53:
        pytest.skip("the numbers grew too large to be exact")
    got = ready(program, mapped, reduce, level)(*split(values, mapped, rng, count), count, 1)
    assert np.array_equal(got[1], want[1])
    np.testing.assert_allclose(got[0], want[0], rtol=1e-15)  # a mean divides


@each_level
@pytest.mark.parametrize("seed", range(10))
def test_random_programs_of_all_rows(seed, level):
    rng = random.Random(2000 + seed)
    program = random_program(rng, [row.name for row in ROWS], length=12)
    mapped = [True, False, True, False, True]
    count = rng.choice(COUNTS[1:])
    values = [
        np.array([rng.uniform(-2, 2) for _ in range(count)]) if m else rng.uniform(-2, 2) for m in mapped
    ]
    _, got = ready(program, mapped, [None] * 6, level)(*split(values, mapped, rng, count), count, 1)
    _, want = expected(program, values, [None] * 6, count)
    near = np.isclose(got, want, rtol=1e-9, atol=1e-9, equal_nan=True)
    assert near.mean() > 0.97  # a step (floor, <) may fall to the other side


# ---- sums that are found again
def network(sizes, seed=0):
    """A program of dense layers and the sums of its gradients, by hand: uniform weights first."""
    shapes = list(itertools.pairwise(sizes))
    weights = sum((n + 1) * m for n, m in shapes)
    b = Builder(weights + sizes[0])
    layers, at, x = [], 0, list(range(weights, weights + sizes[0]))
    for n, m in shapes:
        rows, out = [], []
        for _ in range(m):
            rows.append(list(range(at, at + n)))
            s = at + n
            for w, v in zip(rows[-1], x, strict=True):
                s = b.emit("add", s, b.emit("mul", w, v))
            out.append(b.emit("relu", s))
            at += n + 1
        layers.append((rows, x, out))
        x = out
    seeds, outputs = x, []
    for rows, before, out in reversed(layers):
        local = [b.emit("mul", s, b.emit("gt", o, b.constant(0.0))) for s, o in zip(seeds, out, strict=True)]
        outputs += [b.emit("mul", d, v) for d in local for v in before]
        seeds = []
        for k in range(len(before)):
            s = b.emit("mul", rows[0][k], local[0])
            for row, d in zip(rows[1:], local[1:], strict=True):
                s = b.emit("add", s, b.emit("mul", row[k], d))
            seeds.append(s)
        outputs += local
    outputs += x
    return b.finish(outputs), weights


@each_level
@pytest.mark.parametrize("sizes", [(2, 3, 1), (5, 9, 6, 2), (4, 4, 4, 4), (1, 1, 1)])
@pytest.mark.parametrize("count", [1, 100, 128, 300])
def test_layers_become_matrices_and_their_gradients_outer_products(sizes, count, level):
    program, weights = network(sizes)
    rng = random.Random(count)
    mapped = [i >= weights for i in range(program.inputs)]
    values = [
        np.array([float(rng.randint(-2, 2)) for _ in range(count)]) if m else float(rng.randint(-1, 1))
        for m in mapped
    ]
    reduce = ["sum"] * (len(program.outputs) - sizes[-1]) + [None] * sizes[-1]
    prepared = ready(program, mapped, reduce, level)
    got = prepared(*split(values, mapped, rng, count), count, 1)
    want = expected(program, values, reduce, count)
    assert np.array_equal(got[0], want[0])
    assert np.array_equal(got[1], want[1])
    if native and min(sizes) > 1:
        kinds = {step.split()[0] for step in prepared._rows.steps}
        assert {"matrix", "outer"} <= kinds


@each_level
@pytest.mark.parametrize("terms", [1, 3])
@pytest.mark.parametrize("penalty", [0, 1, 2])
@pytest.mark.parametrize("side", [2, 5])
def test_gradients_of_shared_or_penalised_weights_are_dots_too(side, penalty, terms, level):
    """``side * side`` outputs: sums of ``terms`` products of vectors, and of uniform numbers."""
    b, count = Builder(2 * terms * side + 2), 200
    lefts, rights = ([[(t * 2 + s) * side + k for k in range(side)] for t in range(terms)] for s in (0, 1))
    outputs = []
    for i, j in itertools.product(range(side), repeat=2):
        parts = [b.emit("mul", lefts[t][i], rights[t][j]) for t in range(terms)]
        parts[1:1] = [b.inputs - 1, b.inputs - 2][:penalty]
        total = parts[0]
        for part in parts[1:]:
            total = b.emit("add", total, part)
        outputs.append(total)
    program = b.finish(outputs)
    mapped = [True] * (b.inputs - 2) + [False] * 2
    rng = random.Random(side)
    values = [np.array([float(rng.randint(-9, 9)) for _ in range(count)]) for _ in mapped[2:]] + [3.0, 7.0]
    reduce = [rng.choice(["sum", "sum", "mean"]) for _ in outputs]
    prepared = ready(program, mapped, reduce, level)
    reduced, _ = prepared(*split(values, mapped, rng, count), count, 1)
    np.testing.assert_allclose(reduced, expected(program, values, reduce, count)[0], rtol=1e-15)
    if native and (terms == 1 or side == 5):
        assert {step.split()[0] for step in prepared._rows.steps} == {"load", "outer"}


@each_level
def test_long_sums_are_cut_and_keep_few_vectors(level):
    b = Builder(2)
    x = s = 0
    for _ in range(500):
        x = b.emit("mul", x, 1)
        s = b.emit("add", s, x)
    prepared = ready(b.finish([s]), [True, False], ["sum"], level)
    reduced, _ = prepared(np.array([1.0]), [np.ones((100, 1))], 100, 1)
    assert reduced[0] == 501 * 100
    if native:
        assert prepared._rows.vectors < 20


@each_level
def test_terms_that_are_uniform_or_met_twice(level):
    text = """program of 3 inputs
      v3 = constant 2.0
      v4 = add v0 v3
      v5 = add v4 v1
      v6 = add v5 v0
      v7 = mul v1 v0
      v8 = add v6 v7
      v9 = add v8 v8
      v10 = mul v0 v0
      v11 = mul v0 v2
      v12 = add v10 v11
      v13 = add v12 v1
      v14 = add v13 v9
      return v14 v9 v12 v0 v1 v3"""
    program = Program.parse(text)
    values = [np.arange(70.0), 3.0, np.arange(70.0)[::-1]]
    reduce = [None, "sum", "mean", "sum", "mean", None]
    got = ready(program, [True, False, True], reduce, level)(
        np.array([3.0]), [np.array(values[::2]).T], 70, 1
    )
    want = expected(program, values, reduce, 70)
    assert np.array_equal(got[0], want[0])
    assert np.array_equal(got[1], want[1])


@pytest.mark.parametrize("reduce", ["sum", "mean"])
@pytest.mark.parametrize("same_order", [False, True])
def test_sums_over_rows_are_close_to_the_exact_sum(reduce, same_order):
    rng = np.random.default_rng(3)
    x = rng.normal(size=100_003) * 10.0 ** rng.integers(-8, 8, 100_003)
    program = Program.parse("program of 1 inputs\n return v0")
    (got,), _ = prepare_rows(program, [True], [reduce], same_order)(np.empty(0), [x[:, None]], len(x))
    scale = len(x) if reduce == "mean" else 1
    assert abs(got * scale - math.fsum(x)) <= 1e-12 * math.fsum(abs(x))


@each_level
@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 7, 8, 9, 16, 21])
@pytest.mark.parametrize("count", [1, 9, 128, 300])
def test_columns_side_by_side_are_loaded_in_groups(width, count, level):
    rng = np.random.default_rng(width)
    table = rng.normal(size=(count, width + 5))
    b = Builder(width)
    program = b.finish([b.emit("neg", k) for k in range(0, width, 2)])
    prepared = ready(program, [True] * width, [None] * len(program.outputs), level)
    cuts = table[:, 3 : 3 + width], np.asfortranarray(table)[:, 5:], table[::-1, width - 1 :: -1][:, ::-1]
    for columns in (
        [cuts[0]],
        [cuts[1]],
        [cuts[2]],
        [cuts[0][:, :1], cuts[0][:, 1:]],
        [cuts[0][:, k : k + 1] for k in range(width)],
    ):
        _, got = prepared(np.empty(0), columns, count)
        assert np.array_equal(got, -np.hstack(columns)[:, ::2])


def test_no_rows():
    program = Program.parse("program of 2 inputs\n v2 = mul v0 v1\n return v2 v2 v1 v2")
    prepared = prepare_rows(program, [True, False], ["sum", "mean", "sum", None])
    reduced, per_row = prepared(np.array([3.0]), [np.empty((0, 1))], 0)
    assert same(reduced, [0.0, math.nan, 0.0])
    assert per_row.shape == (0, 1)


# ---- threads
def heavy(length=200):
    b = Builder(2)
    x = b.emit("mul", 0, 1)
    for _ in range(length):
        x = b.emit("sin", b.emit("add", x, 0))
    return b.finish([x, x, b.emit("mul", x, 0)])


@pytest.mark.parametrize("threads", [2, 3, 16, None])
@pytest.mark.parametrize("count", [1, 4000, 20_000])
def test_threads_change_no_bit(threads, count):
    x = np.random.default_rng(0).normal(size=(count, 1))
    prepared = prepare_rows(heavy(20), [True, False], ["sum", None, "mean"])
    one, several = (prepared(np.array([0.7]), [x], count, t) for t in (1, threads))
    assert all(np.array_equal(a, b) for a, b in zip(one, several, strict=True))


def test_many_threads_may_call_at_once():
    x = np.random.default_rng(1).normal(size=(20_000, 1))
    prepared = prepare_rows(heavy(20), [True, False], ["sum", None, "mean"])
    want, got = prepared(np.array([0.3]), [x], 20_000, 1), []
    workers = [
        threading.Thread(target=lambda: got.append(prepared(np.array([0.3]), [x], 20_000, 2)))
        for _ in range(6)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(got) == 6
    assert all(np.array_equal(a, b) for result in got for a, b in zip(result, want, strict=True))


@needs_native
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_starts_its_own_threads():
    x = np.ones((20_000, 1))
    prepared = prepare_rows(heavy(20), [True, False], ["sum", None, "mean"])
    want = prepared(np.array([0.3]), [x], 20_000, 2)
    child = os.fork()
    if child == 0:
        got = prepared(np.array([0.3]), [x], 20_000, 2)
        os._exit(0 if np.array_equal(got[0], want[0]) else 1)
    assert os.waitpid(child, 0)[1] == 0


@needs_native
@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_stops_within_a_tenth_of_a_second(threads):
    x = np.ones((2_000_000, 1))
    prepared = prepare_rows(heavy(400), [True, False], ["sum", "sum", "mean"])
    sent = []

    def interrupt():
        time.sleep(0.15)
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    # A shell that runs tests in the background has told them to ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            prepared(np.array([0.3]), [x], len(x), threads)
        stopped = time.perf_counter()
    finally:
        thread.join()
        signal.signal(signal.SIGINT, before)
    assert stopped - sent[0] < 1.0  # 0.01 alone; a busy machine is slower
    small = prepared(np.array([0.3]), [x[:100]], 100, threads)
    assert np.all(np.isfinite(small[0]))


# ---- bad input
@needs_native
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"args": np.array([0, 9], np.int32)}, "operand comes later"),
        ({"args": np.array([0, -1], np.int32)}, "operand comes later"),
        ({"start": np.array([0, 0, 0, 5], np.int32)}, "operands are not those"),
        ({"start": np.array([0, 2, 2, 2], np.int32)}, "wrong count"),
        ({"code": np.array([60000, 60000, 0], np.uint16)}, "unknown opcode"),
        ({"outputs": np.array([3], np.int32)}, "output is no instruction"),
        ({"outputs": np.array([2.0])}, "outputs must hold"),
        ({"number": np.zeros(2)}, "not of one length"),
        ({"mapped": b"\1"}, "not of one length"),
        ({"reduce": b"x"}, "reduce must be"),
        ({"level": 99}, "level must be"),
        ({"inputs": -1}, "not of one length"),
    ],
)
def test_columns_that_no_program_has_raise(change, message):
    p = Program.parse("program of 2 inputs\n v2 = add v0 v1\n return v2")
    good = {
        "code": p.code, "start": p.start, "args": p.args, "number": p.number, "outputs": p.outputs,
        "inputs": 2, "mapped": b"\1\0", "reduce": b"s", "same_order": False, "level": 0,
    }  # fmt: skip
    native.Rows(**good)
    with pytest.raises(ValueError, match=message):
        native.Rows(**{**good, **change})


@needs_native
def test_inputs_that_do_not_fit_raise():
    p = Program.parse("program of 3 inputs\n v3 = add v0 v1\n v4 = mul v3 v2\n return v4")
    prepared = prepare_rows(p, [True, True, False], ["sum"])
    good = np.ones((5, 2))
    assert prepared(np.array([2.0]), [good], 5)[0].tolist() == [20.0]
    for columns in (
        [good[:, :1]],
        [good, good],
        [good[:4]],
        [good.astype(np.float32)],
        [good.astype(">f8")],
        [good[0]],
    ):
        with pytest.raises(ValueError, match="columns"):
            prepared(np.array([2.0]), columns, 5)
    for uniform in (np.ones(2), np.ones(0), np.ones(1, np.float32)):
        with pytest.raises(ValueError, match="uniform must hold 1 numbers"):
            prepared(uniform, [good], 5)
    with pytest.raises(ValueError, match="one entry for each input"):
        prepare_rows(p, [True], ["sum"])
    with pytest.raises(ValueError, match="'product'"):
        prepare_rows(p, [True, True, False], ["product"])


def test_arrays_are_read_where_they_are(tmp_path):
    """Memory-mapped, read-only, unaligned."""
    program = Program.parse("program of 1 inputs\n return v0")
    prepared = prepare_rows(program, [True], ["sum"])
    mapped = np.memmap(tmp_path / "rows", dtype=float, mode="w+", shape=(3000, 1))
    mapped[:] = 1.0
    frozen = np.ones((70, 1))
    frozen.flags.writeable = False
    shifted = np.frombuffer(b"\0" + np.ones(70).tobytes(), dtype=float, offset=1)[:, None]
    for column in (mapped, frozen, shifted):
        assert prepared(np.empty(0), [column], len(column))[0][0] == len(column)


def test_the_pool_is_not_made_for_small_work():
    before = rows_module._pool
    prepare_rows(heavy(5), [True, False], ["sum"] * 3)(np.array([1.0]), [np.ones((10, 1))], 10, None)
    assert rows_module._pool is before
