"""The quiz: what is asked, what counts as right, one hint, and a score; mostly on three short steps."""

import re

import pytest

from gradloom.cli import lesson, main
from gradloom.cli.lesson import run
from gradloom.cli.quiz import blanks, hint, is_right
from gradloom.cli.steps import Code, Heading, Output, Picture, play, read_lesson

DRAW = "from gradloom import Value\na = Value(3.0, label='a')\nb = a * a\nb.backward()\nb.draw()\n"


@pytest.fixture
def short(monkeypatch):
    """Three steps: two numbers in a row, one behind a word, gradients in a picture."""
    pieces = [
        Heading("# Short"),
        Heading("## 1. Two"),
        Code("print('x1', -1.5)\nprint('y', 0.0)\n", "", "all"),
        Heading("## 2. One"),
        Code("print('b = 6.5   o = 0.25')\nprint('o is known')\n", "", "o"),
        Heading("## 3. Drawn"),
        Code(DRAW, "", "grad"),
        Picture("A square", "lesson/square.svg"),
    ]
    monkeypatch.setattr(lesson, "read_lesson", lambda: pieces)


def scores(shown):
    return re.findall(r"^(.*?) +(\d+) of (\d+)$", shown, re.MULTILINE)


# ---- asking
@pytest.mark.usefixtures("short")
def test_all_right(answer, capsys):
    waiting = answer("-1.5", "0", "0.25", "1", "6")
    assert run(all_steps=True, quiz=True) == 0
    shown = capsys.readouterr().out
    assert waiting == []
    assert shown.count("Right.") == 5
    assert scores(shown) == [
        ("1. Two", "2", "2"),
        ("2. One", "1", "1"),
        ("3. Drawn", "2", "2"),
        ("All", "5", "5"),
    ]


@pytest.mark.usefixtures("short")
def test_a_number_is_not_shown_before_it_is_asked(answer, capsys):
    answer("q")
    run(all_steps=True, quiz=True)
    shown = capsys.readouterr().out
    assert "  | x1 ?\n" in shown
    assert "  | x1 -1.5" not in shown
    answer("-1.5", "0", "0.25", "q")
    run(all_steps=True, quiz=True)
    shown = capsys.readouterr().out
    assert "  | b = 6.5   o = ?\n" in shown
    assert "  | data 9.0000 | grad ? <- *\n" in shown
    assert "grad 1.0000" not in shown


@pytest.mark.usefixtures("short")
def test_one_hint_and_then_the_answer(answer, capsys):
    answer("1.5", "7", "0", "q")
    assert run(all_steps=True, quiz=True) == 0
    shown = capsys.readouterr().out
    assert shown.count("Not yet. The size is right. Which way does it go?") == 1
    assert shown.index("Not yet.") < shown.index("It is -1.5.") < shown.index("Right.")
    assert scores(shown) == [("1. Two", "1", "2"), ("All", "1", "2")]


@pytest.mark.usefixtures("short")
def test_right_after_the_hint_counts(answer, capsys):
    answer("", "-1.5", "q")
    run(all_steps=True, quiz=True)
    shown = capsys.readouterr().out
    assert "Not yet. It lies between -2 and -1." in shown
    assert scores(shown)[-1] == ("All", "1", "1")


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(
    "nonsense", ["minus one", "1/0", "nan", "inf", "1e", "--2", "1/2/3", "\u4e2d", "9" * 400, "1e999999999"]
)
def test_nonsense_costs_nothing(answer, capsys, nonsense):
    answer(nonsense, nonsense, nonsense, "-3/2", "q")
    assert run(all_steps=True, quiz=True) == 0
    shown = capsys.readouterr().out
    assert shown.count("A number, please") == 3
    assert scores(shown)[-1] == ("All", "1", "1")


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("said", ["-1.5", " -1.5 ", "-1,5", "-3/2", "-15e-1", "-1.49", "-1.514"])
def test_what_counts_as_that_number(answer, capsys, said):
    answer(said, "q")
    run(all_steps=True, quiz=True)
    assert "Right." in capsys.readouterr().out


