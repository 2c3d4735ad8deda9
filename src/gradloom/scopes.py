"""Scopes: names for the parts of a graph, which pictures draw as boxes.

Takes: a name, or the part of a model that is at work.
Gives: ``scope``, for a ``with`` or a function; ``enter`` and ``leave``, its cheap halves, which ``nn`` uses;
``entry``, what is known of a scope.
Promises: every entry is a scope of its own, with a number that Values made inside carry. Nothing else is
kept of them: names of the last ``KEPT`` entries, and models only weakly. Copies and pickles of Values
have no scope. Scopes are for pictures: no number ever depends on them.
"""

import itertools
import weakref
from contextlib import ContextDecorator
from typing import Any

from gradloom.engine import ENGINE, set_scope

__all__ = ["KEPT", "enter", "entry", "leave", "scope"]

KEPT = 1 << 18
"""So many entries are known, the last ones; 3,700 of them are one step over 100 rows of a small network."""

_numbers = itertools.count(1 << 31)
_entries: dict[int, tuple] = {}


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


def _enter(what):
    """Begin a scope of this name, or of this object."""
    number = next(_numbers)
    outside = set_scope(number)
    _entries[number] = outside, what if type(what) is str else weakref.ref(what), type(what)
    _entries.pop(number - KEPT, None)


def _leave():
    """End the scope; that around it goes on. One that is forgotten has only older ones around it."""
    found = _entries.get(set_scope(0))
    if found:
        set_scope(found[0])


enter, leave = _enter, _leave


def entry(number):
    """The number of the scope around a scope (0: none), and its name or object; its class, if that is gone.

    None where the scope is forgotten, or where ``number`` is of none.
    """
    if (found := _entry(number)) is None:
        return None
    outside, what, kind = found
    return outside, what if kind is str else kind if what() is None else what()


_entry: Any = _entries.get

if ENGINE == "native":
    from gradloom._native.value import enter_scope, leave_scope, scope_of

    enter, leave, _entry = enter_scope, leave_scope, scope_of
