"""Scopes as boxes, and graphs that are folded until they fit."""

import random

import numpy as np
import pytest

from gradloom import Value, scope
from gradloom.draw import trace
from gradloom.draw.fold import LENGTH, Folding, shown
from gradloom.draw.folded import view_of
from gradloom.draw.network import columns_in_python, network
from gradloom.draw.quotient import Quotient, distances
from gradloom.nn import MLP, Module, Neuron


def lines(drawing):
    return str(drawing).splitlines()


MODELS = []  # a model that is gone has no attributes to be called after


def mlp(*sizes, rows=1):
    random.seed(1)
    model = MLP(2, list(sizes), activation="tanh", nonlin=True)
    MODELS.append(model)
    outs = [model([Value(float(i), label="x"), Value(2.0, label="y")]) for i in range(rows)]
    root = sum(outs[1:], outs[0])
    root.backward()
    return root


def tangle(n, seed=0):
    """A random graph of about ``n`` nodes, some of them in scopes."""
    choose = random.Random(seed)
    nodes = [Value(choose.random()) for _ in range(20)]
    while len(nodes) < n:
        with scope(f"part {choose.randrange(5)}"):
            for _ in range(choose.randrange(1, 60)):
                a, b = choose.choice(nodes[-200:]), choose.choice(nodes)
                nodes.append(
                    choose.choice([lambda a=a, b=b: a * b, lambda a=a: a + 2, lambda a=a: a.tanh()])()
                )
                if choose.random() < 0.1:
                    with scope("inner"):
                        nodes.append(nodes[-1].sin() * b)
    return sum(nodes[-30:])


# ---- what is drawn
def test_scopes_are_boxes_around_their_nodes():
    x, w = Value(2.0, label="x"), Value(3.0, label="w")
    with scope("outer"):
        with scope("inner <&>"):
            y = w * x + 1
        z = y.tanh()
    root = z + x
    drawing = root.draw(show="label")
    assert lines(drawing) == [
        "(no label) <- +",
        "  (no label) <- tanh  [outer]",
        "    (no label) <- +  [outer > inner <&>]",
        "      (no label) <- *",
        "        w",
        "        x  (1)",
        "      (no label)",
        "  x, see (1)",
    ]
    svg = drawing.svg
    assert svg.count('class="cluster"') == 2
    assert "inner &lt;&amp;&gt;" in svg


def test_a_leaf_is_in_the_scope_of_its_uses_or_where_it_was_made():
    with scope("a"):
        mine, shared = Value(1.0, label="mine"), Value(2.0, label="shared")
        with scope("b"):
            p = mine * shared
        with scope("c"):
            q = shared.exp()
    folding = Folding([p + q])
    home = {
        v.label: folding.scopes.names[s] for v, s in zip(folding.net.nodes, folding.scopes.home, strict=True)
    }
    assert (home["mine"], home["shared"]) == ("b", "a")


def test_modules_are_called_after_what_holds_them():
    text = str(mlp(4, 1).draw())
    assert "[MLP > layer 1 > neuron 0]" in text
    assert "[MLP > layer 0 > neuron 3]" in text


def test_fold_all_is_a_box_for_each_outermost_scope():
    text = lines(mlp(4, 4, 1).draw(fold="all"))
    assert text[0] == "MLP: 102 nodes | grad norm 1.0000"
    assert [line.partition(" |")[0] for line in text[1:3]] == ["  x", "  y"]
    assert text[3:] == ["... 102 of 104 nodes are folded into 1 box"]


def test_within_the_budget_outer_scopes_open_first():
    text = str(mlp(4, 4, 1).draw(max_nodes=16))
    assert "neuron 3: 8 nodes | grad norm 0.0335  [MLP > layer 0]" in text
    assert "neuron 0: 14 nodes | grad norm 1.0000  [MLP > layer 2]" in text
    assert text.endswith("... 102 of 104 nodes are folded into 9 boxes")


def test_of_equal_scopes_that_do_not_all_fit_one_is_opened():
    text = str(mlp(4, 4, 1).draw(max_nodes=30))
    assert "[MLP > layer 0 > neuron 0]" in text
    assert "[MLP > layer 0 > neuron 1]" not in text


def test_unfold_opens_a_scope_before_others():
    root = mlp(8, 8, 1)
    assert "[MLP > layer 1 > neuron 7]" not in str(root.draw(max_nodes=60))
    opened = str(root.draw(max_nodes=60, unfold="neuron 7"))
    assert "[MLP > layer 1 > neuron 7]" in opened
    assert "[MLP > layer 0 > neuron 7]" in opened
    assert "[MLP > layer 2 > neuron 0]" not in opened
    with pytest.raises(ValueError, match="no scope of this graph; there is 'MLP', 'layer 0', 'neuron 0'"):
        root.draw(unfold="layer 7")


def test_equal_scopes_side_by_side_are_one_box_with_an_example():
    text = str(mlp(16, 16, 1, rows=100).draw())
    assert "MLP x 99: 63,459 nodes | grad norm" in text
    assert "[MLP > layer 2" in text


