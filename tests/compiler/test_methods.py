"""Compiled methods: one for each instance, and gone with it."""

import copy
import gc
import pickle
import weakref

import numpy as np
import pytest

import gradloom as gl
from gradloom import Value, nn


class Spring:
    def __init__(self, k):
        self.k = k

    @gl.compile
    def energy(self, x):
        return 0.5 * self.k * x * x

    @gl.grad(argnums=0)
    def force(self, x):
        return 0.5 * self.k * x * x

    @gl.vmap(reduce="mean")
    def average(self, x):
        return self.k * x


class Line(nn.Module):
    def __init__(self):
        self.slope, self.height = Value(2.0), Value(1.0)

    @gl.vmap(reduce="mean")
    def loss(self, x, y):
        return (self.slope * x + self.height - y) ** 2

    @gl.compile
    def __call__(self, x):
        return self.slope * x + self.height


def is_freed(make, use):
    instance = make()
    use(instance)
    alive = weakref.ref(instance)
    del instance
    gc.collect()
    return alive() is None


@pytest.mark.parametrize(
    ("make", "use"),
    [
        (lambda: Spring(3.0), lambda s: s.energy(2.0)),
        (lambda: Spring(Value(3.0)), lambda s: s.energy(2.0).backward()),
        (lambda: Spring(3.0), lambda s: (s.force(2.0), s.average(np.ones(3)))),
        (lambda: Spring(3.0), lambda s: gl.grad(s.energy)(2.0)),
        (lambda: Spring(3.0), lambda s: gl.hessian(s.energy)(2.0)),
        (lambda: Spring(3.0), lambda s: gl.grad(s.average)(np.ones(3))),
        (lambda: Spring([Spring(1.0)]), lambda s: s.k[0].energy(1.0)),
        (Line, lambda line: (line.loss(np.ones(2), np.ones(2)).backward(), line(2.0))),
    ],
)
def test_an_instance_is_freed(make, use):
    assert is_freed(make, use)


def test_each_instance_has_its_own_and_one():
    a, b = Spring(3.0), Spring(5.0)
    assert (a.energy(2.0), b.energy(2.0)) == (6.0, 10.0)
    assert a.energy is a.energy
    assert a.energy is not b.energy
    assert len(a.energy.paths) == 1


def test_attributes_are_those_of_the_instance_at_any_time():
    spring = Spring(3.0)
    assert spring.energy(2.0) == 6.0
    spring.k = 5.0
    assert spring.energy(2.0) == 10.0
    line = Line()
    line.loss(np.ones(2), np.zeros(2)).backward()
    assert (line.slope.grad, line.height.grad) == (6.0, 6.0)
    line.slope = Value(7.0)
    assert line(2.0).data == 15.0


def test_a_method_outlives_the_name_of_its_instance():
    assert Spring(3.0).energy(2.0) == 6.0
    energy = Spring(3.0).energy
    gc.collect()
    assert (energy(2.0), gl.grad(energy)(2.0)) == (6.0, 6.0)


def test_a_copy_is_another_instance():
    line = Line()
    assert line(2.0).data == 5.0
    for twin in (copy.copy(line), copy.deepcopy(line), pickle.loads(pickle.dumps(line))):
        twin.height = Value(10.0)
        assert (twin(2.0).data, line(2.0).data) == (14.0, 5.0)
    assert pickle.loads(pickle.dumps(Spring(3.0).energy))(2.0) == 6.0


# ---- where nothing can stand in for the instance
class Slots:
    __slots__ = ("k",)

    def __init__(self, k):
        self.k = k

    energy = gl.compile(lambda self, x: 0.5 * self.k * x * x)


class Coefficients(list):
    at = gl.compile(lambda self, x: sum(c * x**i for i, c in enumerate(self)))


class Closed:
    closed = 0

    def __init__(self, k):
        self.k = k

    def __del__(self):
        Closed.closed += 1

    energy = gl.compile(lambda self, x: 0.5 * self.k * x * x)


def test_it_is_the_instance_itself():
    assert Slots(3.0).energy(2.0) == 6.0
    coefficients = Coefficients([1.0, 2.0])
    assert coefficients.at(3.0) == 7.0
    coefficients.append(1.0)
    assert coefficients.at(3.0) == 16.0
    assert Closed(3.0).energy(2.0) == 6.0
    assert Closed.closed == 0


# ---- arguments by name
class Beam:
    k = 3.0

    @gl.grad(argnums=1)
    def slope(self, x, y):
        return self.k * x * y * y

    @gl.compile(static="n")
    def power(self, x, n):
        return self.k * x if n == 2.0 else x


def test_a_method_takes_arguments_by_name():
    """The instance is not counted: neither by argnums nor by static."""
    beam = Beam()
    assert beam.slope(2.0, 5.0) == beam.slope(2.0, y=5.0) == beam.slope(y=5.0, x=2.0) == 60.0
    assert (beam.power(5.0, 2.0), beam.power(5.0, n=1.0), beam.power(2.0, 1.0)) == (15.0, 5.0, 2.0)
    assert not any(path.decisions for path in beam.power.paths)  # n is no data that guards ask for
