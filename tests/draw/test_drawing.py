"""What a picture shows: every label, number and edge, in the SVG, the DOT source and the text tree."""

import math
import os
import re
import subprocess
import sys
from collections import Counter
from xml.etree import ElementTree

import hypothesis
import pytest
from hypothesis import strategies as st

from gradloom import Value
from gradloom.cli.demo import neuron
from gradloom.draw import Drawing, draw, draw_dot
from gradloom.draw.labels import in_terminal, number
from gradloom.draw.theme import THEMES

SVG = "{http://www.w3.org/2000/svg}"
EDGE = re.compile(r"^\t(\w+) -> (\w+)", re.MULTILINE)


def texts(svg):
    """What a reader sees, piece by piece."""
    return [written(t) for t in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def written(text):
    return text.text.replace("\xa0", " ")  # Graphviz keeps two spaces apart with a no-break space


def boxes(svg):
    """The texts of each box, joined: "adata 2.0000grad 0.0000"."""
    return [
        "".join(written(t) for t in group.iter(f"{SVG}text"))
        for group in groups(svg)
        if group.get("class") in ("node leaf", "node result", "node root")
    ]


def groups(svg):
    return list(ElementTree.fromstring(svg).iter(f"{SVG}g"))


# ---- boxes, operations, edges
def test_the_neuron_before_and_after_backward():
    o = neuron()
    before = o.draw()
    o.backward()
    after = o.draw()
    grads = {"x1": "-1.5000", "w1": "1.0000", "x2": "0.5000", "w2": "0.0000", "b": "0.5000"}
    data = {"x1": "2.0000", "w1": "-3.0000", "x2": "0.0000", "w2": "1.0000", "b": "6.8814"}
    for name in data:
        assert f"{name}data {data[name]}grad 0.0000" in boxes(before.svg)
        assert f"{name}data {data[name]}grad {grads[name]}" in boxes(after.svg)
    assert {"odata 0.7071grad 1.0000", "ndata 0.8814grad 0.5000"} <= set(boxes(after.svg))
    kinds = Counter(group.get("class") for group in groups(after.svg))
    assert kinds["node leaf"] == kinds["node operation"] == 5
    assert (kinds["node result"], kinds["node root"], kinds["edge"]) == (4, 1, 14)
    assert Counter(t for t in texts(after.svg) if t in ("*", "+", "tanh")) == {"*": 2, "+": 2, "tanh": 1}


def test_a_picture_keeps_the_numbers_of_its_moment():
    o = neuron()
    picture = o.draw()
    o.backward()
    o.data = 5.0
    assert "odata 0.7071grad 0.0000" in boxes(picture.svg)


def test_both_edges_of_a_plus_a():
    a = Value(3.0, label="a")
    b = a + a
    assert EDGE.findall(b.draw().source) == [("f0", "v0"), ("v1", "f0"), ("v1", "f0")]
    edges = [group for group in groups(b.draw().svg) if group.get("class") == "edge"]
    assert len(edges) == 3
    assert len({edge.find(f"{SVG}path").get("d") for edge in edges}) == 3  # none lies on another


def test_constants_are_boxes_and_an_exponent_is_part_of_its_operation():
    x = Value(3.0, label="x")
    assert sorted(boxes((2 * x).draw(show=("label", "data")).svg)) == [
        "data 2.0000",
        "data 6.0000",
        "xdata 3.0000",
    ]
    square = (x**2).draw()
    assert len(boxes(square.svg)) == 2
    assert "**2" in texts(square.svg)


def test_a_node_made_by_hand():
    x = Value(2.0, label="x")
    t = Value(math.tanh(2.0), (x,), "my tanh")
    assert "my tanh" in texts(t.draw().svg)
    assert "?" in texts(Value(1.0, (x,)).draw().svg)  # no name was given


def test_the_result_is_on_the_right_and_the_first_operand_on_top():
    a, b = Value(4.0, label="a"), Value(2.0, label="b")
    for c in (a - b, b - a):
        c.label = "c"
        at = {
            t.text: (float(t.get("x")), float(t.get("y")))
            for t in ElementTree.fromstring(c.draw().svg).iter(f"{SVG}text")
        }
        first, second = (x.label for x in c.operands)
        assert at[first][1] < at[second][1]
        assert at["a"][0] < at["-"][0] < at["c"][0]


def test_a_leaf_alone():
    assert boxes(Value(1.0, label="w").draw().svg) == ["wdata 1.0000grad 0.0000"]
    assert str(Value(1.0).draw()) == "data 1.0000 | grad 0.0000"


def test_drawing_changes_nothing():
    o = neuron()
    o.backward()
    before = [(x.data, x.grad, x.label) for x in o.operands]
    stamp = o._stamp
    o.draw(blank="grad", title="t").svg  # noqa: B018
    assert [(x.data, x.grad, x.label) for x in o.operands] == before
    assert o._stamp == stamp
    o.backward()  # still fresh


# ---- text
LABELS = [
    "{ } | < >", "\\", "\\N \\G \\n \\l", '"', "'", "&", "&amp;", "&#65;", "<b>bold</b>", "<TABLE>", "-->",
    "<!--", "]]>", "a  b", "x" * 40, "é α ∂ Ω", "日本語", "👩‍🔬 🎉", "%3", "//", "#", "$x^2$", "]", ";",
    "a -> b", "0", "graph",
]  # fmt: skip


@pytest.mark.parametrize("label", LABELS)
def test_labels_read_as_written(label):
    v = Value(1.0, (Value(2.0),), label, label)
    picture = v.draw(title=label)
    assert texts(picture.svg).count(label) == 3  # the title, the box and the operation
    assert str(picture).startswith(f"{label} | data 1.0000 | grad 0.0000 <- {label}\n")


special = st.text(st.sampled_from("{}[]|<>\\\"'&;#nNGl abé∂"), min_size=1, max_size=12)


@hypothesis.settings(max_examples=25)
@hypothesis.given(st.lists(special, min_size=8, max_size=8))
def test_any_mixture_of_special_characters(labels):
    v = Value(1.0, [Value(0.0, label=label) for label in labels], "op", "root")
    assert sorted(boxes(v.draw(show="label").svg)) == sorted([*labels, "root"])


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("one\ntwo", ["one", "two"]),
        ("one\r\ntwo\rthree", ["one", "two", "three"]),
        ("tab\there", ["tab here"]),
        ("\x00\x1b\x7f", ["\\x00\\x1b\\x7f"]),
        ("\ud800 \uffff", ["\\ud800 \\uffff"]),
        ("y" * 41, ["y" * 37 + "..."]),
        ("\n".join("abcdefgh"), ["a", "b", "c", "d", "e", "..."]),
        (7, ["7"]),
    ],
)
def test_labels_that_cannot_be_shown_as_they_are(label, shown):
    v = Value(1.0, (Value(2.0),), str(label), label)
    ElementTree.fromstring(v.draw(title=str(label)).svg)
    assert texts(v.draw(show="label").svg)[: len(shown)] == shown
    assert in_terminal(label) == "\\n".join(shown)
    assert str(v.draw()).count("\n") == 1


