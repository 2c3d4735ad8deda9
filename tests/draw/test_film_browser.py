"""The film in a real browser: the slider, the keys, the plane, dark and narrow."""

import math

import pytest

from gradloom import Film, Value
from gradloom.nn import Module


class Turning(Module):
    """The score is w x: for w below 0 every point is on the wrong side."""

    def __init__(self):
        self.w = Value(-2.0)

    def __call__(self, x):
        return self.w * x[0]


@pytest.fixture
def film():
    """Five steps: w goes from -2 to 2, by way of 0."""
    model = Turning()
    film = Film(model, [[-1.0, 0.0], [1.0, 0.5], [-2.0, 1.0], [2.0, 1.0]], [-1, 1, -1, 1])
    for step in range(5):
        model.w.data, model.w.grad = step - 2.0, 0.5
        film.frame(2.0 - 0.25 * step)
    return film


def keys():
    from selenium.webdriver.common.keys import Keys

    return Keys


def pixel(page, x, y):
    """The colour of the plane at a share of its width and height: (red, green, blue)."""
    script = """const map = document.getElementById("map"), copy = document.createElement("canvas");
        const pen = copy.getContext("2d", {willReadFrequently: true});
        pen.drawImage(map, -arguments[0] * map.width, -arguments[1] * map.height);
        return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3)"""
    return page.run(script, x, y)


def blue(colour):
    return colour[2] - colour[0]


def test_it_opens_at_the_end_and_the_keys_move_it(page, film):
    page.open(film)
    assert page.text("#count") == "5 / 5"
    assert page.text("#right") == "4 of 4 points on the right side"
    assert page.text("#loss") == "1 at step 5"
    assert blue(pixel(page, 0.05, 0.5)) < 0 < blue(pixel(page, 0.95, 0.5))
    page.press(keys().HOME)
    assert page.text("#count") == "1 / 5"
    assert page.text("#right") == "0 of 4 points on the right side"
    assert page.text("#live") == "Step 1 of 5. The loss is 2; 0 of 4 points on the right side."
    assert blue(pixel(page, 0.05, 0.5)) > 0 > blue(pixel(page, 0.95, 0.5))
    page.press(keys().ARROW_RIGHT, keys().ARROW_RIGHT, keys().ARROW_LEFT)
    assert page.text("#count") == "2 / 5"
    page.press(keys().END)
    assert page.text("#count") == "5 / 5"


def test_the_slider_and_the_curve_move_it(page, film):
    page.open(film)
    last = page.run("return document.querySelector('.layer .up').getAttribute('d')")
    page.run("const t = document.getElementById('time'); t.value = 0; t.dispatchEvent(new Event('input'))")
    assert page.text("#loss") == "2 at step 1"
    shapes = [
        page.run(f"return document.querySelector('.layer .{side}').getAttribute('d')")
        for side in ("up", "down")
    ]
    assert last
    assert shapes[0] == ""
    assert shapes[1]
    page.run("""const box = document.getElementById("chart").getBoundingClientRect();
        document.getElementById("chart").dispatchEvent(
            new MouseEvent("click", {clientX: box.left + 0.52 * box.width, clientY: box.top + 5}))""")
    assert page.text("#count") == "3 / 5"
    assert page.run("return document.getElementById('time').getAttribute('aria-valuetext')").startswith(
        "Step 3"
    )


def test_it_plays_to_the_end(page, film):
    page.open(film)
    page.press(" ")
    page.driver.execute_async_script("""const done = arguments[0], wait = () =>
        document.body.classList.contains("playing") ? setTimeout(wait, 20) : done(); wait()""")
    assert page.text("#count") == "5 / 5"
    assert page.run("return document.getElementById('play').getAttribute('aria-label')") == "Play"


def test_dark_narrow_and_large(page, film):
    page.open(film)
    light = pixel(page, 0.02, 0.02)
    page.prefer(prefers_color_scheme="dark")
    page.run("return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert sum(pixel(page, 0.02, 0.02)) < sum(light)
    for width, scale in ((390, 2), (640, 2)):
        page.size(width, 800, scale, mobile=True)
        page.open(film)
        assert page.run("return document.documentElement.scrollWidth <= innerWidth")
        assert page.run("return document.getElementById('map').clientHeight") > 150


def test_a_loss_that_is_nan_is_said(page):
    film = Film([Value(1.0)], title="<b>bold</b>")
    for loss in (1.0, 0.5, math.nan, 0.25):
        film.frame(loss)
    page.open(film)
    assert page.text("#notice") == "The loss was nan at step 3."
    assert page.text("h1") == "<b>bold</b>"
    assert page.run("return document.getElementById('plane').hidden")
    assert page.run("return document.querySelector('.chart .ahead').getAttribute('d')").count("M") == 2
    page.press(keys().ARROW_LEFT)
    assert page.text("#loss") == "nan at step 3"
    assert page.run("return document.getElementById('now').hidden")
