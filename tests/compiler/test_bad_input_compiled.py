"""What a compiled function is given, or does, that it should not: a message with the next step, or a right
answer; never a wrong one, and nothing left behind."""

import copy
import os
import pickle
import random
import re
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from functools import partial
from typing import NamedTuple

import numpy as np
import pytest

import gradloom as gl
from gradloom import PathWarning, TraceError, Value
from gradloom import math as gm
from gradloom.compiler import copies, memory


# ---- results
@pytest.mark.parametrize(
    "result", ["text", None, {1.0, 2.0}, object(), 3 + 4j, b"bytes", np.array(["a"]), np.array([1j])],
    ids=["str", "None", "set", "object", "complex", "bytes", "str array", "complex array"],
)  # fmt: skip
@pytest.mark.parametrize("place", [lambda x: x, lambda x: [1.0, x], lambda x: {"a": (x,)}])
def test_something_else_than_numbers_is_refused(result, place):
    for transform in (gl.compile, gl.grad, gl.jacobian):
        f = transform(lambda x: place(result))
        with pytest.raises(
            TraceError, match=r"test_bad_input_compiled.py:\d+: .* returned .* returns numbers"
        ):
            f(1.0)
        assert f.paths == []


def test_a_missing_return_is_guessed():
    def forgetful(x):
        x * x

    with pytest.raises(TraceError, match=r"forgetful returned None \(is a return missing\?\)"):
        gl.grad(forgetful)(1.0)
    with pytest.raises(TraceError, match="returned <generator"):
        gl.compile(lambda x: (y for y in [x]))(1.0)


def test_a_gradient_needs_one_number():
    for f in (lambda x: [x, x], lambda x: (), lambda x: {"a": x}, lambda x: np.array([x, x])):
        with pytest.raises(TypeError, match=r"only a number has a gradient.*jacobian"):
            gl.grad(f)(1.0)
    assert gl.grad(lambda x: np.array([x * x]).sum())(3.0) == 6.0


def test_no_dependence_on_the_inputs():
    for f in (lambda x: 5.0, lambda x: 5, lambda x: True, lambda x: Value(2.0), lambda x: x.detach()):
        assert gl.grad(f)(3.0) == 0.0
    assert gl.grad(lambda x: 5.0)(np.ones((2, 2))).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert gl.jacobian(lambda x: [1.0, x[0]])(np.array([3.0])).tolist() == [[0.0], [1.0]]
    assert gl.hessian(lambda x: x[0])(np.array([3.0])).tolist() == [[0.0]]
    assert gl.vmap(lambda x: 7.0)(np.zeros(3)).tolist() == [7.0] * 3
    assert gl.vmap(lambda x: 7.0, reduce="sum")(np.zeros(3)) == 21.0
    assert gl.compile(lambda: 4.0)() == 4.0


# ---- arguments
def test_other_shapes_are_another_path():
    f = gl.compile(lambda x: (x * x).sum())
    assert [f(np.ones(3)), f(np.ones(4)), f(np.ones((2, 3))), f(np.ones(3))] == [3.0, 4.0, 6.0, 3.0]
    assert len(f.paths) == 3
    g = gl.compile(lambda xs: sum(xs))
    assert [g([1.0]), g([1.0, 2.0]), g((1.0, 2.0, 3.0))] == [1.0, 3.0, 6.0]


def squares(x):
    return (x * x).sum()


def arrays():
    base = np.arange(1.0, 13.0)
    frozen = base[:6].copy()
    frozen.flags.writeable = False
    return {
        "float32": base[:6].astype(np.float32),
        "float16": base[:6].astype(np.float16),
        "int": np.arange(1, 7),
        "bool": np.array([True, False]),
        "big-endian": base[:6].astype(">f8"),
        "read-only": frozen,
        "strided": base[::2],
        "backwards": base[::-1],
        "transposed": base.reshape(3, 4).T,
        "Fortran": np.asfortranarray(base.reshape(3, 4)),
        "objects": np.array([1.0, 2.0, 3.0], dtype=object),
        "zero-d": np.array(3.0),
    }


