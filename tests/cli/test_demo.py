"""The command line's frame, and the demo: its training against micrograd, its files, its refusals."""

import io
import random
import subprocess
import sys

import micrograd.nn
import numpy as np
import pytest

import gradloom.cli.lesson
from gradloom import Value
from gradloom.cli import cancer, demo, main, moons
from gradloom.cli.console import console, progress
from gradloom.engine import ENGINE
from gradloom.film import plane
from gradloom.nn import MLP

PICTURES = ["cancer.png", "moons.png", "neuron.png"]
PAGES = ["moons.html", "neuron.html"]


@pytest.fixture
def small(monkeypatch):
    """Fewer rows and a coarser map, so that the plain engine is quick too."""
    training, held_out = cancer.table()
    monkeypatch.setattr(cancer, "table", lambda: (training[:40], held_out[:10]))
    monkeypatch.setattr(moons, "MAP", (8, 6))
    monkeypatch.setattr(plane, "CELLS", 8)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# ---- the frame
def test_no_command_prints_the_help(capsys):
    assert main([]) == 0
    out = capsys.readouterr().out
    assert all(word in out for word in ("usage: gradloom", "demo", "lesson", "check", "info"))


def test_the_module_is_the_command():
    ran = subprocess.run([sys.executable, "-m", "gradloom"], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("usage: gradloom")


def test_the_version(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"gradloom {gradloom.__version__}\n"


def test_an_unknown_command():
    with pytest.raises(SystemExit) as stop:
        main(["demonstrate"])
    assert stop.value.code == 2


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], {"all_steps": False, "save": None, "quiz": False}),
        (["--all"], {"all_steps": True, "save": None, "quiz": False}),
        (["--all", "--save", "here"], {"all_steps": True, "save": "here", "quiz": False}),
        (["--quiz"], {"all_steps": False, "save": None, "quiz": True}),
    ],
)
def test_the_lesson_gets_its_words(monkeypatch, words, expected):
    seen = {}
    monkeypatch.setattr(gradloom.cli.lesson, "run", lambda **kwargs: seen.update(kwargs) or 0)
    assert main(["lesson", *words]) == 0
    assert seen == expected


def test_ctrl_c_stops_quietly(monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "run", interrupted)
    assert main(["demo"]) == 130
    assert capsys.readouterr().err == "gradloom: stopped\n"


# ---- the trainings
def test_a_moons_step_is_micrograds():
    xs, ys = (part[::5] for part in moons.points())
    random.seed(1337)
    ours = MLP(2, [16, 16, 1])
    random.seed(1337)
    theirs = micrograd.nn.MLP(2, [16, 16, 1])

    first, accuracy = next(moons.train(ours, xs, ys))

    scores = [theirs(x) for x in xs]
    losses = [(1 + -y * score).relu() for y, score in zip(ys, scores, strict=True)]
    total = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in theirs.parameters())
    total.backward()
    stepped = [p.data - 1.0 * p.grad for p in theirs.parameters()]
    assert first == pytest.approx(total.data, rel=1e-12)
    assert accuracy == np.mean([(y > 0) == (score.data > 0) for y, score in zip(ys, scores, strict=True)])
    assert [p.data for p in ours.parameters()] == pytest.approx(stepped, rel=1e-10, abs=1e-14)


def test_the_rate_falls_from_1_to_a_tenth():
    class Slope:
        """A model whose loss falls by 1 per unit, but for the penalty: steps show the rate."""

        def __init__(self):
            self.p = Value(0.0)

        def __call__(self, x):
            return self.p * 1e-3

        def parameters(self):
            return [self.p]

        def zero_grad(self):
            self.p.grad = 0.0

    model = Slope()
    places = [0.0, *(model.p.data for _ in moons.train(model, [[0.0]], [1], steps=3))]
    rates = -np.diff(places) / (-1e-3 + 2e-4 * np.array(places[:-1]))
    assert rates == pytest.approx([1.0, 0.7, 0.4], rel=1e-9)


def test_the_points_are_two_moons():
    xs, ys = moons.points()
    assert np.shape(xs) == (100, 2)
    assert sorted(ys) == [-1] * 50 + [1] * 50


def test_the_table_is_scaled_by_the_rows_trained_on():
    training, held_out = cancer.table()
    assert (len(training), len(held_out)) == (426, 143)
    xs = np.array([x for x, _ in training])
    assert xs.shape == (426, 30)
    assert xs.mean(axis=0) == pytest.approx(np.zeros(30), abs=1e-12)
    assert xs.std(axis=0) == pytest.approx(np.ones(30), rel=1e-12)
    assert abs(np.mean([x for x, _ in held_out], axis=0)).max() > 0.01
    assert {y for _, y in training + held_out} == {-1.0, 1.0}
    benign = sum(y > 0 for _, y in training + held_out)
    assert benign == 357  # as in the description of the data


