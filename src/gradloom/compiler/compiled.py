"""``Compiled``: a function that is traced when it is called, and then runs as a Program.

Takes: a Python function, how to lower it, and options.
Gives: ``Compiled``.
Promises: the same answer as the function, by another road. On Values, or with captured Values, the
result is a Value whose ``backward()`` goes on into them. Inside another trace the function is recorded
as a part of that one. An exception raised in the function is passed on as it was, and nothing is kept.
"""

import functools
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from gradloom.compiler.assembling import object_array
from gradloom.compiler.checks import not_finite, verify
from gradloom.compiler.copies import Copied
from gradloom.compiler.interpreter import Call
from gradloom.compiler.lowering import Lower, as_is, hold_numbers
from gradloom.compiler.methods import bound
from gradloom.compiler.nesting import (
    Form,
    fixed,
    flat,
    holds_values,
    statics,
    take_apart,
    values_among,
    vector,
)
from gradloom.compiler.options import by_position, chosen, static_positions
from gradloom.compiler.path import Path
from gradloom.compiler.paths import MANY, Paths
from gradloom.compiler.refusals import name_of
from gradloom.compiler.results import Operands, one, several
from gradloom.compiler.shown import Found, Shown
from gradloom.compiler.tracing import inline, is_traced, trace
from gradloom.compiler.watch import ATOMS, Watch
from gradloom.engine import Value
from gradloom.errors import PathWarning

__all__ = ["Compiled"]


class Compiled(Copied, Shown, Call):
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
        **options: Any,
    ):
        if not callable(f):
            raise TypeError(f"{name} takes a function, not {type(f).__name__} ({f!r:.60})")
        functools.update_wrapper(self, f, updated=())
        self._f, self._name, self._lower = f, name, lower
        self._numeric = frozenset(numeric)
        self._options = chosen(f, options)
        self._static = self._options["static"]
        self._fixed = static_positions(f, self._static)
        self._checked = self._options["verify"] or self._options["check_finite"]
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
        return self if instance is None else bound(self, instance)

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

            def pull(*more: np.ndarray) -> np.ndarray:
                return path.pullback(wrt, len(more) > 1)(np.concatenate([inputs, *more]))

            results = several(self._name, out, operands, pull)
        return path.lowered.assemble(object_array(results, len(results)))

    def _take_apart(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], numbers: list[Any]
    ) -> tuple[list[Form], Form]:
        if kwargs and self._numeric:
            args, kwargs = by_position(self._f, args, kwargs)
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

    # ---- what Shown and the options ask
    def _path(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Found:
        numbers: list[Any] = []
        forms, named = self._take_apart(args, kwargs, numbers)
        x = vector(numbers)
        return self._paths(forms, named).path(x), (forms, named), x

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
            raise FloatingPointError(not_finite(self._source, paths.forms, numbers, path.traced.decisions))
        if self._options["verify"] and self._calls & (self._calls - 1) == 0:
            verify(self._plain, args, kwargs, out if self._lower is as_is else path.value(numbers))

    @property
    def _source(self) -> Callable[..., Any]:
        """The function whose lines were traced: inside ``grad(compile(f))`` it is ``f``."""
        f = self._f
        while type(f) is Compiled:
            f = f._f
        return f

    @property
    def _plain(self) -> Callable[..., Any]:
        """What gives the same as the function and is not compiled, or at least not only that."""
        f = self._f
        while type(f) is Compiled and f._lower is as_is:
            f = f._f
        return f

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
