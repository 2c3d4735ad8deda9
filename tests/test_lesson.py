"""What the lesson says: its numbers, its pictures, and the page in docs/.

The expected numbers are those of the lecture, worked out by hand there and here: they are not taken
from what the library prints.
"""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from gradloom.cli.lesson import Folder
from gradloom.cli.steps import Heading, Output, Picture, Prose, play, read_lesson

DOCS = Path(__file__).parents[1] / "docs"
FIRST_LINE = "# Back-propagation in nine steps"

# What each step must print, from DESIGN: mathematics, not our output.
NUMBERS = {
    1: ["20", "14.000003", "0.000003", "h = 1e-01   slope 14.300000000", "h = 1e-15   slope"],
    2: ["4.0", "a: -3.000000", "b: 2.000000", "c: 1.000000", "[-3.0, 2.0, 1.0]"],
    3: [
        "Value(data=4.0, grad=0.0, label='e')",
        "a: by hand -3.0, by a bump -3.000000",
        "b: by hand  2.0, by a bump  2.000000",
        "c: by hand  1.0, by a bump  1.000000",
        "d: by hand  1.0, by a bump  1.000000",
    ],
    4: [
        "b = 6.7000   n = 0.7000   o = 0.6044",
        "b = 6.8814   n = 0.8814   o = 0.7071",
        *("o   1.0000", "n   0.5000", "x1 -1.5000", "w1  1.0000", "x2  0.5000", "w2  0.0000"),
    ],
    5: 3 * ["[('x1', -1.5), ('w1', 1.0), ('x2', 0.5), ('w2', 0.0)]"]
    + ["in the wrong order: 14.0", "in the right order: 26.0", "by a bump:          26.000"],
    6: 2 * ["o = 0.7071", "[('x1', -1.5), ('w1', 1.0), ('x2', 0.5), ('w2', 0.0)]"],
    7: ["2.0", "4.0", "2.0", "33.0 99.0", "NotImplemented", "Value(data=33.0, grad=0.0)"],
    8: ["41 parameters", "41 parameters, loss 0.0"],
    9: ["ratio"],
}

