"""From the graph that a trace left to a Program.

Takes: the Values that a trace made, from its results and its conditions down.
Gives: ``recorded``, the Program and the Values that were reached but not made: the captured ones.
Promises: instructions come in the order in which the function made them, which is more regular than any
other (the rows of a matrix in turn), a constant before the one that reads it; nothing recurses.
``columns_in_python`` is the definition, and ``record.h`` its native twin: the same columns, to the bit.
"""

from typing import Any

import numpy as np

from gradloom.compiler.program import CONSTANT, OPCODES, Builder, Guard, Program
from gradloom.engine import ENGINE, Value
from gradloom.errors import TraceError
from gradloom.ops import TABLE, Row

if ENGINE == "native":
    from gradloom._native.value import record

__all__ = ["columns_in_python", "recorded"]


def recorded(
    number: int, inputs: list[Value], outputs: list[Any], decided: list[tuple[Value, bool, str]]
) -> tuple[Program, list[Value]]:
    """The Program of the trace ``number``, and the Values that it captured.

    ``decided`` are the guards: the condition, its truth and the source line.
    """
    roots = [*(v for v, _, _ in decided), *outputs]
    columns = _columns(number, inputs, [x for x in roots if isinstance(x, Value)])
    if isinstance(columns, Row):
        raise TraceError(
            f"the row {columns.name} is not in the table, and no Program holds it; call the function that "
            "gradloom.primitive returned"
        )
    program, captured, found = columns
    places = iter(found)
    if len(found) < len(roots):  # a plain number among the results
        program, constants = _with_constants(program, [float(x) for x in roots if not isinstance(x, Value)])
        numbers = iter(constants)
        at = [next(places) if isinstance(x, Value) else next(numbers) for x in roots]
    else:
        at = found
    n = len(decided)
    guards = [Guard(i, truth, line) for i, (_, truth, line) in zip(at[:n], decided, strict=True)]
    return program.with_results(at[n:], guards), captured


def _columns(number: int, inputs: list[Value], roots: list[Value]) -> Any:
    """A Program without results, the captured Values, and where each of ``roots`` is in it; or the Row
    of a user's primitive."""
    if ENGINE == "native":
        found = record(number, inputs, roots)
        if isinstance(found, Row):
            return found
        code, start, args, numbers, captured, places = found
        program = Program(
            len(inputs) + len(captured),
            np.frombuffer(code, np.uint16),
            np.frombuffer(start, np.int32),
            np.frombuffer(args, np.int32),
            np.frombuffer(numbers, np.float64),
            np.empty(0, np.int32),
        )
        return program, captured, places
    return columns_in_python(number, inputs, roots)


def columns_in_python(number: int, inputs: list[Value], roots: list[Value]) -> Any:
    """The definition of ``_columns``."""
    nodes, captured = _made_in(number, inputs, roots)
    builder = Builder(len(inputs) + len(captured))
    place = {id(v): i for i, v in enumerate([*inputs, *captured])}
    for node, row, operands in nodes:
        if row is None:
            place[id(node)] = builder.constant(node._data)
        elif row.name not in TABLE or TABLE[row.name] is not row:
            return row
        else:
            constants = {i: builder.constant(x) for i, x in enumerate(operands) if type(x) is float}
            at = [constants[i] if i in constants else place[id(x)] for i, x in enumerate(operands)]
            place[id(node)] = builder.emit(OPCODES[row.name], *at)
    return builder.finish([]), captured, [place[id(v)] for v in roots]


def _made_in(number: int, inputs: list[Value], roots: list[Value]):
    """The nodes below ``roots`` that this trace made, the oldest first, with their recipes; and the Values
    that it reached but did not make, as they are met. A stack, not recursion."""
    nodes: list[Any] = []
    captured: list[Value] = []
    seen = {id(v) for v in inputs}
    for root in roots:
        path = [_visit(root, number, seen, captured)]
        while path:
            top = path[-1]
            if top is None:
                path.pop()
                continue
            node, row, operands, waiting = top
            x = next(waiting, None)
            if x is not None:
                path.append(_visit(x, number, seen, captured))
                continue
            path.pop()
            nodes.append((node, row, operands))
    nodes.sort(key=lambda made: made[0]._stamp)  # of equal ones, a constant is before the node that has it
    return nodes, captured


def _visit(node: Value, number: int, seen: set[int], captured: list[Value]):
    """What is needed to walk below a node: None where there is nothing to walk."""
    if id(node) in seen:
        return None
    seen.add(id(node))
    if node._trace != number:
        captured.append(node)
        return None
    row, operands = node._recipe
    return node, row, operands, iter([x for x in operands if isinstance(x, Value)])


def _with_constants(program: Program, numbers: list[float]) -> tuple[Program, list[int]]:
    """The Program with CONSTANTs behind its last instruction, and their places."""
    n, k = len(program), len(numbers)
    longer = Program(
        program.inputs,
        np.concatenate([program.code, np.full(k, CONSTANT, program.code.dtype)]),
        np.concatenate([program.start, np.full(k, program.start[-1], program.start.dtype)]),
        program.args,
        np.concatenate([program.number, numbers]),
        program.outputs,
    )
    return longer, list(range(n, n + k))
