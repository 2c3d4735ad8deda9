"""``backward()``: gradients add up, whatever is shared, and a gradient that would be wrong raises."""

import gc
import math
import threading
import weakref

import pytest

from gradloom import Value, topological_order
from gradloom.engine import ENGINE, read, write
from gradloom.errors import CycleError, DerivativeError, GradloomError, StaleDataError, SweepError
from gradloom.ops import TABLE

INF = math.inf


def grads(*values):
    return tuple(v.grad for v in values)


# ---- shared nodes
def doubled_twice(a):
    b = a + a
    return b + b


def inner_first(a):
    b = a + a
    return b + a  # 3a


def inner_last(a):
    b = a + a
    return a + b


def square_of_shared(a):
    b = a * a
    return b * b  # a**4


def diamond(a):
    b, c = a * 2.0, a + 1.0
    return (b * c) * b + c * b  # 2a(a + 1)(2a + 1)


@pytest.mark.parametrize(
    ("graph", "slope"),
    [
        (doubled_twice, lambda a: 4.0),
        (inner_first, lambda a: 3.0),
        (inner_last, lambda a: 3.0),
        (square_of_shared, lambda a: 4.0 * a**3),
        (diamond, lambda a: 12.0 * a * a + 12.0 * a + 2.0),
    ],
)
def test_a_node_used_twice_gets_both_gradients(graph, slope):
    a = Value(3.0)
    graph(a).backward()
    assert a.grad == slope(3.0)


@pytest.mark.parametrize("swap", [False, True])
def test_an_inner_node_reused_on_either_side(swap):
    a, b = Value(-4.0), Value(2.0)
    c = a * b
    d = c * a
    e = c + d if swap else d + c  # ab + a*a*b
    e.backward()
    assert grads(a, b, c, d) == (b.data + 2 * a.data * b.data, a.data + a.data**2, 1 + a.data, 1.0)


# ---- leaves accumulate, inner nodes start afresh
def test_a_second_sweep_adds_the_right_amount():
    a = Value(3.0)
    b = a * a
    c = b * b
    c.backward()
    assert grads(a, b, c) == (108.0, 18.0, 1.0)
    c.backward()
    assert grads(a, b, c) == (216.0, 18.0, 1.0)


def test_two_losses_add_up_in_their_leaves():
    a = Value(2.0)
    shared = a * a
    first, second = shared * 3.0, shared + a
    first.backward()
    second.backward()
    assert a.grad == 3.0 * 4.0 + (4.0 + 1.0)


def test_a_leaf_as_root_accumulates():
    a = Value(7.0)
    a.backward()
    assert a.grad == 1.0
    a.backward()
    assert a.grad == 2.0


def test_a_gradient_left_on_an_inner_node_does_not_leak():
    a = Value(2.0)
    b = a * 3.0
    b.grad = 100.0
    (b + 1.0).backward()
    assert grads(a, b) == (3.0, 1.0)


@pytest.mark.parametrize("seed", [2.0, -1, 0.0, True])
def test_the_seed_is_the_roots_gradient(seed):
    a = Value(5.0)
    b = a * 4.0
    b.backward(seed)
    assert grads(a, b) == (4.0 * seed, float(seed))
    b.backward(seed=seed)
    assert a.grad == 8.0 * seed


def test_zero_grad_clears_the_whole_graph_and_nothing_else():
    a, other = Value(2.0), Value(1.0)
    other.grad = 9.0
    b = a * a
    c = b + 1.0
    c.backward()
    c.zero_grad()
    assert grads(a, b, c, other) == (0.0, 0.0, 0.0, 9.0)


def test_a_gradient_of_none_is_zero():
    a = Value(2.0)
    a.grad = None
    assert a.grad == 0.0
    (a * 3.0).backward()
    assert a.grad == 3.0


