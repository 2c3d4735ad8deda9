"""Scopes: which block, or which part of a model, made a Value."""

import copy
import gc
import pickle
import threading
import weakref

import pytest

import gradloom as gl
from gradloom import Value, no_grad, scope
from gradloom.nn import MLP, Layer, Module, Neuron
from gradloom.scopes import enter, entry, leave


def where(v):
    """The scopes of a Value, the outermost first."""
    path, number = [], v._trace
    while found := entry(number):
        number, what = found
        path.insert(0, what)
    return path


def test_values_know_the_scopes_in_which_they_were_made():
    x = Value(2.0)
    with scope("outer"):
        a = x * 3
        with scope("inner"):
            b = a.tanh()
        c = b + 1
    d = c * 2
    assert [where(v) for v in (x, a, b, c, d)] == [[], ["outer"], ["outer", "inner"], ["outer"], []]
    assert d._trace == 0


def test_every_entry_is_a_scope_of_its_own():
    block, x = scope("block"), Value(1.0)
    made = []
    for _ in range(2):
        with block:
            made.append(x + 1)
    assert where(made[0]) == where(made[1]) == ["block"]
    assert made[0]._trace != made[1]._trace


def test_a_decorated_function_and_one_that_raises():
    @scope("f")
    def f(x):
        if x.data < 0:
            raise ValueError("below 0")
        return x * 2

    assert where(f(Value(1.0))) == ["f"]
    with pytest.raises(ValueError, match="below 0"):
        f(Value(-1.0))
    assert where(Value(1.0)) == []


def test_parts_of_a_model_are_scopes():
    model = MLP(2, [3, 1])
    out = model([Value(1.0), 2.0])
    assert where(out) == [model, model.layers[1], model.layers[1].neurons[0]]
    with pytest.raises(ValueError, match="takes 2 inputs"):
        model([1.0])
    assert where(Value(1.0)) == []


def test_a_module_of_the_users_gives_itself():
    class Line(Module):
        def __init__(self):
            self.slope = Value(2.0)

        def __call__(self, x):
            with scope(self):
                return self.slope * x

    line = Line()
    assert where(line(Value(3.0))) == [line]


def test_a_scope_keeps_no_model_alive():
    model = MLP(1, [1])
    out, alive = model([Value(1.0)]), weakref.ref(model)
    del model
    gc.collect()
    assert alive() is None
    assert where(out) == [MLP, Layer, Neuron]
    assert "[MLP > Layer > Neuron]" in str(out.draw())


def test_threads_have_their_own_scopes():
    made = []
    with scope("here"):
        thread = threading.Thread(target=lambda: made.append(Value(1.0) * 2))
        thread.start()
        thread.join()
        made.append(Value(1.0) * 2)
    assert [where(v) for v in made] == [[], ["here"]]


def test_old_scopes_are_forgotten(monkeypatch):
    from gradloom import scopes

    with scope("old"):
        old = Value(1.0) * 2
    for _ in range(scopes.KEPT):
        enter("new")
        leave()
    assert entry(old._trace) is None
    assert str(old.draw()).count("[") == 0


def test_copies_pickles_and_no_grad_forget_the_scope():
    with scope("s"):
        v = Value(2.0) * 3
        with no_grad():
            leaf = v * 2
    assert leaf.operands == ()
    for same in (pickle.loads(pickle.dumps(v)), copy.deepcopy(v)):
        assert (same.data, where(same)) == (6.0, [])


def test_a_trace_has_no_scopes_and_leaves_them_alone():
    model = MLP(2, [2, 1])

    def f(x):
        with scope("inside"):
            return model([x, x * x])

    with scope("outside"):
        before = Value(1.0) * 1
        assert gl.compile(f)(2.0).data == f(Value(2.0)).data
        assert gl.grad(lambda x: f(x))(2.0) is not None
        after = Value(1.0) * 1
    assert before._trace == after._trace
    assert where(after) == ["outside"]


@pytest.mark.parametrize("name", [None, 3, ["layer"], int])
def test_a_scope_without_a_name(name):
    with pytest.raises(TypeError, match="a name, or a part of a model"):
        scope(name)
