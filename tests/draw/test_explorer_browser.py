"""The explorer in a real browser: Chromium without a window and without a network, from disk.

Skipped where there is no Chromium, no driver for it or no selenium; ``.ci/run`` installs them.
"""

import itertools
import json
import linecache
import math
import random
import re
import runpy
from pathlib import Path

import pytest

from gradloom import Value, scope, source_lines
from gradloom.cli.demo import neuron
from gradloom.engine import apply
from gradloom.nn import MLP
from gradloom.ops import TABLE


def keys():
    from selenium.webdriver.common.keys import Keys

    return Keys


def test_what_is_not_taken_passes_nothing_on(page):
    x = Value(0.0, label="x")
    page.open(x.sqrt().relu())
    assert page.run("return [...grads]") == [1, 0, 0]
    page.press(keys().END)
    assert "Not taken: nothing came in." in page.text("#step")
    page.run("changed.set(2, 4); recompute(); leap(position)")
    assert page.run("return [...grads]") == [1, 1, 0.25]


# ---- the lesson's neuron
def test_the_neuron_step_by_step(page):
    page.open(neuron())
    assert page.text("#step .kicker") == "Step 15 of 15 · backward"
    page.press(keys().HOME)
    assert page.boxes()["o"] == ["·", "·"]
    assert page.boxes()["x1"] == ["2.0000", "·"]
    assert (
        page.run("return document.querySelectorAll('.node.later').length") == 10
    )  # five results, five signs
    page.press(*[keys().ARROW_RIGHT] * 5)
    assert page.text("#step h2") == "o = 0.7071"
    assert page.boxes()["o"] == ["0.7071", "·"]
    assert page.run("return document.querySelectorAll('.later').length") == 0
    page.press(keys().ARROW_RIGHT)
    assert page.text("#step h2") == "Backward begins at o"
    assert page.boxes()["o"] == ["0.7071", "1.0000"]

    page.press(keys().ARROW_RIGHT)
    assert page.text("#step h2") == "tanh passes back to n"
    assert page.text(".rule").splitlines() == ["d tanh(x)/dx = 1 − out²", "= 1 − 0.7071²"]
    product = [b.text for b in page.driver.find_elements("css selector", ".product b")]
    assert product == ["0.5000", "1.0000", "0.5000"]
    assert page.text(".badge") == "0.5 × 1 = 0.5"
    assert page.text("#live") == "tanh passes back to n. 0.5 × 1 = 0.5. The gradient of n is 0.5."
    page.press(keys().END)
    grads = {label: grad for label, (_, grad) in page.boxes().items()}
    assert (grads["o"], grads["n"], grads["b"]) == ("1.0000", "0.5000", "0.5000")
    assert (grads["x1"], grads["w1"], grads["x2"], grads["w2"]) == ("-1.5000", "1.0000", "0.5000", "0.0000")
    page.press(keys().ARROW_LEFT)
    assert page.text("#count") == "14 / 15"
    assert page.boxes()["w1"][1] == "·"


def test_every_step_shows_pythons_numbers(page):
    a, b = Value(2.0, label="a"), Value(-0.3, label="b")
    c = a * b + a
    d = c * c + a.exp() / b
    root = (d + c * d).tanh() + d * 0.001
    page.open(root)
    shown = page.run("return nodes.map((node, i) => [exact(data[i]), exact(grads[i])])")
    from gradloom.draw.graph import view_from_root

    nodes = view_from_root(root, 300).nodes
    root.backward()
    assert shown == [[repr(x.data), repr(x.grad)] for x in nodes]
    totals = page.run("return steps.filter((s) => s.to === arguments[0]).map((s) => s.total)", nodes.index(a))
    assert totals[-1] == a.grad
    assert len(totals) == 3  # a goes into three operations
    page.run("leap(steps.findLastIndex((s) => s.to === arguments[0]) + 1)", nodes.index(a))
    rows = [row.text for row in page.driver.find_elements("css selector", ".sum tr")]
    assert len(rows) == 4
    assert rows[-1] == f"together {a.grad:.4f}"


