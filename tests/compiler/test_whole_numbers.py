"""NumPy's integers and truths, alone and in arrays, are data: numbers that add, multiply and compare."""

import operator

import numpy as np
import pytest

import gradloom as gl
from gradloom import TraceError
from gradloom import math as gm

X, Y = np.array([7, -8, 9, 0]), np.array([2, 3, -4, 5])
OPERATIONS = {
    **{word: getattr(operator, word) for word in ("add", "sub", "mul", "truediv", "floordiv", "mod")},
    **{word: getattr(operator, word) for word in ("lt", "le", "gt", "ge", "neg", "abs")},
    "square": lambda x: x**2,
    "power": lambda x, y: x ** abs(y),
    "largest": lambda x, y: [max(a, b) for a, b in zip(x, y, strict=True)],
    "sum": lambda x, y: x.sum() + (x < y).sum() + x @ y,
}


@pytest.mark.parametrize("word", OPERATIONS)
@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.int8])
def test_arrays_compute_as_eager_code_does(word, dtype):
    f = OPERATIONS[word]
    arguments = [X.astype(dtype), Y.astype(dtype)][: 1 if word in ("neg", "abs", "square") else 2]
    wide = [x.astype(np.int64) for x in arguments]  # int8 would wrap around
    assert np.array_equal(gl.compile(f)(*arguments), f(*wide))
    if word not in ("largest", "sum"):
        assert np.array_equal(gl.vmap(f)(*arguments), f(*wide))


@pytest.mark.parametrize("kind", [np.int64, np.int8, np.uint16, np.array])
def test_one_number(kind):
    f = gl.compile(lambda n, x: n * x + n**2 if n > 2 else x // n)
    assert (f(kind(3), 0.5), f(kind(2), 5.0)) == (10.5, 2.0)
    assert len(f.paths) == 2  # data, and not a Program for each number
    assert f(kind(7), 0.5) == 52.5
    assert len(f.paths) == 2


def test_truths_are_0_and_1():
    mask = np.array([True, False, True])
    f = gl.compile(lambda mask, x: [sum(mask), gm.where(mask, x, -x).sum(), x[0] if mask[1] else x[1]])
    assert f(mask, np.array([1.0, 2.0, 4.0])) == [2.0, 3.0, 2.0]
    assert f(~mask, np.array([1.0, 2.0, 4.0])) == [1.0, -3.0, 1.0]
    assert gl.vmap(lambda m, x: x if m else -x, in_axes=(0, None))(mask, 3.0).tolist() == [3.0, -3.0, 3.0]
    assert gl.compile(lambda m: m + 1)(np.True_) == 2.0


def test_a_number_that_is_differentiated_is_a_number():
    f = lambda v: v[0] ** 2 * v[1]  # noqa: E731
    for v in (np.array([2, 3]), np.array([2, 3], dtype=np.uint8), [2, 3], [np.int64(2), 3.0]):
        assert np.array_equal(gl.grad(f)(v), [12.0, 4.0])
    assert np.array_equal(gl.hessian(f)(np.array([2, 3])), [[6.0, 4.0], [4.0, 0.0]])
    assert gl.jvp(f, (np.array([2, 3]),), (np.array([1, 0]),)) == (12.0, 12.0)
    assert gl.grad(lambda n: n * n)(np.int64(3)) == 6.0


@pytest.mark.parametrize("n", [2**53 + 1, -(2**53) - 1, 2**60])
def test_beyond_the_whole_numbers_of_floats_is_refused(n):
    f = lambda n: n + 0.0  # noqa: E731
    assert gl.compile(f)(np.int64(2**53)) == 2.0**53
    for transform, x in [
        (gl.compile, np.int64(n)),
        (gl.compile, np.array(n)),
        (gl.compile, np.array([1, n])),
        (gl.compile, [np.array([[n]])]),
        (gl.jacobian, np.array([1, n])),
        (gl.vmap, np.array([1, n])),
        (gl.vmap, [1, n]),
        (gl.compile, np.array([2**64 - 1], dtype=np.uint64)),
    ]:
        with pytest.raises(ValueError, match=r"beyond 2\*\*53.*astype\(float\)"):
            transform(f)(x)
    assert gl.compile(f)(np.array([1, n]).astype(float))[1] == float(n)


@pytest.mark.parametrize(
    ("f", "cure"),
    [
        (lambda n, xs: xs[n[0]], "pass it as an int"),
        (lambda n, xs: xs.tolist()[n[0]], "pass it as an int"),
        (lambda n, xs: xs[: n[0]], "pass it as an int"),
        (lambda n, xs: xs[n], "pass it as an int"),
        (lambda n, xs: sum(xs[0] for _ in range(n[0])), "pass it as an int"),
        (lambda n, xs: xs[int(n[0])], "an index must be an int argument"),
    ],
)
def test_what_cannot_be_an_index_says_what_to_write(f, cure):
    with pytest.raises(TraceError, match=rf"test_whole_numbers\.py:\d+.*{cure}"):
        gl.compile(f)(np.array([1, 0]), np.array([1.0, 2.0]))


def test_other_errors_of_an_index_are_passed_on():
    with pytest.raises(IndexError, match="out of bounds"):
        gl.compile(lambda xs: xs[5])(np.array([1.0]))
