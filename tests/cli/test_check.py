"""gradloom check: the list, its exit code, and files that do anything at all."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gradloom.check import STEPS, apart
from gradloom.check.apart import FileProblem, trials_of_file
from gradloom.cli import main

sys.path.insert(0, str(Path(__file__).parents[1] / "check"))
from engines import BACKWARD, INNER, LOOP, RIGHT, mutated


@pytest.fixture
def mine(tmp_path):
    """A function that writes a learner's file, and its path."""

    def write(source):
        path = tmp_path / "mine.py"
        path.write_text(source, encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def impatient(monkeypatch):
    """So that a process is ended soon."""
    monkeypatch.setattr(apart, "GRACE", 1.0)


# ---- the list
def test_a_right_engine(mine, capsys):
    assert main(["check", mine(RIGHT)]) == 0
    shown = capsys.readouterr().out
    assert "  [x] b = a + a                                           b.data = 6  a.grad = 2\n" in shown
    assert shown.index("3. Numbers that remember") < shown.index("8. A network that learns")
    everything = f"{len(STEPS)} right, 0 wrong, 0 not there yet."
    assert shown.endswith(f"{everything} It does all that the lesson asks.\n")


def test_a_wrong_engine(mine, capsys):
    source = mutated("self.grad += 1.0 * out.grad", "self.grad = 1.0 * out.grad")
    assert (
        main(["check", mine(mutated("other.grad += 1.0 * out.grad", "other.grad = 1.0 * out.grad", source))])
        == 1
    )
    shown = capsys.readouterr().out
    assert "        a.grad   expected 2, found 1\n" in shown
    assert "`_backward` of `+` writes `=` where `+=` belongs" in shown
    assert "Mend 'a node used twice speaks after both have answered' first" in shown


def test_what_is_not_there_yet_is_not_wrong(mine, capsys):
    source = RIGHT.partition("    def __mul__")[0]
    assert main(["check", mine(source)]) == 0
    shown = capsys.readouterr().out
    assert "not there yet: __mul__\n          def __mul__(self, other):" in shown
    assert "Next: __mul__, for 'd = a * b'." in shown


def test_a_class_of_another_name(mine, capsys):
    assert main(["check", mine(RIGHT.replace("Value", "Number")), "--name", "Number"]) == 0
    assert main(["check", mine(RIGHT.replace("Value", "Number"))]) == 1
    assert "has no class named Value; it has Number: choose with --name" in capsys.readouterr().err


def test_a_console_that_knows_only_ascii(mine):
    path = mine(mutated("out._backward = _backward  # add", "raise ValueError('\u2207 \u4e2d')"))
    done = subprocess.run(
        [sys.executable, "-m", "gradloom", "check", path],
        env=dict(os.environ, PYTHONIOENCODING="ascii"),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr.decode()
    assert "ValueError: ? ?" in done.stdout.decode("ascii")
    assert done.stderr == b""


def test_a_terminal_gets_colours(mine, monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    written = []

    class Terminal:
        encoding = "utf-8"
        isatty = staticmethod(lambda: True)
        write = staticmethod(written.append)
        flush = staticmethod(lambda: None)

    monkeypatch.setattr(sys, "stdout", Terminal())
    status = main(["check", mine(RIGHT)])
    monkeypatch.undo()
    assert status == 0
    assert "\x1b[32m  [x] b = a + a" in "".join(written)


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "soon"])
def test_a_time_that_is_none(mine, seconds):
    with pytest.raises(SystemExit) as stop:
        main(["check", mine(RIGHT), "--seconds", seconds])
    assert stop.value.code == 2


# ---- files that do anything at all
def test_what_the_file_prints_asks_and_leaves_running_does_no_harm(mine, capfd):
    extra = "\nimport sys, threading, time\nprint('\u2207 noise')\nprint('noise', file=sys.stderr)\n"
    extra += "threading.Thread(target=time.sleep, args=(1000,)).start()\n"
    extra += "try:\n    input('name? ')\nexcept EOFError:\n    pass\n"
    extra += "if __name__ == '__main__':\n    raise ValueError('not reached')\n"
    assert main(["check", mine(RIGHT + extra)]) == 0
    out, err = capfd.readouterr()
    assert "noise" not in out + err


def test_the_files_own_folder_is_searched_for_its_imports(mine, tmp_path):
    (tmp_path / "beside.py").write_text(RIGHT)
    assert main(["check", mine("from beside import Value\n")]) == 0


def test_an_error_in_the_file_is_shown_as_it_is(mine, capsys):
    assert main(["check", mine(RIGHT + "\ndef train():\n    return 1 / 0\n\ntrain()\n")]) == 1
    shown = capsys.readouterr().err
    line = RIGHT.count("\n") + 3
    assert "Traceback (most recent call last):\n  File " in shown
    assert f'mine.py", line {line}, in train\n    return 1 / 0' in shown
    assert shown.rstrip().endswith("ZeroDivisionError: division by zero")
    assert "apart.py" not in shown


def test_a_syntax_error_is_shown_with_its_line(mine, capsys):
    assert main(["check", mine("class Value\n    pass\n")]) == 1
    shown = capsys.readouterr().err
    assert 'mine.py", line 1\n    class Value\n' in shown
    assert "SyntaxError" in shown


def test_a_file_that_does_not_end_shows_its_line(mine):
    path = mine(f"{RIGHT}\nwhile True: pass\n")
    with pytest.raises(
        FileProblem, match=r"still running after 0\.5 s, in line \d+: while True: pass\nWhat trains"
    ):
        list(trials_of_file(path, loading=0.5))


@pytest.mark.usefixtures("impatient")
def test_a_file_that_waits_outside_of_python_is_ended(mine):
    path = mine("import time\ntime.sleep(1000)\n")
    with pytest.raises(FileProblem, match=r"mine\.py is still running after 1\.5 s\.\nWhat trains"):
        list(trials_of_file(path, loading=0.5))


def test_a_file_that_ends_its_process(mine):
    with pytest.raises(FileProblem, match=r"mine\.py is ending the process with exit code 7"):
        list(trials_of_file(mine("import os\nos._exit(7)\n")))
    with pytest.raises(FileProblem, match=r"SystemExit: 7"):
        list(trials_of_file(mine("import sys\nsys.exit(7)\n")))


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("import time; time.sleep(1000)", "still running after 1.2 s"),
        ("import os; os._exit(7)", "SystemExit: 7"),
    ],
)
def test_a_step_that_takes_its_process_with_it_fails_and_the_next_goes_on(mine, body, error):
    once = f"        if self.data == 4.0 and len(topo) == 5:\n            {body}\n"
    results = list(trials_of_file(mine(mutated(LOOP, once + LOOP)), seconds=0.2))
    wrong = [(result.title, result.error) for result in results if result.state == "wrong"]
    assert wrong == [(BACKWARD, error), (INNER, error)]  # the two with this graph
    assert len(results) == len(STEPS)


