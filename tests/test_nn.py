"""Neuron, Layer, MLP against PyPI's micrograd; how a Module finds its parameters."""

import copy
import math
import pickle
import random

import micrograd.nn
import numpy as np
import pytest

from gradloom import Value
from gradloom.errors import StateError
from gradloom.nn import ACTIVATIONS, MLP, Layer, Module, Neuron
from gradloom.ops import TABLE

SHAPES = [(1, [1]), (2, [16, 16, 1]), (3, [4, 4, 1]), (5, [3, 2])]


def pair(nin, nouts, seed=1337):
    """Our MLP and micrograd's, from the same seed."""
    random.seed(seed)
    ours = MLP(nin, nouts)
    after = random.random()
    random.seed(seed)
    theirs = micrograd.nn.MLP(nin, nouts)
    assert random.random() == after
    return ours, theirs


# ---- as micrograd
@pytest.mark.parametrize(("nin", "nouts"), SHAPES)
def test_a_seed_gives_micrograds_parameters(nin, nouts):
    ours, theirs = pair(nin, nouts)
    assert [p.data for p in ours.parameters()] == [p.data for p in theirs.parameters()]
    assert repr(ours) == repr(theirs)
    assert repr(ours.layers[-1].neurons[0]) == repr(theirs.layers[-1].neurons[0])


def test_outputs_and_gradients_are_micrograds():
    ours, theirs = pair(3, [4, 3, 1])
    rows = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0]]
    for model in (ours, theirs):
        sum((model(row) - 1.0) ** 2 for row in rows).backward()
    assert [ours(row).data for row in rows] == pytest.approx([theirs(row).data for row in rows], rel=1e-14)
    expected = [p.grad for p in theirs.parameters()]
    assert [p.grad for p in ours.parameters()] == pytest.approx(expected, rel=1e-12, abs=1e-14)
    ours.zero_grad()
    assert {p.grad for p in ours.parameters()} == {0.0}


def test_micrograds_positional_arguments():
    assert repr(Neuron(2, False)) == repr(micrograd.nn.Neuron(2, False)) == "LinearNeuron(2)"
    assert repr(Layer(2, 3, nonlin=False)) == repr(micrograd.nn.Layer(2, 3, nonlin=False))


def test_one_output_is_a_value_and_several_are_a_list():
    assert isinstance(MLP(2, [3, 1])([1.0, 2.0]), Value)
    assert [type(y) for y in MLP(2, [3, 2])([1.0, 2.0])] == [Value, Value]


def test_a_narrow_layer_in_the_middle():
    model = MLP(2, [1, 1, 2], activation="tanh")
    w = [p.data for p in model.parameters()]
    h = math.tanh(math.tanh(w[2] + w[0] * 0.5 + w[1] * -1.0) * w[3] + w[4])
    expected = [w[5] * h + w[6], w[7] * h + w[8]]
    assert [y.data for y in model([0.5, -1.0])] == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("row", [(0.5, -1.0), np.array([0.5, -1.0]), [Value(0.5), Value(-1.0)], [1, True]])
def test_kinds_of_input(row):
    model = MLP(2, [4, 1])
    assert model(row).data == model([x.data if isinstance(x, Value) else float(x) for x in row]).data


# ---- activations
@pytest.mark.parametrize("name", ["relu", "tanh", "sigmoid", "softplus"])
def test_an_activation_against_torch(name):
    torch = pytest.importorskip("torch")
    model = MLP(2, [3, 1], activation=name)
    w = torch.tensor([p.data for p in model.parameters()], dtype=torch.float64, requires_grad=True)
    x = torch.tensor([0.3, -0.8], dtype=torch.float64)
    function = getattr(torch, name, None) or getattr(torch.nn.functional, name)
    hidden = function(w[:9].reshape(3, 3)[:, :2] @ x + w[:9].reshape(3, 3)[:, 2])
    theirs = w[9:12] @ hidden + w[12]
    theirs.backward()
    ours = model([0.3, -0.8])
    ours.backward()
    assert ours.data == pytest.approx(theirs.item(), rel=1e-12)
    assert [p.grad for p in model.parameters()] == pytest.approx(w.grad.tolist(), rel=1e-10, abs=1e-15)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_a_method_of_value(name):
    neuron, (low, high) = Neuron(1, activation=name), TABLE[name].domain[0]
    neuron.w[0].data, x = 1.0, low + 0.7 * (high - low)
    assert neuron([x]).data == getattr(Value(x), name)().data


def test_which_layers_are_curved():
    assert repr(MLP(1, [1, 1])) == "MLP of [Layer of [ReLUNeuron(1)], Layer of [LinearNeuron(1)]]"
    both = "MLP of [Layer of [{}Neuron(1)], Layer of [{}Neuron(1)]]"
    assert repr(MLP(1, [1, 1], activation="tanh", nonlin=True)) == both.format("Tanh", "Tanh")
    assert repr(MLP(1, [1, 1], nonlin=False)) == both.format("Linear", "Linear")


def test_an_activation_of_ones_own():
    def leaky(v):
        return v.maximum(0.1 * v)

    neuron = Neuron(1, activation=leaky)
    neuron.w[0].data = -2.0
    assert neuron([1.0]).data == -0.2
    assert repr(neuron) == "LeakyNeuron(1)"


def test_a_method_put_on_value_is_seen(monkeypatch):
    neuron = Neuron(1, activation="tanh")
    monkeypatch.setattr(Value, "tanh", lambda self: self * 0 + 7)
    assert neuron([1.0]).data == 7.0


