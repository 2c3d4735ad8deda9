"""How pictures look in a browser: whole in a notebook's cell, with letters that fit, and a ring of focus."""

import base64
import io

import pytest

from gradloom import Value, scope
from gradloom.cli.demo import neuron
from gradloom.draw.theme import THEMES


def cell(page, content, width):
    page.path.write_text(
        f'<!doctype html><meta charset="utf-8"><div style="width: {width}px; overflow: auto">{content}</div>',
        encoding="utf-8",
    )
    page.driver.get(page.path.as_uri())
    return page.run("""const cell = document.querySelector("div"), picture = cell.firstElementChild;
        const { scrollWidth, scrollHeight, clientHeight } = cell;
        return [picture.getBoundingClientRect().width, scrollWidth, scrollHeight - clientHeight]""")


@pytest.mark.parametrize("width", [1400, 900, 500])
def test_a_wide_picture_shrinks_with_the_cell_and_then_scrolls(page, width):
    """A neuron of 1,214 points: 1,214 pixels where there is room, and not less than 0.6 of that."""
    shown = neuron().draw()._repr_mimebundle_()["image/svg+xml"]
    page.size(1500, 800)
    wide, scrolled, below = cell(page, shown, width)
    assert wide == pytest.approx(min(1214, max(width, 728)), abs=1)
    assert scrolled == max(width, round(wide))
    assert below <= 0
    letters = page.run("""return [...document.querySelectorAll(".node text")].map((text) =>
        text.getBoundingClientRect().toJSON())""")
    picture = page.run("return document.querySelector('svg').getBoundingClientRect().toJSON()")
    assert all(picture["left"] < box["left"] and box["right"] < picture["right"] for box in letters)


def test_a_small_picture_keeps_its_size_also_as_an_image(page):
    """JupyterLab and nbconvert show an SVG as an image."""
    shown = (Value(2.0, label="a") * 3.0).draw()._repr_mimebundle_()["image/svg+xml"]
    data = base64.b64encode(shown.encode()).decode()
    sizes = [
        cell(page, content, 900)[0] for content in (shown, f'<img src="data:image/svg+xml;base64,{data}">')
    ]
    assert sizes[0] == pytest.approx(sizes[1], abs=1)
    assert sizes[0] < 500


# ---- the explorer
def test_letters_are_as_wide_as_the_boxes_expect(page):
    """Where there is no Helvetica, Arial stands in, not whatever a browser takes for sans-serif."""
    page.open(neuron())
    faces = page.run("""return [...document.querySelectorAll(".node text")].map((text) =>
        getComputedStyle(text).fontFamily)""")
    assert set(faces) == {"Helvetica, Arial, sans-serif"}


def test_one_sees_that_the_graph_has_the_keyboard(page):
    """A ring around the whole of it, upon whatever the picture has there."""
    from PIL import Image

    with scope("all of it"):
        page.open((Value(2.0) * 3.0).exp())
    page.press("\ue011", "\ue004")  # Home, Tab
    page.run("zoom(6); document.getElementById('graph').focus()")
    page.run("return new Promise((done) => setTimeout(done, 450))")
    at = page.run("return document.getElementById('graph').getBoundingClientRect().toJSON()")
    shown = Image.open(io.BytesIO(page.driver.get_screenshot_as_png())).convert("RGB")
    ring = tuple(bytes.fromhex(THEMES["light"].positive[1:]))
    for share in (0.1, 0.5, 0.9):
        assert shown.getpixel((int(at["left"]) + 1, int(at["top"] + share * at["height"]))) == ring
        assert shown.getpixel((int(at["left"] + share * at["width"]), int(at["bottom"]) - 1)) == ring
