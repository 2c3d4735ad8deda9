"""Values that a compiled function reaches or is given, and the surroundings that it is compiled in."""

import dataclasses
import gc
import random
import weakref
from array import array
from collections import deque
from types import MappingProxyType

import numpy as np
import pytest

import gradloom as gl
from gradloom import GradloomWarning, TraceError, Value
from gradloom import math as gm
from gradloom.nn import MLP
from gradloom.ops import TABLE as OPERATIONS


def gradients(values):
    return [v.grad for v in values]


def cleared(values):
    for v in values:
        v.grad = 0.0


# ---- captured parameters
def test_captured_numbers_are_read_at_every_call():
    w, b = Value(3.0), Value(1.0)
    f = gl.compile(lambda x: w * x + b)
    assert f(2.0).data == 7.0
    w.data, b.data = 5.0, -1.0
    assert f(2.0).data == 9.0
    assert len(f.paths) == 1
    f(2.0).backward()
    assert (w.grad, b.grad) == (2.0, 1.0)
    f(3.0).backward()
    assert (w.grad, b.grad) == (5.0, 2.0)


def test_values_given_get_their_gradients():
    f = gl.compile(lambda x, y: x * x * y)
    x = Value(3.0)
    out = f(x, 2.0)
    assert isinstance(out, Value)
    out.backward()
    assert (out.data, x.grad) == (18.0, 12.0)
    assert f(3.0, 2.0) == 18.0
    assert isinstance(f(3.0, 2.0), float)
    twice = f(x, x)
    x.grad = 0.0
    twice.backward()
    assert x.grad == 27.0


def test_backward_goes_on_below_a_captured_inner_node():
    a = Value(2.0)
    inner = gm.exp(a)
    f = gl.compile(lambda x: inner * x)
    f(3.0).backward()
    assert a.grad == pytest.approx(3.0 * inner.data)
    a.grad = 0.0
    outer = f(gm.exp(a)) * a  # and eager code goes on above
    outer.backward()
    e2 = inner.data**2
    assert (outer.data, a.grad) == pytest.approx((2.0 * e2, e2 + 4.0 * e2))


def test_several_results_of_one_call_share_one_sweep():
    w = [Value(0.5), Value(-2.0)]
    runs = []
    f = gl.compile(lambda x: {"s": w[0] * x, "t": [w[1] * x * x, gm.tanh(w[0] * w[1])]})
    out = f(3.0)
    total = out["s"] * 2.0 + out["t"][0] + out["t"][1]
    projections = [out["s"], *out["t"]]
    assert len({id(p.operands[0]) for p in projections}) == 1
    hidden = projections[0].operands[0]
    step = hidden._backward
    hidden._backward = lambda: (runs.append(1), step())
    total.backward()
    assert len(runs) == 1
    by_hand = 1.0 - np.tanh(-1.0) ** 2
    assert gradients(w) == pytest.approx([6.0 - 2.0 * by_hand, 9.0 + 0.5 * by_hand])
    cleared(w)
    total.backward()
    assert gradients(w) == pytest.approx([6.0 - 2.0 * by_hand, 9.0 + 0.5 * by_hand])
    cleared(w)
    out["s"].backward()  # one alone: the others' cotangents are 0 again
    assert gradients(w) == [3.0, 0.0]


def test_twenty_seven_results_are_one_sweep():
    """A row of logits, whose loss is eager code: one reverse sweep, after all 27 cotangents are in."""
    draw = random.Random(27)
    w = [Value(draw.uniform(-1, 1)) for _ in range(27)]
    logits = lambda x: [gm.tanh(v * x) + v for v in w]  # noqa: E731

    def loss(xs):
        return gm.logsumexp(xs) - xs[3]

    loss(logits(0.7)).backward()
    expected = gradients(w)
    cleared(w)
    out = gl.compile(logits)(0.7)
    (hidden,) = {p.operands[0] for p in out}
    runs, step = [], hidden._backward
    hidden._backward = lambda: (runs.append(1), step())
    loss(out).backward()
    assert len(runs) == 1
    np.testing.assert_allclose(gradients(w), expected, rtol=1e-13)


