"""``VectorProgram``: what the vectoriser makes of a Program, its printed form, verifier and definition.

Takes: nothing; ``vectorize`` makes one.
Gives: ``VectorProgram``, its opcodes, and ``define_vector``, which runs one in NumPy, slowly.
Promises: a VectorProgram works on one array of float64 numbers, its slots: first the constants, then
the inputs, then room for all else, which is used again as soon as it is free. Its instructions are one
array of int32, ``words``, in the order in which they run:

    opcode  length  n  slot  operand...      a row of the table, or a multiply-add, on n lanes: results
                                             go to n slots from ``slot`` on; with EXACT or without
    SUM     length  n  slot  k  x            n sums of k terms
    DOT     length  n  slot  k  x y          n sums of k products
    STRETCH length  (opcode slot operand...)...     instructions on single slots, one after the other;
                                             SUM and DOT say their k before their operands

An operand of n lanes is four words, ``base period outer inner``: lane i reads the slot
``base + i // period * outer + i % period * inner``. A period p below 0 is a list of rows of -p lanes:
lane i reads ``indices[base + i // -p] + i % -p * inner``. The operand of a SUM or DOT has two words more,
``step offsets``: term j of lane i reads the slot of lane i plus ``j * step``, or plus
``indices[offsets + j]`` where ``offsets`` is not -1. Where it is -2, there is a list of rows for each
term, one after the other. Printed, a slice is ``s4:8``, a repeated number ``s4``, other strides
``s4+16i`` or ``s4+16(i/8)+(i%8)``, steps ``+2j``, offsets ``+{0 7 9}j``, a list ``[s4 s9 s2]``, one of
rows ``[s4 s9 s2]+(i%8)``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce

import numpy as np

from gradloom.arithmetic import IEEE
from gradloom.compiler.program import CONSTANT, ROWS

__all__ = [
    "ARITIES",
    "DOT",
    "EXACT",
    "MULADD",
    "MULSUB",
    "NAMES",
    "STRETCH",
    "SUBMUL",
    "SUM",
    "VectorProgram",
    "define_vector",
]

SUM, DOT, MULADD, MULSUB, SUBMUL, STRETCH = range(CONSTANT + 1, CONSTANT + 7)
"""Opcodes beside the rows of the table; MULADD is x*y + z, MULSUB x*y - z, SUBMUL z - x*y, each
rounded twice, so that they are the same numbers as the two operations."""
EXACT = 1 << 16
"""Added to an opcode: as eager code and a STRETCH have it, by the C library's functions, or each term of a
sum added in turn and rounded."""
NAMES = [row.name for row in ROWS]
NAMES += ["input", "constant", "sum", "dot", "muladd", "mulsub", "submul", "stretch"]
ARITIES = np.array([row.arity for row in ROWS] + [0, 0, 1, 2, 3, 3, 3, 0], dtype=np.int32)
"""How many operands an opcode has; a SUM and a DOT have that many for each term."""


@dataclass(frozen=True, eq=False)
class VectorProgram:
    """Vector instructions on slots; the columns are described at the head of this file."""

    inputs: int
    slots: int
    constants: np.ndarray  # float64, the first slots
    words: np.ndarray  # int32
    indices: np.ndarray  # int32: slots, for operands that are no strides
    outputs: np.ndarray  # int32: slots
    guards: np.ndarray  # int32 (n, 2): slot, truth

    def __iter__(self) -> Iterator[np.ndarray]:
        """The words of each instruction."""
        i = 0
        while i < len(self.words):
            length = int(self.words[i + 1])
            yield self.words[i : i + length]
            i += length

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def reads(self, words: np.ndarray) -> np.ndarray:
        """The slots that a vector instruction reads, of shape (operands, terms, lanes)."""
        op, n = int(words[0]) & ~EXACT, int(words[2])
        terms, width, at = (int(words[4]), 6, 5) if op in (SUM, DOT) else (1, 4, 4)
        lane, term, found = np.arange(n), np.arange(terms), []
        for base, period, outer, inner, *more in words[at:].reshape(-1, width).tolist():
            step, offsets = more or (0, -1)
            further = self.indices[offsets:][:terms] if offsets >= 0 else term * step
            if period < 0:
                row = base + lane // -period
                rows = self.indices[row + (term[:, None] * (n // -period) if offsets == -2 else 0)]
                found.append(rows + lane % -period * inner + further[:, None])
            else:
                found.append(base + lane // period * outer + lane % period * inner + further[:, None])
        return np.array(found)

    def __str__(self) -> str:
        first = len(self.constants)
        lines = [f"vector program of {self.inputs} inputs in {self.slots} slots"]
        lines += [f"  s{i} = constant {x!r}" for i, x in enumerate(self.constants.tolist())]
        if self.inputs:
            lines.append(f"  s{first}:{first + self.inputs} = inputs")
        for words in self:
            if words[0] == STRETCH:
                lines += [f"  s{to} = {NAMES[op]} {_named(xs)}" for op, to, xs in scalars(words)]
            else:
                n, slot = words[2:4].tolist()
                op = int(words[0]) & ~EXACT
                name = f"exact {NAMES[op]}" if words[0] & EXACT else NAMES[op]
                operands = " ".join(self._operand(words, i) for i in range(ARITIES[op]))
                terms = f"[{words[4]}]" if words[0] & ~EXACT in (SUM, DOT) else ""
                lines.append(f"  s{slot}:{slot + n} = {name}{terms} {operands}")
        lines += [f"  guard s{slot} is {str(bool(truth)).lower()}" for slot, truth in self.guards.tolist()]
        return "\n".join([*lines, f"  return {_spans(self.outputs)}".rstrip()])

    def _operand(self, words: np.ndarray, i: int) -> str:
        summed, n = words[0] & ~EXACT in (SUM, DOT), int(words[2])
        at, width = (5, 6) if summed else (4, 4)
        base, period, outer, inner, *more = words[at + width * i : at + width * (i + 1)].tolist()
        step, offsets = more or (0, -1)
        tail = f"+{step}j" if step else ""
        if offsets >= 0:
            tail = f"+{{{' '.join(map(str, self.indices[offsets : offsets + int(words[4])]))}}}j"
        fast = f"+{inner if inner != 1 else ''}(i%{abs(period)})" if inner else ""
        if period < 0:
            count = n // -period * (int(words[4]) if offsets == -2 else 1)
            return f"[{_named(self.indices[base : base + count])}]{fast}{tail}"
        if period >= n:
            slice_ = f"s{base}:{base + n}" if inner == 1 else f"s{base}+{inner}i"
            return (f"s{base}" if inner == 0 or n == 1 else slice_) + tail
        return f"s{base}{f'+{outer}(i/{period})' if outer else ''}{fast}{tail}"

    def verified(self) -> "VectorProgram":
        """This VectorProgram, or a ValueError: a slot read before it is written, or outside the array."""
        written = np.zeros(self.slots, dtype=bool)
        first = len(self.constants) + self.inputs
        written[:first] = True
        for number, words in enumerate(self):
            single = words[0] == STRETCH
            steps = scalars(words) if single else [(0, np.arange(*_span(words)), self.reads(words))]
            for _, result, operands in steps:
                xs, to = (
                    np.ravel(np.asarray(operands, dtype=np.int64)),
                    np.ravel(np.asarray(result, dtype=np.int64)),
                )
                if np.any((xs < 0) | (xs >= self.slots)) or np.any((to < first) | (to >= self.slots)):
                    raise ValueError(f"instruction {number} reads or writes outside of the slots")
                if not written[xs].all():
                    raise ValueError(f"instruction {number} reads a slot before it is written")
                if not single and np.isin(xs, to).any():
                    raise ValueError(f"instruction {number} writes a slot that it reads")
                written[to] = True
        used = [*self.outputs.tolist(), *self.guards[:, 0].tolist()]
        if not all(0 <= i < self.slots and written[i] for i in used):
            raise ValueError("an output or a guard is a slot that is never written")
        return self


def _named(slots) -> str:
    return " ".join(f"s{x}" for x in slots)


def _spans(slots: np.ndarray) -> str:
    """``_named``; many neighbours are a slice."""
    ends = np.flatnonzero(np.diff(slots) != 1) + 1
    runs = np.split(slots, ends) if len(slots) else []
    return " ".join(f"s{run[0]}:{run[-1] + 1}" if len(run) > 8 else _named(run) for run in runs)


def _span(words: np.ndarray) -> tuple[int, int]:
    return int(words[3]), int(words[3] + words[2])


def scalars(words: np.ndarray) -> Iterator[tuple[int, int, list[int]]]:
    """The instructions of a STRETCH: opcode, slot of the result, slots of the operands."""
    row, i = words.tolist(), 2
    while i < len(row):
        op, to, i = row[i], row[i + 1], i + 2
        count = int(ARITIES[op])
        if op in (SUM, DOT):
            count, i = count * row[i], i + 1
        yield op, to, row[i : i + count]
        i += count


def _row(op: int, operands: list[np.ndarray]) -> np.ndarray:
    """An opcode on lanes; the operands of a SUM and a DOT are of shape (terms, lanes)."""
    if op in (SUM, DOT):
        return reduce(np.add, operands[0] if op == SUM else operands[0] * operands[1])
    if op in (MULADD, MULSUB, SUBMUL):
        product = operands[0] * operands[1]
        if op == MULADD:
            return product + operands[2]
        return product - operands[2] if op == MULSUB else operands[2] - product
    value = getattr(IEEE, ROWS[op].name)
    return np.array([value(*xs) for xs in zip(*(x.tolist() for x in operands), strict=True)])


def define_vector(program: VectorProgram, inputs: np.ndarray) -> tuple[np.ndarray, int]:
    """The definition of each vector instruction, in NumPy: the outputs, and the first guard that fails.

    Parameters
    ----------
    program : VectorProgram
    inputs : ndarray of shape (program.inputs,)

    Returns
    -------
    outputs : ndarray of shape (n_outputs,)
    failed : int
        The number of the first guard whose truth is not that of the trace; -1 where all hold.

    Examples
    --------
    >>> import numpy as np
    >>> from gradloom.compiler.program import Program
    >>> from gradloom.compiler.vectorize import vectorize
    >>> p = Program.parse("program of 2 inputs\\n v2 = mul v0 v1\\n v3 = add v2 v0\\n return v3")
    >>> define_vector(vectorize(p), np.array([3.0, 4.0]))
    (array([15.]), -1)
    """
    slots = np.full(program.slots, np.nan)
    first = len(program.constants)
    slots[:first] = program.constants
    slots[first : first + program.inputs] = inputs
    with np.errstate(all="ignore"):
        for words in program:
            if words[0] == STRETCH:
                for op, to, xs in scalars(words):
                    shape = (-1, ARITIES[op]) if op in (SUM, DOT) else (1, -1)
                    slots[to : to + 1] = _row(op, list(slots[xs].reshape(shape).T))
            else:
                start, end = _span(words)
                operands = slots[program.reads(words)]  # (operands, terms, lanes)
                summed = words[0] & ~EXACT in (SUM, DOT)
                slots[start:end] = _row(int(words[0]) & ~EXACT, list(operands if summed else operands[:, 0]))
    truths = slots[program.guards[:, 0]] != 0.0
    failed = np.flatnonzero(truths != program.guards[:, 1].astype(bool))
    return slots[program.outputs], int(failed[0]) if len(failed) else -1
