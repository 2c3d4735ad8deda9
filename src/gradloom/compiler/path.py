"""``Path``: one way through a function, and its Programs made ready to run.

Takes: a traced function, and how it is lowered.
Gives: ``Path``: what is prepared for one evaluation, for its gradients, for rows, for the guards of rows.
Promises: each is made when first needed, once. Captured Values are inputs, and read at every call.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradloom.compiler.batches import Batch
from gradloom.compiler.derivatives import reverse
from gradloom.compiler.interpreter import define, prepare, prepare_rows
from gradloom.compiler.lowering import Lowered, pick
from gradloom.compiler.program import Program
from gradloom.compiler.simplify import simplify
from gradloom.compiler.tracing import Traced
from gradloom.engine import read

__all__ = ["Path"]


class Path:
    """One way through the function: its Programs, prepared when first needed."""

    def __init__(self, traced: Traced, lower: Callable[[Traced, bool], Lowered], why: str, same_order: bool):
        self.traced, self.lowered, self.why = traced, lower(traced, True), why
        self._lower = lower
        self.decisions = bytes(traced.decisions)
        self.captured = traced.captured
        self.same_order = same_order
        self.runs, self.seconds = 0, 0.0
        self.prepared: dict[Any, Any] = {}

    def __repr__(self) -> str:
        size, decisions = len(self.lowered.program), self.traced.decisions
        return f"Path(decisions={decisions}, instructions={size}, runs={self.runs})"

    @functools.cached_property
    def open(self) -> Program:
        """The lowered Program in the form of which derivatives may be taken."""
        return self._lower(self.traced, False).program

    def inputs(self, numbers: np.ndarray, extra: np.ndarray | None = None) -> np.ndarray:
        """The numbers of a call, of the captured Values as they are now, and what the caller adds."""
        parts = [numbers]
        if self.captured:
            parts.append(read(self.captured))
        if extra is not None:
            parts.append(extra)
        return np.concatenate(parts) if len(parts) > 1 else numbers

    def value(self, numbers: np.ndarray) -> np.ndarray:
        """What the traced function itself gives for the numbers of a call."""
        return np.array(define(self.traced.program, list(self.inputs(numbers))))

    def sources(self, wrt: Sequence[int]) -> list[int]:
        """The inputs that are Values: ``wrt`` among the arguments, then the captured ones."""
        first = self.traced.program.inputs - len(self.captured)
        return [*wrt, *range(first, self.traced.program.inputs)]

    def single(self, wrt: tuple[int, ...]) -> Any:
        """The prepared Program of one evaluation: outputs, then gradients."""
        if wrt not in self.prepared:
            program, sources = self.lowered.program, self.sources(wrt)
            if sources and len(program.outputs) == 1:
                program = reverse(self.open, sources, [1.0], final=True)
            self.prepared[wrt] = prepare(program, self.same_order)
        return self.prepared[wrt]

    def pullback(self, wrt: tuple[int, ...], masked: bool = False) -> Any:
        """The gradients by the sources, of what cotangents of the outputs weigh; ``masked``: of those that
        count, which a truth for each says behind them."""
        key = "pullback", wrt, masked
        if key not in self.prepared:
            self.prepared[key] = prepare(self._pulled(wrt, masked), self.same_order)
        return self.prepared[key]

    def _pulled(self, wrt: tuple[int, ...], masked: bool) -> Program:
        n, sources = len(self.lowered.program.outputs), self.sources(wrt)
        both = reverse(self.open, sources, masked=masked)
        program = pick(both, range(n, n + len(sources)), final=True)
        return program.with_results(program.outputs)

    # ---- many rows
    def summed(self, mapped: np.ndarray, reduced: bool) -> np.ndarray:
        """Of which outputs only the sum over the rows is wanted: not of derivatives by mapped inputs."""
        if ("summed", reduced) not in self.prepared:
            by = np.array(self.lowered.wrt or [-1] * len(self.lowered.program.outputs), dtype=int)
            own = mapped[by] & (by >= 0) if mapped.any() else np.zeros(len(by), dtype=bool)
            self.prepared["summed", reduced] = reduced & ~own
        return self.prepared["summed", reduced]

    def rows(self, mapped: np.ndarray, summed: np.ndarray, wrt: tuple[int, ...] | None) -> Any:
        """The prepared Program of one evaluation for each row: its outputs; with ``wrt``, gradients."""
        key = "rows", wrt
        if key not in self.prepared:
            program, reduce = self.lowered.program, ["sum" if s else None for s in summed]
            if wrt is not None:
                if len(program.outputs) != 1:
                    raise TypeError(
                        "a reduced vmap on Values returns one number; return only that, or pass the Values' "
                        "numbers as arguments"
                    )
                sources = self.sources(wrt)
                program = reverse(self.open, sources, [1.0], final=True)
                reduce += ["sum"] * len(sources)
            self.prepared[key] = prepare_rows(
                program.with_results(program.outputs), self._flags(mapped), reduce, same_order=self.same_order
            )
        return self.prepared[key]

    def pullback_rows(self, mapped: np.ndarray, wrt: tuple[int, ...], masked: bool = False) -> Any:
        """The gradients, summed over the rows, of what cotangents of every row's outputs weigh."""
        key = "pullback rows", wrt, masked
        if key not in self.prepared:
            program = self._pulled(wrt, masked)
            flags = np.ones(program.inputs, dtype=bool)
            flags[: len(mapped) + len(self.captured)] = self._flags(mapped)
            reduce = ["sum"] * len(program.outputs)
            self.prepared[key] = prepare_rows(program, flags, reduce, same_order=self.same_order)
        return self.prepared[key]

    def truths(self, batch: Batch, threads: int | None) -> np.ndarray:
        """The truth of every guard in every row, of shape (rows, guards)."""
        if "guards" not in self.prepared:
            program = self.traced.program
            conditions = program.with_results([guard.condition for guard in program.guards])
            self.prepared["guards"] = prepare_rows(
                simplify(conditions), self._flags(batch.mapped), [None] * len(self.decisions), same_order=True
            )
        _, values = self.prepared["guards"](self.inputs(batch.uniform), batch.columns, batch.rows, threads)
        return values != 0.0

    def _flags(self, mapped: np.ndarray) -> np.ndarray:
        """Which inputs of the Programs differ by row; captured Values do not."""
        return np.concatenate([mapped, np.zeros(len(self.captured), dtype=bool)])
