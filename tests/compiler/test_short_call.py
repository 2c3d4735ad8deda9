"""The short way from a call to its machine, and everything that must take the long one."""

import gc
import weakref

import numpy as np
import pytest

import gradloom as gl
from gradloom.compiler.program import Program
from gradloom.compiler.single import prepare

vector = pytest.importorskip("gradloom._native.vector")
if prepare(Program.parse("program of 0 inputs\n return")).__class__.__name__ != "Machine":
    pytest.skip("there is no native machine", allow_module_level=True)

NUMBER = "number", False
PAIR = "tuple", (NUMBER, NUMBER)
RESULT = "tuple", (NUMBER, PAIR)
PRODUCT = "program of 2 inputs\n v2 = mul v0 v1\n v3 = lt v0 v1\n guard v3 is true\n return v2 v1 v0"


class Function(vector.Call):
    """What a compiled function is to the machine: ``_call`` is the long way."""

    def __init__(self, places=()):
        self.long = []
        self._arm(prepare(Program.parse(PRODUCT)), PAIR, RESULT, tuple(places))

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
        ((2.0,), {}), ((2.0, 3), {}), ((2.0, np.float32(3.0)), {}), ((), {}), ((2.0, 3.0), {"n": 1}),
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
    numbers = np.array([one, two])
    xs, names, cell = [one, two], {"a": one, "b": two}, cell_of(one)
    places = [
        (xs, None, tuple(xs)),
        (names, "a", one),
        (names, tuple(names), tuple(names.values())),
        (cell, None, one),
        (numbers, None, numbers.copy()),
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
        elif container is numbers:
            numbers[0] = two
        else:
            cell.cell_contents = two
        assert f(2.0, 3.0) == "long"
        numbers[0] = xs[0] = names["a"] = cell.cell_contents = one
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


def test_wrong_places_are_refused():
    machine = prepare(Program.parse(PRODUCT))
    f = Function()
    for place in [1, (set(), None, 1), ([1], 0, 1), (np.zeros(2), None, [0.0, 0.0])]:
        with pytest.raises(TypeError, match="place 0"):
            f._arm(machine, PAIR, RESULT, (place,))
    with pytest.raises(TypeError):
        f._arm(object(), PAIR, RESULT, ())
    assert f(2.0, 3.0) == (6.0, (3.0, 2.0))


def test_forms_without_a_short_way_take_the_long_one():
    machine = prepare(Program.parse(PRODUCT))
    value, static = ("number", True), ("static", float, 2.0, "")
    objects = "objects", (1,), (NUMBER,)
    for arguments, result in [
        (("tuple", (NUMBER, value)), RESULT),  # a Value
        (("tuple", (NUMBER, objects)), RESULT),
        (("tuple", (NUMBER, NUMBER, static)), RESULT),
        (("tuple", (NUMBER,)), RESULT),  # fewer numbers than inputs
        (PAIR, PAIR),  # fewer than outputs
        (("tuple", (NUMBER, ("array", (-1,)))), RESULT),
        (("tuple", (NUMBER, ("array", (1 << 62, 1 << 62)))), RESULT),
        (("dict", ("a",), (NUMBER, NUMBER)), RESULT),
        (PAIR, ()),
    ]:
        f = Function()
        assert f._arm(machine, arguments, result, ()) is False
        assert f(2.0, 3.0) == "long"


SUMS = "program of 4 inputs\n v4 = add v0 v1\n v5 = add v2 v3\n return v4 v5 v0 v1 v2 v3"


class Nested(vector.Call):
    """Takes (x, [y, {"z": array of 2}], n=3 as a static) and gives everything back."""

    arguments = (
        "tuple",
        (
            NUMBER,
            ("list", (NUMBER, ("dict", ("z",), (("array", (2, 1)),)))),
            ("static", int, 3, ""),
        ),
    )
    result = (
        "dict",
        ("sums", "n", "list", "last"),
        (("array", (2,)), ("static", str, "three", ""), ("list", (NUMBER, NUMBER, PAIR)), ("list", ())),
    )

    def __init__(self):
        assert self._arm(prepare(Program.parse(SUMS)), self.arguments, self.result, ()) is True

    def _call(self, args, kwargs):
        return "long"


def test_any_nesting_goes_the_short_way():
    f = Nested()
    z = np.array([[3.0], [4.0]])
    key = "".join(["z"])  # an equal key, another object
    for x, y in [(1.0, 2.0), (np.float64(1.0), np.float64(2.0))]:
        got = f(x, [y, {key: z}], 3)
        assert got.pop("sums").tolist() == [3.0, 7.0]
        assert got == {"n": "three", "list": [1.0, 2.0, (3.0, 4.0)], "last": []}
        assert all(type(n) is float for n in got["list"][:2])
    assert f._runs == 2
    assert f(1.0, [2.0, {"z": z}], 3)["sums"] is not f(1.0, [2.0, {"z": z}], 3)["sums"]


def test_other_nestings_go_the_long_way():
    f = Nested()
    z = np.array([[3.0], [4.0]])
    strided = np.zeros((2, 2))[:, :1]
    for arguments in [
        (1.0, (2.0, {"z": z}), 3),
        (1.0, [2.0, {"z": z}, 5.0], 3),
        (1.0, [2.0, {"y": z}], 3),
        (1.0, [2.0, {"z": z, "y": z}], 3),
        (1.0, [2.0, {"z": z.ravel()}], 3),
        (1.0, [2.0, {"z": z.astype(np.float32)}], 3),
        (1.0, [2.0, {"z": z.astype(">f8")}], 3),
        (1.0, [2.0, {"z": strided}], 3),
        (1.0, [2.0, {"z": z.tolist()}], 3),
        (1.0, [2.0, {"z": z}], 4),
        (1.0, [2.0, {"z": z}], 3.0),
        (1.0, [2.0, {"z": z}], 2**70),
        (1.0, [2.0, {"z": z}], True),
        (1, [2.0, {"z": z}], 3),
        (1.0, [z, {"z": z}], 3),
        (z, [2.0, {"z": z}], 3),
        (1.0, 2.0, 3),
    ]:
        assert f(*arguments) == "long"
    assert f._runs == 0


def test_a_compiled_function_of_lists_and_arrays_goes_the_short_way():
    @gl.value_and_grad
    def loss(p, n):
        return sum(w * x for w, x in zip(p["w"], p["x"], strict=True)) * n

    p = {"w": [1.0, 2.0], "x": np.array([3.0, 4.0])}
    for _ in range(3):
        value, gradient = loss(p, 2)
        assert (value, gradient["w"], gradient["x"].tolist()) == (22.0, [6.0, 8.0], [2.0, 4.0])
    assert loss._runs == 2  # the first was traced
    assert loss(p, 3)[0] == 33.0
    assert loss._runs == 2


def test_a_changed_array_in_the_surroundings_is_seen_on_the_short_way():
    table = np.array([1.0, 2.0])
    f = gl.compile(lambda x: x * table[0] + table[1])
    assert [f(1.0), f(2.0), f._runs] == [3.0, 4.0, 1]
    table[1] = 5.0
    assert [f(1.0), f(2.0), f._runs] == [6.0, 7.0, 2]
    table.shape = (1, 2)
    with pytest.raises(IndexError):
        f(1.0)
