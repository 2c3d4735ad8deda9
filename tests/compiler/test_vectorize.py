"""The vectoriser and the machine that runs its programs, against the plain evaluation of the Program."""

import importlib
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from gradloom import compile, math
from gradloom.arithmetic import IEEE
from gradloom.compiler import grouping
from gradloom.compiler.derivatives import reverse
from gradloom.compiler.layout import Holes
from gradloom.compiler.program import OPCODES, ROWS, Builder, Guard, Program
from gradloom.compiler.simplify import simplify
from gradloom.compiler.single import Machine, Prepared, prepare
from gradloom.compiler.vector_program import define_vector
from gradloom.compiler.vectorize import allocate, contract, schedule, vectorize
from gradloom.engine import order

ARITHMETIC = ["add", "add", "sub", "mul", "mul", "div", "neg", "abs", "relu", "maximum", "where", "lt"]
CHOICES = ["maximum", "minimum", "maximum", "minimum", "add", "relu"]
SMOOTH = ["tanh", "sin", "exp", "atan2", "hypot", "sigmoid"]


def evaluate(program, inputs):
    """Every instruction's number, and beside it the sum of the magnitudes that sums were made from."""
    numbers, sizes = [], []
    with np.errstate(all="ignore"):
        for i, instruction in enumerate(program):
            if instruction.name in ("input", "constant"):
                x = float(inputs[i]) if instruction.name == "input" else instruction.number
                numbers.append(np.float64(x))
                sizes.append(abs(x))
                continue
            xs = [numbers[k] for k in instruction.operands]
            numbers.append(np.float64(getattr(IEEE, instruction.name)(*xs)))
            big = [sizes[k] for k in instruction.operands]
            if instruction.name in ("add", "sub"):
                sizes.append(big[0] + big[1])
            elif instruction.name == "mul":
                sizes.append(big[0] * big[1])
            else:
                sizes.append(max(abs(numbers[-1]), *big))
    return np.array(numbers, dtype=float), np.array(sizes, dtype=float)


def random_program(seed, names=ARITHMETIC):
    """Wide, narrow, deep; sums, dots, matrix products; reuse, constants, unused inputs, odd outputs."""
    rng = random.Random(seed)
    b = Builder(inputs=rng.choice([0, 1, 2, 5, 40]))
    constants = rng.sample([0.5, -1.0, 2.0, 0.0, -0.0], rng.randint(1, 3))
    pool = [*range(b.inputs), *map(b.constant, constants)]
    width = rng.choice([1, 2, 3, 8, 20])

    def pick():
        return rng.choice(pool[-50:] if rng.random() < 0.7 else pool)

    def total(terms):
        acc = terms[0]
        for x in terms[1:]:
            acc = b.emit("add", *((acc, x) if rng.random() < 0.9 else (x, acc)))
        return acc

    for _ in range(rng.choice([0, 1, 4, 12])):
        kind, made = rng.choice(["map", "map", "sum", "dot", "matrix", "mixed", "chain"]), []
        if kind == "map":
            name = rng.choice(names)
            made = [b.emit(name, *(pick() for _ in range(ROWS[OPCODES[name]].arity))) for _ in range(width)]
        elif kind == "matrix":
            n, k = rng.randint(2, 6), rng.randint(2, 9)
            rows = [[pick() for _ in range(k)] for _ in range(n)]
            start = rng.randrange(len(pool))
            xs = (pool[start:] + [pick() for _ in range(k)])[:k]
            for vector in (xs, xs[::-1]):
                made += [
                    total([b.emit("mul", w, x) for w, x in zip(row, vector, strict=True)]) for row in rows
                ]
        elif kind == "chain":
            x = pick()
            for _ in range(width * 3):
                x = b.emit(rng.choice(["mul", "add", "sub"]), x, pick())
                x = b.emit("relu", x) if rng.random() < 0.2 else x
            made = [x]
        else:
            k = rng.randint(2, 20)
            for _ in range(width):
                terms = [pick() for _ in range(k)]
                if kind != "sum":
                    share = 1.0 if kind == "dot" else 0.5
                    terms = [b.emit("mul", x, pick()) if rng.random() < share else x for x in terms]
                made.append(total(terms))
        pool += [b.emit("mul", x, b.constant(0.25)) if rng.random() < 0.1 else x for x in made]
    outputs = [rng.choice(pool) for _ in range(rng.choice([0, 1, 3, 30]))]
    guards = [Guard(rng.choice(pool), rng.random() < 0.5, "f.py:1") for _ in range(rng.choice([0, 0, 1, 3]))]
    program = b.finish(outputs * (1 + (rng.random() < 0.2)), guards).verified()
    return program, np.array([rng.uniform(-2.0, 2.0) for _ in range(b.inputs)])