@pytest.mark.parametrize(
    ("x", "digits", "shown"),
    [
        (0.1, 4, "0.1000"), (2 / 3, 2, "0.67"), (7.0, 0, "7"), (-0.0, 4, "0.0000"), (-4e-5, 4, "0.0000"),
        (123456789.0, 1, "123456789.0"), (1e9, 4, "1.0000e+09"), (-1.5e300, 2, "-1.50e+300"),
        (5e-324, 4, "0.0000"), (math.nan, 4, "nan"), (math.inf, 4, "inf"), (-math.inf, 4, "-inf"),
    ],
)  # fmt: skip
def test_numbers(x, digits, shown):
    assert number(x, digits) == shown
    v = Value(x)
    v.grad = x
    assert boxes(v.draw(digits=digits).svg) == [f"data {shown}grad {shown}"]


# ---- options
def test_show():
    o = neuron()
    assert set(boxes(o.draw(show="label").svg)) == {"x1", "w1", "x2", "w2", "b", "n", "o", " "}
    assert "grad 0.0000b" in boxes(o.draw(show=("grad", "label")).svg)  # in the order asked for
    assert o.draw(show={"grad", "data"}).source == o.draw(show=["data", "grad"]).source
    assert str(o.draw(show=("label",))).splitlines()[:3] == ["o <- tanh", "  n <- +", "    (no label) <- +"]


