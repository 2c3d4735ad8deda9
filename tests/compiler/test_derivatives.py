"""``reverse`` and ``forward``: against the table, central differences, eager ``backward()``, each other,
mpmath and PyTorch; the masks of ``where``; golden Programs."""

import itertools
import math
import random

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradloom import Value
from gradloom.arithmetic import local_derivatives
from gradloom.compiler.derivatives import forward, reverse
from gradloom.compiler.partials import partial
from gradloom.compiler.program import ROWS, Builder, Program
from gradloom.compiler.simplify import simplify
from gradloom.engine import apply
from gradloom.ops import TABLE


def program(text, inputs=1):
    """A Program from its lines, without the inputs."""
    lines = [f"v{i} = input" for i in range(inputs)]
    return Program.parse("\n".join([f"program of {inputs} inputs", *lines, text]))


def check(result, text, inputs):
    assert str(result.verified()) == str(program(text, inputs))


def of_row(row, c=None):
    """A Program of one operation; the parameter, if it has one, is the constant ``c``."""
    b = Builder(row.arity - row.parameter)
    operands = [*range(b.inputs), *([b.constant(c)] if row.parameter else [])]
    return b.finish([b.emit(row.name, *operands)])


def points(row, n=8):
    rng = random.Random(row.name)
    return [tuple(rng.uniform(low, high) for low, high in row.domain) for _ in range(n)]


def moved(point, k, step):
    return [x + step * (i == k) for i, x in enumerate(point)]


# ---- every row of the table
DECLARED = ("detach", "unknown", "custom")  # their derivatives are not those of their numbers


def declared(row, point, k):
    return (1.0, 0.0, point[1])[k] if row.name == "custom" else 0.0


ROW = [pytest.param(row, id=row.name) for row in ROWS]


@pytest.mark.parametrize("row", ROW)
def test_reverse_and_forward_give_the_rows_partials(row, evaluate, same, special_points):
    some = itertools.islice(special_points(row.arity), 0, None, 11 if row.arity == 3 else 1)
    for point in [*points(row), *some]:
        c = point[-1] if row.parameter else None
        p = of_row(row, c)
        inputs = point[: p.inputs]
        backward = reverse(p, range(p.inputs), [1.0]).verified()
        value, *gradient = evaluate(backward, inputs)
        expected = local_derivatives(row, point, value)[: p.inputs]
        for k, exact in enumerate(expected):
            tangent = forward(p, [1.0 if i == k else None for i in range(p.inputs)]).verified()
            for d in (gradient[k], evaluate(tangent, inputs)[1]):
                assert same(d, exact, zeros=True) or math.isclose(d, exact, rel_tol=1e-14), (point, k)


@pytest.mark.parametrize("row", ROW)
def test_reverse_agrees_with_central_differences(row, evaluate):
    for point in points(row):
        p = of_row(row, point[-1])
        inputs = point[: p.inputs]
        _, *gradient = evaluate(reverse(p, range(p.inputs), [1.0]), inputs)
        for k, d in enumerate(gradient):
            h = 1e-6
            high, low = (evaluate(p, moved(inputs, k, step))[0] for step in (h, -h))
            difference = (high - low) / (2 * h)
            # the row's domain is away from poles; a jump lies between the two points almost never
            exact = declared(row, point, k) if row.name in DECLARED else difference
            assert d == pytest.approx(exact, rel=1e-6, abs=1e-6)


# The second derivatives of custom are those of two functions, and so need not be symmetric.
@pytest.mark.parametrize("row", [row for row in ROW if row.id != "custom"])
@pytest.mark.parametrize("way", ["reverse", "forward"])
def test_second_order_agrees_with_differences_of_the_first(row, way, evaluate):
    for point in points(row, 3):
        p = of_row(row, point[-1])
        n, inputs = p.inputs, point[: p.inputs]
        first = simplify(reverse(p, range(n), [1.0]))
        for k in range(n):
            h = 1e-5
            high, low = (evaluate(first, moved(inputs, k, step)) for step in (h, -h))
            differences = [(a - b) / (2 * h) for a, b in zip(high[1:], low[1:], strict=True)]
            if way == "forward":  # column k of the Hessian
                column = evaluate(forward(first, [float(i == k) for i in range(n)]), inputs)[-n:]
            else:  # its row k
                seeds = [None, *(float(i == k) for i in range(n))]
                column = evaluate(reverse(first, range(n), seeds), inputs)[-n:]
            assert column == pytest.approx(differences, rel=1e-5, abs=1e-5), (point, k)