def test_the_loss_is_logistic():
    rows = [([0.5] * 30, 1.0), ([-0.2] * 30, -1.0), ([0.1] * 30, 1.0)]
    model = MLP(30, [2, 1], activation="tanh")
    scores = np.array([model(x).data for x, _ in rows])
    ys = np.array([y for _, y in rows])
    total, accuracy = cancer.loss(model, rows)
    assert total.data == pytest.approx(np.log1p(np.exp(-ys * scores)).mean(), rel=1e-12)
    assert accuracy == np.mean((scores > 0) == (ys > 0))
    counts = cancer.confusion(model, rows)
    assert sum(counts.values()) == 3
    assert counts[1, 1] + counts[-1, -1] == round(3 * accuracy)


def test_the_neuron_is_the_lessons():
    o = demo.neuron()
    o.backward()
    grads = {v.label: v.grad for v in gradloom.topological_order(o) if v.label}
    expected = {"x1": -1.5, "w1": 1.0, "x2": 0.5, "w2": 0.0, "b": 0.5, "n": 0.5, "o": 1.0}
    assert grads == pytest.approx(expected, rel=1e-12)
    assert o.data == pytest.approx(0.7071, abs=1e-4)


# ---- the whole demo
def test_the_demo_makes_its_pictures(tmp_path, capsys, small):
    from matplotlib.image import imread

    assert demo.run(tmp_path / "new" / "folder", steps=2, epochs=2) == 0
    folder = tmp_path / "new" / "folder"
    assert names(folder) == sorted(PICTURES + PAGES)
    for name in PICTURES:
        height, width, _ = imread(folder / name).shape
        assert width > height > 200
    neuron = (folder / "neuron.html").read_text(encoding="utf-8")
    assert "A neuron, forward and backward" in neuron
    assert " of demo.py: n = x1 * w1 + x2 * w2 + b" in neuron
    assert '"steps": 2' in (folder / "moons.html").read_text(encoding="utf-8")
    out = capsys.readouterr().out
    words = "two moons", "judged malignant", "100 points", *PICTURES, *PAGES, "in all"
    assert all(word in out for word in words)
    assert ("plain engine" in out) == (ENGINE == "plain")


@pytest.mark.skipif(ENGINE == "plain", reason="minutes on the plain engine")
def test_the_demo_reaches_its_aims(tmp_path):
    screen = console()
    assert moons.run(screen, tmp_path)[1] == "100 of 100 points on the right side"
    share = cancer.run(screen, tmp_path)[1].split("%")[0]
    assert float(share) >= 95.0


def test_a_console_that_knows_only_ascii(tmp_path, monkeypatch, small):
    folder, written = tmp_path / "caf\u00e9", io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    monkeypatch.setattr(demo, "run", lambda out, run=demo.run: run(out, steps=1, epochs=1))
    assert main(["demo", "--out", str(folder)]) == 0
    assert names(folder) == sorted(PICTURES + PAGES)
    assert rb"caf\xe9" in written.getvalue()


def test_progress_moves_on_a_terminal():
    from rich.console import Console

    screen, steps = Console(file=io.StringIO(), force_terminal=True, width=80), [(0.5, 0.0), (0.25, 1.0)]
    assert list(progress(screen, "training", iter(steps), 2)) == steps
    assert "loss 0.2500  accuracy 100 %" in screen.file.getvalue()


# ---- refusals
def test_a_folder_that_is_a_file(tmp_path, capsys):
    (tmp_path / "taken").write_text("mine")
    for out in ("taken", "taken/inside"):
        assert main(["demo", "--out", str(tmp_path / out)]) == 1
        assert "is a file, or inside one; give a folder" in capsys.readouterr().err
    assert (tmp_path / "taken").read_text() == "mine"


@pytest.mark.parametrize(
    ("module", "package"), [("rich", "rich"), ("matplotlib", "matplotlib"), ("sklearn", "scikit-learn")]
)
def test_a_missing_extra_names_the_command(tmp_path, monkeypatch, capsys, module, package):
    monkeypatch.setitem(sys.modules, module, None)
    assert main(["demo", "--out", str(tmp_path / "new")]) == 1
    err = capsys.readouterr().err
    assert f"needs {package}" in err
    assert 'pip install "gradloom[demo]"' in err
    assert names(tmp_path) == []
