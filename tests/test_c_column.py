"""The table's C column, read as Python and held against the value column; no compiler is needed.

(The native engine's own tests compare the two engines to the bit.)
"""

import itertools
import math
import random
import re
from pathlib import Path

import pytest

from gradloom.ops import FLOATS, TABLE, operand_names

PRELUDE = Path(__file__).parents[1] / "src" / "gradloom" / "_native" / "prelude.h"
SPECIAL = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, -1.5, 2.0, 5e-324, -1e308]


def points(row):
    rng = random.Random(row.name)
    inside = [tuple(rng.uniform(lo, hi) for lo, hi in row.domain) for _ in range(12)]
    return inside + list(itertools.product(SPECIAL, repeat=row.arity))


def as_python(c):
    """A C expression as Python: ``a ? b : c`` turned round, innermost parentheses first."""

    def turned(text):
        condition, mark, rest = text.partition("?")
        if not mark:
            return text
        yes, _, no = rest.partition(":")
        return f"({yes}) if ({condition}) else ({turned(no)})"

    c, groups = c.replace("||", " or ").replace("&&", " and "), []
    while group := re.search(r"\(([^()]*)\)", c):
        c = f"{c[: group.start()]}@{len(groups)}@{c[group.end() :]}"
        groups.append(turned(group[1]))
    c = turned(c)
    while "@" in c:
        c = re.sub(r"@(\d+)@", lambda mark: f"({groups[int(mark[1])]})", c)
    return c.strip()


def outcome(function, *xs):
    """The number as text that tells 0.0 from -0.0; None where Python raises and C goes on."""
    try:
        return repr(float(function(*xs)))
    except (ArithmeticError, ValueError):
        return None


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in TABLE.values()])
def test_c_column_says_what_the_value_says(row):
    helpers = set(re.findall(r"static inline double (\w+)\(", PRELUDE.read_text(encoding="utf-8")))
    library = {name: getattr(math, name) for name in dir(math)} | {"rint": lambda x: float(round(x))}
    twins = {"pymod": FLOATS.mod, "pyfloordiv": FLOATS.floordiv, "powc": FLOATS.powc}
    called = set(re.findall(r"[a-z]\w*(?=\()", row.c))
    assert called <= set(library) | helpers, f"prelude.h lacks {called - set(library) - helpers}"
    assert set(re.findall(r"[A-Za-z_]\w*", row.c)) <= called | set(operand_names(row.arity))
    operands = ", ".join(operand_names(row.arity))
    expression = eval(f"lambda {operands}: {as_python(row.c)}", library | twins)
    for point in points(row):
        expected = outcome(row.value, *point)
        assert expected is None or outcome(expression, *point) == expected, point
