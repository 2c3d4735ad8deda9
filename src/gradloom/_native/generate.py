"""Write ``table.h``: the rows of ``ops.py`` as C, for the native engine.

Takes: ``generate.py OPS_PY TABLE_H``; run by the build before anything is installed, so the table is
loaded from its file and nothing but the standard library is imported.
Gives: for every row an identifier, its value, its partials and its facts; and lists of the rows for
the macros of ``value.c``. Nothing in the output is written by hand.
"""

import importlib.machinery
import json
import sys
import types

CONTRACT = """\
/* Generated from ops.py by generate.py: the table of operations as C. Do not edit.
 *
 *   ROW_NAME                 its number
 *   value_name(x, ...)       its value, IEEE 754
 *   partials_name(x, ..., r, d)   its local derivatives, into d[0], d[1], ...
 *   ROWS[ROW_NAME]           its facts
 *   EACH_ROW_n(X)            X(NAME, name) for every row of n arguments
 *   EACH_METHOD_n(X)         X(name, "method", "docstring") for every named method of n arguments
 */
#include "prelude.h"
"""


def load(path):
    """The module at ``path``, imported under a name of its own."""
    loader = importlib.machinery.SourceFileLoader("gradloom_ops", path)
    module = types.ModuleType(loader.name)
    sys.modules[loader.name] = module  # dataclasses look there
    loader.exec_module(module)
    return module


def functions(ops, row):
    """The C functions of one row."""
    names = ops.operand_names(row.arity)
    takes = ", ".join(f"double {name}" for name in names)
    unused = " ".join(f"(void){name};" for name in (*names, "r"))
    steps = " ".join(f"d[{i}] = {text};" for i, text in enumerate(ops.spell(row, "value_{}")))
    return (
        f"static inline double value_{row.name}({takes}) {{ return {row.c}; }}\n",
        f"static inline void partials_{row.name}({takes}, double r, double *d) {{ {unused} {steps} }}\n",
    )


def facts(row):
    """One row of the C table: the fields of RowFacts."""
    reads = sum(1 << i for i in row.reads)
    fields = json.dumps(row.symbol), row.arity, int(row.parameter), int(row.selects), reads
    return f"    {{{', '.join(map(str, fields))}}},\n"


def header(ops):
    """The whole of ``table.h``."""
    rows = list(ops.TABLE.values())
    values, partials = zip(*(functions(ops, row) for row in rows), strict=True)
    numbers = "".join(f"    ROW_{row.name.upper()},\n" for row in rows)
    parts = [CONTRACT, f"\nenum {{\n{numbers}    ROW_COUNT\n}};\n\n", *values, "\n", *partials]
    parts += ["\nstatic const RowFacts ROWS[ROW_COUNT] = {\n", *map(facts, rows), "};\n"]
    for arity in (1, 2, 3):
        each = "".join(f" \\\n    X({r.name.upper()}, {r.name})" for r in rows if r.arity == arity)
        parts.append(f"\n#define EACH_ROW_{arity}(X){each}\n")
    for arity in (1, 2):
        methods = [
            f" \\\n    X({row.name}, {json.dumps(method)}, {json.dumps(row.doc)})"
            for row in rows
            for method in row.methods
            if row.arity == arity and not {"operator", "internal"} & set(row.marks.split())
        ]
        parts.append(f"\n#define EACH_METHOD_{arity}(X){''.join(methods)}\n")
    return "".join(parts)


if __name__ == "__main__":
    table, target = sys.argv[1:]
    with open(target, "w", encoding="utf-8", newline="\n") as file:
        file.write(header(load(table)))
