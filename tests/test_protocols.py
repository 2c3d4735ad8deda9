"""How a Value meets the rest of Python: text, copies, pickles, subclasses, patches, threads."""

import copy
import gc
import math
import pickle
import threading
import weakref

import numpy as np
import pytest

import gradloom
from gradloom import Value, no_grad, primitive, protocols, topological_order
from gradloom.errors import DerivativeError, StaleDataError

cube = primitive(lambda x: x * x * x, lambda m, x, r: (3.0 * x * x,))


def cubed(x):
    return x * x * x


def cubed_partials(m, x, r):
    return (3.0 * x * x,)


named_cube = primitive(cubed, cubed_partials)


class Weight(Value):
    """A subclass with an attribute and its own constructor."""

    def __init__(self, data, name="w"):
        super().__init__(data)
        self.name = name


def pickled(protocol):
    return lambda thing: pickle.loads(pickle.dumps(thing, protocol))


ROUND_TRIPS = pytest.mark.parametrize(
    "again",
    [copy.deepcopy, *(pickled(p) for p in range(2, pickle.HIGHEST_PROTOCOL + 1))],
    ids=["deepcopy", *(f"pickle{p}" for p in range(2, pickle.HIGHEST_PROTOCOL + 1))],
)


# ---- text
def test_repr():
    assert repr(Value(33)) == "Value(data=33.0, grad=0.0)"
    v = Value(-0.5, label="b")
    v.grad = 1e-30
    assert repr(v) == "Value(data=-0.5, grad=1e-30, label='b')"
    assert str(v) == repr(v) == f"{v}"
    assert repr([Value(math.nan)]) == "[Value(data=nan, grad=0.0)]"


def test_the_type_prints_as_users_import_it():
    assert str(type(Value(1.0))) == "<class 'gradloom.Value'>"
    assert str(type(Value(1.0) * 2)) == "<class 'gradloom.Value'>"


def test_format_formats_the_number():
    v = Value(math.pi, label="pi")
    assert f"{v:.4f}" == "3.1416"
    assert f"{v:8.2f}|{v:e}" == "    3.14|3.141593e+00"
    assert format(v, "") == repr(v)


def test_item_and_detach():
    x = Value(2.0)
    y = x * x
    assert type(y.item()) is float
    assert y.item() == 4.0
    cut = y.detach()
    (cut * x).backward()
    assert (cut.operands, x.grad, y.grad, cut.grad) == ((), 4.0, 0.0, 2.0)


# ---- weak references and attributes
def test_weak_references():
    v = Value(1.0)
    died = []
    ref = weakref.ref(v, died.append)
    table = weakref.WeakKeyDictionary({v: "here"})
    assert ref() is v
    assert table[v] == "here"
    w = v * 2.0
    del v
    assert ref() is w.operands[0]
    del w
    gc.collect()
    assert ref() is None
    assert died == [ref]
    assert len(table) == 0


def test_any_attribute_on_any_node():
    p = Value(1.0)
    result = p * 2.0
    for node in (p, result):
        assert not hasattr(node, "m")
        node.m, node.name = 0.0, "moment"
        node.m += 0.5
        assert (node.m, node.name, vars(node)) == (0.5, "moment", {"m": 0.5, "name": "moment"})
        del node.m
        with pytest.raises(AttributeError):
            node.m  # noqa: B018


# ---- copies
@ROUND_TRIPS
def test_a_copied_graph_computes_the_same_gradients(again):
    a, b = Value(2.0, label="a"), Value(-3.0)
    c = (a * b + 10) ** 2
    d = c.tanh() - (c / 3).relu() + named_cube(a) + a % 2 + abs(b)
    d.label, d.note = "d", {"kept": [1]}
    d.backward()
    twin = again(d)
    ours, theirs = topological_order(d), topological_order(twin)
    for one, other in zip(ours, theirs, strict=True):
        assert (one.data, one.grad, one.label, one._op) == (other.data, other.grad, other.label, other._op)
    assert not set(ours) & set(theirs)
    assert twin.note == {"kept": [1]}
    assert twin.note is not d.note
    d.zero_grad(), twin.zero_grad()
    d.backward(), twin.backward()
    assert [v.grad for v in theirs] == [v.grad for v in ours]


@ROUND_TRIPS
def test_the_leaves_of_a_copied_loss_are_the_copied_parameters(again):
    model = [Value(1.0), Value(2.0)]
    loss = (model[0] * model[1] + model[0]) * 3.0
    for pair in ((loss, model), (model, loss)):
        pair = again(pair)
        twin, parameters = pair if isinstance(pair[1], list) else pair[::-1]
        leaves = [v for v in topological_order(twin) if not v.operands and v.data != 3.0]
        assert set(leaves) == set(parameters)
        twin.backward()
        assert [p.grad for p in parameters] == [9.0, 3.0]
    assert model[0].grad == 0.0


