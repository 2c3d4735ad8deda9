"""Second derivatives of compiled functions against mpmath and PyTorch, which know nothing of ours.

The loops walk the table, so a new row is tested without a new test; PyTorch where it is installed, and
for the rows that it has under one of a row's names.
"""

import random

import numpy as np
import pytest
from mpmath import mp

import gradloom as gl
from gradloom import math as gm
from gradloom.compiler.program import OPCODES, Builder
from gradloom.compiler.tracing import inline
from gradloom.engine import apply
from gradloom.ops import TABLE

DECREED = ("detach", "custom", "unknown")  # their derivatives are not those of their values
ROWS = [pytest.param(row, id=row.name) for row in TABLE.values() if row.name not in DECREED]
each_row = pytest.mark.parametrize("row", ROWS)
SMOOTH = [row.name for row in TABLE.values() if not {"selects", "internal"} & set(row.marks.split())]
TAMED = ["mul", "add", "sub", "tanh", "sin", "atan", "sigmoid", "softplus", "erf", "asinh"]
"""Finite for all numbers; the others are given the tanh of their operand, moved into their domain."""


def points(row, count=3):
    rng = random.Random(row.name)
    return [[rng.uniform(lo, hi) for lo, hi in row.domain] for _ in range(count)]


def of_row(row, point):
    """The row as a function of an array of its operands; a parameter is the number that it is."""
    parameter = point[len(point) - row.parameter :]
    return lambda x: apply(row, *x, *parameter)


def close(got, want, size=1.0):
    np.testing.assert_allclose(np.asarray(got, float), np.asarray(want, float), rtol=1e-11, atol=1e-12 * size)


# ---- mpmath
def names_of_mpmath():
    names = {name: getattr(mp, name) for name in dir(mp) if name[0].isalpha()}
    return names | {"abs": abs, "max": max, "min": min}


NAMES = names_of_mpmath()


def reference(row):
    """The row's mpmath expression as a function."""
    code = compile(row.reference, row.name, "eval")
    return lambda *xs: mp.mpf(eval(code, NAMES, dict(zip("xyz", xs, strict=False))))


@each_row
def test_every_row_against_mpmath(row):
    f, n = reference(row), row.arity - row.parameter
    with mp.workdps(40):
        for point in points(row, 2):
            x, v = np.array(point[:n]), np.arange(1.0, n + 1.0)
            exact = np.zeros((n, n))
            for i in range(n):
                for j in range(i, n):
                    orders = [(k == i) + (k == j) for k in range(len(point))]
                    exact[i, j] = exact[j, i] = mp.diff(f, tuple(map(mp.mpf, point)), tuple(orders))
            g = of_row(row, point)
            close(gl.hessian(g)(x), exact)
            close(gl.jacobian(gl.grad(g))(x), exact)
            close(gl.hvp(g)(x, v), exact @ v)
            by_reverse = gl.grad(lambda x, v: gl.grad(g)(x) @ v)  # noqa: B023
            close(by_reverse(x, v), exact @ v)


# ---- PyTorch
def of_torch(torch, row):
    """PyTorch's function of the row's name or NumPy's, on float64 scalars; None where it has none."""
    functions = (torch, torch.nn.functional)
    names = (row.name, row.ufunc or row.name, f"logical_{row.name}", row.name.replace("powc", "pow"))
    found = [getattr(f, name) for name in names for f in functions if hasattr(f, name)]
    if not found or row.name == "floordiv":  # floor_divide has no derivative there
        return None

    def function(*xs):
        condition = (xs[0] != 0.0, *xs[1:]) if row.name == "where" else xs
        return found[0](*condition).to(torch.float64)

    return function


@each_row
def test_every_row_against_pytorch(row):
    torch = pytest.importorskip("torch")
    function = of_torch(torch, row)
    if function is None:
        pytest.skip("PyTorch has no such function")
    n = row.arity - row.parameter
    for point in points(row):
        more = [torch.tensor(c, dtype=torch.float64) for c in point[n:]]
        x = torch.tensor(point[:n], dtype=torch.float64)
        exact = torch.autograd.functional.hessian(lambda x: function(*x, *more) + 0.0 * x.sum(), x)  # noqa: B023
        g = of_row(row, point)
        close(gl.hessian(g)(x.numpy()), exact.numpy())
        for i in range(n):
            nested = gl.grad(lambda x: gl.grad(g)(x)[i])(x.numpy())  # noqa: B023
            close(nested, exact[i].numpy())


