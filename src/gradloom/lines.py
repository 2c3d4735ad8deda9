"""Lines of source: where the user's code stands, and what is written there.

Takes: the frames of this thread.
Gives: ``user_line``, the file and the line; ``text_of``, what is written in it; ``spoken``, both in words.
Promises: a line is the user's: neither the library's own nor NumPy's. No frame is kept. A text that is not
known is empty, and never an error.
"""

import linecache
import os
import re
import sys

import numpy as np

__all__ = ["EXAMPLES", "LIBRARY", "PACKAGE", "is_users", "spoken", "text_of", "user_line"]

PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
"""Where the library's own code is."""

LIBRARY = (PACKAGE, os.path.dirname(np.__file__) + os.sep)
EXAMPLES = os.path.join(PACKAGE, "cli", "")
"""The demo uses the library as anybody does, so its lines are a user's."""


def is_users(file: str) -> bool:
    """Whether the code of this file is the user's."""
    return not file.startswith(LIBRARY) or file.startswith(EXAMPLES)


def user_line() -> tuple[str, int]:
    """The file and the line of the innermost frame that is the user's; where none is, of the outermost."""
    frame = sys._getframe(1)
    while frame.f_back is not None and not is_users(frame.f_code.co_filename):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno or 0


def text_of(file: str, line: int) -> str:
    """What is written in the line, without its indentation; empty where nobody knows."""
    try:
        return linecache.getline(file, line).strip()
    except Exception:  # a loader of somebody else's is asked
        return ""


def spoken(file: str, line: int) -> str:
    """``line 12 of neuron.py: n = w * x``: of the file its name only, so that a picture can be shown around."""
    name, text = re.split(r"[/\\]", file)[-1], text_of(file, line)
    return f"line {line} of {name}{text and ': '}{text}"
