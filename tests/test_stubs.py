"""The type stubs: fresh, complete, and right about a small typed program."""

import ast
import inspect
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import gradloom.draw  # noqa: F401 (attaches Value.draw)
from gradloom import Value, math

ROOT = Path(__file__).parents[1]
STUBS = ROOT / "tools" / "stubs.py"

# mypy reads this. Lines marked "type: ignore" must be errors, since an unused mark is one too.
PROGRAM = """
from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

from gradloom import Value, gradcheck, math, no_grad, primitive, slope, source_lines, topological_order
from gradloom.engine import read

a, b = Value(2.0, label="a"), Value(np.float32(-3))
c = a * b + 10
assert_type(c, Value)
assert_type(1 - a, Value)
assert_type(2**a, Value)
assert_type(a**0.5 // 3 % np.int64(2), Value)
assert_type(-abs(a), Value)
assert_type(a < 3, bool)
assert_type(a == b, bool)
assert_type(a.tanh(), Value)
assert_type(a.arctan2(2.0), Value)
assert_type(c.data, float)
assert_type(c.operands, tuple[Value, ...])
assert_type(c._prev, set[Value])
assert_type(a.item(), float)
assert_type(a.detach(), Value)
assert_type(topological_order(c), list[Value])
assert_type(read([a, b], "grad"), NDArray[np.float64])
c.backward()
a.grad = None
a.data = np.float64(4)
a._backward = lambda: None

array = np.ones(3)
assert_type(a * array, NDArray[Any])
assert_type(math.tanh(array), NDArray[Any])
assert_type(math.tanh(a), Value)
assert_type(math.tanh(1), float)
assert_type(math.floor(2.5), int)
assert_type(math.floor(a), Value)
assert_type(math.atan2(1.0, a), Value)
assert_type(math.atan2(a, array), NDArray[Any])
assert_type(math.hypot(1, 2, 3), float)
assert_type(math.maximum(a, 2.0, b), Value)
assert_type(math.where(a > b, a, 0.0), Value)
assert_type(math.where(True, 1.0, 0.0), float)
assert_type(math.where(array > 0, a, 0.0), NDArray[Any])
assert_type(math.clip(a, 0.0, 1.0), Value)
assert_type(math.log(8, 2), float)
assert_type(math.log(8, a), Value)
assert_type(math.isnan(a), bool)
assert_type(math.frexp(a), tuple[Value, int])
assert_type(math.softmax([a, b]), list[Value])
assert_type(math.softmax([1.0, 2.0]), list[float])
assert_type(math.logsumexp([a, 2.0]), Value)
assert_type(math.dot([1.0], [2.0]), float)
assert_type(math.fsum([a, b]), Value)
assert_type(math.gcd(4, 6), int)
assert_type(math.pi, float)
assert_type(slope(lambda x: 3 * x**2, 3), float)
assert_type(slope(lambda x, y: x * y, (3, a)), list[float])
assert_type(gradcheck(lambda x: x * x, [3.0]), bool)
assert_type(primitive(lambda x: x, lambda m, x, r: (1.0,))(a), Any)


def either(x: float | Value) -> float | Value:
    return math.exp(x)


with no_grad(), source_lines():
    y = a * 2

a.backward("1")  # type: ignore[arg-type]
a.tahn()  # type: ignore[attr-defined]
a + "x"  # type: ignore[operator]
a.data = "2"  # type: ignore[assignment]
Value([1.0, 2.0])  # type: ignore[arg-type]
math.gcd(a, 2)  # type: ignore[arg-type]
math.tanh("x")  # type: ignore[call-overload]
"""


def run(*command, **options):
    return subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False, **options)


def test_the_stubs_are_fresh():
    result = run(STUBS, "--check")
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_stale_stub_is_told_and_cured(tmp_path):
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    stubs = shutil.copytree(ROOT / "tools", tmp_path / "tools") / "stubs.py"
    package = tmp_path / "src" / "gradloom"
    before = (package / "engine.pyi").read_text(encoding="utf-8")
    table = (package / "ops.py").read_text(encoding="utf-8")
    (package / "ops.py").write_text(table.replace('"tanh"', '"tanj"'), encoding="utf-8")
    told = run(stubs, "--check")
    assert told.returncode == 1
    assert "engine.pyi is stale" in told.stdout
    assert "python tools/stubs.py" in told.stdout
    assert (package / "engine.pyi").read_text(encoding="utf-8") == before
    assert run(stubs).returncode == 0
    assert "def tanj(self) -> Value:" in (package / "engine.pyi").read_text(encoding="utf-8")
    assert run(stubs, "--check").returncode == 0
    assert not list(package.glob("*.new"))


def names(nodes):
    """What these statements of a stub define, in this version of Python."""
    for node in nodes:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.AnnAssign):
            yield node.target.id
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.asname for alias in node.names if alias.asname)
        elif isinstance(node, ast.If) and eval(ast.unparse(node.test), {"sys": sys}):
            yield from names(node.body)


def stub(name):
    return ast.parse((ROOT / "src" / "gradloom" / name).read_text(encoding="utf-8"))


def test_the_stub_of_math_has_its_names():
    assert set(names(stub("math.pyi").body)) == set(math.__all__)


def test_the_stub_of_value_has_its_attributes():
    value = next(node for node in stub("engine.pyi").body if isinstance(node, ast.ClassDef))
    typed, there = set(names(value.body)), set(dir(Value(1.0)))
    assert typed <= there
    assert {name for name in there if not name.startswith("_")} <= typed


def test_the_stub_of_draw_has_its_options():
    value = next(node for node in stub("engine.pyi").body if isinstance(node, ast.ClassDef))
    draw = next(node for node in value.body if isinstance(node, ast.FunctionDef) and node.name == "draw")
    parameters = inspect.signature(Value.draw).parameters.values()
    options = {p.name: p.default for p in parameters if p.kind == p.KEYWORD_ONLY}
    typed = zip(draw.args.kwonlyargs, draw.args.kw_defaults, strict=True)
    assert {arg.arg: ast.literal_eval(default) for arg, default in typed} == options


@pytest.mark.skipif(os.environ.get("GRADLOOM_PURE") == "1", reason="the same for both engines")
def test_mypy_agrees_with_a_typed_program(tmp_path):
    pytest.importorskip("mypy", reason="make check installs mypy, and runs this")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    arguments = ["--strict", "--config-file=", f"--cache-dir={tmp_path}", str(program)]
    # On PYTHONPATH the package is to mypy as if installed: py.typed counts, its own errors do not.
    result = run("-m", "mypy", *arguments, env=os.environ | {"PYTHONPATH": str(ROOT / "src")})
    assert result.returncode == 0, result.stdout + result.stderr
