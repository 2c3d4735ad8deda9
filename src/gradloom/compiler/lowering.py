"""What each transform makes of a traced function: Program -> Program, and where its outputs go.

Takes: a ``Traced`` function and the forms of its arguments.
Gives: ``Lowered``, and a function that lowers for each transform.
Promises: every derivative comes from ``derivatives.py``. The inputs of a lowered Program are those of
the traced one, then what the caller adds (a direction, cotangents). The outputs come as one vector, from
which ``assemble`` makes what the user gets.
"""

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradloom.compiler.assembling import contain, from_vector
from gradloom.compiler.derivatives import forward, reverse
from gradloom.compiler.nesting import Form, count, statics
from gradloom.compiler.program import Builder, Program
from gradloom.compiler.simplify import simplify
from gradloom.compiler.tracing import Traced

__all__ = [
    "Lower",
    "Lowered",
    "as_is",
    "gradients",
    "hold_numbers",
    "jacobians",
    "pick",
    "second",
    "tangents",
    "with_cotangents",
]


class Lowered(NamedTuple):
    """A Program, and what its outputs become."""

    program: Program
    assemble: Callable[[np.ndarray], Any]
    form: Form  # of the result; for a matrix of derivatives, of the function's
    wrt: tuple[int, ...] = ()  # for each output, the input that it is the derivative by, -1 for others
    plain: bool = True  # whether the outputs, put into the form, are the result


Lower = Callable[[Traced, list[Form], bool], Lowered]
"""Of a traced function, the forms of its arguments by position, and whether no derivative will be taken of
the result (``simplify`` may then write more)."""


def as_is(traced: Traced, arguments: list[Form], final: bool) -> Lowered:
    """The function itself."""
    return Lowered(simplify(traced.program, final), lambda x: from_vector(traced.form, x), traced.form)


@functools.lru_cache(maxsize=256)  # equal transforms are the same object, and so found again
def gradients(argnums: int | tuple[int, ...], has_aux: bool, value: bool) -> Lower:
    """grad and value_and_grad."""
    return functools.partial(_gradients, argnums, has_aux, value)


def jacobians(argnums: int | tuple[int, ...]) -> Lower:
    """jacobian: forward or reverse, whichever needs fewer sweeps."""
    return functools.partial(_jacobians, argnums)


def second(argnums: int | tuple[int, ...]) -> Lower:
    """hessian: forward over reverse."""
    return functools.partial(_second, argnums)


def _gradients(
    argnums: int | tuple[int, ...],
    has_aux: bool,
    value: bool,
    traced: Traced,
    arguments: list[Form],
    final: bool,
) -> Lowered:
    result, aux = traced.form, None
    if has_aux:
        if result[0] != "tuple" or len(result[-1]) != 2:
            raise TypeError("with has_aux=True the function must return a pair: (number, aux)")
        result, aux = result[-1]
    if count(result) != 1 or result[0] not in ("number", "array"):
        raise TypeError(
            f"only a number has a gradient, and the function returned {_described(result)}; "
            "sum it, or use gradloom.jacobian"
        )
    spans, form = _chosen(arguments, argnums)
    wrt = [i for span in spans for i in span]
    kept = len(traced.program.outputs)
    program = reverse(simplify(traced.program), wrt, [1.0] + [None] * (kept - 1), final)
    by = [*[-1] * kept, *wrt]
    derivatives = range(kept, kept + len(wrt))
    if value:
        first = ("tuple", (("number", False), aux)) if aux else ("number", False)
        order, form = list(range(kept + len(wrt))), ("tuple", (first, form))
    else:
        order, form = [*derivatives, *range(1, kept)], ("tuple", (form, aux)) if aux else form
    return _whole(pick(program, order, final), form)._replace(wrt=tuple(by[i] for i in order))


def _jacobians(argnums: int | tuple[int, ...], traced: Traced, arguments: list[Form], final: bool) -> Lowered:
    spans, form = _chosen(arguments, argnums)
    wrt = [i for span in spans for i in span]
    program = _jacobian(simplify(traced.program), wrt, final)
    shape = count(traced.form), len(wrt)
    return Lowered(program, lambda x: _matrix(x.reshape(shape), traced.form, form), form, plain=False)


def _second(argnums: int | tuple[int, ...], traced: Traced, arguments: list[Form], final: bool) -> Lowered:
    spans, form = _chosen(arguments, argnums)
    wrt = [i for span in spans for i in span]
    first = gradients(argnums, has_aux=False, value=False)(traced, arguments, False).program
    program = _jacobian(first, wrt, final, forward_only=True)
    return Lowered(program, lambda x: _matrix(x.reshape(len(wrt), len(wrt)), form, form), form, plain=False)


def directional(traced: Traced, arguments: list[Form], final: bool) -> Lowered:
    """hvp: the gradient by the first argument, moved along a direction that the caller adds."""
    lowered = gradients(0, has_aux=False, value=False)(traced, arguments, False)
    n = len(lowered.program.outputs)
    seeds = ["input" if i < n else None for i in range(lowered.program.inputs)]
    program = forward(lowered.program, seeds)
    return _whole(pick(program, range(n, 2 * n), final), lowered.form)


def tangents(traced: Traced, arguments: list[Form], final: bool) -> Lowered:
    """jvp: the value, and how it moves along tangents that the caller adds."""
    n = sum(map(count, arguments))
    seeds = ["input" if i < n else None for i in range(traced.program.inputs)]
    program = forward(simplify(traced.program), seeds, final)
    return _whole(program, ("tuple", (traced.form, traced.form)))


