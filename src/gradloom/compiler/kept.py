"""``kept``: one compiled function for each function and transform.

Takes: a function, and how it is lowered.
Gives: the ``Compiled`` that was made of them before, or a new one; the last 256 are kept.
Promises: ``grad(f)(x)`` in a loop does not trace again. Functions are told apart by identity, methods by
their instance's; in a trace nothing is kept, since ``f`` may hold Values of that trace.
"""

import functools
import types
from collections.abc import Callable
from typing import Any, NamedTuple

from gradloom.compiler.compiled import Compiled
from gradloom.compiler.lowering import Lower
from gradloom.compiler.tracing import is_traced

__all__ = ["kept"]


def kept(f: Callable[..., Any], name: str, lower: Lower, numeric: tuple[int, ...]) -> Compiled:
    if is_traced():
        return Compiled(f, name, lower, numeric=numeric)
    return _cached(_Same(f), name, lower, numeric)


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


@functools.lru_cache(maxsize=256)
def _cached(same: _Same, name: str, lower: Lower, numeric: tuple[int, ...]) -> Compiled:
    return Compiled(same.f, name, lower, numeric=numeric)
