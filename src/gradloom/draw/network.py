"""A whole graph as columns of numbers, for graphs that are too large to be looked at node by node.

Takes: the roots of a graph.
Gives: ``Network``: its nodes, the edges between them, which operation made each, and its scope.
Promises: no recursion, about a microsecond and 200 bytes for each node. Constants are counted with the
node that has them; no Value is made of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from gradloom.engine import Value, order, set_silent

__all__ = ["Network", "network"]

_BLOCK = 1 << 16  # nodes whose recipes are held at a time


@dataclass(frozen=True, eq=False)
class Network:
    """The columns; ``args[start[i] : start[i + 1]]`` are the operands of node i that are Values."""

    nodes: list[Value]  # operands before results
    start: np.ndarray  # int64 (n + 1,)
    args: np.ndarray  # int64
    constants: np.ndarray  # int64 (n,): operands that are plain numbers, and drawn
    codes: np.ndarray  # int64 (n,): which of ``operations`` made it
    operations: list[str]  # as pictures write them; of a leaf it is ""
    scopes: np.ndarray  # int64 (n,): the number of the scope in which it was made, 0 for none

    def __len__(self) -> int:
        return len(self.nodes)

    def edges(self, some: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(operands, results) of all edges into the nodes ``some``."""
        counts = self.start[some + 1] - self.start[some]
        results = np.repeat(some, counts)
        ends = np.cumsum(counts)
        at = np.arange(len(results)) + np.repeat(self.start[some] - (ends - counts), counts)
        return self.args[at], results


def network(roots: Sequence[Value]) -> Network:
    """The graph below ``roots``."""
    nodes = _order(roots)
    place = dict(zip(nodes, range(len(nodes)), strict=True))
    counts, args, constants, codes, scopes = [], [], [], [], []
    known: dict[object, int] = {"": 0}
    operations = [""]
    for first in range(0, len(nodes), _BLOCK):
        for node in nodes[first : first + _BLOCK]:
            row, operands = node._recipe
            found = [place[x] for x in operands if type(x) is not float]
            counts.append(len(found))
            args += found
            constants.append(len(operands) - len(found) - (row is not None and row.parameter))
            made = "" if not operands else id(row) if row is not None else node._op or "?"
            code = known.get(made)
            if code is None:
                code = known[made] = len(operations)
                operations.append(row.symbol if row is not None else str(node._op or "?"))
            codes.append(code)
            scopes.append(node._trace)
    start = np.zeros(len(nodes) + 1, dtype=np.int64)
    np.cumsum(counts, out=start[1:])
    columns = (np.array(x, dtype=np.int64) for x in (args, constants, codes))
    numbers = np.array(scopes, dtype=np.int64)
    numbers[numbers < 1 << 31] = 0  # a trace's
    return Network(nodes, start, *columns, operations, numbers)


def _order(roots: Iterable[Value]) -> list[Value]:
    roots = list(roots)
    if len(roots) == 1:
        return order(roots[0])
    silent = set_silent(False)
    try:
        return order(Value(0.0, tuple(roots)))[:-1]
    finally:
        set_silent(silent)