def test_numbers_are_written_as_python_writes_them(page):
    rng = random.Random(3)
    xs = [0.03125, -0.03125, 0.09375, 0.5, 1.5, 2.5, 1e-5, -1e-5, 5e-324, 1e9, 123456789.5, 1e16, 1e15, 1e22,
          1e-4, 9.999e-5, 0.1, 1 / 3, 2.0, -0.0, 0.0, 1.7976931348623157e308, 1e21, 123456.0]  # fmt: skip
    xs += [rng.uniform(-1, 1) * 10 ** rng.uniform(-8, 18) for _ in range(200)]
    page.open(neuron())
    from gradloom.draw.labels import number

    for digits in (0, 1, 4, 10):
        shown = page.run("return arguments[0].map((x) => number(x, arguments[1]))", xs, digits)
        assert shown == [number(x, digits) for x in xs]
    xs[xs.index(0.0)] = 0.0  # -0.0 does not survive the way into the browser
    assert page.run("return arguments[0].map(exact)", xs) == [repr(x + 0.0) for x in xs]
    assert page.run("return [exact(-0), exact(NaN), exact(-Infinity)]") == ["-0.0", "nan", "-inf"]


# ---- what if
def close(x, y):
    return (math.isnan(x) and math.isnan(y)) or x == y or abs(x - y) <= 1e-13 * max(1.0, abs(x), abs(y))


def test_every_operation_of_the_table_is_recomputed(page):
    """Each leaf is given other numbers in its field; data and gradients are those of a fresh backward()."""
    rng = random.Random(7)
    rows = list(TABLE.values())
    points = [[[rng.uniform(*interval) for interval in row.domain] for row in rows] for _ in range(4)]

    def build(numbers):
        leaves, results = [], []
        for row, xs in zip(rows, numbers, strict=True):
            operands = [
                Value(x, label=f"{row.name} {i}") for i, x in enumerate(xs[: row.arity - row.parameter])
            ]
            leaves.append(operands)
            results.append(apply(row, *operands, *xs[row.arity - row.parameter :]))
            results[-1].label = f"{row.name} out"
        root = results[0] * 1.0
        for k, result in enumerate(results[1:]):
            root = root + result * (0.5 + k % 3)
        return root, leaves, results

    # A parameter is no leaf: the page keeps the first one.
    for numbers in points[1:]:
        for row, first, other in zip(rows, points[0], numbers, strict=True):
            if row.parameter:
                other[-1] = first[-1]
    root, leaves, _ = build(points[0])
    page.open(root, max_nodes=1000)
    place = page.run("return Object.fromEntries(nodes.map((node, i) => [node.label, i]))")
    for numbers in points[1:]:
        changes = [
            [place[leaf.label], x]
            for operands, xs in zip(leaves, numbers, strict=True)
            for leaf, x in zip(operands, xs, strict=False)
        ]
        shown = page.run(
            """
            for (const [i, x] of arguments[0]) {
              pick(i);
              document.getElementById("value").value = x;
              document.getElementById("value").dispatchEvent(new Event("input"));
            }
            return nodes.map((node, i) => [exact(data[i]), exact(grads[i])])""",
            changes,
        )
        fresh, fresh_leaves, fresh_results = build(numbers)
        fresh.backward()
        for node in itertools.chain(*fresh_leaves, fresh_results):
            data, grad = map(float, shown[place[node.label]])
            assert close(data, node.data), node.label
            assert close(grad, node.grad), node.label
        assert close(float(shown[0][0]), fresh.data)


@pytest.mark.parametrize(
    "name", ["pow", "powc", "mod", "floordiv", "round", "copysign", "maximum", "hypot", "erf", "erfc"]
)
def test_the_prelude_at_the_edges(page, name):
    row = TABLE[name]
    special = [math.inf, -math.inf, 0.0, 1.0, -1.0, -1.5, 2.5, 0.5, 3.0, 1e-300, -7.0, 1e300, 5.5, -0.1, 28.0]
    page.open(apply(row, *(Value(0.5) for _ in range(row.arity - row.parameter)), *[2.0] * row.parameter))
    points = list(itertools.product(special, repeat=row.arity))
    shown = page.run(
        "return arguments[1].map((xs) => exact(ROWS[arguments[0]].value(...xs.map(Number))))",
        name,
        [
            ["Infinity" if x == math.inf else "-Infinity" if x == -math.inf else x for x in point]
            for point in points
        ],
    )
    for point, text in zip(points, shown, strict=True):
        try:
            expected = row.value(*point)
        except (ArithmeticError, ValueError):
            continue  # IEEE in the page
        assert close(float(text), expected), point
        assert math.copysign(1, float(text)) == math.copysign(1, expected) or expected != 0.0, point