def test_every_partial_is_a_program_of_the_operands_and_the_result():
    for code, row in enumerate(ROWS):
        for k in range(row.arity):
            p = partial(code, k)
            assert (p is None) == (row.parameter and k == row.arity - 1)
            assert p is None or p.verified().inputs == row.arity + 1


# ---- golden Programs
def test_golden_reverse():
    p = program("v2 = mul v0 v1\nv3 = sin v2\nv4 = add v3 v0\nreturn v4", 2)
    check(
        reverse(p, [0, 1], [1.0]),
        "v2 = mul v0 v1\nv3 = sin v2\nv4 = add v3 v0\nv5 = constant 1.0\nv6 = cos v2\n"
        "v7 = mul v1 v6\nv8 = add v5 v7\nv9 = mul v0 v6\nreturn v4 v8 v9",
        2,
    )


def test_golden_reverse_with_a_cotangent():
    p = program("v1 = exp v0\nreturn v1")
    check(reverse(p, [0]), "v2 = exp v0\nv3 = mul v2 v1\nreturn v2 v3", 2)


def test_golden_forward():
    p = program("v2 = mul v0 v1\nv3 = neg v2\nreturn v3 v0", 2)
    check(
        forward(p, ["input", 2.0]),
        "v3 = constant 2.0\nv4 = mul v0 v1\nv5 = mul v1 v2\nv6 = mul v0 v3\nv7 = add v5 v6\n"
        "v8 = neg v4\nv9 = neg v7\nreturn v8 v0 v9 v2",
        3,
    )


def test_no_multiplication_by_a_partial_of_1_or_minus_1_and_nothing_for_0():
    p = program("v2 = sub v0 v1\nv3 = floor v0\nv4 = add v2 v3\nreturn v4", 2)
    check(
        reverse(p, [0, 1]),
        "v3 = sub v0 v1\nv4 = floor v0\nv5 = add v3 v4\nv6 = neg v2\nreturn v5 v2 v6",
        3,
    )


def test_golden_selections():
    p = program("v1 = relu v0\nreturn v1")
    check(
        reverse(p, [0]),
        "v2 = relu v0\nv3 = constant 0.0\nv4 = le v0 v3\nv5 = where v4 v3 v1\nreturn v2 v5",
        2,
    )
    p = program("v2 = maximum v0 v1\nreturn v2", 2)
    check(
        reverse(p, [0, 1]),
        "v3 = maximum v0 v1\nv4 = ge v0 v1\nv5 = ne v0 v0\nv6 = or v4 v5\nv7 = constant 0.0\n"
        "v8 = where v6 v2 v7\nv9 = where v6 v7 v2\nreturn v3 v8 v9",
        3,
    )


def test_golden_mask():
    p = program("v1 = constant 0.0\nv2 = gt v0 v1\nv3 = sqrt v0\nv4 = where v2 v3 v1\nreturn v4")
    check(
        reverse(p, [0], [1.0]),
        "v1 = constant 0.0\nv2 = gt v0 v1\nv3 = sqrt v0\nv4 = where v2 v3 v1\n"
        "v5 = constant 0.5\nv6 = div v5 v3\nv7 = where v2 v6 v1\nreturn v4 v7",
        1,
    )


def test_where_of_two_branches_needs_no_mask_behind_them():
    """Both branches read x, so x is in the graph whatever the condition: the masks' or is always."""
    p = program("v2 = gt v0 v1\nv3 = mul v0 v0\nv4 = sin v3\nv5 = cos v3\nv6 = where v2 v4 v5\nreturn v6", 2)
    text = str(reverse(p, [0]))
    # one selection of the value, and one for each contribution to v3; none in the end
    assert text.count("where") == 3


