"""``Compiled.draw``: the Program that runs, as a picture."""

from typing import NamedTuple

import numpy as np
import pytest

import gradloom as gl
from gradloom import Value
from gradloom import math as gm


class Point(NamedTuple):
    x: float
    y: float


def toll(kilograms, rates):
    if kilograms < 10:
        return rates["low"] * kilograms
    return 50.0 + rates["high"][1] * (kilograms - 10.0) ** 2


LINE = f"test_picture.py:{toll.__code__.co_firstlineno + 1}"


def lines(drawing):
    return str(drawing).splitlines()


def test_names_numbers_and_operations():
    assert lines(gl.compile(toll).draw(12.0, {"low": 5.0, "high": np.array([1.0, 3.0])})) == [
        "result | data 62.0000 <- +",
        "  data 50.0000",
        "  data 12.0000 <- *",
        "    rates['high'][1] | data 3.0000",
        "    data 4.0000 <- *",
        "      data 2.0000 <- -  (1)",
        "        kilograms | data 12.0000  (2)",
        "        data 10.0000",
        "      see (1)",
        f"False at {LINE} | data 0.0000 <- <",
        "  kilograms, see (2)",
        "  data 10.0000",
    ]


def test_each_path_has_its_picture():
    f = gl.compile(toll)
    rates = {"low": 5.0, "high": np.array([1.0, 3.0])}
    assert lines(f.draw(4.0, rates))[0] == "result | data 20.0000 <- *"
    assert f"True at {LINE}" in str(f.draw(4.0, rates))
    assert f"False at {LINE}" in str(f.draw(12.0, rates=rates))


def test_it_is_the_program_that_runs():
    square = lambda x: x * x * 3.0  # noqa: E731
    assert lines(gl.grad(square).draw(2.0))[0] == "result | data 12.0000 <- +"
    assert lines(gl.vmap(square).draw(np.array([2.0, 5.0])))[0] == "result | data 12.0000 <- *"
    hessian = str(gl.hessian(lambda v: v[0] * v[1] ** 3).draw(np.array([2.0, 3.0])))
    assert "result[1], result[2] | data 27.0000" in hessian
    assert "result[3] | data 36.0000" in hessian


def test_captured_values_and_nested_arguments_and_results():
    w = Value(3.0, label="w")
    f = gl.compile(lambda p, *more: {"a": w * p.x, "b": [more[0] - p.y, p.y]})
    text = str(f.draw(Point(2.0, 5.0), 7.0))
    assert {"w | data 3.0000", "p.x | data 2.0000", "argument 1 | data 7.0000"} <= {
        line.strip() for line in text.splitlines()
    }
    assert "result['a'] | data 6.0000 <- *" in text
    assert "result['b'][0] | data 2.0000 <- -" in text
    assert "p.y, result['b'][1] | data 5.0000" in text
    assert (w.data, w.grad, w.label) == (3.0, 0.0, "w")


def test_a_long_program_is_folded():
    drawing = gl.compile(lambda x: sum(gm.sin(x * i) for i in range(1, 3001))).draw(1.0)
    assert drawing.source.count('STYLE="ROUNDED"') <= 110
    assert lines(drawing)[-1].startswith("... 11,")
    assert lines(drawing)[-1].endswith("boxes")
    assert "sin x 3,000: 3,000 nodes" in str(drawing) or "sin x 2,999" in str(drawing)


# ---- the vector instructions
def net(theta, x):
    numbers, xs = iter(theta), list(x)
    for width in (16, 16, 1):
        units = [[next(numbers) for _ in xs] for _ in range(width)]
        xs = [sum(w * x for w, x in zip(unit, xs, strict=True)).tanh() for unit in units]
    return xs[0]


def test_vector_instructions_show_what_became_one():
    drawing = gl.compile(net).draw_vectors(np.full(2 * 16 + 16 * 16 + 16, 0.1), [0.5, 0.25])
    assert lines(drawing) == [
        "result: 1 number",
        "  one by one: tanh",
        "    dot[16]: 1 lane of 16 terms",
        "      tanh x 16: 16 lanes",
        "        dot[16] x 16: 16 lanes of 16 terms",
        "          tanh x 16: 16 lanes",
        "            dot[2] x 16: 16 lanes of 2 terms",
        "              theta: 304 numbers  (1)",
        "              x: 2 numbers",
        "          theta, see (1)",
        "      theta, see (1)",
        "608 operations in 6 vector instructions",
    ]
    assert "<TD>256</TD>" in drawing.source  # so many numbers go from theta to the second layer
    assert "dot[16] x 16" in drawing.svg


def test_single_instructions_and_constants_in_the_vector_picture():
    drawing = gl.compile(lambda x: [2.0 * v for v in x]).draw_vectors(np.ones(64))
    assert lines(drawing)[1] == "  mul x 64: 64 lanes, with 2"
    assert lines(gl.compile(toll).draw_vectors(4.0, {"low": 5.0, "high": [1.0, 3.0]}))[-1].startswith(
        "2 operations in"
    )


def test_a_long_vector_program_is_folded_and_its_long_edges_are_written():
    def steps(x):
        first = list(x)
        for _ in range(200):
            x = [gm.sin(v) * w for v, w in zip(x, reversed(first), strict=True)]
        return sum(x)

    drawing = gl.compile(steps).draw_vectors(np.linspace(0.0, 1.0, 32))
    assert drawing.source.count('STYLE="ROUNDED"') <= 300
    assert "instructions; the first" in lines(drawing)[-1]
    assert "long edges written as #" in lines(drawing)[-1]
    assert "32 of x" in str(drawing)


def test_rows_have_no_vector_instructions_of_their_own():
    with pytest.raises(TypeError, match="block of rows"):
        gl.vmap(lambda x: x * x).draw_vectors(np.ones(3))


def test_arithmetic_in_it_is_ieee():
    assert "data inf <- /" in str(gl.compile(lambda x: 1.0 / x).draw(0.0))


def test_what_has_nothing_to_draw_says_so():
    assert str(gl.compile(lambda x: 3.0).draw(2.0)) == "result | data 3.0000"
    with pytest.raises(ValueError, match="nothing that could be drawn"):
        gl.compile(lambda x: []).draw(2.0)
