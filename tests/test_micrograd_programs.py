"""Programs written for micrograd run after one changed import, with the same numbers.

Each program takes the class it is to use as its argument, runs on PyPI's micrograd and on Gradloom, and
returns numbers; where micrograd lacks an operation, the numbers come from mathematics.
"""

# ruff: noqa: N803, N806, N807 (the class is an argument, and keeps its name)
import math
import random

import micrograd.engine
import micrograd.nn
import pytest

import gradloom

BOTH = pytest.mark.parametrize(
    "Value", [gradloom.Value, micrograd.engine.Value], ids=["gradloom", "micrograd"]
)


def same(program, rel=1e-9):
    ours, theirs = program(gradloom.Value), program(micrograd.engine.Value)
    assert ours == pytest.approx(theirs, rel=rel, abs=1e-12)
    return ours


# ---- micrograd's README
def test_the_readme_example():
    def program(Value):
        a = Value(-4.0)
        b = Value(2.0)
        c = a + b
        d = a * b + b**3
        c += c + 1
        c += 1 + c + (-a)
        d += d * 2 + (b + a).relu()
        d += 3 * d + (b - a).relu()
        e = c - d
        f = e**2
        g = f / 2.0
        g += 10.0 / f
        g.backward()
        return [g.data, a.grad, b.grad]

    assert [f"{x:.4f}" for x in same(program)] == ["24.7041", "138.8338", "645.5773"]


def test_every_operator_with_numbers_on_either_side():
    def program(Value):
        x = Value(1.5)
        y = 1 + x + 2.0 - (3 - x) * 4 + 0.5 * x - x / 4 + 6 / x + x**3 + x**-2 - (-x) + x**0.5
        y += x
        y -= 2 * x
        y *= x
        y /= 3
        y.backward()
        return [y.data, x.grad]

    same(program)


# ---- the lecture's first notebook
def test_the_labelled_expression_by_hand():
    a, b = gradloom.Value(2.0, label="a"), gradloom.Value(-3.0, label="b")
    c, f = gradloom.Value(10.0, label="c"), gradloom.Value(-2.0, label="f")
    e = a * b
    e.label = "e"
    d = e + c
    d.label = "d"
    loss = d * f
    loss.label = "L"
    loss.grad = 1.0
    loss._backward()
    d._backward()
    e._backward()
    assert loss.data == -8.0
    assert [v.grad for v in (f, d, e, c, b, a)] == [4.0, -2.0, -2.0, -2.0, -4.0, 6.0]
    for v in (a, b, c, f):
        v.data += 0.01 * v.grad
    e = a * b
    d = e + c
    assert (d * f).data == pytest.approx((2.06 * -3.04 + 9.98) * -1.96, rel=1e-12)


def add_tanh_and_exp(monkeypatch, Value):
    """Operations that a notebook adds to the class, each with its own closure."""

    def tanh(self):
        x = self.data
        t = (math.exp(2 * x) - 1) / (math.exp(2 * x) + 1)
        out = Value(t, (self,), "tanh")

        def _backward():
            self.grad += (1 - t**2) * out.grad

        out._backward = _backward
        return out

    def exp(self):
        out = Value(math.exp(self.data), (self,), "exp")

        def _backward():
            self.grad += out.data * out.grad

        out._backward = _backward
        return out

    monkeypatch.setattr(Value, "tanh", tanh, raising=False)
    monkeypatch.setattr(Value, "exp", exp, raising=False)


def neuron(Value):
    inputs = [Value(x) for x in (2.0, 0.0, -3.0, 1.0, 6.8813735870195432)]
    x1, x2, w1, w2, b = inputs
    return inputs, x1 * w1 + x2 * w2 + b


NEURON = [-1.5, 0.5, 1.0, 0.0, 0.5]


@BOTH
def test_the_neuron_with_a_patched_tanh(monkeypatch, Value):
    add_tanh_and_exp(monkeypatch, Value)
    inputs, n = neuron(Value)
    o = n.tanh()
    assert o._op == "tanh"
    assert o._prev == {n}
    o.backward()
    assert o.data == pytest.approx(math.sqrt(0.5), abs=1e-12)
    assert [v.grad for v in inputs] == pytest.approx(NEURON, abs=1e-12)


@BOTH
def test_the_neuron_with_tanh_taken_apart(monkeypatch, Value):
    add_tanh_and_exp(monkeypatch, Value)
    inputs, n = neuron(Value)
    e = (2 * n).exp()
    o = (e - 1) / (e + 1)
    o.backward()
    assert [v.grad for v in inputs] == pytest.approx(NEURON, abs=1e-12)


@BOTH
def test_the_order_written_out(Value):
    inputs, n = neuron(Value)
    o = n.relu() * n
    topo, visited = [], set()

    def build_topo(v):
        if v not in visited:
            visited.add(v)
            for child in v._prev:
                build_topo(child)
            topo.append(v)

    build_topo(o)
    o.grad = 1.0
    for node in reversed(topo):
        node._backward()
    x1, x2, w1, w2, b = (v.data for v in inputs)
    slope = 2 * (x1 * w1 + x2 * w2 + b)
    assert [v.grad for v in inputs] == pytest.approx([slope * g for g in (w1, w2, x1, x2, 1.0)])
    assert len(topo) == 5 + 2 + 2 + 1 + 1  # inputs, products, sums, relu, and the product with n
    assert topo[-1] is o


