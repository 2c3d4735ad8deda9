"""Everything that is computed natively, at every SIMD level that the machine has.

``test_interpreter.py`` runs the rows' kernels at each level. One evaluation at a time takes the level that
the process began with, so here a process is begun for each: random programs with dots, sums and matrix
products to the bit in the source's order and within the magnitudes of their terms out of it; then random
functions in every way that they can run.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gradloom.compiler.rows import native

pytestmark = pytest.mark.skipif(native is None, reason="a promise of the native interpreter")
HERE = Path(__file__).parent
LEVELS = native.LEVELS if native else ()
OTHERS = [level for level in LEVELS if level != native.LEVEL]
"""All other tests run at the level that is left out."""


def run(level, words):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", words],
        cwd=HERE,
        env=os.environ | {"GRADLOOM_LEVEL": level},
        capture_output=True,
        text=True,
        timeout=300,
    )


def everything(level):
    """What is run in a process of its own."""
    import fuzz
    import test_vectorize as vectors
    from programs import write

    from gradloom._native import rows, vector
    from gradloom.compiler.single import prepare

    assert rows.LEVEL == vector.LEVEL == level
    for seed in range(30):
        program, inputs = vectors.random_program(seed, [*vectors.ARITHMETIC, *vectors.SMOOTH])
        numbers, sizes = vectors.evaluate(program, inputs)
        vectors.assert_close(prepare(program).run(inputs)[0], numbers, sizes, program.outputs)
        program, inputs = vectors.random_program(seed, vectors.ARITHMETIC)
        numbers, _ = vectors.evaluate(program, inputs)
        got, failed = prepare(program, same_order=True).run(inputs)
        assert np.array_equal(got, numbers[program.outputs], equal_nan=True)
        assert failed == vectors.failed_guard(program, numbers)
    for shape in [(3, 5, 4), (8, 16, 16), (5, 33, 7)]:
        vectors.test_products_of_matrices_of_all_shapes(shape)
    for seed in range(900, 903):
        fuzz.check(write(seed), seed)
    print("all of it")


@pytest.mark.parametrize("level", OTHERS)
def test_every_level_gives_the_same(level):
    done = run(level, f"import test_levels; test_levels.everything({level!r})")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "all of it\n"


def test_the_best_level_is_in_use_unless_another_is_asked_for():
    from gradloom._native import vector

    asked = os.environ.get("GRADLOOM_LEVEL") or LEVELS[-1]
    assert native.LEVEL == vector.LEVEL == asked
    assert LEVELS[0] == "baseline"


def test_a_level_that_the_machine_lacks():
    done = run("sse9", "import gradloom; gradloom.Value(2.0); gradloom.grad")
    assert done.returncode != 0
    assert "ImportError: GRADLOOM_LEVEL=sse9: this machine has no such SIMD level" in done.stderr
