"""Write ``table.h`` and ``kernels.h``: the rows of ``ops.py`` as C, for the native engine.

Takes: ``generate.py OPS_PY TABLE_H KERNELS_H``; run by the build before anything is installed, so the
table is loaded from its file and nothing but the standard library is imported.
Gives: ``table.h``, for every row an identifier, its value, its partials and its facts, and lists of the
rows for the macros of ``value.c``; ``kernels.h``, for every row its loops over many numbers, for the
compiler's interpreters. Nothing in the output is written by hand.
"""

import importlib.machinery
import itertools
import json
import re
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
 *   EACH_VECTOR_n(X)         X(function) for every C function of n arguments that rows call and that a
 *                            vector library may have
 */
#include "prelude.h"
"""

KERNELS = """\
/* Generated from ops.py by generate.py: the table of operations as loops. Do not edit.
 *
 * Contract (levels.h says how a kernel is called)
 *   name_p(n, out, xs, ys, zs)   row `name` over n numbers; bit i of p: operand i is broadcast, one number
 *                                read before `out` is written; the others are contiguous; `out` may be one
 *                                of the operands, or not overlap them
 *   exact_name_p                 the same through the C library alone
 *   block_..., exact_block_...   both for n == LEVEL_BLOCK only
 *   EACH_KERNEL(X, Y)            X(ROW, row, pattern) where there is an exact kernel beside the other,
 *                                Y(ROW, row, pattern) where the one is exact
 *
 * A row is one loop over its value, which the compiler vectorises. A row that calls functions is cut
 * into chunks: each call becomes a pass over a chunk, map_function(n, out, xs, ys) of vectors.h, the
 * rest one last loop. An operand that is a
 * parameter is handed on as it is, one number.
 */
"""

# What a vector library may have; the rest of <math.h> (fabs, sqrt, floor, ...) is an instruction, or rare.
# powc is here because its exponent is a constant: one formula for the whole vector.
VECTOR_FUNCTIONS = {
    "exp": 1, "exp2": 1, "expm1": 1, "log": 1, "log2": 1, "log10": 1, "log1p": 1, "sin": 1, "cos": 1,
    "tan": 1, "asin": 1, "acos": 1, "atan": 1, "sinh": 1, "cosh": 1, "tanh": 1, "asinh": 1, "acosh": 1,
    "atanh": 1,
    "cbrt": 1, "erf": 1, "erfc": 1, "pow": 2, "atan2": 2, "hypot": 2, "powc": 2,
}  # fmt: skip


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
    called = {function for row in rows for function, _ in passes(row)[1]}
    for arity in (1, 2):
        vectors = [f" X({f})" for f, n in VECTOR_FUNCTIONS.items() if n == arity and f in called - {"powc"}]
        parts.append(f"\n#define EACH_VECTOR_{arity}(X){''.join(vectors)}\n")
    return "".join(parts)


# ---- kernels.h
def without_calls(expression, steps):
    """``expression`` with temporaries t0, t1, ... in place of its calls of vector functions.

    ``steps`` receives what the temporaries are, in order: (function, arguments).
    """
    found = re.search(rf"\b({'|'.join(VECTOR_FUNCTIONS)})\(", expression)
    if found is None:
        return expression
    depth, cuts = 1, [found.end() - 1]
    for i in range(found.end(), len(expression)):
        depth += {"(": 1, ")": -1}.get(expression[i], 0)
        if depth == 0 or (depth == 1 and expression[i] == ","):
            cuts.append(i)
        if depth == 0:
            break
    arguments = [expression[a + 1 : b].strip() for a, b in itertools.pairwise(cuts)]
    step = (found[1], tuple(without_calls(argument, steps) for argument in arguments))
    if step not in steps:
        steps.append(step)
    temporary = f"t{steps.index(step)}"
    return without_calls(expression[: found.start()] + temporary + expression[cuts[-1] + 1 :], steps)


def passes(row):
    """The C column of a row cut into passes: (what is left, [(function, arguments) of each pass])."""
    steps: list[tuple[str, tuple[str, ...]]] = []
    return without_calls(row.c, steps), steps


def loop(target, expression, names, pattern):
    """A loop that puts ``expression`` of operands and temporaries into the array ``target``."""
    words = set(re.findall(r"\w+", expression))
    reads = [f"{x} = {x}s[at + i]" for k, x in enumerate(names) if x in words and not pattern >> k & 1]
    before = f"const double {', '.join(reads)}; " if reads else ""
    expression = re.sub(r"\b(t\d+)\b", r"\1[i]", expression)
    return f"        EACH {{ {before}{target}[i] = {expression}; }}\n"


def kernel(name, row, pattern, names, expression, steps=()):
    """One kernel: the passes over a chunk, if there are any, and the last loop."""
    lines, arrays = [], {x: f"{x}s + at" for k, x in enumerate(names) if not pattern >> k & 1}
    if row.parameter:
        arrays[names[-1]] = f"{names[-1]}s"
    for k, (function, arguments) in enumerate(steps):
        pointers: list[str] = []
        for argument in arguments:
            temporary = f"{'uv'[len(pointers)]}{k}"
            if argument not in arrays:
                lines.append(loop(temporary, argument, names, pattern))
            pointers.append(arrays.get(argument, temporary))
        arrays[f"t{k}"] = "to" if expression == f"t{k}" else f"t{k}"
        lines.append(f"        map_{function}(m, {arrays[f't{k}']}, {', '.join((*pointers, 'NULL')[:2])});\n")
    if "to" not in arrays.values():
        lines.append(loop("to", expression, names, pattern))
    text = "".join(lines)
    temporaries = sorted(set(re.findall(r"\b[tuv]\d+\b", text)))
    declared = [f"    double {', '.join(f'{t}[CHUNK]' for t in temporaries)};\n"] if temporaries else []
    declared += [f"    const double {x} = {x}s[0];\n" for k, x in enumerate(names) if pattern >> k & 1]
    unused = "".join(f" (void){x}{'' if pattern >> k & 1 else 's'};" for k, x in enumerate(names))
    body = f"{''.join(declared)}   {unused}\n    {'CHUNKS' if steps else 'WHOLE'} {{\n{text}    }}\n"
    return f"KERNEL({name}_{pattern}) {{\n{body}}}\nBLOCK({name}_{pattern})\n"


def kernels(ops):
    """The whole of ``kernels.h``."""
    parts, each = [], []
    for row in ops.TABLE.values():
        names = ops.operand_names(row.arity)
        value = f"value_{row.name}({', '.join(names)})"
        expression, steps = passes(row)
        for pattern in range(1 << row.arity):
            if steps and (not row.parameter or pattern >> (row.arity - 1)):
                parts.append(kernel(row.name, row, pattern, names, expression, steps))
            else:
                parts.append(kernel(row.name, row, pattern, names, value))
            if steps:
                parts.append(kernel(f"exact_{row.name}", row, pattern, names, value))
            each.append(f" \\\n    {'X' if steps else 'Y'}({row.name.upper()}, {row.name}, {pattern})")
    return "".join((KERNELS, f"\n#define EACH_KERNEL(X, Y){''.join(each)}\n\n", *parts))


if __name__ == "__main__":
    table, *targets = sys.argv[1:]
    ops = load(table)
    for target, text in zip(targets, (header(ops), kernels(ops)), strict=True):
        with open(target, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