@pytest.mark.parametrize("kind", arrays())
def test_arrays_of_every_kind(kind):
    x = arrays()[kind]
    plain = np.asarray(x, dtype=np.float64)
    f = gl.value_and_grad(lambda x: (x * x).sum() if x is not None and hasattr(x, "sum") else x * x)
    value, gradient = f(x)
    assert value == pytest.approx(float((plain * plain).sum()))
    np.testing.assert_allclose(np.asarray(gradient, dtype=float), 2 * plain)
    if kind not in ("objects", "zero-d"):
        rows = gl.vmap(lambda r: r.sum() if hasattr(r, "sum") else 1.0 * r)(x)
        np.testing.assert_allclose(rows, plain.reshape(len(plain), -1).sum(axis=1))


def test_a_mask_is_not_dropped():
    x = np.ma.array([1.0, 2.0], mask=[False, True])
    for transform in (gl.compile, gl.grad, gl.vmap):
        with pytest.raises(TypeError, match=r"masked array .* fill them: x.filled"):
            transform(squares)(x)
        with pytest.raises(TypeError, match=r"masked array .* fill them: x.filled"):
            transform(lambda p: squares(p["x"]))({"x": x})
    assert gl.compile(squares)(x.filled(0.0)) == 1.0


def test_memory_mapped_arrays(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(6.0).reshape(3, 2))
    x = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert gl.compile(squares)(x) == 55.0
    assert gl.vmap(squares)(x).tolist() == [1.0, 13.0, 41.0]


class Named(NamedTuple):
    a: float
    b: float


class Listed(list):
    pass


def of_every_kind():
    pair = np.array([1.0, 2.0])
    numbers = [
        1.5,
        -0.0,
        np.nan,
        3,
        True,
        np.float64(1.5),
        np.float32(1.5),
        np.int64(2),
        np.array(2.0),
        Value(2.0),
    ]
    lists = [[1.0, 2.0], [1.0, 2], [1.0, np.float64(2)], (1.0, 2.0), Named(1.0, 2.0), Listed([1.0, 2.0]), []]
    dicts = [{"a": 1.0, "b": 2.0}, {"b": 2.0, "a": 1.0}, OrderedDict(a=1.0, b=2.0)]
    values = [
        Value(2.0),
        np.array([Value(1.0), 2.0], dtype=object),
        np.ma.array(pair, mask=[False, True]),
        pair[:0],
    ]
    others = ["x", None, 1j, 10**400, np.ones((1, 2)), pair.astype(">f8"), pair[::-1], pair.astype(int)]
    return [*numbers, *lists, *dicts, *arrays().values(), *values, *others]


def kind_of(x):
    if isinstance(x, dict):
        return [2.0 * x["a"], next(iter(x)) == "a", type(x) is dict]
    if isinstance(x, (list, tuple)):
        return [*(3.0 * v for v in x), isinstance(x, list), hasattr(x, "a"), len(x)]
    if isinstance(x, np.ndarray):
        return (x * x).sum() + len(x.shape) if x.size else 0.0
    return 7.0 if isinstance(x, str) or x is None else x * x


def test_an_argument_of_one_kind_is_never_taken_for_another():
    """The short way of floats, lists, dicts and arrays takes only what a first call would take alike."""

    def outcome(f, x):
        try:
            return repr(f(x))
        except (ArithmeticError, TypeError, ValueError) as error:
            return repr(error)

    given = of_every_kind()
    alone = [outcome(gl.compile(kind_of), x) for x in given]
    for first in given[::2]:
        f = gl.compile(kind_of)
        outcome(f, first)
        outcome(f, first)
        assert [outcome(f, x) for x in given] == alone, first


def test_an_array_given_is_not_kept_and_not_changed():
    x = np.array([1.0, 2.0])
    f = gl.compile(lambda x: x)
    out = f(x)
    out[0] = 100.0
    assert x.tolist() == [1.0, 2.0]
    x[0] = 7.0
    assert out[0] == 100.0
    assert f(x).tolist() == [7.0, 2.0]


def test_integers_are_program_and_numpy_integers_data():
    f = gl.compile(lambda x, n: x**n)
    assert [f(2.0, 3), f(2.0, 2), f(2.0, True)] == [8.0, 4.0, 2.0]
    g = gl.compile(lambda x, n: x * n)
    assert [g(2.0, np.int64(3)), g(2.0, np.int64(4)), g(2.0, np.array(5))] == [6.0, 8.0, 10.0]
    assert len(g.paths) <= 2
    h = gl.compile(lambda x, t: x * t[0])
    assert [h(2.0, np.array([3])), h(2.0, np.array([4]))] == [6.0, 8.0]
    assert len(h.paths) == 1


