"""What a function names, remembered, so that a changed surrounding is noticed before a stale answer.

Takes: a function (a method, a partial, an instance that can be called).
Gives: ``Watch``, with ``changed()``: the first thing that is no longer what it was, or None.
Promises: closure cells, defaults, the globals that its code names, and what these hold (lists, tuples,
dicts, attributes of instances, arrays) are followed, through the plain functions that they reach.
Objects are compared by identity, numbers by type and bits, arrays by content. A Value is an object: its
number is read at each call. Classes are followed as instances are, slots as attributes, and of a module
the names that the code may read. Not followed: files, clocks, iterators, and what installed packages hold;
beyond ``MOST`` slots one warning says so.
"""

import collections
import gc
import os
import pickle
import site
import struct
import sys
import types
import warnings
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from gradloom.compiler.carried import carried_by
from gradloom.engine import ENGINE, Value
from gradloom.errors import GradloomWarning
from gradloom.ops import Row

if ENGINE == "native":
    from gradloom._native.vector import places_hold
else:

    def places_hold(places: tuple["Place", ...]) -> bool:
        """Whether every place holds what it held; the native twin looks at identity alone."""
        return all(_holds(*place) for place in places)


__all__ = ["ATOMS", "MOST", "Watch"]

Place = tuple[Any, Any, Any]
"""(list, None, items), (dict, its keys, its values), (dict, a key, its value), (cell, None, content) or
(array, None, a copy)."""

MOST = 100_000
_INSTALLED = tuple(
    {
        os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
        os.path.dirname(os.path.dirname(os.path.abspath(np.__file__))),  # others are where NumPy is
        os.path.dirname(os.path.abspath(os.__file__)),  # the standard library
        *site.getsitepackages(),
        site.getusersitepackages(),
    }
)
ATOMS = (int, float, complex, str, bytes, type(None), types.ModuleType, Value)
_STATES: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("random", "Random"): lambda x: x.getstate(),
    ("numpy.random", "Generator"): lambda x: x.bit_generator.state,
    ("numpy.random", "RandomState"): lambda x: x.get_state(),
}
"""Generators of random numbers, by module and name, and how to see whether they have moved."""
_PARTS: dict[type, tuple[str, ...]] = {
    types.MethodType: ("__func__", "__self__"),
    types.BuiltinFunctionType: ("__self__",),  # append of a list, random of a generator
    partial: ("func", "args", "keywords"),
    staticmethod: ("__func__",),
    classmethod: ("__func__",),
    property: ("fget",),
    Row: ("value", "partials"),  # it is frozen, and what it keeps is made from these
}
"""What never changes itself, and the parts of it that are followed."""


def _loaded(module: str, name: str) -> Any:
    """A class, for ``isinstance``; none where nobody has loaded its module, which would take a while."""
    return getattr(sys.modules.get(module), name, ())