def test_the_gradient_of_a_box_is_the_norm_at_its_outputs():
    x = Value(3.0)
    with scope("two"):
        a, b = x * 2, x * 5
    root = a * 3 + b * 4
    root.backward()
    assert lines(root.draw(fold="all"))[2] == "    two: 5 nodes | grad norm 5.0000  (1)"


def test_edges_into_a_box_are_one_with_their_number():
    x = Value(1.0)
    with scope("other"):
        z = x.exp()
    with scope("many"):
        y = sum((z * i for i in range(5)), Value(0.0))
    source = y.draw(fold="all").source
    assert source.count(" -> ") == 1
    assert "<TD>5</TD>" in source


def test_what_is_blank_or_not_shown_is_not_in_a_box():
    assert "grad" not in str(mlp(4, 1).draw(fold="all", show=("label", "data")))
    assert "norm" not in str(mlp(4, 1).draw(fold="all", blank="grad"))


# ---- any size
def check(root, most=300):
    """Every node is in the picture or counted, and the layout can be borne."""
    folding = Folding([root])
    total = len(folding.net) + int(folding.net.constants.sum())
    drawing = root.draw(max_nodes=most)
    boxes = drawing.source.count('STYLE="ROUNDED"')
    assert boxes <= most
    said = lines(drawing)[-1]
    assert said.startswith("... ")
    assert f"of {total:,} nodes are folded into" in said
    hidden = int(said.split()[1].replace(",", ""))
    assert hidden + boxes - drawing.source.count("class=folded") == total
    return drawing


@pytest.mark.parametrize("seed", range(6))
def test_random_graphs_are_drawn_within_the_budget(seed):
    root = tangle(3000, seed)
    for most in (20, 100):
        check(root, most)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_drawn_has_no_cycle(seed):
    folding = Folding([tangle(2000, seed)])
    for most in (10, 50, 150):
        opened = folding.opened(most)
        q = Quotient(folding.net, shown(opened))
        distance = distances(len(q.parts), q.src, q.dst)
        assert (distance[q.src] > distance[q.dst]).all()
        assert (q.owner >= 0).all()


def test_a_chain_of_a_million():
    x = Value(0.5, label="x")
    for _ in range(1_000_000):
        x = x.tanh()
    drawing = x.draw()
    assert drawing.source.count("class=operation") > 280
    assert lines(drawing)[-1].startswith("... 999,7")
    assert "tanh: 1" in str(drawing)
    assert len(drawing.svg) > 1000


def test_a_wide_sum_and_a_dense_graph():
    check(sum(Value(float(i)) for i in range(20_000)))
    choose = random.Random(5)
    layer = [Value(choose.random()) for _ in range(40)]
    for _ in range(4):
        layer = [sum(choose.random() * x for x in layer) for _ in range(40)]
    assert "x 40" in str(check(sum(layer)))


def test_a_neuron_is_found_without_scopes():
    choose = random.Random(2)
    x = [Value(choose.random()) for _ in range(8)]
    for _ in range(3):
        x = [sum((Value(choose.random()) * v for v in x), Value(0.0)).tanh() for _ in range(32)]
    assert "32 +, 32 *, tanh x 31: " in str(check(sum(x), 60))


def test_thousands_of_scopes_inside_one_another():
    x = Value(1.0)
    scopes = [scope(f"depth {i}") for i in range(5000)]
    for s in scopes:
        s.__enter__()
        x = x * 1.01
    for s in reversed(scopes):
        s.__exit__()
    assert check(x).source.count("subgraph") <= 300


def test_a_long_chain_with_one_operand_in_common_is_not_laid_out_as_it_is():
    """290 edges from one box, each longer than the one before, would take Graphviz minutes."""
    x = Value(1.0)
    y = x
    for _ in range(140):
        y = y + x
    assert "folded" in lines(y.draw())[-1]
    assert len(y.draw().svg) > 1000


@pytest.mark.parametrize("fold", ["auto", "none"])
@pytest.mark.parametrize("most", [2000, 100_000])
def test_however_many_boxes_are_allowed_there_are_no_more_than_can_be_laid_out(fold, most):
    view = view_of([tangle(3000)], most, fold)
    place = {node: i for i, node in enumerate(view.nodes)}
    edges = {(place[x], i) for i, xs in enumerate(view.operands) for x in xs if x in place}
    src, dst = np.array(sorted(edges)).T
    across = distances(len(place), src, dst)
    assert (across[src] - across[dst]).sum() <= 1.5 * LENGTH  # constants come to what is counted
    assert 20 < len(view.nodes) < 1500
    assert view.missing > 500 or sum(box.count for box in view.boxes) > 500


def test_a_network_is_drawn_whole_if_that_is_wished():
    model = MLP(3, [8, 8, 1])
    loss = sum(model([0.1 * i, 0.2, 0.3]) for i in range(8))
    assert not view_of([loss], 100_000).boxes
    assert view_of([loss], 300).boxes


@pytest.mark.parametrize("most", range(1, 12))
def test_a_tiny_budget(most):
    root = tangle(300)
    assert root.draw(max_nodes=most).source.count('STYLE="ROUNDED"') <= max(most, 8)


