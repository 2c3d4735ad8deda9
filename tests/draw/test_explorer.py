"""The explorer without a browser: the steps, the file, what is in it, and the frames."""

import json
import math
import random
import re
import webbrowser

import pytest

import gradloom as gl
from gradloom import Value, primitive
from gradloom.cli.demo import neuron
from gradloom.draw import Explorer, explore, frames
from gradloom.draw.folded import view_of
from gradloom.draw.graph import Box, view_from_root
from gradloom.draw.inside import inside, unfolding
from gradloom.draw.javascript import names_called, rows_as_javascript, rule
from gradloom.draw.passes import passes
from gradloom.errors import CycleError
from gradloom.ops import TABLE


def by_hand(x):
    """tanh written out, as a learner does."""
    t = Value(math.tanh(x.data), (x,), "my tanh")

    def step():
        x.grad += (1 - t.data**2) * t.grad

    t._backward = step
    return t


def tangle(seed, count=60):
    """A random graph with shared nodes."""
    rng = random.Random(seed)
    nodes = [Value(rng.uniform(-1, 1), label=f"x{i}") for i in range(5)]
    for _ in range(count):
        a, b = rng.choice(nodes), rng.choice(nodes[-8:])
        nodes.append(rng.choice([lambda a, b: a * b, lambda a, b: a + b, lambda a, b: (a - b).tanh(),
                                 lambda a, b: a.relu() + 0.5 * b, lambda a, b: b**2])(a, b))  # fmt: skip
    root = nodes[-1] + nodes[-2] * nodes[-3]
    root.label = "root"
    return root


def graph_of(page):
    """The JSON in a page."""
    return json.loads(re.search(r"^const GRAPH = (.*);$", page.html, re.MULTILINE)[1])


# ---- the steps
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("most", [8, 40, 1000])
def test_the_sums_are_those_of_backward_to_the_bit(seed, most):
    root = tangle(seed)
    view = view_from_root(root, most)
    found = passes(view, root)
    assert all(x.grad == 0.0 for x in view.nodes)  # nothing was changed
    root.backward()
    assert found.grads == tuple(x.grad for x in view.nodes)
    last = {step.to: step.total for step in found.steps if step.kind != "value"}
    assert {i: x.grad for i, x in enumerate(view.nodes) if i in last} == last
    assert all(x.grad == 0.0 for i, x in enumerate(view.nodes) if i not in last)


def test_the_order_of_the_steps():
    o = neuron()
    view = view_from_root(o, 300)
    name = {i: x.label or x._op for i, x in enumerate(view.nodes)}
    steps = passes(view, o).steps
    assert [name[s.node] for s in steps if s.kind == "value"] == ["*", "*", "+", "n", "o"]
    told = [(name[s.node], name[s.to], round(s.adds, 4)) for s in steps if s.kind == "edge"]
    assert told[:3] == [("o", "n", 0.5), ("n", "+", 0.5), ("n", "b", 0.5)]
    assert sorted(told[5:]) == [("*", "w1", 1.0), ("*", "w2", 0.0), ("*", "x1", -1.5), ("*", "x2", 0.5)]


def test_what_passes_through_nodes_that_are_not_shown_is_told():
    x = Value(3.0, label="x")
    deep = x
    for _ in range(10):
        deep = deep * 1.5
    root = x * 2.0 + deep * x
    view = view_from_root(root, 6)
    assert x in view.nodes
    found = passes(view, root)
    (unseen,) = (s for s in found.steps if s.kind == "unseen" and view.nodes[s.to] is x)
    assert unseen.k == 1
    root.backward()
    assert found.grads[view.nodes.index(x)] == x.grad
    assert unseen.adds == pytest.approx(1.5**10 * 3)


def test_a_derivative_of_the_users_own_is_run_and_leaves_no_trace():
    x = Value(0.5, label="x")
    x.grad = 7.0
    y = by_hand(x) * 3.0
    view = view_from_root(y, 300)
    found = passes(view, y)
    (own,) = (s for s in found.steps if s.kind == "own")
    assert own.total == pytest.approx(3 * (1 - math.tanh(0.5) ** 2))
    assert [v.grad for v in view.nodes] == [7.0 if v is x else 0.0 for v in view.nodes]


def test_a_derivative_that_raises_leaves_the_gradients_as_they_were():
    x = Value(0.5)
    y = by_hand(x)
    y._backward = lambda: 1 / 0
    x.grad, y.grad = 2.0, 3.0
    with pytest.raises(ZeroDivisionError):
        explore(y, "never.html")
    assert (x.grad, y.grad) == (2.0, 3.0)


