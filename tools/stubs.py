"""Write the type stubs of ``gradloom.engine`` and ``gradloom.math`` from the table.

Takes: ``ops.py`` (methods and functions), the docstrings in the files beside it, and the frames
``engine.pyi.in`` and ``math.pyi.in``: in each place of <doc> goes the docstring of that function or class.
Gives: ``engine.pyi`` and ``math.pyi``; with ``--check`` only the exit status, 1 where they are stale.
Promises: the same text under every Python version; of gradloom only ``ops.py`` is run.
"""

import argparse
import ast
import builtins
import importlib.util
import os
import re
import sys
import textwrap
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "gradloom"
COMMAND = "python tools/stubs.py"

HEAD = f"""\
# Written by tools/stubs.py from the table of operations (ops.py); do not edit.
# After a change of the table: {COMMAND}
"""

# ---- the functions of math.py that are no rows, or take or give something else than their row says
FLOAT, INT, BOOL = ("float", "Value", "_Array"), ("int", "Value", "_Array"), ("bool", "bool", "_Array")
ONE, TWO = "x: {}, /", "x: {}, y: {}, /"
FUNCTIONS = {  # the operands; what comes of numbers, of a Value among them, of an array among them
    "ceil": (ONE, INT),
    "clip": ("x: {}, lo: {}, hi: {}", FLOAT),
    "degrees": (ONE, FLOAT),
    "floor": (ONE, INT),
    "fma": ("x: {}, y: {}, z: {}, /", FLOAT),
    "fmod": (TWO, FLOAT),
    "frexp": (ONE, ("tuple[float, int]", "tuple[Value, int]", "tuple[_Array, _Array]")),
    "isclose": ("a: {}, b: {}, *, rel_tol: float = 1e-09, abs_tol: float = 0.0", BOOL),
    "isfinite": (ONE, BOOL),
    "isinf": (ONE, BOOL),
    "isnan": (ONE, BOOL),
    "ldexp": ("x: {}, i: {}, /", FLOAT),
    "log": ("x: {}, base: {} = ..., /", FLOAT),
    "modf": (ONE, ("tuple[float, float]", "tuple[Value, Value]", "tuple[_Array, _Array]")),
    "pow": (TWO, FLOAT),
    "radians": (ONE, FLOAT),
    "remainder": (TWO, FLOAT),
    "trunc": (ONE, INT),
}
MANY = {  # functions of as many numbers as there are
    "dist": "p: Iterable[{0}], q: Iterable[{0}], /",
    "dot": "xs: Iterable[{0}], ys: Iterable[{0}]",
    "fsum": "xs: Iterable[{0}], /",
    "hypot": "*xs: {0}",
    "logsumexp": "xs: Iterable[{0}]",
    "maximum": "*xs: {0}",
    "minimum": "*xs: {0}",
    "prod": "xs: Iterable[{0}], /, *, start: {0} = 1",
    "sumprod": "p: Iterable[{0}], q: Iterable[{0}], /",
}
SINCE = {"fma": (3, 13), "sumprod": (3, 12)}
STANDARD = "As the standard ``math.{}``; of Values with their gradients, of arrays element by element."


def of_a_few(operands, results):
    """The signatures of a function of a few operands, so that no two of them fit the same call."""
    count = operands.count("{}")
    kinds = [(["_Number"] * count, results[0])]
    kinds += [(["_Number"] * i + ["Value"] + ["_Scalar"] * count, results[1]) for i in range(count)]
    kinds += [(["_Scalar"] * i + ["_Array"] + ["_Scalar | _Array"] * count, results[2]) for i in range(count)]
    for kind, result in kinds:
        takes = operands.format(*kind)
        for decisive in (": Value", ": _Array"):  # the operand that decides the result has no default
            takes = takes.replace(f"{decisive} = ...", decisive)
        yield f"({takes}) -> {result}", ""


def of_many(operands):
    """The signatures of a function of any number; a list of numbers is one of scalars: the first fits."""
    overlap = "  # type: ignore[overload-overlap]"
    yield f"({operands.format('_Number')}) -> float", overlap
    yield f"({operands.format('_Scalar')}) -> Value", overlap if operands.startswith("*") else ""
    if operands.startswith("*"):
        yield f"({operands.format('_Scalar | _Array')}) -> _Array", ""


