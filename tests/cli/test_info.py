"""gradloom info: every fact has its line, and what is missing says what to type."""

import platform
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import gradloom
from gradloom.cli import info, main


def test_every_fact_has_its_line(capsys):
    assert main(["info"]) == 0
    lines = capsys.readouterr().out.splitlines()
    facts = {line[:14].strip(): line[15:] for line in lines}
    assert facts["gradloom"] == gradloom.__version__
    assert facts["numpy"] == np.__version__
    assert facts["Python"].startswith(platform.python_version())
    assert facts["engine"].split(":")[0] in ("plain", "native")
    assert facts.keys() >= {"layout engine", "rich", "matplotlib", "scikit-learn"}


def build(native, reason):
    return SimpleNamespace(NATIVE=native, REASON=reason)


@pytest.mark.parametrize(
    ("engine", "pure", "module", "words"),
    [
        ("plain", True, build(True, "built"), "plain: GRADLOOM_PURE is set"),
        ("plain", False, None, "plain: it runs from its source tree"),
        ("plain", False, build(False, "no C compiler was found"), "plain: no C compiler was found"),
        ("plain", False, build(True, "built"), "plain: built, but that could not be loaded (why); reinstall"),
        ("native", False, build(True, "built"), "native: built"),
    ],
)
def test_why_this_engine(monkeypatch, engine, pure, module, words):
    monkeypatch.setattr(info, "ENGINE", engine)
    monkeypatch.setattr(info, "PURE", pure)
    monkeypatch.setattr(info, "PROBLEM", "why")
    monkeypatch.setitem(sys.modules, "gradloom._native.build", module)
    assert info.facts()["engine"].startswith(words)


def test_what_is_missing_says_what_to_type(monkeypatch):
    def missing(_):
        raise info.PackageNotFoundError

    def nothing():
        raise RuntimeError("install one")

    monkeypatch.setattr(info, "version", missing)
    monkeypatch.setattr(info, "find_engine", nothing)
    facts = info.facts()
    assert 'pip install "gradloom[demo]"' in facts["rich"]
    assert facts["layout engine"] == "install one"