def test_powers():
    p = program("v1 = constant 3.0\nv2 = powc v0 v1\nreturn v2")
    check(
        reverse(p, [0], [1.0]),
        "v1 = constant 3.0\nv2 = powc v0 v1\nv3 = constant 2.0\nv4 = powc v0 v3\nv5 = mul v1 v4\n"
        "return v2 v5",
        1,
    )
    p = program("v1 = constant 2.0\nv2 = powc v0 v1\nreturn v2")
    check(reverse(p, [0], [1.0]), "v1 = constant 2.0\nv2 = powc v0 v1\nv3 = mul v1 v0\nreturn v2 v3", 1)


# ---- seeds, outputs, guards
def test_seeds_of_several_outputs(evaluate):
    p = program("v2 = mul v0 v1\nv3 = sin v0\nreturn v2 v3 v0", 2)
    x, y = 0.7, -1.3
    assert evaluate(reverse(p, [0, 1], [2.0, None, None]), [x, y])[3:] == [2 * y, 2 * x]
    assert evaluate(reverse(p, [0], [None, -1.0, None]), [x, y])[3:] == [-math.cos(x)]
    assert evaluate(reverse(p, [1], [None, None, 5.0]), [x, y])[3:] == [0.0]
    assert evaluate(reverse(p, [0], [None, None, 5.0]), [x, y])[3:] == [5.0]
    all_inputs = reverse(p, [1, 0, 1])
    assert all_inputs.inputs == 5
    result = evaluate(all_inputs, [x, y, 2.0, 3.0, 4.0])
    assert result[3:] == pytest.approx([2 * x, 2 * y + 3 * math.cos(x) + 4, 2 * x])


def test_the_same_output_twice(evaluate):
    p = program("v1 = exp v0\nreturn v1 v1")
    assert evaluate(reverse(p, [0], [1.0, 2.0]), [0.0])[2:] == [3.0]


def test_no_dependence_is_zero():
    p = program("v2 = sin v0\nv3 = constant 1.0\nv4 = detach v0\nreturn v2 v3 v4", 2)
    check(
        reverse(p, [1], [1.0, 1.0, 1.0]),
        "v2 = sin v0\nv3 = constant 1.0\nv4 = detach v0\nv5 = constant 0.0\nreturn v2 v3 v4 v5",
        2,
    )
    assert str(reverse(p, [0], [None, 1.0, 1.0])).endswith("v5 = constant 0.0\n  return v2 v3 v4 v5")
    assert str(forward(p, [None, "input"])).endswith("return v3 v4 v5 v6 v6 v6")


def test_no_inputs_and_no_outputs():
    p = program("v0 = constant 2.0\nreturn v0", 0)
    assert reverse(p, [], [1.0]) == p
    check(forward(p, []), "v0 = constant 2.0\nv1 = constant 0.0\nreturn v0 v1", 0)
    assert str(reverse(program("return"), [0])).endswith("v1 = constant 0.0\n  return v1")


def test_guards_are_kept():
    text = "v1 = constant 0.0\nv2 = gt v0 v1\nv3 = mul v0 v0\nguard v2 is true at f.py:9\nreturn v3"
    for result in (reverse(program(text), [0]), forward(program(text), ["input"])):
        (guard,) = result.guards
        assert (result[guard.condition].name, guard.truth, guard.line) == ("gt", True, "f.py:9")


def test_bad_arguments():
    p = program("v1 = exp v0\nreturn v1")
    for wrt in ([1], [-1], [0, 7]):
        with pytest.raises(ValueError, match="wrt must be numbers of inputs, from 0 to 0"):
            reverse(p, wrt)
    with pytest.raises(ValueError, match="seeds must be one for each of the 1 outputs, not 2"):
        reverse(p, [0], [1.0, 1.0])
    with pytest.raises(ValueError, match="seeds must be one for each of the 1 inputs, not 0"):
        forward(p, [])


# ---- masks (RULES 13)
def gradient(p, point, evaluate, **options):
    return evaluate(reverse(p, range(p.inputs), [1.0], **options).verified(), point)[len(p.outputs) :]


def test_what_is_not_chosen_has_no_derivative(evaluate):
    p = program("v1 = constant 0.0\nv2 = gt v0 v1\nv3 = sqrt v0\nv4 = where v2 v3 v1\nreturn v4")
    assert gradient(p, [0.0], evaluate) == [0.0]
    assert gradient(p, [-1.0], evaluate) == [0.0]
    assert gradient(p, [4.0], evaluate) == [0.25]