# ---- singular points: a derivative is a number, inf or nan, never an exception
@pytest.mark.parametrize(
    ("function", "xs", "expected"),
    [
        (lambda x: x.sqrt(), (0.0,), (INF,)),
        (lambda x: x**0.5, (0.0,), (INF,)),
        (lambda x: x.cbrt(), (0.0,), (INF,)),
        (lambda x: x.asin(), (1.0,), (INF,)),
        (lambda x: x.acos(), (-1.0,), (-INF,)),
        (lambda x: x.acosh(), (1.0,), (INF,)),
        (lambda x: x.relu(), (0.0,), (0.0,)),
        (lambda x: x.relu(), (-0.0,), (0.0,)),
        (lambda x: abs(x), (0.0,), (0.0,)),
        (lambda x: x**0, (0.0,), (0.0,)),
        (lambda x: x**1, (0.0,), (1.0,)),
        (lambda x: x**2, (0.0,), (0.0,)),
        (lambda x: x**0, (5.0,), (0.0,)),
        (lambda x: x // 2.0, (4.0,), (0.0,)),
        (lambda x: x.floor(), (4.0,), (0.0,)),
        (lambda x, y: x.hypot(y), (0.0, 0.0), (0.0, 0.0)),
        (lambda x, y: x**y, (0.0, 2.0), (0.0, 0.0)),
        (lambda x, y: x**y, (3.0, 0.0), (0.0, math.log(3.0))),
        (lambda x, y: x.maximum(y), (1.0, 1.0), (1.0, 0.0)),
        (lambda x, y: x.minimum(y), (1.0, 1.0), (1.0, 0.0)),
        (lambda x, y: x.maximum(y), (math.nan, 1.0), (1.0, 0.0)),
        (lambda x, y: x.maximum(y), (1.0, math.nan), (0.0, 1.0)),
        (lambda x: x.relu().sqrt(), (-1.0,), (0.0,)),  # nothing flows where relu cut, though sqrt'(0) is inf
    ],
)
def test_derivatives_at_singular_points(function, xs, expected):
    xs = [Value(x) for x in xs]
    function(*xs).backward()
    assert grads(*xs) == expected


# ---- what is not taken passes nothing on, as if an if had not computed it
@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: x.sqrt().relu(), 0.0),
        (lambda x: abs(x.sqrt()), 0.0),
        (lambda x: x.sqrt().maximum(1.0), 0.0),
        (lambda x: x.sqrt().minimum(-1.0), 0.0),
        (lambda x: x.sqrt().floor(), 0.0),
        (lambda x: (x.sqrt() * 3.0 + 0.0).sin().relu(), 0.0),  # nor does what it was made from
        (lambda x: x.sqrt().relu() + x, 1.0),
        (lambda x: (s := x.sqrt()).relu() + s.maximum(1.0), 0.0),  # taken by neither
        (lambda x: x.sqrt() ** 2, math.nan),  # taken, with a derivative of 0
        (lambda x: (s := x.sqrt()).relu() + s**2, math.nan),
        (lambda x: (s := x.sqrt()).relu() + 0.0 * s, math.nan),
        (lambda x: (s := x.sqrt()).maximum(1.0) + s, INF),
        (lambda x: (s := x.sqrt()) - s, math.nan),  # inf - inf; 0 came in as 1 - 1
    ],
)
def test_what_is_not_taken_passes_nothing_on(function, expected):
    x = Value(0.0)
    result = function(x)
    for sweep in (1, 2):  # the second starts anew
        result.backward()
        assert x.grad == sweep * expected or (math.isnan(x.grad) and math.isnan(expected))


def test_what_was_taken_by_the_last_backward_may_not_be_by_this_one():
    x = Value(0.0)
    s = x.sqrt()
    (s * 1.0).backward()
    assert x.grad == INF
    x.grad = 0.0
    s.relu().backward()
    assert x.grad == 0.0


def test_a_step_by_hand_is_not_taken_either():
    """What it passes on is not known, so that all its operands count as taken."""
    x, calls = Value(0.0), []
    s = x.sqrt()
    made = Value(s.data, (s,), "made")

    def _backward():
        calls.append(made.grad)
        s.grad += made.grad

    made._backward = _backward
    made.relu().backward()
    assert (x.grad, calls) == (0.0, [])
    (made * 0.0).backward()
    assert math.isnan(x.grad)
    assert calls == [0.0]


def test_one_step_by_hand_is_made_whatever_came_in():
    x = Value(0.0)
    s = x.sqrt()
    s._backward()
    assert math.isnan(x.grad)


