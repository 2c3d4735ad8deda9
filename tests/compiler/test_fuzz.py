"""Differential fuzzing (RULES 26): random programs, computed in every way there is, agree.

The seeds are fixed, so a failure repeats. GRADLOOM_FUZZ_SECONDS gives it more time than the default.
"""

import os
import sys
from pathlib import Path

import pytest

import gradloom as gl

sys.path.insert(0, str(Path(__file__).parent))
import fuzz
from programs import Source, write
from rounding import Run
from structures import leaves

SECONDS = float(os.environ.get("GRADLOOM_FUZZ_SECONDS", "20"))


def test_a_seed_gives_the_same_program():
    assert [write(seed).text for seed in range(20)] == [write(seed).text for seed in range(20)]


def test_the_programs_have_what_users_write():
    text = "\n".join(write(seed).text for seed in range(120))
    for word in (
        "while",
        "elif",
        "return",
        "sorted(",
        "max(",
        " and ",
        " or ",
        "softmax",
        "+=",
        "w0",
        "where(",
    ):
        assert word in text
    assert len(leaves([write(seed).shapes for seed in range(120)])) > 400


def test_floats_and_eager_values_agree():
    assert fuzz.fuzz(1_000_000, SECONDS / 4, compiled=False) > 3


@pytest.mark.skipif(not hasattr(gl, "compile"), reason="there is no compiler to try")
def test_compiled_programs_agree():
    assert fuzz.fuzz(1, SECONDS) > 3


def room(result, x):
    text = f"def f(x):\n    return {result}\n\ndef total(x):\n    r = f(x)\n    return 1.0 * r\n"
    return Run(Source(result, text, (0.0,)), [x]).rooms()[0]


def test_only_a_tie_that_rounding_made_may_fall_to_either_side():
    """log(3) - 0.3486... is 0.75 or the number before it, as the last bit of the logarithm has it."""
    step = "math.logsumexp([x, x, x]) // 0.75"
    assert room(step, -0.3486122886681098) >= 1.0
    assert room(step, -0.3486122886681) < 1e-9
    assert room("x // 0.75", 0.75) < 1e-9
    assert room("(x + 0.25) // 0.75", 0.5) < 1e-9
    assert room("(math.exp(x) > 1.5) * 2.0 + x", 0.4) < 1e-9


def test_what_is_too_small_for_a_float_has_room():
    """0.5 * 5e-324 is 0, unless the product and the addition round once."""
    assert room("math.floor((0.5 * x + x - x) * 2.0 ** 600 * 2.0 ** 474)", 5e-324) >= 1.0
    assert room("math.floor(0.3 * x * 2.0 ** 600 * 2.0 ** 474)", 0.0) < 1e-9


def test_the_sign_of_a_zero_to_which_zero_was_added_may_tell():
    assert room("math.copysign(0.9, sum([x * -1.0]))", 0.0) >= 1.8
    assert room("math.copysign(0.9, sum([x * -1.0]))", -0.0) < 1e-9
    assert room("math.copysign(0.9, x * -1.0)", 0.0) < 1e-9
    assert room("math.copysign(0.9, x - x)", 1.0) < 1e-9


def test_what_is_lost_beside_a_large_number_has_room():
    assert room("(x + 1.0) + 2.0 - math.sqrt(2.0) + 1.25 - x", 1e300) > 1.0


def test_a_disagreement_is_made_small(monkeypatch):
    lines = ["a = x * 2.0", "b = math.tanh(a + y)", "if b > 0.0:", "    b += x", "return b - a"]
    text = "\n".join(["def f(x, y):", *(f"    {line}" for line in lines)])
    text += "\n\ndef total(x, y):\n    r = f(x, y)\n    return r\n"

    def check(source, seed, compiled):
        if "tanh" in source.text:
            raise fuzz.Disagreement("tanh is wrong")

    monkeypatch.setattr(fuzz, "check", check)
    small, reason = fuzz.shrunk(Source("t", text, (0.0, 0.0)), 1, fuzz.Disagreement("tanh is wrong"))
    assert str(reason) == "tanh is wrong"
    assert "tanh" in small.text
    assert len(small.text) < 100
