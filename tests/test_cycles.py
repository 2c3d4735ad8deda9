"""Memory: graphs go when they are dropped, circles through the user's own state too.

A circle needs the user: an attribute, a closure or a container that leads from a node back to a graph
made from it. Each shape must be found by the collector; all else goes by reference counts alone.
"""

import gc
import weakref

import pytest

from gradloom import Value


class Witness:
    """Something that can be seen to die."""


@pytest.fixture(autouse=True)
def _only_explicit_collections():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def collected(build):
    """Whether what ``build`` made is gone after a collection; it returns one of its nodes."""
    ref = weakref.ref(build())
    gc.collect()
    return ref() is None


def test_a_graph_goes_by_reference_counts_alone():
    x = Value(2.0)
    y = x * x
    z = y.tanh() + y
    z.backward()
    z.zero_grad()
    y.m, y.label = 0.5, "y"
    assert y._backward is not None
    assert y._prev == {x}
    ref = weakref.ref(y)
    del y, z
    assert ref() is None


def test_a_collection_takes_nothing_that_is_alive():
    p = Value(2.0)
    p.history = []
    loss = p * p
    p.history.append(loss)
    for _ in range(3):
        gc.collect()
    loss.backward()
    assert p.history[0] is loss
    assert p.grad == 4.0
    assert loss.operands == (p, p)
    p.history.clear()


# ---- the shapes of a circle
def last_loss():
    p = Value(2.0)
    p.m = 0.0
    p.last_loss = (p * p + 1.0).tanh()
    return p


def last_loss_before_the_graph_grows():
    p = Value(2.0)
    p.last_loss = p * p
    p.last_loss = (p.last_loss * 3.0 + p).exp()
    return p


def closure_over_its_own_node():
    x = Value(0.5)
    out = Value(0.25, (x,), "square")

    def _backward():
        x.grad += 2.0 * x.data * out.grad

    out._backward = _backward
    (out * 2.0).backward()
    return out


def closure_on_a_leaf_over_a_result():
    x = Value(0.5)
    y = x * 2.0
    x._backward = lambda: y
    return x


def list_appended_later():
    p = Value(2.0)
    p.history = []
    hidden = p * 3.0
    loss = hidden * hidden
    p.history.append(loss)
    return hidden


def list_on_an_inner_node():
    p = Value(2.0)
    hidden = p * 3.0
    hidden.users = []
    loss = (hidden + 1.0) * p
    hidden.users.append(loss)
    return loss


def dict_on_a_leaf():
    p = Value(2.0)
    p.state = {}
    p.state["loss"] = p.exp()
    return p


def object_on_a_leaf():
    p = Value(2.0)
    p.owner = Witness()
    p.owner.loss = -p
    return p


def circle_through_a_deep_graph():
    p = Value(1.0)
    p.history = []
    deep = p
    for _ in range(1000):
        deep = deep * 1.0
    p.history.append(deep)
    return deep.operands[0]


def two_parameters_that_know_each_others_loss():
    p, q = Value(1.0), Value(2.0)
    p.loss, q.loss = q * 2.0, p * 2.0
    return p


def circle_by_hand():
    a = Value(1.0)
    b = a + 1.0
    a._prev = (b,)
    return b


def subclass_with_a_result():
    class Weight(Value):
        pass

    w = Weight(1.0)
    w.loss = w * w
    return w


def circle_through_a_materialised_constant():
    x = Value(1.0)
    y = 2.0 * x
    two = y.operands[0]
    two.result = y
    return y


SHAPES = [
    last_loss,
    last_loss_before_the_graph_grows,
    closure_over_its_own_node,
    closure_on_a_leaf_over_a_result,
    list_appended_later,
    list_on_an_inner_node,
    dict_on_a_leaf,
    object_on_a_leaf,
    circle_through_a_deep_graph,
    two_parameters_that_know_each_others_loss,
    circle_by_hand,
    subclass_with_a_result,
    circle_through_a_materialised_constant,
]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_circle_is_collected(shape):
    assert collected(shape)


@pytest.mark.parametrize("shape", SHAPES)
def test_many_circles_are_collected_together(shape):
    refs = [weakref.ref(shape()) for _ in range(50)]
    gc.collect()
    assert not any(ref() for ref in refs)


def test_a_training_loop_with_circles_does_not_grow():
    model = [Value(1.0), Value(2.0)]
    refs = []
    for _ in range(20):
        loss = (model[0] * model[1] - 1.0) ** 2
        for p in model:
            p.last_loss = loss  # the circle of the step before is let go here
        loss.backward()
        refs.append(weakref.ref(loss))
        for p in model:
            p.data -= 0.01 * p.grad
            p.grad = 0.0
    gc.collect()
    assert [ref() is None for ref in refs] == [True] * 19 + [False]


def test_a_weak_references_callback_may_use_values():
    results = []
    x = Value(2.0)
    x.witness = Witness()
    ref = weakref.ref(x, lambda _: results.append((Value(3.0) * 2.0).data))
    y = x * 2.0
    del x, y
    assert ref() is None
    assert results == [6.0]


def test_a_destructor_of_an_attribute_may_use_values():
    results = []

    class Last:
        def __del__(self):
            v = Value(3.0)
            (v * v).backward()
            results.append(v.grad)

    root = x = Value(2.0)
    for i in range(100):
        root = root * x
        if i % 10 == 0:
            root.last = Last()
    del root, x
    gc.collect()
    assert results == [6.0] * 10


# ---- deep chains that Python's own containers hold together
def test_a_long_chain_of_attributes_is_freed():
    loss = Value(0.0)
    for _ in range(100_000):
        following = Value(1.0)
        following.before = loss
        loss = following
    ref = weakref.ref(loss.before)
    del loss, following
    assert ref() is None


def test_a_long_chain_of_closures_is_collected():
    def bump(x):
        out = Value(x.data + 1.0, (x,), "bump")

        def _backward():
            x.grad += out.grad

        out._backward = _backward
        return out

    x = Value(0.0)
    out = x
    for _ in range(30_000):
        out = bump(out)
    out.backward()
    assert (out.data, x.grad) == (30_000.0, 1.0)
    ref = weakref.ref(out)
    del out
    gc.collect()
    assert ref() is None


# ---- the native engine is invisible to the collector until the user's state asks for it
@pytest.mark.slabs
def test_operations_are_not_counted_by_the_collector():
    a, b = Value(1.5), Value(0.5)
    kept = [None] * 10_000
    before = gc.get_count()
    for i in range(10_000):
        kept[i] = a * b + i
    assert gc.get_count() == before


@pytest.mark.slabs
def test_a_graph_of_a_million_nodes_provokes_no_collection():
    collections = []

    def note(phase, info):
        collections.append(phase)

    x = Value(1.0)
    root = x
    gc.enable()
    gc.callbacks.append(note)
    try:
        for _ in range(1_000_000):
            root = root * x
        root.backward()
        del root
    finally:
        gc.callbacks.remove(note)
    assert collections == []
    assert x.grad == 1_000_001.0


@pytest.mark.native
def test_a_number_as_attribute_leaves_a_node_untracked():
    p = Value(1.0)
    p.m = 0.0
    assert not gc.is_tracked(p)
    assert not gc.is_tracked(p * 2.0)
    p.history = []
    assert gc.is_tracked(p)
    assert gc.is_tracked(p * 2.0)
