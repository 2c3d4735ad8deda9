"""``kept``: one compiled function for each function and transform.

Takes: a function, and how it is lowered.
Gives: the ``Compiled`` that was made of them before, or a new one.
Promises: ``grad(f)(x)`` in a loop does not trace again, and nothing is kept longer than ``f``. A function
carries its compiled ones itself (``carried.py``): they hold it as it holds them, so that the cycle collector
frees all together, with what ``f`` closes over (a mapping with weak keys would never let go, since its values
refer to its keys). Those of a method are with the function of its class, and hold a stand-in of the
instance (``methods.py``). What can carry nothing (other objects that can be called) is remembered strongly,
the last 16 of them. In a trace nothing is kept, since ``f`` may hold Values of that trace.
"""

import functools
import types
from collections.abc import Callable
from typing import Any, NamedTuple

from gradloom.compiler.carried import carried_by
from gradloom.compiler.compiled import Compiled
from gradloom.compiler.lowering import Lower
from gradloom.compiler.methods import stand_in, with_first
from gradloom.compiler.tracing import is_traced

__all__ = ["kept"]

_CARRIERS = types.FunctionType, functools.partial, Compiled


def kept(f: Callable[..., Any], name: str, lower: Lower, numeric: tuple[int, ...]) -> Compiled:
    if is_traced():
        return Compiled(f, name, lower, numeric=numeric)
    if isinstance(f, _CARRIERS):
        made, key = carried_by(f).made, (name, lower, numeric)
        if key not in made:
            made[key] = Compiled(f, name, lower, numeric=numeric), None
        return made[key][0]
    if isinstance(f, types.MethodType) and isinstance(f.__func__, types.FunctionType):
        found = _of_method(f, name, lower, numeric)
        if found is not None:
            return found
    return _remembered(_Same(f), name, lower, numeric)


def _of_method(f: types.MethodType, name: str, lower: Lower, numeric: tuple[int, ...]) -> Compiled | None:
    """That of a method: it goes when the instance does. None where nothing can stand in for the instance."""
    made = carried_by(f.__func__).made
    key = id(f.__self__), name, lower, numeric
    if key not in made:
        same, alive = stand_in(f.__self__, lambda _: made.pop(key, None))
        if alive is None:
            return None
        made[key] = Compiled(with_first(f.__func__, same), name, lower, numeric=numeric), alive
    return made[key][0]


class _Same(NamedTuple):
    """A function as a key: equal to itself alone, and a method to the same one of the same instance."""

    f: Callable[..., Any]

    def __eq__(self, other: object) -> bool:
        if isinstance(self.f, types.MethodType) and isinstance(other, _Same):
            return self.f == other.f
        return isinstance(other, _Same) and self.f is other.f

    def __hash__(self) -> int:
        method = isinstance(self.f, types.MethodType)
        return hash(self.f.__func__) if method else id(self.f)  # type: ignore[attr-defined]


@functools.lru_cache(maxsize=16)
def _remembered(same: _Same, name: str, lower: Lower, numeric: tuple[int, ...]) -> Compiled:
    return Compiled(same.f, name, lower, numeric=numeric)
