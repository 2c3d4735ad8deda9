"""The program that lays a graph out: the system's ``dot``, else the one that came with Gradloom.

Takes: nothing but the environment.
Gives: ``find_engine`` (which program) and ``engine_in_use`` (makes the graphviz package run it).
Promises: the bundled program (``graphviz-pure``, a dependency) is looked for in the folders of this
Python environment and never on PATH, so it is found in a notebook or a service whose PATH is bare;
where there is neither program, the error says what to install.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path

from graphviz.backend import dot_command

__all__ = ["bundled_engine", "engine_in_use", "find_engine"]

_BUNDLED = "graphviz-pure.exe" if os.name == "nt" else "graphviz-pure"
_swap = threading.RLock()


def find_engine() -> Path:
    """The path of the layout program.

    Raises
    ------
    RuntimeError
        There is none; the message says how to install one.
    """
    system = shutil.which("dot")
    engine = Path(system) if system else bundled_engine()
    if engine is None:
        raise RuntimeError(
            "no layout engine was found to draw with; run: python -m pip install graphviz-pure "
            "(or install Graphviz, https://graphviz.org/download, so that its program dot is on PATH)"
        )
    return engine


def bundled_engine() -> Path | None:
    """The path of ``graphviz-pure`` in this environment, if it is there."""
    folders = (
        sysconfig.get_path("scripts"),
        Path(sys.executable or ".").parent,
        sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user")),
    )
    candidates = (Path(folder, _BUNDLED) for folder in folders)
    return next((path for path in candidates if path.is_file()), None)


@contextlib.contextmanager
def engine_in_use():
    """Inside, the graphviz package runs ``find_engine()``; its errors name the next step.

    The package runs the program that ``dot_command.DOT_BINARY`` names. It is swapped only where
    there is no ``dot``, that is where the package alone would fail.
    """
    engine = find_engine()
    with _swap:
        before = dot_command.DOT_BINARY
        if engine.stem != "dot":
            dot_command.DOT_BINARY = engine
        try:
            yield
        except subprocess.CalledProcessError as error:
            raise _explained(error, engine) from None
        finally:
            dot_command.DOT_BINARY = before


def _explained(error: subprocess.CalledProcessError, engine: Path) -> Exception:
    said = error.stderr or b""
    said = (said if isinstance(said, str) else said.decode(errors="replace")).strip()
    if "not recognized" not in said:
        return RuntimeError(f"{engine.name} could not draw the graph; it said: {said or error}")
    wanted = next((a[2:] for a in map(str, error.cmd) if a.startswith("-T")), "this format")
    cure = "install Graphviz (https://graphviz.org/download), whose dot writes it, or "
    return ValueError(
        f"{engine.name} cannot write {wanted}; {cure if engine.stem != 'dot' else ''}choose svg or png"
    )
