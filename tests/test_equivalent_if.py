"""``relu``, ``maximum``, ``where`` and the others have the gradient of the equivalent ``if``: the same random
programs written with ``if``, in which what is not taken is in no graph, and so is asked nothing.
"""

import math
import random

import pytest

import gradloom as gl
from gradloom import Value
from gradloom import math as gm

POINTS = [0.0, 0.0, 1.0, -1.0, 0.5, 4.0, -0.3, 2.0]
COMMON = {
    "sqrt": (1, gm.sqrt),
    "log": (1, gm.log),
    "cbrt": (1, gm.cbrt),
    "square": (1, lambda x: x**2),
    "root": (1, lambda x: x**-0.5),
    "tanh": (1, gm.tanh),
    "add": (2, lambda x, y: x + y),
    "mul": (2, lambda x, y: x * y),
    "div": (2, lambda x, y: x / y),
}
SELECTIONS = COMMON | {
    "relu": (1, gm.relu),
    "abs": (1, abs),
    "maximum": (2, gm.maximum),
    "minimum": (2, gm.minimum),
    "where": (3, lambda x, y, z: gm.where(x > 0.5, y, z)),
}
BRANCHES = COMMON | {
    "relu": (1, lambda x: x if x > 0.0 else 0.0),
    "abs": (1, lambda x: x if x > 0.0 else -x if x < 0.0 else 0.0),
    "maximum": (2, lambda x, y: x if x >= y else y),
    "minimum": (2, lambda x, y: x if x <= y else y),
    "where": (3, lambda x, y, z: y if x > 0.5 else z),
}


def run(steps, xs, operations):
    """The sum of the last two nodes."""
    nodes = list(xs)
    for name, places in steps:
        arity, function = operations[name]
        nodes.append(function(*(nodes[i] for i in places[:arity])))
    return nodes[-1] + nodes[-2]


def eager(steps, point, operations):
    xs = [Value(x) for x in point]
    result = run(steps, xs, operations)
    if isinstance(result, Value):
        result.backward()
    return [x.grad for x in xs]


def test_the_gradient_is_that_of_the_equivalent_if():
    draw, tried = random.Random(1), 0
    while tried < 1500:
        size = draw.randrange(3, 12)
        steps = [(draw.choice([*SELECTIONS]), [draw.randrange(max(0, k - 3), k) for _ in range(3)])
                 for k in range(2, size + 2)]  # fmt: skip
        point = [draw.choice(POINTS), draw.choice(POINTS)]
        try:
            expected = eager(steps, point, BRANCHES)
            found = eager(steps, point, SELECTIONS)
        except (ArithmeticError, ValueError, TypeError):  # Python's own: a root of -1, and so on
            continue
        tried += 1
        assert found == pytest.approx(expected, rel=1e-12, nan_ok=True), (steps, point)
        if tried % 10 == 0 and not any(map(math.isnan, expected)):
            compiled = gl.grad(lambda *xs, steps=steps: run(steps, xs, SELECTIONS), argnums=(0, 1))(*point)
            assert list(compiled) == pytest.approx(expected, rel=1e-9, abs=1e-12), (steps, point)