def test_whole_numbers_in_rows_are_data():
    f = gl.vmap(lambda n, p: n * p["k"] if n > 2 else p["k"], in_axes=(0, {"k": 0}))
    for ns in ([1, 2, 3], np.arange(1, 4), np.arange(1.0, 4.0), [True, 2, 3]):
        assert f(ns, {"k": [4, 5, 6]}).tolist() == [4.0, 5.0, 18.0]
    assert len(f.paths) == 2


def test_one_true_and_one_are_told_apart():
    f = gl.compile(lambda x, k: x + (10.0 if k is True else 20.0 if isinstance(k, int) else 30.0))
    assert [f(0.0, 1), f(0.0, True), f(0.0, 1.0), f(0.0, 1)] == [20.0, 10.0, 30.0, 20.0]


def test_many_ints_warn_and_say_what_to_pass():
    f = gl.compile(lambda x, n: x * n)
    with pytest.warns(PathWarning, match="argument 1.*integer array"):
        assert [f(2.0, n) for n in range(70)] == [2.0 * n for n in range(70)]
    g = gl.compile(lambda x, n: x * n, static="n")  # said to be meant
    assert [g(2.0, n) for n in range(70)] == [2.0 * n for n in range(70)]


def test_strings_where_numbers_belong():
    with pytest.raises(TypeError, match=r"argument 0 is differentiated.*'3'"):
        gl.grad(lambda x: 2.0)("3")
    for given in (None, object(), len, b"3", "3", [1.0, "3"], np.array([1.0, "3"], dtype=object)):
        for transform in (gl.grad, gl.hessian, gl.jacobian, lambda f: gl.grad(f, -1)):
            f = transform(lambda x: pytest.fail("it must not be run"))
            with pytest.raises(TypeError, match="argument 0 is differentiated"):
                f(given)
            assert f.paths == []
    with pytest.raises(TypeError, match="argument 1 is differentiated"):
        gl.jvp(lambda x, y: x, (1.0, "3"), (1.0, "3"))
    with pytest.raises(TypeError, match="'22'"):
        gl.compile(lambda x: x * 2)("2")
    with pytest.raises(TypeError):
        gl.vmap(lambda x: x)(np.array(["a", "b"]))
    for transform in (gl.compile, gl.grad):
        with pytest.raises(TypeError, match="astype"):
            transform(lambda x: x)(np.array(["a"]))
    f = gl.compile(lambda x, kind: x * x if kind == "square" else x)
    assert [f(3.0, "square"), f(3.0, "plain")] == [9.0, 3.0]


def test_complex_numbers_are_refused():
    with pytest.raises(TypeError):
        gl.compile(lambda x: x * 2.0)(1j)
    with pytest.raises(TypeError, match="real"):
        gl.compile(lambda x: x)(np.array([1j]))
    with pytest.raises(TypeError):
        gl.grad(lambda x: 2.0)(1j)


def test_empty_arguments():
    empty = np.array([])
    assert gl.compile(lambda x: x.sum() + 1.0)(empty) == 1.0
    assert gl.compile(lambda x: x)(empty).shape == (0,)
    assert gl.grad(lambda x: x.sum() * 1.0)(empty).shape == (0,)
    assert gl.jacobian(lambda x: [1.0, 2.0])(empty).shape == (2, 0)
    assert gl.hessian(lambda x: 1.0)(empty).shape == (0, 0)
    assert gl.vmap(lambda r: r)(np.empty((3, 0))).shape == (3, 0)
    assert gl.vmap(lambda r: r, reduce="sum")(np.empty((3, 0))).shape == (0,)
    assert gl.vmap(lambda r: r.sum())(np.empty((3, 0))).tolist() == [0.0] * 3
    assert gl.compile(lambda xs: xs)([]) == []
    assert gl.grad(lambda xs: 1.0)([]) == []


def test_no_rows():
    for reduce in (None, "sum", "mean"):
        with pytest.raises(ValueError, match="no rows"):
            gl.vmap(lambda x: x, reduce=reduce)(np.empty((0,)))
        with pytest.raises(ValueError, match="no rows"):
            gl.vmap(lambda x: x.sum(), reduce=reduce)(np.empty((0, 3)))
    total = gl.vmap(lambda w, x: w * x, in_axes=(None, 0), reduce="sum")
    for gradient in (gl.grad(total), gl.value_and_grad(total)):
        with pytest.raises(ValueError, match="no rows"):
            gradient(2.0, np.array([]))
    with pytest.raises(ValueError, match="no argument holds rows"):
        gl.vmap(lambda x: x, in_axes=None)(1.0)


