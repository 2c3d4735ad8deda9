"""What a step of the check is, and how a cause is recognised.

Takes: nothing; these are the words in which ``nodes.py`` and ``operations.py`` are written.
Gives: ``Step``, a row; ``Found``, what came of running it; ``Cause``, and the predicates ``gives``,
``raises``, ``runs_on``, ``alone`` and ``unexplained`` (wrong numbers, and nothing before them).
Promises: a predicate looks at what was found and at nothing else, and raises nothing.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = ["Cause", "Found", "Step", "TooLong", "agree", "alone", "gives", "raises", "runs_on", "unexplained"]


class TooLong(BaseException):
    """The time for a step is over. No Exception, so that a learner's ``except Exception`` lets it pass."""


class Found(NamedTuple):
    """What a step gave: one thing for each that was expected, or the error that ended it."""

    things: tuple[Any, ...] = ()
    error: BaseException | None = None
    kind: type = object  # the class that is checked
    earlier: bool = False  # whether a step before this one went wrong


class Cause(NamedTuple):
    """One cause of a failure: how it is recognised, what it is, and the line to write."""

    holds: Callable[[Found], bool]
    says: str
    write: str = ""


class Step(NamedTuple):
    """One row: what is asked, the code on the class, what must come of it, and what it needs.

    ``expect`` maps expressions to numbers, truths or texts; ``gives`` names numbers in its order.
    ``picture`` is the name of the root, where the step is an exercise too.
    """

    lesson: int
    title: str
    code: str
    expect: dict[str, Any]
    needs: str
    why: str
    causes: tuple[Cause, ...] = ()
    picture: str = ""


def agree(expected, found):
    """Whether what was found is what was expected; numbers agree to a millionth."""
    if isinstance(expected, (bool, str)):
        return type(found) is type(expected) and found == expected
    if isinstance(found, str):
        return False
    try:
        return math.isclose(float(found), expected, rel_tol=1e-6, abs_tol=1e-9)
    except Exception:  # whatever the learner's own __float__ says
        return False


# ---- predicates
class gives:
    """These things were found, in the order of the row's ``expect``; ``...`` stands for any."""

    def __init__(self, *things):
        self.things = things

    def __call__(self, found):
        pairs = zip(self.things, found.things, strict=False)
        return found.error is None and all(x is ... or agree(x, y) for x, y in pairs)


def raises(kind, *words):
    """An error of this kind, with all of these words in its message."""
    return lambda found: (
        isinstance(found.error, kind) and all(word in _message(found.error) for word in words)
    )


def _message(error):
    try:
        return str(error)
    except Exception:  # a learner's error may have a __str__ of its own
        return ""


runs_on = raises(TooLong)


def alone(holds):
    """This holds, and no step before it went wrong."""
    return lambda found: not found.earlier and holds(found)


unexplained = alone(gives())
