"""Which nodes are shown: all of them, those nearest the root, or those of the user's own trace."""

import random

import pytest

from gradloom import Value, topological_order
from gradloom.draw import draw, trace
from gradloom.draw.graph import view_from_root


def chain(length, start=1.0):
    x = Value(start, label="x")
    for _ in range(length):
        x = x.tanh()
    return x


def notebook_trace(root):
    """The definition, as notebooks write it: recursive, over the sets ``_prev``."""
    nodes, edges = set(), set()

    def build(v):
        if v not in nodes:
            nodes.add(v)
            for child in v._prev:
                edges.add((child, v))
                build(child)

    build(root)
    return nodes, edges


def tangle(seed):
    """A random graph with shared inner nodes and constants."""
    choose = random.Random(seed)
    nodes = [Value(choose.random()) for _ in range(4)]
    for _ in range(40):
        a, b = choose.choice(nodes[-10:]), choose.choice(nodes[-10:])
        nodes.append(choose.choice([lambda a=a, b=b: a * b, lambda a=a: a + 2, lambda a=a: a**2])())
    return nodes[-1]


@pytest.mark.parametrize("seed", range(5))
def test_trace_is_that_of_the_notebooks(seed):
    root = tangle(seed)
    assert trace(root) == notebook_trace(root)


def test_trace_of_a_leaf_and_of_a_deep_graph():
    x = Value(1.0)
    assert trace(x) == ({x}, set())
    nodes, edges = trace(chain(100_000))
    assert (len(nodes), len(edges)) == (100_001, 100_000)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("most", [1, 2, 7, 10_000])
def test_the_nearest_nodes_are_shown_and_the_others_counted(seed, most):
    root = tangle(seed)
    view = view_from_root(root, most)
    order = topological_order(root)
    assert len(view.nodes) == len(set(view.nodes)) == min(most, len(order))
    assert view.missing == len(order) - len(view.nodes)
    assert view.nodes[0] is root
    layers = [{root}]
    while layers[-1]:
        layers.append({x for node in layers[-1] for x in node._prev}.difference(*layers))
    distance = {node: i for i, layer in enumerate(layers) for node in layer}
    assert sorted(distance.values())[:most] == [distance[node] for node in view.nodes]


def test_a_large_graph_says_what_is_left_out():
    root = chain(1000)
    assert "701 earlier nodes not shown" in root.draw(fold="none").svg
    assert str(root.draw(fold="none")).endswith("... 701 earlier nodes not shown")
    assert "1 earlier node not shown" in root.draw(max_nodes=1000, fold="none").svg
    assert "not shown" not in root.draw(max_nodes=1001, fold="none").svg


def test_a_chain_of_a_million():
    root = chain(1_000_000)
    picture = root.draw(fold="none")
    assert "999,701 earlier nodes not shown" in picture.svg
    assert picture.svg.count('class="node operation"') == 300
    assert str(picture).count("\n") == 301  # 300 nodes, "...", the note


def test_the_note_points_to_every_operation_that_lacks_an_operand():
    x = Value(1.0)
    root = (x * 2.0) + (x * 3.0)
    source = root.draw(max_nodes=3, fold="none").source
    assert source.count("note -> ") == 2
    assert "3 earlier nodes not shown" in source  # x and two constants
    assert "note" not in root.draw(max_nodes=6).source


def test_constants_that_are_not_shown_stay_numbers():
    y = Value(1.0)
    for _ in range(50):
        y = y * 1.5
    assert view_from_root(y, 5).missing == 101 - 5
    deep = y
    for _ in range(40):
        deep = deep.operands[0]
    assert deep._recipe[1][1] == 1.5
    assert type(deep._recipe[1][1]) is float


# ---- draw(nodes, edges)
def test_nodes_and_edges_give_the_picture_of_the_root():
    a = Value(2.0, label="a")
    b = (a + a) * Value(3.0, label="c") - 1
    b.label = "b"
    assert draw(*trace(b)).source == b.draw().source
    assert str(draw(*trace(b), max_nodes=3)) == str(b.draw(max_nodes=3, fold="none"))


def test_nodes_and_edges_may_be_a_part():
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    c = a * b
    c.label = "c"
    d = c.exp()
    d.label = "d"
    assert str(draw({a, c}, {(a, c)})).splitlines() == [
        "c | data 6.0000 | grad 0.0000 <- *",
        "  a | data 2.0000 | grad 0.0000",
    ]
    assert str(draw([d, a, b], [])).count("\n") == 2  # three boxes and no edge
    assert "<-" not in str(draw([d, a, b], []))


def test_several_roots():
    x = Value(2.0, label="x")
    p, q = x.exp(), x.sin()
    p.label, q.label = "p", "q"
    nodes = trace(p)[0] | trace(q)[0]
    edges = trace(p)[1] | trace(q)[1]
    lines = [line.split(" |")[0] for line in str(draw(nodes, edges)).splitlines()]
    assert lines == ["q", "  x", "p", "  x, see (1)"]


def test_an_edge_made_up_by_the_user_is_drawn():
    a, b = Value(1.0, label="a"), Value(2.0, label="b")
    assert "v1 -> f0" in draw({a, b}, {(a, b)}).source


@pytest.mark.parametrize(
    ("nodes", "edges", "words"),
    [
        (set(), set(), "at least one"),
        ({1.0}, set(), "nodes must be Values"),
        ([Value(1.0)], [Value(2.0)], r"edges must be pairs of Values"),
        ([Value(1.0)], [(Value(2.0), 1.0)], r"edges must be pairs of Values"),
        (Value(1.0), set(), "nodes must be a set or a list, not Value"),
        ([Value(1.0)], 3, "edges must be a set or a list, not int"),
    ],
)
def test_nodes_and_edges_that_are_none(nodes, edges, words):
    with pytest.raises(TypeError, match=words):
        draw(nodes, edges)


# ---- the tree
def test_a_node_met_again_is_a_reference():
    a = Value(3.0, label="a")
    b = a + a
    c = b * b
    c.label = "c"
    assert str(c.draw(show=("label", "data"), digits=0)).splitlines() == [
        "c | data 36 <- *",
        "  data 6 <- +  (1)",
        "    a | data 3  (2)",
        "    a, see (2)",
        "  see (1)",
    ]


def test_references_keep_a_shared_graph_short():
    x = Value(1.0)
    for _ in range(100):
        x = x + x  # 2**100 paths
    assert str(x.draw()).count("\n") == 200


def test_a_circle_made_by_hand_is_drawn():
    a = Value(2.0, label="a")
    b = a.exp()
    b.label = "b"
    a._prev = {b}
    assert str(b.draw(show="label")).splitlines() == ["b <- exp  (1)", "  a <- ?", "    b, see (1)"]
    assert b.draw().svg.count('class="edge"') == 4
    assert len(draw(*trace(b)).svg) > 0
    a._prev = set()  # for the collector's sake


def test_the_tree_is_ascii_but_for_labels():
    assert str(chain(500).draw()).isascii()
