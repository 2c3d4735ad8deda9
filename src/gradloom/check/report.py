"""A check as text: a list in the order of the lesson.

Takes: Results.
Gives: ``lines``, (style, text) pairs, one Result after the other; ``summary``, how it ended; ``Report``,
which is both as one text.
Promises: the text is ASCII as long as the learner's own is. What was said once is not said again.
"""

import textwrap

from gradloom.check.trial import Result

__all__ = ["PARTS", "Report", "lines", "summary"]

PARTS = {
    3: "Numbers that remember",
    4: "A neuron",
    5: "Let the nodes do it",
    6: "tanh, taken apart",
    7: "Gradients add up",
    8: "A network that learns",
}
"""The headings of the lesson."""

_WIDTH = 96
_TITLE = 50
_MARKS = {"right": "[x]", "wrong": "[!]", "missing": "[ ]"}


def lines(results):
    """Yield (style, text) for each Result as it comes; the styles are heading, right, wrong, ..."""
    part, told = None, set()  # type: ignore[var-annotated]  # needs, and pairs of cause and line
    for result in results:
        if result.lesson != part:
            part = result.lesson
            yield "heading", f"{part}. {PARTS[part]}"
        yield from _SHOWN[result.state](result, told)


def _right(result, told):
    line = f"  {_MARKS['right']} {result.title:{_TITLE}}"
    for name, _, found in result.numbers:  # as many as there is room for; a truth says no more than the mark
        shown = f"  {name} = {found}"
        if found not in ("True", "False") and len(line) + len(shown) <= _WIDTH:
            line += shown
    yield "right", line.rstrip()


def _missing(result, told):
    yield "missing", f"  {_MARKS['missing']} {result.title:{_TITLE}}  not there yet: {result.cause}"
    if result.write and result.cause not in told:
        yield "write", f"          {result.write}"
    told.add(result.cause)


def _wrong(result, told):
    yield "wrong", f"  {_MARKS['wrong']} {result.title}"
    widest = max((len(name) for name, _, _ in result.numbers), default=0)
    for name, expected, found in result.numbers:
        state = "right" if expected == found else "wrong"
        yield state, f"        {name:{widest}}   expected {expected}, found {found}"
    for line in result.error.splitlines():
        yield "wrong", f"        {line}"
    again = (result.cause, result.write) in told
    told.add((result.cause, result.write))
    cause = f"As above: {result.cause.partition('. ')[0].rstrip('.')}." if again else result.cause
    for line in textwrap.wrap(cause, _WIDTH - 6, break_on_hyphens=False, break_long_words=False):
        yield "cause", f"      {line}"
    if result.write and not again:
        yield "write", f"          {result.write}"


_SHOWN = {"right": _right, "wrong": _wrong, "missing": _missing}


def summary(results):
    """How the check ended, and what to do next."""
    count = {state: sum(result.state == state for result in results) for state in _MARKS}
    counted = f"{count['right']} right, {count['wrong']} wrong, {count['missing']} not there yet."
    if count["wrong"]:
        first = next(result for result in results if result.state == "wrong")
        others = " first: others may follow from it" if count["wrong"] > 1 else ""
        return f"{counted} Mend '{first.title}'{others}."
    if count["missing"]:
        following = next(result for result in results if result.state == "missing")
        return f"{counted} Next: {following.cause}, for '{following.title}'."
    return f"{counted} It does all that the lesson asks."


class Report:
    """What ``check_engine`` found; printing it shows the list.

    Attributes
    ----------
    results : tuple of Result
        One for each step: ``lesson``, ``title``, ``state`` ("right", "wrong", "missing"), ``numbers``,
        ``error``, ``cause`` and ``write``.
    passed : bool
        Whether nothing is wrong. What is not there yet is not wrong.
    """

    def __init__(self, results: tuple[Result, ...]):
        self.results = results

    @property
    def passed(self) -> bool:
        return all(result.state != "wrong" for result in self.results)

    def __repr__(self) -> str:
        return "\n".join([*(text for _, text in lines(self.results)), "", summary(self.results)])
