"""The checker on right engines, on many that are wrong in one line, and on classes that are half written."""

import math
import sys
from pathlib import Path

import pytest

import gradloom
from gradloom import check_engine
from gradloom.check import STEPS
from gradloom.check.causes import WRITE
from gradloom.check.report import PARTS
from gradloom.check.step import Found, agree, gives, unexplained

sys.path.insert(0, str(Path(__file__).parent))
import engines
from engines import MISSING, MUTATIONS, RIGHT, engine, mutated

UNNAMED = ("No usual cause fits", "Mend what is wrong above")


def states(report):
    return {result.title: result.state for result in report.results}


# ---- right engines
@pytest.mark.parametrize("kind", [engine(RIGHT), gradloom.Value], ids=["sixty lines", "gradloom"])
def test_a_right_engine_passes_every_step(kind):
    report = check_engine(kind)
    assert set(states(report).values()) == {"right"}, report
    assert report.passed
    assert [result.title for result in report.results] == [step.title for step in STEPS]
    assert "It does all that the lesson asks." in str(report)


def test_micrograds_own_engine_has_one_trap_and_lacks_what_the_lecture_adds():
    kind = pytest.importorskip("micrograd.engine").Value
    found = states(check_engine(kind))
    assert [title for title, state in found.items() if state == "wrong"] == [engines.INNER]
    waiting = {r.cause for r in check_engine(kind).results if r.state == "missing"}
    assert waiting == {"label", "tanh", "exp", "zero_grad"}


def test_a_class_of_another_name_and_other_operands():
    source = RIGHT.replace("Value", "Number").replace("set(_children)", "_children")  # a tuple does as well
    names = {}
    exec(source, names)
    assert check_engine(names["Number"]).passed


# ---- wrong ones
@pytest.mark.parametrize(("old", "new", "title", "words"), MUTATIONS)
def test_the_cause_of_one_wrong_line_is_named(old, new, title, words):
    report = check_engine(engine(mutated(old, new)), seconds=1.0)
    wrong = {result.title: result.cause for result in report.results if result.state == "wrong"}
    assert not report.passed
    assert words in wrong.get(title, f"{title} is right"), report
    first = next(iter(wrong.values()))
    assert not first.startswith(UNNAMED), report


def test_walking_each_way_by_itself_is_noticed_on_the_smallest_graph_that_shows_it():
    source = mutated("            if v not in visited:\n", "            if True:\n")
    report = check_engine(engine(mutated("set(_children)", "_children", source)), seconds=0.2)
    wrong = {result.title: result.cause for result in report.results if result.state == "wrong"}
    assert "once for each way" in wrong["b = a + a; c = b + b"]


def test_every_step_with_causes_has_an_engine_that_fails_it():
    tried = {title for _, _, title, _ in MUTATIONS}
    tried |= {"b = a + a; c = b + b", "and so it does on the other side"}  # as the step before them
    assert {step.title for step in STEPS if step.causes} <= tried


@pytest.mark.parametrize(("lines", "title", "need"), MISSING)
def test_what_is_missing_is_not_there_yet(lines, title, need):
    report = check_engine(engine(mutated(lines, "")))
    result = next(result for result in report.results if result.title == title)
    assert (result.state, result.cause, result.write) == ("missing", need, WRITE[need])
    assert f"not there yet: {need}" in str(report)


def test_a_class_that_has_just_begun_passes():
    class Value:
        def __init__(self, data):
            self.data = data

    report = check_engine(Value)
    assert report.passed
    assert list(states(report).values()).count("right") == 1
    assert "Next: grad, for 'a new number has the gradient 0'." in str(report)


def test_a_class_that_makes_no_number_fails_in_one_step_only():
    class Value:
        def __init__(self):
            pass

    report = check_engine(Value)
    assert [r.state for r in report.results].count("wrong") == 1
    assert "default" in report.results[0].cause


def test_an_instance_is_refused():
    with pytest.raises(TypeError, match="your class itself, not Value; write Value"):
        check_engine(gradloom.Value(2.0))