# ---- folded
def model_loss(points=5):
    """5,000 nodes and more, most of them in scopes."""
    random.seed(1)
    model = gl.nn.MLP(3, [16, 16, 1])
    xs = [[Value(random.uniform(-1, 1)) for _ in range(3)] for _ in range(points)]
    total = sum((model(x) - 0.5) ** 2 for x in xs)
    total.label = "loss"
    return total


def chain():
    x = Value(1.0, label="x")
    y = x
    for i in range(3000):
        y = (y * 0.999 + x * 0.001).tanh() if i % 7 == 0 else y + x * 1e-4
    return y


@pytest.mark.parametrize("root", [model_loss, chain, lambda: tangle(3, 2500)])
@pytest.mark.parametrize("most", [12, 80, 300])
def test_the_sums_are_those_of_backward_where_a_part_is_folded(root, most):
    root = root()
    view = view_of([root], most)
    assert view.boxes
    found = passes(view, root)
    root.backward()
    for node, grad in zip(view.nodes, found.grads, strict=True):
        if not isinstance(node, Box):
            assert grad == node.grad
    ends = {root: {None}}  # of each node, what uses it
    for operand, result in gl.trace(root)[1]:
        ends.setdefault(operand, set()).add(result)
    for box, grad in zip(view.nodes, found.grads, strict=True):
        if isinstance(box, Box):
            inside = set(box.members)
            given = [x.grad for x in box.members if not ends[x] <= inside]
            assert grad == pytest.approx(math.hypot(*given), rel=1e-12)
    totals = {s.to: s.total for s in found.steps if s.kind in ("seed", "edge", "own", "unseen")}
    for i, total in totals.items():
        assert isinstance(view.nodes[i], Box) or total == view.nodes[i].grad


def test_what_is_not_taken_passes_nothing_on():
    """sqrt's derivative is infinite at 0, but relu does not take it: 0.0 comes in, and is not multiplied."""
    x = Value(0.0)
    root = x.sqrt().relu()
    assert [(s.adds, s.total) for s in passes(view_from_root(root, 10), root).steps if s.kind == "edge"] == [
        (0.0, 0.0),
        (0.0, 0.0),
    ]


def test_a_box_is_computed_after_what_it_takes_and_before_what_takes_it():
    root = model_loss()
    view = view_of([root], 100)
    place = {node: i for i, node in enumerate(view.nodes)}
    turn = {s.node: t for t, s in enumerate(passes(view, root).steps) if s.kind == "value"}
    assert any(isinstance(view.nodes[i], Box) for i in turn)
    for i, t in turn.items():
        assert all(turn.get(place[x], -1) < t for x in view.operands[i])


def test_every_edge_of_the_picture_is_gone_back_along():
    root = model_loss()
    view = view_of([root], 100)
    place = {node: i for i, node in enumerate(view.nodes)}
    edges = {(i, place[x]) for i, xs in enumerate(view.operands) for x in xs}
    steps = passes(view, root).steps
    assert {(s.node, s.to) for s in steps if s.kind not in ("value", "seed")} == edges
    many = {(s.node, s.to): s.k for s in steps if s.kind == "between"}
    for (i, j), count in many.items():
        assert view.nodes[i].uses[view.nodes[j]] == count


def test_where_the_result_itself_is_in_a_box():
    with gl.scope("all of it"):
        x = Value(0.5, label="x")
        root = chain() + x
    view = view_of([root], 1)
    assert len(view.nodes) == 1
    found = passes(view, root)
    assert [s.kind for s in found.steps] == ["value", "seed"]
    assert found.grads == (1.0,)


def test_a_folded_graph_says_what_it_leaves_out(tmp_path):
    page = model_loss().explore(tmp_path / "a.html")
    graph = graph_of(page)
    assert re.search(
        r">[\d,]+ of [\d,]+ nodes are folded into \d+ boxes; \d+ of them unfold\.</p>", page.html
    )
    assert "not shown one by one" in graph["refusal"]
    boxes = [node for node in graph["nodes"] if "folded" in node]
    assert all(box["folded"] > 1 for box in boxes)
    inner = [i for box in boxes for i in box.get("inside", ())]
    assert len(graph["nodes"]) - len(inner) <= 300
    assert sorted(graph["walk"]) == list(range(len(graph["nodes"])))


