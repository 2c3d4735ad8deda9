"""Lines of source: where the user's code stands, and what is written there.

Takes: the frames of this thread.
Gives: ``user_line``, the file and the line; ``text_of``, what is written in it; ``spoken``, both in words.
Promises: a line is the user's: neither the library's own nor one of NumPy or ``copy``. No frame is kept. A
text that is not known is empty, and never an error.
"""

import copy
import linecache
import os
import re
import sys

import numpy as np

__all__ = ["EXAMPLES", "LIBRARY", "PACKAGE", "is_users", "spoken", "text_of", "user_line"]

PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
"""Where the library's own code is."""

LIBRARY = (PACKAGE, os.path.dirname(np.__file__) + os.sep, copy.__file__)
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
    """``line 12 of neuron.py: n = w * x``; of a path the last part only, since pictures are shown around."""
    text = text_of(file, line)
    return f"line {line} of {_cell(file) or re.split(_SLASH, file)[-1]}{text and ': '}{text}"


_SLASH = r"[/\\]"


def _cell(file: str) -> str:
    """``In[3]``, where the file is a notebook's cell."""
    try:
        return sys.modules["IPython"].get_ipython().compile.format_code_name(file)[1]
    except Exception:  # no notebook, no cell, or another IPython
        return ""
