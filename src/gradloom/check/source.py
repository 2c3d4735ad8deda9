"""What a learner's file says, piece by piece: a Python file is one, a notebook has one for each cell of code.

Takes: the path of a ``.py`` or ``.ipynb`` file.
Gives: ``pieces``: the name that errors show, and the source; ``FileProblem``, raised where the file fails.
Promises: a line of a piece has the number that it has in its cell, and a traceback can show it. What only a
notebook understands is left out.
"""

import json
import linecache
import re
from pathlib import Path

from gradloom.errors import GradloomError

__all__ = ["FileProblem", "pieces"]

_MAGIC = re.compile(r"^[%!].*", re.MULTILINE)  # %matplotlib inline, !pip install ...
_PYTHON = re.compile(r"%%(?:time|timeit|capture|prun)\b")  # below these, the cell is Python; below %%bash not


class FileProblem(GradloomError):
    """The file cannot be run, or has no such class."""


def pieces(path: str) -> list[tuple[str, bytes | str]]:
    """The pieces of a file, in order, as (name, source).

    Raises
    ------
    FileProblem
        It is called ``.ipynb`` and is no notebook.
    OSError
        It cannot be read.
    """
    content = Path(path).read_bytes()
    if Path(path).suffix != ".ipynb":
        return [(path, content)]
    try:
        cells = [cell["source"] for cell in json.loads(content)["cells"] if cell["cell_type"] == "code"]
        sources = [source if isinstance(source, str) else "".join(source) for source in cells]
    except (ValueError, KeyError, TypeError) as error:
        raise FileProblem(
            f"{path} is no notebook of format 4 ({type(error).__name__}: {error}); save it anew in Jupyter"
        ) from None
    found: list[tuple[str, bytes | str]] = []
    for i, source in enumerate(sources, 1):
        plain = "" if source.startswith("%%") and not _PYTHON.match(source) else _MAGIC.sub("", source)
        name = f"{path}, cell {i}"
        linecache.cache[name] = len(plain), None, plain.splitlines(keepends=True), name
        found.append((name, plain))
    return found
