"""Rows of the table as JavaScript, for the explorer's page.

Takes: the rows that a graph was made with.
Gives: ``rows_as_javascript`` (their values and derivatives as functions) and ``rule`` (their formulas as a
reader writes them).
Promises: nothing is written here that the table does not say. The C column is JavaScript too, and so is
what the partials print, over the names of ``page/prelude.js``.
"""

import itertools
import json
import re

from gradloom.ops import LN2, LN10, TABLE, TWO_BY_SQRT_PI, Row, operand_names, spell

__all__ = ["names_called", "rows_as_javascript", "rule"]


def rows_as_javascript(used: list[Row]) -> str:
    """``ROWS``: value and derivatives of each row as functions, and its formulas as text."""
    names = dict.fromkeys(row.name for row in used)
    for name in names_called(list(names)):
        names.setdefault(name)
    lines = []
    for name in names:
        row = TABLE[name]
        lines.append(f"const value_{name} = ({', '.join(operand_names(row.arity))}) => Number({row.c});")
    lines.append("const ROWS = {")
    for row in dict.fromkeys(used):
        takes = ", ".join((*operand_names(row.arity), "r"))
        facts = json.dumps({"selects": row.selects, **rule(row)}).replace("<", "\\u003c")
        partials = ", ".join(spell(row, "value_{}"))
        lines.append(f"  {json.dumps(row.name)}: {{")
        lines.append(f"    value: value_{row.name}, partials: ({takes}) => [{partials}],")
        lines.append(f"    ...{facts} }},")
    return "\n".join([*lines, "};\n"])


def names_called(names: list[str]) -> list[str]:
    """The rows that the derivatives of the rows ``names`` call, and those of these."""
    for name in names:
        called = re.findall(r"value_(\w+)", " ".join(spell(TABLE[name], "value_{}")))
        names.extend(x for x in dict.fromkeys(called) if x not in names)
    return names


def rule(row: Row) -> dict[str, object]:
    """How a row and its derivatives are written for a reader; the result is called ``out``."""
    names = operand_names(row.arity)
    try:
        partials = [_readable(text) for text in spell(row)]
    except Exception:  # a user's partials may be arithmetic that only numbers understand
        partials = [""] * row.arity
    return {"call": row.spelling.format(*names), "names": names, "rules": partials, "note": row.note}


# How a reader writes what the table spells, in this order.
_HABITS = {
    **{
        rf"\b{name}\(([^(),]+), ([^(),]+)\)": rf"[\1 {sign} \2]"  # 1 where it is so, else 0
        for name, sign in {
            "lt": "<",
            "le": "\u2264",
            "gt": ">",
            "ge": "\u2265",
            "eq": "=",
            "ne": "\u2260",
        }.items()
    },
    r"\bpowc?\((\w+), ([^()]+)\)": r"\1 ** (\2)",
    r"\br\b": "out",
    r"\((\w+) \* \1\)": r"\1^2",
    re.escape(repr(LN2)): "ln(2)",
    re.escape(repr(LN10)): "ln(10)",
    re.escape(repr(TWO_BY_SQRT_PI)): "2/\u221a\u03c0",
    r"\b(\d+)\.0\b": r"\1",
}


def _readable(text: str) -> str:
    """A spelled derivative, in general; the exceptions, which ``where`` makes, are in the row's note."""
    while (at := text.find("where(")) >= 0:
        (*_, general), end = _arguments(text, at + len("where("))
        inside = text[:at] and not text[:at].endswith(("(", ", "))
        text = text[:at] + (f"({general})" if inside and " " in general else general) + text[end:]
    for spelled, written in _HABITS.items():
        text = re.sub(spelled, written, text)
    return text


def _arguments(text: str, start: int) -> tuple[list[str], int]:
    """The arguments of a call that begin at ``start``, and where the call ends."""
    depth, cuts = 1, [start]
    for i in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[i], 0)
        if depth == 0 or (depth == 1 and text[i] == ","):
            cuts.append(i + 1)
        if depth == 0:
            break
    return [text[a : b - 1].strip() for a, b in itertools.pairwise(cuts)], cuts[-1]