@ROUND_TRIPS
def test_a_stale_result_stays_stale(again):
    a = Value(2.0)
    square, total = a * a, a + a
    a.data = 3.0
    with pytest.raises(StaleDataError):
        again(square).backward()
    with pytest.raises(StaleDataError):
        again(square * 2.0).backward()
    again(total).backward()
    twin = again(square)
    twin.operands[0].data = 5.0
    fresh = twin.operands[0] * twin.operands[0]
    fresh.backward()
    assert twin.operands[0].grad == 10.0


@ROUND_TRIPS
def test_data_assigned_after_copying_makes_the_copy_stale(again):
    twin = again(Value(2.0) * Value(3.0))
    twin.backward()
    twin.operands[0].data = 7.0
    with pytest.raises(StaleDataError):
        twin.backward()


@ROUND_TRIPS
def test_a_graph_with_a_hand_set_backward_is_refused(again):
    x = Value(0.5)
    t = Value(math.tanh(0.5), (x,), "tanh")
    t._backward = lambda: None
    leaf = Value(1.0)
    leaf._backward = lambda: None
    for thing in (t, t * 2.0, [t], leaf):
        with pytest.raises(TypeError, match=r"hand-set _backward and cannot be copied.*gradloom.primitive"):
            again(thing)
    with pytest.raises(TypeError, match="hand-set"):
        copy.copy(t)


@ROUND_TRIPS
def test_a_node_made_by_hand_without_a_derivative_stays_without(again):
    x = Value(0.5)
    twin = again(Value(0.25, (x,), "square", label="s"))
    assert (twin.data, twin._op, twin.label, twin.operands[0].data) == (0.25, "square", "s", 0.5)
    with pytest.raises(DerivativeError, match="'s'"):
        twin.backward()


@ROUND_TRIPS
def test_a_subclass_keeps_its_type_and_attributes(again):
    w = Weight(2.0, name="input")
    w.m = 0.0
    loss = w * w
    twin = again(loss).operands[0]
    assert (type(twin), twin.data, twin.name, twin.m) == (Weight, 2.0, "input", 0.0)
    assert type(again(w)) is Weight


@ROUND_TRIPS
def test_a_parameter_that_remembers_its_loss(again):
    p = Value(2.0)
    p.m = 0.0
    p.last_loss = p * p
    twin = again(p)
    assert twin.m == 0.0
    assert twin.last_loss.data == 4.0
    assert twin.last_loss._prev == {twin}
    twin.last_loss.backward()
    assert (twin.grad, p.grad) == (4.0, 0.0)


@ROUND_TRIPS
def test_a_deep_graph_is_copied_without_recursion(again):
    x = Value(1.0)
    root = x
    for _ in range(20_000):
        root = root + x
    twin = again(root)
    twin.backward()
    assert topological_order(twin)[0].grad == 20_001.0


def test_deepcopy_keeps_what_two_losses_share():
    x = Value(2.0)
    hidden = x * x
    first, second = copy.deepcopy((hidden * 3.0, hidden + 1.0))
    assert first.operands[0] is second.operands[0]
    assert first.operands[0] is not hidden


def test_copy_shares_operands_and_is_a_node_of_its_own():
    x = Value(2.0, label="x")
    y = x * x
    y.grad, y.note = 5.0, []
    twin = copy.copy(y)
    assert twin is not y
    assert (twin.data, twin.grad, twin._op, twin.operands) == (4.0, 5.0, "*", (x, x))
    assert twin.note is y.note
    twin.label = "twin"
    assert y.label == ""
    twin.backward()
    assert x.grad == 4.0
    x.data = 3.0
    with pytest.raises(StaleDataError):
        copy.copy(twin).backward()


def test_a_pickle_of_another_format_is_refused(monkeypatch):
    monkeypatch.setattr(protocols, "PICKLE_FORMAT", 999)
    saved = [pickle.dumps(Value(2.0)), pickle.dumps(Value(2.0) * 3.0)]
    monkeypatch.undo()
    for one in saved:
        with pytest.raises(ValueError, match=r"format 999, and this gradloom reads format \d+; load it"):
            pickle.loads(one)


def test_a_primitive_that_cannot_be_pickled_can_be_deep_copied():
    x = Value(2.0)
    twin = copy.deepcopy(cube(x))
    twin.backward()
    assert twin.operands[0].grad == 12.0
    with pytest.raises((pickle.PicklingError, AttributeError), match=r"lambda|primitive|cube"):
        pickle.dumps(cube(x))