def with_cotangents(traced: Traced, arguments: list[Form], final: bool) -> Lowered:
    """vjp: the gradients of what the caller's cotangents weigh."""
    n, kept = sum(map(count, arguments)), len(traced.program.outputs)
    program = reverse(simplify(traced.program), list(range(n)))
    return _whole(pick(program, range(kept, kept + n), final), ("tuple", tuple(map(as_numbers, arguments))))


def pick(program: Program, outputs: Sequence[int], final: bool = False) -> Program:
    """A simplified Program with some of its outputs, in this order, and without what they do not need."""
    if list(outputs) == list(range(len(program.outputs))):
        return program
    return simplify(program.with_results(program.outputs[list(outputs)], program.guards), final)


# ---- matrices of derivatives
def _jacobian(program: Program, wrt: list[int], final: bool, forward_only: bool = False) -> Program:
    """The derivative of every output by every input in ``wrt``, row by row."""
    m, n = len(program.outputs), len(wrt)
    if forward_only or n <= m:
        parts = []
        for i in wrt:
            seeds = [1.0 if k == i else None for k in range(program.inputs)]
            parts.append(pick(forward(program, seeds), range(m, 2 * m)))
        columns = _joined(parts, program)
        order = [j * m + k for k in range(m) for j in range(n)]
        return simplify(columns.with_results(columns.outputs[order], columns.guards), final)
    rows = []
    for k in range(m):
        seeds = [1.0 if i == k else None for i in range(m)]
        rows.append(pick(reverse(program, wrt, seeds), range(m, m + n)))
    return simplify(_joined(rows, program), final)


def _joined(parts: list[Program], like: Program) -> Program:
    """One Program with the outputs of all of ``parts``, which have the same inputs and guards."""
    builder, outputs = Builder(like.inputs), []
    guards = like.guards
    for part in parts:
        place = list(range(like.inputs))
        for i in range(like.inputs, len(part)):
            operands = part.args[part.start[i] : part.start[i + 1]].tolist()
            if part[i].name == "constant":
                place.append(builder.constant(float(part.number[i])))
            else:
                place.append(builder.emit(int(part.code[i]), *(place[k] for k in operands)))
        outputs += [place[i] for i in part.outputs]
        guards = tuple(guard.moved(place[guard.condition]) for guard in part.guards)
    return builder.finish(outputs, guards)


def _matrix(x: np.ndarray, result: Form, argument: Form) -> Any:
    """The matrix ``x`` of shape (m, n), for a result of m numbers and an argument of n, as JAX nests it;
    one array by one array, or flat numbers by one array, is one array."""
    if (
        argument[0] == "array"
        and result[0] in ("list", "tuple")
        and all(f[0] == "number" for f in result[-1])
    ):
        return x.reshape(len(x), *argument[1]).copy()
    return _rows_of(result, x, 0, argument)[0]


def _rows_of(result: Form, x: np.ndarray, k: int, argument: Form) -> tuple[Any, int]:
    if result[0] == "number":
        return from_vector(argument, x[k]), k + 1
    if result[0] == "array":
        end = k + count(result)
        return _columns_of(argument, x[k:end], 0, result[1])[0], end
    parts = []
    for part in result[-1]:
        made, k = _rows_of(part, x, k, argument)
        parts.append(made)
    return contain(result, parts), k


def _columns_of(argument: Form, x: np.ndarray, j: int, shape: tuple[int, ...]) -> tuple[Any, int]:
    if argument[0] == "number":
        return x[:, j].reshape(shape).copy(), j + 1
    if argument[0] == "array":
        end = j + count(argument)
        return x[:, j:end].reshape(*shape, *argument[1]).copy(), end
    if argument[0] == "static":
        return argument[2], j
    parts = []
    for part in argument[-1]:
        made, j = _columns_of(part, x, j, shape)
        parts.append(made)
    return contain(argument, parts), j


# ---- arguments
def _whole(program: Program, form: Form) -> Lowered:
    return Lowered(program, lambda x: from_vector(form, x), form)


def as_numbers(form: Form) -> Form:
    """The form of a gradient by an argument: Values are numbers, arrays of Values are arrays."""
    if form[0] == "number":
        return "number", False
    if form[0] == "objects":
        return "array", form[1]
    return form if form[0] in ("array", "static") else (*form[:-1], tuple(map(as_numbers, form[-1])))


def hold_numbers(arguments: list[Form], places: Iterable[int]) -> None:
    """Raise where an argument that is differentiated is no number, or holds words."""
    for i in places:
        bare = arguments[i][0] == "static"
        if words := [x for x in statics(arguments[i]) if bare or isinstance(x, (str, bytes))]:
            raise TypeError(f"argument {i} is differentiated, so it must hold numbers, not {words[0]!r:.60}")


def _chosen(arguments: list[Form], argnums: int | tuple[int, ...]) -> tuple[list[range], Form]:
    """The inputs of each chosen argument, and the form of the gradient."""
    wanted = argnums if isinstance(argnums, tuple) else (argnums,)
    ends = np.cumsum([0, *map(count, arguments)]).tolist()
    for i in wanted:
        if not -len(arguments) <= i < len(arguments):
            raise ValueError(
                f"argnums is {argnums}, and the function was called with {len(arguments)} arguments by "
                "position"
            )
    places = [i % len(arguments) for i in wanted]
    hold_numbers(arguments, places)
    spans = [range(ends[i], ends[i + 1]) for i in places]
    forms = tuple(as_numbers(arguments[i]) for i in places)
    return spans, ("tuple", forms) if isinstance(argnums, tuple) else forms[0]


def _described(form: Form) -> str:
    words = {
        "number": "a number",
        "array": f"an array of shape {form[1]}",
        "list": "a list",
        "dict": "a dict",
    }
    return words.get(form[0], "a tuple") if isinstance(form[0], str) else "a tuple"