def test_an_iterator_is_refused():
    for given in ((x for x in (1.0, 2.0)), iter([1.0]), map(float, [1])):
        with pytest.raises(TypeError, match="pass a list"):
            gl.compile(lambda xs: sum(xs))(given)
        with pytest.raises(TypeError, match=r"argument 0 is a .*, which runs out; pass a list"):
            gl.vmap(lambda x: x)(given)
    assert gl.compile(lambda xs: sum(xs))(range(3)) == 3.0


def test_arguments_of_very_many_kinds_are_not_all_kept():
    f = gl.compile(lambda g, x: g(x), max_paths=5)
    for k in range(12):
        assert f(lambda x, k=k: k * x, 2.0) == 2.0 * k
    assert len(f.paths) == 5


def test_an_unhashable_thing_is_refused():
    with pytest.raises(TypeError, match="pass the numbers"):
        gl.compile(lambda x: 1.0)({1.0, 2.0})


def test_argnums_that_do_not_fit():
    f = lambda x, y: x * y  # noqa: E731
    for argnums in (2, -3, (0, 5)):
        with pytest.raises(ValueError, match=r"argnums is .* with 2 arguments by position"):
            gl.grad(f, argnums)(1.0, 2.0)
    assert gl.grad(f, -1)(3, 4) == 3.0  # an int is a number there, from whichever end it is counted
    assert gl.grad(gl.vmap(f, in_axes=(0, None), reduce="sum"), -1)(np.array([1.0, 2.0]), 4) == 3.0
    for argnums in ("x", 1.0, True, (), None, (0, "y"), [0]):
        with pytest.raises(TypeError, match="argnums must be"):
            gl.grad(f, argnums)
    with pytest.raises(ValueError, match="argnums"):
        gl.jacobian(f, 3)(1.0, 2.0)
    with pytest.raises(ValueError, match="argnums"):
        gl.hessian(f, 3)(1.0, 2.0)


def test_in_axes_that_do_not_fit():
    f = lambda x, y: x * y  # noqa: E731
    xs = np.ones(3)
    with pytest.raises(ValueError, match="in_axes has 1"):
        gl.vmap(f, in_axes=(0,))(xs, xs)
    with pytest.raises(ValueError, match=r"argument 1 .* no axis 1"):
        gl.vmap(f, in_axes=(0, 1))(xs, xs)
    with pytest.raises(ValueError, match=r"argument 0 .* no axis"):
        gl.vmap(f)(2.0, xs)
    for axis in ("a", 1.5, True):
        with pytest.raises(
            TypeError, match=r"in_axes has .* for argument 1; give the number of an axis, or None"
        ):
            gl.vmap(f, in_axes=(0, axis))(xs, xs)
    assert gl.vmap(f, in_axes=(np.int64(0), -1))(xs, xs).tolist() == [1.0] * 3
    with pytest.raises(ValueError, match=r"in_axes has .*'b'.* for argument 0"):
        gl.vmap(lambda p: p["a"], in_axes=({"b": 0},))({"a": xs})
    with pytest.raises(ValueError, match=r"in_axes has .*0, 0.* for argument 0"):
        gl.vmap(lambda p: p[0], in_axes=([0, 0],))([xs])


def test_rows_are_data():
    for rows in ([Value(1.0), Value(2.0)], np.array([Value(1.0), Value(2.0)])):
        with pytest.raises(TypeError, match="a mapped axis is data"):
            gl.vmap(lambda x: x)(rows)
    w = Value(2.0)
    for f, args in ((lambda w, x: (w, x), (w,)), (lambda _, x: (w, x), (1.0,))):
        with pytest.raises(TypeError, match="one number"):
            gl.vmap(f, in_axes=(None, 0), reduce="sum")(*args, np.ones(3))