def test_nothing_is_multiplied_by_a_made_up_zero(evaluate):
    p = program("v1 = sqrt v0\nv2 = constant 2.0\nv3 = powc v1 v2\nreturn v3")
    assert math.isnan(gradient(p, [0.0], evaluate)[0])


def test_a_dead_subexpression_shared_by_two_wheres(evaluate):
    """where(x > 0, sqrt(x), 0) + where(x > 1, sqrt(x) * x, 0): sqrt's adjoint has two masks."""
    p = program(
        "v1 = constant 0.0\nv2 = constant 1.0\nv3 = gt v0 v1\nv4 = gt v0 v2\nv5 = sqrt v0\n"
        "v6 = where v3 v5 v1\nv7 = mul v5 v0\nv8 = where v4 v7 v1\nv9 = add v6 v8\nreturn v9"
    )
    assert gradient(p, [0.0], evaluate) == [0.0]
    assert gradient(p, [-3.0], evaluate) == [0.0]
    assert gradient(p, [0.25], evaluate) == [1.0]
    assert gradient(p, [4.0], evaluate) == pytest.approx([0.25 + 1.5 * 2.0])


def test_a_dead_subexpression_of_an_unmasked_result(evaluate):
    """where(x > 0, sqrt(x), 0) + exp(sqrt(x)): here sqrt is in the graph, also at 0."""
    p = program(
        "v1 = constant 0.0\nv2 = gt v0 v1\nv3 = sqrt v0\nv4 = where v2 v3 v1\n"
        "v5 = exp v3\nv6 = add v4 v5\nreturn v6"
    )
    assert gradient(p, [0.0], evaluate) == [math.inf]
    assert gradient(p, [4.0], evaluate) == pytest.approx([0.25 + 0.25 * math.exp(2.0)])


def test_nested_wheres(evaluate):
    """x < 0: 0; x < 1: sqrt(x); else log(x) + 1. Each branch's poles lie outside it."""
    p = program(
        "v1 = constant 0.0\nv2 = constant 1.0\nv3 = le v0 v1\nv4 = lt v0 v2\nv5 = sqrt v0\nv6 = log v0\n"
        "v7 = add v6 v2\nv8 = where v4 v5 v7\nv9 = where v3 v1 v8\nreturn v9"
    )
    assert [gradient(p, [x], evaluate)[0] for x in (-1.0, 0.0, 0.25, 2.0)] == [0.0, 0.0, 1.0, 0.5]


def test_a_nan_condition_is_true(evaluate):
    p = program("v2 = where v0 v1 v0\nv3 = mul v2 v2\nreturn v3", 2)
    assert gradient(p, [math.nan, 3.0], evaluate) == [0.0, 6.0]


def test_an_infinite_factor_of_what_is_not_taken(evaluate):
    """relu(x) * 1e308 * 1e308 at x = -1: what arrives at relu is infinite, and it takes nothing of it."""
    p = program(
        "v1 = constant 1e308\nv2 = constant 1e308\nv3 = relu v0\nv4 = mul v3 v1\nv5 = mul v4 v2\nreturn v5"
    )
    assert gradient(p, [-1.0], evaluate) == [0.0]
    assert gradient(p, [1.0], evaluate) == [math.inf]
    p = program("v2 = maximum v0 v1\nv3 = constant 0.0\nv4 = mul v2 v3\nv5 = sqrt v4\nreturn v5", 2)
    assert math.isnan(gradient(p, [2.0, 1.0], evaluate)[0])  # inf * 0, both from the chain itself
    assert gradient(p, [2.0, 1.0], evaluate)[1] == 0.0


@pytest.mark.parametrize("name", ["relu", "abs"])
def test_a_pole_behind_what_is_not_taken(name, evaluate):
    """relu(sqrt(x)) at 0 is 0, as that of ``u if u > 0 else 0.0``; forward and to second order, too."""
    p = program(f"v1 = sqrt v0\nv2 = {name} v1\nreturn v2")
    first = simplify(reverse(p, [0], [1.0]))
    assert gradient(p, [0.0], evaluate) == [0.0]
    assert gradient(p, [4.0], evaluate) == [0.25]
    assert evaluate(forward(p, [1.0]), [0.0])[-1] == 0.0
    for second in (reverse(first, [0], [None, 1.0]), forward(first, [1.0])):
        assert evaluate(second.verified(), [0.0])[-1] == 0.0
        assert evaluate(second, [4.0])[-1] == -0.25 * 4.0**-1.5