# ---- random programs
def random_program(seed, names, size=14):
    """A Program of 3 inputs that is finite everywhere, and smooth where the rows are."""
    rng = random.Random(seed)
    b = Builder(3)
    numbers = [0, 1, 2]
    for _ in range(size):
        name = rng.choice([*names, *TAMED])
        row = TABLE[name]
        operands = [numbers[-1 - rng.randrange(min(len(numbers), 6))] for _ in range(row.arity)]
        if name not in TAMED:
            for k, (lo, hi) in enumerate(row.domain):  # lo + (hi - lo) (tanh + 1) / 2
                half = b.constant((hi - lo) / 2.0)
                bent = b.emit("mul", half, b.emit("tanh", operands[k]))
                operands[k] = b.emit("add", bent, b.constant((hi + lo) / 2.0))
            if row.parameter:
                operands[-1] = b.constant(rng.choice([2.0, 3.0, -1.0, 0.5, 2.5]))
        made = b.emit(name, *operands)
        numbers.append(b.emit("atan", made) if rng.random() < 0.3 else made)
    return b.finish([b.emit("tanh", b.emit("mul", numbers[-1], b.constant(0.1)))]).verified()


def of_program(program):
    return lambda x: inline(program, list(x))[0][0]


@pytest.mark.parametrize("seed", range(20))
def test_random_programs_against_mpmath(seed):
    """The second derivative along a line is v H v."""
    rng = random.Random(seed)
    p = random_program(seed, SMOOTH)
    x, v = (np.array([rng.uniform(-1.0, 1.0) for _ in range(3)]) for _ in range(2))
    functions = {name: reference(row) for name, row in TABLE.items()}

    def along(t):
        given, numbers = iter([mp.mpf(a) + t * mp.mpf(b) for a, b in zip(x, v, strict=True)]), []
        for name, operands, number in p:
            xs = [numbers[i] for i in operands]
            values = {"input": lambda: next(given), "constant": lambda: mp.mpf(number)}  # noqa: B023
            numbers.append(values[name]() if name in values else functions[name](*xs))
        return numbers[int(p.outputs[0])]

    with mp.workdps(50):
        slope, exact = (mp.diff(along, 0, n) for n in (1, 2))
    f = of_program(p)
    size = 1.0 + np.abs(gl.hessian(f)(x)).sum()
    assert gl.grad(f)(x) @ v == pytest.approx(float(slope), rel=1e-11, abs=1e-12 * size)
    assert v @ gl.hvp(f)(x, v) == pytest.approx(float(exact), rel=1e-10, abs=1e-11 * size)


@pytest.mark.parametrize("seed", range(20))
def test_random_programs_with_choices_against_pytorch(seed):
    torch = pytest.importorskip("torch")
    functions = {name: f for name, row in TABLE.items() if (f := of_torch(torch, row))}
    choices = ["relu", "maximum", "minimum", "abs", "where", "copysign", "floor", "round", "mod", "chosen"]
    p = random_program(seed, [name for name in (*SMOOTH, *choices, *choices) if name in functions])
    rng = random.Random(seed)
    point = np.array([rng.uniform(-1.0, 1.0) for _ in range(3)])

    def f(x):
        numbers = []
        for i, (name, operands, number) in enumerate(p):
            if name in ("input", "constant"):
                numbers.append(x[i] if name == "input" else torch.tensor(number, dtype=torch.float64))
            else:
                numbers.append(functions[name](*(numbers[k] for k in operands)))
        return numbers[int(p.outputs[0])]

    exact = torch.autograd.functional.hessian(f, torch.tensor(point)).numpy()
    size = 1.0 + np.abs(exact).sum()
    close(gl.hessian(of_program(p))(point), exact, size)
    rows = gl.vmap(gl.hessian(of_program(p)))(np.array([point, point]))
    close(rows, [exact, exact], size)


# ---- one Hessian, by every road
SCALE = gl.Value(0.5)


def smooth(x):
    return gm.sin(x[0] * x[1]) + gm.exp(x[2]) * x[0] ** 3 / (1.0 + x[1] ** 2)


def branching(x):
    total = 0.0
    for a in x:
        total = total + (a**3 if a > 0 else gm.exp(a) * x[0])
    return total * max(x[0], x[1], x[2])


def selecting(x):
    safe = gm.where(x[0] > 0, gm.sqrt(x[0] ** 2 + 0.1), x[1] ** 2)
    return safe * gm.maximum(x[1] * x[2], x[0]) + gm.relu(x[2]) ** 2 * abs(x[1]) + gm.logsumexp(list(x))