def test_rows_of_different_lengths():
    with pytest.raises(ValueError, match="argument 1 has 4 rows, and the arguments before it 3"):
        gl.vmap(lambda x, y: x * y)(np.ones(3), np.ones(4))
    with pytest.raises(ValueError, match=r"argument 0\['b'\] has 4 rows, and the arguments before it 3"):
        gl.vmap(lambda p: p["a"] * p["b"])({"a": np.ones(3), "b": np.ones(4)})
    for ragged in ([[1.0], [1.0, 2.0]], [[1.0, 2.0], 3.0]):
        with pytest.raises(ValueError, match="argument 1 has rows of different lengths"):
            gl.vmap(lambda x, r: r[0], in_axes=(None, 0))(1.0, ragged)


def test_options_that_make_no_sense():
    for threads in (0, -1, 1.5, True, "2"):
        with pytest.raises(ValueError, match="threads must be"):
            gl.vmap(squares, threads=threads)
    with pytest.raises(ValueError, match="reduce must be"):
        gl.vmap(squares, reduce="max")
    for paths in (0, -1, 2.0, True):
        with pytest.raises(ValueError, match="max_paths"):
            gl.compile(squares, max_paths=paths)
    for made in (gl.compile, gl.grad, gl.jacobian, gl.hessian, gl.vmap):
        with pytest.raises(TypeError, match="takes a function"):
            made(3.0)
    with pytest.raises(TypeError, match="reduce='sum'"):
        gl.grad(gl.vmap(squares))


# ---- what the function does
def test_an_exception_is_passed_on_and_nothing_kept():
    error = KeyError("mine")

    def f(x, fails):
        if fails:
            raise error
        return x

    compiled = gl.compile(f)
    with pytest.raises(KeyError) as caught:
        compiled(1.0, True)
    assert caught.value is error
    assert compiled.paths == []
    assert compiled(1.0, False) == 1.0
    broken = gl.compile(lambda x: x * x if x > 0 else [][3])
    assert broken(2.0) == 4.0
    with pytest.raises(IndexError):
        broken(-2.0)
    assert len(broken.paths) == 1
    assert broken(3.0) == 9.0
    with pytest.raises(IndexError):
        gl.vmap(lambda x: x * x if x > 0 else [][3])(np.array([1.0, -1.0]))
    assert (Value(2.0) * 3.0).data == 6.0, "nothing is traced any more"


def test_an_interrupt_leaves_nothing():
    def f(x):
        raise KeyboardInterrupt

    compiled = gl.compile(f)
    with pytest.raises(KeyboardInterrupt):
        compiled(1.0)
    assert compiled.paths == []
    with pytest.raises(ZeroDivisionError):
        Value(1.0) / 0.0


def test_recursion():
    def factorial(x):
        return x * factorial(x - 1.0) if x > 1.0 else 1.0

    assert [gl.compile(factorial)(5.0), gl.compile(factorial)(3.0)] == [120.0, 6.0]
    assert gl.grad(factorial)(3.0) == 5.0  # of x (x - 1)

    @gl.compile
    def power(x, n):
        return x * power(x, n - 1) if n else 1.0

    assert power(2.0, 5) == 32.0
    endless = gl.compile(lambda x: endless(x))
    with pytest.raises(RecursionError):
        endless(1.0)
    assert gl.compile(lambda x: x)(1.0) == 1.0


def test_a_deep_recursion_of_values_is_no_recursion_of_ours():
    def chain(x):
        for _ in range(20_000):
            x = x * 0.999 + 0.001
        return x

    value, gradient = gl.value_and_grad(chain)(2.0)
    assert value == pytest.approx(chain(2.0), rel=1e-9)
    assert gradient == pytest.approx(0.999**20_000, rel=1e-9)


def test_a_transform_inside_a_trace_that_fails_leaves_the_outer_one_alone():
    def outer(x):
        try:
            inner = gl.grad(lambda y: [y, y])(x)
        except TypeError:
            inner = gl.grad(lambda y: y * y)(x)
        return inner * x

    assert gl.value_and_grad(outer)(3.0) == (18.0, 12.0)
    with pytest.raises(KeyError, match="mine"):
        gl.compile(lambda x: gl.compile(lambda y: {"a": y}["mine"])(x))(1.0)
    assert (Value(2.0) * 3.0).data == 6.0


