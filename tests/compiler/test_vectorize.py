"""The vectoriser and the machine that runs its programs, against the plain evaluation of the Program."""

import random

import numpy as np
import pytest

from gradloom.arithmetic import IEEE
from gradloom.compiler.program import CONSTANT, INPUT, OPCODES, ROWS, Builder, Guard, Program
from gradloom.compiler.single import Prepared, prepare
from gradloom.compiler.vector_program import define_vector
from gradloom.compiler.vectorize import vectorize

ARITHMETIC = ["add", "add", "sub", "mul", "mul", "div", "neg", "abs", "relu", "maximum", "where", "lt", "sqrt"]
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
    pool = [*range(b.inputs), *(b.constant(rng.choice([0.5, -1.0, 2.0, 0.0, -0.0])) for _ in range(rng.randint(1, 3)))]
    width = rng.choice([1, 2, 3, 8, 20])

    def pick():
        return pool[rng.randrange(max(0, len(pool) - 50), len(pool))] if rng.random() < 0.7 else rng.choice(pool)

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
                made += [total([b.emit("mul", w, x) for w, x in zip(row, vector)]) for row in rows]
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