def test_a_pole_behind_two_of_which_neither_takes_it(evaluate):
    """relu(s) + maximum(s, 2), s = sqrt(x): s is in the graph where one of them takes it."""
    p = program(
        "v1 = sqrt v0\nv2 = relu v1\nv3 = constant 2.0\nv4 = maximum v1 v3\nv5 = add v2 v4\nreturn v5"
    )
    assert [gradient(p, [x], evaluate)[0] for x in (0.0, 1.0, 16.0)] == [0.0, 0.5, 0.25]


def test_a_pole_that_something_takes(evaluate):
    """relu(s) + s * s, s = sqrt(x): the product takes it, with a derivative of 0, which is no made-up one."""
    p = program("v1 = sqrt v0\nv2 = relu v1\nv3 = mul v1 v1\nv4 = add v2 v3\nreturn v4")
    assert math.isnan(gradient(p, [0.0], evaluate)[0])
    assert gradient(p, [4.0], evaluate) == [1.25]


def test_a_mask_through_a_where(evaluate):
    """where(x > 1, maximum(log(x), 1), relu(sqrt(x))): masks of both kinds meet in x."""
    p = program(
        "v1 = constant 1.0\nv2 = gt v0 v1\nv3 = log v0\nv4 = maximum v3 v1\nv5 = sqrt v0\nv6 = relu v5\n"
        "v7 = where v2 v4 v6\nreturn v7"
    )
    assert [gradient(p, [x], evaluate)[0] for x in (0.0, 0.25, 2.0, 4.0)] == [0.0, 1.0, 0.0, 0.25]


@pytest.mark.parametrize(
    "lines",
    [
        "v1 = tanh v0\nv2 = relu v1",
        "v1 = mul v0 v0\nv2 = constant 1e-05\nv3 = add v1 v2\nv4 = constant -0.5\nv5 = powc v3 v4\n"
        "v6 = relu v5",
        "v1 = sqrt v0\nv2 = relu v1\nv3 = add v2 v1",  # v1 is in the graph whatever relu says
    ],
)
def test_where_no_pole_is_met_there_is_no_mask(lines):
    """What is not taken is made 0 at once: a where or a truth for relu, and nothing more."""
    last = lines.count("\n") + 1
    names = [line.name for line in reverse(program(f"{lines}\nreturn v{last}"), [0])]
    assert names.count("where") == 1
    assert "or" not in names
    assert "and" not in names


def test_outputs_that_may_not_be_used(evaluate):
    """Behind the cotangents a truth for each output says whether it is used; if not, its pole is not met."""
    p = program("v1 = sqrt v0\nv2 = exp v0\nreturn v1 v2")
    q = reverse(p, [0], masked=True).verified()
    assert q.inputs == 5
    assert evaluate(q, [0.0, 0.0, 1.0, 0.0, 1.0])[2:] == [1.0]
    assert evaluate(q, [0.0, 7.0, 7.0, 0.0, 0.0])[2:] == [0.0]
    assert evaluate(q, [4.0, 1.0, 0.0, 1.0, 0.0])[2:] == [0.25]
    assert math.isnan(evaluate(q, [0.0, 0.0, 1.0, 1.0, 1.0])[2])


def test_where_in_forward_mode(evaluate):
    p = program("v1 = constant 0.0\nv2 = gt v0 v1\nv3 = sqrt v0\nv4 = where v2 v3 v1\nreturn v4")
    q = forward(p, ["input"]).verified()
    assert evaluate(q, [0.0, 1.0]) == [0.0, 0.0]
    assert evaluate(q, [4.0, 2.0]) == [2.0, 0.5]


