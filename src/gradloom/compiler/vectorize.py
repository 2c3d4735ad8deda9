"""``vectorize``: a Program -> a VectorProgram, in which the vectors are found again.

Takes: a Program (``simplify`` first: nothing is folded here).
Gives: ``vectorize``.
Promises: the same numbers, to the bit where ``same_order`` is set and in all that a guard depends on;
else sums may be regrouped. The steps, each a function:

    contract    chains of additions become SUMs, sums of products DOTs, a product and one addition MULADDs
    schedule    same operation, same depth: one group; each group runs just before its first use
    allocate    neighbours in a group get neighbouring slots; a slot is used again when it is free
    encode      operands become slices, strides, repeated numbers, or index lists
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradloom.compiler import contraction, grouping, layout
from gradloom.compiler.memory import ensure
from gradloom.compiler.program import CONSTANT, INPUT, ROWS, Program
from gradloom.compiler.vector_program import (
    ARITIES,
    DOT,
    EXACT,
    MULADD,
    MULSUB,
    NAMES,
    STRETCH,
    SUBMUL,
    SUM,
    VectorProgram,
)

__all__ = ["vectorize"]

COMMUTATIVE = {i for i, row in enumerate(ROWS) if "commutative" in row.marks} | {MULADD, MULSUB, SUBMUL}


def _marked(truths: Iterable[bool]) -> np.ndarray:
    """int32: 1 for the opcodes of the rows for which it is true; no other is marked."""
    rows = np.fromiter(truths, dtype=np.int32)
    return np.concatenate([rows, np.zeros(STRETCH + 1 - len(rows), dtype=np.int32)])


CHOOSES = _marked(row.name in ("maximum", "minimum") for row in ROWS)
PARAMETERS = _marked(row.parameter for row in ROWS)
CALLS = _marked("(" in row.c for row in ROWS) != 0
"""Whether an opcode calls a function of the C library."""
COST = np.where(CALLS, 8, 1)  # in additions
EACH = 60  # bytes of an instruction while it is vectorised
LEAST_WORK = 16  # a vector instruction takes about as long to start as so many additions one by one
LEAST_LIST = 64  # and one more is worth so many numbers that need not be gathered by an index list


@dataclass
class Graph:
    """A Program after ``contract``: columns like a Program's, of the nodes that are left.

    Printed, it looks like one, too; ``dot v0 v2 v1 v3`` is v0 * v2 + v1 * v3.
    """

    op: np.ndarray
    start: np.ndarray
    args: np.ndarray
    exact: (
        np.ndarray
    )  # bool: by the C library, as eager code; the machine's own functions differ in the last bits
    number: np.ndarray
    outputs: np.ndarray
    conditions: np.ndarray

    def __str__(self) -> str:
        lines = [f"graph of {len(self.op)} nodes"]
        for i, op in enumerate(self.op.tolist()):
            operands = self.args[self.start[i] : self.start[i + 1]].tolist()
            words = [repr(float(self.number[i]))] if op == CONSTANT else [f"v{k}" for k in operands]
            lines.append(" ".join([f"  v{i} =", *["exact"] * bool(self.exact[i]), NAMES[op], *words]))
        lines += [f"  guard v{i}" for i in self.conditions]
        return "\n".join([*lines, " ".join(["  return", *(f"v{i}" for i in self.outputs)])])


def vectorize(program: Program, same_order: bool = False) -> VectorProgram:
    """The VectorProgram of ``program``.

    Parameters
    ----------
    program : Program
    same_order : bool
        Keep the order of every sum.

    Examples
    --------
    >>> p = Program.parse("program of 2 inputs\\n v2 = mul v0 v1\\n v3 = tanh v2\\n return v3")
    >>> print(vectorize(p))
    vector program of 2 inputs in 3 slots
      s0:2 = inputs
      s2 = mul s0 s1
      s2 = tanh s2
      return s2
    """
    ensure(len(program), EACH)
    graph = contract(program, same_order)
    order, bounds, vector = schedule(graph)
    slots = allocate(graph, order, bounds, vector)
    return encode(program, graph, slots, order, bounds, vector)


def contract(program: Program, same_order: bool) -> Graph:
    """Sums of many terms and dot products in place of chains of additions; dead code left out."""
    conditions = np.array([guard.condition for guard in program.guards], dtype=np.int32)
    columns = program.code, program.start, program.args, program.outputs, conditions
    op, start, args, exact, number = contraction.contract(*columns, same_order)
    exact = (exact != 0) & (CALLS[op] | (op == SUM) | (op == DOT))
    numbers = program.number[number >= 0]
    return Graph(op, start, args, exact, numbers, number[program.outputs], number[conditions])


# ---- schedule
def schedule(graph: Graph) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The nodes in the order in which they run, where each group begins in it, and which are vectors."""
    nodes = np.flatnonzero((graph.op != INPUT) & (graph.op != CONSTANT)).astype(np.int32)
    level, order, begins = _together(graph, nodes)
    lead, count = order[begins[:-1]], np.diff(begins)
    op = graph.op[lead]
    terms = np.where((op == SUM) | (op == DOT), graph.start[lead + 1] - graph.start[lead], 1)
    work = count * terms * COST[op]
    vector = ((work >= LEAST_WORK) & ((count >= 4) | (terms >= LEAST_WORK))).astype(np.int32)
    # just before the first use; what is only an output runs as early as it can
    place = grouping.sink(graph.start, graph.args, order, begins, vector, level)
    return grouping.ordered(order, begins, vector, place)


