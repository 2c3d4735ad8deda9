"""The definition: what each instruction of a Program means, in NumPy.

Takes: a Program, and its inputs as numbers or arrays.
Gives: ``define``, slow and obvious; the interpreters must agree with it.
Promises: no operation is written here: a row of the table means what its C column says, read as NumPy.
Arithmetic is IEEE 754, without exceptions and warnings.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from gradloom.arithmetic import evaluate_ieee
from gradloom.compiler.program import CONSTANT, INPUT, ROWS, Program
from gradloom.ops import TABLE, Row, operand_names

__all__ = ["as_numpy", "define"]


def _powc(x: Any, c: Any) -> Any:
    """``x ** c`` for a constant: the table's formula for each exponent."""
    formulas = {2.0: lambda: x * x, 3.0: lambda: x * x * x, -1.0: lambda: 1.0 / x, 0.5: lambda: np.sqrt(x)}
    if np.ndim(c) == 0:
        return formulas.get(float(c), lambda: np.power(x, c))()
    result = np.power(x, c)
    for exponent, formula in formulas.items():
        result = np.where(c == exponent, formula(), result)
    return result


SAME_EVERYWHERE = ("sqrt", "fabs", "floor", "ceil", "rint", "copysign")
"""Functions of the C column with one right answer; of others NumPy's last bits are not the C library's."""


@cache
def _functions(exact: bool) -> dict[str, Callable[..., Any]]:
    """What the C column may call, in NumPy: by the row's ufunc, else number by number."""
    found: dict[str, Callable[..., Any]] = dict(vars(np))
    for row in TABLE.values():
        if call := re.fullmatch(r"(\w+)\([xyz, ]*\)", row.c):
            by_ufunc = row.ufunc and (not exact or call[1] in SAME_EVERYWHERE)
            found[call[1]] = getattr(np, row.ufunc) if by_ufunc else _by_number(row)
    return found if exact else {**found, "powc": _powc}


def _by_number(row: Row) -> Callable[..., Any]:
    """The row's own value, number by number."""
    function = np.frompyfunc(lambda *xs: evaluate_ieee(row, xs), row.arity, 1)
    return lambda *xs: np.asarray(function(*xs), dtype=np.float64)[()]


def as_numpy(c: str) -> str:
    """A C expression as NumPy: ``a ? b : c`` is ``where(a, b, c)``, ``||`` is ``|``, ``&&`` is ``&``.

    Examples
    --------
    >>> as_numpy("x >= y || x != x ? x : y")
    'where((x >= y) | (x != x), x, y)'
    """

    def flat(text: str) -> str:
        condition, mark, rest = text.partition("?")
        if mark:
            return f"where({', '.join(map(flat, (condition, *rest.split(':', 1))))})"
        for c_word, word in (("||", "|"), ("&&", "&")):
            if c_word in text:
                return f" {word} ".join(f"({flat(part)})" for part in text.split(c_word))
        return text.strip()

    groups: list[str] = []
    while group := re.search(r"\(([^()]*)\)", c):  # innermost first
        c = f"{c[: group.start()]}@{len(groups)}@{c[group.end() :]}"
        groups.append(f"({flat(group[1])})")
    c = flat(c)
    while "@" in c:
        c = re.sub(r"@(\d+)@", lambda mark: groups[int(mark[1])], c)
    return c


@cache
def definition(row: Row, exact: bool = False) -> Callable[..., Any]:
    """A row as a function of float64 arrays."""
    words = f"lambda {', '.join(operand_names(row.arity))}: {as_numpy(row.c)}"
    return eval(words, _functions(exact))


def define(program: Program, inputs: Sequence[Any], exact: bool = False) -> list[np.ndarray]:
    """The outputs of ``program``, one NumPy call an instruction: what every interpreter must agree with.

    Parameters
    ----------
    program : Program
    inputs : sequence of float64 scalars or arrays
        One for each input; they are broadcast against each other.
    exact : bool
        Functions as the table's values have them, number by number, which is slow: eager code to the bit.

    Returns
    -------
    list of ndarray
        One float64 array for each output, of the shape that its own inputs broadcast to.

    Examples
    --------
    >>> from gradloom.compiler.program import Program
    >>> p = Program.parse("program of 1 inputs; v1 = mul v0 v0; v2 = relu v1; return v2".replace(";", "\\n"))
    >>> define(p, [np.array([-1.0, 2.0])])
    [array([1., 4.])]
    """
    if len(inputs) != program.inputs:
        raise ValueError(f"the program takes {program.inputs} inputs, not {len(inputs)}")
    values: list[Any] = []
    start, args = program.start.tolist(), program.args.tolist()
    with np.errstate(all="ignore"):
        for i, code in enumerate(program.code.tolist()):
            if code == INPUT:
                value = inputs[i]
            elif code == CONSTANT:
                value = program.number[i]
            else:
                value = definition(ROWS[code], exact)(*(values[k] for k in args[start[i] : start[i + 1]]))
            values.append(np.asarray(value, dtype=np.float64)[()])
    return [np.asarray(values[i], dtype=np.float64) for i in program.outputs.tolist()]