@BOTH
def test_nodes_and_edges_gathered_in_sets(Value):
    inputs, n = neuron(Value)
    nodes, edges = set(), set()

    def build(v):
        if v not in nodes:
            nodes.add(v)
            for child in v._prev:
                edges.add((child, v))
                build(child)

    build(n + n)
    assert len(nodes) == 5 + 4 + 1
    assert len(edges) == 8 + 1
    assert {v for v in nodes if not v._op} == set(inputs)


def test_the_operators_replaced_by_a_notebooks_own(monkeypatch):
    Value = gradloom.Value

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other), "+")

        def _backward():
            self.grad += 1.0 * out.grad
            other.grad += 1.0 * out.grad

        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other), "*")

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = _backward
        return out

    for name, function in {
        "__add__": __add__,
        "__radd__": __add__,
        "__mul__": __mul__,
        "__rmul__": __mul__,
        "__neg__": lambda self: self * -1,
        "__sub__": lambda self, other: self + (-other),
    }.items():
        monkeypatch.setattr(Value, name, function)
    a, b = Value(3.0), Value(-2.0)
    c = 2 * a * b - a + sum([a, b])
    c.backward()
    assert (c.data, a.grad, b.grad) == (-14.0, -4.0, 7.0)
    assert [v._op for v in c.operands] == ["+", "+"]


# ---- networks as lists
def small_network(Value):
    rng = random.Random(3)

    def neuron(width):
        return [Value(rng.uniform(-1, 1)) for _ in range(width + 1)]

    layers = [[neuron(2) for _ in range(4)], [neuron(4)]]
    rows = [([rng.uniform(-1, 1), rng.uniform(-1, 1)], rng.choice([-1, 1])) for _ in range(6)]
    return layers, rows


def forward(layers, x):
    for i, layer in enumerate(layers):
        sums = [sum((w * v for w, v in zip(weights, x, strict=False)), weights[-1]) for weights in layer]
        x = sums if i == len(layers) - 1 else [s.relu() for s in sums]
    return x[0]


def test_training_a_network_written_out():
    def program(Value):
        layers, rows = small_network(Value)
        parameters = [p for layer in layers for weights in layer for p in weights]
        losses = []
        for step in range(15):
            margins = [(1 + -y * forward(layers, x)).relu() for x, y in rows]
            loss = sum(margins) * (1.0 / len(margins)) + 1e-4 * sum(p * p for p in parameters)
            for p in parameters:
                p.grad = 0
            loss.backward()
            for p in parameters:
                p.data -= (0.5 - 0.02 * step) * p.grad
            losses.append(loss.data)
        return losses + [p.data for p in parameters] + [p.grad for p in parameters]

    numbers = same(program)
    assert numbers[14] < numbers[0]


def test_gradients_that_nobody_cleared_add_up_alike():
    def program(Value):
        layers, rows = small_network(Value)
        for x, y in rows:
            ((forward(layers, x) - y) ** 2).backward()
        return [p.grad for layer in layers for weights in layer for p in weights]

    same(program)


def test_micrograds_own_networks_run_on_our_values(monkeypatch):
    def program(Value):
        monkeypatch.setattr(micrograd.nn, "Value", Value)
        random.seed(1337)
        model = micrograd.nn.MLP(2, [4, 4, 1])
        loss = sum((model([x, 1.0 - x]) - 1.0) ** 2 for x in (0.1, 0.7, -0.4))
        model.zero_grad()
        loss.backward()
        assert all(type(p) is Value for p in model.parameters())
        return [loss.data] + [p.grad for p in model.parameters()]

    same(program)


# ---- the idioms of a scalar GPT
def test_softmax_with_the_largest_taken_off():
    numbers = [0.3, 2.0, -1.0]
    logits = [gradloom.Value(x) for x in numbers]
    largest = max(v.data for v in logits)
    exponentials = [(v - largest).exp() for v in logits]
    total = sum(exponentials)
    probabilities = [e / total for e in exponentials]
    (-probabilities[2].log()).backward()
    exact = [math.exp(x) / sum(map(math.exp, numbers)) for x in numbers]
    assert [p.data for p in probabilities] == pytest.approx(exact, rel=1e-14)
    assert [v.grad for v in logits] == pytest.approx([exact[0], exact[1], exact[2] - 1], rel=1e-12)


def test_rms_norm_and_an_adam_step_that_clears_gradients():
    xs = [gradloom.Value(x) for x in (1.0, -2.0, 3.0)]
    ms = sum(x * x for x in xs) / len(xs)
    scale = (ms + 1e-5) ** -0.5
    normed = [x * scale for x in xs]
    normed[0].backward()
    s = (14 / 3 + 1e-5) ** -0.5
    assert [v.data for v in normed] == pytest.approx([s, -2 * s, 3 * s], rel=1e-14)
    assert [x.grad for x in xs] == pytest.approx([s - s**3 / 3, 2 * s**3 / 3, -(s**3)], rel=1e-12)
    for p in xs:
        p.m = p.v = 0.0
        p.m = 0.9 * p.m + 0.1 * p.grad
        p.v = 0.99 * p.v + 0.01 * p.grad**2
        p.data -= 0.01 * (p.m / 0.1) / ((p.v / 0.01) ** 0.5 + 1e-8)
        p.grad = 0
    assert [x.data for x in xs] == pytest.approx([0.99, -2.01, 3.01], rel=1e-6)
    assert [x.grad for x in xs] == [0.0] * 3
