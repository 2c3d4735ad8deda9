"""A Python function -> Program: it runs once, on Values that are watched.

Takes: a function, its arguments taken apart, and the decisions that branches must take again.
Gives: ``trace``, a ``Traced``: the Program, the form of the result, the captured Values, the decisions.
Promises: what is recorded is what ran. Arithmetic is IEEE while tracing. A branch (``if``, ``while``,
``and``, ``max()``) becomes a guard with its source line. What cannot be repeated by a Program raises a
``TraceError`` with the line and another way to write it; nothing is frozen without a word. A Value that
the function reaches and did not make is captured: it is one more input, read at every call.
"""

import gc
import itertools
import random
import sys
import weakref
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn

import numpy as np

from gradloom.arithmetic import evaluate_ieee, is_number
from gradloom.compiler.assembling import put_together
from gradloom.compiler.nesting import Form, statics, take_apart
from gradloom.compiler.program import Program
from gradloom.compiler.recording import recorded
from gradloom.compiler.refusals import CURES, line_of, name_of, of_numpy, source_line
from gradloom.engine import Value, apply, get_tracer, set_silent, set_tracer
from gradloom.errors import TraceError
from gradloom.ops import TABLE

__all__ = [
    "Condition",
    "Traced",
    "Tracer",
    "drew",
    "inline",
    "is_traced",
    "trace",
]

_numbers = itertools.count(1)


class Traced(NamedTuple):
    """What a run of the function left: its inputs are those of the arguments, then the captured Values."""

    program: Program
    form: Form
    captured: list[Value]

    @property
    def decisions(self) -> list[bool]:
        return [guard.truth for guard in self.program.guards]


def trace(
    f: Callable[..., Any],
    arguments: tuple[Form, Form],
    numbers: Sequence[float],
    decisions: Sequence[bool] = (),
) -> Traced:
    """Run ``f`` on Values with these numbers, and record it.

    Parameters
    ----------
    f : function
        Of positional and keyword arguments.
    arguments : (Form, Form)
        The forms of the tuple and of the dict of its arguments.
    numbers : sequence of float
        The numbers in both, in order.
    decisions : sequence of bool
        The truths of the first guards, whatever the numbers say: a path that is known up to there.

    Raises
    ------
    TraceError
        ``f`` does what cannot be repeated, or returns something else than numbers in any nesting.
    """
    for _ in range(3):  # another thread may draw meanwhile, but hardly each time
        chance = _chance()
        traced, made = _run(f, arguments, numbers, decisions)
        if _same_chance(chance, _chance()):
            break
    else:
        raise TraceError(drew(f))
    if any(v() is not None for v in made):
        gc.collect()  # a recursive function is a cycle, which may hold them a little longer
        if any(v() is not None for v in made):
            raise TraceError(
                f"{line_of(f)}: {name_of(f)} left a Value of its trace behind (in an attribute, a global, a "
                "cache), where it would be taken for a number that stays; return it instead"
            )
    return traced


def _run(f, arguments, numbers, decisions) -> tuple[Traced, list[weakref.ref]]:
    """The traced function, and its first and last Values, none of which should outlive it."""
    tracer = Tracer(decisions)
    before, silent = set_tracer(tracer), set_silent(False)
    try:
        inputs = [Value(x) for x in numbers]
        args, kwargs = put_together(("tuple", arguments), inputs)
        result = f(*args, **kwargs)
        form, outputs = _result(f, result)
    except (IndexError, TypeError) as error:
        if words := of_numpy(error):
            raise TraceError(words) from error
        raise
    finally:
        set_tracer(before)
        set_silent(silent)
    program, captured = recorded(tracer.number, inputs, outputs, tracer.guards)
    made = [v for v in [*inputs, *outputs] if isinstance(v, Value) and v._trace == tracer.number]
    return Traced(program, form, captured), list(map(weakref.ref, made))


def drew(f: Any) -> str:
    return (
        f"{line_of(f)}: {name_of(f)} drew random numbers while it was traced, and a Program would repeat "
        "them; draw them outside, and pass them in"
    )


def _result(f, result) -> tuple[Form, list[Any]]:
    outputs: list[Any] = []
    try:
        form = take_apart(result, outputs, numeric=True)
        others = list(statics(form))
    except TypeError:  # as an argument, too, it would be refused
        others = [result]
    for word in others:
        missing = " (is a return missing?)" if word is None else ""
        raise TraceError(
            f"{line_of(f)}: {name_of(f)} returned {word!r:.60}{missing}; a compiled function returns "
            "numbers, and lists, tuples, dicts and arrays of them"
        )
    flat: list[Any] = []
    for x in outputs:
        flat.extend(x.flat) if isinstance(x, np.ndarray) else flat.append(x)
    return _plain(form), flat