def test_backward_uses_the_numbers_of_the_call():
    w = Value(3.0)
    square = gl.compile(lambda x: w * w * x)
    one, pair = square(1.0), gl.compile(lambda: [w * w, w * w * w])()
    w.data = 100.0
    one.backward()
    assert w.grad == 6.0
    w.grad = 0.0
    pair[1].backward()
    assert w.grad == 27.0


def test_no_grad_gives_leaves_or_silence():
    w = Value(3.0)
    f = gl.compile(lambda x: w * x)
    with gl.no_grad():
        silent = f(2.0)
    assert (silent.data, silent.operands) == (6.0, ())
    f(2.0).backward()
    assert w.grad == 2.0

    def half(x):
        with gl.no_grad():
            frozen = x * x
        return frozen * x

    assert gl.value_and_grad(half)(3.0) == (27.0, 9.0)


def test_detached_numbers_are_recorded_without_a_gradient():
    f = lambda x: x.data * x + x.detach()  # noqa: E731
    assert gl.value_and_grad(f)(3.0) == (12.0, 3.0)
    assert gl.value_and_grad(f)(5.0) == (30.0, 5.0)


def test_values_or_floats_does_not_hang_on_the_path():
    w = Value(2.0)
    f = gl.compile(lambda x: w * x if x > 0 else 0.0)
    assert isinstance(f(3.0), Value)
    assert isinstance(f(-3.0), Value)
    g = gl.compile(lambda x: w * x if x > 0 else 0.0)
    assert isinstance(g(-3.0), Value)


def test_a_plain_number_beside_a_value_is_the_same_structure():
    w = Value(2.0)
    f = gl.compile(lambda x: (w * x, 1) if x > 0 else (0, x))
    a, b = f(3.0)
    c, d = f(-3.0)
    assert [a.data, b.data, c.data, d.data] == [6.0, 1.0, 0.0, -3.0]


def test_different_structures_on_different_paths_are_refused():
    f = gl.compile(lambda x: (x, x) if x > 0 else [x])
    assert f(1.0) == (1.0, 1.0)
    with pytest.raises(TraceError, match="structure"):
        f(-1.0)
    assert f(2.0) == (2.0, 2.0)
    with pytest.raises(TraceError, match="structure"):
        gl.vmap(lambda x: (x, x) if x > 0 else x)(np.array([1.0, -1.0]))


def test_a_gradient_by_arguments_leaves_captured_values_alone():
    w = Value(3.0)
    f = gl.grad(lambda x: w * x * x)
    found = f(2.0)
    assert float(getattr(found, "data", found)) == 12.0
    w.data = 4.0
    found = f(2.0)
    assert float(getattr(found, "data", found)) == 16.0


def test_backward_of_a_gradient_is_a_mixed_second_derivative():
    """Of sin(w x0) x1 + b^2 x0, for what is twice its slope by x0 and once that by x1."""
    w, b, x = Value(2.0), Value(0.5), np.array([0.3, 0.7])
    f = lambda x: gm.sin(w * x[0]) * x[1] + b * b * x[0]  # noqa: E731
    s, c = np.sin(0.6), np.cos(0.6)
    by_w, by_b = 2.0 * (c * 0.7 - 2.0 * s * 0.3 * 0.7) + c * 0.3, 2.0
    ways = [
        lambda: gl.grad(f)(x),
        lambda: gl.value_and_grad(f)(x)[1],
        lambda: gl.jacobian(f)(x),
        lambda: gl.vmap(gl.grad(f))(np.array([x, x]))[1],
    ]
    for way in ways:
        cleared([w, b])
        g = way()
        (2.0 * g[0] + g[1]).backward()
        assert gradients([w, b]) == pytest.approx([by_w, by_b], rel=1e-13)
    third = -4.0 * s * 0.7 - 4.0 * c * 0.3 * 0.7
    for way in (lambda: gl.hessian(f)(x)[0, 0], lambda: gl.hvp(f)(x, np.array([1.0, 0.0]))[0]):
        cleared([w, b])
        way().backward()
        assert gradients([w, b]) == pytest.approx([third, 0.0], rel=1e-13)
    given = [Value(0.3), Value(0.7)]
    gl.grad(f)(given)[0].backward()
    assert gradients(given) == pytest.approx([-4.0 * s * 0.7, 2.0 * c], rel=1e-13)


