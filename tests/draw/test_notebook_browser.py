"""Drawings in a notebook's cell, in a browser: as large as the text around them, and whole if they can be."""

import base64

import pytest

from gradloom import Value
from gradloom.cli.demo import neuron


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
