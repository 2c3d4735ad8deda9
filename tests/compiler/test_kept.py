"""``grad(f)(x)`` in a loop does not trace again; and nothing is kept longer than ``f``."""

import copy
import functools
import gc
import pickle
import weakref

import numpy as np
import pytest

import gradloom as gl
from gradloom import Value


class Table(np.ndarray):
    """An array that a weak reference can follow."""


def closure():
    """A function over an array, and whether that is alive."""
    table = np.ones(1000).view(Table)

    def f(x):
        return x * x * float(table[0])

    return f, weakref.ref(table)


USES = [
    lambda f: gl.grad(f)(2.0),
    lambda f: gl.grad(gl.grad(f))(2.0),
    lambda f: gl.value_and_grad(f)(2.0),
    lambda f: gl.jvp(f, (2.0,), (1.0,)),
    lambda f: gl.vjp(f, 2.0)[1](1.0),
    lambda f: gl.vmap(gl.grad(f))(np.ones(3)),
    lambda f: gl.grad(gl.compile(f))(2.0),
    lambda f: gl.grad(functools.partial(f))(2.0),
    lambda f: gl.grad(f)(Value(2.0)).backward(),
]


@pytest.mark.parametrize("use", USES)
def test_what_a_function_closes_over_goes_with_it(use):
    f, alive = closure()
    use(f)
    assert alive() is not None
    del f
    gc.collect()
    assert alive() is None


def test_a_loop_traces_once():
    def f(x):
        return x**3

    for x in (1.0, 2.0, 3.0):
        assert gl.grad(f)(x) == 3.0 * x * x
        assert gl.grad(gl.grad(f))(x) == 6.0 * x
        assert gl.jvp(f, (x,), (1.0,)) == (x**3, 3.0 * x * x)
    for transform in (gl.grad(f), gl.grad(gl.grad(f))):
        (path,) = transform.paths
        assert path.runs == 3
    assert gl.grad(f) is gl.grad(f)
    assert gl.grad(f, argnums=(0,)) is not gl.grad(f)


def test_what_is_kept_of_a_function_is_no_change_of_it():
    """Neither for itself nor for what calls it: both watch its attributes."""

    def inner(x):
        return x * x

    outer = gl.compile(lambda x: inner(x) + 1.0)
    assert outer(2.0) == 5.0
    assert gl.grad(inner)(2.0) == 4.0
    assert gl.jvp(inner, (2.0,), (1.0,)) == (4.0, 4.0)
    assert outer(3.0) == 10.0
    assert [path.runs for path in outer.paths] == [2]
    inner.note = "seen"
    assert outer(3.0) == 10.0
    assert [path.runs for path in outer.paths] == [1]


def test_a_wrapper_does_not_inherit_those_of_what_it_wraps():
    """functools.wraps copies the attributes of a function, and so what it carries."""

    def f(x):
        return x * x

    assert gl.grad(f)(2.0) == 4.0

    @functools.wraps(f)
    def wrapper(x):
        return 100.0 * f(x)

    assert gl.grad(wrapper)(2.0) == 400.0
    assert gl.grad(f)(2.0) == 4.0
    assert gl.grad(wrapper) is gl.grad(wrapper)


class Spring:
    def __init__(self, k):
        self.k = k

    def energy(self, x, y=1.0):
        return 0.5 * self.k * x * x * y


def test_a_method_is_kept_for_its_instance_and_goes_with_it():
    a, b = Spring(3.0), Spring(5.0)
    assert (gl.grad(a.energy)(2.0), gl.grad(b.energy)(2.0)) == (6.0, 10.0)
    assert gl.grad(a.energy) is gl.grad(a.energy)
    assert gl.grad(a.energy) is not gl.grad(b.energy)
    assert gl.grad(a.energy)(y=3.0, x=2.0) == 18.0
    a.k = 7.0
    assert gl.grad(a.energy)(2.0) == 14.0
    gradient, alive = gl.grad(a.energy), weakref.ref(a)
    del a
    gc.collect()
    assert alive() is None
    assert gradient(2.0) == 14.0  # who holds the gradient may go on with it
    for twin in (pickle.loads(pickle.dumps(gl.grad(b.energy))), copy.deepcopy(gl.grad(b.energy))):
        assert twin(2.0) == 10.0


class Slots:
    __slots__ = ("k",)

    def energy(self, x):
        return 0.5 * self.k * x * x


def test_what_can_carry_nothing_is_remembered_for_a_while():
    slots = Slots()
    slots.k = 3.0
    assert gl.grad(slots.energy)(2.0) == 6.0
    assert gl.grad(slots.energy) is gl.grad(slots.energy)
    assert gl.grad(gl.math.sin) is gl.grad(gl.math.sin)


def test_a_copy_carries_nothing():
    p = functools.partial(Spring.energy, Spring(3.0))
    assert gl.grad(p)(2.0) == 6.0
    for twin in (copy.copy(p), copy.deepcopy(p), pickle.loads(pickle.dumps(p))):
        assert gl.grad(twin) is not gl.grad(p)
        assert gl.grad(twin)(2.0) == 6.0
