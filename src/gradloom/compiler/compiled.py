"""``Compiled``: a function that is traced when it is called, and then runs as a Program.

Takes: a Python function, how to lower it, and options.
Gives: ``Compiled``.
Promises: the same answer as the function, by another road. On Values, or with captured Values, the
result is a Value whose ``backward()`` goes on into them. Inside another trace the function is recorded
as a part of that one. An exception raised in the function is passed on as it was, and nothing is kept.
"""

import functools
import inspect
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from gradloom.compiler.checks import not_finite, verify
from gradloom.compiler.copies import Copied
from gradloom.compiler.explanation import explain, stats
from gradloom.compiler.interpreter import Call
from gradloom.compiler.lowering import Lower, as_is, hold_numbers
from gradloom.compiler.nesting import (
    Form,
    fixed,
    flat,
    holds_values,
    object_array,
    statics,
    take_apart,
    values_among,
    vector,
)
from gradloom.compiler.path import Path
from gradloom.compiler.paths import MANY, Paths
from gradloom.compiler.program import Program
from gradloom.compiler.results import Operands, one, several
from gradloom.compiler.tracing import inline, is_traced, name_of, trace
from gradloom.compiler.watch import ATOMS, Watch
from gradloom.engine import Value
from gradloom.errors import PathWarning

__all__ = ["Compiled"]