# ---- subclasses and patches
def test_operations_on_a_subclass_return_plain_values():
    w = Weight(3.0)
    for result in (w + 1, 1 + w, w * w, -w, w**2, w.exp(), abs(w), w.detach(), sum([w])):
        assert type(result) is Value
    (w * w).backward()
    assert w.grad == 6.0


def test_a_subclass_may_override_operators_and_the_chain_rule():
    class Loud(Value):
        def __add__(self, other):
            return "added"

        def _backward(self):
            self._prev.copy().pop().grad += 100.0 * self.grad

    x = Value(1.0)
    assert Loud(1.0) + 2 == "added"
    node = Loud(5.0, (x,), "loud")
    (node * 2.0).backward()
    assert x.grad == 200.0


def test_a_method_added_to_value_is_everybodys(monkeypatch):
    def softplus2(self):
        return (1 + self.exp()).log()

    monkeypatch.setattr(Value, "softplus2", softplus2, raising=False)
    x = Value(0.0)
    y = (x * 1.0).softplus2()
    y.backward()
    assert y.data == math.log(2.0)
    assert x.grad == 0.5
    assert Weight(0.0).softplus2().data == math.log(2.0)


def test_a_method_replaced_on_value_is_the_one_called(monkeypatch):
    monkeypatch.setattr(Value, "tanh", lambda self: "mine")
    monkeypatch.setattr(Value, "__add__", lambda self, other: "sum")
    for call in (Value.tanh, np.tanh, gradloom.math.tanh):
        assert call(Value(1.0)) == "mine"
    assert Value(1.0) + 1 == "sum"
    assert Weight(1.0) + Value(2.0) == "sum"
    monkeypatch.undo()
    assert (Value(1.0) + 1).data == 2.0
    assert Value(0.0).tanh().data == 0.0


def test_every_node_has_a_backward_to_call():
    x = Value(2.0)
    y = x * 3.0
    x._backward()
    assert x.grad == 0.0
    y.grad = 1.0
    step = y._backward
    step()
    step()
    assert x.grad == 6.0


def test_the_lectures_neuron_by_hand():
    x1, x2, w1, w2 = Value(2.0), Value(0.0), Value(-3.0), Value(1.0)
    b = Value(6.8813735870195432)
    x1w1, x2w2 = x1 * w1, x2 * w2
    total = x1w1 + x2w2
    n = total + b
    o = n.tanh()
    o.grad = 1.0
    for node in (o, n, b, total, x1w1, x2w2):
        node._backward()
    assert f"{o:.4f}" == "0.7071"
    expected = {o: 1.0, n: 0.5, b: 0.5, x1: -1.5, w1: 1.0, x2: 0.5, w2: 0.0}
    assert [v.grad for v in expected] == pytest.approx(list(expected.values()), abs=1e-12)


# ---- no_grad
def test_no_grad_makes_leaves():
    x = Value(2.0)
    with no_grad():
        results = [x * x, x.exp(), 2 + x, x**2, Value(1.0, (x,), "mine")]
    for y in results:
        assert (y.operands, y._op) == ((), "")
        y.backward()
    assert x.grad == 0.0
    assert (x * x).operands == (x, x)


def test_no_grad_nests_and_ends_with_an_exception():
    x = Value(2.0)
    with no_grad():
        with no_grad():
            pass
        assert (x * x).operands == ()
    with pytest.raises(KeyError), no_grad():
        raise KeyError
    assert (x * x).operands == (x, x)


def test_no_grad_as_a_decorator():
    @no_grad()
    def squared(x, times):
        """A docstring that stays."""
        return x if times == 0 else squared(x * x, times - 1)

    x = Value(2.0)
    assert squared(x, 3).data == 256.0
    assert squared(x, 3).operands == ()
    assert squared.__name__ == "squared"
    assert (x * x).operands == (x, x)


def test_no_grad_is_for_its_own_thread():
    x = Value(2.0)
    seen = []
    with no_grad():
        thread = threading.Thread(target=lambda: seen.append((x * x).operands))
        thread.start()
        thread.join()
        assert (x * x).operands == ()
    assert seen == [(x, x)]


def test_a_decorated_function_in_two_threads_ends_in_each_as_it_began():
    first_inside, second_inside, first_left = (threading.Event() for _ in range(3))
    x = Value(2.0)

    @no_grad()
    def slow(here, until):
        here.set()
        until.wait(30)

    def second():
        first_inside.wait(30)
        with no_grad():
            slow(second_inside, first_left)

    thread = threading.Thread(target=second)
    thread.start()
    slow(first_inside, second_inside)
    first_left.set()
    thread.join()
    assert (x * x).operands == (x, x)