def test_dragging_a_leaf(page):
    page.open(neuron())
    page.run("choose(leaves.find((i) => nodes[i].label === 'x1'))")
    slider = page.driver.find_element("css selector", "#drag")
    slider.send_keys(keys().ARROW_RIGHT * 3)
    x1 = float(page.run("return document.getElementById('value').value"))
    assert x1 > 2.0
    o = neuron()
    (leaf,) = (v for v in _nodes(o) if v.label == "x1")
    fresh = Value(x1, label="x1")
    n = fresh * -3.0 + 0.0 + 6.8813735870195432
    out = n.tanh()
    out.backward()
    assert leaf.data == 2.0
    assert page.boxes()["o"][0] == f"{out.data:.4f}"
    assert page.boxes()["x1"] == [f"{x1:.4f}", f"{fresh.grad:.4f}"]
    assert page.text("#outcome").startswith("0.7071 → ")
    gradient, bumped = float(page.text("#gradient")), float(page.text("#slope"))
    assert gradient == pytest.approx(fresh.grad, abs=1e-6)
    assert bumped == pytest.approx(gradient, abs=2e-6)
    assert page.text("#undo").startswith("x1 = ")
    page.driver.find_element("css selector", "#undo").click()
    assert page.boxes()["x1"] == ["2.0000", "-1.5000"]
    assert not page.driver.find_element("css selector", "#undo").is_displayed()


def _nodes(root):
    from gradloom import topological_order

    return topological_order(root)


def test_where_the_page_cannot_compute_it_says_so(page):
    x = Value(0.5, label="x")
    t = Value(math.tanh(0.5), (x,), "my tanh", label="t")
    t._backward = lambda: setattr(x, "grad", x.grad + (1 - t.data**2) * t.grad)
    page.open(t * 2.0)
    assert "was not made by an operation of the table" in page.text("#refusal")
    assert not page.driver.find_element("css selector", "#trial").is_displayed()
    assert page.boxes()["x"] == ["0.5000", f"{2 * (1 - math.tanh(0.5) ** 2):.4f}"]
    page.press(keys().END)
    assert "The derivative is the user's own _backward, or that of a compiled function" in page.text("#step")
    page.open(Value(math.tanh(0.5), (x,), "tanh", label="t") * 2.0)
    assert page.text("#notice").startswith("There is no backward pass")
    assert page.boxes()["x"] == ["0.5000", "·"]
    page.open(sum((Value(float(i)) * Value(1.5) for i in range(200)), Value(0.0)), max_nodes=50)
    assert page.text("#notice").startswith("800 of 801 nodes are folded into 3 boxes")
    assert "A part of the graph is not shown one by one" in page.text("#refusal")


@pytest.mark.parametrize("x", [math.nan, math.inf, -math.inf, 1e300, 5e-324, -0.0])
def test_numbers_that_are_hard_to_draw(page, x):
    leaf = Value(x, label="x")
    page.open(leaf * 2.0 + 1.0, digits=17)
    assert page.run("return exact(data[nodes.findIndex((node) => node.label === 'x')])") == repr(x)
    page.press(keys().HOME, *[keys().ARROW_RIGHT] * 7)
    page.run("change(leaf, 3); return data[0]")
    assert page.run("return data[0]") == 7.0


def test_a_leaf_alone(page):
    page.open(Value(1.5, label="w"))
    assert page.text("#count") == "1 / 1"
    assert page.boxes() == {"w": ["1.5000", "1.0000"]}
    page.press(keys().HOME)
    assert page.boxes() == {"w": ["1.5000", "·"]}


def test_an_operation_of_the_users_own(page):
    from gradloom import primitive

    cube = primitive(lambda x: x * x * x, lambda m, x, r: (3.0 * x * x,))
    x = Value(2.0, label="x")
    page.open(cube(x) + 1.0)
    assert page.boxes()["x"] == ["2.0000", "12.0000"]
    page.press(keys().END)
    assert "= (3 · x) · x" in page.text(".rule")
    assert "= (3 · 2) · 2" in page.text(".rule")
    assert "was not made by an operation of the table" in page.text("#refusal")


# ---- labels
def test_labels_are_shown_and_never_run(page):
    evil = ["<script>window.bad = 1</script>", "<img src=x onerror=bad=1>",
            "{ } | \" ' &amp; \\N", "👩‍🔬 🎉 é",
            "x" * 10_000, "</text></svg>", "{{rows}} ${bad} `"]  # fmt: skip
    root = sum(Value(float(i), label=label) for i, label in enumerate(evil))
    root.label = evil[0]
    page.open(root, title=evil[0])
    assert page.run("return window.bad") is None
    assert page.text("h1") == evil[0]
    assert page.driver.title == evil[0]
    for i, label in enumerate(evil):
        page.run("choose(leaves.find((i) => data[i] === arguments[0] && nodes[i].label))", float(i))
        assert page.text("#tip b") == label
    assert page.run("return document.documentElement.scrollWidth <= innerWidth")
    page.press(keys().HOME, *[keys().ARROW_RIGHT] * 9)
    assert page.run("return window.bad") is None


