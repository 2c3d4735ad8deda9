"""``gradloom info``: what is installed, and which engines are in use and why.

Takes: the packages that are there; none of the optional ones is imported.
Gives: ``run``, which prints one fact a line, and ``facts``.
Promises: what is missing is no error here: its line says what to type.
"""

import importlib
import platform
from importlib.metadata import PackageNotFoundError, version

from gradloom.cli.console import EXTRAS
from gradloom.compiler.rows import native
from gradloom.draw.layout import find_engine
from gradloom.engine import ENGINE, PROBLEM, PURE

__all__ = ["facts", "run"]


def run():
    """Print the facts; the exit status."""
    for name, fact in facts().items():
        print(f"{name:<14} {fact}")
    return 0


def facts():
    """What there is to know: {name: fact}, both text."""
    from gradloom import __version__

    return {
        "gradloom": __version__,
        "Python": f"{platform.python_version()} ({platform.python_implementation()}, {platform.platform()})",
        "numpy": _version("numpy"),
        "engine": f"{ENGINE}: {_why()}",
        **_vectors(),
        "layout engine": _layout(),
        **{package: _version(package) for package in EXTRAS},
    }


def _why():
    """Why this engine and not the other."""
    if PURE:
        return "GRADLOOM_PURE is set"
    try:
        build = importlib.import_module("gradloom._native.build")
    except ImportError:
        return "it runs from its source tree, where nothing native is built"
    if build.NATIVE and ENGINE == "plain":
        return f"{build.REASON}, but that could not be loaded ({PROBLEM}); reinstall gradloom"
    return build.REASON


def _vectors():
    """What the compiler's interpreter runs on: the SIMD level, and where its mathematics comes from."""
    if native is None:
        return {"vectors": "NumPy: the native interpreter is not loaded"}
    at_once = sorted(name for name, where in native.FUNCTIONS.items() if where == "libmvec")
    singly = sorted(set(native.FUNCTIONS) - set(at_once))
    facts = {"vectors": f"{native.LEVEL} (this machine has {', '.join(native.LEVELS)})"}
    if at_once:
        facts["libmvec"] = ", ".join(at_once)
    if singly:
        facts["libm"] = ", ".join(singly)
    return facts


def _layout():
    try:
        engine = find_engine()
    except RuntimeError as error:
        return str(error)
    return f"{engine.name}: {engine}"


def _version(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return 'not installed; the demo needs it: pip install "gradloom[demo]"'