def test_directions_that_do_not_fit():
    square = lambda x: x[0] * x[0]  # noqa: E731
    with pytest.raises(TypeError, match=r"one entry for each argument: jvp\(f, \(x, y\), \(dx, dy\)\)"):
        gl.jvp(square, np.ones(2), np.ones(2))
    with pytest.raises(ValueError, match="primals and tangents must be alike"):
        gl.jvp(square, (np.ones(2),), (np.ones(3),))
    with pytest.raises(ValueError, match="x and v must be alike"):
        gl.hvp(square)(np.ones(2), [1.0, 1.0])
    with pytest.raises(ValueError, match="the result and the cotangents must be alike"):
        gl.vjp(square, np.ones(2))[1]([1.0])


def test_what_does_not_fit_into_memory_says_what_it_would_take(monkeypatch):
    f = gl.grad(lambda x: sum(x * i for i in range(300)))
    monkeypatch.setattr(memory, "ASKED", 100)
    monkeypatch.setattr(memory, "available", lambda: 10_000)
    words = r"instructions takes .* GB more at this step \(\d+ bytes each\), and .* are free: .*gradloom.vmap"
    with pytest.raises(MemoryError, match=words):
        f(1.0)
    assert f.paths == []
    monkeypatch.setattr(memory, "available", lambda: None)
    assert f(1.0) == 299 * 150
    monkeypatch.setattr(memory, "MOST", 200)
    with pytest.raises(MemoryError, match=r"at most 200 instructions.*gradloom.vmap"):
        gl.grad(lambda x: sum(x * i for i in range(300)))(1.0)


def test_what_is_free_is_a_number_of_bytes_or_not_known(monkeypatch, tmp_path):
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 4000 kB\nMemAvailable: 3000 kB\n")
    monkeypatch.setattr(memory, "_MEMINFO", meminfo)
    monkeypatch.setattr(memory, "_LIMIT", tmp_path / "max")
    assert memory.available() == 3000 * 1024
    monkeypatch.setattr(memory, "_USED", tmp_path / "current")
    (tmp_path / "current").write_text("500\n")
    (tmp_path / "max").write_text("1500\n")
    assert memory.available() == 1000
    (tmp_path / "max").write_text("max\n")
    assert memory.available() == 3000 * 1024
    meminfo.unlink()
    assert memory.available() is None


def test_wrong_arguments_are_pythons_own_error():
    with pytest.raises(TypeError, match="argument"):
        gl.compile(lambda x: x)(1.0, 2.0)
    with pytest.raises(TypeError, match="argument"):
        gl.compile(lambda x: x)(y=2.0)


