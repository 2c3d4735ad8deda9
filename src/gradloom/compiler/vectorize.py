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

from dataclasses import dataclass

import numpy as np

from gradloom.compiler import contraction, layout
from gradloom.compiler.program import CONSTANT, INPUT, ROWS, Program
from gradloom.compiler.vector_program import (
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

CHOICES = [i for i, row in enumerate(ROWS) if row.name in ("maximum", "minimum")]
COMMUTATIVE = {i for i, row in enumerate(ROWS) if "commutative" in row.marks} | {MULADD, MULSUB, SUBMUL}
PARAMETER = [i for i, row in enumerate(ROWS) if row.parameter]
CALLS = np.array(["(" in row.c for row in ROWS] + [False] * (STRETCH + 1 - len(ROWS)))
"""Whether an opcode calls a function of the C library."""
COST = np.where(CALLS, 8, 1)  # in additions
LEAST_LIST = 64  # and as so many numbers that are gathered by an index list
LEAST_WORK = 16  # a vector instruction takes about as long to start as so many additions one by one


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
    graph = contract(program, same_order)
    order, bounds, vector = schedule(graph)
    slots = allocate(graph, order, bounds, vector)
    return encode(program, graph, slots, order, bounds, vector)


def contract(program: Program, same_order: bool) -> Graph:
    """Sums of many terms and dot products in place of chains of additions; dead code left out."""
    conditions = np.array([guard.condition for guard in program.guards], dtype=np.int32)
    code = program.code.astype(np.int32)
    columns = code, program.start, program.args, program.outputs, conditions
    op, start, args, exact, number = contraction.contract(*columns, same_order)
    exact = (exact != 0) & (CALLS[op] | (op == SUM) | (op == DOT))
    numbers = program.number[number >= 0]
    return Graph(op, start, args, exact, numbers, number[program.outputs], number[conditions])


# ---- schedule
def schedule(graph: Graph) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The nodes in the order in which they run, where each group begins in it, and which are vectors."""
    n = len(graph.op)
    width = np.diff(graph.start)
    nodes = np.flatnonzero((graph.op != INPUT) & (graph.op != CONSTANT)).astype(np.int32)
    if not len(nodes):
        return nodes, np.zeros(1, dtype=np.int32), np.zeros(0, dtype=bool)
    chooses = np.isin(graph.op, CHOICES).astype(np.int32)
    level, height = layout.levels(graph.start, graph.args, np.zeros(n, dtype=np.int32), chooses)
    level, height = _together(graph, nodes, _kinds(graph, height), level, height, chooses)
    kind = _kinds(graph, height)
    nodes = nodes[np.lexsort((nodes, kind[nodes], level[nodes]))]
    key = np.stack([level[nodes], kind[nodes]])
    begins = np.flatnonzero(np.any(key[:, 1:] != key[:, :-1], axis=0)) + 1
    begins = np.concatenate([[0], begins, [len(nodes)]]).astype(np.int32)
    lead, count = nodes[begins[:-1]], np.diff(begins)
    op = graph.op[lead]
    terms = np.where((op == SUM) | (op == DOT), width[lead], 1)
    work = count * terms * COST[op]
    vector = (work >= LEAST_WORK) & ((count >= 4) | (terms >= LEAST_WORK))
    # just before the first use; what is only an output runs as early as it can
    group = np.full(n, -1, dtype=np.int32)
    group[nodes] = np.repeat(np.arange(len(lead), dtype=np.int32), count)
    place = layout.sink(graph.start, graph.args, nodes, begins, vector.astype(np.int32), level)
    unit = np.where(vector[group[nodes]], group[nodes], -1)
    ranks = np.lexsort((nodes, unit, place))
    order, unit = nodes[ranks], unit[ranks]
    bounds = np.concatenate([[0], np.flatnonzero(unit[1:] != unit[:-1]) + 1, [len(order)]]).astype(np.int32)
    return order, bounds, unit[bounds[:-1]] >= 0


def _kinds(graph: Graph, height: np.ndarray) -> np.ndarray:
    """A small number for each sort of node: opcode, exact or not, count of operands or the parameter.

    In a tree of choices the higher nodes have the larger number, and so come later on their level.
    """
    sort = np.diff(graph.start).astype(np.int64)
    parameter = np.isin(graph.op, PARAMETER)
    sort[parameter] = graph.args[graph.start[1:][parameter] - 1]
    sort |= graph.op.astype(np.int64) << 33 | graph.exact.astype(np.int64) << 32
    sort |= height.astype(np.int64) << 50  # above the opcode: a maximum may be of minima
    return np.unique(sort, return_inverse=True)[1].reshape(-1)


def _together(graph: Graph, nodes, kind, level, height, chooses) -> tuple[np.ndarray, np.ndarray]:
    """The level of each node, and its height in a tree of choices.

    The level is its depth, but a group waits one level for a larger one of its kind.

    Where one of many like computations is shorter than the others (the first step of a recurrence, a sum
    of a single term), all its levels come early by one, and each of its groups would be an instruction.
    """
    kinds = int(kind.max()) + 1
    groups = len(kind)
    for _ in range(4):
        codes = level[nodes] * np.int64(kinds) + kind[nodes]
        codes, group, size = np.unique(codes, return_inverse=True, return_counts=True)
        if len(codes) >= groups or len(codes) * 3 > len(nodes):
            break
        best, groups = (level, height), len(codes)
        after = np.minimum(np.searchsorted(codes, codes + kinds), len(codes) - 1).astype(np.int32)
        waits = ((codes[after] == codes + kinds) & (size[after] > size)).astype(np.int32)
        group_of = np.full(len(kind), -1, dtype=np.int32)
        group_of[nodes] = group.reshape(-1)
        layout.apart(graph.start, graph.args, group_of, after, waits)
        if not waits.any():
            break
        least = level.copy()
        least[nodes] += waits[group_of[nodes]]
        level, height = layout.levels(graph.start, graph.args, least, chooses)
    return best if groups < len(kind) else (level, height)


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
    words, indices, slot = [], _Indices(), slots.slot
    nothing = np.zeros(len(graph.op), dtype=np.int32)
    level, _ = layout.levels(graph.start, graph.args, nothing, nothing)
    columns = graph.op, graph.start, graph.args, graph.exact.astype(np.int32)
    for begin, end, is_vector in zip(bounds[:-1].tolist(), bounds[1:].tolist(), vector.tolist(), strict=True):
        nodes = order[begin:end]
        if is_vector:
            words += [_vector(graph, piece, slots, indices) for piece in _pieces(graph, nodes, slots)]
        else:
            stretch = layout.stretch(*columns, nodes, slot, level)
            words.append(np.concatenate([[STRETCH, len(stretch) + 2], stretch]))
    truths = [guard.truth for guard in program.guards]
    return VectorProgram(
        program.inputs,
        slots.count,
        graph.number[graph.op == CONSTANT],
        np.concatenate([*words, []]).astype(np.int32),
        np.array(indices.found, dtype=np.int32),
        slot[graph.outputs],
        np.stack([slot[graph.conditions], np.array(truths, dtype=np.int32)], axis=1),
    )


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
    home = slots.home[graph.args[graph.start[nodes][:, None] + np.arange(width)]]
    cuts = np.flatnonzero(np.any(home[1:] != home[:-1], axis=1)) + 1
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
    op, n, exact = int(graph.op[nodes[0]]), len(nodes), bool(graph.exact[nodes[0]])
    begin, end = int(graph.start[nodes[0]]), int(graph.start[nodes[0] + 1])
    operands = graph.args[graph.start[nodes][:, None] + np.arange(end - begin)]  # (lanes, operands)
    rows = slots.slot[operands]
    head = [n, int(slots.slot[nodes[0]])]
    if op == SUM:
        if not exact:
            rows.sort(axis=1)
        head += [end - begin, *_terms(rows, indices)]
    elif op == DOT:
        home = slots.home[operands]
        x, y = _turned(rows[:, ::2], rows[:, 1::2], home[:, ::2], home[:, 1::2])
        if not exact and not np.all(x[:, 1:] > x[:, :-1]):
            order = np.argsort(x * np.int64(1 << 32) + y, axis=1, kind="stable")
            x, y = np.take_along_axis(x, order, 1), np.take_along_axis(y, order, 1)
        head += [x.shape[1], *_terms(x, indices), *_terms(y, indices)]
    else:
        if op in COMMUTATIVE:
            home = slots.home[operands[:, :2]]
            x, y = _turned(rows[:, 0], rows[:, 1], home[:, 0], home[:, 1])
            rows = np.stack([x, y, *rows.T[2:]], axis=1)
        for column in rows.T:
            head += _lanes(np.ascontiguousarray(column), indices)
    return np.array([op | EXACT if exact else op, len(head) + 2, *head])


def _turned(x, y, home_x, home_y):
    """The factors of products, turned so that those come second that neighbouring lanes share; else those
    whose block lies behind the other's."""
    stays_x, stays_y = _stays(x), _stays(y)
    turn = np.where(stays_x == stays_y, home_y < home_x, stays_x)
    return np.where(turn, y, x), np.where(turn, x, y)


def _stays(x):
    """Whether a lane reads the same slot as the one before it or behind it."""
    same = x[1:] == x[:-1]
    stays = np.zeros(x.shape, dtype=bool)
    stays[1:] |= same
    stays[:-1] |= same
    return stays


def _lanes(column, indices):
    """The four words of an operand of n lanes."""
    base, period, outer, inner = layout.strides(column)
    return [base, period, outer, inner] if period > 0 else [indices.add(column[::-period]), period, 0, inner]


def _terms(rows, indices):
    """The six words of the operand of a SUM or DOT: those of its first terms, and where the others are."""
    offsets = rows[0] - rows[0, 0]
    lead = np.ascontiguousarray(rows[:, 0])
    if np.all(rows - rows[:, :1] == offsets):
        step = int(offsets[1]) if len(offsets) > 1 else 0
        regular = np.array_equal(offsets, np.arange(len(offsets)) * step)
        return [*_lanes(lead, indices), step, -1 if regular else indices.add(offsets)]
    _, period, _, inner = layout.strides(lead)
    period = abs(period)
    blocks = rows.reshape(-1, period, rows.shape[1])
    if np.any(blocks - blocks[:, :1] != np.arange(period)[:, None] * inner):
        period, inner, blocks = 1, 0, rows[:, None]
    return [indices.add(np.ascontiguousarray(blocks[:, 0].T).reshape(-1)), -period, 0, inner, 0, -2]