def failed_guard(program, numbers):
    wrong = [i for i, g in enumerate(program.guards) if (numbers[g.condition] != 0.0) != g.truth]
    return wrong[0] if wrong else -1


def assert_close(got, numbers, sizes, outputs):
    want, size = numbers[outputs], sizes[outputs]
    plain = np.isfinite(want) & np.isfinite(size)
    assert np.array_equal(np.isnan(got), np.isnan(want)) or not plain.all()
    assert np.all(np.abs(got[plain] - want[plain]) <= 1e-12 * size[plain] + 1e-300)


@pytest.mark.parametrize("seed", range(150))
def test_same_order_agrees_to_the_bit(seed):
    program, inputs = random_program(seed, ARITHMETIC)
    numbers, _ = evaluate(program, inputs)
    want = numbers[program.outputs]
    v = vectorize(program, same_order=True).verified()
    prepared = prepare(program, same_order=True)
    for got, failed in (define_vector(v, inputs), prepared.run(inputs)):
        assert np.array_equal(got, want, equal_nan=True)
        assert np.array_equal(np.signbit(got[want == 0]), np.signbit(want[want == 0]))
        assert failed == failed_guard(program, numbers)
    if not program.guards:
        assert np.array_equal(prepared.floats(*inputs.tolist()), want, equal_nan=True)


@pytest.mark.parametrize("seed", range(150))
def test_regrouped_sums_agree_within_their_magnitudes(seed):
    program, inputs = random_program(seed, [*SMOOTH, "add", "mul", "sub"])
    numbers, sizes = evaluate(program, inputs)
    v = vectorize(program).verified()
    for got, failed in (define_vector(v, inputs), prepare(program).run(inputs)):
        assert_close(got, numbers, sizes, program.outputs)
        assert failed == failed_guard(program, numbers)  # guards keep the source order


@pytest.mark.parametrize("same_order", [False, True])
@pytest.mark.parametrize("seed", range(0, 150, 3))
def test_no_two_live_values_share_a_slot(seed, same_order):
    program, _ = random_program(seed, [*SMOOTH, "add", "mul"])
    graph = contract(program, same_order)
    nodes, bounds, vector = schedule(graph)
    slots = allocate(graph, nodes, bounds, vector)
    holds = {int(slots.slot[i]): i for i in range(len(graph.op)) if graph.start[i] == graph.start[i + 1]}
    for begin, end, together in zip(bounds[:-1], bounds[1:], vector, strict=True):
        for members in [nodes[begin:end]] if together else nodes[begin:end, None]:
            for i in members:
                for x in graph.args[graph.start[i] : graph.start[i + 1]]:
                    assert holds[int(slots.slot[x])] == x
            holds.update((int(slots.slot[i]), i) for i in members)
            if together:
                assert np.array_equal(np.diff(slots.slot[members]), np.ones(len(members) - 1))
    for i in [*graph.outputs, *graph.conditions]:
        assert holds[int(slots.slot[i])] == i


def weighted(b, rows, columns, weights, xs):
    """The instructions of a matrix times a vector, as plain code writes them."""
    sums = []
    for r in range(rows):
        acc = b.emit("mul", weights + r * columns, xs[0])
        for c in range(1, columns):
            acc = b.emit("add", acc, b.emit("mul", weights + r * columns + c, xs[c]))
        sums.append(acc)
    return sums