@pytest.mark.parametrize("root", [model_loss, chain, lambda: tangle(3, 2500)])
@pytest.mark.parametrize("most", [12, 80, 300])
def test_what_unfolds_is_whole_and_in_order(root, most):
    root = root()
    view = view_of([root], most)
    un = unfolding(view, root)
    assert un.whole.nodes[0] is root or isinstance(un.whole.nodes[0], Box)
    inner = [x for xs in un.members.values() for x in xs]
    assert len(inner) == len(set(inner)) == sum(box.count for box in un.members) <= 700
    assert set(un.whole.nodes) == set(view.nodes) - set(un.members) | set(inner)
    turn = {i: t for t, i in enumerate(un.walk)}
    assert len(turn) == len(un.whole.nodes) + len(un.members)
    for box, xs in un.members.items():  # right after their box, each after its operands
        mine = [turn[un.number[x]] for x in xs]
        assert mine == list(range(turn[un.number[box]] + 1, turn[un.number[box]] + 1 + len(xs)))
    found = passes(un.whole, root, [i for i in un.walk if i < len(un.whole.nodes)])
    made = {s.node: t for t, s in enumerate(found.steps) if s.kind == "value"}
    for node, operands in zip(un.whole.nodes, un.whole.operands, strict=True):
        for x in operands if not isinstance(node, Box) else ():
            assert made.get(un.number[x], -1) < made[un.number[node]]
    root.backward()
    for node, grad in zip(un.whole.nodes, found.grads, strict=True):
        assert isinstance(node, Box) or grad == node.grad


def test_the_picture_of_what_is_inside_has_every_operand():
    root = model_loss()
    un = unfolding(view_of([root], 300), root)
    assert un.members
    for box, members in un.members.items():
        view = inside(un, box, 4)
        assert all(x in view.nodes for xs in view.operands for x in xs)
        outside = [x for x in view.nodes if isinstance(x, Box)]
        assert set(view.nodes) - set(outside) == set(members)
        assert all(x.members[0] not in members and "data " in x.caption for x in outside)


def test_inside_a_neuron_its_parameters_have_their_names():
    model = gl.nn.MLP(2, [6, 6, 1])
    loss = sum(model([0.1 * i, 0.2]) for i in range(20))
    un = unfolding(view_of([loss], 60), loss)
    neurons = [box for box in un.members if box.title.startswith("neuron")]
    assert neurons
    for box in neurons:
        view = inside(un, box, 4)
        within = [view.names.get(x) for x in view.nodes if isinstance(x, Value) and not x.operands]
        from_outside = [x.name for x in view.nodes if isinstance(x, Box) and not x.members[0].operands]
        assert {"w[0]", "w[1]", "b"} <= {*within, *from_outside}


def test_all_of_a_small_graph_that_is_folded_is_in_the_page(tmp_path):
    with gl.scope("one"):
        a = Value(2.0, label="a") * Value(3.0, label="b")
    root = a * 2.0
    page = root.explore(tmp_path / "a.html", fold="all")
    graph = graph_of(page)
    assert graph["refusal"] == ""  # so the page can compute
    (box,) = (node for node in graph["nodes"] if "folded" in node)
    assert [graph["nodes"][i]["label"] for i in box["inside"]] == ["a", "b", ""]
    assert [graph["nodes"][i]["name"] for i in box["gives"]] == ["a * b"]
    assert box["norm"] == 2.0
    assert page.html.count('class="inside"') == 1


def test_unfold_and_fold_are_those_of_draw(tmp_path):
    root = model_loss(1)
    for options in ({"max_nodes": 60}, {"max_nodes": 60, "unfold": "Layer"}, {"fold": "all"}):
        text = str(root.draw(**options))
        html = root.explore(tmp_path / "a.html", **options).html
        assert text.splitlines()[-1].removeprefix("... ") in html
        assert frames(root, **options)[0].source.count("label=<<TABLE") == root.draw(**options).source.count(
            "label=<<TABLE"
        )
    with pytest.raises(ValueError, match="fold must be one of"):
        root.explore(tmp_path / "a.html", fold="some")
    with pytest.raises(ValueError, match="unfold names 'layer 9'"):
        root.explore(tmp_path / "a.html", unfold="layer 9")


def test_the_page_of_a_folded_graph_is_not_too_large(tmp_path):
    assert len(model_loss(8).explore(tmp_path / "a.html").html) < 3_500_000