def test_a_root_with_a_seed_of_0_is_reached():
    x = Value(0.0)
    x.sqrt().backward(0.0)
    assert math.isnan(x.grad)


def test_a_backward_that_is_refused_leaves_constants_what_they_are_owed():
    """An inner sweep is refused while the outer one is under way, which has passed the last node already."""
    a = Value(2.0)
    b = Value(4.0, (a,), "square")
    c = b * 3.0

    def _backward():
        with pytest.raises(SweepError):
            c.backward()
        a.grad += 2.0 * a.data * b.grad

    b._backward = _backward
    c.backward()
    assert a.grad == 12.0
    assert [x.grad for x in c.operands] == [3.0, 4.0]


def test_the_slope_of_a_negative_base_by_its_exponent_is_nan():
    x, y = Value(-2.0), Value(2.0)
    (x**y).backward()
    assert x.grad == -4.0
    assert math.isnan(y.grad)


# ---- stale data
def test_multiplication_reads_its_operands_so_it_must_be_recomputed():
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    c = a * b
    c.label = "c"
    a.data = 5.0
    with pytest.raises(StaleDataError, match=r"Value 'a'.*Value 'c' \(made by \*\).*compute the result"):
        c.backward()
    assert grads(a, b, c) == (0.0, 0.0, 0.0)
    c = a * b
    c.backward()
    assert grads(a, b) == (3.0, 5.0)


def test_addition_reads_nothing_and_is_never_stale():
    a, b = Value(2.0), Value(3.0)
    c = (a + b) - a + (-b)
    a.data, b.data = 5.0, 6.0
    c.backward()
    assert grads(a, b) == (0.0, 0.0)


def test_stale_data_deep_in_a_graph_changes_no_gradient():
    a, b, d = Value(2.0), Value(3.0), Value(4.0)
    loss = ((a * b) + d) * d
    loss.backward()
    nodes = topological_order(loss)
    before = grads(*nodes)
    b.data -= 0.1
    with pytest.raises(StaleDataError):
        loss.backward(2.0)
    assert grads(*nodes) == before


def test_assigning_the_same_number_counts():
    a = Value(2.0)
    c = a * a
    a.data = 2.0
    with pytest.raises(StaleDataError):
        c.backward()


def test_write_makes_stale_as_assignment_does():
    a, b = Value(2.0), Value(3.0)
    c = a * b
    write([a, b], [1.0, 1.0], "grad")
    c.backward()
    assert tuple(read([a, b], "grad")) == (4.0, 3.0)
    write([a], [7.0])
    with pytest.raises(StaleDataError):
        c.backward()


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if row.methods and row.arity <= 2])
def test_after_data_is_assigned_a_gradient_is_either_refused_or_unchanged(name):
    row = TABLE[name]
    numbers = [0.3 * lo + 0.7 * hi for lo, hi in row.domain]
    for changed in range(row.arity):
        xs = [Value(x) for x in numbers]
        result = getattr(xs[0], row.methods[0])(*xs[1:])
        if not isinstance(result, Value):  # a comparison
            continue
        result.backward()
        fresh = grads(*xs)
        for x in xs:
            x.grad = 0.0
        xs[changed].data = numbers[changed] * 0.9
        try:
            result.backward()
        except StaleDataError:
            assert grads(*xs) == (0.0,) * row.arity
        else:
            assert grads(*xs) == fresh


def test_looking_at_constants_makes_nothing_stale_but_changing_one_does():
    x = Value(3.0)
    y = 2 * x / 8
    y.backward()
    topological_order(y)
    y.backward()
    assert x.grad == 0.5
    y.operands[1].data = 4.0
    with pytest.raises(StaleDataError):
        y.backward()


def test_by_hand_nothing_is_checked():
    a, b = Value(2.0), Value(3.0)
    c = a * b
    a.data = 5.0
    c.grad = 1.0
    c._backward()
    assert grads(a, b) == (3.0, 5.0)


