"""What a compiled function says of itself.

Takes: the paths that were traced.
Gives: ``stats``, the sizes and times; ``explain``, why each path was traced; ``as_table``, both
for a notebook.
Promises: nothing here runs or traces anything.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from gradloom.compiler.nesting import Form
from gradloom.compiler.path import Path
from gradloom.compiler.program import Program
from gradloom.draw.tables import table

__all__ = ["as_table", "explain", "stats"]

Entries = Iterable[tuple[tuple[list[Form], Form], list[Path]]]


def stats(paths: Sequence[Path]) -> dict[str, Any]:
    programs = [path.traced.program for path in paths], [path.lowered.program for path in paths]
    return {
        "paths": len(paths),
        "calls": sum(path.runs for path in paths),
        "nodes": sum(map(len, programs[0])),
        "instructions": sum(map(len, programs[1])),
        "bytes": sum(_bytes(program) for some in programs for program in some),
        "seconds": sum(path.seconds for path in paths),
    }


def _bytes(program: Program) -> int:
    columns = program.code, program.start, program.args, program.number, program.outputs
    return sum(column.nbytes for column in columns)


def explain(name: str, cleared: str, entries: Entries) -> str:
    lines = [f"{name}, traced anew because {cleared}" if cleared else name]
    for form, paths in entries:
        lines.append(f"  for {_arguments(form)}")
        for path in paths:
            size = len(path.lowered.program)
            runs = f"{path.runs} run{'s' * (path.runs != 1)}"
            lines.append(f"    {path.why}: {size} instructions, {path.seconds:.3f} s, {runs}")
    return "\n".join(lines)


def as_table(name: str, entries: Entries) -> str:
    """One line for each path, as HTML."""
    head = "arguments", "path", "nodes", "instructions", "bytes", "seconds", "runs"
    rows = [
        (_arguments(form), path.why, *(some[key] for key in ("nodes", "instructions", "bytes")),
         float(f"{some['seconds']:.2g}"), path.runs)
        for form, paths in entries for path in paths for some in [stats([path])]
    ]  # fmt: skip
    known = f"{len(rows)} path{'s' * (len(rows) != 1)}" if rows else "not traced yet; call it"
    return table(f"{name}: {known}", head, rows)


def _arguments(form: tuple[list[Form], Form]) -> str:
    positional, named = form
    words = [_described(part) for part in positional]
    words += [f"{key}={_described(part)}" for key, part in zip(named[1], named[2], strict=True)]
    return f"({', '.join(words)})"


def _described(form: Form) -> str:
    """A form in a few words: ``[number, array (3,)]``."""
    kind = form[0]
    if kind == "static":
        return f"{form[2]!r:.40}"
    if kind == "number":
        return "Value" if form[1] else "number"
    if kind in ("array", "objects"):
        return f"array {form[1]}"
    if kind == "dict":
        pairs = zip(form[1], form[2], strict=True)
        return "{" + ", ".join(f"{key!r}: {_described(part)}" for key, part in pairs) + "}"
    parts = ", ".join(map(_described, form[-1][:6])) + (", ..." if len(form[-1]) > 6 else "")
    return f"[{parts}]" if kind == "list" else f"({parts})"
