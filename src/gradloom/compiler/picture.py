"""A Program as a picture: every instruction a box with its number, drawn as a graph of Values is.

Takes: a compiled function's path, the numbers of a call, and the forms that name them.
Gives: ``picture``, a Drawing; ``names``, what the numbers of a form are called.
Promises: inputs are called as the function's parameters are, results ``result``, and what a guard reads
says so. The Values that are drawn are made for the picture. Of a long Program equal instructions, and those
far from the results, are folded into boxes, and the picture says how many are.
"""

import inspect
import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gradloom.arithmetic import evaluate_ieee
from gradloom.compiler.nesting import Form
from gradloom.compiler.path import Path
from gradloom.compiler.program import CONSTANT, INPUT, ROWS, Program
from gradloom.draw import Drawing, draw_results
from gradloom.engine import Value

__all__ = ["inputs", "names", "picture"]

MOST = 100
"""Boxes in a picture: laid out in a third of a second. 300 of them, as Values have, take ten at times."""


def picture(
    f: Callable[..., Any], title: str, path: Path, arguments: tuple[list[Form], Form], numbers: np.ndarray
) -> Drawing:
    """The lowered Program of ``path``, with the numbers of a call of ``f``."""
    program, lowered = path.lowered.program, path.lowered
    nodes = _values(program, path.inputs(numbers).tolist())
    found = list(names(lowered.form, "result")) if lowered.plain else []
    if len(found) != len(program.outputs):
        found = [f"result[{i}]" for i in range(len(program.outputs))]
    _label(nodes, range(program.inputs), inputs(f, path, arguments))
    _label(nodes, program.outputs.tolist(), found)
    conditions = [guard.condition for guard in program.guards]
    _label(
        nodes, conditions, [f"{guard.truth} at {os.path.basename(guard.line)}" for guard in program.guards]
    )
    results = dict.fromkeys(nodes[i] for i in (*program.outputs.tolist(), *conditions))
    if not results:
        raise ValueError(f"{title} computes nothing that could be drawn")
    return draw_results(list(results), title, ("label", "data"), MOST, "auto")


def inputs(f: Callable[..., Any], path: Path, arguments: tuple[list[Form], Form]) -> list[str]:
    """What the inputs of a path's Program are called."""
    return [*_arguments(f, arguments), *(v.label for v in path.captured)]


def _values(program: Program, inputs: list[float]) -> list[Value]:
    """Each instruction as a Value; a constant is a part of the Value that reads it."""
    values: list[Any] = list(map(Value, inputs))
    start, args = program.start.tolist(), program.args.tolist()
    for i, code in enumerate(program.code.tolist()):
        if code == CONSTANT:
            values.append(float(program.number[i]))
        elif code != INPUT:
            operands = tuple([values[k] for k in args[start[i] : start[i + 1]]])
            xs = [x if type(x) is float else x.data for x in operands]
            value = Value(evaluate_ieee(ROWS[code], xs))
            value._recipe = ROWS[code], operands
            values.append(value)
    return [x if isinstance(x, Value) else Value(x) for x in values]


def _label(nodes: list[Value], places: Any, labels: list[str]) -> None:
    for i, label in zip(places, labels, strict=False):
        nodes[i].label = ", ".join(filter(None, (nodes[i].label, label)))


def _arguments(f: Callable[..., Any], arguments: tuple[list[Form], Form]) -> Iterator[str]:
    """The names of all numbers in the arguments of ``f``."""
    positional, named = arguments
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):  # made in C
        parameters = []
    for i, form in enumerate(positional):
        simple = i < len(parameters) and parameters[i].kind is not inspect.Parameter.VAR_POSITIONAL
        yield from names(form, parameters[i].name if simple else f"argument {i}")
    for key, form in zip(named[1], named[2], strict=True):
        yield from names(form, key)


def names(form: Form, name: str) -> Iterator[str]:
    """What the numbers in the form are called, as Python would reach them.

    Examples
    --------
    >>> list(names(("dict", ("a", "b"), (("array", (2,)), ("number", False))), "x"))
    ["x['a'][0]", "x['a'][1]", "x['b']"]
    """
    kind = form[0]
    if kind == "number":
        yield name
    elif kind == "array":
        yield from (f"{name}[{', '.join(map(str, at))}]" for at in np.ndindex(*form[1]))
    elif kind == "objects":
        for at, part in zip(np.ndindex(*form[1]), form[-1], strict=True):
            yield from names(part, f"{name}[{', '.join(map(str, at))}]")
    elif kind == "dict":
        for key, part in zip(form[1], form[2], strict=True):
            yield from names(part, f"{name}[{key!r}]")
    elif kind != "static":
        fields = getattr(kind, "_fields", None)  # of a named tuple
        for i, part in enumerate(form[-1]):
            yield from names(part, f"{name}.{fields[i]}" if fields else f"{name}[{i}]")
