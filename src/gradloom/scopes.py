"""Where a Value was made: in which part of the program, which pictures draw as a box, and in which line.

Takes: a name, or the part of a model that is at work.
Gives: ``scope``, for a ``with`` or a function; ``enter`` and ``leave``, its cheap halves, which ``nn`` uses;
``entry``, what is known of a scope; ``source_lines``, which records lines, too; ``origin``, what is known of
a Value's.
Promises: every entry is a scope of its own, with a number that Values made inside carry. Where lines are
recorded, that of the line is carried instead, which has one in each scope, and tells the scope. Nothing else
is kept: names and lines of the last ``KEPT`` entries, and models only weakly. A copy of a Value is made where
it is copied. All this is for pictures: no number ever depends on it.
"""

import itertools
import threading
import weakref
from contextlib import ContextDecorator
from typing import Any

from gradloom.engine import ENGINE, set_lines, set_scope
from gradloom.lines import user_line

__all__ = ["KEPT", "enter", "entry", "leave", "origin", "scope", "source_lines"]

KEPT = 1 << 18
"""So many entries are known, the last ones; 3,700 of them are one step over 100 rows of a small network, and
twice as many where lines are recorded."""

_numbers = itertools.count(1 << 31)
_entries: dict[int, tuple] = {}
_lines: dict[tuple, int] = {}  # (scope, file, line): the number of the entry


class scope(ContextDecorator):
    """Values made inside belong together: a picture draws a box around them, or one box for them.

    Scopes nest, and hold for this thread only. The layers and neurons of ``gradloom.nn`` are scopes by
    themselves. Also a decorator: each call is then a scope of its own.

    Parameters
    ----------
    name : str
        What the box is called. Or an object: it is called after the attribute of the model that holds it
        (``self.layers[0]``: "layer 0"), else after its class.

    Examples
    --------
    >>> from gradloom import Value, scope
    >>> x, w = Value(2.0, label="x"), Value(-3.0, label="w")
    >>> with scope("neuron"):
    ...     n = w * x
    ...     o = n.tanh()
    >>> print(o.draw(show="label", max_nodes=2))
    neuron: 2 Values
      w
      x
    """

    def __init__(self, name):
        if isinstance(name, str):
            name = str.__str__(name)
        elif name is None or isinstance(name, (type, int, float, list, tuple, dict)):
            raise TypeError(
                f"scope takes a name, or a part of a model, not {type(name).__name__} ({name!r:.60})"
            )
        self._what = name

    def __enter__(self):
        enter(self._what)

    def __exit__(self, *error):
        leave()


class _Thread(threading.local):
    blocks = 0  # of source_lines, which are open


_thread = _Thread()


class source_lines(ContextDecorator):
    """Values made inside know the line of source that made them; pictures and the explorer show it.

    The line is the user's: what ``gradloom.nn`` or NumPy computes belongs to the line that called them. For
    this thread only. Also a decorator. A Value takes no more memory for it, but two or three times as long.

    Examples
    --------
    >>> from gradloom import Value, source_lines
    >>> with source_lines():
    ...     x = Value(3.0, label="x")
    ...     y = x * x
    >>> "<title>data 9.0 | grad 0.0 | made in line 3 of " in y.draw().svg
    True
    """

    def __enter__(self) -> None:
        _thread.blocks += 1
        set_lines(_line)

    def __exit__(self, *error: object) -> None:
        _thread.blocks -= 1
        if _thread.blocks <= 0:  # a generator may be closed in another thread than it began in
            _thread.blocks = 0
            set_lines(None)


def _add(outside, what, kind):
    """A new entry; the number of it."""
    number = next(_numbers)
    _entries[number] = outside, what, kind
    old = _entries.pop(number - KEPT, None)
    if old and old[2] is tuple:
        _lines.pop((old[0], *old[1]), None)
    return number


def _line(outside):
    """The number of the user's line that is running, in the scope ``outside``."""
    place = user_line()
    number = _lines.get((outside, *place))
    if number not in _entries:
        number = _lines[outside, *place] = _add(outside, place, tuple)
    return number


def _enter(what):
    """Begin a scope of this name, or of this object."""
    kept = what if type(what) is str else weakref.ref(what)
    outside = set_scope(0)
    set_scope(_add(outside, kept, type(what)))


def _leave():
    """End the scope; that around it goes on. One that is forgotten has only older ones around it."""
    found = _entries.get(set_scope(0))
    if found:
        set_scope(found[0])


enter, leave = _enter, _leave


def entry(number):
    """The number of the scope around a scope (0: none), and its name or object; its class, if that is gone.

    None where the scope is forgotten, or where ``number`` is of none. That of a line is that of its scope.
    """
    if (found := _entry(origin(number)[0])) is None:
        return None
    outside, what, kind = found
    return outside, what if kind is str else kind if what() is None else what()


def origin(number):
    """The scope (0: none) in which a Value with this number was made; its file and line, None if unknown."""
    found = _entry(number)
    return found[:2] if found and found[2] is tuple else (number, None)


_entry: Any = _entries.get

if ENGINE == "native":
    from gradloom._native.value import enter_scope, leave_scope, scope_of

    enter, leave, _entry = enter_scope, leave_scope, scope_of
