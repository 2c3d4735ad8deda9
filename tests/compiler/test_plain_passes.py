"""The passes that Cython compiled and the same files as plain Python write the same Programs."""

import importlib
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gradloom.compiler import program
from gradloom.compiler import simplify as module
from gradloom.compiler.derivatives import forward, reverse
from gradloom.compiler.simplify import simplify
from gradloom.compiler.vectorize import vectorize
from gradloom.engine import PURE
from gradloom.ops import TABLE

PASSES = ("columns", "simplify", "partials", "poles", "derivatives", "contraction", "grouping", "layout")
compiled = pytest.mark.skipif(module.__file__.endswith(".py"), reason="the passes are not compiled here")
PLAIN = """
import sys
from gradloom.compiler import columns, contraction, derivatives, grouping, layout, partials, poles, simplify
from gradloom.compiler.program import Program
from gradloom.compiler.vectorize import vectorize
passes = columns, contraction, derivatives, grouping, layout, partials, poles, simplify
assert all(m.__file__.endswith(".py") for m in passes)
for text in sys.stdin.read().split("---"):
    p = Program.parse(text)
    first = derivatives.reverse(p, range(p.inputs))
    print(simplify.simplify(p), simplify.simplify(first, final=True), sep="\\n---\\n")
    print("---", derivatives.forward(first, ["input"] * first.inputs), "---", sep="\\n")
    print(vectorize(first), "---", vectorize(first, same_order=True), "---", sep="\\n")
"""


@compiled
def test_compiled_and_plain_passes_agree(random_program):
    rng = random.Random(7)
    names = [name for name in TABLE if name != "unknown"]  # no final Program has it
    programs = [random_program(rng.randrange, names, size=60) for _ in range(60)]
    done = subprocess.run(
        [sys.executable, "-c", PLAIN],
        input="---".join(map(str, programs)),
        env=os.environ | {"GRADLOOM_PURE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    plain = [text.strip() for text in done.stdout.split("---")[:-1]]
    ours: list[object] = []
    for p in programs:
        first = reverse(p, range(p.inputs))
        ours += [simplify(p), simplify(first, final=True), forward(first, ["input"] * first.inputs)]
        ours += [vectorize(first), vectorize(first, same_order=True)]
    assert list(map(str, ours)) == plain


def test_no_index_is_negative():
    """The compiled passes check no index: x[-1] would read what lies before x."""
    folder = Path(program.__file__).parent
    for name in PASSES:
        text = (folder / f"{name}.py").read_text(encoding="utf-8")
        assert "wraparound=False" in text
        assert not re.search(r"\w\[-", text), name


def test_plain_passes_where_the_plain_engine_is_asked_for():
    assert not PURE or module.__file__.endswith(".py")


@compiled
def test_all_passes_are_compiled_or_none():
    modules = [importlib.import_module(f"gradloom.compiler.{name}") for name in PASSES]
    assert not any(m.__file__.endswith(".py") for m in modules)