def test_a_layer_is_one_dot_product_of_slices():
    b = Builder(inputs=4 * 4 + 4)
    sums = weighted(b, 4, 4, 0, [16, 17, 18, 19])
    tanhs = [b.emit("tanh", x) for x in sums]
    half = b.constant(0.5)
    program = b.finish([b.emit("mul", x, half) for x in tanhs])
    assert (
        str(vectorize(program).verified())
        == """\
vector program of 20 inputs in 33 slots
  s0 = constant 0.5
  s1:21 = inputs
  s21:25 = dot[4] s1+4i+1j s17+1j
  s25:29 = tanh s21:25
  s29 = mul s25 s0
  s30 = mul s26 s0
  s31 = mul s27 s0
  s32 = mul s28 s0
  return s29 s30 s31 s32"""
    )


@pytest.mark.parametrize("seed", range(60))
def test_trees_of_choices_run_operands_first(seed):
    program, inputs = random_program(1000 + seed, CHOICES)
    numbers, sizes = evaluate(program, inputs)
    for same_order in (True, False):
        vectorize(program, same_order).verified()
        assert_close(prepare(program, same_order)(inputs), numbers, sizes, program.outputs)


def test_a_maximum_of_minima():
    text = "program of 4 inputs\n v4 = minimum v0 v1\n v5 = minimum v4 v2\n v6 = maximum v3 v5\n return v6"
    assert prepare(Program.parse(text)).floats(0.5, 2.0, 3.0, -1.0) == (0.5,)


def test_what_is_sorted_by_counting_is_sorted():
    rng = np.random.default_rng(5)
    for n in (0, 1, 50, 400):
        place, level, kind = (rng.integers(-3, 9, n).astype(np.int32) for _ in range(3))
        nodes = np.flatnonzero(rng.random(n) < 0.8).astype(np.int32)
        order, begins = grouping.grouped(nodes, level, kind)
        assert order.tolist() == nodes[np.lexsort((nodes, kind[nodes], level[nodes]))].tolist()
        groups = [set(zip(level[part], kind[part], strict=True)) for part in np.split(order, begins[1:-1])]
        assert [len(group) for group in groups] == [1] * len(groups) or not len(nodes)
        vector = (np.arange(len(begins) - 1) % 3 == 0).astype(np.int32)
        place[order] = np.repeat(rng.integers(-3, 9, len(vector)), np.diff(begins))  # a group has one place
        unit = np.full(n, -1)
        unit[order] = np.repeat(np.where(vector, np.arange(len(vector)), -1), np.diff(begins))
        ran, bounds, vectors = grouping.ordered(order, begins, vector, place)
        assert ran.tolist() == nodes[np.lexsort((nodes, unit[nodes], place[nodes]))].tolist()
        for part, is_vector in zip(np.split(ran, bounds[1:-1]), vectors, strict=len(nodes) > 0):
            assert len(set(unit[part])) == 1
            assert (unit[part[0]] >= 0) == is_vector


def test_kinds_come_in_order_of_height_operation_and_operands():
    rng = np.random.default_rng(7)
    n = 500
    op, exact, height = (rng.integers(0, k, n).astype(np.int32) for k in (9, 2, 3))
    start = np.concatenate([[0], np.cumsum(rng.integers(1, 4, n))]).astype(np.int32)
    args = rng.integers(0, 200, start[-1]).astype(np.int32)
    parameters = (np.arange(9) == 4).astype(np.int32)
    last = np.where(op == 4, args[start[1:] - 1], np.diff(start))
    found = sorted(set(zip(height, op, exact, last, strict=True)))
    kind, count = grouping.kinds(op, start, args, exact, height, parameters)
    assert kind.tolist() == [found.index(sort) for sort in zip(height, op, exact, last, strict=True)]
    assert count == len(found) > 100  # so many that the table has grown