# ---- nodes made by hand
def test_a_node_without_a_derivative_is_named():
    x = Value(0.5, label="x")
    t = Value(math.tanh(x.data), (x,), "tanh", label="t")
    loss = t * x + x.exp()
    nodes = topological_order(loss)
    for i, node in enumerate(nodes):
        node.grad = float(i)
    with pytest.raises(DerivativeError, match=r"Value 't' \(made by tanh\).*_backward"):
        loss.backward()
    assert grads(*nodes) == (0.0, 1.0, 2.0, 3.0, 4.0)
    with pytest.raises(DerivativeError, match="Value 't'"):
        t._backward()


def test_a_node_made_by_hand_with_its_closure():
    x = Value(0.5)
    t = Value(math.tanh(0.5), (x,), "tanh")

    def _backward():
        x.grad += (1 - t.data**2) * t.grad

    t._backward = _backward
    (t * 3.0).backward()
    assert x.grad == 3.0 * (1 - math.tanh(0.5) ** 2)


def test_a_cycle_made_by_hand_raises():
    a = Value(1.0, label="a")
    b = a + 1.0
    loss = b * 2.0
    b.grad = loss.grad = 5.0
    a._prev = (b,)
    for act in (loss.backward, loss.zero_grad, lambda: topological_order(loss)):
        with pytest.raises(CycleError, match="among its own operands"):
            act()
    assert grads(a, b, loss) == (0.0, 5.0, 5.0)
    a._prev = ()
    loss.backward()
    assert a.grad == 2.0


def test_a_node_that_is_its_own_operand_raises():
    a = Value(1.0)
    a._prev = {a}
    a._backward = lambda: None
    with pytest.raises(CycleError):
        a.backward()
    a._prev = ()


def test_errors_of_the_sweep_are_one_family():
    for kind in (StaleDataError, CycleError, SweepError):
        assert issubclass(kind, DerivativeError)
    assert issubclass(DerivativeError, GradloomError)
    assert issubclass(DerivativeError, RuntimeError)


# ---- all or nothing
@pytest.mark.parametrize("error", [ValueError("mine"), KeyboardInterrupt()])
def test_a_backward_that_raises_puts_every_leaf_back(error):
    a, b = Value(2.0), Value(3.0)
    a.grad, b.grad = 10.0, 20.0
    early = Value(2.0, (a,), "mine")

    def _backward():
        a.grad += 1000.0
        raise error

    early._backward = _backward
    loss = (early * b) * b + a * b
    nodes = topological_order(loss)
    before = grads(*nodes)
    with pytest.raises(type(error)):
        loss.backward()
    assert grads(*nodes) == before
    assert grads(a, b) == (10.0, 20.0)
    early._backward = lambda: None
    loss.backward()  # the failed sweep has let go of its nodes
    assert grads(a, b) == (10.0 + 3.0, 20.0 + 2.0 * 2.0 * 3.0 + 2.0)


def test_backward_inside_a_backward_of_the_same_graph_raises():
    a = Value(2.0)
    b = Value(4.0, (a,), "square")
    c = b * 3.0
    b._backward = lambda: c.backward()
    with pytest.raises(SweepError, match="not finished"):
        c.backward()
    assert a.grad == 0.0


def test_backward_inside_a_backward_of_another_graph_is_allowed():
    a, x = Value(2.0), Value(5.0)
    b = Value(4.0, (a,), "square")

    def _backward():
        y = x * x
        y.backward()
        a.grad += 2.0 * a.data * b.grad

    b._backward = _backward
    (b * 3.0).backward()
    assert grads(a, x) == (12.0, 10.0)


def test_another_thread_in_the_same_graph_raises():
    inside, leave = threading.Event(), threading.Event()
    a = Value(2.0)
    b = Value(4.0, (a,), "square")

    def _backward():
        inside.set()
        leave.wait(30)
        a.grad += 2.0 * a.data * b.grad

    b._backward = _backward
    loss, other = b * 3.0, a * 5.0
    thread = threading.Thread(target=loss.backward)
    thread.start()
    try:
        assert inside.wait(30)
        with pytest.raises(SweepError, match="another thread"):
            other.backward()  # it shares the leaf a
    finally:
        leave.set()
        thread.join()
    assert a.grad == 12.0
    other.backward()
    assert a.grad == 17.0