# ---- the line that made a node
def test_the_line_that_made_a_node_is_told(page):
    page.open(neuron())
    page.run("choose(nodes.findIndex(({ label }) => label === 'n'))")
    words = page.text("#tip .made")
    assert re.fullmatch(r"made in line \d+ of demo\.py: n = x1 \* w1 \+ x2 \* w2 \+ b", words)
    assert page.text("#live").endswith(f"{words}.")
    page.open(Value(2.0, label="a") * 3.0)
    page.run("choose(0)")
    assert page.run("return document.querySelectorAll('#tip .made').length") == 0
    assert "made in" not in page.text("#live")


def test_a_line_is_shown_and_never_run(page):
    evil = ["<script>window.bad = 1</script>", "<img src=x onerror=bad=1>", "</script></template>",
            "{{rows}} ${bad} ` \\ \" ' &amp;", "👩‍🔬 🎉 é", "x" * 10_000]  # fmt: skip
    lines = [f"root = root + {i}  # {text}\n" for i, text in enumerate(evil)]
    linecache.cache["evil.py"] = 0, None, lines, "evil.py"
    names = {"root": Value(0.5)}
    with source_lines():
        exec(compile("".join(lines), "evil.py", "exec"), names)
    page.open(names["root"])
    assert page.run("return window.bad") is None
    for i, line in enumerate(lines):
        page.run("choose(nodes.findIndex(({ made }) => made?.startsWith(arguments[0])))", f"line {i + 1} of")
        words = f"made in line {i + 1} of evil.py: {line.strip()}"
        shown = page.text("#tip .made")
        assert shown == words if len(words) < 120 else words.startswith(shown.removesuffix("..."))
        assert page.run("return document.querySelector('#tip').scrollWidth <= innerWidth")
    assert page.run("return window.bad") is None


# ---- how it is used
def test_by_keyboard_alone(page):
    page.open(neuron())
    keyboard = keys()
    page.run("document.body.focus()")
    page.press("/")
    assert page.run("return document.activeElement.id") == "wanted"
    page.press("w", "1", keyboard.ENTER)
    assert page.text("#matches") == "1 of 1"
    assert page.text("#tip b") == "w1"
    page.press(keyboard.ESCAPE)
    assert page.run("return document.activeElement.id") == "graph"
    page.press(keyboard.ARROW_DOWN)
    assert page.text("#tip b") != "w1"
    assert page.text("#live").startswith(page.text("#tip b"))
    page.press(keyboard.ARROW_UP, keyboard.ENTER)
    assert page.run("return document.activeElement.id") == "value"
    page.run("document.activeElement.select()")
    page.press("-", "1")
    assert page.boxes()["w1"][0] == "-1.0000"
    page.press(keyboard.ESCAPE, keyboard.HOME, " ")
    assert page.run("return document.body.className") == "playing"
    page.press(" ")
    assert page.run("return document.body.className") == ""
    nameless = page.run("""
        const reached = [...document.querySelectorAll("button, input, select, summary, [tabindex]")];
        return reached.filter((x) => !(x.ariaLabel || x.labels?.length || x.textContent)).map((x) => x.id)""")
    assert nameless == []


def test_playing_ends_and_begins_anew(page):
    page.open(neuron())
    page.run(
        "const fast = document.createElement('option'); fast.value = 5; $('pace').append(fast);"
        "fast.selected = true"
    )
    page.press(" ")
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(page.driver, 10).until(lambda _: page.run("return position === steps.length && !timer"))
    assert page.text("#count") == "15 / 15"


def test_motion_that_is_not_wanted_is_not_made(page):
    page.prefer(prefers_reduced_motion="reduce")
    page.open(neuron())
    page.press(keys().HOME, keys().ARROW_RIGHT)
    assert page.run("return document.querySelectorAll('.dot, .gliding').length") == 0
    page.prefer(prefers_reduced_motion="no-preference")
    page.press(keys().ARROW_RIGHT)
    assert page.run("return document.querySelectorAll('.dot').length") == 2


def test_dark_and_light(page):
    page.prefer(prefers_color_scheme="dark")
    page.open(neuron())
    seen = "const of = (css) => getComputedStyle(document.querySelector(css)); "
    seen += "return [of('body').backgroundColor, of('.leaf path').fill, of('.leaf text').fill]"
    assert page.run(seen) == ["rgb(18, 23, 30)", "rgb(23, 41, 63)", "rgb(230, 235, 241)"]
    page.prefer(prefers_color_scheme="light")
    assert page.run(seen) == ["rgb(255, 255, 255)", "rgb(234, 242, 252)", "rgb(28, 39, 51)"]