def test_a_file_whose_every_step_ends_the_process_is_given_up(mine, capsys):
    assert main(["check", mine(mutated(LOOP, "        import os; os._exit(7)\n"))]) == 1
    out, err = capsys.readouterr()
    assert out.count("[!]") == apart.ENDED
    assert "the others are left out" in err


def test_what_cannot_be_read(mine, capsys, tmp_path):
    assert main(["check", str(tmp_path / "none.py")]) == 1
    assert "none.py" in capsys.readouterr().err
    assert main(["check", str(tmp_path)]) == 1
    assert main(["check", str(tmp_path / "none.ipynb")]) == 1
    assert "none.ipynb" in capsys.readouterr().err


# ---- notebooks
@pytest.fixture
def notebook(tmp_path):
    """A function that writes a learner's notebook of these cells, and its path."""

    def write(*sources):
        cells = [{"cell_type": "markdown", "source": ["1 / 0\n"]}]
        cells += [{"cell_type": "code", "source": source} for source in sources]
        path = tmp_path / "mine.ipynb"
        path.write_text(json.dumps({"cells": cells, "nbformat": 4}), encoding="utf-8")
        return str(path)

    return write


def test_the_cells_of_a_notebook_are_one_file(notebook, capsys):
    imports, _, rest = RIGHT.partition("class Value")
    magic = "%matplotlib inline\n!pip install something\n"
    cells = [
        magic + imports,
        f"class Value{rest}".splitlines(keepends=True),
        "%%bash\necho 1",
        "%%time\nValue(1.0)",
    ]
    assert main(["check", notebook(*cells)]) == 0
    assert f"{len(STEPS)} right" in capsys.readouterr().out


def test_an_error_in_a_notebook_names_the_cell(notebook, capsys):
    broken = mutated("out._backward = _backward  # add", "raise ValueError('no')")
    assert main(["check", notebook("import math", broken)]) == 1
    assert "mine.ipynb, cell 2, line" in capsys.readouterr().out
    assert main(["check", notebook(RIGHT, "%time\n\n1 / 0")]) == 1
    shown = capsys.readouterr().err
    assert 'mine.ipynb, cell 2", line 3, in <module>\n    1 / 0' in shown
    assert main(["check", notebook(RIGHT, "1 +")]) == 1
    assert 'mine.ipynb, cell 2", line 1\n    1 +' in capsys.readouterr().err
    path = notebook(RIGHT, "while True: pass")
    with pytest.raises(FileProblem, match=r"after 0\.5 s, in cell 2, line 1: while True: pass"):
        list(trials_of_file(path, loading=0.5))


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"cells": 1}', '{"cells": [{"cell_type": "code"}]}', "[1]"]
)
def test_a_file_that_is_no_notebook(tmp_path, capsys, content):
    (tmp_path / "mine.ipynb").write_text(content)
    assert main(["check", str(tmp_path / "mine.ipynb")]) == 1
    assert "is no notebook of format 4" in capsys.readouterr().err