# ---- training
def demo():
    """micrograd's demo: a small net, a hinge loss with a penalty, and the accuracy line."""
    random.seed(1337)
    model = MLP(2, [4, 4, 1])
    draw = random.Random(1)
    xs = [[draw.uniform(-1, 1), draw.uniform(-1, 1)] for _ in range(12)]
    ys = [1.0 if a * b > 0 else -1.0 for a, b in xs]

    def loss():
        scores = list(map(model, xs))
        losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(ys, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        reg_loss = 1e-4 * sum(p * p for p in model.parameters())
        accuracy = [(yi > 0) == (scorei.data > 0) for yi, scorei in zip(ys, scores, strict=True)]
        return data_loss + reg_loss, sum(accuracy) / len(accuracy)

    return model, loss


def trained(compiled, steps=8):
    model, loss = demo()
    if compiled:
        loss = gl.compile(loss)
    history = []
    for k in range(steps):
        total, accuracy = loss()
        model.zero_grad()
        total.backward()
        for p in model.parameters():
            p.data -= (1.0 - 0.9 * k / 100) * 0.1 * p.grad
        history.append((total.data, float(getattr(accuracy, "data", accuracy))))
    return history, [p.data for p in model.parameters()], loss


def test_the_demo_of_micrograd_with_one_line_changed():
    eager, parameters, _ = trained(compiled=False)
    ours, same, loss = trained(compiled=True)
    np.testing.assert_allclose(ours, eager, rtol=1e-10)
    np.testing.assert_allclose(same, parameters, rtol=1e-9, atol=1e-12)
    assert len(loss.paths) == 1, "the accuracy line is no branch"


def test_two_moons_through_vmap_is_the_eager_loss():
    random.seed(3)
    model = MLP(2, [5, 1])
    draw = np.random.default_rng(5)
    x = draw.normal(size=(40, 2))
    y = np.where(x[:, 0] * x[:, 1] > 0, 1.0, -1.0)

    def row(p, t):
        return (1 - t * model([p[0], p[1]])).relu()

    loss = gl.vmap(row, reduce="mean")
    ours = loss(x, y)
    ours.backward()
    found = gradients(model.parameters())
    model.zero_grad()
    eager = sum(row(list(p), t) for p, t in zip(x.tolist(), y.tolist(), strict=True)) * (1.0 / len(y))
    eager.backward()
    assert ours.data == pytest.approx(eager.data, rel=1e-12)
    np.testing.assert_allclose(found, gradients(model.parameters()), rtol=1e-10, atol=1e-13)
    for p in model.parameters():
        p.data += 0.1
    assert loss(x, y).data != ours.data


def test_rows_of_values_carry_gradients():
    w = Value(2.0)
    f = gl.vmap(lambda x: w * x if x > 0 else w * w * x)
    out = f(np.array([3.0, -1.0, 5.0]))
    assert [v.data for v in out] == [6.0, -4.0, 10.0]
    (out[0] + 2.0 * out[1]).backward()
    assert w.grad == 3.0 - 8.0


# ---- the watch: a changed surrounding is a new answer
SCALE = 2.0


TABLE = {"k": 2.0}


class Holder:
    pass


class NamedList(list):
    pass


def named_list():
    made = NamedList([1.0])
    made.k = 2.0
    return made


def test_a_changed_global():
    global SCALE
    f = gl.compile(lambda x: SCALE * x)
    before = SCALE
    try:
        assert f(3.0) == 6.0
        SCALE = 5.0
        assert f(3.0) == 15.0
    finally:
        SCALE = before


def test_a_changed_variable_of_the_enclosing_function():
    k = 2.0
    f = gl.compile(lambda x: k * x)
    assert f(3.0) == 6.0
    k = 4.0
    assert f(3.0) == 12.0
    k = -0.0
    assert str(f(3.0)) == "-0.0"
    k = 0.0
    assert str(f(3.0)) == "0.0"


@pytest.mark.parametrize(
    ("make", "read", "change"),
    [
        (lambda: [2.0], lambda s: s[0], lambda s: s.__setitem__(0, 5.0)),
        (lambda: [[1.0], [2.0]], lambda s: s[1][0], lambda s: s[1].__setitem__(0, 5.0)),
        (lambda: [1.0, 1.0], sum, lambda s: s.append(3.0)),
        (lambda: {"k": 2.0}, lambda s: s["k"], lambda s: s.update(k=5.0)),
        (lambda: {"k": 2.0}, lambda s: sum(s.values()), lambda s: s.update(j=3.0)),
        (lambda: ({"k": 2.0},), lambda s: s[0]["k"], lambda s: s[0].update(k=5.0)),
        (lambda: np.array([[1.0, 2.0]]), lambda s: s[0, 1], lambda s: s.__setitem__((0, 1), 5.0)),
        (lambda: [2, True], lambda s: s[0], lambda s: s.__setitem__(0, 5)),
        (lambda: {2.0}, max, lambda s: s.add(5.0)),
        (lambda: MappingProxyType(TABLE), lambda s: s["k"], lambda s: TABLE.update(k=5.0)),
        (lambda: deque([2.0]), lambda s: s[0], lambda s: s.__setitem__(0, 5.0)),
        (lambda: array("d", [2.0]), lambda s: s[0], lambda s: s.__setitem__(0, 5.0)),
        (named_list, lambda s: s.k, lambda s: setattr(s, "k", 5.0)),
    ],
    ids=[
        "item",
        "nested",
        "append",
        "dict",
        "new key",
        "in a tuple",
        "array",
        "int",
        "set",
        "proxy",
        "deque",
        "array.array",
        "subclass",
    ],
)
def test_a_changed_container(make, read, change):
    state = make()
    f, g = gl.compile(lambda x: read(state) * x), gl.grad(lambda x: read(state) * x)
    assert [f(3.0), f(3.0), g(3.0)] == [6.0, 6.0, 2.0]
    change(state)
    assert [f(3.0), f(3.0), g(3.0)] == [15.0, 15.0, 5.0]


def test_a_changed_attribute():
    holder = Holder()
    holder.k, holder.inner = 1.0, Holder()
    holder.inner.k = 2.0
    f = gl.compile(lambda x: holder.k * holder.inner.k * x)
    assert f(3.0) == 6.0
    holder.inner.k = 5.0
    assert f(3.0) == 15.0
    holder.inner = Holder()
    holder.inner.k = 7.0
    assert f(3.0) == 21.0


class Slotted:
    __slots__ = ("k",)


def test_a_changed_slot():
    holder = Slotted()
    holder.k = 2.0
    f = gl.compile(lambda x: holder.k * x)
    assert f(3.0) == 6.0
    holder.k = 5.0
    assert f(3.0) == 15.0


class Rated:
    rate = 2.0


def test_a_changed_class_attribute():
    r = Rated()
    f = gl.compile(lambda x: r.rate * x)
    try:
        assert f(3.0) == 6.0
        Rated.rate = 5.0
        assert f(3.0) == 15.0
    finally:
        Rated.rate = 2.0


def test_a_method_that_reads_a_changed_global():
    global SCALE

    class Net:
        def act(self, x):
            return SCALE * x

        def __call__(self, x):
            return self.act(x)

    net, before = Net(), SCALE
    f = gl.compile(net)
    try:
        assert f(3.0) == 6.0
        SCALE = 5.0
        assert f(3.0) == 15.0
        Net.act = lambda self, x: -x
        assert f(3.0) == -3.0
    finally:
        SCALE = before


def test_a_changed_object_given_as_an_argument():
    holder = Holder()
    holder.k = 2.0
    f = gl.compile(lambda h, x: h.k * x)
    assert [f(holder, 3.0), f(holder, 4.0)] == [6.0, 8.0]
    holder.k = 5.0
    assert f(holder, 3.0) == 15.0
    assert "had changed" in f.explain()

    def counts(h, x):
        h.k += 1.0
        return x

    with pytest.raises(TraceError, match="changed"):
        gl.compile(counts)(holder, 1.0)
    net = MLP(1, [1])
    loss = gl.compile(lambda model, x: model([x]))
    loss(net, 2.0).backward()
    assert net.parameters()[0].grad != 0.0


def test_a_changed_name_of_a_module(tmp_path, monkeypatch):
    (tmp_path / "settings_of_a_test.py").write_text("k = 2.0\nother = 1.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    import settings_of_a_test as settings

    f = gl.compile(lambda x: settings.k * x)
    assert f(3.0) == 6.0
    settings.other = 7.0
    assert f(3.0) == 6.0
    settings.k = 5.0
    assert f(3.0) == 15.0


def test_a_replaced_function():
    helper = lambda x, k=2.0: k * x  # noqa: E731
    f = gl.compile(lambda x: helper(x))
    assert f(3.0) == 6.0
    helper = lambda x: -x  # noqa: E731
    assert f(3.0) == -3.0


def test_a_model_replaced_is_not_kept_alive():
    holder = Holder()
    holder.model = MLP(1, [1])
    f = gl.compile(lambda x: holder.model([x]))
    first = f(0.5).data
    old = weakref.ref(holder.model.layers[0].neurons[0])
    random.seed(11)
    holder.model = MLP(1, [1])
    assert f(0.5).data != first
    gc.collect()
    assert old() is None


def test_a_new_layer_is_seen():
    weights = [Value(2.0)]
    f = gl.compile(lambda x: sum(w * x for w in weights))
    assert f(3.0).data == 6.0
    weights.append(Value(1.0))
    out = f(3.0)
    out.backward()
    assert (out.data, gradients(weights)) == (9.0, [3.0, 3.0])


def test_more_than_can_be_watched_warns():
    table = [1.0] * 100_001
    f = gl.compile(lambda x: x * table[0])
    with pytest.warns(GradloomWarning, match=r"more than 100,000 slots.*pass large tables as arguments"):
        assert f(2.0) == 2.0


def test_rows_of_the_operations_table_are_no_surroundings_that_change():
    """A row keeps what is made from it when somebody asks; that is no change."""
    row = dataclasses.replace(OPERATIONS["tanh"], name="mine")
    f = gl.compile(lambda x: x * (1.0 if row.reads else row.arity))
    assert [f(2.0), f(3.0)] == [2.0, 3.0]
    assert len(f.paths) == 1


def test_print_speaks_while_tracing(capsys):
    f = gl.compile(lambda x: (print("traced"), x)[1])
    assert [f(1.0), f(2.0)] == [1.0, 2.0]
    assert capsys.readouterr().out == "traced\n"


# ---- what a Program would not repeat
CALLS = []


def changes_a_list(x):
    CALLS.append(1)
    return x


def test_a_function_that_changes_its_surroundings_is_refused():
    f = gl.compile(changes_a_list)
    for _ in range(2):
        with pytest.raises(TraceError, match="changed"):
            f(1.0)
    assert f.paths == []
    CALLS.clear()

    state = {"n": 0}

    def counts(x):
        state["n"] += 1
        return x

    with pytest.raises(TraceError, match="counts changed"):
        gl.compile(counts)(1.0)


def test_a_function_that_draws_is_refused():
    for draw in (random.random, np.random.rand, random.Random(1).random, np.random.default_rng(1).normal):
        with pytest.raises(TraceError, match="random"):
            gl.compile(lambda x: x * draw())(1.0)  # noqa: B023


def test_traced_values_that_survive_are_refused():
    holder, kept = Slotted(), []

    def keeps(x):
        holder.k = x * 2.0
        return x

    with pytest.raises(TraceError, match=r"test_captured.py:\d+"):
        gl.compile(keeps)(1.0)

    def appends(x):
        list.append(unwatched.k, x)
        return x

    unwatched = Slotted()
    unwatched.k = kept
    with pytest.raises(TraceError):
        gl.compile(appends)(1.0)

    class Model:
        def forward(self, x):
            self.last = x * x
            return self.last

    with pytest.raises(TraceError, match=r"changed|left"):
        gl.compile(Model().forward)(1.0)


@pytest.mark.parametrize(
    ("act", "what"),
    [
        (lambda v: v.backward(), "backward"),
        (lambda v: v.zero_grad(), "zero_grad"),
        (lambda v: v.grad, "grad"),
        (lambda v: setattr(v, "grad", 1.0), "grad"),
        (lambda v: setattr(v, "data", 1.0), "data"),
        (lambda v: Value(1.0, (v,), "mine"), "primitive"),
        (lambda v: setattr(v, "_backward", print), "primitive"),
        (float, "float"),
        (int, "floor"),
        (str, "str"),
        (lambda v: f"{v:.2f}", "str"),
        (print, "str"),
        (lambda v: [1, 2][v], "int|index|indices"),
    ],
    ids=[
        "sweep",
        "zero",
        "read grad",
        "grad",
        "data",
        "by hand",
        "_backward",
        "float",
        "int",
        "str",
        "format",
        "print",
        "index",
    ],
)
def test_what_a_program_cannot_do_names_line_and_cure(act, what):
    w = Value(2.0)
    for reach in (lambda x: x, lambda x: x * 1.0, lambda x: w):
        with pytest.raises(TypeError, match=what):
            gl.compile(lambda x: (act(reach(x)), x)[1])(1.0)  # noqa: B023
    assert (w.data, w.grad) == (2.0, 0.0)


def test_an_optimiser_steps_outside():
    w = Value(2.0)
    opt = gl.optim.SGD([w], lr=0.1)
    w.grad = 1.0
    for act in (opt.step, opt.zero_grad):
        with pytest.raises(TraceError, match="outside"):
            gl.compile(lambda x: (act(), w * x)[1])(1.0)  # noqa: B023
    assert (w.data, w.grad) == (2.0, 1.0)


def test_value_of_a_traced_value_is_that_value():
    assert gl.value_and_grad(lambda x: Value(x) * x)(3.0) == (9.0, 6.0)


# ---- results that nobody uses
def test_a_result_that_is_not_used_contributes_nothing():
    """Not 0 times its derivative: the root's is infinite at 0. A cotangent of 0 is used, and honest."""
    f = gl.compile(lambda x: (gm.sqrt(x), x * 2.0))
    for combine, expected in (
        (lambda root, twice: twice, 2.0),
        (lambda root, twice: root.relu() + twice, 2.0),
        (lambda root, twice: root + twice, np.inf),
        (lambda root, twice: root * 0.0 + twice, np.nan),
    ):
        x = Value(0.0)
        result = combine(*f(x))
        for sweep in (1, 2):
            result.backward()
            assert x.grad == pytest.approx(sweep * expected, nan_ok=True)


def test_a_row_that_is_not_used_contributes_nothing():
    scale = Value(3.0)
    rows = gl.vmap(lambda x: (scale * x, gm.sqrt(scale * x)))
    products, roots = rows(np.array([0.0, 1.0, 4.0]))
    (products[0] + products[1] + roots[2]).backward()
    assert scale.grad == pytest.approx(0.0 + 1.0 + 0.5 * 4.0 / 12.0**0.5)
    scale.grad = 0.0
    roots[0].backward()
    assert np.isnan(scale.grad)


def test_one_result_that_is_not_taken():
    x = Value(0.0)
    gl.compile(gm.sqrt)(x).relu().backward()
    assert x.grad == 0.0
