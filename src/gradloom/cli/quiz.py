"""``gradloom lesson --quiz``: each number is asked before it is shown.

Takes: what the lesson's own code printed or drew, and which numbers of it are asked (``steps.py``).
Gives: ``Quiz``, which asks, hints once, tells, and keeps the score of each step.
Promises: there is no second list of numbers. A number within 1 % is right; where the answer is 0, one
within a millionth. What is no number costs nothing.
"""

import math
import re

from gradloom.cli.console import say

__all__ = ["Leave", "Quiz", "blanks", "hint", "is_right"]

_NUMBER = r"-?(?<![\w.])\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w.]*\w)"
_HOW = "A number, please: -1.5, 1e-3 and 1/2 are some. Enter passes, q stops."


class Leave(Exception):
    """The learner, or the end of the input, stops the quiz."""


def blanks(text, ask):
    """The places of the numbers that are asked, as (start, end): all, or those behind the word ``ask``."""
    before = rf"(?<!\w){re.escape(ask)}(?!\w)[^\w\n-]*" if ask != "all" else ""
    return [found.span(1) for found in re.finditer(f"{before}({_NUMBER})", text)]


def is_right(said, answer):
    """Within 1 % of the answer; within a millionth where that is 0."""
    return abs(said - answer) <= (0.01 * abs(answer) if answer else 1e-6)


def hint(said, answer):
    """One hint, from what was said (None: nothing)."""
    for holds, words in _HINTS:
        if said is not None and holds(said, answer):
            return words
    width = 5 if answer == int(answer) else 1
    low = int(answer // width) * width
    return f"It lies between {low} and {low + width}."


_HINTS = (
    (lambda said, answer: answer == 0.0, "It moves nothing."),
    (lambda said, answer: is_right(-said, answer), "The size is right. Which way does it go?"),
    (lambda said, answer: is_right(2 * said, answer), "Is there a second way that you have not counted?"),
    (lambda said, answer: abs(said - answer) <= 0.1 * abs(answer), "Close. Within 1 % is enough."),
)
"""What was said, and what to say of it; else the neighbourhood of the answer."""


def _number(text):
    """The number in a learner's answer, or None; 1/2 is one too."""
    above, _, below = text.replace(" ", "").replace(",", ".").partition("/")
    try:
        number = float(above) / float(below or 1)
    except (ValueError, ZeroDivisionError):
        return None
    return number if math.isfinite(number) else None


class Quiz:
    """Asks for numbers, and counts.

    Attributes
    ----------
    score : dict of str to [int, int]
        For each heading with questions: how many were right, and how many were asked.
    """

    def __init__(self):
        self.score = {}

    def ask(self, text, which, heading):
        """Ask for the numbers ``which`` of a text, each in its line; what is still to come is dots.

        Raises
        ------
        Leave
            The learner stops.
        """
        places = blanks(text, which)
        for i, (start, end) in enumerate(places):
            hidden = text
            for first, last in reversed(places[i:]):
                hidden = hidden[:first] + ("?" if first == start else "...") + hidden[last:]
            say(f"  | {_line(hidden, start)}")
            right = self._asked(float(text[start:end]), text[start:end])
            counted = self.score.setdefault(heading, [0, 0])
            counted[0] += right
            counted[1] += 1
        say("")

    def _asked(self, answer, shown):
        """Ask for one number: a second time after a hint, then tell. Whether it was right."""
        for told in (lambda said: say(f"Not yet. {hint(said, answer)}"), lambda said: say(f"It is {shown}.")):
            said = self._said()
            if said is not None and is_right(said, answer):
                say("Right.")
                return True
            told(said)
        return False

    def _said(self):
        """A number, or None where the learner passes."""
        while True:
            try:
                text = input("? ").strip()
            except EOFError:
                say("")
                raise Leave from None
            if text.lower() in ("q", "quit", "exit"):
                raise Leave
            number = _number(text)
            if number is not None or not text:
                return number
            say(_HOW)

    def summary(self):
        """The score as text: a line for each step, and all of it."""
        if not self.score:
            return "No number was asked."
        widest = max(map(len, self.score))
        lines = [f"{heading:{widest}}  {right} of {asked}" for heading, (right, asked) in self.score.items()]
        right, asked = map(sum, zip(*self.score.values(), strict=True))
        return "\n".join([*lines, f"{'All':{widest}}  {right} of {asked}"])


def _line(text, place):
    """The line of a text that goes through a place."""
    return text[text.rfind("\n", 0, place) + 1 :].partition("\n")[0].strip()
