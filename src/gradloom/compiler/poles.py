# cython: language_level=3, boundscheck=False, wraparound=False
"""``poles``: where the derivatives of a Program may be infinite, or nan, though its numbers are finite.

Takes: a Program; the mark ``pole`` of the table.
Gives: ``poles``, a truth for each instruction.
Promises: where it says no, every partial is finite if the operands and the result are. A pole that lies
where an operand is 0 or below (the table gives that operand the domain ``POSITIVE``) is none where the
operand is sure to be positive, as in ``(x * x + 1e-5) ** -0.5``: for that the signs of the numbers are
followed through the Program.

This file is plain Python; where there is a C compiler the build runs Cython on it, with the types that
stand beside it in ``poles.pxd``. No index is checked then, so none may be negative.
"""

import numpy as np

from gradloom.compiler.columns import view
from gradloom.compiler.program import CONSTANT, OPCODES, ROWS
from gradloom.ops import POSITIVE as ABOVE_ZERO

__all__ = ["poles"]

UNKNOWN, NOT_NEGATIVE, POSITIVE = range(3)  # what is sure of a number, if it is not nan
TINY = 1e-60  # a smaller one has a power, or a reciprocal of one, that overflows

# How the sign of a result follows from those of the operands, lowest and highest.
NOTHING, ALWAYS, PRODUCT, SUM, ROOT, POWER, HIGHEST, LOWEST, CHOICE = range(9)
KINDS = {
    ALWAYS: ("exp", "exp2", "sigmoid", "softplus", "relu", "abs", "hypot", "cosh"),
    PRODUCT: ("mul", "div"),
    SUM: ("add",),
    ROOT: ("sqrt",),
    POWER: ("powc",),
    HIGHEST: ("maximum",),
    LOWEST: ("minimum",),
    CHOICE: ("where",),
}
KIND = view(np.zeros(len(OPCODES), dtype=np.uint8))
for _kind, _names in KINDS.items():
    for _name in _names:
        KIND[OPCODES[_name]] = _kind
NONE, ANYWHERE = -2, -1  # instead of the operand at whose 0 the pole lies
POLE = view(np.full(len(OPCODES), NONE, dtype=np.int8))
for _code, _row in enumerate(ROWS):
    if _row.pole:
        POLE[_code] = _row.domain.index(ABOVE_ZERO) if ABOVE_ZERO in _row.domain else ANYWHERE
POWC = OPCODES["powc"]


def poles(program):
    """For each instruction whether a partial of it may not be finite where its numbers are.

    Examples
    --------
    >>> from gradloom.compiler.program import Program
    >>> list(poles(Program.parse('''program of 1 inputs
    ...   v0 = input
    ...   v1 = exp v0
    ...   v2 = constant 1.0
    ...   v3 = div v2 v1
    ...   v4 = add v2 v1
    ...   v5 = div v2 v4
    ...   return v3 v5''')))
    [0, 0, 0, 1, 0, 0]
    """
    code, start = view(program.code), view(program.start)
    args, number = view(program.args), view(program.number)
    n = len(code)
    sign, found = view(np.zeros(n, dtype=np.uint8)), view(np.zeros(n, dtype=np.uint8))
    for i in range(n):
        operation, first = code[i], start[i]
        if operation == CONSTANT:
            sign[i] = POSITIVE if number[i] > TINY else NOT_NEGATIVE if number[i] >= 0.0 else UNKNOWN
            continue
        kind, x, y = KIND[operation], UNKNOWN, UNKNOWN
        count = start[i + 1] - first
        if count > 0:
            x = sign[args[first]]
        if count > 1:
            y = sign[args[first + 1]]
        low, high = min(x, y), max(x, y)
        if kind == ALWAYS:
            sign[i] = NOT_NEGATIVE
        elif kind == PRODUCT:  # of two that are not negative, or of one with itself
            same = args[first] == args[first + 1]
            sign[i] = NOT_NEGATIVE if low or same else UNKNOWN
        elif kind == SUM:
            sign[i] = high if low else UNKNOWN
        elif kind == ROOT:
            sign[i] = max(x, NOT_NEGATIVE)
        elif kind == POWER:  # an even one; or of a number that is not negative
            sign[i] = NOT_NEGATIVE if x or number[args[first + 1]] % 2.0 == 0.0 else UNKNOWN
        elif kind == HIGHEST:
            sign[i] = high
        elif kind == LOWEST:
            sign[i] = low
        elif kind == CHOICE:
            sign[i] = min(y, sign[args[first + 2]])
        place = POLE[operation]
        if place == ANYWHERE:
            found[i] = 1
        elif place >= 0 and sign[args[first + place]] < POSITIVE:
            found[i] = operation != POWC or number[args[first + 1]] < 1.0
    return found
