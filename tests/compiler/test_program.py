"""``Program``: its printed form, the way back, and what its verifier refuses."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradloom.compiler.program import CONSTANT, INPUT, OPCODES, Builder, Guard, Instruction, Program
from gradloom.ops import TABLE

PRINTED = """\
program of 2 inputs
  v0 = input
  v1 = input
  v2 = gt v0 v1
  v3 = constant 2.0
  v4 = mul v0 v3
  guard v2 is true at line.py:7
  guard v4 is false
  return v4 v1"""


def built():
    b = Builder(2)
    condition = b.emit("gt", 0, 1)
    double = b.emit("mul", 0, b.constant(2.0))
    return b.finish([double, 1], [Guard(condition, True, "line.py:7"), Guard(double, False)])


def test_printed():
    assert str(built()) == PRINTED
    assert Program.parse(PRINTED) == built()
    assert built()[4] == Instruction("mul", (0, 3))
    assert [line.name for line in built()] == ["input", "input", "gt", "constant", "mul"]
    assert len(built()) == 5


def test_columns():
    p = built()
    assert p.code.tolist() == [INPUT, INPUT, OPCODES["gt"], CONSTANT, OPCODES["mul"]]
    assert (p.start.tolist(), p.args.tolist()) == ([0, 0, 0, 2, 2, 4], [0, 1, 0, 3])
    assert p.number.tolist() == [0.0, 0.0, 0.0, 2.0, 0.0]
    assert [c.dtype for c in (p.code, p.start, p.args, p.number, p.outputs)] == [
        np.uint16, np.int32, np.int32, np.float64, np.int32,
    ]  # fmt: skip


@pytest.mark.parametrize("x", [0.0, -0.0, 0.1, 1e-320, -1e308, math.inf, -math.inf, math.nan])
def test_constants_survive_printing_to_the_bit(x):
    b = Builder()
    p = b.finish([b.constant(x)])
    assert Program.parse(str(p)) == p


def test_equality_looks_at_bits_guards_and_outputs():
    def constant(x, outputs=(0,), guards=()):
        b = Builder()
        b.constant(x)
        return b.finish(outputs, guards)

    assert constant(math.nan) == constant(math.nan)
    assert constant(0.0) != constant(-0.0)
    assert constant(1.0) != constant(1.0, [0, 0])
    assert constant(1.0) != constant(1.0, guards=[Guard(0, True)])
    assert constant(1.0) != "program"


@given(st.data())
def test_parse_reads_what_str_printed(random_program, data):
    p = random_program(lambda n: data.draw(st.integers(0, n - 1)), list(TABLE))
    assert Program.parse(str(p)) == p


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "begins with"),
        ("v0 = input", "begins with 'program of N inputs', not with 'v0 = input'"),
        ("program of 1 inputs\nv0 = input", "ends with 'return"),
        ("program of 0 inputs\nv0 = constant 1.0\nv1 = frob v0\nreturn v1", "no operation 'frob'"),
        ("program of 1 inputs\nv0 = input\nv1 = add v0\nreturn v1", "v1 has a wrong count of operands"),
        ("program of 1 inputs\nv0 = input\nv1 = neg v1\nreturn v1", "v1 .* comes later"),
        ("program of 1 inputs\nv0 = input\nv1 = neg v2\nv2 = neg v0\nreturn v1", "v1 .* comes later"),
        ("program of 1 inputs\nv0 = input\nreturn v1", "no instruction"),
        ("program of 1 inputs\nv0 = input\nguard v3 is true\nreturn v0", "no instruction"),
        ("program of 1 inputs\nv0 = input\nhello\nreturn v0", "no line of a program: 'hello'"),
    ],
)  # fmt: skip
def test_what_is_no_program(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        Program.parse(text)


def test_verified_names_the_first_broken_instruction():
    p = built()
    assert p.verified() is p
    late = Program(p.inputs, p.code, p.start, np.array([0, 1, 0, 4], np.int32), p.number, p.outputs)
    with pytest.raises(ValueError, match="v4"):
        late.verified()
    misplaced = p.code.copy()
    misplaced[2] = INPUT
    with pytest.raises(ValueError, match="inputs of a program come first"):
        Program(p.inputs, misplaced, p.start, p.args, p.number, p.outputs).verified()
    unknown = p.code.copy()
    unknown[2] = 999
    with pytest.raises(ValueError, match="v2"):
        Program(p.inputs, unknown, p.start, p.args, p.number, p.outputs).verified()
    with pytest.raises(ValueError, match="one length"):
        Program(p.inputs, p.code, p.start, p.args, p.number[:-1], p.outputs).verified()
    with pytest.raises(ValueError, match="operands"):
        Program(p.inputs, p.code, p.start, p.args[:-1], p.number, p.outputs).verified()