@pytest.mark.parametrize(("width", "height", "scale"), [(360, 740, 2), (640, 400, 2)])
def test_a_narrow_screen_and_a_large_zoom(page, width, height, scale):
    page.size(width, height, scale, mobile=True)
    page.open(neuron())
    assert page.run("return document.documentElement.scrollWidth") <= width
    assert page.run("return document.querySelector('footer').getBoundingClientRect().bottom") <= height + 1
    page.press(keys().HOME, *[keys().ARROW_RIGHT] * 7)
    page.run("picture.classList.remove('gliding'); place()")
    n, window = page.run("""
        const box = (x) => { const { left, right } = x.getBoundingClientRect(); return [left, right]; };
        return [box(boxes[steps[position - 1].to]), box(canvas)]""")
    assert window[0] <= n[0] < n[1] <= window[1]  # the step is in sight


def test_pan_zoom_and_fit(page):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.actions.wheel_input import ScrollOrigin

    page.open(neuron())
    canvas = page.driver.find_element("css selector", "#graph")
    before = page.run("return { ...at }")
    ActionChains(page.driver).drag_and_drop_by_offset(canvas, 60, 40).perform()
    after = page.run("return { ...at }")
    assert after["x"] - before["x"] == pytest.approx(60, abs=8)
    assert after["scale"] == before["scale"]
    ActionChains(page.driver).scroll_from_origin(ScrollOrigin.from_element(canvas), 0, -200).perform()
    assert page.run("return at.scale") > before["scale"]
    page.press("0")
    assert page.run("return at.scale") == pytest.approx(before["scale"])
    page.press("-")
    assert page.run("return at.scale") < before["scale"]


def test_two_fingers(page):
    page.open(neuron())
    before = page.run("return { ...at }")
    page.run("""
        const finger = (type, pointerId, clientX) => canvas.dispatchEvent(
          new PointerEvent(type, { pointerId, clientX, clientY: 300, bubbles: true, pointerType: "touch" }));
        finger("pointerdown", 1, 300);
        finger("pointerdown", 2, 400);
        for (let by = 5; by <= 50; by += 5) {
          finger("pointermove", 1, 300 - by);
          finger("pointermove", 2, 400 + by);
        }
        finger("pointerup", 1, 250);
        finger("pointerup", 2, 450);
        finger("pointermove", 1, 900);""")
    after = page.run("return { ...at }")
    assert after["scale"] == pytest.approx(2 * before["scale"], rel=0.05)  # 100 pixels apart, then 200
    # What was between the fingers is there still.
    assert (350 - after["x"]) / after["scale"] == pytest.approx((350 - before["x"]) / before["scale"], abs=6)


# ---- in a notebook, and large
def test_two_of_them_in_one_notebook_page(page, tmp_path):
    one = neuron().explore(tmp_path / "one.html")
    two = (Value(2.0, label="a") * 3.0).explore(tmp_path / "two.html")
    book = tmp_path / "book.html"
    book.write_text(f"<!doctype html>{one._repr_html_()}{two._repr_html_()}", encoding="utf-8")
    page.driver.get(book.as_uri())
    for i, steps in enumerate(["15 / 15", "4 / 4"]):
        page.driver.switch_to.frame(i)
        assert page.text("#count") == steps
        page.driver.switch_to.default_content()


def test_a_graph_of_a_few_hundred_nodes(page):
    random.seed(1)
    model = MLP(3, [4, 4, 1])
    loss = model([Value(x) for x in (0.5, -1.0, 2.0)]) ** 2
    page.open(loss)
    loss.backward()
    from gradloom.draw.graph import view_from_root

    nodes = view_from_root(loss, 300).nodes
    assert json.loads(page.run("return JSON.stringify(grads)")) == [x.grad for x in nodes]
    page.run("for (let i = 0; i <= steps.length; i++) go(i)")
    assert page.run("return document.querySelectorAll('.now').length") > 0


def large():
    """More than 5,000 nodes, in the scopes of a model."""
    random.seed(1)
    model = MLP(3, [16, 16, 1])
    xs = [[Value(random.uniform(-1, 1)) for _ in range(3)] for _ in range(8)]
    loss = sum((model(x) - 0.5) ** 2 for x in xs)
    loss.label = "loss"
    return loss


