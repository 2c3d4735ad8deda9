"""One version, public names that exist, and an import that is light."""

import pathlib
import re
import tomllib

import pytest

import gradloom

ROOT = pathlib.Path(__file__).resolve().parent.parent


def test_one_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (meson,) = re.findall(r"^  version: '(.*)'", (ROOT / "meson.build").read_text(encoding="utf-8"), re.M)
    assert project["version"] == meson == gradloom.__version__


@pytest.mark.parametrize("name", gradloom.__all__)
def test_public_names_exist(name):
    assert getattr(gradloom, name) is not None


def test_nothing_public_is_left_out():
    # the submodules that importing makes visible are no part of the promise
    modules = {"arithmetic", "cli", "compiler", "engine", "errors", "module", "numeric", "ops", "protocols"}
    modules |= {"check", "film", "lines", "mapping", "scopes", "state"}
    public = {name for name in vars(gradloom) if not name.startswith("_")}
    assert public - modules - set(gradloom.__all__) <= {"primitive", "numeric"}
