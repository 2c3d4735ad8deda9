"""How the lesson walks, stops, speaks to consoles and saves; mostly on a lesson of three small steps."""

import importlib.util
import os
import subprocess
import sys

import pytest

from gradloom.cli import lesson
from gradloom.cli.lesson import Folder, run
from gradloom.cli.steps import Code, Heading, Output, Picture, Prose, play, read_lesson


@pytest.fixture
def short(monkeypatch):
    """A lesson of three small steps."""
    pieces = [Heading("# Short"), Prose("Words and *more* words.")]
    for i in (1, 2, 3):
        pieces += [Heading(f"## {i}. Step"), Code(f"print('number', 10 + {i})\n")]
    draw = "from gradloom import Value\na = Value(2.0, label='a')\n(a * a).draw()\n"
    pieces += [Code(draw), Picture("A square", "lesson/square.svg")]
    monkeypatch.setattr(lesson, "read_lesson", lambda: pieces)
    return pieces


def without(monkeypatch, *names):
    """As if these packages were not installed."""
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in names else find(name))


# ---- walking
def test_all_steps_without_a_prompt(short, capsys, answer):
    answer(AssertionError("it asked"))
    assert run(all_steps=True) == 0
    shown = capsys.readouterr().out
    assert "number 11" in shown
    assert "number 13" in shown
    assert "A square" in shown


def test_enter_goes_on_and_q_stops(short, capsys, answer):
    answer("", "q")
    assert run() == 0
    shown = capsys.readouterr().out
    assert "number 12" in shown
    assert "number 13" not in shown


def test_the_end_of_the_input_stops_politely(short, capsys, answer):
    answer()
    assert run() == 0
    shown = capsys.readouterr().out
    assert "number 11" in shown
    assert "number 12" not in shown
    assert "after step 1 of 3" in shown
    assert "--all" in shown


def test_ctrl_c_stops_politely_and_saves_nothing(short, capsys, answer, tmp_path):
    answer(KeyboardInterrupt())
    assert run(save=str(tmp_path / "new")) == 130
    assert "Stopped" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_the_code_is_shown_before_it_runs(short, capsys):
    stream = play([Code("print('late')\n"), Prose("after")])
    assert next(stream) == Code("print('late')\n")
    assert capsys.readouterr().out == ""
    assert next(stream) == Output("late\n")


def test_what_is_not_installed_is_said_and_not_run(monkeypatch):
    without(monkeypatch, "torch")
    pieces = [Code("import torch\n1 / 0\n", "torch"), Picture("None", "lesson/none.svg"), Code("print(1)\n")]
    code, note, *rest = play(pieces)
    assert code.source.startswith("import torch")
    assert "torch is not installed" in note.text
    assert "pip install torch" in note.text
    assert rest == [Code("print(1)\n"), Output("1\n")]


def test_the_lesson_needs_no_optional_package(monkeypatch):
    """Nothing in a block that always runs leans on a name from one that may not."""
    without(monkeypatch, "torch", "matplotlib", "rich")
    pieces = [piece for piece in read_lesson() if not (isinstance(piece, Code) and piece.word == "live")]
    played = list(play(pieces))
    assert sum(isinstance(piece, Prose) and "not installed" in piece.text for piece in played) == 5
    assert any(isinstance(piece, Output) and "41 parameters, loss" in piece.text for piece in played)


# ---- consoles
class Terminal:
    """Standard output as a terminal of some encoding."""

    def __init__(self, encoding):
        self.encoding, self.text = encoding, ""

    def isatty(self):
        return True

    def write(self, text):
        text.encode(self.encoding)  # a console refuses what it does not know
        self.text += text
        return len(text)

    def flush(self):
        pass


def test_a_terminal_gets_colours(short, monkeypatch):
    pytest.importorskip("rich")
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys, "stdout", Terminal("utf-8"))
    run(all_steps=True)
    shown = sys.stdout.text
    monkeypatch.undo()
    assert "\x1b[" in shown
    assert "number 11" in shown
    assert "A square" in shown


def test_a_terminal_without_rich_gets_plain_text(short, monkeypatch):
    without(monkeypatch, "rich")
    monkeypatch.setattr(sys, "stdout", Terminal("utf-8"))
    run(all_steps=True)
    shown = sys.stdout.text
    monkeypatch.undo()
    assert "\x1b[" not in shown
    assert "number 11" in shown