def test_a_graph_of_thousands_of_nodes(page):
    loss = large()
    page.open(loss)
    assert "nodes are folded into" in page.text("#notice")
    assert "not shown one by one" in page.text("#refusal")
    page.run("for (let i = 0; i <= steps.length; i++) go(i, false)")
    shown = page.run("return nodes.map((node, i) => isFolded(i) ? null : [exact(data[i]), exact(grads[i])])")
    from gradloom.draw.folded import view_of
    from gradloom.draw.graph import Box
    from gradloom.draw.inside import unfolding

    loss = large()  # a new one: in the other, constants are Values now
    nodes = unfolding(view_of([loss], 300), loss).whole.nodes
    loss.backward()
    shown = shown[: len(nodes)]  # after them come the boxes that unfold
    assert shown == [None if isinstance(x, Box) else [repr(x.data), repr(x.grad)] for x in nodes]
    norms = "return walk.filter(isFolded).map((i) => texts[i].last.textContent.trim())"
    assert page.run(norms)[0].startswith("grad norm ")
    assert "grad norm ·" not in page.run(norms)
    page.press(keys().HOME)
    assert set(page.run(norms)) == {"grad norm ·"}

    page.run("leap(steps.findIndex((s) => s.kind === 'value' && isFolded(s.node)) + 1)")
    assert page.text("#step h2").endswith("is computed")
    page.run("leap(steps.findIndex((s) => s.kind === 'unseen') + 1)")
    assert page.text("#step h2").startswith("From inside ")
    page.run("leap(steps.findIndex((s) => s.kind === 'between') + 1)")
    assert " into " in page.text("#step h2")
    assert page.run("return groupsOf(steps[position - 1]).length") == 3  # a box, the edge, a box


# ---- boxes that unfold
def scoped(labels=("first", "second")):
    """Two scopes; the second one takes two numbers of the first."""
    a, b, c = Value(0.5, label="a"), Value(-1.5, label="b"), Value(2.0, label="c")
    with scope(labels[0]):
        p = a * b
        p.label = "p"
        q = (p + a).tanh()
        q.label = "q"
    with scope(labels[1]):
        r = q * c + p
        r.label = "r"
        s = r * r + 0.25
        s.label = "s"
    root = s + q * 3.0
    root.label = "root"
    return root


def named(page, name):
    return page.run("return names.indexOf(arguments[0])", name)


@pytest.mark.parametrize("opened", [[], ["first"], ["second"], ["first", "second"]])
def test_the_passes_play_inside_what_is_unfolded(page, opened):
    root = scoped()
    page.open(root, fold="all")
    assert page.text("#notice") == "11 of 14 nodes are folded into 2 boxes; 2 of them unfold."
    for name in opened:
        page.run("unfold(names.indexOf(arguments[0]))", name)
    root.backward()
    expected = {x.label: [repr(x.data), repr(x.grad)] for x in _nodes(root) if x.label}
    inner = {"first": "pqab", "second": "rsc"}
    visible = {"root"}.union(*(inner[name] for name in opened))
    shown = page.run("""
        const seen = walk.filter((i) => !isFolded(i) && nodes[i].label);
        const last = (i) => steps.filter((s) => s.to === i).at(-1).total;
        return Object.fromEntries(seen.map((i) => [nodes[i].label, last(i)]))""")
    assert {name: repr(float(x)) for name, x in shown.items()} == {x: expected[x][1] for x in visible}
    # Every sum is what was there before and what is added; forward, each node comes after its operands.
    wrong, early = page.run("""
        const sums = steps.filter((s) => "edge own unseen".includes(s.kind));
        const turn = (i) => steps.findIndex((s) => s.kind === "value" && s.node === i);
        const after = ({ node }) => nodes[node].operands.every((j) => turn(seat(j)) < turn(node));
        const near = (s) => Math.abs(s.before + s.adds - s.total) < 1e-15;
        return [sums.filter((s) => !near(s)), forwards.filter((s) => !after(s))]""")
    assert wrong == early == []
    page.run("for (let i = 0; i <= LAST; i++) go(i)")
    assert page.run("return forwards.length") == 4 + 2 * ("first" in opened) + 3 * ("second" in opened)
    assert page.boxes()["root"] == [f"{root.data:.4f}", "1.0000"]
    for name in opened:
        assert page.boxes()[inner[name][0]][1] == f"{float(expected[inner[name][0]][1]):.4f}"


