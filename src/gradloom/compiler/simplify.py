# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""``simplify``: a Program that says the same in fewer instructions, every bit kept.

Takes: a Program; the rules of ``rules.py``.
Gives: ``simplify``, and ``Simplifier``, which ``derivatives.py`` writes through, so that derivatives are
simple from the start.
Promises: the same outputs to the bit, but for the sign of a zero to which 0 was added (and of a nan).
Inputs and guards are kept. One pass: each instruction is looked at once, when its operands have been
simplified already. In this order:

    folding     an operation of constants is computed, as IEEE 754 has it
    rules       the first rule that fits replaces the instruction
    powers      x / 2**k is x * 2**-k
    the same    an instruction that is there already is not written again (``Columns``)

and in the end what no output and no guard needs is left out. Time and memory are proportional to the
number of instructions.

This file is plain Python; where there is a C compiler the build runs Cython on it, with the types that
stand beside it in ``simplify.pxd``. No index is checked then, so none may be negative.
"""

import math

import numpy as np

from gradloom.compiler.columns import Columns, view
from gradloom.compiler.program import CONSTANT, OPCODES, ROWS, Program
from gradloom.compiler.rules import FINAL, RULES, TRUTHS
from gradloom.errors import DerivativeError

__all__ = ["Simplifier", "simplify"]

FOLDED = ("add", "sub", "mul", "div", "neg", *TRUTHS)  # IEEE 754 alone says what these are
FOLDS, TRUTH = (view(np.zeros(len(OPCODES), dtype=np.uint8)) for _ in range(2))
for _name in FOLDED:
    FOLDS[OPCODES[_name]] = 1
for _name in TRUTHS:
    TRUTH[OPCODES[_name]] = 1
DIV, MUL, UNKNOWN = OPCODES["div"], OPCODES["mul"], OPCODES["unknown"]
FRACTION = (1 << 52) - 1


def simplify(program: Program, final: bool = False) -> Program:
    """``program`` in fewer instructions, with the same outputs to the bit.

    Parameters
    ----------
    program : Program
    final : bool
        No derivative will be taken of the result, so what only a derivative tells apart may go:
        ``detach``, and constant powers for the products that they stand for.

    Returns
    -------
    Program
        With the same inputs, outputs and guards in the same order.

    Raises
    ------
    DerivativeError
        A final Program needs a derivative that is ``unknown``.

    Examples
    --------
    >>> from gradloom.compiler.program import Program
    >>> print(simplify(Program.parse('''program of 1 inputs
    ...   v0 = input
    ...   v1 = constant 0.0
    ...   v2 = constant 4.0
    ...   v3 = add v1 v0
    ...   v4 = div v0 v2
    ...   v5 = div v3 v2
    ...   v6 = add v4 v5
    ...   return v6''')))
    program of 1 inputs
      v0 = input
      v1 = constant 0.25
      v2 = mul v0 v1
      v3 = add v2 v2
      return v3
    """
    code, start = view(program.code), view(program.start)
    args, number = view(program.args), view(program.number)
    n = len(code)
    out = Simplifier(program.inputs, n + n // 8, final)
    new = view(np.empty(n, dtype=np.int32))  # the new number of each old instruction
    for i in range(n):
        if i < program.inputs:
            new[i] = i
        elif code[i] == CONSTANT:
            new[i] = out.constant(number[i])
        else:
            out.begin()
            for j in range(start[i], start[i + 1]):
                out.operand(new[args[j]])
            new[i] = out.end(code[i])
    guards = [guard.moved(new[guard.condition]) for guard in program.guards]
    return out.finish([new[i] for i in program.outputs], guards)


# ---- rules as columns of integers, for the matcher
NAME, TRUTHFUL, NUMBER, ZERO, TRUE, OPERATION = range(6)
ANY = -1
KINDS = {"zero": ZERO, "true": TRUE, "b": TRUTHFUL, "c": TRUTHFUL, "d": TRUTHFUL}


class Rules:
    """Rules, sorted by the operation that they replace, each side flattened in reading order.

    A cell is a ``kind`` and what it needs: which name (0, 1, 2: in order of appearance), which number,
    or which opcode, whose ``arity`` operands follow. ``left`` and ``right`` have the opcodes that the
    first and the last operand must have: most rules fail there, at a glance.
    """

    def __init__(self, rules):
        self.cells = []  # type: ignore[var-annotated]
        pairs, first, left, right = [], [0], [], []
        for name in OPCODES:  # in the order of the opcodes
            for rule in (rule for rule in rules if rule.pattern.head == name):
                names = []  # type: ignore[var-annotated]
                pairs.append((self.flatten(rule.pattern, names), self.flatten(rule.replacement, names)))
                operands = [opcode(operand) for operand in rule.pattern.operands]
                left.append(operands[0])
                right.append(operands[len(operands) - 1])
            first.append(len(pairs))
        self.first, self.left, self.right = map(self.column, (first, left, right))
        self.pattern, self.replacement = (self.column(side) for side in zip(*pairs, strict=True))
        kinds, which, arity, numbers = zip(*self.cells, strict=True)
        self.kind, self.which, self.arity = self.column(kinds), self.column(which), self.column(arity)
        self.number = view(np.array(numbers, dtype=np.float64))
        self.bits = view(np.asarray(self.number).view(np.int64))

    def column(self, integers):
        return view(np.array(integers, dtype=np.int32))

    def flatten(self, term, names):
        """Add the cells of ``term``; where they begin. ``names`` are those met so far in the rule."""
        place, head = len(self.cells), term.head
        if isinstance(head, float):
            self.cells.append((NUMBER, 0, 0, head))
        elif head in OPCODES:
            self.cells.append((OPERATION, OPCODES[head], len(term.operands), 0.0))
        elif head in ("zero", "true"):
            self.cells.append((KINDS[head], 0, 0, 0.0))
        else:
            if head not in names:
                names.append(head)
            self.cells.append((KINDS.get(head, NAME), names.index(head), 0, 0.0))
        for operand in term.operands:
            self.flatten(operand, names)
        return place


def opcode(term):
    """The opcode of what looks like ``term``, or ANY."""
    if isinstance(term.head, float) or term.head in ("zero", "true"):
        return CONSTANT
    return OPCODES.get(term.head, ANY)


ALWAYS, AT_LAST = Rules(RULES), Rules(RULES + FINAL)


class Simplifier(Columns):
    """Columns whose ``end`` simplifies."""

    def __init__(self, inputs, room=0, final=False):
        super().__init__(inputs, room)
        self.rules = AT_LAST if final else ALWAYS
        self.x = self.y = self.z = -1  # the instructions that the names of the rule at hand stand for

    def end(self, code):
        """The number of an instruction that has the value of what has been written."""
        self.place(code)
        if FOLDS[code] and self.all_constant():
            return self.constant(folded(code, self.constants()))
        rules = self.rules
        left, right = self.code[self.args[self.used]], self.code[self.args[self.tail - 1]]
        for rule in range(rules.first[code], rules.first[code + 1]):
            if rules.left[rule] not in (ANY, left) or rules.right[rule] not in (ANY, right):
                continue
            self.x = self.y = self.z = -1
            if self.matches(self.count, rules.pattern[rule]) >= 0:
                return self.build(rules.replacement[rule], self.x, self.y, self.z)
        if code == DIV:
            reciprocal = self.exact_reciprocal(self.args[self.used + 1])
            if reciprocal:
                x = self.args[self.used]
                return self.emit(MUL, x, self.constant(reciprocal))
        return self.unique()

    # ---- rules
    def matches(self, i, cell):
        """Whether instruction ``i`` looks like the pattern at ``cell``: the cell behind it, or -1."""
        rules = self.rules
        kind = rules.kind[cell]
        if kind == OPERATION:
            if self.code[i] != rules.which[cell]:
                return -1
            first, arity = self.start[i], rules.arity[cell]
            cell += 1
            for j in range(first, first + arity):
                cell = self.matches(self.args[j], cell)
                if cell < 0:
                    return -1
            return cell
        if kind == NAME or (kind == TRUTHFUL and TRUTH[self.code[i]]):
            return cell + 1 if self.bind(rules.which[cell], i) else -1
        if kind == TRUTHFUL or self.code[i] != CONSTANT:
            return -1
        if kind == NUMBER:
            fits = self.bits[i] == rules.bits[cell]
        else:
            fits = (self.number[i] == 0.0) == (kind == ZERO)
        return cell + 1 if fits else -1

    def bind(self, name, i):
        """Let the name stand for instruction ``i``; whether it does not stand for another one."""
        if name == 0:
            if self.x < 0:
                self.x = i
            return self.x == i
        if name == 1:
            if self.y < 0:
                self.y = i
            return self.y == i
        if self.z < 0:
            self.z = i
        return self.z == i

    def build(self, cell, x, y, z):
        """The number of an instruction for the replacement at ``cell``."""
        rules = self.rules
        kind = rules.kind[cell]
        if kind == NUMBER:
            return self.constant(rules.number[cell])
        if kind != OPERATION:
            return z if rules.which[cell] == 2 else y if rules.which[cell] == 1 else x
        code, arity = rules.which[cell], rules.arity[cell]
        a = b = c = -1
        cell += 1
        if arity > 0:
            a, cell = self.build(cell, x, y, z), self.behind(cell)
        if arity > 1:
            b, cell = self.build(cell, x, y, z), self.behind(cell)
        if arity > 2:
            c = self.build(cell, x, y, z)
        return self.emit(code, a, b, c)

    def behind(self, cell):
        """The cell that follows the term at ``cell``."""
        open_terms = 1
        while open_terms:
            open_terms += self.rules.arity[cell] - 1
            cell += 1
        return cell

    # ---- the end
    def finish(self, outputs, guards):
        """The Program; where it is to run, all that it computes must be known."""
        program = Columns.finish(self, outputs, guards)  # super() has no cell in a compiled method
        if self.rules is AT_LAST and (program.code == UNKNOWN).any():
            raise DerivativeError(
                "the partials of a primitive read its result, and so have derivatives to the 4th order; for "
                "higher ones write them from the operands: (m.exp(x),) instead of (result,)"
            )
        return program

    # ---- arithmetic on constants
    def all_constant(self):
        """Whether all operands of what has been written are constants."""
        j = self.used
        while j < self.tail and self.code[self.args[j]] == CONSTANT:
            j += 1
        return j == self.tail

    def constants(self):
        """Their numbers."""
        return [self.number[self.args[j]] for j in range(self.used, self.tail)]

    def exact_reciprocal(self, i):
        """1 / c where instruction ``i`` is a constant c = 2**k and 1 / c is a normal number; else 0.0."""
        if self.code[i] != CONSTANT:
            return 0.0
        # The bits of 2**k: a sign, 11 bits of k + 1023, and 52 bits of a fraction that is 0.
        exponent, fraction = (self.bits[i] >> 52) & 0x7FF, self.bits[i] & FRACTION
        if fraction or not 1 <= exponent <= 2045:
            return 0.0
        return 1.0 / self.number[i]


def folded(code, numbers):
    """The value of an operation of constants."""
    try:
        return float(ROWS[code].value(*numbers))
    except ZeroDivisionError:  # x / 0, where Python stops: inf with both signs, nan for 0 / 0
        return numbers[0] * math.copysign(math.inf, numbers[1])