def test_a_console_that_knows_only_ascii_gets_ascii(short, monkeypatch):
    short.append(Code("print('\u2500\u2192 na\u00efve')\n"))
    monkeypatch.setattr(sys, "stdout", Terminal("ascii"))
    assert run(all_steps=True) == 0
    shown = sys.stdout.text
    monkeypatch.undo()
    assert "-> na?ve" in shown
    assert "A square" in shown


def test_the_command_in_ascii():
    program = "from gradloom.cli.lesson import run; raise SystemExit(run())"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=dict(os.environ, PYTHONIOENCODING="ascii"),
        input=b"\n\nq\n",
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    shown = done.stdout.decode("ascii")
    assert shown.startswith("# Back-propagation in nine steps")
    assert "## 3." in shown
    assert "## 4." not in shown


# ---- saving
def test_save_writes_the_text_the_numbers_and_the_pictures(short, capsys, tmp_path):
    assert run(all_steps=True, save=str(tmp_path / "new" / "place")) == 0
    place = tmp_path / "new" / "place"
    written = sorted(path.relative_to(place).as_posix() for path in place.rglob("*"))
    assert written == ["lesson", "lesson.md", "lesson/square.png", "lesson/square.svg"]
    text = (place / "lesson.md").read_text(encoding="utf-8")
    assert "```python\nprint('number', 10 + 2)\n```\n\n```text\nnumber 12\n```" in text
    assert "![A square](lesson/square.svg)" in text
    assert str(place / "lesson.md") in capsys.readouterr().out


def test_save_keeps_what_was_walked(short, answer, tmp_path):
    answer("q")
    run(save=str(tmp_path))
    text = (tmp_path / "lesson.md").read_text(encoding="utf-8")
    assert "number 11" in text
    assert "number 12" not in text


def test_save_again_replaces_the_lesson_and_nothing_else(short, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    run(all_steps=True, save=str(tmp_path))
    run(all_steps=True, save=str(tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == {"notes.txt", "lesson.md", "lesson"}
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_save_into_a_file_says_so_and_writes_nothing(short, capsys, tmp_path):
    path = tmp_path / "taken.md"
    path.write_text("mine")
    with pytest.raises(NotADirectoryError, match=r"taken\.md is a file, or inside one; give a folder"):
        run(all_steps=True, save=str(path))
    with pytest.raises(NotADirectoryError, match=r"below is a file, or inside one"):
        run(all_steps=True, save=str(path / "below"))
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]
    assert capsys.readouterr().out == ""  # known before the first step


def test_a_step_that_fails_leaves_no_file(monkeypatch, tmp_path):
    broken = [Heading("## 1. Step"), Code("print(1)\n"), Code("1 / 0\n")]
    monkeypatch.setattr(lesson, "read_lesson", lambda: broken)
    with pytest.raises(ZeroDivisionError):
        run(all_steps=True, save=str(tmp_path / "new"))
    assert list(tmp_path.iterdir()) == []


def test_a_picture_is_kept_as_it_was_when_drawn(monkeypatch, tmp_path):
    pieces = [
        Code("from gradloom import Value\na = Value(2.0, label='a')\nb = a * a\nb.draw()\n"),
        Picture("Before", "lesson/before.svg"),
        Code("b.backward()\nb.draw()\n"),
        Picture("After", "lesson/after.svg"),
    ]
    monkeypatch.setattr(lesson, "read_lesson", lambda: pieces)
    run(all_steps=True, save=str(tmp_path))
    before, after = ((tmp_path / "lesson" / f"{name}.svg").read_bytes() for name in ("before", "after"))
    assert before != after
    assert before.count(b"4.0000") == 1  # the number alone
    assert after.count(b"4.0000") == 2  # the number, and the gradient of a


def test_results_of_one_machine_are_left_out_of_the_page(tmp_path):
    with Folder(tmp_path, live=False) as kept:
        kept.add(Output("0.1 seconds\n", live=True))
        kept.finish()
    assert "seconds" not in (tmp_path / "lesson.md").read_text(encoding="utf-8")
    assert Output("0.1 seconds\n", live=True).markdown() == "```text\n0.1 seconds\n```"