# ---- stopping
@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("last", [("q",), ("Q",), ()])
def test_stopping_is_polite_and_shows_the_score(answer, capsys, last):
    answer("-1.5", *last)
    assert run(all_steps=True, quiz=True) == 0
    shown = capsys.readouterr().out
    assert "Stopped. `gradloom lesson --quiz` starts again." in shown
    assert scores(shown)[-1] == ("All", "1", "1")


@pytest.mark.usefixtures("short")
def test_ctrl_c_too(answer, capsys):
    answer("-1.5", KeyboardInterrupt())
    assert run(all_steps=True, quiz=True) == 130
    shown = capsys.readouterr().out
    assert "Stopped." in shown
    assert scores(shown)[-1] == ("All", "1", "1")


@pytest.mark.usefixtures("short")
def test_stopping_at_once(answer, capsys):
    answer()
    assert run(all_steps=True, quiz=True) == 0
    assert capsys.readouterr().out.endswith("No number was asked.\n")


@pytest.mark.usefixtures("short")
def test_without_the_quiz_nothing_is_asked(answer, capsys):
    answer(AssertionError("it asked"))
    assert run(all_steps=True) == 0
    assert "?" not in capsys.readouterr().out


@pytest.mark.usefixtures("short")
def test_the_command(answer, capsys):
    answer("-1.5", "0", "", "0.25", "n", "q")
    assert main(["lesson", "--quiz"]) == 0  # Enter between the steps
    assert scores(capsys.readouterr().out)[-1] == ("All", "3", "3")


# ---- what is asked, and what is right
def test_within_one_per_cent_and_zero_within_a_millionth():
    assert is_right(0.7, 0.7071) is False
    assert is_right(0.701, 0.7071)
    assert is_right(14.0, 14.000003)
    assert is_right(9e-7, 0.0)
    assert not is_right(1e-5, 0.0)
    assert not is_right(-1.5, 1.5)


def test_names_with_digits_are_no_numbers():
    def asked(text, ask):
        return [text[start:end] for start, end in blanks(text, ask)]

    assert asked("x1 -1.5000\nw2  0.0000", "all") == ["-1.5000", "0.0000"]
    assert asked("33.0 99.0", "all") == ["33.0", "99.0"]
    assert asked("b = 6.7   n = 0.7   o = 0.6044", "o") == ["0.6044"]
    assert asked("a | data 2.0 | grad -3.0 <- **2", "grad") == ["-3.0"]
    assert asked("h = 1e-01", "all") == ["1e-01"]
    assert asked("order\n26", "order") == []


def test_hints():
    assert hint(5.0, 0.0) == "It moves nothing."
    assert hint(-0.5, 0.5) == "The size is right. Which way does it go?"
    assert hint(1.0, 2.0) == "Is there a second way that you have not counted?"
    assert hint(0.68, 0.7071) == "Close. Within 1 % is enough."
    assert hint(None, 0.7071) == hint(9.0, 0.7071) == "It lies between 0 and 1."
    assert hint(None, -6.0) == "It lies between -10 and -5."


def test_the_lesson_asks_in_every_step_that_has_numbers_and_all_answers_are_its_own(
    monkeypatch, answer, capsys
):
    """Every question of the lesson, answered with what the lesson itself prints."""
    pieces = [p for p in read_lesson() if not isinstance(p, Code) or p.word in ("", "matplotlib")]
    monkeypatch.setattr(lesson, "read_lesson", lambda: pieces)
    answers = []
    for piece in play(pieces):
        if isinstance(piece, (Output, Picture)) and piece.ask:
            text = piece.text if isinstance(piece, Output) else str(piece.shown)
            found = [text[start:end] for start, end in blanks(text, piece.ask)]
            assert found, text
            answers += found
    waiting = answer(*answers)
    assert run(all_steps=True, quiz=True) == 0
    assert waiting == []
    parts = scores(capsys.readouterr().out)
    assert [title[0] for title, _, _ in parts] == ["1", "2", "3", "4", "5", "7", "8", "A"]
    assert all(right == asked for _, right, asked in parts)
    assert answers[:6] == ["20", "14.000003", "4.0", "-3.000000", "2.000000", "1.000000"]
