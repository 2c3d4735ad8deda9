"""The short way from a call to its machine, and everything that must take the long one."""

import gc
import weakref

import numpy as np
import pytest

from gradloom.compiler.program import Program
from gradloom.compiler.single import prepare

vector = pytest.importorskip("gradloom._native.vector")
if prepare(Program.parse("program of 0 inputs\n return")).__class__.__name__ != "Machine":
    pytest.skip("there is no native machine", allow_module_level=True)

PRODUCT = "program of 2 inputs\n v2 = mul v0 v1\n v3 = lt v0 v1\n guard v3 is true\n return v2 v1 v0"


class Function(vector.Call):
    """What a compiled function is to the machine: ``_call`` is the long way."""

    def __init__(self, places=()):
        self.long = []
        self._arm(prepare(Program.parse(PRODUCT)), (0, (1, 2)), tuple(places))

    def _call(self, args, kwargs):
        self.long.append((args, kwargs))
        return "long"


def test_floats_go_the_short_way():
    f = Function()
    assert f(2.0, 3.0) == (6.0, (3.0, 2.0))
    assert (f._runs, f.long) == (1, [])


def test_everything_else_goes_the_long_way():
    f = Function()
    for args, kwargs in [
        ((2.0,), {}), ((2.0, 3), {}), ((2.0, np.float64(3.0)), {}), ((), {}), ((2.0, 3.0), {"n": 1}),
        ((3.0, 2.0), {}),  # a guard fails
    ]:  # fmt: skip
        assert f(*args, **kwargs) == "long"
        assert f.long.pop() == (args, kwargs)
    f._disarm()
    assert f(2.0, 3.0) == "long"
    assert f._runs == 0


def test_an_exception_of_the_long_way_is_passed_on():
    class Broken(Function):
        def _call(self, args, kwargs):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        Broken()(1)


def cell_of(x):
    return (lambda: x).__closure__[0]


def test_a_changed_place_goes_the_long_way():
    one, two = 1.5, 2.5
    xs, names, cell = [one, two], {"a": one, "b": two}, cell_of(one)
    places = [
        (xs, None, tuple(xs)),
        (names, "a", one),
        (names, tuple(names), tuple(names.values())),
        (cell, None, one),
    ]
    for place in places:
        f = Function([place])
        assert f(2.0, 3.0) != "long"
        container = place[0]
        if container is xs:
            xs.append(0.0)
            assert f(2.0, 3.0) == "long"
            xs.pop()
            xs[0] = two
        elif container is names:
            names["a"] = two
        else:
            cell.cell_contents = two
        assert f(2.0, 3.0) == "long"
        xs[0] = names["a"] = cell.cell_contents = one
        assert f(2.0, 3.0) != "long"
    f = Function([(names, tuple(names), tuple(names.values()))])
    del names["b"]
    names["c"] = two
    assert f(2.0, 3.0) == "long"


def test_what_it_holds_is_collected():
    f = Function([([1.0], None, (1.0,))])
    f.me = f
    gone = weakref.ref(f)
    del f
    gc.collect()
    assert gone() is None


def test_wrong_shapes_and_places_are_refused():
    machine = prepare(Program.parse(PRODUCT))
    f = Function()
    for shape, places in [
        (3, ()),
        ((0, -1), ()),
        ([0], ()),
        (0, (1,)),
        (0, ((set(), None, 1),)),
        (0, (([1], 0, 1),)),
    ]:
        with pytest.raises(TypeError, match="nested tuples"):
            f._arm(machine, shape, places)
    with pytest.raises(TypeError):
        f._arm(object(), 0, ())
    assert f(2.0, 3.0) == (6.0, (3.0, 2.0))