def function(name, doc):
    """The stub of one function of ``gradloom.math``."""
    signatures = list(of_many(MANY[name]) if name in MANY else of_a_few(*FUNCTIONS[name]))
    lines = [f"@overload\ndef {name}{signature}: ...{mark}" for signature, mark in signatures]
    lines[0] = lines[0].replace(": ...", ":") + "\n" + textwrap.indent(quoted(doc), "    ")
    text = "\n".join(lines)
    if name not in SINCE:
        return text
    return f"if sys.version_info >= {SINCE[name]}:\n{textwrap.indent(text, '    ')}"


def functions(table, docs):
    """The stubs of the functions of the table, and of the compositions."""
    rows = {name: row for row in table.values() for name in row.methods}
    names = [row.name for row in table.values() if row.name in rows and not hasattr(builtins, row.name)]
    shapes = {name: (ONE if rows[name].arity == 1 else TWO, FLOAT) for name in [*names, "fabs"]}
    FUNCTIONS.update({name: shape for name, shape in shapes.items() if name not in {*FUNCTIONS, *MANY}})
    for name in sorted({*FUNCTIONS, *MANY}):
        yield function(name, rows[name].doc if name in rows else docs.get(name, STANDARD.format(name)))


# ---- the methods of Value
def methods(table):
    """The stubs of the methods that the table gives to Value."""
    for row in table.values():
        result = "bool" if "internal" in row.marks else "Value"  # internal rows with methods compare
        for name in row.methods:
            modulus = ", modulus: None = None" if name == "__pow__" else ""
            overload = "@overload\n" if row.arity == 2 and name.startswith("__") else ""
            other = f", other: _Scalar{modulus}, /" if row.arity == 2 else ""
            yield f"{overload}def {name}(self{other}) -> {result}: {quoted(row.doc)}"
            if overload:
                yield f"{overload}def {name}(self, other: _Array{modulus}, /) -> _Array: ..."


# ---- docstrings
def quoted(doc):
    return f'"""{doc}"""'


def docstrings(*files):
    """The docstrings of the functions, methods and classes in these files, by name."""
    trees = [ast.parse((PACKAGE / file).read_text(encoding="utf-8")) for file in files]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    named = [node for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    return {node.name: doc for node in named if (doc := ast.get_docstring(node))}


def documented(text, docs):
    """``text`` with a docstring in each place of ``<doc>``, one step inside its def or class."""
    lines = []
    for line in text.splitlines():
        if start := re.match(r"( *)(?:def|class) (\w+)", line):
            indent, name = start[1] + "    ", start[2]
        if line.endswith(" <doc>"):
            line = f"{line.removesuffix(' <doc>')}\n{textwrap.indent(quoted(docs[name]), indent)}"
        lines.append(line)
    return "\n".join(lines) + "\n"


# ---- the two files
def frame(name):
    return Path(__file__).with_name(f"{name}.pyi.in").read_text(encoding="utf-8")


def stubs():
    """The text of each stub, by the name of its file."""
    spec = importlib.util.spec_from_file_location("gradloom_ops", PACKAGE / "ops.py")
    ops = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(ops)
    docs = docstrings("draw/__init__.py", "draw/explorer.py", "math.py", "protocols.py", "engine.py")
    engine = frame("engine").replace("<methods>", textwrap.indent("\n".join(methods(ops.TABLE)), "    "))
    math = frame("math").replace("<functions>", "\n".join(functions(ops.TABLE, docs)))
    return {"engine.pyi": HEAD + documented(engine, docs), "math.pyi": HEAD + documented(math, docs)}


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a stub is stale")
    check = parser.parse_args(arguments).check
    for name, text in stubs().items():
        path = PACKAGE / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if check:
            print(f"{name} is stale: something it is made from has changed; run {COMMAND}")
            return 1
        fresh = path.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8", newline="\n")
        os.replace(fresh, path)
        print(f"wrote {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