def test_a_block_takes_the_first_of_the_smallest_holes():
    rng, holes, taken, top = random.Random(3), Holes(), [], 0
    free = set()
    for _ in range(2000):
        if taken and rng.random() < 0.5:
            slot, size = taken.pop(rng.randrange(len(taken)))
            holes.give(slot, size)
            free.update(range(slot, slot + size))
            continue
        size = rng.randrange(1, 9)
        begins = [i for i in sorted(free) if i - 1 not in free]
        lengths = [next(k for k in range(1, top + 2) if i + k not in free) for i in begins]
        best = min(((k, i) for k, i in zip(lengths, begins, strict=True) if k >= size), default=(0, -1))[1]
        slot = holes.take(size)
        assert slot == best
        if slot < 0:
            slot, top = top, top + size
        free.difference_update(range(slot, slot + size))
        taken.append((slot, size))


def test_a_few_instructions_run_one_by_one():
    text = """
        program of 3 inputs
          v3 = mul v0 v1
          v4 = sub v2 v3
          v5 = mul v4 v4
          v6 = mul v0 v0
          v7 = add v5 v6
          v8 = add v7 v1
          return v8"""
    assert (
        str(vectorize(Program.parse(text)).verified())
        == """\
vector program of 3 inputs in 4 slots
  s0:3 = inputs
  s3 = submul s0 s1 s2
  s3 = dot s0 s0 s3 s3
  s3 = add s3 s1
  return s3"""
    )
    guarded = text.replace("return v8", "v9 = lt v8 v2\nguard v9 is true at f.py:3\nreturn v8")
    assert (
        str(vectorize(Program.parse(guarded)).verified())
        == """\
vector program of 3 inputs in 5 slots
  s0:3 = inputs
  s3 = submul s0 s1 s2
  s3 = mul s3 s3
  s4 = mul s0 s0
  s4 = sum s3 s4 s1
  s3 = lt s4 s2
  guard s3 is true
  return s4"""
    )


def test_operands_here_and_there_are_an_index_list():
    b = Builder(inputs=40)
    places = [3, 1, 4, 15, 9, 2, 6, 5, 35, 8, 7, 19, 32, 38, 33, 26]
    program = b.finish([b.emit("add", x, 20 + i) for i, x in enumerate(places)])
    assert (
        str(vectorize(program).verified())
        == """\
vector program of 40 inputs in 56 slots
  s0:40 = inputs
  s40:56 = add [s3 s1 s4 s15 s9 s2 s6 s5 s35 s8 s7 s19 s32 s38 s33 s26] s20:36
  return s40:56"""
    )


def test_sums_of_outer_products_are_products_of_matrices_wherever_their_rows_lie():
    """The last row of one factor comes from another block of slots, behind the other factor."""
    program = compile(
        lambda a, b: [
            sum(row[i] * b[t][j] for t, row in enumerate([a[0], a[1], [math.exp(x) for x in a[2]]]))
            for i in range(4)
            for j in range(8)
        ]
    ).program(np.ones((3, 4)), np.ones((3, 8)))
    lines = str(vectorize(program).verified()).splitlines()
    assert lines[2:4] == ["  s36:40 = exp s8:12", "  s40:72 = dot[3] s12+(i%8)+8j s0+1(i/8)+{0 4 36}j"]


def test_a_group_of_unlike_pieces_is_cut():
    """Both are products, but one reads its factors upwards and the other downwards."""
    program = compile(
        lambda a, b: (
            [math.exp(x) * y for x, y in zip(a, b, strict=True)]
            + [math.tanh(x) * y for x, y in zip(b[::-3], a, strict=False)]
        )
    ).program(np.ones(96), np.ones(96))
    lines = str(vectorize(program).verified()).splitlines()
    assert lines[4:6] == ["  s320:416 = mul s96:192 s192:288", "  s416:448 = mul s0:32 s319+-1i"]


def test_rows_are_in_turn_whatever_is_used_first():
    program = compile(
        lambda w, x: [sum(p * q for p, q in zip(w[i], x, strict=True)) for i in range(8)][::-3]
    ).program(np.ones((8, 8)), np.ones(8))
    assert "dot[8] s8+24i+1j s64+1j" in str(vectorize(program).verified())


