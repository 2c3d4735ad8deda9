"""docs/add-an-operation.md carried out: its row is put into a copy of the table, and all that the page
promises is there: the method, the function, the text and the C code, the stub, the tests."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "add-an-operation.md").read_text(encoding="utf-8")
PYTEST = ["-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "tests", "-k"]
pytestmark = pytest.mark.skipif(os.environ.get("GRADLOOM_PURE") == "1", reason="the same for both engines")
TABLE_TESTS = ["test_ops.py", "test_methods.py", "test_conventions.py", "test_c_column.py", "test_math.py"]


def blocks(word):
    """The page's Python blocks that have ``word`` behind the fence."""
    return re.findall(rf"^```python{word}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of the checkout whose table has the page's row, at the place the page says."""
    top = tmp_path_factory.mktemp("checkout")
    for folder in ("src", "tools"):
        shutil.copytree(ROOT / folder, top / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (top / "tests").mkdir()
    for name in TABLE_TESTS:
        shutil.copy(ROOT / "tests" / name, top / "tests" / name)
    table = top / "src" / "gradloom" / "ops.py"
    text = read(table)
    value, row = blocks(" ops")
    for place, block in (("\nLN2, ", f"\n{value}\n"), ("\n]\n# fmt: on", f"\n{row.rstrip()}")):
        assert text.count(place) == 1
        text = text.replace(place, block + place)
    table.write_text(text, encoding="utf-8")
    found = run(top, "-c", "import gradloom; print(gradloom.__file__)").stdout
    assert str(top) in found, "an editable installation hides the copy; install gradloom without -e"
    return top


def read(path):
    return path.read_text(encoding="utf-8")


def run(checkout, *arguments):
    """Python in the copy, with the plain engine: the native one would have to be built anew."""
    environment = os.environ | {"PYTHONPATH": str(checkout / "src"), "GRADLOOM_PURE": "1"}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(
        command, cwd=checkout, env=environment, capture_output=True, text=True, check=False, timeout=300
    )


def test_every_snippet_of_the_page_is_true(checkout):
    snippets = checkout / "snippets.txt"
    examples = re.findall(r"^>>> .*?(?=^```)", PAGE, re.MULTILINE | re.DOTALL)
    snippets.write_text("\n".join(examples), encoding="utf-8")
    result = run(checkout, "-m", "doctest", snippets)
    assert result.returncode == 0, result.stdout
    assert len(examples) == len(blocks("")) + len(blocks(" logaddexp")) == 6


def test_the_tests_of_the_table_take_the_row(checkout):
    result = run(checkout, *PYTEST, "logaddexp or unique")
    assert result.returncode == 0, result.stdout
    assert int(re.search(r"(\d+) passed", result.stdout)[1]) >= 15


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("0.5, m.sigmoid(x - y)", "0.5, 0.999 * m.sigmoid(x - y)"),
        ("m.eq(x, y) * m.ne(x - y, 0.0), 0.5, m.sigmoid(x", "m.eq(x, y), 0.5, m.sigmoid(x"),
        ("log1p(exp(-fabs(x - y)))", "log1p(exp(fabs(x - y)))"),
        ('"log(exp(x) + exp(y))"', '"log(exp(x) + exp(y) + 1)"'),
        ('"commutative",\n        "logaddexp"', '"",\n        "logaddexp"'),
    ],
)
def test_a_wrong_row_fails(checkout, tmp_path, right, wrong):
    copy = shutil.copytree(checkout, tmp_path / "checkout")
    table = copy / "src" / "gradloom" / "ops.py"
    text = read(table)
    assert text.count(right) == 1
    table.write_text(text.replace(right, wrong), encoding="utf-8")
    result = run(copy, *PYTEST, "logaddexp")
    assert result.returncode == 1, result.stdout


def test_the_stubs_take_the_row(checkout):
    stale = run(checkout, "tools/stubs.py", "--check")
    assert stale.returncode == 1
    assert "python tools/stubs.py" in stale.stdout
    assert run(checkout, "tools/stubs.py").returncode == 0
    package = checkout / "src" / "gradloom"
    assert "def logaddexp(self, other: _Scalar, /) -> Value:" in read(package / "engine.pyi")
    assert "def logaddexp(x: Value, y: _Scalar, /) -> Value:" in read(package / "math.pyi")


def test_the_c_code_takes_the_row(checkout):
    package = checkout / "src" / "gradloom"
    targets = checkout / "table.h", checkout / "kernels.h"
    result = run(checkout, package / "_native" / "generate.py", package / "ops.py", *targets)
    assert result.returncode == 0, result.stderr
    assert "exact_logaddexp_0" in read(checkout / "kernels.h")
    code = read(checkout / "table.h")
    assert "double value_logaddexp(double x, double y)" in code
    assert "value_sigmoid(y - x)" in code
    assert '"logaddexp"' in code
