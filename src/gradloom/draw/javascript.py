"""Rows of the table as JavaScript, for the explorer's page.

Takes: the rows that a graph was made with.
Gives: ``rows_as_javascript`` (their values and derivatives as functions) and ``rule`` (their formulas as a
reader writes them).
Promises: nothing is written here that the table does not say. The C column is JavaScript too, and so is
what the partials print, over the names of ``page/prelude.js``.
"""

import json
import re

from gradloom.ops import TABLE, Row, operand_names, spell

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


def _readable(text: str) -> str:
    text = re.sub(r"\br\b", "out", text)
    text = re.sub(r"\((\w+) \* \1\)", r"\1^2", text)
    text = re.sub(r"\b(\d+)\.0\b", r"\1", text)
    return re.sub(r"\d\.\d{7,}", lambda number: f"{float(number[0]):.6g}", text)