def _together(graph: Graph, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The level of each node, and ``nodes`` in groups of one level and kind: sorted, and where each begins.

    The level is its depth, but a group waits one level for a larger one of its kind.

    Where one of many like computations is shorter than the others (the first step of a recurrence, a sum
    of a single term), all its levels come early by one, and each of its groups would be an instruction.
    """
    columns, exact = (graph.start, graph.args), graph.exact.astype(np.int32)
    nothing, chooses = np.zeros(len(graph.op), dtype=np.int32), CHOOSES[graph.op]
    level, height = first = grouping.levels(*columns, nothing, chooses)
    kind, kinds = grouping.kinds(graph.op, *columns, exact, height, PARAMETERS)
    best: tuple[Any, ...] = ()
    for _ in range(4):
        order, begins = grouping.grouped(nodes, level, kind)
        groups = len(begins) - 1
        if best and groups >= len(best[-1]) - 1:
            break
        best = level, height, order, begins
        if groups * 3 > len(nodes):
            break
        waits = grouping.waiting(*columns, order, begins, level, kind, kinds)
        if not waits.any():
            break
        level, height = grouping.levels(*columns, level + waits, chooses)
    level, height, order, begins = best
    if not np.array_equal(height, first[1]):
        kind, kinds = grouping.kinds(graph.op, *columns, exact, height, PARAMETERS)
        order, begins = grouping.grouped(nodes, level, kind)
    return level, order, begins


# ---- allocate
@dataclass
class Slots:
    """Where each node lives: its slot, and where the block of neighbours begins that it lies in."""

    slot: np.ndarray
    home: np.ndarray
    count: int


def allocate(graph: Graph, order, bounds, vector) -> Slots:
    """Slots for all nodes: constants first, then the inputs. Turns round some groups in ``order``."""
    constants, inputs = np.flatnonzero(graph.op == CONSTANT), np.flatnonzero(graph.op == INPUT)
    slot, keep = np.full(len(graph.op), -1, dtype=np.int32), np.zeros(len(graph.op), dtype=np.int32)
    slot[constants] = np.arange(len(constants))
    slot[inputs] = len(constants) + np.arange(len(inputs))
    keep[graph.outputs] = keep[graph.conditions] = 1
    first = len(constants) + len(inputs)
    groups = order, bounds, vector.astype(np.int32)
    home, count = layout.allocate(graph.start, graph.args, *groups, keep, slot, first)
    home[constants], home[inputs] = 0, len(constants)
    return Slots(slot, home, count)


# ---- encode
def encode(program: Program, graph: Graph, slots: Slots, order, bounds, vector) -> VectorProgram:
    """The words of the instructions, and the columns around them."""
    words, indices, slot = [np.zeros(0, dtype=np.int32)], _Indices(), slots.slot
    level = _depths(graph)
    columns = graph.op, graph.start, graph.args, graph.exact.astype(np.int32)
    for begin, end, is_vector in zip(bounds[:-1].tolist(), bounds[1:].tolist(), vector.tolist(), strict=True):
        nodes = order[begin:end]
        if is_vector:
            words += [_vector(graph, piece, slots, indices) for piece in _pieces(graph, nodes, slots)]
        else:
            words.append(layout.stretch(*columns, nodes, slot, level))
    truths = [guard.truth for guard in program.guards]
    return VectorProgram(
        program.inputs,
        slots.count,
        graph.number[graph.op == CONSTANT],
        np.concatenate(words),
        np.array(indices.found, dtype=np.int32),
        slot[graph.outputs],
        np.stack([slot[graph.conditions], np.array(truths, dtype=np.int32)], axis=1),
    )


def _depths(graph: Graph) -> np.ndarray:
    nothing = np.zeros(len(graph.op), dtype=np.int32)
    return grouping.levels(graph.start, graph.args, nothing, nothing)[0]


class _Indices:
    """The index lists, each stored once."""

    def __init__(self):
        self.found, self.at = [], {}

    def add(self, rows: np.ndarray) -> int:
        key = rows.tobytes()
        if key not in self.at:
            self.at[key] = len(self.found)
            self.found.extend(rows.tolist())
        return self.at[key]


def _pieces(graph: Graph, nodes, slots: Slots) -> list[np.ndarray]:
    """A group cut where its operands begin to come from other blocks, if that saves index lists: of what is
    alike by chance, each piece may be regular where the whole is not."""
    width = int(graph.start[nodes[0] + 1] - graph.start[nodes[0]])
    cuts = layout.cuts(graph.start, graph.args, nodes, slots.home)
    if not len(cuts) or len(cuts) * LEAST_LIST > len(nodes) * width:
        return [nodes]
    pieces = np.split(nodes, cuts)
    saved = _listed(graph, nodes, slots) - sum(_listed(graph, piece, slots) for piece in pieces)
    return pieces if saved >= len(cuts) * LEAST_LIST else [nodes]


def _listed(graph: Graph, nodes, slots: Slots) -> int:
    """How many numbers a group would gather by index lists."""
    words = _vector(graph, nodes, slots, _Indices()).tolist()
    summed = words[0] & ~EXACT in (SUM, DOT)
    periods = words[6::6] if summed else words[5::4]
    return sum(period == -1 for period in periods) * len(nodes) * (words[4] if summed else 1)


def _vector(graph: Graph, nodes, slots: Slots, indices):
    """The words of one vector instruction."""
    op, exact = int(graph.op[nodes[0]]), bool(graph.exact[nodes[0]])
    where = graph.start, graph.args, nodes, slots.slot, slots.home
    rows = layout.operands(*where, int(ARITIES[op]), op == DOT or op in COMMUTATIVE)
    head = [len(nodes), int(slots.slot[nodes[0]])]
    if op == SUM:
        if not exact:
            rows[0].sort(axis=1)
        head += [rows.shape[2], *_terms(rows[0], indices)]
    elif op == DOT:
        x, y = rows
        if not exact and not layout.rising(x):
            order = np.argsort(x * np.int64(1 << 32) + y, axis=1, kind="stable")
            x, y = np.take_along_axis(x, order, 1), np.take_along_axis(y, order, 1)
        head += [x.shape[1], *_terms(x, indices), *_terms(y, indices)]
    else:
        for column in rows:
            head += _lanes(column[:, 0], indices)
    return np.array([op | EXACT if exact else op, len(head) + 2, *head], dtype=np.int32)


def _lanes(column, indices):
    """The four words of an operand of n lanes."""
    base, period, outer, inner = layout.strides(column)
    return [base, period, outer, inner] if period > 0 else [indices.add(column[::-period]), period, 0, inner]


def _terms(rows, indices):
    """The six words of the operand of a SUM or DOT: those of its first terms, and where the others are."""
    offsets = rows[0] - rows[0, 0]
    lead = np.ascontiguousarray(rows[:, 0])
    if layout.alike(rows):
        step = int(offsets[1]) if len(offsets) > 1 else 0
        regular = np.array_equal(offsets, np.arange(len(offsets)) * step)
        return [*_lanes(lead, indices), step, -1 if regular else indices.add(offsets)]
    _, period, _, inner = layout.strides(lead)
    period = abs(period)
    blocks = rows.reshape(-1, period, rows.shape[1])
    if np.any(blocks - blocks[:, :1] != np.arange(period)[:, None] * inner):
        period, inner, blocks = 1, 0, rows[:, None]
    return [indices.add(np.ascontiguousarray(blocks[:, 0].T).reshape(-1)), -period, 0, inner, 0, -2]