def test_blanks_reveal_nothing():
    o = neuron()
    o.backward()
    picture = o.draw(blank="grad")
    assert "x1data 2.0000grad " in boxes(picture.svg)
    for shown in (picture.svg, picture.source, str(picture)):
        assert "-1.5" not in shown  # not even where the mouse rests
        assert "grad" in shown
    assert "x1 | data 2.0000 | grad ____" in str(picture)
    assert boxes(o.draw(blank=("label", "data", "grad")).svg) == ["label data grad "] * 10


def test_the_title_is_in_the_picture():
    assert texts(neuron().draw(title="After one step").svg).count("After one step") == 1


@pytest.mark.parametrize("theme", THEMES)
def test_themes_paint_their_background_and_are_readable(theme):
    colours = THEMES[theme]
    picture = neuron().draw(theme=theme)
    assert f'fill="{colours.background}"' in picture.svg
    paints = (colours.leaf, colours.result, colours.root, colours.operation, colours.folded)
    for paint in paints[:-1]:
        assert f'fill="{paint.fill}"' in picture.svg
    for ground in (colours.background, colours.inside, *(paint.fill for paint in paints)):
        assert contrast(colours.text, ground) >= 7
        small = colours.caption, colours.positive, colours.negative
        assert min(contrast(ink, ground) for ink in small) >= 4.5
    for ground in (colours.background, colours.inside):  # what lines lie on
        assert min(contrast(line, ground) for line in (colours.edge, *(x.line for x in paints))) >= 3
    if theme == "print":
        used = set(re.findall("#[0-9a-f]{6}", picture.svg))
        assert all(c[1:3] == c[3:5] == c[5:7] for c in used)  # greys only


def contrast(one, other):
    """The contrast of two colours as WCAG 2.1 defines it, from 1 to 21."""
    light = sorted((luminance(one), luminance(other)))
    return (light[1] + 0.05) / (light[0] + 0.05)


def luminance(colour):
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"show": ("label", "value")}, ["show", "'value'", "'label', 'data', 'grad'"]),
        ({"show": ()}, ["show", "at least one"]),
        ({"blank": "gradient"}, ["blank", "'gradient'", "'grad'"]),
        ({"blank": "grad", "show": ("label", "data")}, ["blank", "'grad'", "show"]),
        ({"digits": -1}, ["digits", "0 to 17", "-1"]),
        ({"digits": 2.0}, ["digits", "whole number", "2.0"]),
        ({"digits": True}, ["digits", "True"]),
        ({"theme": "Dark"}, ["theme", "'light', 'dark', 'print'", "'Dark'"]),
        ({"theme": None}, ["theme", "None"]),
        ({"max_nodes": 0}, ["max_nodes", "1 to", "0"]),
        ({"max_nodes": "all"}, ["max_nodes", "'all'"]),
    ],
)
def test_a_bad_option_names_itself_and_the_choices(options, words):
    with pytest.raises(ValueError, match=".*".join(map(re.escape, words[:1]))) as error:
        neuron().draw(**options)
    assert all(word in str(error.value) for word in words)