@pytest.mark.parametrize("shape", [(3, 5, 4), (8, 16, 16), (5, 33, 7), (1, 64, 9), (6, 3, 3), (2, 9, 130)])
def test_products_of_matrices_of_all_shapes(shape):
    """Y = X W', and what a reverse sweep makes of it: X' G and G W, with their strides the other way."""
    tokens, rows, columns = shape
    rng = np.random.default_rng(1)
    w, x = rng.normal(size=(rows, columns)), rng.normal(size=(tokens, columns))
    g = rng.normal(size=(tokens, rows))
    b = Builder(inputs=w.size + x.size + g.size)
    wi, xi, gi = np.split(np.arange(b.inputs), [w.size, w.size + x.size])
    wi, xi, gi = wi.reshape(w.shape), xi.reshape(x.shape), gi.reshape(g.shape)

    def product(left, right):
        found = []
        for xs in left:
            for ys in right.T:
                acc = b.emit("mul", xs[0], ys[0])
                for k in range(1, len(xs)):
                    acc = b.emit("add", acc, b.emit("mul", xs[k], ys[k]))
                found.append(acc)
        return found

    outputs = product(xi, wi.T) + product(gi, wi) + product(gi.T, xi)
    got = prepare(b.finish(outputs))(np.concatenate([w.ravel(), x.ravel(), g.ravel()]))
    want = np.concatenate([(x @ w.T).ravel(), (g @ w).ravel(), (g.T @ x).ravel()])
    assert np.abs(got - want).max() < 1e-12