@pytest.mark.parametrize("seed", range(3))
def test_whichever_boxes_are_open_the_sums_are_those_of_backward(page, seed):
    rng = random.Random(seed)
    nodes = [Value(rng.uniform(-1, 1)) for _ in range(10)]
    for _ in range(60):
        with scope(f"part {rng.randrange(9)}"):
            for _ in range(rng.randrange(1, 12)):
                a, b = rng.choice(nodes[-40:]), rng.choice(nodes)
                nodes.append(
                    rng.choice([lambda a, b: a * b, lambda a, b: a - b, lambda a, b: b.tanh()])(a, b)
                )
    root = sum(nodes[-9:])
    for i, x in enumerate(_nodes(root)):
        x.label = f"n{i}"
    page.open(root, max_nodes=60)
    root.backward()
    grads = {x.label: x.grad for x in _nodes(root)}
    boxes = page.run("return GRAPH.walk.filter((i) => nodes[i].inside)")
    assert len(boxes) > 5
    for _ in range(4):
        some = rng.sample(boxes, len(boxes) // 3)
        page.run("go(arguments[1], false); arguments[0].forEach((i) => unfold(i))", some, rng.randrange(50))
        totals = page.run("""
            for (let i = 0; i <= LAST; i += 7) go(i);
            const last = (i) => steps.filter((s) => s.to === i).at(-1)?.total ?? 0;
            return walk.filter((i) => !isFolded(i)).map((i) => [nodes[i].label, last(i)])""")
        assert dict(totals) == {name: grads[name] for name, _ in totals}


def test_unfolding_and_folding_keeps_what_has_been_played(page):
    page.open(scoped(), fold="all")
    page.run("leap(steps.findIndex((s) => names[s.node] === 'first') + 1)")
    page.run("unfold(names.indexOf('first'))")
    assert page.boxes()["q"][0] != "·"
    assert page.boxes()["root"] == ["·", "·"]
    page.press(keys().ARROW_LEFT)
    assert page.boxes()["q"][0] == "·"
    assert "inside first" in page.text("#step .kicker")
    page.run("unfold(names.indexOf('first'))")
    assert page.run("return steps[position]?.node === names.indexOf('first')")  # which is the next, then
    page.press(keys().END)
    page.run("unfold(names.indexOf('second'))")
    assert page.run("return position === LAST && Number($('time').max) === LAST")


def test_folded_and_unfolded_by_keyboard(page):
    page.open(scoped(), fold="all")
    page.run("canvas.focus()")
    while not page.text("#tip").startswith("first"):
        page.press(keys().ARROW_DOWN)
    button = page.driver.find_element("css selector", "#tip button")
    assert (button.text, button.get_attribute("aria-expanded")) == ("Unfold", "false")
    assert page.text("#live").endswith("folded.")
    page.press(keys().ENTER)
    button = page.driver.find_element("css selector", "#tip button")
    assert (button.text, button.get_attribute("aria-expanded")) == ("Fold", "true")
    assert page.text("#live").startswith("first, many nodes in one box, nodes 5")
    assert page.text("#live").endswith("unfolded.")
    page.press(keys().ARROW_DOWN, keys().ARROW_DOWN)
    inside = page.run("return host[chosen] === names.indexOf('first')")
    assert inside
    page.press(keys().ESCAPE)
    assert page.run("return [open.size, names[chosen]]") == [0, "first"]
    assert page.run("return document.activeElement.id") == "graph"
    page.press(keys().ENTER, keys().ENTER)
    assert page.run("return open.size") == 0
    page.press(keys().TAB, keys().TAB, keys().TAB, keys().TAB, " ")
    assert page.run("return [open.size, document.activeElement.id]") == [1, "graph"]


def test_a_box_is_unfolded_by_a_press_and_folded_at_its_name(page):
    page.prefer(prefers_reduced_motion="reduce")
    page.open(scoped(), fold="all")
    from selenium.webdriver.common.action_chains import ActionChains

    def press(css):
        page.run("picture.classList.remove('gliding'); place()")
        target = page.driver.find_element("css selector", css)
        ActionChains(page.driver).move_to_element(target).click().perform()

    i = named(page, "first")
    press(f'[data-node="{i}"] text')
    assert page.run("return [...open]") == [i]
    press(f'[data-inside="{i}"] [data-op]')
    assert page.run("return [...open]") == [i]
    assert page.text("#tip .kind").startswith("made by")
    press(f'[data-inside="{i}"] .bar text')
    assert page.run("return open.size") == 0


def test_an_open_box_has_room(page):
    """Nothing that is drawn overlaps, edges end where nodes are, and all is as before when it is folded."""
    page.open(large())
    look = """
        const drawn = walk.filter((i) => !host[i]).flatMap((i) => [boxes[i], rounds[i]]);
        const rects = drawn.filter(Boolean).map(extent);
        let n = 0;
        rects.forEach((a, i) => rects.slice(0, i).forEach((b) => {
          n += a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
        }));
        const ends = lines.filter((x) => x.head).map(({ path, head, tail }) => {
          const numbers = path.getAttribute("d").match(/-?[\\d.]+/g).map(Number);
          const at = (group) => extent(boxes[group.dataset.node] ?? group);
          return [numbers[0] - at(tail).right, at(head).left - numbers.at(-2)].every((x) => Math.abs(x) < 18);
        });
        const paths = [...layer.querySelectorAll("path")].map((path) => path.getAttribute("d"));
        return [n, ends.filter((near) => !near).length, paths.join()]"""
    before = page.run(look)
    assert before[:2] == [0, 0]
    few = page.run("return walk.filter((i) => nodes[i].inside).slice(0, 4)")
    assert len(few) == 4
    page.run("arguments[0].forEach((i) => unfold(i))", few)
    assert page.run(look)[:2] == [0, 0]
    page.run("arguments[0].forEach((i) => unfold(i))", few)
    assert page.run(look) == before


def test_find_looks_inside(page):
    page.open(scoped(), fold="all")
    page.press("/", "q")
    assert page.text("#matches") == "1 found"
    page.press(keys().ENTER)
    assert page.text("#matches") == "1 of 1, inside first"
    assert page.run("return [open.size, names[chosen]]") == [1, "q"]
    page.open(large())
    page.press("/", "z", "z")
    assert page.text("#matches") == "none found in this page"


def test_what_if_where_all_that_is_folded_is_in_the_page(page):
    root = scoped()
    page.open(root, fold="all")
    page.run("unfold(names.indexOf('second'))")
    page.run("change(leaves.find((i) => names[i] === 'a'), 1.25)")
    (a,) = (x for x in _nodes(root) if x.label == "a")
    fresh = scoped()
    (b,) = (x for x in _nodes(fresh) if x.label == "a")
    a.data = b.data = 1.25
    p = 1.25 * -1.5
    q = math.tanh(p + 1.25)
    r = q * 2.0 + p
    assert page.boxes()["r"][0] == f"{r:.4f}"
    assert page.boxes()["root"][0] == f"{r * r + 0.25 + q * 3.0:.4f}"
    assert float(page.text("#gradient")) == pytest.approx(float(page.text("#slope")), abs=1e-5)
    outside = page.run("return outsides.filter((x) => names[x.i] === 'q').map((x) => x.data.textContent)")
    assert outside == [f"data {q:.4f}"]
    norm = page.run("return grads[names.indexOf('first')]")
    dp, dq = page.run("return ['p', 'q'].map((x) => grads[names.indexOf(x)])")
    assert norm == pytest.approx(math.hypot(dp, dq))


def test_labels_inside_a_box_are_shown_and_never_run(page):
    evil = "<script>window.bad = 1</script></svg><img src=x onerror=bad=1> {{rows}} \" '"
    page.open(scoped(labels=(evil, evil * 3)), fold="all")
    page.run("walk.filter((i) => nodes[i].inside).forEach((i) => unfold(i))")
    assert page.run("return window.bad") is None
    titles = page.run(
        "return [...document.querySelectorAll('.inside.open > .bar text')].map((x) => x.textContent)"
    )
    assert titles == [f"{evil[:29]}..."] * 2
    page.press(keys().HOME, *[keys().ARROW_RIGHT] * 12)
    assert page.run("return window.bad") is None


def test_a_box_unfolds_without_motion_where_none_is_wanted(page):
    page.prefer(prefers_reduced_motion="reduce")
    page.open(scoped(), fold="all")
    page.run("unfold(names.indexOf('first'))")
    assert page.run("return document.getAnimations().length") == 0


def test_the_root_may_be_in_a_box_that_unfolds(page):
    with scope("all of it"):
        x = Value(0.5, label="x")
        root = (x * 2.0).tanh() * x
        root.label = "root"
    page.open(root, fold="all")
    assert page.text("#count") == "2 / 2"
    page.run("unfold(0 + nodes.length - 1)")
    root.backward()
    assert page.boxes()["x"] == ["0.5000", f"{x.grad:.4f}"]
    assert page.boxes()["root"] == [f"{root.data:.4f}", "1.0000"]


# ---- the screenshots of the documents
def test_the_screenshots_can_be_taken_again(page, tmp_path):
    """Their pixels depend on the machine's fonts; their size does not, nor the moments that are shown."""
    tool = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "draw_pages.py"))
    tool["take"](page.driver, tmp_path)
    for name in ("explorer.png", "film.png"):
        kept, fresh = ((folder / name).read_bytes() for folder in (tool["DOCS"], tmp_path))
        assert fresh[:24] == kept[:24], f"{name}: run: python tools/draw_pages.py"  # up to width and height
    assert page.text("#count").split(" / ")[0] == "13"
