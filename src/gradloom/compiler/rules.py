"""The rewrite rules of ``simplify``, as data, with the mathematics beside them.

Takes: the names of the table's operations.
Gives: ``RULES`` (always true) and ``FINAL`` (true where no derivative will be taken any more), each
as ``Rule``s in the order in which they are tried.
Promises: both sides have the same bits on every input, nan and infinities included (the payload and
the sign of a nan do not count). The one exception is marked: adding 0 drops the sign of a zero.
Hence there is no x * 0, x - x or x / x here: they are not 0, 0 and 1 for nan, infinity and 0.

How to read a rule: the language is that of a printed Program, with parentheses for an operand's own
instruction. x, y, z stand for any instruction, each for the same one wherever it appears; b, c, d for
one whose value is 0.0 or 1.0 (a comparison, ``and``, ``or``, ``not``); a number for that constant, to the
bit; ``zero`` for 0.0 and -0.0; ``true`` for every other constant.
"""

import re
from typing import NamedTuple

from gradloom.compiler.program import OPCODES

__all__ = ["FINAL", "RULES", "TRUTHS", "Rule", "Term"]

TRUTHS = ("lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not")
"""The operations whose value is 0.0 or 1.0."""

_ALWAYS = """
    # factors and divisors of 1 and -1, and signs
    mul x 1.0  ->  x
    mul 1.0 x  ->  x
    div x 1.0  ->  x
    powc x 1.0  ->  x
    mul x -1.0  ->  neg x
    mul -1.0 x  ->  neg x
    div x -1.0  ->  neg x
    neg (neg x)  ->  x

    # adding 0, with which every sum() begins: -0.0 + 0.0 is 0.0, so the sign of a zero may go
    add x zero  ->  x
    add zero x  ->  x
    sub x zero  ->  x

    # truths: 1 - b is not b, also to the bit; nan == 0 is false and nan != 0 is true
    ne b zero  ->  b
    eq b zero  ->  not b
    sub 1.0 b  ->  not b
    not (not b)  ->  b
    not (eq x y)  ->  ne x y      # but not (x < y) is not x >= y: nan
    not (ne x y)  ->  eq x y
    and x zero  ->  0.0
    and zero x  ->  0.0
    and b true  ->  b
    and true b  ->  b
    or x true  ->  1.0
    or true x  ->  1.0
    or b zero  ->  b
    or zero b  ->  b
    and b b  ->  b
    or b b  ->  b
    and (and b c) c  ->  and b c
    and (and b c) b  ->  and b c
    and b (not b)  ->  0.0
    and (not b) b  ->  0.0
    or b (not b)  ->  1.0
    or (not b) b  ->  1.0
    or (and b c) (and b (not c))  ->  b
    or (and b (not c)) (and b c)  ->  b

    # where the derivatives of maximum and minimum come from: x >= y and x != x are never both true
    add (ge x y) (ne x x)  ->  or (ge x y) (ne x x)
    add (le x y) (ne x x)  ->  or (le x y) (ne x x)
    sub (not (ge x y)) (ne x x)  ->  not (or (ge x y) (ne x x))
    sub (not (le x y)) (ne x x)  ->  not (or (le x y) (ne x x))

    # choices: where asks itself whether its condition is 0; where b is 1, b * x is x
    where true x y  ->  x
    where zero x y  ->  y
    where x y y  ->  y
    where b 1.0 0.0  ->  b
    where b 0.0 1.0  ->  not b
    where b b 0.0  ->  b
    where b (mul b x) y  ->  where b x y
    where (not b) x y  ->  where b y x
    where (ne x zero) y z  ->  where x y z
    where (eq x zero) y z  ->  where x z y
"""

_FINAL = """
    # what only a derivative tells apart: by the table x**2 is x*x to the bit, x**0.5 is sqrt(x), ...
    detach x  ->  x
    custom x y z  ->  x
    powc x 0.0  ->  1.0
    powc x 2.0  ->  mul x x
    powc x 3.0  ->  mul (mul x x) x
    powc x -1.0  ->  div 1.0 x
    powc x 0.5  ->  sqrt x
"""


class Term(NamedTuple):
    """One side of a rule, or a part: an operation, a name (x, b, true) or a number; and its operands."""

    head: str | float
    operands: tuple["Term", ...] = ()


class Rule(NamedTuple):
    """Replace what looks like ``pattern`` by ``replacement``."""

    pattern: Term
    replacement: Term
    text: str


def _rules(text: str) -> tuple[Rule, ...]:
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    sides = ((line.partition("->"), line) for line in lines if line)
    return tuple(Rule(_term(left), _term(right), line) for (left, _, right), line in sides)


def _term(text: str) -> Term:
    """``mul (neg x) 1.0`` as a Term."""
    words = re.findall(r"[()]|[^\s()]+", text)

    def operand() -> Term:
        word = words.pop(0)
        if word == "(":
            term = operation()
            words.pop(0)  # the closing one
            return term
        return Term(float(word) if re.match(r"-?\d", word) else word)

    def operation() -> Term:
        name, operands = words.pop(0), []
        while words and words[0] != ")":
            operands.append(operand())
        return Term(name, tuple(operands))

    return operation() if words[0] in OPCODES else operand()


RULES = _rules(_ALWAYS)
FINAL = _rules(_FINAL)