def test_scopes_that_are_all_open_leave_the_page_able_to_compute(tmp_path):
    with gl.scope("first"):
        a = Value(2.0, label="a") * Value(3.0, label="b")
    page = (a * 2.0).explore(tmp_path / "a.html")
    assert graph_of(page)["refusal"] == ""
    assert ">first</text>" in page.html


# ---- where there is no gradient
def test_without_a_derivative_there_is_a_forward_pass_only(tmp_path):
    x = Value(0.5, label="x")
    t = Value(math.tanh(0.5), (x,), "tanh", label="t")
    graph = graph_of((t * 2).explore(tmp_path / "a.html"))
    assert {step["kind"] for step in graph["steps"]} == {"value"}
    assert "_backward" in graph["trouble"]
    assert "needs a backward pass" in graph["refusal"]


def test_stale_numbers_give_no_gradient(tmp_path):
    o = neuron()
    o.operands[0].operands[1].data = 6.7  # b
    (o.operands[0].operands[0].operands[0].operands[0]).data = 1.0  # x1: read by a derivative
    graph = graph_of(o.explore(tmp_path / "a.html"))
    assert "compute the result again" in graph["trouble"]
    assert {step["kind"] for step in graph["steps"]} == {"value"}


def test_a_circle_raises():
    a = Value(2.0)
    b = a.exp()
    a._prev = {b}
    with pytest.raises(CycleError):
        b.explore("never.html")
    a._prev = set()


@pytest.mark.parametrize(
    ("root", "words"),
    [
        (lambda: by_hand(Value(0.5)) * 2, "my tanh node was not made by an operation of the table"),
        (lambda: primitive(lambda x: x * x, lambda m, x, r: (2.0 * x,))(Value(3.0)), "was not made by"),
        (
            lambda: sum(Value(1.0) for _ in range(400)),
            "A part of the graph is not shown one by one in this page",
        ),
        (neuron, ""),
    ],
)
def test_when_the_page_cannot_compute_it_says_why(root, words, tmp_path):
    refusal = graph_of(root().explore(tmp_path / "a.html"))["refusal"]
    assert words in refusal
    assert bool(words) == bool(refusal)


# ---- the file
def test_the_file_and_its_object(tmp_path):
    path = tmp_path / "neuron.html"
    page = neuron().explore(path)
    assert isinstance(page, Explorer)
    assert page.path == path
    assert path.read_text(encoding="utf-8") == page.html
    assert repr(page) == f"<Explorer: the graph of o, in {path}>"
    assert gl.draw.explore is explore
    assert [p.name for p in tmp_path.iterdir()] == ["neuron.html"]


def test_a_notebook_gets_it_in_a_frame(tmp_path):
    page = neuron().explore(tmp_path / "a.html", title='"A" & <b>')
    frame = page._repr_html_()
    assert frame.startswith('<iframe srcdoc="')
    assert 'title="&quot;A&quot; &amp; &lt;b&gt;"' in frame
    assert frame.count('"') == 10  # five attributes: nothing ends one early
    said = re.sub("<[^>]*>", "", frame)  # where frames are taken out
    assert said.startswith("A page that plays: &quot;A&quot; &amp; &lt;b&gt;. Run this cell, or trust")
    assert " id=" not in page.html.partition("<svg")[2].partition("</svg>")[0]


def test_the_page_holds_nothing_from_outside(tmp_path):
    html = neuron().explore(tmp_path / "a.html").html
    assert not re.search(r"""(src|href)=["'](?!data:)""", html.replace("xlink:href", ""))
    assert not re.search(r"@import|url\(|fetch\(|XMLHttp|https?://(?!www\.w3\.org)", html)
    assert "Content-Security-Policy" in html


def test_labels_cannot_leave_their_place(tmp_path):
    evil = "</script><script>alert(1)</script>\u2028{{rows}} \\ \" ' <!--"
    x = Value(1.0, label=evil)
    y = Value(2.0, (x,), evil, evil)
    y._backward = lambda: None
    page = y.explore(tmp_path / "a.html", title=evil)
    assert graph_of(page)["nodes"][0]["label"] == evil
    assert page.html.count("</script>") == 1
    assert "<script>alert" not in page.html
    assert "\u2028" not in page.html.partition("<script>")[2]


