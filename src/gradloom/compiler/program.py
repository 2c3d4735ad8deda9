"""``Program``: a function of numbers as a straight line of instructions, and its printed form.

Takes: the table of operations; a ``Builder`` or ``Program.parse`` makes one.
Gives: ``Program``, ``Instruction`` (a view of one line), ``Guard``, ``Builder``, and the opcodes.
Promises: a Program is never changed. It is four columns, so that the passes are loops over arrays:

    code     uint16 (n,)     what instruction i does: a row of the table, INPUT or CONSTANT
    start    int32 (n + 1,)  where its operands begin in ``args``; they end where the next begin
    args     int32           operands: the numbers of earlier instructions
    number   float64 (n,)    the constant of a CONSTANT, else 0.0

Its first ``inputs`` instructions are the INPUTs, in order, and there are no others. ``outputs`` are
numbers of instructions. A guard says which truth an instruction's value (0 is false, all else true)
had when the function was traced: on other inputs the Program holds only if all its guards do, and the
first that does not tells where another path begins.

``str(p)`` prints a Program and ``Program.parse`` reads it back, to the bit::

    program of 2 inputs
      v0 = input
      v1 = input
      v2 = gt v0 v1
      v3 = constant 2.0
      v4 = mul v0 v3
      guard v2 is true at line.py:7
      return v4 v1
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from gradloom.ops import TABLE, Row

__all__ = ["CONSTANT", "INPUT", "OPCODES", "ROWS", "Builder", "Guard", "Instruction", "Program"]

ROWS: tuple[Row, ...] = tuple(TABLE.values())
"""What an opcode below INPUT does."""
INPUT, CONSTANT = len(ROWS), len(ROWS) + 1
OPCODES: dict[str, int] = {row.name: i for i, row in enumerate(ROWS)} | {"input": INPUT, "constant": CONSTANT}
"""The opcode of each name."""
_NAMES = {code: name for name, code in OPCODES.items()}


class Guard(NamedTuple):
    """The truth that an instruction's value must have, and the source line that asked."""

    condition: int
    truth: bool
    line: str = ""

    def moved(self, condition: int) -> "Guard":
        """The same, of an instruction that has another number now."""
        return Guard(condition, self.truth, self.line)


class Instruction(NamedTuple):
    """One line of a Program, made when it is looked at."""

    name: str
    operands: tuple[int, ...]
    number: float = 0.0

    def __str__(self) -> str:
        words = [repr(self.number)] if self.name == "constant" else [f"v{i}" for i in self.operands]
        return " ".join((self.name, *words))