# What the boxes of a picture must say, in step 4's neuron for instance.
DRAWN = {
    "3-forward": ["a", "2.0000", "b", "-3.0000", "c", "10.0000", "d", "-6.0000", "e", "4.0000", "0.0000"],
    "3-by-hand": ["-3.0000", "2.0000", "1.0000"],
    "4-neuron": ["tanh", "0.7071", "0.8814", "6.8814", "0.5000", "-1.5000", "1.0000", "0.0000"],
    "5-wrong-order": ["14.0000", "13.0000", "42.0000"],
    "6-pieces": ["exp", "/", "-", "0.7071", "0.5000", "-1.5000"],
    "6-lecture": ["exp", "*", "**-1", "0.7071", "-1.5000"],
    "7-twice": ["3.0000", "6.0000", "2.0000"],
    "7-numbers": ["32.0000", "33.0000", "99.0000"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the whole lesson, and its pieces: the page as the tool writes it, and PNGs."""
    path = tmp_path_factory.mktemp("lesson")
    with Folder(path, live=False) as kept:
        pieces = []
        for piece in play(read_lesson()):
            kept.add(piece)
            pieces.append(piece)
        kept.finish()
    return path, pieces


# ---- what it says
def test_every_step_prints_its_numbers(folder):
    printed, step = {}, 0
    for piece in folder[1]:
        if isinstance(piece, Heading) and piece.opens_step:
            step = int(re.match(r"## (\d)\. ", piece.text)[1])
        elif isinstance(piece, Output):
            printed.setdefault(step, []).extend(piece.text.splitlines())
    assert list(printed) == list(range(1, 10))
    for step, expected in NUMBERS.items():
        lines = iter(printed[step])
        for number in expected:
            assert any(line.startswith(number) for line in lines), (step, number, printed[step])


def test_the_network_learns_its_four_targets(folder):
    learned = [p.text.splitlines()[-1] for p in folder[1] if isinstance(p, Output) and "0.9" in p.text]
    for line in learned[-2:]:  # the classes written out, and those of gradloom.nn
        predictions = [float(x) for x in line.strip("[]").split(",")]
        assert predictions == pytest.approx([1.0, -1.0, -1.0, 1.0], abs=0.1)


def test_the_tale_of_h_settles_and_is_then_ruined(folder):
    table = next(p.text for p in folder[1] if isinstance(p, Output) and "off by" in p.text)
    errors = [abs(float(x)) for x in re.findall("off by (.*)", table)]
    assert len(errors) == 15
    best = errors.index(min(errors))
    assert errors[:best] == sorted(errors[:best], reverse=True)
    assert errors[-1] > 1.0 > errors[0]


def test_every_step_but_the_timed_one_has_a_picture(folder):
    pytest.importorskip("matplotlib")
    pictures = [piece.path for piece in folder[1] if isinstance(piece, Picture)]
    assert {path.split("/")[1][0] for path in pictures} == set("12345678")
    assert len(pictures) == len(set(pictures)) == sum(isinstance(p, Picture) for p in read_lesson())


def texts(svg):
    """The words of a picture, in no order: where they stand is the layout engine's affair."""
    words = [e.text or "" for e in ElementTree.fromstring(svg).iter() if e.tag.endswith("text")]
    return sorted(word.strip() for word in words)


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_shows_its_numbers(folder, name):
    found = " ".join(texts((folder[0] / "lesson" / f"{name}.svg").read_text(encoding="utf-8"))).split()
    assert [word for word in DRAWN[name] if word not in found] == []


def test_without_the_seed_all_gradients_are_zero(folder):
    forward, forgotten = (
        texts((folder[0] / "lesson" / f"{name}.svg").read_text(encoding="utf-8"))
        for name in ("3-forward", "3-no-seed")
    )
    assert forward == forgotten  # before backward() all gradients are 0.0000 too


def test_two_edges_lead_from_a_to_a_plus_a(folder):
    svg = (folder[0] / "lesson" / "7-twice.svg").read_text(encoding="utf-8")
    assert svg.count('class="edge"') == 3


def test_pictures_are_saved_as_png_too(folder):
    for picture in (folder[0] / "lesson").glob("*.svg"):
        assert picture.with_suffix(".png").read_bytes().startswith(b"\x89PNG")


def test_the_lecture_is_credited_with_its_link():
    text = "".join(piece.text for piece in read_lesson() if isinstance(piece, Prose))
    assert "Andrej Karpathy" in text
    assert "https://www.youtube.com/watch?v=VMj-3S1tku0" in text


def test_the_source_is_ascii():
    assert "".join(piece.markdown() for piece in read_lesson()).isascii()


# ---- the page in docs/ is the same text
def page(text):
    return text.partition("-->\n\n")[2] or text


def test_the_page_is_not_stale(folder):
    for package in ("torch", "matplotlib"):
        pytest.importorskip(package)
    fresh = (folder[0] / "lesson.md").read_text(encoding="utf-8")
    written = (DOCS / "lesson.md").read_text(encoding="utf-8")
    assert fresh.startswith(FIRST_LINE)
    assert page(written) == fresh, "run: python tools/write_lesson.py"


def test_the_pages_pictures_are_not_stale(folder, contents):
    pictures = {p.path: p.shown for p in folder[1] if isinstance(p, Picture)}
    for path, shown in pictures.items():
        written = (DOCS / path).read_text(encoding="utf-8")
        if not hasattr(shown, "savefig"):  # a curve's text is drawn as shapes
            fresh = (folder[0] / path).read_text(encoding="utf-8")
            assert contents(written) == contents(fresh), f"{path}: run: python tools/write_lesson.py"
    everything = {piece.path for piece in read_lesson() if isinstance(piece, Picture)}
    assert {f"lesson/{path.name}" for path in (DOCS / "lesson").iterdir()} == everything