@pytest.mark.parametrize("name", ["no/such/folder/a.html", "."])
def test_a_file_that_cannot_be_written_leaves_none_behind(name, tmp_path):
    with pytest.raises((OSError, ValueError)):
        neuron().explore(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_what_is_wrong_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"saved as 'a.svg'; end the name in .html"):
        neuron().explore(tmp_path / "a.svg")
    with pytest.raises(TypeError, match="explore takes the Value at a graph's end, not float"):
        explore(3.0)
    with pytest.raises(TypeError, match="title must be a str, not int"):
        explore(neuron(), title=3)
    with pytest.raises(ValueError, match="digits must be a whole number"):
        explore(neuron(), digits=-1)
    with pytest.raises(ValueError, match="max_nodes must be a whole number"):
        explore(neuron(), max_nodes=0)
    with pytest.raises(TypeError, match="frames takes a Value, not int"):
        frames(3)


def test_it_opens_where_there_is_a_screen(monkeypatch, tmp_path):
    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    page = neuron().explore()
    assert opened == [page.path.as_uri()]
    assert page.path.parent == tmp_path
    neuron().explore(tmp_path / "named.html")
    monkeypatch.delenv("DISPLAY")
    neuron().explore()
    assert len(opened) == 1


# ---- the table as JavaScript
def test_every_row_is_printed_with_what_it_calls():
    text = rows_as_javascript(list(TABLE.values()))
    for row in TABLE.values():
        assert f"const value_{row.name} = " in text
        assert f'  "{row.name}": {{' in text
    assert names_called(["softplus"]) == ["softplus", "sigmoid"]
    assert "value_log" not in rows_as_javascript([TABLE["softplus"]])


@pytest.mark.parametrize(
    ("name", "formulas"),
    [
        ("tanh", ["1 - out^2"]),
        ("mul", ["y", "x"]),
        ("pow", ["y * x ** (y - 1)", "log(x) * out"]),
        ("powc", ["y * x ** (y - 1)"]),
        ("hypot", ["x / out", "y / out"]),
        ("relu", ["1 - [x \u2264 0]"]),
        ("log2", ["1 / (x * ln(2))"]),
    ],
)
def test_formulas_as_a_reader_writes_them(name, formulas):
    assert rule(TABLE[name])["rules"] == formulas


def test_the_script_stays_small():
    from gradloom.draw import document, explorer

    scripts = [(document.PAGE / f"{name}.js").read_text(encoding="utf-8") for name in explorer._SCRIPTS]
    assert len("".join(scripts).encode()) < 40 * 1024


# ---- frames
def test_frames_are_the_steps():
    o = neuron()
    view = view_from_root(o, 300)
    pictures = frames(o, digits=2)
    found = passes(view, o)
    assert len(pictures) == len(found.steps) + 1
    assert "grad" not in str(pictures[len(view.nodes) - 5])
    o.backward()
    assert str(pictures[-1]) == str(o.draw(digits=2))
    assert "grad -1.50" in str(pictures[-1])


def test_frames_keep_their_sizes(tmp_path):
    pictures = frames(neuron())
    sizes = set()
    for i, picture in enumerate(pictures):
        picture.save(tmp_path / f"step-{i:02}.svg")
        sizes.add(re.search(r'viewBox="[^"]*"', picture.svg)[0])
    assert len(sizes) == 1
    assert len(list(tmp_path.iterdir())) == 16


def test_frames_of_a_folded_graph():
    with gl.scope("one"):
        a = Value(2.0, label="a") * Value(3.0, label="b")
    with gl.scope("two"):
        b = a * a + a
    pictures = frames(b, digits=1, fold="all")
    titles = [re.findall(r"<B>(.*?)</B>", picture.source)[0] for picture in pictures]
    assert titles == [
        "The leaves<BR/>have their numbers",
        "Forward<BR/>one is computed",
        "Forward<BR/>two is computed",
        "Backward begins<BR/>the gradient of the result, in two, is 1",
        "Backward: two into one<BR/>3 contributions",
    ]
    assert "one: 3 nodes\n" in str(pictures[3])
    assert "one: 3 nodes | grad norm 13.0" in str(pictures[-1])  # 2 a + 1


def test_the_edge_of_a_step_is_marked():
    o = neuron()
    colours = [re.findall(r'color="(#\w+)" penwidth=3', picture.source) for picture in frames(o)]
    assert [len(found) for found in colours] == [0] * 7 + [1] * 9
    assert len({found[0] for found in colours[7:]}) == 2  # of a positive and of a negative contribution
