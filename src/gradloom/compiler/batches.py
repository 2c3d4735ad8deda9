"""Arguments that hold rows: which of their numbers all rows share, and which differ from row to row.

Takes: arguments, and for each the axis along which it holds its rows, or None.
Gives: ``Rows``, which takes them apart; ``Batch``, their numbers, ready to run; ``row_of``, one row.
Promises: rows are not copied, unless they are no float64. Arguments with different numbers of rows are
refused, by name.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from gradloom.compiler.nesting import Form, as_array, as_floats, count, take_apart, vector
from gradloom.engine import Value

__all__ = ["Batch", "Rows", "row_of"]


class Batch(NamedTuple):
    """The numbers of a call with many rows.

    ``mapped`` says which numbers of the arguments differ from row to row: those are in ``columns``, arrays
    of shape (rows, k), side by side; the others are in ``uniform``.
    """

    uniform: np.ndarray
    columns: list[np.ndarray]
    mapped: np.ndarray
    rows: int

    def some(self, chosen: np.ndarray) -> "Batch":
        return self._replace(columns=[c[chosen] for c in self.columns], rows=len(chosen))

    def numbers(self, row: int) -> np.ndarray:
        """All the numbers of one row, in the order of the arguments."""
        numbers = np.empty(len(self.mapped))
        numbers[~self.mapped] = self.uniform
        if self.columns:
            numbers[self.mapped] = np.concatenate([c[row] for c in self.columns])
        return numbers


class Rows:
    """Collects the numbers of a call: those that all rows share, and those of each row.

    ``values``: rows may hold Values, as they do inside a trace; they are counted then, and not for running.
    """

    def __init__(self, values: bool = False) -> None:
        self._values = values
        self.uniform: list[Any] = []
        self.columns: list[np.ndarray] = []
        self.axes: dict[int, int] = {}  # of each mapped number whose axis is not 0
        self._flags: list[bool] = []  # of each run of numbers: whether it is mapped,
        self._widths: list[int] = []  # and how many there are
        self.count: int | None = None

    def batch(self) -> Batch:
        assert self.count is not None
        mapped = np.repeat(np.array(self._flags, dtype=bool), self._widths)
        return Batch(vector(self.uniform), self.columns, mapped, self.count)

    def _add(self, mapped: bool, width: int) -> None:
        self._flags.append(mapped)
        self._widths.append(width)

    def take(self, x: Any, axis: Any, name: str, numeric: bool = False) -> Form:
        """The form of one row of ``x``."""
        if axis is None:
            form = take_apart(x, self.uniform, numeric)
            self._add(False, count(form))
            return form
        if isinstance(x, dict):
            by_key = axis if isinstance(axis, dict) else dict.fromkeys(x, axis)
            _check_axes(set(x) == set(by_key), name, axis)
            return "dict", tuple(x), tuple(self.take(x[k], by_key[k], f"{name}[{k!r}]", numeric) for k in x)
        if isinstance(x, (list, tuple)) and not _is_table(x, self._values):
            listed = axis if isinstance(axis, (list, tuple)) else [axis] * len(x)
            _check_axes(len(x) == len(listed), name, axis)
            parts = [
                self.take(p, a, f"{name}[{i}]", numeric)
                for i, (p, a) in enumerate(zip(x, listed, strict=True))
            ]
            return "list" if isinstance(x, list) else "tuple", tuple(parts)
        return self._take_rows(x, axis, name)

    def _take_rows(self, x: Any, axis: Any, name: str) -> Form:
        if hasattr(x, "__next__"):
            raise TypeError(f"{name} is a {type(x).__name__}, which runs out; pass a list of its rows")
        if not isinstance(axis, (int, np.integer)) or isinstance(axis, bool):
            raise TypeError(f"in_axes has {axis!r:.60} for {name}; give the number of an axis, or None")
        try:
            table = as_array(x)
        except ValueError:  # NumPy's words for it are about its own insides
            raise ValueError(
                f"{name} has rows of different lengths; all rows must have the same nesting and lengths"
            ) from None
        if table.dtype.kind not in ("fiubO" if self._values else "fiub"):
            raise TypeError(
                f"{name} holds rows, so it must hold plain numbers, not {table.dtype}; a mapped axis is data"
            )
        if not -table.ndim <= axis < table.ndim:
            raise ValueError(
                f"{name} of shape {table.shape} has no axis {axis}; what all rows share is passed by "
                "position, with in_axes=None"
            )
        if axis != 0:
            table = np.moveaxis(table, axis, 0)
        n = len(table)
        if self.count not in (None, n):
            raise ValueError(
                f"{name} has {n} rows, and the arguments before it {self.count}; they must agree"
            )
        self.count = n
        width = math.prod(table.shape[1:])
        if axis != 0:
            before, axis = sum(self._widths), int(axis)
            self.axes |= {before + i: axis for i in range(width)}
        self._add(True, width)
        rows = table.reshape(n, width)
        self.columns.append(rows if self._values else as_floats(rows))
        return ("array", table.shape[1:]) if table.ndim > 1 else ("number", False)


def _check_axes(fits: bool, name: str, axis: Any) -> None:
    if not fits:
        raise ValueError(
            f"in_axes has {axis!r:.60} for {name}, which is nested otherwise; give one axis for each part"
        )


def _is_table(x: Any, values: bool) -> bool:
    """Whether a list is rows of numbers, in any nesting, rather than a container of arrays."""
    if isinstance(x, (list, tuple)):
        return len(x) > 0 and all(_is_table(part, values) for part in x)
    if isinstance(x, Value):
        return values
    return isinstance(x, (float, int)) or (isinstance(x, np.generic) and x.dtype.kind in "fiub")


def row_of(x: Any, axis: Any, row: int) -> Any:
    if axis is None:
        return x
    if isinstance(x, dict):
        return {k: row_of(part, axis[k] if isinstance(axis, dict) else axis, row) for k, part in x.items()}
    if isinstance(x, np.ndarray):
        return np.take(x, row, axis=axis)
    if isinstance(x, (list, tuple)) and len(x) and isinstance(x[0], (np.ndarray, dict)):
        axes = axis if isinstance(axis, (list, tuple)) else [axis] * len(x)
        return type(x)([row_of(part, a, row) for part, a in zip(x, axes, strict=True)])
    return x[row]
