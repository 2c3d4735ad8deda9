"""``Copied``: a compiled function is copied, and pickled, as its function and its options.

Takes: what a ``Compiled`` was made from.
Gives: the base class with ``copy``, ``deepcopy`` and ``pickle``.
Promises: paths stay behind; a copy traces anew. What a decorator made is found again by its name. Pickles
carry a format number.
"""

import copy
import operator
import pickle
import sys
from typing import Any

__all__ = ["Copied"]

PICKLE_FORMAT = 1


class Copied:
    """What ``Compiled`` needs to be copied."""

    _f: Any
    _name: str
    _lower: Any
    _numeric: frozenset[int]
    _options: dict[str, Any]
    _home: tuple[Any, ...] = ()
    """(getattr, (instance, name)) of a method."""

    def _again(self, f: Any) -> Any:
        """The same of another function."""
        return type(self)(f, self._name, self._lower, numeric=self._numeric, **self._options)  # type: ignore

    def __copy__(self) -> Any:
        return self._again(self._f)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self._again(copy.deepcopy(self._f, memo))

    def __reduce__(self) -> Any:
        if self._home:
            return self._home
        name = getattr(self, "__qualname__", "")
        if name and _named(getattr(self, "__module__", ""), name) is self:  # a decorator made it
            return name
        if "<" in name:
            raise pickle.PicklingError(
                f"{name} is a lambda, or is defined inside another function, so that nobody can find it by "
                "its name; pickle a function from the top of a module, and compile it where it arrives"
            )
        made_from = self._f, self._name, self._lower, self._numeric, self._options
        return _load, (PICKLE_FORMAT, type(self), *made_from)


def _named(module: str, name: str) -> Any:
    """What is found under a name, as ``pickle`` looks for it."""
    try:
        return operator.attrgetter(name)(sys.modules[module])
    except (KeyError, AttributeError):
        return None


def _load(format_number, kind, f, name, lower, numeric, options):
    if format_number != PICKLE_FORMAT:
        raise ValueError(
            f"this pickle has format {format_number}, and this gradloom reads format {PICKLE_FORMAT}; "
            "pickle the plain function instead, and compile it where it arrives"
        )
    return kind(f, name, lower, numeric=numeric, **options)