# ---- threads and processes
def test_two_threads_trace_at_once():
    barrier, found = threading.Barrier(2), {}

    def slow(x, k):
        for _ in range(3):
            x = x * 1.0 + k
            time.sleep(0.01)
        return x if x > 0 else -x

    f = gl.compile(slow)

    def work(k):
        barrier.wait()
        found[k] = [f(float(k), k), gl.grad(slow)(-100.0 * k, k), f(-50.0, k)]

    threads = [threading.Thread(target=work, args=(k,)) for k in (1, 2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert found == {1: [4.0, -1.0, 47.0], 2: [8.0, -1.0, 44.0]}


def test_many_threads_call_one_function():
    f = gl.value_and_grad(lambda x: gm.exp(-x * x) if x > 0.5 else x**3)
    xs = np.linspace(-1.0, 2.0, 200).tolist()
    expected = [f(x) for x in xs]
    fresh, found = gl.value_and_grad(lambda x: gm.exp(-x * x) if x > 0.5 else x**3), [None] * 4

    def work(i):
        found[i] = [fresh(x) for x in xs]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert found == [expected] * 4


def test_a_random_number_drawn_in_another_thread_is_not_ours():
    def drawing_once():
        other = threading.Thread(target=random.random)
        other.start()
        other.join()
        while True:
            yield

    steps = drawing_once()

    def f(x):
        next(steps)
        return x * x

    assert gl.compile(f)(3.0) == 9.0


def test_random_numbers_that_the_function_is_the_first_to_load_are_seen():
    script = """
import numpy as np
import gradloom as gl

assert gl.grad(lambda x: x * x)(3.0) == 6.0
try:
    gl.compile(lambda x: x * np.random.random())(1.0)
except gl.TraceError as error:
    assert "drew random numbers" in str(error)
    assert gl.compile(lambda x: x if np.random else -x)(1.0) == 1.0
    print("seen")
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert run.stdout == "seen\n", run.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_computes_on():
    program = """
import os, sys
import numpy as np
import gradloom as gl
f = gl.compile(lambda x: x * x)
rows = gl.vmap(lambda w, x: w * x, in_axes=(None, 0), reduce="sum", threads=2)
xs = np.arange(50_000.0)
before = f(3.0), rows(2.0, xs)
child = os.fork()
if child == 0:
    os._exit(0 if (f(3.0), rows(2.0, xs), gl.grad(f)(2.0)) == (*before, 4.0) else 1)
assert os.waitpid(child, 0)[1] == 0
assert (f(3.0), rows(2.0, xs)) == before
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], timeout=60, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


# ---- pickles and copies
def cubic(x, k=1.0):
    return k * x**3


@gl.compile
def decorated(x):
    return 5.0 * x


class Spring:
    def __init__(self, k):
        self.k = k

    @gl.compile
    def energy(self, x):
        return 0.5 * self.k * x * x


def error(w, x):
    return (w * x - 1.0) ** 2


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (gl.compile(cubic), (2.0,)),
        (gl.grad(cubic), (2.0,)),
        (gl.value_and_grad(cubic, argnums=(0, 1)), (2.0, 3.0)),
        (gl.hessian(cubic), (2.0,)),
        (gl.jacobian(cubic), (2.0,)),
        (gl.grad(gl.grad(cubic)), (2.0,)),
        (gl.vmap(cubic), (np.array([1.0, 2.0]),)),
        (gl.grad(gl.vmap(error, in_axes=(None, 0), reduce="mean")), (2.0, np.array([1.0, 2.0]))),
        (gl.compile(partial(cubic, k=4.0), same_order=True), (2.0,)),
        (decorated, (2.0,)),
        (Spring(3.0).energy, (2.0,)),
    ],
    ids=lambda x: repr(x)[:30] if callable(x) else "",
)
def test_a_pickle_carries_function_and_options(f, args):
    before = f(*args)
    for other in (pickle.loads(pickle.dumps(f)), copy.copy(f), copy.deepcopy(f)):
        assert repr(other(*args)) == repr(before)


def test_what_cannot_be_pickled_says_so():
    k = 2.0
    for f in (lambda x: x, lambda x: x * k):
        with pytest.raises(pickle.PicklingError, match="compile it where it arrives"):
            pickle.dumps(gl.compile(f))
        assert copy.deepcopy(gl.compile(f))(0.0) == 0.0


def test_a_pickle_of_another_version(monkeypatch):
    monkeypatch.setattr(copies, "PICKLE_FORMAT", 99)
    later = pickle.dumps([gl.compile(cubic), gl.vmap(cubic)])
    monkeypatch.undo()
    with pytest.raises(ValueError, match=r"format 99.* reads format \d+; pickle the plain function"):
        pickle.loads(later)


# ---- SciPy, given Values
def test_scipy_given_values_says_what_to_do():
    optimize = pytest.importorskip("scipy.optimize")
    w, b = Value(2.0, label="w"), Value(1.0, label="b")
    f = gl.compile(lambda x: w * x[0] ** 2 + b)
    cure = r"returned a Value because .*captured parameters w, b; .*argument"
    for solve in (
        lambda: optimize.minimize(f, [1.0]),
        lambda: optimize.minimize(gl.value_and_grad(f), [1.0], jac=True, method="L-BFGS-B"),
        lambda: optimize.least_squares(lambda x: [f(x)], [1.0]),
        lambda: float(f([1.0])),
        lambda: np.asarray(gl.compile(lambda x: [w * x, b * x])(1.0), dtype=float),
    ):
        with pytest.raises(TypeError, match=cure):
            solve()


# ---- names of other libraries
@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("jit", "compile"),
        ("jacrev", "jacobian"),
        ("jacfwd", "jacobian"),
        ("stop_gradient", "detach"),
        ("tensor", "Value"),
        ("pmap", "vmap"),
    ],
)
def test_names_of_other_libraries_lead_to_ours(theirs, ours):
    with pytest.raises(AttributeError, match=f"{theirs}.*{ours}"):
        getattr(gl, theirs)
    assert not hasattr(gl, "nonsense")


# ---- what it shows, and what it checks
class Pair(NamedTuple):
    a: float
    b: float