def test_what_cannot_be_drawn():
    with pytest.raises(TypeError, match="show must be a tuple"):
        neuron().draw(show=3)
    with pytest.raises(TypeError, match="title must be a str, not int"):
        neuron().draw(title=3)
    with pytest.raises(TypeError, match=r"draw takes a Value, .*not list"):
        draw([neuron()])
    with pytest.raises(TypeError, match=r"draw takes a Value, .*not float \(3.0\)"):
        draw(3.0)
    with pytest.raises(TypeError, match="draw takes a Value"):
        draw_dot("x")
    with pytest.raises(ValueError, match="rankdir must be one of 'LR', 'RL', 'TB', 'BT', not 'lr'"):
        draw_dot(neuron(), rankdir="lr")
    with pytest.raises(ValueError, match="unknown format: 'gfi'"):
        draw_dot(neuron(), format="gfi")


# ---- pages
def test_many_pictures_share_a_page():
    svgs = [neuron().draw(theme=theme).svg for theme in THEMES]
    page = ElementTree.fromstring(f"<div>{''.join(svgs)}</div>")
    ids = [x.get("id") for x in page.iter() if x.get("id")]
    assert len(ids) == len(set(ids))
    assert not re.search(r"\burl\(|xlink:href|<style|<script|<image", "".join(svgs))


def test_resting_the_mouse_shows_every_digit():
    o = neuron()
    o.backward()
    titles = [t.text for t in ElementTree.fromstring(o.draw().svg).iter(f"{SVG}title")]
    assert any(title.startswith(f"o | data {o.data} | grad 1.0 | made in line") for title in titles)
    assert len(titles) == 10  # nothing on edges, nothing on the page itself


def test_what_a_notebook_asks_for():
    picture = neuron().draw()
    assert isinstance(picture, Drawing)
    bundle = picture._repr_mimebundle_()
    assert bundle.keys() == {"image/svg+xml", "text/plain"}
    assert bundle["text/plain"] == str(picture)
    own, shown = map(ElementTree.fromstring, (picture.svg, bundle["image/svg+xml"]))
    assert [x.attrib for x in own.iter()][1:] == [x.attrib for x in shown.iter()][1:]
    wide, points = float(shown.get("width")[:-2]), float(own.get("width")[:-2])
    assert wide == 0.75 * points  # so many pixels as points: 13 of them for a number
    assert shown.get("style") == f"max-width: max(100%, {0.6 * points:.0f}px); height: auto"
    assert picture._repr_mimebundle_(include=["text/plain"]).keys() == {"text/plain"}
    assert picture._repr_mimebundle_(exclude=["image/svg+xml"]).keys() == {"text/plain"}
    assert repr(picture) == "<Drawing: the graph of o>"
    root = ElementTree.fromstring(neuron().draw(title='"A" & b').svg)
    assert (root.get("role"), root.get("aria-label")) == ("img", '"A" & b')


PROGRAM = """
import random
from gradloom import Value
random.seed(5)
nodes = [Value(random.random(), label=c) for c in "abcdef"]
for _ in range(60):
    nodes.append(random.choice(nodes) * random.choice(nodes) + 1)
from gradloom.draw import draw, trace
root = sum(nodes)
for d in (root.draw(max_nodes=50), draw(*trace(root))):
    print(d.source, d.svg, d)
"""


def test_a_picture_is_the_same_from_run_to_run():
    def run(seed):
        env = os.environ | {"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"}
        return subprocess.run(
            [sys.executable, "-c", PROGRAM], env=env, capture_output=True, check=True
        ).stdout

    assert run("1") == run("2")


def test_the_module_draws_when_it_is_called():
    import gradloom as gl

    a = Value(2.0, label="a")
    assert str(gl.draw(a + a, digits=1)) == str(draw(a + a, digits=1))
    assert gl.draw.Digraph is gl.draw.digraph.Digraph
    assert gl.trace is gl.draw.trace
    assert gl.draw_dot is gl.draw.draw_dot
