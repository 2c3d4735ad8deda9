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