class Watch:
    """The surroundings of ``f``, and what ``objects`` hold, as they are now.

    Examples
    --------
    >>> scale = [2.0]
    >>> watch = Watch(lambda x: scale[0] * x)
    >>> watch.changed()
    >>> scale[0] = 3.0
    >>> watch.changed()
    'an item of a list'
    """

    def __init__(self, f: Any, objects: Iterable[Any] = ()):
        self._slots = 0
        self._places: list[Place] = []
        self._others: list[tuple[Callable[[], tuple[Any, ...]], tuple[Any, ...], str]] = []
        self._generators: list[Callable[[], Any]] = []
        self.values = False  # whether there are Values among what is reached
        self._keep: dict[int, Any] = {}  # alive, so that no other object gets its id
        work = [f, *objects]
        while work and self._slots <= MOST:
            x = work.pop()
            self.values = self.values or isinstance(x, Value)
            if id(x) not in self._keep and not isinstance(x, ATOMS):
                self._keep[id(x)] = x
                work.extend(self._look(x))
        if work:
            warnings.warn(
                f"{getattr(f, '__qualname__', f)} reaches more than {MOST:,} slots; changes beyond are not "
                "noticed: pass large tables as arguments",
                GradloomWarning,
                stacklevel=4,
            )
        self.places = tuple(self._places)

    @property
    def quick(self) -> bool:
        """Whether the places are all that there is to compare."""
        return not self._others

    def chance(self) -> bytes:
        """The states of the generators of random numbers that are reached."""
        return pickle.dumps([state() for state in self._generators])

    def _look(self, x: Any) -> list[Any]:
        """Remember what ``x`` holds; what is to be followed."""
        if isinstance(x, types.FunctionType):
            return self._function(x)
        for kind, names in _PARTS.items():
            if isinstance(x, kind):
                return [getattr(x, name) for name in names]
        if isinstance(x, list):
            self._remember(x, None, tuple(x), len(x))
            return [*x, _attributes(x)]
        if isinstance(x, (tuple, frozenset)):
            return [*x, _attributes(x)]
        if isinstance(x, (set, collections.deque)):
            return self._compare(lambda: tuple(x), f"an item of a {type(x).__name__}")
        if isinstance(x, (bytearray, _loaded("array", "array"))):
            self._compare(lambda: (bytes(x),), f"an element of a {type(x).__name__}")
            return []
        for generator, state in _STATES.items():
            if isinstance(x, _loaded(*generator)):
                self._generators.append(partial(state, x))
                return []
        if isinstance(x, type):
            return self._class(x)
        if isinstance(x, dict):
            self._remember(x, tuple(x), tuple(x.values()), len(x))
            return [*x.values(), _attributes(x)]
        if isinstance(x, types.MappingProxyType):
            return gc.get_referents(x)
        if isinstance(x, np.ndarray):
            return self._array(x)
        if hasattr(type(x), "_watched"):  # a compiled function: what it was made from
            return [x._watched]
        slots = [name for name, kind in _slots_of(type(x)) if isinstance(kind, types.MemberDescriptorType)]
        found = [type(x), _attributes(x)]
        if slots and not _is_installed(type(x).__module__):
            found += self._compare(lambda: tuple(getattr(x, s, None) for s in slots), "an attribute")
        return found

    def _compare(self, read: Callable[[], tuple[Any, ...]], words: str) -> list[Any]:
        """Remember what ``read()`` gives: for what is no list, dict or cell."""
        held = read()
        self._others.append((read, held, words))
        self._slots += len(held)
        return list(held)

    def _array(self, x: np.ndarray) -> list[Any]:
        if x.dtype == object:
            return self._compare(lambda: (*x.shape, *x.flat), "an element of an array")
        if self._slots + x.size > MOST:
            self._slots += x.size
        elif type(x) is np.ndarray:
            self._remember(x, None, x.copy(), x.size)
        else:
            self._compare(lambda: (*x.shape, x.tobytes()), "an element of an array")
        return []

    def _class(self, x: type) -> list[Any]:
        """What the methods of a class may read of it; a class of an installed package stays as it is."""
        found: list[Any] = []
        for base in x.__mro__:
            if not _is_installed(base.__module__):
                (held,) = gc.get_referents(vars(base))  # the dict behind the read-only view
                self._remember(held, tuple(held), tuple(held.values()), len(held))
                found += held.values()
        return found

    def _remember(self, container: Any, key: Any, value: Any, slots: int = 1) -> None:
        self._places.append((container, key, value))
        self._slots += slots

    def _function(self, f: types.FunctionType) -> list[Any]:
        if f.__code__.co_filename.startswith(_INSTALLED):
            return [cell.cell_contents for cell in f.__closure__ or () if _filled(cell)]
        carried_by(f)  # what may be put there later is no change
        found: list[Any] = [f.__defaults__ or (), f.__kwdefaults__ or {}, f.__dict__]
        for cell in f.__closure__ or ():
            if _filled(cell):
                self._remember(cell, None, cell.cell_contents)
                found.append(cell.cell_contents)
        names = _names(f.__code__)
        for name in names:
            if name in f.__globals__:
                self._remember(f.__globals__, name, f.__globals__[name])
                found.append(f.__globals__[name])
        modules = [x for x in found if isinstance(x, types.ModuleType)]
        for module in modules:  # module.name: the code's names hold both
            for name in names & vars(module).keys() if not _is_installed(module.__name__) else ():
                x = vars(module)[name]
                self._remember(vars(module), name, x)
                (modules if isinstance(x, types.ModuleType) and x not in modules else found).append(x)
        return found

    def changed(self) -> str | None:
        """What is no longer as it was, in words; None if all is."""
        if not places_hold(self.places):
            for place in self.places:
                if not _holds(*place):
                    return _words(*place)
        for read, held, words in self._others:
            found = read()
            if len(found) != len(held) or not all(map(_same, found, held)):
                return words
        return None


def _is_installed(name: str) -> bool:
    """Whether a module is Python's own, or of an installed package."""
    module = sys.modules.get(name)
    if module is None or name == "__main__":
        return False
    return (getattr(module, "__file__", None) or _INSTALLED[0]).startswith(_INSTALLED)


def _attributes(x: Any) -> dict[str, Any] | None:
    attributes = getattr(x, "__dict__", None)
    return attributes if isinstance(attributes, dict) else None


def _slots_of(x: type) -> list[tuple[str, Any]]:
    return [item for base in x.__mro__ if "__slots__" in vars(base) for item in vars(base).items()]


def _holds(container: Any, key: Any, value: Any) -> bool:
    """Whether a place holds the same objects, or numbers of the same bits."""
    if isinstance(container, list):
        return len(container) == len(value) and all(map(_same, container, value))
    if isinstance(container, types.CellType):
        return _filled(container) and _same(container.cell_contents, value)
    if isinstance(container, np.ndarray):
        return _like(container) == _like(value) and container.tobytes() == value.tobytes()
    if isinstance(key, tuple):
        return tuple(container) == key and all(map(_same, container.values(), value))
    return key in container and _same(container[key], value)


def _like(array: np.ndarray) -> tuple[Any, ...]:
    return array.shape, array.dtype


def _words(container: Any, key: Any, value: Any) -> str:
    if isinstance(container, np.ndarray):
        return "an element of an array"
    if isinstance(container, list):
        return "an item of a list"
    if isinstance(container, types.CellType):
        return "a variable of the enclosing function"
    return "an item of a dict, or an attribute" if isinstance(key, tuple) else f"the global {key}"


def _same(x: Any, y: Any) -> bool:
    if x is y:
        return True
    if type(x) is not type(y):
        return False
    if isinstance(x, float):
        return struct.pack("<d", x) == struct.pack("<d", y)
    return isinstance(x, (int, complex, str, bytes)) and x == y


def _filled(cell: types.CellType) -> bool:
    try:
        return cell.cell_contents is cell.cell_contents
    except ValueError:
        return False


def _names(code: types.CodeType) -> set[str]:
    """The global names that the code may read, those of the functions defined in it included."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _names(constant)
    return names
