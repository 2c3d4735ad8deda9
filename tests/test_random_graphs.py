"""Random graphs with shared inner nodes, against PyTorch and PyPI's micrograd.

A program is a list of steps; a step is an operation and the places of its operands among the nodes so
far. One function runs it on any kind of number. The result is the sum of all nodes, so that every node
is shared and every node matters.
"""

import math
import operator

import micrograd.engine
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradloom import Value, topological_order
from gradloom.ops import TABLE

torch = pytest.importorskip("torch")

POSITIVE, ANY = (0.1, 6.0), (-4.0, 4.0)

# The rows whose name, or whose convention at a tie, is not PyTorch's.
TORCH = {
    "mod": torch.remainder,
    "floordiv": lambda x, y: torch.div(x, y, rounding_mode="floor"),
    "cbrt": lambda x: x ** (1 / 3),
    "softplus": torch.nn.functional.softplus,
    "maximum": lambda x, y: torch.where(x >= y, x, y),
    "minimum": lambda x, y: torch.where(x <= y, x, y),
}
AWAY_FROM_ZERO = {"cbrt": (POSITIVE,), "hypot": (POSITIVE, POSITIVE)}  # where PyTorch's slope is nan

# Constants, on either side: the same Python for both libraries.
WITH_CONSTANTS = {
    "2 + x": (lambda x: 2 + x, ANY),
    "x - 0.5": (lambda x: x - 0.5, ANY),
    "3 - x": (lambda x: 3 - x, ANY),
    "x * -1.5": (lambda x: x * -1.5, ANY),
    "x / 4": (lambda x: x / 4, ANY),
    "1 / x": (lambda x: 1 / x, POSITIVE),
    "x ** 2": (lambda x: x**2, ANY),
    "x ** 3": (lambda x: x**3, ANY),
    "x ** -1": (lambda x: x**-1, POSITIVE),
    "x ** 0.5": (lambda x: x**0.5, POSITIVE),
    "x ** -1.5": (lambda x: x**-1.5, POSITIVE),
    "x ** 0": (lambda x: x**0, ANY),
    "2 ** x": (lambda x: 2**x, ANY),
}


def method(row):
    return lambda *xs: getattr(xs[0], row.methods[0])(*xs[1:])


OURS = {name: method(row) for name, row in TABLE.items() if "internal" not in row.marks}
THEIRS = {name: TORCH.get(name) or getattr(torch, name) for name in OURS}
INTERVALS = {name: AWAY_FROM_ZERO.get(name, TABLE[name].domain) for name in OURS}
for _name, (_function, _interval) in WITH_CONSTANTS.items():
    OURS[_name] = THEIRS[_name] = _function
    INTERVALS[_name] = (_interval,)


def inside(x, interval):
    """``x`` brought into an interval, smoothly, and never quite to its ends."""
    low, high = interval
    return x.tanh() * (0.48 * (high - low)) + (high + low) / 2


def run(program, leaves, operations, intervals):
    """The sum of all nodes, and the nodes."""
    nodes = list(leaves)
    for name, places in program:
        operands = [nodes[i % len(nodes)] for i in places[: len(intervals[name])]]
        if intervals is INTERVALS:
            operands = [inside(x, bounds) for x, bounds in zip(operands, intervals[name], strict=True)]
        nodes.append(operations[name](*operands))
    return sum(nodes), nodes


def assert_same(xs, ys, root):
    """Equal to nine digits of the largest term that rounding could have come from."""
    order = topological_order(root)
    scale = max(abs(v.grad) for v in order) * max(1.0, *(abs(v.data) for v in order))
    for x, y in zip(xs, ys, strict=True):
        assert math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-12 * scale)


PLACES = st.tuples(st.integers(0, 30), st.integers(0, 30))
LEAVES = st.lists(st.integers(-2000, 2000).map(lambda n: n / 1000), min_size=1, max_size=4)


def programs(names, longest):
    return st.lists(st.tuples(st.sampled_from(sorted(names)), PLACES), min_size=1, max_size=longest)


@settings(max_examples=400)
@given(programs(OURS, 15), LEAVES)
def test_gradients_are_those_of_pytorch(program, numbers):
    leaves = [Value(x) for x in numbers]
    root, _ = run(program, leaves, OURS, INTERVALS)
    root.backward()
    tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in numbers]
    other, _ = run(program, tensors, THEIRS, INTERVALS)
    other.backward()
    assert_same([root.data], [other.item()], root)
    assert_same([v.grad for v in leaves], [t.grad.item() for t in tensors], root)


# ---- micrograd's operations, as its users write them
MICROGRAD = {
    "a + b": operator.add,
    "a - b": operator.sub,
    "a * b": operator.mul,
    "a / (b * b + 1)": lambda a, b: a / (b * b + 1),
    "-a": operator.neg,
    "a ** 2": lambda a: a**2,
    "0.5 * a": lambda a: 0.5 * a,
    "1 - a": lambda a: 1 - a,
    "a / 4": lambda a: a / 4,
    "2 / (a * a + 1)": lambda a: 2 / (a * a + 1),
    "relu": lambda a: a.relu(),
}
ARITIES = {name: (None,) * (2 if "b" in name else 1) for name in MICROGRAD}


@given(programs(MICROGRAD, 9), LEAVES)
def test_gradients_are_those_of_micrograd(program, numbers):
    leaves, others = ([kind(x) for x in numbers] for kind in (Value, micrograd.engine.Value))
    root, nodes = run(program, leaves, MICROGRAD, ARITIES)
    other, other_nodes = run(program, others, MICROGRAD, ARITIES)
    root.backward()
    other.backward()
    assert_same([v.data for v in nodes], [v.data for v in other_nodes], root)
    assert_same([v.grad for v in nodes], [v.grad for v in other_nodes], root)


# ---- what holds of any graph
@given(programs(OURS, 15), LEAVES)
def test_equal_programs_give_equal_bits_and_a_second_sweep_doubles_the_leaves(program, numbers):
    first, second = [], []
    for results in (first, second):
        leaves = [Value(x) for x in numbers]
        root, nodes = run(program, leaves, OURS, INTERVALS)
        root.backward()
        results.extend((v.data, v.grad) for v in nodes)
    assert first == second
    root.backward()
    inner = slice(len(leaves), None)
    assert [v.grad for v in nodes[inner]] == [grad for _, grad in first[inner]]
    assert_same([v.grad for v in leaves], [2.0 * grad for _, grad in first[: len(leaves)]], root)
