"""``carried_by``: what a function carries of ours, for as long as it lives.

Takes: a function, or another object with a ``__dict__``.
Gives: its ``Carried``, in which ``kept`` puts what was compiled of it.
Promises: it is freed with the function, though it holds it: the cycle collector sees both. A copy, a pickle
and what ``functools.wraps`` makes of the function carry nothing of it. A watch lets every function that it
follows carry one first, so that none is a change later.
"""

import weakref
from typing import Any

__all__ = ["Carried", "carried_by"]

NAME = "__gradloom__"


class Carried:
    """What was made of its owner, by what it was made for."""

    _watched = None  # no part of what the function reads (watch.py)

    def __init__(self, owner: Any = None):
        self.owner = None if owner is None else weakref.ref(owner)
        self.made: dict[Any, tuple[Any, Any]] = {}

    def __reduce__(self) -> Any:
        return Carried, ()


def carried_by(f: Any) -> Carried:
    """What ``f`` carries, from now on if not before."""
    found: Carried = vars(f).setdefault(NAME, Carried(f))
    if found.owner is None or found.owner() is not f:  # that of another function, copied
        vars(f)[NAME] = found = Carried(f)
    return found
