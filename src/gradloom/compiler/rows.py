"""Runs a Program over many rows, in blocks, on one thread or several.

Takes: a Program, which of its inputs differ from row to row, and what becomes of its outputs' rows.
Gives: ``NativeRows`` and, where nothing native is built, ``PlainRows`` by the definition.
Promises: rows are cut into blocks and chunks whose size depends on the number of rows only; sums are taken
within a block, then in the order of blocks and chunks. So results depend neither on ``threads`` nor on the
run. Memory beyond inputs and outputs does not grow with the rows. Ctrl-C stops a long run at once.
"""

import importlib
import os
import threading
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from gradloom.compiler.definition import define
from gradloom.compiler.program import Program
from gradloom.engine import PURE

__all__ = ["NativeRows", "PlainRows", "PreparedRows", "native"]

native: Any = None
"""The native interpreter's module, where it was built."""
if not PURE:
    try:
        native = importlib.import_module("gradloom._native.rows")
    except ImportError:  # the engine has said so, if it was built
        native = None

PLAIN_BLOCK = 4096
"""Rows that NumPy takes at once."""
LARGE = 2_000_000
"""Operations from which on several threads take part: about 300 us on one."""


class PreparedRows(Protocol):
    """A Program that was made ready to run over rows."""

    def __call__(
        self, uniform: np.ndarray, columns: Sequence[np.ndarray], rows: int, threads: int | None = 1
    ) -> tuple[np.ndarray, np.ndarray]:
        """The outputs over ``rows`` rows.

        Parameters
        ----------
        uniform : ndarray of shape (n_uniform,)
            The inputs that are alike for all rows, in order.
        columns : sequence of ndarray of shape (rows, k)
            float64, of any strides; their columns side by side are the mapped inputs, in order.
        rows : int
        threads : int or None
            How many threads may work, at most one per core; None: all cores. Small work takes one.

        Returns
        -------
        reduced : ndarray of shape (n_reduced,)
            The outputs that are reduced over the rows.
        per_row : ndarray of shape (rows, n_per_row)
            The others.
        """
        ...


class PlainRows:
    """Rows by the definition, a block at a time; ``PreparedRows`` says how it is called."""

    def __init__(
        self, program: Program, mapped: Sequence[bool], reduce: Sequence[str | None], same_order: bool = False
    ):
        self._program, self._mapped, self._reduce = program, list(mapped), list(reduce)
        self._exact = same_order

    def __call__(self, uniform, columns, rows, threads=1):
        reduced = np.zeros(sum(r is not None for r in self._reduce))
        per_row = np.empty((rows, len(self._reduce) - len(reduced)))
        kept = [k for k, r in enumerate(self._reduce) if r is None]
        added = [k for k, r in enumerate(self._reduce) if r is not None]
        for begin in range(0, rows, PLAIN_BLOCK):
            block = slice(begin, min(begin + PLAIN_BLOCK, rows))
            outputs = define(self._program, self._inputs(uniform, columns, block), self._exact)
            for j, k in enumerate(kept):
                per_row[block, j] = outputs[k]
            for j, k in enumerate(added):
                reduced[j] += np.sum(np.broadcast_to(outputs[k], block.stop - block.start))
        means = [j for j, k in enumerate(added) if self._reduce[k] == "mean"]
        with np.errstate(all="ignore"):
            reduced[means] /= rows
        return reduced, per_row

    def _inputs(self, uniform, columns, block):
        """The inputs of a block of rows: numbers and columns."""
        numbers = iter(uniform)
        mapped = (column[block, k] for column in columns for k in range(column.shape[1]))
        return [next(mapped) if m else next(numbers) for m in self._mapped]


class NativeRows:
    """Rows by the native interpreter; ``PreparedRows`` says how it is called."""

    def __init__(
        self,
        program: Program,
        mapped: Sequence[bool],
        reduce: Sequence[str | None],
        same_order: bool = False,
        level: str | None = None,
    ):
        self._rows = native.Rows(
            code=program.code,
            start=program.start,
            args=program.args,
            number=program.number,
            outputs=program.outputs,
            inputs=program.inputs,
            mapped=bytes(map(bool, mapped)),
            reduce=b"".join({None: b"\0", "sum": b"s", "mean": b"m"}[r] for r in reduce),
            same_order=same_order,
            level=native.LEVELS.index(level or native.LEVEL),
        )

    def __call__(self, uniform, columns, rows, threads=1):
        work = self._rows
        values, sums = np.empty(work.values), np.zeros((work.chunks(rows), work.reduced))
        per_row, reduced = np.empty((rows, work.columns)), np.empty(work.reduced)
        stop = np.zeros(1, dtype=np.int8)
        work.uniform(uniform, values)
        threads = min(threads or cores(), cores(), len(sums)) if rows * work.cost > LARGE else 1
        task = values, tuple(columns), rows
        if threads > 1:
            _spread(work, task, threads, (sums, per_row, stop))
        else:
            work.work(*task, 0, len(sums), sums, per_row, stop)
        work.finish(values, rows, sums, reduced, per_row)
        return reduced, per_row


# ---- threads
_pool: Any = None
_lock = threading.Lock()


def cores() -> int:
    """How many threads can run at once."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _spread(work, task, threads, results):
    """``work`` over all chunks by ``threads`` threads, of which the caller's is one."""
    sums, _, stop = results
    pieces = min(len(sums), 4 * threads)
    cuts = [len(sums) * k // pieces for k in range(pieces + 1)]
    todo = iter(list(pairwise(cuts)))  # next() is one step under the interpreter's lock

    def take_part():
        for begin, end in todo:
            work.work(*task, begin, end, *results)

    others = [_submit(take_part) for _ in range(threads - 1)]
    try:
        take_part()
        for other in others:
            other.result()
    except BaseException:
        stop[0] = 1
        for _ in todo:
            pass
        for other in others:
            other.exception()
        raise


def _submit(function):
    """A future of ``function`` on the pool, which is made when it is first needed."""
    global _pool
    with _lock:
        if _pool is None:
            from concurrent.futures import ThreadPoolExecutor

            _pool = ThreadPoolExecutor(max(cores() - 1, 1), thread_name_prefix="gradloom")
        return _pool.submit(function)


def _after_fork():
    """A child has none of its parent's threads, and perhaps a lock that nobody will open."""
    global _pool, _lock
    _pool, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
