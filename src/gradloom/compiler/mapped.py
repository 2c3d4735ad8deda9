"""``Mapped``: a function of one row, evaluated for every row at once; what ``vmap`` makes.

Takes: a function of one row, which arguments hold rows and along which axis, and how outputs are reduced.
Gives: ``Mapped``, a ``Compiled`` whose calls run in blocks of rows.
Promises: with ``reduce`` it is one function of the arguments that all rows share, whose gradient is summed
over the rows without ever being stored. Sums do not depend on the number of threads. A mapped axis is
always data.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from gradloom.compiler.assembling import cut, from_vector, object_array
from gradloom.compiler.batches import Rows, row_of
from gradloom.compiler.checks import not_finite, verify
from gradloom.compiler.compiled import Compiled
from gradloom.compiler.interpreter import define
from gradloom.compiler.lowering import Lower, as_is
from gradloom.compiler.nesting import Form, fixed, flat, take_apart, values_among
from gradloom.compiler.path import Path
from gradloom.compiler.paths import Group, Paths
from gradloom.compiler.results import Operands, one, several
from gradloom.compiler.shown import Found
from gradloom.compiler.tracing import is_traced
from gradloom.draw import Drawing
from gradloom.engine import Value

__all__ = ["Mapped"]

REDUCTIONS = (None, "sum", "mean")


class Mapped(Compiled):
    """A function of rows; ``gradloom.vmap`` makes it, and ``grad`` of one with a ``reduce``."""

    def __init__(
        self,
        f: Callable[..., Any],
        name: str = "vmap",
        lower: Lower = as_is,
        *,
        in_axes: Any = 0,
        reduce: str | None = None,
        threads: int | None = None,
        **options: Any,
    ):
        if reduce not in REDUCTIONS:
            raise ValueError(f"reduce must be None, 'sum' or 'mean', not {reduce!r}")
        if threads is not None and (isinstance(threads, bool) or not isinstance(threads, int) or threads < 1):
            raise ValueError(
                f"threads must be a whole number of 1 or more, or None for all cores, not {threads!r}"
            )
        self._axes, self._reduce, self._threads = in_axes, reduce, threads
        super().__init__(f, name, lower, **options)
        self._options |= {"in_axes": in_axes, "reduce": reduce, "threads": threads}

    def gradient(self, name: str, lower: Lower, numeric: Sequence[int]) -> "Mapped":
        """grad or value_and_grad of this."""
        if self._reduce is None:
            raise TypeError(
                f"{name} needs one number, and this vmap returns one for each row; give it reduce='sum'"
            )
        return Mapped(self._f, name, lower, numeric=numeric, **self._options)

    def draw_vectors(self, *args: Any, **kwargs: Any) -> Drawing:
        raise TypeError(
            f"{self!r} has no vectors to find: each instruction of program(*args) runs on a block of rows; "
            "draw(*args) shows those"
        )

    def _path(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Found:
        rows, forms, named = self._rows(args, kwargs)
        x = rows.batch().numbers(0)
        return self._paths(forms, named).path(x), (forms, named), x

    def _rows(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Rows, list[Form], Form]:
        axes = self._axes_of(args)
        rows, numeric = Rows(values=is_traced()), self._places(len(args))
        forms = [
            self._shared(x, axis, i)
            if i in self._fixed
            else rows.take(x, axis, f"argument {i}", i in numeric)
            for i, (x, axis) in enumerate(zip(args, axes, strict=True))
        ]
        parts = tuple([rows.take(x, 0, f"argument {name}") for name, x in kwargs.items()])
        if rows.count is None:
            raise ValueError(
                "no argument holds rows; give in_axes=0 for those that do, and None for the others"
            )
        return rows, forms, ("dict", tuple(kwargs), parts)

    def _shared(self, x: Any, axis: Any, i: int) -> Form:
        if axis is not None:
            raise ValueError(f"argument {i} is static, so all rows share it; give it None in in_axes")
        return fixed(x)

    def _axes_of(self, args: tuple[Any, ...]) -> Sequence[Any]:
        axes = self._axes if isinstance(self._axes, (tuple, list)) else [self._axes] * len(args)
        if len(axes) != len(args):
            raise ValueError(
                f"in_axes has {len(axes)} entries, and the function was called with {len(args)} arguments"
            )
        return axes

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any], extra: Sequence[Any] = ()) -> Any:
        rows, forms, named = self._rows(args, kwargs)
        assert rows.count is not None
        if is_traced():
            one_by_one = self._unrolled(self._axes_of(args), rows.count)
            return Compiled(one_by_one, self._name, self._lower, numeric=self._numeric)(*args, **kwargs)
        if rows.count == 0:
            raise ValueError(
                "there are no rows to map over; leave out the call where there is nothing to compute"
            )
        paths = self._paths(forms, named)
        result = self._of_rows(rows, paths)
        self._calls += 1
        if self._options["verify"] and self._calls & (self._calls - 1) == 0:
            self._verify_first(rows, paths, args, kwargs)
        return result

    def _verify_first(self, rows: Rows, paths: Paths, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """The first row by plain Python, too."""
        numbers = rows.batch().numbers(0)
        some = tuple([row_of(x, axis, 0) for x, axis in zip(args, self._axes_of(args), strict=True)])
        named = {name: row_of(x, 0, 0) for name, x in kwargs.items()}
        verify(self._plain, some, named, paths.path(numbers).value(numbers))

    def _of_rows(self, rows: Rows, paths: Paths) -> Any:
        batch = rows.batch()
        wrt: tuple[int, ...] = ()
        values: list[Value] = []
        if any(isinstance(x, Value) for x in rows.uniform):
            places, values = values_among(rows.uniform)
            wrt = tuple(np.flatnonzero(~batch.mapped)[list(places)].tolist())
        plain = self._lower is as_is
        threads = self._threads

        def summed(path: Path) -> np.ndarray:
            return path.summed(batch.mapped, self._reduce is not None)

        def on_values(some: Iterable[Path]) -> bool:
            return plain and (bool(values) or any(map(paths.on_values, some)))

        fused = self._reduce is not None
        known = on_values(paths.paths)
        groups = paths.run_rows(batch, summed, wrt if fused and known else None, threads)
        if self._options["check_finite"]:
            self._check_rows(groups, paths)
        used = [group.path for group in groups]
        if not on_values(used):
            return self._assemble(groups, summed(used[0]), rows, batch.rows)
        if not fused:
            return self._row_values(groups, batch.rows, wrt, values, threads)
        if not known:  # but now that Values are captured
            groups = paths.run_rows(batch, summed, wrt, threads)
        return self._sum_as_value(groups, batch.rows, values)

    def _check_rows(self, groups: list[Group], paths: Paths) -> None:
        """Raise where an output is not finite, naming the first such row."""
        for group in groups:
            if np.isfinite(group.sums).all() and np.isfinite(group.others).all():
                continue
            for i in range(group.batch.rows):
                numbers = group.batch.numbers(i)
                out = define(group.path.lowered.program, list(group.path.inputs(numbers)))
                if not np.isfinite(out).all():
                    row = i if group.chosen is None else int(group.chosen[i])
                    words = not_finite(self._source, paths.forms, numbers, group.path.traced.decisions)
                    raise FloatingPointError(f"row {row}: {words}")

    def _assemble(self, groups: list[Group], summed: np.ndarray, rows: Rows, n: int) -> Any:
        """The result: sums as numbers, the rest with an axis of rows."""
        lowered = groups[0].path.lowered
        scale = n if self._reduce == "mean" else 1
        sums = groups[0].sums if len(groups) == 1 else np.sum([group.sums for group in groups], axis=0)
        others = _stacked(groups, n)
        if scale != 1:
            sums, others = sums / scale, others / scale
        place = np.where(summed, np.cumsum(summed), np.cumsum(np.logical_not(summed))) - 1

        def number(i: int) -> Any:
            return float(sums[place[i]]) if summed[i] else others[:, place[i]].copy()

        def array(i: int, end: int, shape: tuple[int, ...]) -> np.ndarray:
            if i == end:
                return np.empty(shape if self._reduce else (n, *shape))
            span = slice(place[i], place[i] + end - i)  # an argument is mapped as a whole, or not
            if summed[i]:
                return sums[span].reshape(shape)
            axis = rows.axes.get(lowered.wrt[i], 0) if lowered.wrt else 0
            return np.moveaxis(others[:, span].reshape(n, *shape), 0, axis)

        return cut(lowered.form, number, array)[0]

    # ---- on Values
    def _sum_as_value(self, groups: list[Group], n: int, values: list[Value]) -> Value:
        scale = n if self._reduce == "mean" else 1
        total = sum(float(group.sums[0]) for group in groups)
        operands = Operands([v for group in groups for v in (*values, *group.path.captured)])
        gradients = np.concatenate([group.sums[1:] for group in groups]) / scale
        return one(self._name, total / scale, operands, gradients)

    def _row_values(
        self,
        groups: list[Group],
        n: int,
        wrt: tuple[int, ...],
        values: list[Value],
        threads: int | None,
    ) -> Any:
        """Arrays of Values; one sweep over the rows runs after all their cotangents are in."""
        out = _stacked(groups, n)
        sources = [[*values, *group.path.captured] for group in groups]
        operands = Operands([v for some in sources for v in some])
        saved = [group.path.inputs(group.batch.uniform) for group in groups]

        def pull(*more: np.ndarray) -> np.ndarray:
            weights = [x.reshape(out.shape) for x in more]
            parts = []
            for group, inputs in zip(groups, saved, strict=True):
                some = [x if group.chosen is None else x[group.chosen] for x in weights]
                prepared = group.path.pullback_rows(group.batch.mapped, wrt, len(more) > 1)
                parts.append(prepared(inputs, [*group.batch.columns, *some], group.batch.rows, threads)[0])
            return np.concatenate(parts)

        results = object_array(several(self._name, out.ravel(), operands, pull), out.shape)
        form = groups[0].path.lowered.form
        cells = lambda i, end, shape: results[:, i:end].reshape(n, *shape)  # noqa: E731
        return cut(form, lambda i: results[:, i], cells)[0]

    # ---- inside another trace
    def _unrolled(self, axes: Sequence[Any], n: int) -> Callable[..., Any]:
        """The same as a plain function: row after row."""
        f, reduce = self._f, self._reduce

        def unrolled(*args: Any, **kwargs: Any) -> Any:
            found: list[list[Any]] = []
            form: Form = ()
            for row in range(n):
                some = [row_of(x, axis, row) for x, axis in zip(args, axes, strict=True)]
                outputs: list[Any] = []
                result = f(*some, **{name: row_of(x, 0, row) for name, x in kwargs.items()})
                form = take_apart(result, outputs, numeric=True)
                found.append(flat(outputs))
            columns = [object_array(list(column), n) for column in zip(*found, strict=True)]
            if reduce is None:
                stack = lambda i, end, shape: np.stack(columns[i:end], axis=1).reshape(n, *shape)  # noqa: E731
                return cut(form, lambda i: columns[i], stack)[0]
            totals = object_array([sum(c) / n if reduce == "mean" else sum(c) for c in columns], len(columns))
            return from_vector(form, totals)

        return unrolled


def _stacked(groups: list[Group], n: int) -> np.ndarray:
    """The outputs of every row, of all the groups, in the order of the rows."""
    if groups[0].chosen is None:
        return groups[0].others
    stacked = np.empty((n, groups[0].others.shape[1]))
    for group in groups:
        stacked[group.chosen] = group.others
    return stacked