def _plain(form: Form) -> Form:
    """``form`` without the difference between a number and a Value, an array and one of objects."""
    kind = form[0]
    if kind == "number":
        return "number", False
    if kind == "objects":
        return "array", form[1]
    return form if kind == "array" else (*form[:-1], tuple(map(_plain, form[-1])))


def _chance() -> tuple[Any, Any]:
    """The states of the global generators; NumPy's are loaded by whoever first asks for them."""
    loaded = "numpy.random" in sys.modules
    return random.getstate(), list(np.random.get_state(legacy=True))[1:] if loaded else [None]


def _same_chance(before, after) -> bool:
    (ours, (keys, *rest)), (ours_after, (keys_after, *rest_after)) = before, after
    return ours == ours_after and rest == rest_after and np.array_equal(keys, keys_after)


# ---- what is asked instead of a Value while a function is traced (engine.set_tracer)
class Tracer:
    """Watches one run of one function in one thread."""

    def __init__(self, decisions: Sequence[bool]):
        self.number = next(_numbers)
        self.decisions = decisions
        self.guards: list[tuple[Value, bool, str]] = []

    def data(self, v: Value) -> Value:
        return apply(TABLE["detach"], v)

    def compare(self, name: str, x: Any, y: Any) -> Any:
        nodes = isinstance(x, Value) and isinstance(y, Value) and name in ("eq", "ne") and x is not y
        if nodes and not isinstance(x, Condition) and not isinstance(y, Condition):
            raise TraceError(
                f"{source_line()}: == between two Values asks whether they are the same node, which a "
                "Program cannot; to compare the numbers write a - b == 0"
            )
        return _condition(name, x, y)

    def truth(self, v: Value) -> bool:
        k = len(self.guards)
        truth = self.decisions[k] if k < len(self.decisions) else v._data != 0.0
        self.guards.append((v, truth, source_line()))
        return truth

    def refuse(self, what: str, v: Value, instead: str = "") -> NoReturn:
        cure = CURES.get(what) or f"its number differs from call to call: write {instead}"
        raise TraceError(f"{source_line()}: cannot {what} in a function that is compiled; {cure}")


class Condition(Value):
    """A comparison in a trace: 0 or 1 in arithmetic; a guard when Python asks for its truth."""

    def __and__(self, other):
        return _condition("and", self, other)

    def __or__(self, other):
        return _condition("or", self, other)

    def __xor__(self, other):
        return _condition("ne", _condition("ne", self, 0.0), _condition("ne", other, 0.0))

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __invert__(self):
        return _condition("not", self)

    def __int__(self):
        return int(bool(self))

    __index__ = __int__


def _condition(name: str, *operands: Any) -> Any:
    kept: list[Any] = []
    for x in operands:
        if not isinstance(x, Value) and not is_number(x):
            return NotImplemented
        kept.append(x if isinstance(x, Value) else float(x))
    condition = Condition.__new__(Condition)
    row = TABLE[name]
    Value.__init__(condition, evaluate_ieee(row, [x._data if isinstance(x, Value) else x for x in kept]))
    condition._recipe = row, tuple(kept)
    return condition


# ---- a Program inside another trace
def inline(program: Program, operands: Sequence[Any]) -> tuple[list[Any], list[bool]]:
    """Run a Program on Values, inside another trace: its outputs, and the truths of its guards.

    Where a guard has another truth than the Program's, the walk ends there.
    """
    values: list[Any] = list(operands)
    rows = list(TABLE.values())
    for i in range(program.inputs, len(program)):
        instruction = program[i]
        if instruction.name == "constant":
            values.append(instruction.number)
            continue
        given = [values[k] for k in instruction.operands]
        row = rows[int(program.code[i])]
        traced = any(isinstance(x, Value) for x in given)
        values.append(apply(row, *given) if traced else evaluate_ieee(row, given))
    truths = []
    for guard in program.guards:
        truths.append(bool(values[guard.condition]))
        if truths[-1] != guard.truth:
            break
    return [values[i] for i in program.outputs], truths


def is_traced() -> bool:
    """Whether this thread is tracing a function."""
    return get_tracer() is not None
