"""The paths through a function: which Program holds for these numbers.

Takes: a function, how it is lowered, and the numbers of a call.
Gives: ``Paths``, for one form of the arguments: ``run`` (one evaluation) and ``run_rows`` (many).
Promises: the answer is never that of a branch not taken. A Program gives its guards' conditions beside
its outputs. If all have the truth they had, the outputs hold. The first that has not leads to a path
with the same decisions up to there; where there is none, the function is traced again with the
decisions so far taken as they are and that one turned, so that each trace adds a path. Rows are grouped
by path, each group runs on its own Program.
"""

import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradloom.compiler.batches import Batch
from gradloom.compiler.interpreter import define
from gradloom.compiler.lowering import Lower
from gradloom.compiler.nesting import Form
from gradloom.compiler.path import Path
from gradloom.compiler.refusals import line_of, name_of
from gradloom.compiler.tracing import drew, trace
from gradloom.compiler.watch import Watch
from gradloom.errors import PathWarning, TraceError

__all__ = ["MANY", "Group", "Paths"]

MANY = 64
"""So many paths from one source line bring a warning."""


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
        self.objects: list[Any] = []  # of the arguments: parts of the program that may hold others
        self.paths: list[Path] = []
        self.last: Path | None = None
        self.turned: Counter[str] = Counter()

    def on_values(self, path: Path) -> bool:
        """Whether the function reaches Values: if so its results are Values, whatever the path."""
        return bool(path.captured) or (self.watch is not None and self.watch.values)

    @property
    def runs(self) -> int:
        return sum(path.runs for path in self.paths)

    @property
    def forms(self) -> tuple[Form, Form]:
        """The forms of the tuple and of the dict of the arguments."""
        positional, named = self.arguments
        return ("tuple", tuple(positional)), named

    # ---- one evaluation
    def path(self, numbers: np.ndarray) -> Path:
        """The path that these numbers take."""
        path = self.last or self._trace(numbers, b"", "the first call")
        while True:
            program = path.traced.program
            at = program.with_results([guard.condition for guard in program.guards])
            truths = define(at, list(path.inputs(numbers))) if program.guards else []
            wrong = [k for k, x in enumerate(truths) if bool(x) != program.guards[k].truth]
            if not wrong:
                return path
            path = self._other(path, wrong[0], numbers)

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
        positional, _ = self.arguments
        chance = self.watch.chance() if self.watch else b""
        traced = trace(self.f, self.forms, numbers.tolist(), list(map(bool, prefix)))
        if not bytes(traced.decisions).startswith(prefix):
            raise TraceError(
                f"{name_of(self.f)} branched otherwise than before on the same numbers; "
                "let it depend on its arguments only"
            )
        change = self.watch.changed() if self.watch else None
        if change:
            raise TraceError(
                f"{line_of(self.f)}: {name_of(self.f)} changed {change} while it was traced, and a Program "
                "would not repeat that; return what it computes instead, and fill caches before"
            )
        if self.watch and self.watch.chance() != chance:
            raise TraceError(drew(self.f))
        if self.paths and traced.form != self.paths[0].traced.form:
            raise TraceError(
                f"{line_of(self.f)}: {name_of(self.f)} returns another structure when {why} than otherwise; "
                "let all paths return the same nesting and shapes"
            )
        path = Path(traced, lambda t, final: self.lower(t, positional, final), why, self.same_order)
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
        summed: Callable[[Path], np.ndarray],
        wrt: tuple[int, ...] | None,
        threads: int | None,
    ) -> list["Group"]:
        """One evaluation for each row.

        ``summed(path)`` says of which outputs only the sum is wanted. With ``wrt`` there is one output, and
        the sums of its gradients by those inputs, and by the captured Values, follow it.
        """
        groups = []
        for path, chosen in self._groups(batch, threads):
            part = batch if chosen is None else batch.some(chosen)
            prepared = path.rows(batch.mapped, summed(path), wrt)
            sums, others = prepared(path.inputs(batch.uniform), part.columns, part.rows, threads)
            path.runs += 1
            groups.append(Group(path, chosen, part, sums, others))
        return groups

    def _groups(self, batch: Batch, threads: int | None) -> list[tuple[Path, np.ndarray | None]]:
        """Pairs (path, the numbers of its rows); None stands for all rows."""
        if self.last is not None and not self.last.decisions:
            return [(self.last, None)]
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
