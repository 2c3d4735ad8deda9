"""Write ``docs/lesson.md`` and its pictures by running the lesson: ``python tools/write_lesson.py``.

Takes: ``src/gradloom/cli/lesson.md``, the one source; every package that its code uses.
Gives: the page with its results and, in ``docs/lesson/``, its pictures as SVG.
Promises: nothing in it depends on the machine or the moment. ``tests/test_lesson.py`` fails when the
page is stale.
"""

import sys
from pathlib import Path

from gradloom.cli.lesson import Folder
from gradloom.cli.steps import Code, Prose, play, read_lesson

NOTE = "<!-- Written by tools/write_lesson.py from src/gradloom/cli/lesson.md: edit that. -->"


def main():
    """Write the page, unless a package is missing."""
    pieces = read_lesson()
    missing = {piece.missing() for piece in pieces if isinstance(piece, Code)} - {""}
    if missing:
        sys.exit(f"the page shows what {' and '.join(sorted(missing))} would print; install that first")
    with Folder(Path(__file__).parents[1] / "docs", formats=(".svg",), live=False) as folder:
        for piece in [Prose(NOTE), *play(pieces)]:
            folder.add(piece)
        folder.finish()


if __name__ == "__main__":
    main()
