"""Film: what is kept, what the page is told, and what is refused."""

import base64
import json
import math
import random
import re

import numpy as np
import pytest

import gradloom as gl
from gradloom import Film, Value
from gradloom.film import plane
from gradloom.film.plane import Plane
from gradloom.module import layers
from gradloom.nn import MLP, Module

POINTS = [[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [1.0, 2.0]]
SIDES = [-1, 1, -1, 1]


class Line(Module):
    """A straight line: the score is w.x + b."""

    def __init__(self, w=(1.0, 0.0), b=-0.5):
        self.w, self.b = [Value(x) for x in w], Value(b)

    def __call__(self, x):
        return self.w[0] * x[0] + self.w[1] * x[1] + self.b


def told(page):
    return json.loads(re.search(r"^const FILM = (.*);$", page.html, re.MULTILINE)[1])


def scores(frame):
    return np.frombuffer(base64.b64decode(frame["shades"]), np.int8).reshape(plane.CELLS, plane.CELLS)


# ---- what is kept
@pytest.mark.parametrize(("most", "steps"), [(2, 1), (2, 9), (10, 10), (10, 11), (10, 1000), (7, 64)])
def test_frames_are_evenly_spaced_and_bounded(tmp_path, most, steps):
    film = Film(Line(), frames=most)
    for k in range(steps):
        film.frame(float(k))
    kept = [frame["step"] for frame in told(film.save(tmp_path / "film.html"))["frames"]]
    assert len(film) == steps
    assert len(kept) <= most
    assert kept[0] == 0
    assert kept[-1] == steps - 1
    gaps = np.diff(kept)
    assert len(set(gaps[:-1])) <= 1
    assert len(kept) >= min(steps, most / 2)


def test_a_frame_holds_the_model_as_it_was(tmp_path):
    model = Line()
    film = Film(model)
    for x in (3.0, -5.0):
        model.w[0].data, model.w[0].grad = x, x / 2
        film.frame(x)
    model.w[0].data = 100.0
    frames = told(film.save(tmp_path / "film.html"))["frames"]
    assert [frame["loss"] for frame in frames] == [3.0, -5.0]
    for frame, x in zip(frames, (3.0, -5.0), strict=True):  # w is (x, 0), its gradient (x / 2, 0)
        assert frame["data"][0]["size"] == pytest.approx(abs(x) / math.sqrt(2))
        assert frame["grad"][0]["size"] == pytest.approx(abs(x) / 2 / math.sqrt(2))
        assert sum(frame["data"][0]["bins"]) == 2
        assert frame["data"][0]["bins"][15] == 1  # the 0 is in the middle
    assert sum(frames[1]["data"][0]["bins"][:15]) == 1  # below 0, on the left


def test_parameters_may_be_replaced(tmp_path):
    model = Line()
    film = Film(model)
    model.w[0] = Value(8.0)
    film.frame(1.0)
    (frame,) = told(film.save(tmp_path / "film.html"))["frames"]
    assert frame["data"][0]["size"] == pytest.approx(8 / math.sqrt(2))


def test_what_is_not_finite_is_said(tmp_path):
    model = Line()
    film = Film(model, POINTS, SIDES)
    for loss in (1.0, math.nan, math.inf):
        film.frame(loss)
        model.b.data, model.w[0].grad = math.nan, math.inf
    shown = told(film.save(tmp_path / "film.html"))
    assert shown["notice"] == "The loss was nan at step 2 and at every step after it."
    first, *_, last = shown["frames"]
    assert (first["data"][1]["lost"], last["data"][1]["lost"]) == (0, 1)
    assert last["grad"][0]["lost"] == 1
    assert last["wrong"] == [0, 1, 2, 3]  # nan is on no side
    assert (scores(last) == -128).all()
    assert first["wrong"] == []


def test_a_long_curve_keeps_its_peaks(tmp_path):
    film = Film(Line())
    losses = [1.0] * 10_000
    losses[4321], losses[7777] = 99.0, -3.0
    for loss in losses:
        film.frame(loss)
    curve = dict(told(film.save(tmp_path / "film.html"))["curve"])
    assert len(curve) <= 2000
    assert (curve[4321], curve[7777]) == (99.0, -3.0)


def test_layers_are_found_in_the_names():
    places = layers([name for name, _ in MLP(2, [3, 1]).named_parameters()])
    assert {name: len(of) for name, of in places.items()} == {"layers.0": 9, "layers.1": 4}
    assert layers(["w.0", "w.1", "b"]) == {"w": [0, 1], "b": [2]}
    assert layers(["w.0.1"]) == {"w": [0]}
    assert layers(["0", "1"]) == {"parameters": [0, 1]}


def test_very_many_layers_share_a_place(tmp_path):
    class Many(Module):
        def __init__(self):
            self.large = [Value(1.0), Value(2.0)]
            for i in range(30):
                setattr(self, f"p{i}", Value(1.0))

    film = Film(Many())
    film.frame(1)
    shown = told(film.save(tmp_path / "film.html"))["layers"]
    assert len(shown) == 12
    assert shown[0] == {"name": "large", "size": 2}
    assert shown[-1] == {"name": "20 more", "size": 20}


# ---- the plane
def test_the_plane_is_the_models(tmp_path):
    model = Line()
    film = Film(model, POINTS, SIDES)
    film.frame(1.0)
    model.w[0].data = -1.0
    film.frame(1.0)
    before = model.state_dict()
    shown = told(film.save(tmp_path / "film.html"))
    assert model.state_dict() == before
    assert [frame["wrong"] for frame in shown["frames"]] == [[], [1, 3]]
    assert shown["plane"]["above"] == [False, True, False, True]
    low, high = shown["plane"]["low"], shown["plane"]["high"]
    across = np.linspace(low[0], high[0], plane.CELLS)
    for frame, w in zip(shown["frames"], (1.0, -1.0), strict=True):
        expected = np.sign(w * across - 0.5)
        assert (np.sign(scores(frame)) == expected).all()  # each row: from left to right
    assert low[0] < 0 < 1 < high[0]
    assert low[1] < 0 < 2 < high[1]


def test_what_cannot_be_traced_is_asked_point_by_point():
    model = Line()
    points = Plane(POINTS, SIDES, lambda x: Value(float(f"{x[0]}") + model.b.data), 0.0)
    (picture,) = points.pictures([type("Moment", (), {"data": [1.0, 0.0, -0.5]})], model.parameters())
    assert picture["wrong"] == []


def test_parameters_come_back_when_the_model_fails(tmp_path):
    model, calls = Line(), []

    def fails(x):
        calls.append(x)
        if len(calls) > 1:
            raise ArithmeticError("no")
        return model(x)

    film = Film(model, POINTS, SIDES, score=fails)
    film.frame(1.0)
    model.w[0].data = 7.0
    with pytest.raises(ArithmeticError):
        film.save(tmp_path / "film.html")
    assert model.w[0].data == 7.0
    assert list(tmp_path.iterdir()) == []


def test_a_boundary_of_its_own(tmp_path):
    model = Line()
    film = Film(model, POINTS, [0, 1, 0, 1], score=lambda x: model(x).sigmoid(), boundary=0.5)
    film.frame(1.0)
    assert told(film.save(tmp_path / "film.html"))["frames"][0]["wrong"] == []


def test_of_very_many_points_some_are_shown(tmp_path):
    draw = random.Random(1)
    points = [[draw.random(), draw.random()] for _ in range(2000)]
    film = Film(Line(), points, [x > 0.5 for x, _ in points])
    film.frame(1.0)
    shown = told(film.save(tmp_path / "film.html"))
    assert (len(shown["plane"]["points"]), shown["plane"]["all"]) == (500, 2000)
    assert shown["frames"][0]["wrong"] == []


# ---- the file
def test_the_page_needs_nothing_else_and_runs_no_title(tmp_path):
    title = "</title><script>alert(1)</script> {{style}} \ud800"
    film = Film([Value(1.0)], title=title)
    film.frame(Value(2.0))
    page = film.save(tmp_path / "film.html")
    assert page.path.read_text(encoding="utf-8") == page.html
    assert page.html.count("</script>") == 1
    assert "<script>alert" not in page.html
    assert "http" not in re.sub(r"http-equiv|http://www.w3.org/2000/svg", "", page.html)
    assert "default-src 'none'" in page.html
    assert page._repr_html_().startswith("<iframe srcdoc=")


def test_a_film_goes_on_after_it_was_saved(tmp_path):
    film = Film(Line())
    film.frame(1.0)
    assert len(told(film.save(tmp_path / "film.html"))["frames"]) == 1
    film.frame(np.float64(0.5))
    assert len(told(film.save(tmp_path / "film.html"))["frames"]) == 2
    assert repr(film) == "<Film: the training of Line, 2 steps>"


def test_the_script_stays_small():
    from gradloom.draw.document import PAGE
    from gradloom.film.recorder import _SCRIPTS

    assert len("".join((PAGE / f"{name}.js").read_text() for name in _SCRIPTS).encode()) < 20_000


# ---- what is refused
@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Film(7), TypeError, "a film is of a Module"),
        (lambda: Film(Module()), ValueError, "no parameters"),
        (lambda: Film([1.0]), TypeError, "parameters must be Values"),
        (lambda: Film(Line(), POINTS), TypeError, "inputs and targets go together"),
        (lambda: Film(Line(), [[1.0, 2.0, 3.0]], [1]), ValueError, r"of shape \(n, 2\), not \(1, 3\)"),
        (lambda: Film(Line(), POINTS, [1]), ValueError, "1 targets for 4 inputs"),
        (lambda: Film(Line(), [["a", "b"]], [1]), ValueError, "inputs must be numbers"),
        (lambda: Film(Line(), [[math.nan, 0.0]], [1]), ValueError, "must be finite"),
        (lambda: Film(MLP(2, [2]), POINTS, SIDES), TypeError, r"score=lambda x: model\(x\)\[0\]"),
        (lambda: Film([Value(1.0)], POINTS, SIDES), TypeError, "say what the model answers"),
        (lambda: Film(Line(), frames=1), ValueError, "frames"),
        (lambda: Film(Line(), title=3), TypeError, "title must be a str"),
        (lambda: Film(Line()).frame("low"), TypeError, "the loss must be a number"),
        (lambda: Film(Line()).frame(None), TypeError, "the loss must be a number"),
        (lambda: Film(Line()).save("film.html"), ValueError, "no frame yet"),
        (lambda: Film(Line()).save("film.svg"), ValueError, "end the name in .html"),
    ],
)
def test_refusals(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_model_that_grows_is_refused():
    model = Line()
    film = Film(model)
    model.more = Value(1.0)
    with pytest.raises(ValueError, match="had 3 parameters when the film began and has 4 now"):
        film.frame(1.0)
    assert len(film) == 0


def test_a_folder_that_does_not_exist(tmp_path):
    film = Film(Line())
    film.frame(1.0)
    with pytest.raises(FileNotFoundError):
        film.save(tmp_path / "none" / "film.html")


def test_the_name_is_gradlooms():
    assert gl.Film is Film