def test_it_shows_itself():
    f = gl.compile(lambda p, n: p.a * p.b if p.a > 0 else p.a + n)
    f(Pair(1.0, 2.0), 3)
    f(Pair(-1.0, 2.0), 3)
    f(Pair(2.0, 2.0), 4)
    assert "mul v0 v1" in str(f.program(Pair(5.0, 2.0), 3))
    assert "add v0" in str(f.program(Pair(-5.0, 2.0), 3))
    stats = f.stats()
    assert (stats["paths"], stats["calls"]) == (3, 3)
    assert stats["seconds"] > 0.0
    assert stats["nodes"] >= stats["instructions"] > 0
    assert stats["bytes"] > 0
    text = f.explain()
    assert "the first call" in text
    assert "test_bad_input_compiled.py:" in text
    rows = gl.vmap(lambda x: x * x if x > 0 else -x)
    assert "mul v0 v0" in str(rows.program(np.array([1.0, -2.0])))
    f.clear()
    assert f.stats()["paths"] == 0


def test_short_calls_are_counted():
    f = gl.compile(lambda x: x * x)
    for k in range(10):
        f(float(k))
    assert f.stats()["calls"] == 10


def test_short_calls_are_runs_of_the_path_that_they_took():
    f = gl.compile(lambda x: x * x if x > 0 else -x)
    for x in [1.0] * 5 + [-1.0] * 3 + [2.0] * 2:
        f(x)
    runs = [(path.decisions, path.runs) for path in f.paths]
    assert runs == [(b"\x01", 7), (b"\x00", 3)]
    assert "Path(decisions=[False], instructions=4, runs=3)" in repr(f.paths)
    assert re.findall(r"\d+ runs?", f.explain()) == ["7 runs", "3 runs"]
    f.clear()
    assert f.stats()["calls"] == 0


def test_explain_names_what_changed():
    table = [1.0]
    f = gl.compile(lambda x: x * table[0])
    f(2.0)
    table[0] = 3.0
    assert f(2.0) == 6.0
    assert "an item of a list had changed" in f.explain()


def test_verify_finds_what_cannot_be_watched(tmp_path):
    path = tmp_path / "k"
    path.write_text("2.0")

    def f(x):
        return float(path.read_text()) * x

    compiled = gl.compile(f, verify=True)
    assert [compiled(1.0), compiled(2.0), compiled(3.0)] == [2.0, 4.0, 6.0]
    path.write_text("5.0")
    with pytest.raises(TraceError, match="plain Python"):
        compiled(1.0)  # the fourth call

    def caught(x):
        try:
            return gm.log(x)
        except ValueError:
            return -1.0

    with pytest.raises(TraceError, match="plain Python"):
        gl.compile(caught, verify=True)(-1.0)
    steady = gl.compile(lambda x: [gm.sin(x), x / (x - 1.0)], verify=True)
    for k in range(9):
        steady(float(k))


def test_check_finite_names_the_line_and_the_operation():
    def f(x, y):
        a = x * y
        b = gm.log(a)
        return b * 2.0 + helper(y)

    def helper(y):
        return 1.0 / (y - 3.0)

    first = f.__code__.co_firstlineno
    checked = gl.compile(f, check_finite=True)
    assert checked(1.0, 2.0) == pytest.approx(f(1.0, 2.0))
    with pytest.raises(FloatingPointError, match=rf"test_bad_input_compiled.py:{first + 2}: log\(0.0\)"):
        checked(0.0, 2.0)
    with pytest.raises(FloatingPointError, match=rf":{helper.__code__.co_firstlineno + 1}: 1.0 / 0.0"):
        checked(1.0, 3.0)
    with pytest.raises(FloatingPointError, match="was given nan"):
        checked(np.nan, 3.0)
    assert np.isnan(gl.compile(f)(np.nan, 3.0))
    xs = np.array([1.0, 2.0, 0.0, 4.0])
    for reduce in (None, "sum"):
        rows = gl.vmap(checked, in_axes=(0, None), reduce=reduce)
        assert np.isfinite(rows(xs + 1.0, 2.0)).all()
        with pytest.raises(FloatingPointError, match=r"row 2: .*log\(0.0\) is -inf"):
            rows(xs, 2.0)


def test_a_table_of_operations_is_traced_again_after_clear():
    f = gl.compile(lambda x: x * x)
    f(2.0)
    f.clear()
    assert f.paths == []
    assert f(3.0) == 9.0