# ---- whatever it does
def test_an_endless_loop_is_stopped_and_its_line_is_shown(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(mutated(engines.LOOP, "        while True: pass  # for ever\n"))
    names = {}
    exec(compile(path.read_text(), str(path), "exec"), names)
    report = check_engine(names["Value"], seconds=0.2)
    result = next(result for result in report.results if result.title == engines.BACKWARD)
    assert result.error.startswith("still running after 0.2 s\nmine.py, line ")
    assert "# for ever" in result.error
    assert "did not end" in result.cause


def test_an_error_is_shown_with_the_learners_own_line(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(mutated("t = (math.exp(2*x)", "t = (nath.exp(2*x)"))
    names = {}
    exec(compile(path.read_text(), str(path), "exec"), names)
    shown = str(check_engine(names["Value"]))
    assert "NameError: name 'nath' is not defined" in shown
    line = path.read_text()[: path.read_text().index("nath")].count("\n") + 1
    assert f"mine.py, line {line}: t = (nath.exp(2*x) - 1)" in shown


def test_what_the_class_prints_is_swallowed(capsys):
    check_engine(
        engine(mutated("out._backward = _backward  # add", "out._backward = _backward; print('noise')"))
    )
    assert capsys.readouterr().out == ""


def test_a_debugger_keeps_its_place():
    def watch(frame, event, argument):
        return None

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        check_engine(engine(RIGHT))
        assert sys.gettrace() is watch
    finally:
        sys.settrace(before)


@pytest.mark.parametrize(
    "line",
    [
        "raise SystemExit",
        "raise type('Odd', (Exception,), {'__str__': lambda self: 1 / 0})",
        "raise ValueError('x' * 1_000_000)",
        "return [1]*3",
        "return 'text'",
        "return math.nan",
        "return type('Odd', (), {'__float__': lambda self: 1 / 0, '__repr__': lambda self: 1 / 0})()",
    ],
)
def test_no_answer_stops_the_checker(line):
    source = mutated("        return out  # add\n", f"        {line}\n").replace(
        "import math", "nan = float('nan')"
    )
    report = check_engine(engine(source.replace("exit()", "import sys; sys.exit()")))
    assert not report.passed
    assert len(report.results) == len(STEPS)
    assert max(map(len, str(report).splitlines())) < 400


def test_a_cause_is_explained_once_and_named_again():
    """The operand of `*` is a bare number wherever it is one: the same cause in many steps."""
    shown = str(check_engine(engine(mutated("return out  # mul", "return out.data"))))
    assert shown.count("an operation returned its bare result") == 1
    assert shown.count("As above: A plain number stands where a Value belongs") > 2
    assert shown.count("out = Value(...); return out") == 1


# ---- the table
def test_every_need_has_what_to_write_and_every_part_its_heading():
    assert {need for step in STEPS for need in step.needs.split()} <= WRITE.keys()
    assert [step.lesson for step in STEPS] == sorted(step.lesson for step in STEPS)
    assert {step.lesson for step in STEPS} <= PARTS.keys()
    assert len({step.title for step in STEPS}) == len(STEPS)


def test_the_headings_are_those_of_the_lesson():
    from gradloom.cli.steps import Heading, read_lesson

    headings = {piece.text for piece in read_lesson() if isinstance(piece, Heading)}
    assert {f"## {number}. {title}" for number, title in PARTS.items()} <= headings


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.title)
def test_no_cause_names_the_right_numbers(step):
    right = Found(tuple(step.expect.values()))
    assert [
        cause.says for cause in step.causes if cause.holds(right) and cause.holds is not unexplained
    ] == []


def test_numbers_agree_to_a_millionth():
    assert agree(1.0, 1.0 + 1e-9)
    assert agree(0.0, -1e-12)
    assert not agree(1.0, 1.001)
    assert not agree(1.0, math.nan)
    assert not agree(1.0, "1.0")
    assert not agree(True, 1)
    assert gives(..., 2.0)(Found((7.0, 2.0)))
    assert not gives(2.0)(Found((2.0,), ValueError()))


def test_the_example_of_the_docstring():
    import doctest

    import gradloom.check

    failed, tried = doctest.testmod(gradloom.check)
    assert (failed, tried > 0) == (0, True)
