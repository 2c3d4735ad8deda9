"""A whole graph as columns of numbers, for graphs that are too large to be looked at node by node.

Takes: the roots of a graph.
Gives: ``Network``: its nodes, the edges between them, which operation made each, and its scope.
Promises: no recursion; some 60 bytes for each node. Constants are counted with the node that has them; no
Value is made of them, and one of which a picture has made a Value counts as before: so a graph is folded in
the same way each time. ``columns_in_python`` is the definition, and ``columns_of`` its native twin.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from gradloom.engine import ENGINE, Value, order, set_silent
from gradloom.ops import TABLE

if ENGINE == "native":
    from gradloom._native.value import columns_of

__all__ = ["Network", "columns_in_python", "is_constant", "network"]


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
    nodes, (counts, args, constants, rows, traces) = _without_constants(nodes, _columns(nodes), set(roots))
    operations = ["", *(row.symbol for row in TABLE.values())]
    parameter = np.array([False, *(row.parameter for row in TABLE.values())])
    codes = np.where(rows < len(TABLE), rows + 1, 0)
    constants = constants - parameter[codes]
    known: dict[str, int] = {}
    for i in np.flatnonzero((rows >= len(TABLE)) & (counts + constants > 0)).tolist():
        name = str(nodes[i]._op or "?")  # made by hand, or by a primitive of the user's
        if name not in known:
            known[name] = len(operations)
            operations.append(name)
        codes[i] = known[name]
    start = np.zeros(len(nodes) + 1, dtype=np.int64)
    np.cumsum(counts, out=start[1:])
    scopes = np.where(traces < 1 << 31, 0, traces)  # the others are numbers of traces
    return Network(nodes, start, args, constants, codes, operations, scopes)


def is_constant(leaf: Value, result: Value) -> bool:
    """Whether an operand is a number of the program, of which somebody made a Value by looking at it: then it
    is as old as its result, and nobody gave it a name."""
    return leaf._stamp == result._stamp and not leaf.label


def _without_constants(nodes: list[Value], columns: list[np.ndarray], roots: set[Value]):
    """The nodes and their columns as they are before anybody looks at a constant."""
    counts, args, constants, rows, traces = columns
    leaf = (counts + constants == 0) & (np.bincount(args, minlength=len(nodes)) == 1)
    at = np.flatnonzero(leaf[args])
    leaves, results = args[at], np.repeat(np.arange(len(nodes)), counts)[at]
    found = [
        nodes[i] not in roots and is_constant(nodes[i], nodes[j])
        for i, j in zip(leaves.tolist(), results.tolist(), strict=True)
    ]
    if not any(found):
        return nodes, columns
    here = np.ones(len(nodes), dtype=bool)
    here[leaves[found]] = False
    known = np.bincount(results[found], minlength=len(nodes))
    args = (np.cumsum(here) - 1)[args[here[args]]]
    nodes = [nodes[i] for i in np.flatnonzero(here).tolist()]
    return nodes, [(counts - known)[here], args, (constants + known)[here], rows[here], traces[here]]


def columns_in_python(nodes: list[Value]) -> list[np.ndarray]:
    """For each node how many operands it has, their places, its constants, its row's place in the table
    (or beyond it), and its trace or scope."""
    place = dict(zip(nodes, range(len(nodes)), strict=True))
    number = {row.name: i for i, row in enumerate(TABLE.values())}
    counts, args, constants, rows = [], [], [], []
    for node in nodes:
        row, operands = node._recipe
        found = [place[x] for x in operands if isinstance(x, Value)]
        counts.append(len(found))
        args += found
        constants.append(len(operands) - len(found))
        known = row is not None and TABLE.get(row.name) is row
        rows.append(number[row.name] if row is not None and known else len(TABLE))
    columns = counts, args, constants, rows, [node._trace for node in nodes]
    return [np.array(column, dtype=np.int64) for column in columns]


def _columns(nodes: list[Value]) -> list[np.ndarray]:
    if ENGINE != "native":
        return columns_in_python(nodes)
    types = np.int32, np.int32, np.int32, np.uint16, np.uint32
    return [np.frombuffer(x, t).astype(np.int64) for x, t in zip(columns_of(nodes), types, strict=True)]


def _order(roots: Iterable[Value]) -> list[Value]:
    roots = list(roots)
    if len(roots) == 1:
        return order(roots[0])
    silent = set_silent(False)
    try:
        return order(Value(0.0, tuple(roots)))[:-1]
    finally:
        set_silent(silent)