def test_a_backward_may_look_around_in_its_own_graph():
    a = Value(2.0)
    b = Value(4.0, (a,), "square")
    loss = (b * 3.0 + a) * b
    seen = []

    def _backward():
        seen.append(len(topological_order(loss)))
        seen.append((repr(b), sum(v.data for v in [a, *loss.operands])))
        a.grad += 2.0 * a.data * b.grad

    b._backward = _backward
    loss.backward()
    assert a.grad == 4.0 + 26.0 * 4.0
    assert seen == [6, ("Value(data=4.0, grad=26.0)", 20.0)]


def test_a_backward_may_cut_the_graph_it_is_in():
    a = Value(2.0)
    y = a * 3.0
    b = Value(36.0, (y,), "square")
    loss = b * 2.0 + b
    watched = weakref.ref(y)

    def _backward():
        watched().grad += 12.0 * b.grad
        b._prev = ()
        loss._prev = ()
        gc.collect()

    b._backward = _backward
    del y
    loss.backward()
    assert a.grad == 3.0 * 12.0 * 3.0
    assert watched() is None


# ---- the order
def test_topological_order_is_operands_first_each_once_with_constants():
    x = Value(3.0, label="x")
    y = 2 * x
    z = y * y + x
    order = topological_order(z)
    assert [v.data for v in order] == [2.0, 3.0, 6.0, 36.0, 39.0]
    assert len(set(order)) == len(order)
    place = {v: i for i, v in enumerate(order)}
    assert all(place[x] < place[v] for v in order for x in v.operands)
    assert order[-1] is z
    assert topological_order(z) == order
    assert topological_order(x) == [x]


def test_two_equal_programs_have_the_same_order():
    def build():
        a, b = Value(1.0), Value(2.0)
        return (a * b + b) * (a - b) / (b + 3)

    first, second = topological_order(build()), topological_order(build())
    assert [(v.data, v._op) for v in first] == [(v.data, v._op) for v in second]


def test_the_lectures_loop_over_the_order():
    a, b = Value(2.0), Value(-3.0)
    loss = (a * b + a) * b
    loss.grad = 1.0
    for node in reversed(topological_order(loss)):
        node._backward()
    assert grads(a, b) == (b.data**2 + b.data, 2 * a.data * b.data + a.data)


# ---- depth
def test_a_chain_as_deep_as_a_long_run_of_training():
    depth = 1_000_000 if ENGINE == "native" else 200_000  # recursion would die at either
    x = Value(1.0)
    root = x
    for _ in range(depth):
        root = root + x
    root.backward()
    assert x.grad == depth + 1.0
    assert repr(root) == f"Value(data={depth + 1.0}, grad=1.0)"
    order = topological_order(root)
    assert len(order) == depth + 1
    root.zero_grad()
    assert x.grad == order[depth // 2].grad == 0.0
    first = weakref.ref(order[1])
    del order
    gc.disable()  # it must go by reference counts alone
    try:
        del root
        assert first() is None
    finally:
        gc.enable()


# ---- constants that nobody has looked at
def test_a_constant_is_owed_what_was_passed_on_and_nothing_else():
    x = Value(3.0)
    y = 2 * x
    y.grad = 1.0
    assert y.operands[0].grad == 0.0  # no step was taken yet

    y = 2 * x
    y.backward(), y.backward()
    assert y.operands[0].grad == 6.0  # a leaf: it adds up

    y = 2 * x
    y.backward()
    y.grad = 5.0
    assert y.operands[0].grad == 3.0

    y = 2 * x
    y.grad = 7.0
    y._backward()
    y.grad = 13.0
    assert y.operands[0].grad == 21.0  # as in micrograd: it handed on 7 when it held 7

    y = 2 * x
    y.backward(), y.zero_grad()
    assert y.operands[0].grad == 0.0


def test_a_constant_is_owed_nothing_by_a_sweep_that_failed():
    x = Value(3.0)
    y = 2 * x
    z = Value(y.data, (y,), "mine")
    z._backward = lambda: setattr(y, "grad", 1.0) or 1 / 0
    with pytest.raises(ZeroDivisionError):
        z.backward()
    assert y.operands[0].grad == 0.0