# ---- finding parameters
class Affine(Module):
    def __init__(self):
        self.name = "affine"
        self.slope, self.height = Value(2.0), Value(1.0)


def test_parameters_in_every_kind_of_place():
    class Everything(Module):
        def __init__(self):
            self.first = Value(0.0)
            self.listed = [Affine(), (Value(3.0), 4.0)]
            self.named = {"a": Value(5.0), 7: Affine()}
            self.array = np.array([[Value(6.0), Value(7.0)]])
            self.numbers = np.zeros(3)
            self.shared = self.listed[0]
            self.last = self.first

    names = [name for name, _ in Everything().named_parameters()]
    assert names == [
        "first",
        "listed.0.slope",
        "listed.0.height",
        "listed.1.0",
        "named.a",
        "named.7.slope",
        "named.7.height",
        "array.0.0",
        "array.0.1",
    ]


def test_a_module_that_holds_itself():
    parent, child = Affine(), Affine()
    parent.child, child.parent, parent.items = child, parent, [parent]
    parent.items.append(parent.items)
    assert list(parent.state_dict()) == ["slope", "height", "child.slope", "child.height"]
    assert len(child.parameters()) == 4


def test_modules_nested_deeply():
    top = link = Affine()
    for _ in range(2_000):
        link.next = Affine()
        link = link.next
    assert len(top.parameters()) == 4_002


def test_results_that_a_module_remembers_are_no_parameters():
    model = Affine()
    model.out = model.slope * 3.0 + model.height
    assert model.parameters() == [model.slope, model.height]


class Handwritten(Module):
    """As in micrograd: parameters() written out, and here one of them held back."""

    def __init__(self):
        self.w, self.frozen = [Value(1.0), Value(2.0)], Value(3.0)

    def parameters(self):
        return self.w


def test_parameters_written_by_hand_decide():
    model = Handwritten()
    assert model.parameters() == model.w
    assert dict(model.named_parameters()) == {"0": model.w[0], "1": model.w[1]}
    holder = Module()
    holder.parts = [model]
    assert [name for name, _ in holder.named_parameters()] == ["parts.0.0", "parts.0.1"]
    model.w[0].grad = model.frozen.grad = 1.0
    holder.zero_grad()
    assert (model.w[0].grad, model.frozen.grad) == (0.0, 1.0)


def test_parameters_by_hand_may_ask_the_base_class():
    class More(MLP):
        def __init__(self):
            super().__init__(2, [1])
            self.me = self
            self.extra = Value(1.0)

        def parameters(self):
            return [*super().parameters(), self.extra]

    model = More()
    assert len(model.parameters()) == 5
    assert len(model.state_dict()) == 4


def test_the_lectures_own_classes_inside_a_module():
    class Unrelated:
        def __init__(self):
            self.w = [Value(1.0)]

        def parameters(self):
            return self.w

    holder = Module()
    holder.part = Unrelated()
    assert holder.parameters() == holder.part.w


def test_an_empty_module():
    assert Module().parameters() == []
    assert Module().state_dict() == {}


def test_copies_keep_the_structure():
    model = MLP(2, [3, 1])
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert twin.state_dict() == model.state_dict()
        assert not set(twin.parameters()) & set(model.parameters())
        assert twin([1.0, 2.0]).data == model([1.0, 2.0]).data


# ---- bad input
@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: MLP(3, 4), TypeError, r"nouts .*write \[4\]"),
        (lambda: MLP(3, []), ValueError, r"nouts .*write \[1\]"),
        (lambda: MLP(3, [4, 0]), ValueError, r"nouts\[1\] must be 1 or more, not 0"),
        (lambda: MLP(3, [-1]), ValueError, r"nouts\[0\] must be 1 or more, not -1"),
        (lambda: MLP(3, [4.0]), TypeError, r"nouts\[0\] must be a whole number, not 4.0"),
        (lambda: MLP(3, "41"), TypeError, r"nouts\[0\] must be a whole number, not '4'"),
        (lambda: MLP(0, [4]), ValueError, "nin must be 1 or more"),
        (lambda: MLP([3], [4]), TypeError, "nin must be a whole number"),
        (lambda: Layer(2, 0), ValueError, "nout must be 1 or more"),
        (lambda: Neuron(-2), ValueError, "nin must be 1 or more"),
        (lambda: MLP(3, [4], activation="rellu"), ValueError, "unknown activation 'rellu'; choose .*relu"),
        (lambda: MLP(3, [4], activation=None), ValueError, "unknown activation None"),
        (lambda: MLP(3, [4])([1, 2]), ValueError, "takes 3 inputs, not 2; give"),
        (lambda: MLP(3, [4])([1, 2, 3, 4]), ValueError, "takes 3 inputs, not 4; give"),
        (lambda: MLP(3, [4])(1.0), TypeError, "list of 3 numbers or Values, not float"),
        (lambda: MLP(3, [4])(np.float64(1.0)), TypeError, "list of 3 numbers or Values, not float64"),
        (lambda: MLP(3, [4])(Value(1.0)), ValueError, "takes 3 inputs, not 1; give"),
        (lambda: MLP(2, [1])(["a", "b"]), TypeError, "must be a number"),
    ],
)
def test_what_does_not_fit_is_named(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_two_parameters_of_one_name():
    model = Module()
    model.table = {1: Value(1.0), "1": Value(2.0)}
    assert len(model.parameters()) == 2
    with pytest.raises(StateError, match=r"'table\.1'"):
        model.state_dict()
