"""The paths through a function: which Program holds for these numbers.

Takes: a function, how it is lowered, and the numbers of a call.
Gives: ``Paths``, for one form of the arguments: ``run`` (one evaluation) and ``run_rows`` (many).
Promises: the answer is never that of a branch not taken. A Program gives its guards' conditions beside
its outputs. If all have the truth they had, the outputs hold. The first that has not leads to a path
with the same decisions up to there; where there is none, the function is traced again with the
decisions so far taken as they are and that one turned, so that each trace adds a path. Rows are grouped
by path, each group runs on its own Program.
"""

import functools
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradloom.compiler.batches import Batch
from gradloom.compiler.derivatives import reverse
from gradloom.compiler.interpreter import prepare, prepare_rows
from gradloom.compiler.lowering import Lower, Lowered, pick
from gradloom.compiler.nesting import Form
from gradloom.compiler.program import Program
from gradloom.compiler.simplify import simplify
from gradloom.compiler.tracing import Traced, name_of, trace
from gradloom.compiler.watch import Watch
from gradloom.engine import read
from gradloom.errors import PathWarning, TraceError

__all__ = ["MANY", "Group", "Path", "Paths"]

MANY = 64
"""So many paths from one source line bring a warning."""


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

    def pullback(self, wrt: tuple[int, ...]) -> Any:
        """The gradients by the sources, of what cotangents of the outputs weigh."""
        if ("pullback", wrt) not in self.prepared:
            n, sources = len(self.lowered.program.outputs), self.sources(wrt)
            program = pick(reverse(self.open, sources), range(n, n + len(sources)), final=True)
            self.prepared["pullback", wrt] = prepare(program.with_results(program.outputs), self.same_order)
        return self.prepared["pullback", wrt]

    # ---- many rows
    def rows(self, mapped: np.ndarray, summed: list[bool], wrt: tuple[int, ...] | None) -> Any:
        """The prepared Program of one evaluation for each row: its outputs; with ``wrt``, gradients."""
        key = "rows", wrt
        if key not in self.prepared:
            program, reduce = self.lowered.program, ["sum" if s else None for s in summed]
            if wrt is not None:
                sources = self.sources(wrt)
                program = reverse(self.open, sources, [1.0], final=True)
                reduce += ["sum"] * len(sources)
            self.prepared[key] = prepare_rows(
                program.with_results(program.outputs), self._flags(mapped), reduce, same_order=self.same_order
            )
        return self.prepared[key]

    def pullback_rows(self, mapped: np.ndarray, wrt: tuple[int, ...]) -> Any:
        """The gradients, summed over the rows, of what cotangents of every row's outputs weigh."""
        key = "pullback rows", wrt
        if key not in self.prepared:
            n, sources = len(self.lowered.program.outputs), self.sources(wrt)
            program = pick(reverse(self.open, sources), range(n, n + len(sources)), final=True)
            flags = np.concatenate([self._flags(mapped), np.ones(n, dtype=bool)])
            self.prepared[key] = prepare_rows(
                program.with_results(program.outputs),
                flags,
                ["sum"] * len(sources),
                same_order=self.same_order,
            )
        return self.prepared[key]

    def truths(self, batch: Batch, threads: int) -> np.ndarray:
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