def test_a_step_of_the_scalar_gpt_is_a_few_hundred_instructions(monkeypatch):
    """All 4,192 gradients of the example, from its nodes as they were made; against eager backward()."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "examples"))
    gpt = importlib.import_module("scalar_gpt")
    monkeypatch.setattr(gpt, "bare", lambda v: 0.0)  # what is taken off before exp: a constant
    parameters = gpt.make_parameters(1)
    leaves = gpt.flat(parameters)
    loss = gpt.loss_of(parameters, gpt.tokens_of("anna"))
    b = Builder(inputs=len(leaves))
    number = {id(v): i for i, v in enumerate(leaves)}
    for node in order(loss):
        row, operands = node._recipe
        if id(node) not in number:
            places = [b.constant(x) if type(x) is float else number[id(x)] for x in operands]
            number[id(node)] = b.emit(row.name, *places) if row else b.constant(node.data)
    program = simplify(b.finish([number[id(loss)]]))
    program = simplify(reverse(program, list(range(len(leaves))), [1.0]))
    loss.backward()
    v = vectorize(program)
    assert len(program) > 80_000
    assert len(v) < 300
    got = prepare(program)(np.array([p.data for p in leaves]))
    want = np.array([loss.data, *(p.grad for p in leaves)])
    assert np.abs(got - want).max() < 1e-13


def test_deep_and_narrow_programs_reuse_their_slots():
    b = Builder(inputs=2)
    x, y = 0, 1
    for _ in range(20_000):
        x, y = b.emit("sub", x, b.emit("mul", y, y)), b.emit("add", y, x)
        y = b.emit("tanh", y)
        x = b.emit("tanh", x)
    v = vectorize(b.finish([x, y]))
    assert v.slots < 10
    assert len(v) == 1


# ---- bad input
def test_wrong_inputs_are_refused():
    program = Program.parse("program of 2 inputs\n v2 = div v0 v1\n return v2")
    for prepared in (prepare(program), Prepared(vectorize(program))):
        with pytest.raises(TypeError, match=r"shape \(2,\)"):
            prepared([1.0, 2.0])
        for bad in (np.zeros(3), np.zeros((2, 1)), np.zeros(2, np.float32), np.zeros(2, np.int64)):
            with pytest.raises(ValueError, match=r"shape \(2,\)"):
                prepared(bad)
        with pytest.raises(TypeError, match="2 inputs, not 1"):
            prepared.floats(1.0)
        with pytest.raises((TypeError, ValueError)):
            prepared.floats(1.0, "two")
        assert prepared.floats(1, np.float64(0.0)) == (float("inf"),)


def test_floats_name_the_guard_that_fails():
    program = Program.parse(
        """
        program of 2 inputs
          v2 = lt v0 v1
          v3 = gt v0 v1
          guard v2 is true
          guard v3 is false
          return v0"""
    )
    for prepared in (prepare(program), Prepared(vectorize(program))):
        assert prepared.floats(1.0, 2.0) == (1.0,)
        assert prepared.floats(2.0, 1.0) == 0
        assert prepared.run(np.array([2.0, 1.0]))[1] == 0


@pytest.mark.skipif(Machine is None, reason="there is no native machine")
def test_broken_columns_are_refused_and_never_crash():
    rng = np.random.default_rng(3)
    refused = 0
    for seed in range(60):
        program, inputs = random_program(seed, SMOOTH)
        v = vectorize(program)
        for _ in range(20):
            columns = {k: getattr(v, k).copy() for k in ("words", "indices", "outputs", "guards")}
            column = columns[rng.choice([k for k, c in columns.items() if c.size] or ["words"])]
            if column.size:
                column.flat[rng.integers(column.size)] += rng.choice([-1000000, -7, -1, 1, 5, 1 << 20])
            try:
                Machine(v.inputs, v.slots, v.constants, *columns.values()).run(inputs)
            except (ValueError, OverflowError) as error:
                refused += "vector program is broken" in str(error)
    assert refused > 300
    with pytest.raises(ValueError, match="do not fit"):
        Machine(5, 2, v.constants, v.words, v.indices, v.outputs, v.guards)
    with pytest.raises(TypeError, match="contiguous int32"):
        Machine(v.inputs, v.slots, v.constants, v.words.astype(np.int64), v.indices, v.outputs, v.guards)


def test_threads_work_on_slots_of_their_own():
    b = Builder(inputs=1)
    x = 0
    for _ in range(30_000):
        x = b.emit("add", b.emit("mul", x, x), b.constant(-1.0)) if x else b.emit("sin", x)
    prepared = prepare(b.finish([x]))
    want = {x: prepared.floats(x) for x in (0.1, 0.2, 0.3, 0.4)}
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(lambda x: (x, prepared.floats(x)), [0.1, 0.2, 0.3, 0.4] * 25))
    assert all(want[x] == y for x, y in got)


def test_what_a_guard_reads_is_exact():
    """A guard decides as eager code does: its functions are the C library's, others may be the machine's."""
    b = Builder(inputs=8)
    read = [b.emit("exp", i) for i in range(8)]
    free = [b.emit("tanh", i) for i in range(8)]
    total = read[0]
    for x in read[1:]:
        total = b.emit("add", total, x)
    program = b.finish(free, [Guard(b.emit("gt", total, b.constant(9.0)), True)])
    text = str(vectorize(program).verified())
    assert "= exact exp s" in text
    assert "= tanh s" in text
    assert " = sum s9 s10 s11 s12 s13 s14 s15 s16" in text  # in the source's order
    x = np.linspace(-1.0, 1.0, 8)
    want = sum(map(math.exp, x.tolist()))
    for nudge, failed in ((want, 0), (np.nextafter(want, 0.0), -1)):
        b = Builder(inputs=8)
        total = b.emit("exp", 0)
        for i in range(1, 8):
            total = b.emit("add", total, b.emit("exp", i))
        program = b.finish([0], [Guard(b.emit("gt", total, b.constant(nudge)), True)])
        assert prepare(program).run(x)[1] == failed


def test_many_neighbouring_outputs_are_printed_as_a_slice():
    lines = ["program of 9 inputs", *(f"v{i + 9} = exp v{i}" for i in range(9)), "return v0 {} v2"]
    nine = " ".join(f"v{i}" for i in range(9, 18))
    for outputs, shown in ((nine, "s0 s9:18 s2"), ("v9 v10 v11", "s0 s9 s10 s11 s2")):
        text = str(vectorize(Program.parse("\n".join(lines).format(outputs))))
        assert text.splitlines()[-1] == f"  return {shown}"