def scaled(x):
    return SCALE * smooth(x) + SCALE**2 * x[0] * x[2]


def columns(along, n):
    """The matrix whose column i is what ``along`` makes of the direction i."""
    return np.array([numbers(along(np.eye(n)[i])) for i in range(n)]).T


def numbers(x):
    return np.vectorize(lambda v: getattr(v, "data", v), otypes=[float])(np.asarray(x, dtype=object))


ROADS = {
    "hessian": lambda f, x: gl.hessian(f)(x),
    "jacobian of grad": lambda f, x: gl.jacobian(gl.grad(f))(x),
    "jacobian of jacobian": lambda f, x: gl.jacobian(gl.jacobian(f))(x),
    "grad of a part of grad": lambda f, x: [gl.grad(lambda x: gl.grad(f)(x)[i])(x) for i in range(len(x))],  # noqa: B023
    "hvp": lambda f, x: columns(lambda v: gl.hvp(f)(x, v), len(x)),
    "jvp of grad": lambda f, x: columns(lambda v: gl.jvp(gl.grad(f), (x,), (v,))[1], len(x)),
    "vjp of grad": lambda f, x: columns(lambda v: gl.vjp(gl.grad(f), x)[1](v)[0], len(x)),
    "grad of jvp": lambda f, x: columns(lambda v: gl.grad(lambda x: gl.jvp(f, (x,), (v,))[1])(x), len(x)),
    "jvp of jvp": lambda f, x: columns(
        lambda v: columns(lambda u: [gl.jvp(lambda x: gl.jvp(f, (x,), (v,))[1], (x,), (u,))[1]], len(x))[0],
        len(x),
    ),
    "hessian of compile": lambda f, x: gl.hessian(gl.compile(f))(x),
    "rows": lambda f, x: gl.vmap(gl.hessian(f))(np.array([x, x]))[1],
    "hessian of a sum of rows": lambda f, x: gl.hessian(
        gl.vmap(lambda x, k: k * f(x), in_axes=(None, 0), reduce="sum")
    )(x, np.array([0.25, 0.75])),
}


@pytest.mark.parametrize("f", [smooth, branching, selecting, scaled])
@pytest.mark.parametrize("road", ROADS)
def test_one_hessian_by_every_road(f, road):
    for x in ([0.4, 0.7, -0.3], [-0.5, 1.2, 0.8], [1.5, -0.2, 0.6]):
        by_differences = np.zeros((3, 3))
        for i in range(3):
            ends = []
            for h in (1e-5, -1e-5):
                values = [gl.Value(a + h * (k == i)) for k, a in enumerate(x)]
                f(values).backward()
                ends.append(np.array([v.grad for v in values]))
            by_differences[i] = (ends[0] - ends[1]) / 2e-5
        found = numbers(ROADS[road](f, np.array(x)))
        np.testing.assert_allclose(found, by_differences, rtol=1e-8, atol=1e-8)


def test_second_derivatives_at_singular_points():
    """What is not taken has none; what is taken has the pole that it has."""
    root = lambda x: gm.where(x > 0, gm.sqrt(x), 0.0)  # noqa: E731
    for f, x, exact in [
        (root, 0.0, 0.0), (root, -1.0, 0.0), (root, 4.0, -0.03125), (gm.relu, 0.0, 0.0), (abs, 0.0, 0.0),
        (lambda x: x**2, 0.0, 2.0), (lambda x: x**3, 0.0, 0.0), (lambda x: x**1, 0.0, 0.0),
        (lambda x: gm.maximum(x, x * x), 0.0, 0.0), (lambda x: gm.maximum(x * x, x), 0.0, 2.0),
        (gm.log, 0.0, -np.inf), (lambda x: x.detach() * x, 3.0, 0.0), (lambda x: 1.0 / x, np.inf, 0.0),
    ]:  # fmt: skip
        for second in (gl.hessian(f), gl.grad(gl.grad(f)), gl.vmap(gl.grad(gl.grad(f)))):
            try:
                got = float(second(x))
            except ValueError:  # the rows' one
                got = float(second(np.array([x]))[0])
            assert got == exact, (x, got, exact)


def test_the_loops_reach_what_they_should():
    """Enough of the table is smooth, and PyTorch has most of it."""
    assert len(SMOOTH) > 30
    assert set(TAMED) <= set(SMOOTH) <= set(OPCODES)
    torch = pytest.importorskip("torch")
    assert len([row for row in TABLE.values() if of_torch(torch, row) is None]) < 4