class Paths:
    """The paths of one function for one form of its arguments.

    Parameters
    ----------
    f : function
    lower : function
        What is made of each traced path.
    arguments : (list of Form, Form)
        Of the positional arguments, and of the dict of the others.
    same_order : bool
        Whether sums keep the order of the source.
    max_paths : int
        Beyond it the path that ran least is dropped.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        lower: Lower,
        arguments: tuple[list[Form], Form],
        same_order: bool,
        max_paths: int,
    ):
        self.f, self.lower, self.arguments = f, lower, arguments
        self.same_order, self.max_paths = same_order, max_paths
        self.watch: Watch | None = None  # the surroundings, which a trace must leave as they are
        self.paths: list[Path] = []
        self.last: Path | None = None
        self.turned: Counter[str] = Counter()

    # ---- one evaluation
    def run(
        self, numbers: np.ndarray, extra: np.ndarray | None = None, wrt: Sequence[int] = ()
    ) -> tuple[Path, np.ndarray, np.ndarray]:
        """The path that these numbers take, the outputs of its lowered Program; and gradients.

        Where there is one output, and it depends on Values (the inputs ``wrt``, and the captured ones),
        its gradient by them is computed in the same sweep; else the gradients are empty.
        """
        path = self.last or self._trace(numbers, b"", "the first call")
        while True:
            out, failed = path.single(tuple(wrt)).run(path.inputs(numbers, extra))
            if failed < 0:
                path.runs += 1
                self.last = path
                n = len(path.lowered.program.outputs)
                return path, out[:n], out[n:]
            path = self._other(path, failed, numbers)

    def _other(self, path: Path, k: int, numbers: np.ndarray) -> Path:
        """A path with the decisions of ``path`` up to guard ``k``, and that one turned."""
        turned = not path.decisions[k]
        prefix = path.decisions[:k] + bytes([turned])
        found = next((p for p in self.paths if p.decisions.startswith(prefix)), None)
        if found is not None:
            return found
        line = path.traced.program.guards[k].line
        return self._trace(numbers, prefix, f"the branch at {line} was {turned}", line)

    def _trace(self, numbers: np.ndarray, prefix: bytes, why: str, line: str = "") -> Path:
        start = time.perf_counter()
        positional, named = self.arguments
        forms = ("tuple", tuple(positional)), named
        traced = trace(self.f, forms, numbers.tolist(), list(map(bool, prefix)))
        if not bytes(traced.decisions).startswith(prefix):
            raise TraceError(
                f"{name_of(self.f)} branched otherwise than before on the same numbers; "
                "let it depend on its arguments only"
            )
        change = self.watch.changed() if self.watch else None
        if change:
            raise TraceError(
                f"{name_of(self.f)} changed {change} while it was traced, and a Program "
                "would not repeat that; return what it computes instead"
            )
        forms_of_arguments = positional + list(named[-1])
        path = Path(traced, lambda t, final: self.lower(t, forms_of_arguments, final), why, self.same_order)
        path.seconds = time.perf_counter() - start
        if len(self.paths) >= self.max_paths:
            self.paths.remove(min(self.paths, key=lambda p: p.runs))
        self.paths.append(path)
        self._count(line)
        return path

    def _count(self, line: str) -> None:
        self.turned[line] += 1
        if line and self.turned[line] == MANY:
            warnings.warn(
                f"{line} has branched in {MANY} ways, each a Program of its own; to compute both sides "
                "instead use gradloom.math: where(cond, a, b), maximum(*xs), softmax(xs)",
                PathWarning,
                stacklevel=5,
            )

    # ---- many rows
    def run_rows(
        self,
        batch: Batch,
        summed: Callable[[Path], Sequence[bool]],
        wrt: tuple[int, ...] | None,
        threads: int,
    ) -> list["Group"]:
        """One evaluation for each row.

        ``summed(path)`` says of which outputs only the sum is wanted. With ``wrt`` there is one output, and
        the sums of its gradients by those inputs, and by the captured Values, follow it.
        """
        groups = []
        for path, chosen in self._groups(batch, threads):
            part = batch if chosen is None else batch.some(chosen)
            prepared = path.rows(batch.mapped, list(summed(path)), wrt)
            sums, others = prepared(path.inputs(batch.uniform), part.columns, part.rows, threads)
            path.runs += 1
            groups.append(Group(path, chosen, part, sums, others))
        return groups

    def _groups(self, batch: Batch, threads: int) -> list[tuple[Path, np.ndarray | None]]:
        """Pairs (path, the numbers of its rows); None stands for all rows."""
        waiting: list[tuple[Path | None, np.ndarray]] = [(self.last, np.arange(batch.rows))]
        groups: dict[int, tuple[Path, list[np.ndarray]]] = {}
        while waiting:
            path, chosen = waiting.pop()
            if path is None:
                path = self._trace(batch.numbers(chosen[0]), b"", "the first call")
            self.last = path
            if not path.decisions:
                groups.setdefault(id(path), (path, []))[1].append(chosen)
                continue
            part = batch if len(chosen) == batch.rows else batch.some(chosen)
            truths = path.truths(part, threads)
            wrong = truths != np.frombuffer(path.decisions, dtype=bool)
            holds = ~wrong.any(axis=1)
            if holds.any():
                groups.setdefault(id(path), (path, []))[1].append(chosen[holds])
            if holds.all():
                continue
            others, first = chosen[~holds], wrong[~holds].argmax(axis=1)
            for k in np.unique(first):  # rows that part at the same guard go on together
                some = others[first == k]
                waiting.append((self._other(path, int(k), batch.numbers(some[0])), some))
        found = [(path, np.sort(np.concatenate(parts))) for path, parts in groups.values()]
        if len(found) == 1:
            return [(found[0][0], None)]
        found.sort(key=lambda group: int(group[1][0]))  # an order that depends on the rows alone
        return list(found)


class Group(NamedTuple):
    """The rows that took one path: their numbers (None: all), sums, and the other outputs of each row."""

    path: Path
    chosen: np.ndarray | None
    batch: Batch
    sums: np.ndarray
    others: np.ndarray
