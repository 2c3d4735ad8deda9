"""The examples in the docstrings of the compiler are executed, on the passes that are loaded."""

import ast
import doctest
import importlib
import io
from pathlib import Path

import pytest

from gradloom.compiler import program

FILES = [path for path in sorted(Path(program.__file__).parent.glob("*.py")) if path.stem != "__init__"]


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in FILES])
def test_examples(path):
    module = importlib.import_module(f"gradloom.compiler.{path.stem}")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node):
            names, report = dict(vars(module)), io.StringIO()
            text = ast.get_docstring(node)
            test = doctest.DocTestParser().get_doctest(text, names, path.stem, str(path), 0)
            doctest.DocTestRunner(verbose=False).run(test, out=report.write)
            assert not report.getvalue(), report.getvalue()