class Compiled(Copied, Call):
    """A compiled function; ``gradloom.compile`` and the other transforms make it.

    Attributes
    ----------
    paths : list
        The paths traced so far: what each decided, and how often it ran. ``program(*args)``, ``stats()`` and
        ``explain()`` say more, and ``clear()`` forgets them.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        name: str,
        lower: Lower = as_is,
        *,
        numeric: Iterable[int] = (),
        static: Sequence[str] = (),
        same_order: bool = False,
        max_paths: int = 1024,
        verify: bool = False,
        check_finite: bool = False,
    ):
        if not callable(f):
            raise TypeError(f"{name} takes a function, not {type(f).__name__} ({f!r:.60})")
        if isinstance(max_paths, bool) or not isinstance(max_paths, int) or max_paths < 1:
            raise ValueError(f"max_paths must be a whole number of 1 or more, not {max_paths!r}")
        functools.update_wrapper(self, f, updated=())
        self._f, self._name, self._lower = f, name, lower
        self._numeric = frozenset(numeric)
        self._static = (static,) if isinstance(static, str) else tuple(static)
        self._fixed = _positions(f, self._static)
        self._options: dict[str, Any] = {
            "static": self._static,
            "same_order": same_order,
            "max_paths": max_paths,
            "verify": verify,
            "check_finite": check_finite,
        }
        self._checked = verify or check_finite
        self._calls = 0
        self.clear()

    _watch: Watch | None
    _short: Path | None
    _counted: int

    @property
    def _watched(self) -> Callable[..., Any]:
        return self._f

    def __repr__(self) -> str:
        return f"<{self._name} of {getattr(self._f, '__qualname__', self._f)}>"

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        bound = self.__dict__.setdefault("_bound", {})  # one for each instance, alive as long as this is
        key = id(instance)
        if key not in bound:
            method = functools.update_wrapper(functools.partial(self._f, instance), self._f)
            bound[key] = self._again(method)
            bound[key]._home = getattr, (instance, method.__name__)
        return bound[key]

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any], extra: Sequence[Any] = ()) -> Any:
        numbers: list[Any] = []
        forms, named = self._take_apart(args, kwargs, numbers)
        if is_traced():
            return self._inline(forms, named, numbers, extra)
        x, more = vector(numbers), vector(extra) if extra else None
        wrt, values = values_among(numbers) if holds_values(("tuple", (*forms, named))) else ((), [])
        paths = self._paths(forms, named)
        path, out, gradients = paths.run(x, more, wrt)
        if self._checked:
            self._check(args, kwargs, paths, path, x, out)
        if not values and not paths.on_values(path):
            if not extra and not kwargs:
                self._shorten(path, forms)
            return path.lowered.assemble(out)
        operands = Operands([*values, *path.captured])
        if not operands.values:  # Values on other paths, so that the kind of a result is always the same
            results = list(map(Value, out))
        elif len(out) == 1:
            results = [one(self._name, float(out[0]), operands, gradients)]
        else:
            inputs = path.inputs(x, more)
            pull = path.pullback(wrt)
            results = several(self._name, out, operands, lambda c: pull(np.concatenate([inputs, c])))
        return path.lowered.assemble(object_array(results, len(results)))

    def _take_apart(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], numbers: list[Any]
    ) -> tuple[list[Form], Form]:
        by = self._places(len(args))
        forms = [
            fixed(x) if i in self._fixed else take_apart(x, numbers, i in by) for i, x in enumerate(args)
        ]
        if not self._static or not kwargs:
            return forms, take_apart(kwargs, numbers)
        parts = [fixed(x) if name in self._static else take_apart(x, numbers) for name, x in kwargs.items()]
        return forms, ("dict", tuple(kwargs), tuple(parts))

    def _places(self, n: int) -> frozenset[int]:
        """Which of ``n`` arguments are differentiated: an int there is a number."""
        return frozenset(i % n for i in self._numeric if -n <= i < n)

    def _shorten(self, path: Path, forms: list[Form]) -> None:
        """Let calls of this form go straight to the machine of this path from now on."""
        self._credit()
        if path.lowered.plain and (watch := self._watch) and watch.quick and not self._checked:
            self._short = path
            self._arm(path.single(()), ("tuple", tuple(forms)), path.lowered.form, watch.places)

    def _credit(self) -> None:
        """The calls that went the short way are runs of the path whose machine they took."""
        if self._short is not None:
            self._short.runs += self._runs - self._counted
        self._counted = self._runs

    # ---- paths
    def _paths(self, forms: list[Form], named: Form) -> Paths:
        watch = self._fresh_watch()
        key = (*forms, named)
        paths = self._entries.get(key)
        if paths is not None and paths.objects:
            assert paths.watch is not None
            watch, change = paths.watch, paths.watch.changed()
            if change:
                paths, self._cleared = None, f"{change} had changed"
        if paths is None:
            hold_numbers(forms, self._places(len(forms)))
            paths = Paths(
                self._f,
                self._lower,
                (forms, named),
                self._options["same_order"],
                self._options["max_paths"],
            )
            paths.objects = [x for form in key for x in statics(form) if not isinstance(x, ATOMS)]
            if paths.objects:  # what they hold is watched, too
                watch = Watch(self._f, paths.objects)
            if len(self._entries) >= self._options["max_paths"]:
                del self._entries[min(self._entries, key=lambda k: self._entries[k].runs)]
            self._entries[key] = paths
            self._count_ints(forms)
        paths.watch = watch
        return paths

    def _fresh_watch(self) -> Watch:
        """What surrounds the function, as it is; if it has changed, all paths are forgotten."""
        watch = self._watch
        change = watch.changed() if watch is not None else None
        if change:
            self.clear()
            self._cleared = f"{change} had changed"
        if watch is None or change:
            self._watch = watch = Watch(self._f)
        return watch

    def clear(self) -> None:
        """Forget every path; the next call traces anew."""
        self._disarm()
        self._short, self._counted = None, self._runs
        self._entries: dict[Any, Paths] = {}
        self._watch = None
        self._cleared = ""
        self._ints: dict[int, set[Form]] = {}

    def _count_ints(self, forms: list[Form]) -> None:
        """Warn of an argument that brings a Program for each int."""
        for i, form in enumerate(forms):
            if i not in self._fixed and any(type(x) is int for x in statics(form)):
                self._ints.setdefault(i, set()).add(form)
                if len(self._ints[i]) == MANY:
                    warnings.warn(
                        f"argument {i} of {name_of(self._f)} has held {MANY} different ints, each a Program "
                        "of its own; pass 2.0 instead of 2, or an integer array, to make it data",
                        PathWarning,
                        stacklevel=5,
                    )

    # ---- what there is to see
    @property
    def paths(self) -> list[Path]:
        self._credit()
        return [path for paths in self._entries.values() for path in paths.paths]

    def program(self, *args: Any, **kwargs: Any) -> Program:
        """The Program that runs for these arguments; print it."""
        return self._path(args, kwargs).lowered.program

    def _path(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Path:
        numbers: list[Any] = []
        forms, named = self._take_apart(args, kwargs, numbers)
        return self._paths(forms, named).path(vector(numbers))

    def stats(self) -> dict[str, Any]:
        """How much was traced, and how often it ran.

        Returns
        -------
        dict
            paths, calls, nodes (as traced), instructions (as run), bytes (of both), seconds (tracing and
            differentiating).
        """
        return stats(self.paths)

    def explain(self) -> str:
        """Why each path was traced, one line for each."""
        self._credit()
        return explain(repr(self), self._cleared, [(p.arguments, p.paths) for p in self._entries.values()])

    def _check(
        self,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        paths: Paths,
        path: Path,
        numbers: np.ndarray,
        out: np.ndarray,
    ) -> None:
        """What ``verify`` and ``check_finite`` ask for."""
        self._calls += 1
        if self._options["check_finite"] and not np.isfinite(out).all():
            raise FloatingPointError(not_finite(self._f, paths.forms, numbers, path.traced.decisions))
        if self._options["verify"] and self._calls & (self._calls - 1) == 0:
            verify(self._f, args, kwargs, path.traced.form, out)

    # ---- inside another trace
    def _inline(self, forms: list[Form], named: Form, numbers: list[Any], extra: Sequence[Any]) -> Any:
        operands = flat(numbers)
        plain = [x._data if isinstance(x, Value) else x for x in operands]
        decisions: list[bool] = []
        while True:
            traced = trace(self._f, (("tuple", tuple(forms)), named), plain, decisions)
            lowered = self._lower(traced, forms, False)
            given = [*operands, *traced.captured, *flat(extra)]
            outputs, truths = inline(lowered.program, given)
            if truths == traced.decisions:
                return lowered.assemble(object_array(outputs, len(outputs)))
            decisions = truths


def _positions(f: Callable[..., Any], names: Sequence[str]) -> frozenset[int]:
    """The positions of the parameters that are static."""
    if not names:
        return frozenset()
    parameters = list(inspect.signature(f).parameters)
    for name in names:
        if name not in parameters:
            raise ValueError(
                f"static={name!r} is no parameter of the function, which has {', '.join(parameters)}"
            )
    return frozenset(map(parameters.index, names))
