"""The exercises and their answers: as the tool writes them, empty where they ask, right where they answer."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOOL = runpy.run_path(str(ROOT / "tools" / "write_exercises.py"))
DOCS, EXERCISES = TOOL["DOCS"], TOOL["EXERCISES"]
PICTURES = TOOL["pictures"]()
STALE = "run: python tools/write_exercises.py"


def gradients(drawing):
    return re.findall(r"grad (\S+)", str(drawing))


@pytest.mark.parametrize("page", ["exercises", "answers"])
def test_the_page_is_not_stale(page):
    fresh = TOOL["questions" if page == "exercises" else "answers"]()
    assert (DOCS / f"{page}.md").read_text(encoding="utf-8") == fresh, STALE


def test_the_pictures_are_not_stale(contents):
    assert {f"exercises/{path.name}" for path in (DOCS / "exercises").iterdir()} == set(PICTURES), STALE
    for path, drawing in PICTURES.items():
        assert contents((DOCS / path).read_text(encoding="utf-8")) == contents(drawing.svg), (
            f"{path}: {STALE}"
        )


@pytest.mark.parametrize("number", range(1, len(EXERCISES) + 1))
def test_a_picture_asks_for_what_its_answer_shows(number):
    empty, full = PICTURES[f"exercises/{number}-blank.svg"], PICTURES[f"exercises/{number}.svg"]
    assert empty.svg.count("<text") < full.svg.count("<text")
    assert set(gradients(empty)) <= {"____", "<-"}, str(empty)
    step = EXERCISES[number - 1]
    shown = {float(x) for x in gradients(full)}
    for name, expected in step.expect.items():
        if name.endswith(".grad"):
            assert any(abs(expected - x) < 1e-4 for x in shown), name


def test_no_exercise_holds_its_answer():
    """The numbers that are asked stand in no code block, and the reasons only in the answers."""
    page = (DOCS / "exercises.md").read_text(encoding="utf-8")
    assert "print(" not in page
    assert [step.title for step in EXERCISES if step.why in page] == []
    assert page.count("-blank.svg)") == len(EXERCISES)


def test_every_mistake_has_its_answer():
    for step in EXERCISES:
        for letter, found, cause in TOOL["mistaken"](step):
            assert f"- {letter}: {found}.\n" in (DOCS / "exercises.md").read_text(encoding="utf-8")
            assert cause.says in (DOCS / "answers.md").read_text(encoding="utf-8")
