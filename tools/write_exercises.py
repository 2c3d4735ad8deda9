"""Write ``docs/exercises.md``, ``docs/answers.md`` and their pictures: ``python tools/write_exercises.py``.

Takes: the steps of the checker that have a picture (``src/gradloom/check``), the one source.
Gives: both pages and, in ``docs/exercises/``, each graph twice: with empty gradients, and filled in.
Promises: every number in an answer was computed by the code that stands there.
``tests/test_exercises.py`` fails when a page or a picture is stale.
"""

import contextlib
import io
from pathlib import Path

from gradloom import Value
from gradloom.check import STEPS
from gradloom.check.report import PARTS
from gradloom.check.step import gives

DOCS = Path(__file__).parents[1] / "docs"
NOTE = "<!-- Written by tools/write_exercises.py from src/gradloom/check: edit that. -->"
EXERCISES = [step for step in STEPS if step.picture]

QUESTIONS = f"""{NOTE}

# Exercises

Each graph below is complete but for its gradients. Fill them in with a pencil, from the result back to the
inputs: the result gets 1, and each node hands to each operand its local derivative times its own gradient.
What arrives twice is added. The rules are in the [lesson](lesson.md), the solutions in
[answers](answers.md).

Where gradients stand below a graph, engines with a mistake have found them. What is the mistake?

If you have written a `Value` of your own, `gradloom check FILE.py` asks it the same and more, and says
what is likely wrong where its numbers differ.

```python
from gradloom import Value
```
"""

ANSWERS = f"""{NOTE}

# Answers

To the [exercises](exercises.md).

```python
from gradloom import Value
```
"""


def graph(step):
    """The names of a step's code after it has run, every Value with its name as label."""
    names = {"Value": Value}
    exec(step.code, names)
    for name, x in names.items():
        if isinstance(x, Value):
            x.label = x.label or name
    return names


def pictures():
    """From the path of each picture, below ``docs``, to its Drawing."""
    found = {}
    for number, step in enumerate(EXERCISES, 1):
        root = graph(step)[step.picture]
        found[f"exercises/{number}-blank.svg"] = root.draw(blank="grad")
        found[f"exercises/{number}.svg"] = root.draw()
    return found


def questions():
    """The page of exercises."""
    parts = [QUESTIONS]
    for number, step, opening in numbered():
        parts += opening
        parts.append(f"```python\n{step.code}\n```\n")
        parts.append(f"![{step.title}, with empty gradients](exercises/{number}-blank.svg)\n")
        parts.append("".join(f"- {letter}: {found}.\n" for letter, found, _ in mistaken(step)))
    return "\n".join(filter(None, parts))


def answers():
    """The page of answers; what the code prints is what it printed here."""
    parts = [ANSWERS]
    for number, step, opening in numbered():
        shows = "\n".join(f'print("{name} =", round({name}, 4))' for name in step.expect)
        code = f"{step.code}\n{shows}\n"
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, {"Value": Value})
        parts += opening
        parts.append(f"{step.why}\n")
        parts.append(f"```python\n{code}```\n\n```text\n{printed.getvalue()}```\n")
        parts.append(f"![{step.title}, with its gradients](exercises/{number}.svg)\n")
        mistakes = (
            f"- {letter}: {found}. {cause.says} Write `{cause.write}`.\n"
            for letter, found, cause in mistaken(step)
        )
        parts.append("".join(mistakes))
    return "\n".join(filter(None, parts))


def mistaken(step):
    """The wrong numbers that have a cause: a letter, what an engine with the mistake finds, the cause."""
    causes = [
        cause for cause in step.causes if isinstance(cause.holds, gives) and ... not in cause.holds.things
    ]
    for letter, cause in zip("abcdefgh", causes, strict=False):
        found = zip(step.expect, cause.holds.things, strict=False)
        yield letter, ", ".join(f"`{name}` is {thing:.4g}" for name, thing in found), cause


def numbered():
    """Each exercise: its number, its step, and the headings that stand above it."""
    part = None
    for number, step in enumerate(EXERCISES, 1):
        opening = [] if step.lesson == part else [f"## {PARTS[step.lesson]}\n"]
        part = step.lesson
        yield number, step, [*opening, f"### {number}. {step.title}\n"]


def main():
    """Write the pages and the pictures."""
    (DOCS / "exercises").mkdir(exist_ok=True)
    for path, drawing in pictures().items():
        drawing.save(DOCS / path)
    (DOCS / "exercises.md").write_text(questions(), encoding="utf-8")
    (DOCS / "answers.md").write_text(answers(), encoding="utf-8")


if __name__ == "__main__":
    main()
