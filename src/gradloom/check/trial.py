"""One step, run on a class: what came of it, and the likeliest cause if it is not what was expected.

Takes: a row of the table and the learner's class.
Gives: ``trials``, a ``Result`` for each row; ``ended_by``, the Result of a row
that took its process with it.
Promises: a row whose needs are missing is not run. What the class prints is swallowed. A row is stopped
after some seconds wherever it runs Python, with the line at which it was; a Result is plain text and
numbers, so that it can come from another process.
"""

import contextlib
import io
import linecache
import os
import sys
import time
import traceback
from typing import NamedTuple

from gradloom.check.causes import COMMON, WRITE
from gradloom.check.networks import NETWORKS
from gradloom.check.nodes import NODES
from gradloom.check.operations import OPERATIONS
from gradloom.check.step import Cause, Found, TooLong, agree
from gradloom.check.walks import WALKS

__all__ = ["SECONDS", "STEPS", "STILL", "Result", "ended_by", "limited", "trials"]

SECONDS = 3.0  # for one row; the slowest takes a hundredth of it
HURRIED = 0.25  # once a row has not ended, the others need not wait so long

STILL = "still running after"
_HERE = "<step>"

STEPS = (*NODES, *WALKS, *OPERATIONS, *NETWORKS)
"""THE TABLE: what the checker asks, in the order of the lesson."""


class Result(NamedTuple):
    """What came of a row: "right", "wrong" or "missing", and what to say of it."""

    lesson: int
    title: str
    state: str
    numbers: tuple[tuple[str, str, str], ...] = ()  # expression, expected, found
    error: str = ""
    cause: str = ""
    write: str = ""


def trials(kind, seconds=SECONDS, first=0, earlier=False):
    """Run the rows from number ``first`` on; yield the Result of each.

    Parameters
    ----------
    kind : type
        The learner's class.
    seconds : float
        For one row.
    first : int
        The number of the first row to run.
    earlier : bool
        Whether a row before that went wrong.
    """
    probe = _probe(kind, seconds)
    for step in STEPS[first:]:
        result = _try(step, kind, probe, seconds, earlier)
        earlier |= result.state == "wrong"
        if result.error.startswith(STILL):
            seconds = min(seconds, HURRIED)
        yield result


def ended_by(step, error, earlier):
    """The Result of a row whose whole process ended with this error."""
    cause = _cause(step, Found((), error, earlier=earlier))
    return Result(step.lesson, step.title, "wrong", (), _error(error, object), cause.says, cause.write)


def _try(step, kind, probe, seconds, earlier):
    missing = next((name for name in step.needs.split() if not _has(probe, name)), "")
    if missing:
        return Result(step.lesson, step.title, "missing", cause=missing, write=WRITE.get(missing, ""))
    found = _run(step, kind, seconds)._replace(earlier=earlier)
    pairs = list(zip(step.expect.items(), found.things, strict=False))
    if found.error is None and all(agree(expected, thing) for (_, expected), thing in pairs):
        state, cause = "right", Cause(bool, "")
    else:
        state, cause = "wrong", _cause(step, found)
    numbers = tuple((name, _text(expected), _text(thing)) for (name, expected), thing in pairs)
    error = "" if found.error is None else _error(found.error, kind)
    return Result(step.lesson, step.title, state, numbers, error, cause.says, cause.write)


def _probe(kind, seconds):
    """A Value whose attributes can be looked at; where none can be made, an object that has none."""
    with contextlib.suppress(Exception, TooLong, SystemExit), _quiet(), limited(seconds):
        return kind(2.0)
    return object()  # the first row asks for just this, and says what is wrong


def _has(probe, name):
    """Whether the class, or each Value of it, has something of its own by this name."""
    inherited = getattr(type(probe), name, None) is getattr(object, name, probe)
    return hasattr(probe, name) and not inherited


def _run(step, kind, seconds):
    names, things = {"Value": kind}, []
    try:
        with _quiet(), limited(seconds):
            exec(compile(step.code, _HERE, "exec"), names)
            for expression in step.expect:
                things.append(eval(compile(expression, _HERE, "eval"), names))  # noqa: PERF401
    except (Exception, TooLong, SystemExit) as error:
        return Found(tuple(things), error, kind)
    return Found(tuple(things), None, kind)


def _cause(step, found):
    for cause in (*step.causes, *COMMON):
        if cause.holds(found):
            return cause
    return Cause(bool, f"No usual cause fits. What should happen: {step.why}")


def _quiet():
    return contextlib.redirect_stdout(io.StringIO())


@contextlib.contextmanager
def limited(seconds):
    """Raise TooLong inside wherever Python runs after so many seconds."""
    end = time.monotonic() + seconds

    def watch(frame, event, argument):
        frame.f_trace_opcodes = True  # a loop on one line has no other events
        if time.monotonic() > end:
            raise TooLong(f"{STILL} {seconds:g} s")
        return watch

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        yield
    finally:
        sys.settrace(before)


# ---- in words
def _text(thing):
    if isinstance(thing, (bool, str)) or not hasattr(thing, "__float__"):
        return _cut(thing)
    try:
        number = float(thing)
    except Exception:  # a learner's class may have a __float__ of its own
        return _cut(thing)
    return f"{number:.10g}" if agree(number, round(number, 3)) else f"{number:.4f}"


def _cut(thing):
    try:
        text = repr(thing)
    except Exception:
        text = f"a {type(thing).__name__}"
    return text if len(text) <= 60 else f"{text[:57]}..."


def _said(error):
    try:
        text = f"{type(error).__name__}: {error}".rstrip(": ")
    except Exception:  # a learner's error may have a __str__ of its own
        text = type(error).__name__
    return text if len(text) <= 300 else f"{text[:297]}..."


def _error(error, kind):
    """An error on one line, and the learner's own line that it comes from."""
    says = str(error) if isinstance(error, TooLong) else _said(error)
    files = {f.__code__.co_filename for f in vars(kind).values() if hasattr(f, "__code__")}
    frames = [f for f in traceback.extract_tb(error.__traceback__, limit=-40) if f.filename in files]
    if not frames:
        return says
    line = linecache.getline(frames[-1].filename, frames[-1].lineno or 0).strip()
    where = f"{os.path.basename(frames[-1].filename)}, line {frames[-1].lineno}"
    return f"{says}\n{where}: {line}" if line else f"{says}\n{where}"