def test_bad_options():
    for bad in ("some", None, 1):
        with pytest.raises(ValueError, match="fold must be one of 'auto', 'all', 'none'"):
            Value(1.0).draw(fold=bad)


# ---- what parameters are called
def leaves(root):
    """The first words of the leaves of a picture, in the order of the text."""
    found = [line for line in lines(root.draw(show=("label", "data"), digits=0)) if "<-" not in line]
    return [line.split(" | ")[0].split("  (")[0].strip() for line in found]


class Pair(Module):
    def __init__(self):
        self.left, self.others = Value(2.0), {"right": [Value(3.0), Value(4.0, label="mine")]}

    def __call__(self, x):
        with scope(self):
            right, mine = self.others["right"]
            return self.left * x + right * mine


def test_a_parameter_is_called_by_its_attributes_within_its_scope():
    neuron = Neuron(2)
    assert leaves(neuron([Value(1.0, label="x"), 5.0])) == ["b", "w[0]", "x", "w[1]", "data 5"]
    assert [p.label for p in neuron.parameters()] == [""] * 3
    pair = Pair()
    assert leaves(pair(1.0)) == ["left", "data 1", "others.right[0]", "mine"]  # a label wins
    model = MLP(1, [2, 1])
    assert leaves(model([6.0]))[:4] == ["b", "w[0]", "b", "w[0]"]
    assert leaves(model([6.0]) + model([7.0]))[:4] == [
        "layers[1].neurons[0].b",
        "layers[1].neurons[0].w[0]",
        "layers[0].neurons[0].b",
        "layers[0].neurons[0].w[0]",
    ]


def test_outside_of_two_models_there_are_no_names():
    one, other, both = Pair(), Pair(), Value(1.0)
    one.both = other.both = both
    assert leaves(one(both) + one(both))[:4] == ["left", "both", "others.right[0]", "mine"]
    assert leaves(one(both) + other(both))[:4] == ["left", "data 1", "others.right[0]", "mine"]


def test_a_class_that_lists_its_parameters_itself_gives_no_names():
    class Listed(Pair):
        def parameters(self):
            return [self.left, self.missing]

    listed = Listed()
    assert leaves(listed(1.0))[0] == "data 2"
    listed.missing = Value(1.0)
    assert leaves(listed(1.0))[0] == "data 2"


def test_the_explorer_has_the_names_of_the_parameters(tmp_path):
    neuron = Neuron(1)
    page = neuron([Value(1.0, label="x")]).explore(tmp_path / "page.html")
    assert '"label": "w[0]"' in page.html
    assert ">w[0]</text>" in page.html


# ---- twice
def squares(rows):
    """The loss of a network whose inputs and targets are plain numbers: constants, many of them."""
    random.seed(3)
    model = MLP(3, [8, 8, 1])
    MODELS.append(model)
    loss = sum((model([0.5, -i / rows, 1.0]) - 1.0) ** 2 * 0.5 for i in range(rows))
    loss.backward()
    return loss


@pytest.mark.parametrize("most", [30, 150, 300])
@pytest.mark.parametrize("rows", [1, 12])
def test_to_draw_a_graph_does_not_change_how_it_is_drawn(rows, most, tmp_path):
    loss = squares(rows)
    first, page = loss.draw(max_nodes=most), loss.explore(tmp_path / "page.html", max_nodes=most)
    second, again = loss.draw(max_nodes=most), loss.explore(tmp_path / "page.html", max_nodes=most)
    assert "folded into" in str(first)
    assert str(second) == str(first)
    assert second.svg == first.svg
    assert again.html == page.html


def test_a_constant_that_was_looked_at_is_folded_as_one():
    first, second = squares(12), squares(12)
    assert len(trace(second)[0]) > 300  # a Value of every constant
    assert str(second.draw()) == str(first.draw())
    a = Value(2.0, label="a") * 3.0
    a.operands[1].label = "three"  # whoever names it means it
    assert network([a]).constants.tolist() == [0, 0, 0]


# ---- the parts underneath
def test_native_columns_are_those_of_the_definition():
    root = tangle(500, 3)
    root = root**2 + root.maximum(1.0)
    net = network([root])
    counts, args, constants, rows, traces = columns_in_python(net.nodes)
    assert net.args.tolist() == args.tolist()
    assert np.diff(net.start).tolist() == counts.tolist()
    assert net.constants.sum() == constants.sum() - 1  # the 2 of **2 is no node
    assert net.codes[counts > 0].tolist() == (rows[counts > 0] + 1).tolist()
    assert net.scopes.tolist() == traces.tolist()


def test_a_group_can_be_opened_step_by_step():
    folding = Folding([mlp(4, 4, 1)])
    parts = folding.parts(folding.whole, room=10)
    (model,) = parts.groups
    assert (model.name, model.kind, len(model.nodes)) == ("MLP", "scope", 102)
    names = [group.name for group in folding.parts(model, room=10).groups]
    assert names == ["layer 0", "layer 1", "layer 2"]
