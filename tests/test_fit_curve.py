"""The example of SciPy's solvers: every road finds the same constants, near the truth."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[1] / "examples" / "fit_curve.py"
pytest.importorskip("scipy")


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("fit_curve", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_method_finds_the_same_constants(example):
    times, heights = example.measured()
    found = example.fits(times[::4], heights[::4])
    first = found.pop("least_squares, jac")
    assert first == pytest.approx(example.TRUTH, abs=0.15)
    for name, constants in found.items():
        assert constants == pytest.approx(first, abs=1e-3), name


@pytest.mark.native
def test_the_example_draws(tmp_path):
    pytest.importorskip("matplotlib")
    out = tmp_path / "fit.png"
    done = subprocess.run([sys.executable, EXAMPLE, "--out", out], capture_output=True, text=True, check=True)
    assert "[1.004169 1.729637]" in done.stdout
    assert out.read_bytes().startswith(b"\x89PNG")
