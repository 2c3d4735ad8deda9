"""What the passes' tests share: a slow, obvious evaluator of Programs, and random Programs."""

import itertools
import math

import numpy as np
import pytest

from gradloom.compiler.program import OPCODES, ROWS, Builder, Guard

SPECIAL = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -3.0, math.inf, -math.inf, math.nan, 5e-324, 1e308)
POWERS = (-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 2.5)
CONSTANTS = (0.0, -0.0, 1.0, -1.0, 2.0, 4.0, -0.5, 3.0)


def _ieee(row, *xs):
    """A row's value as IEEE 754 has it, where Python raises."""
    if row.name == "powc":  # these formulas are the definition, at infinities too
        x, c = xs
        formulas = {2.0: lambda: x * x, 3.0: lambda: x * x * x, 0.5: lambda: float(np.sqrt(x))}
        if c in formulas:
            return formulas[c]()
    try:
        return float(row.value(*xs))
    except (ArithmeticError, ValueError):
        return float(getattr(np, row.ufunc)(*xs))


@pytest.fixture(scope="session")
def evaluate():
    """``evaluate(program, inputs)``: the value of every output, one Python float at a time."""

    def run(program, inputs, everything=False):
        values, more = [], iter(inputs)
        with np.errstate(all="ignore"):
            for name, operands, number in program:
                if name == "input":
                    values.append(float(next(more)))
                elif name == "constant":
                    values.append(number)
                else:
                    values.append(_ieee(ROWS[OPCODES[name]], *(values[i] for i in operands)))
        return values if everything else [values[i] for i in program.outputs]

    return run


@pytest.fixture(scope="session")
def random_program():
    """``random_program(choose, names)``: a Program of 2 or 3 inputs, made of the operations ``names``.

    ``choose(n)`` draws a number from 0 to n - 1.
    """

    def make(choose, names, size=25, guards=True):
        b = Builder(2 + choose(2))
        numbers = list(range(b.inputs))
        for _ in range(1 + choose(size)):
            name = names[choose(len(names))]
            operands = [numbers[-1 - choose(min(len(numbers), 8))] for _ in range(ROWS[OPCODES[name]].arity)]
            if choose(4) == 0:
                operands[choose(len(operands))] = b.constant(CONSTANTS[choose(len(CONSTANTS))])
            if name == "powc":
                operands[1] = b.constant(POWERS[choose(len(POWERS))])
            numbers.append(b.emit(name, *operands))
        outputs = [numbers[-1], *(numbers[-1 - choose(len(numbers))] for _ in range(choose(3)))]
        guard = [Guard(numbers[-1 - choose(len(numbers))], True, "f.py:1")] if guards and choose(2) else []
        return b.finish(outputs, guard).verified()

    return make


@pytest.fixture(scope="session")
def same():
    """``same(x, y)``: equal numbers, to the bit; a nan is a nan, and with ``zeros`` a zero is a zero."""

    def bits(x, y, zeros=False):
        if math.isnan(x) or math.isnan(y) or (zeros and x == 0.0):
            return (math.isnan(x) and math.isnan(y)) or (zeros and x == y)
        return math.copysign(1.0, x) == math.copysign(1.0, y) and x == y

    return bits


@pytest.fixture(scope="session")
def special_points():
    """``special_points(n)``: all n-tuples of nan, infinities, zeros and a few ordinary numbers."""
    return lambda n: itertools.product(SPECIAL, repeat=n)
