"""The options of ``compile`` hold for every transform of what it made."""

import itertools

import numpy as np
import pytest

import gradloom as gl
from gradloom import TraceError
from gradloom import math as gm

ROWS = np.array([1.0, -1.0])


def entropy(x):
    y = gm.log(x)
    return y * x


LINE = f"test_options.py:{entropy.__code__.co_firstlineno + 1}: log"


@pytest.mark.parametrize(
    "call",
    [
        lambda f: gl.compile(f)(-1.0),
        lambda f: gl.grad(f)(-1.0),
        lambda f: gl.value_and_grad(f)(-1.0),
        lambda f: gl.compile(gl.grad(f))(-1.0),
        lambda f: gl.jacobian(f)(-1.0),
        lambda f: gl.hessian(f)(0.0),
        lambda f: gl.jvp(f, (-1.0,), (1.0,)),
        lambda f: gl.vjp(f, -1.0),
        lambda f: gl.vmap(f)(ROWS),
        lambda f: gl.vmap(gl.grad(f))(ROWS),
        lambda f: gl.grad(gl.vmap(f, reduce="sum"))(ROWS),
        lambda f: gl.vmap(f)(ROWS[1:]),
    ],
)
def test_check_finite_is_kept(call):
    with pytest.raises(FloatingPointError, match=LINE):
        call(gl.compile(entropy, check_finite=True))
    call(gl.compile(entropy))


def counting():
    count = itertools.count(1)
    return lambda x: x * next(count)  # an iterator is not watched


@pytest.mark.parametrize(
    "call",
    [
        lambda f: f(2.0),
        lambda f: gl.grad(f)(2.0),
        lambda f: gl.hessian(f)(2.0),
        lambda f: gl.vmap(f)(ROWS),
        lambda f: gl.vmap(gl.grad(f))(ROWS),
        lambda f: gl.grad(gl.vmap(f, reduce="mean"))(ROWS),
    ],
)
def test_verify_is_kept(call):
    with pytest.raises(TraceError, match="in plain Python"):
        call(gl.compile(counting(), verify=True))
    call(gl.compile(counting()))
    call(gl.compile(lambda x: x * x if x > 0 else -x, verify=True))


def test_verify_looks_at_the_function_when_the_result_is_a_gradient():
    slope = gl.grad(gl.compile(lambda x: x**3, verify=True))
    assert [slope(float(x)) for x in range(5)] == [0.0, 3.0, 12.0, 27.0, 48.0]


def test_static_is_kept():
    power = gl.compile(lambda x, n: gm.prod([x] * int(n)), static="n")
    assert gl.grad(power)(2.0, 3.0) == 12.0
    assert gl.hessian(power)(2.0, n=3.0) == 12.0
    cubes = gl.vmap(power, in_axes=(0, None))
    assert list(cubes(ROWS, 3.0)) == [1.0, -1.0]
    total = gl.vmap(power, in_axes=(0, None), reduce="sum")
    assert list(gl.grad(total)(ROWS, 3.0)) == [3.0, 3.0]
    with pytest.raises(ValueError, match=r"argument 1 is static.*None in in_axes"):
        gl.vmap(power)(ROWS, 3.0)


def test_the_order_of_sums_is_kept():
    xs = np.random.default_rng(0).normal(size=200) * 10.0 ** np.arange(-100, 100)
    exact = gl.compile(lambda x, scale: sum(x[i] * scale for i in range(len(x))), same_order=True)
    slope, total = gl.grad(exact, argnums=1)(xs, 2.0), 0.0
    for x in xs.tolist():
        total += x
    assert slope in (total, sum(xs.tolist()[::-1]))
    assert gl.vmap(exact, in_axes=(0, None))(xs[None], 1.0)[0] == total


def test_what_is_said_last_holds():
    f = gl.compile(entropy, max_paths=3)
    assert gl.grad(f)._options["max_paths"] == 3
    both = gl.compile(f, max_paths=5, verify=True)
    assert (both._options["max_paths"], both._options["verify"]) == (5, True)
    with pytest.raises(ValueError, match="max_paths"):
        gl.compile(f, max_paths=0)
