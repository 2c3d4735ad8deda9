"""The film in a real browser: the slider, the keys, the plane, dark and narrow."""

import itertools
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
        # innerWidth would grow with what is too wide
        assert page.run("return document.documentElement.scrollWidth") == width
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


def test_the_numbers_below_a_picture_do_not_touch(page):
    """Small and large ones, at every width; they have two digits and a power of ten."""
    weights = [Value(x) for x in (-0.000042, 0.000021, 0.00001)]
    for w, slope in zip(weights, (-3.1e120, 2e120, 7e-9), strict=True):
        w.grad = slope
    film = Film(weights)
    film.frame(1.0)
    for width in (1280, 960, 700, 390):
        page.size(width, 800)
        page.open(film)
        rows = page.run("""return [...document.querySelectorAll(".ends")].map((row) =>
            [...row.children].map((word) => [word.textContent, word.getBoundingClientRect().toJSON()]))""")
        assert [word for word, _ in rows[0]] == ["-4.2e-5", "size 2.8e-5", "4.2e-5"]
        assert [word for word, _ in rows[1]] == ["-3.1e120", "size 2.1e120", "3.1e120"]
        for row in rows:
            boxes = [box for _, box in row]
            assert all(one["right"] < other["left"] for one, other in itertools.pairwise(boxes))
            assert len({box["top"] for box in boxes}) == 1
            assert boxes[-1]["right"] <= width


def test_a_film_of_one_frame(page, film):
    once = Film(Turning(), [[-1.0, 0.0], [1.0, 0.5]], [-1, 1])
    once.frame(0.25)
    page.open(once)
    page.press(" ", keys().HOME, keys().ARROW_RIGHT, keys().ARROW_LEFT, keys().END)
    page.driver.execute_async_script("""const done = arguments[0], wait = () =>
        document.body.classList.contains("playing") ? setTimeout(wait, 20) : done(); wait()""")
    assert page.text("#count") == "1 / 1"
    assert page.text("#live") == "Step 1 of 1. The loss is 0.25; 0 of 2 points on the right side."
    assert (page.text("#highest"), page.text("#lowest")) == ("0.25", "")  # said once


def test_a_film_of_two_thousand_frames(page):
    model = Turning()
    film = Film(model, [[-1.0, 0.0], [1.0, 0.5]], [-1, 1], frames=2000)
    for step in range(2000):
        model.w.data = step / 1000 - 1
        film.frame(2000.0 - step)
    page.open(film)
    assert page.text("#count") == "2000 / 2000"
    page.press(keys().HOME)
    assert page.text("#right") == "0 of 2 points on the right side"
    page.run("const t = document.getElementById('time'); t.value = 1500; t.dispatchEvent(new Event('input'))")
    assert page.text("#count") == "1501 / 2000"
    assert page.text("#right") == "2 of 2 points on the right side"


def test_every_loss_is_nan(page, film):
    for step in range(5):
        film._losses[step] = math.nan
    page.open(film)
    assert page.text("#notice") == "The loss was nan at step 1 and at every step after it."
    assert page.run("return document.querySelector('.chart .ahead').getAttribute('d')") == ""
    assert page.text("#loss") == "nan at step 5"
    assert (page.text("#highest"), page.text("#lowest")) == ("", "")
    assert page.text("#right") == "4 of 4 points on the right side"  # the rest of the film is there


def test_the_keyboard_reaches_all_that_can_be_pressed(page, film):
    page.open(film)
    reached = []
    for _ in range(8):
        page.press(keys().TAB)
        reached.append(page.run("return document.activeElement.id"))
    assert reached[:7] == ["start", "back", "play", "on", "finish", "time", "pace"]
    page.run("document.getElementById('time').focus()")
    page.press(keys().ARROW_LEFT)
    assert page.text("#count") == "4 / 5"
    plays = """const key = new KeyboardEvent("keydown", { key: " ", bubbles: true });
        document.activeElement.dispatchEvent(key);
        const playing = document.body.classList.contains("playing");
        play(false);
        return playing"""
    assert page.run(plays)  # a slider has no use for the space bar
    page.run("document.getElementById('back').focus()")
    page.press(keys().ENTER, keys().ENTER)
    assert page.text("#count") == "2 / 5"
    outline = "const {outlineStyle, outlineWidth} = getComputedStyle(document.activeElement);"
    assert page.run(f"{outline} return [outlineStyle, outlineWidth]") == ["solid", "2px"]


def test_nothing_moves_by_itself(page, film):
    page.prefer(prefers_reduced_motion="reduce")
    page.open(film)
    page.press(keys().HOME, keys().ARROW_RIGHT, keys().ARROW_RIGHT)
    assert page.run("return document.getAnimations().length") == 0
    assert page.text("#count") == "3 / 5"
    assert not page.run("return document.body.classList.contains('playing')")


@pytest.mark.parametrize("losses", [(2.0, 1.0, 1e-30), (1e-300, 3.0, 1e300), (1.0, 1.0)])
def test_the_numbers_beside_the_curve_are_not_upon_it(page, losses):
    film = Film([Value(1.0)])
    for loss in losses:
        film.frame(loss)
    for width in (1280, 390):
        page.size(width, 800)
        page.open(film)
        chart, now, *words = page.run("""return "chart now highest lowest first last".split(" ").map((id) =>
            document.getElementById(id).getBoundingClientRect().toJSON())""")
        assert all(0 <= word["left"] <= word["right"] < chart["left"] for word in words[:2])
        assert all(word["top"] > max(chart["bottom"], now["bottom"]) for word in words[2:])