def test_masks_to_second_order(evaluate):
    """where(x > 0, sqrt(x), 0): the second derivative is 0 where the first is masked."""
    p = program("v1 = constant 0.0\nv2 = gt v0 v1\nv3 = sqrt v0\nv4 = where v2 v3 v1\nreturn v4")
    first = simplify(reverse(p, [0], [1.0]))
    for second in (reverse(first, [0], [None, 1.0]), forward(first, [1.0])):
        assert [evaluate(second, [x])[-1] for x in (0.0, -2.0)] == [0.0, 0.0]
        assert evaluate(second, [4.0])[-1] == -0.25 * 4.0**-1.5


# ---- second order by formula
def test_hessian_by_formula(evaluate):
    p = program(
        "v2 = constant 3.0\nv3 = powc v0 v2\nv4 = mul v3 v1\nv5 = sin v1\nv6 = add v4 v5\nreturn v6", 2
    )
    first = simplify(reverse(p, [0, 1], [1.0]))
    x, y = 1.5, -0.5
    exact = [[6 * x * y, 3 * x * x], [3 * x * x, -math.sin(y)]]
    for k in range(2):
        seeds = [float(i == k) for i in range(2)]
        assert evaluate(forward(first, seeds), [x, y])[-2:] == pytest.approx(exact[k], rel=1e-14)
        row = evaluate(reverse(first, [0, 1], [None, *seeds]), [x, y])[-2:]
        assert row == pytest.approx(exact[k], rel=1e-14)


def test_hessian_vector_product_has_new_inputs(evaluate):
    p = program("v2 = mul v0 v1\nv3 = exp v2\nreturn v3", 2)
    product = forward(simplify(reverse(p, [0, 1], [1.0])), ["input", "input"])
    assert product.inputs == 4
    x, y, u, v = 0.3, 0.7, 1.5, -2.0
    e = math.exp(x * y)
    exact = [y * y * e * u + (1 + x * y) * e * v, (1 + x * y) * e * u + x * x * e * v]
    assert evaluate(product, [x, y, u, v])[-2:] == pytest.approx(exact, rel=1e-13)


def test_derivatives_to_fourth_order_against_mpmath(evaluate):
    p = program("v1 = sin v0\nv2 = exp v1\nv3 = tanh v0\nv4 = mul v2 v3\nreturn v4")
    f = lambda x: mpmath.exp(mpmath.sin(x)) * mpmath.tanh(x)  # noqa: E731
    for order in range(1, 5):
        last_only = [*[None] * (len(p.outputs) - 1), 1.0]
        p = simplify(reverse(p, [0], last_only) if order % 2 else forward(p, [1.0]))
        assert evaluate(p, [0.4])[-1] == pytest.approx(float(mpmath.diff(f, 0.4, order)), rel=1e-10)


def test_gradient_and_hessian_against_pytorch(evaluate):
    torch = pytest.importorskip("torch")
    p = program(
        "v3 = mul v0 v1\nv4 = tanh v3\nv5 = maximum v4 v2\nv6 = exp v5\nv7 = div v6 v1\nv8 = sigmoid v2\n"
        "v9 = mul v7 v8\nreturn v9",
        3,
    )
    f = lambda x, y, z: torch.exp(torch.maximum(torch.tanh(x * y), z)) / y * torch.sigmoid(z)  # noqa: E731
    first = simplify(reverse(p, [0, 1, 2], [1.0]))
    for point in ([0.3, 0.8, -0.2], [0.1, -1.5, 0.4]):
        xs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]
        gradients = torch.autograd.grad(f(*xs), xs)
        assert evaluate(first, point)[1:] == pytest.approx([g.item() for g in gradients], rel=1e-13)
        exact = torch.autograd.functional.hessian(f, tuple(xs))
        for k in range(3):
            column = evaluate(forward(first, [float(i == k) for i in range(3)]), point)[-3:]
            assert column == pytest.approx([row[k].item() for row in exact], rel=1e-12, abs=1e-15)


# ---- random Programs
SMOOTH = ["add", "sub", "mul", "sin", "tanh", "neg", "atan", "sigmoid", "hypot", "maximum", "relu", "abs"]
SMOOTH += ["where", "lt", "ge", "and", "not", "minimum", "powc", "copysign", "softplus"]


def wide(data):
    return lambda n: data.draw(st.integers(0, n - 1))