@dataclass(frozen=True, eq=False)
class Program:
    """A straight line of instructions; the columns are described at the head of this file.

    Examples
    --------
    >>> from gradloom.compiler.program import Builder
    >>> b = Builder(inputs=2)
    >>> print(b.finish([b.emit("mul", 0, b.emit("tanh", 1))]))
    program of 2 inputs
      v0 = input
      v1 = input
      v2 = tanh v1
      v3 = mul v0 v2
      return v3
    """

    inputs: int
    code: np.ndarray
    start: np.ndarray
    args: np.ndarray
    number: np.ndarray
    outputs: np.ndarray
    guards: tuple[Guard, ...] = ()

    def __len__(self) -> int:
        return len(self.code)

    def __getitem__(self, i: int) -> Instruction:
        operands = self.args[self.start[i] : self.start[i + 1]]
        return Instruction(_NAMES[int(self.code[i])], tuple(operands.tolist()), float(self.number[i]))

    def __iter__(self) -> Iterator[Instruction]:
        return map(self.__getitem__, range(len(self)))

    def __str__(self) -> str:
        lines = [f"program of {self.inputs} inputs"]
        lines += [f"  v{i} = {instruction}" for i, instruction in enumerate(self)]
        for guard in self.guards:
            where = f" at {guard.line}" if guard.line else ""
            lines.append(f"  guard v{guard.condition} is {str(guard.truth).lower()}{where}")
        lines.append(" ".join(["  return", *(f"v{i}" for i in self.outputs)]))
        return "\n".join(lines)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Program):
            return NotImplemented
        mine, theirs = self._columns(), other._columns()
        return mine == theirs and (self.inputs, self.guards) == (other.inputs, other.guards)

    __hash__ = None  # type: ignore[assignment]  # made of arrays

    def _columns(self) -> tuple[bytes, ...]:
        columns = self.code, self.start, self.args, self.number, self.outputs
        return tuple(column.tobytes() for column in columns)  # as bits: nan equals itself, 0.0 is not -0.0

    def with_results(self, outputs: Sequence[int] | np.ndarray, guards: Sequence[Guard] = ()) -> "Program":
        """The same instructions with other outputs and guards."""
        outputs = np.array(outputs, dtype=np.int32)
        return replace(self, outputs=outputs, guards=tuple(guards))

    @staticmethod
    def parse(text: str) -> "Program":
        """The Program that ``str`` printed.

        Raises
        ------
        ValueError
            A line that no Program prints, with its text.
        """
        builder, guards, outputs = None, [], None
        for line in filter(None, map(str.strip, text.splitlines())):
            if found := re.fullmatch(r"program of (\d+) inputs", line):
                builder = Builder(int(found[1]))
            elif builder is None:
                raise ValueError(f"a program begins with 'program of N inputs', not with {line!r}")
            elif found := re.fullmatch(r"guard v(\d+) is (true|false)(?: at (.*))?", line):
                guards.append(Guard(int(found[1]), found[2] == "true", found[3] or ""))
            elif found := re.fullmatch(r"return((?: v\d+)*)", line):
                outputs = [int(word[1:]) for word in found[1].split()]
            elif found := re.fullmatch(r"v(\d+) = constant (\S+)", line):
                builder.constant(float(found[2]))
            elif found := re.fullmatch(r"v(\d+) = (\w+)((?: v\d+)*)", line):
                if found[2] not in OPCODES:
                    raise ValueError(f"there is no operation {found[2]!r}: {line}")
                if found[2] != "input":  # the builder has made those
                    builder.emit(found[2], *(int(word[1:]) for word in found[3].split()))
            else:
                raise ValueError(f"no line of a program: {line!r}")
        if builder is None or outputs is None:
            raise ValueError("a program begins with 'program of N inputs' and ends with 'return ...'")
        return builder.finish(outputs, guards).verified()

    def verified(self) -> "Program":
        """This Program, or a ValueError that names the first instruction that breaks a promise."""
        n = len(self)
        if not (len(self.number) == n == len(self.start) - 1 and self.start[0] == 0):
            raise ValueError("the columns of a program must be of one length")
        if np.any(self.code[: self.inputs] != INPUT) or np.any(self.code[self.inputs :] == INPUT):
            raise ValueError("the inputs of a program come first, and nowhere else")
        counts = np.diff(self.start)
        arities = np.array([row.arity for row in ROWS] + [0, 0])
        bad = self.code > CONSTANT
        bad[~bad] |= counts[~bad] != arities[self.code[~bad]]
        user = np.repeat(np.arange(n), np.maximum(counts, 0))
        if len(user) != len(self.args):
            raise ValueError("the operands of a program must be those that its instructions count")
        bad[user[(self.args < 0) | (self.args >= user)]] = True
        if bad.any():
            i = int(np.argmax(bad))
            raise ValueError(f"instruction v{i} has a wrong count of operands, or one that comes later")
        used = [*self.outputs.tolist(), *(guard.condition for guard in self.guards)]
        if not all(0 <= i < n for i in used):
            raise ValueError(f"a guard or an output is no instruction: there are {n}")
        return self


class Builder:
    """Makes a Program, one instruction after another; ``emit`` and ``constant`` return its number.

    Examples
    --------
    >>> b = Builder(inputs=1)
    >>> b.emit("mul", 0, b.constant(2.0))
    2
    """

    def __init__(self, inputs: int = 0):
        self.inputs = inputs
        self._code, self._number = [INPUT] * inputs, [0.0] * inputs
        self._start, self._args = [0] * (inputs + 1), []  # type: list[int], list[int]

    def emit(self, name: str | int, *operands: int) -> int:
        """An operation by its name or opcode."""
        self._code.append(OPCODES[name] if isinstance(name, str) else name)
        self._number.append(0.0)
        self._args.extend(operands)
        self._start.append(len(self._args))
        return len(self._code) - 1

    def constant(self, x: float) -> int:
        i = self.emit(CONSTANT)
        self._number[i] = x
        return i

    def finish(self, outputs: Sequence[int], guards: Sequence[Guard] = ()) -> Program:
        """The Program."""
        return Program(
            self.inputs,
            np.array(self._code, dtype=np.uint16),
            np.array(self._start, dtype=np.int32),
            np.array(self._args, dtype=np.int32),
            np.array(self._number, dtype=np.float64),
            np.array(outputs, dtype=np.int32),
            tuple(guards),
        )
