"""Arguments by name, copies in a trace, and messages that have the line."""

import copy
import random

import numpy as np
import pytest

import gradloom as gl
from gradloom import TraceError, Value


def product(x, y=1.0, z=1.0):
    return x * y * z * z


# ---- argnums counts the places of the function, however an argument is given
def test_the_order_of_names_does_not_matter():
    by_y = gl.grad(product, argnums=1)
    assert by_y(1.0, 2.0, 3.0) == by_y(1.0, z=3.0, y=2.0) == by_y(z=3.0, y=2.0, x=1.0) == 9.0
    assert by_y(1.0, z=3.0, y=2) == 9.0  # a number there is a number, an int too
    assert gl.grad(product, argnums=(2, 0))(z=3.0, x=1.0, y=2.0) == (12.0, 18.0)
    assert gl.hessian(product, argnums=2)(1.0, z=3.0, y=2.0) == 4.0
    assert gl.hvp(product)(1.0, 1.0, z=3.0, y=2.0) == 0.0


def test_what_has_no_place_is_not_differentiated():
    with pytest.raises(ValueError, match=r"argnums is 1.*1 arguments by position"):
        gl.grad(product, argnums=1)(1.0, z=3.0)
    with pytest.raises(ValueError, match=r"argnums is 1.*1 arguments by position"):
        gl.grad(lambda x, **more: x * more["y"], argnums=1)(1.0, y=2.0)
    total = gl.vmap(lambda x, y: x * y, reduce="sum")
    with pytest.raises(ValueError, match="by position"):
        gl.grad(total, argnums=1)(np.ones(2), y=np.ones(2))


def test_a_call_that_does_not_fit_says_what_python_says():
    with pytest.raises(TypeError, match="unexpected keyword argument 'w'"):
        gl.grad(product)(1.0, w=2.0)


# ---- copies
def test_a_copy_in_a_trace_is_the_same_number():
    def f(xs):
        work = copy.deepcopy(xs)
        work[0] = work[0] * copy.copy(work[1])
        return work[0] * xs[0]

    assert gl.grad(f)([3.0, 5.0]) == [30.0, 9.0]
    assert gl.grad(f)(np.array([3.0, 5.0])).tolist() == [30.0, 9.0]


def test_a_copy_of_a_captured_value_is_refused():
    w = Value(2.0)
    with pytest.raises(TraceError):
        gl.compile(lambda x: copy.copy(w) * x)(1.0)


def test_divmod():
    seconds = gl.compile(lambda t: divmod(t, 60.0))
    assert seconds(150.0) == divmod(150.0, 60.0)
    assert gl.grad(lambda t: sum(divmod(200.0, t)))(60.0) == -3.0
    assert [v.data for v in divmod(Value(-7.0), 2)] == [-4.0, 1.0]


# ---- messages
STATE = [1.0]


def pushes(x):
    STATE.append(1.0)
    return x


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (lambda x: {1.0, 2.0}, r"returned \{1\.0, 2\.0\}"),
        (lambda x: 1j, "returned 1j"),
        (lambda x: [x, None], "returned None"),
        (lambda x: np.array(["a"]), "returned array"),
        (lambda x: (x * i for i in range(3)), "returned <generator"),
        (lambda x: x * random.random(), "drew random numbers"),
        (pushes, "changed an item of a list"),
    ],
)
def test_the_line_of_the_function_and_what_it_did(f, words):
    with pytest.raises(TraceError, match=rf"test_calls\.py:{f.__code__.co_firstlineno}: .*{words}"):
        gl.compile(f)(2.0)
    STATE[:] = [1.0]


def test_rows_of_different_lengths():
    with pytest.raises(ValueError, match="argument 1 has rows of different lengths"):
        gl.vmap(lambda x, y: x * y[0])(np.ones(2), [[1.0, 2.0], [3.0]])