@settings(max_examples=120)
@given(data=st.data())
def test_forward_and_reverse_are_transposes(random_program, evaluate, data):
    """<z_bar, J x_dot> = <J^T z_bar, x_dot>, wherever the numbers are finite."""
    p = random_program(wide(data), SMOOTH)
    numbers = st.floats(-2.0, 2.0, allow_subnormal=False)
    x, x_dot = ([data.draw(numbers) for _ in range(p.inputs)] for _ in range(2))
    z_bar = [data.draw(numbers) for _ in p.outputs]
    n = len(p.outputs)
    z_dot = evaluate(forward(p, ["input"] * p.inputs).verified(), x + x_dot)[n:]
    x_bar = evaluate(reverse(p, range(p.inputs)).verified(), x + z_bar)[n:]
    left = [a * b for a, b in zip(z_bar, z_dot, strict=True)]
    right = [a * b for a, b in zip(x_bar, x_dot, strict=True)]
    if all(map(math.isfinite, (*left, *right))):
        size = sum(map(abs, (*left, *right, 1.0)))
        assert sum(left) == pytest.approx(sum(right), abs=1e-9 * size), str(p)


EAGER = [row.name for row in ROWS if row.name not in ("chosen", "custom", "unknown")]
EAGER += ["add", "mul", "sub", "where", "where", "where", "gt", "le", "relu", "maximum", "sqrt", "sqrt"]


def eagerly(p, point):
    """The gradient of the outputs' sum by ``backward()``: conditions are numbers, ``where`` is its branch."""
    leaves = [Value(x) for x in point]
    nodes = []
    more = iter(leaves)
    for name, operands, number in p:
        xs = [nodes[i] for i in operands]
        numbers = [x.data if isinstance(x, Value) else x for x in xs]
        if name == "input":
            nodes.append(next(more))
        elif name == "constant":
            nodes.append(number)
        elif name == "where":
            chosen = xs[1] if numbers[0] else xs[2]
            nodes.append(apply(TABLE["chosen"], chosen) if isinstance(chosen, Value) else chosen)
        elif name == "detach" or not any(isinstance(x, Value) for x in xs) or comparison(name):
            nodes.append(TABLE[name].value(*numbers))
        elif name == "powc":
            nodes.append(xs[0] ** xs[1])
        else:
            nodes.append(apply(TABLE[name], *xs))
    sum((nodes[i] for i in p.outputs), Value(0.0)).backward()
    return [x.grad for x in leaves]


def comparison(name):
    return name in ("lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not")


@settings(max_examples=300)
@given(data=st.data())
def test_the_gradient_is_that_of_backward(random_program, evaluate, data):
    p = simplify(random_program(wide(data), EAGER, guards=False))
    point = [data.draw(st.sampled_from([0.0, 1.0, -1.0, 0.5, 2.0, -1.7, 0.3])) for _ in range(p.inputs)]
    try:
        eager = eagerly(p, point)
    except (ArithmeticError, ValueError):  # Python stops where IEEE goes on
        return
    n = len(p.outputs)
    compiled = evaluate(reverse(p, range(p.inputs), [1.0] * n).verified(), point)[n:]
    for x, y in zip(eager, compiled, strict=True):
        equal = math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-9) or (math.isnan(x) and math.isnan(y))
        assert equal, (point, str(p), eager, compiled)


@settings(max_examples=100)
@given(data=st.data())
def test_final_derivatives_are_what_simplify_makes_of_them(random_program, evaluate, same, data):
    p = random_program(wide(data), [*EAGER, "powc", "powc", "detach"])
    numbers = st.sampled_from([0.0, 1.0, -1.0, 0.5, 2.0, -1.7])
    x = [data.draw(numbers) for _ in range(2 * p.inputs + len(p.outputs))]
    for derive, which in ((reverse, range(p.inputs)), (forward, ["input"] * p.inputs)):
        q, last = derive(p, which).verified(), derive(p, which, final=True).verified()
        assert "detach" not in {line.name for line in last}
        for a, b, c in zip(*(evaluate(r, x) for r in (q, last, simplify(q, final=True))), strict=True):
            assert same(a, b, zeros=True)
            assert same(a, c, zeros=True)
