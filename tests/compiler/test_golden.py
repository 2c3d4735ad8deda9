"""What each pass makes of one small function that shows just that, as text.

In the order of the pipeline. The texts are read and not only compared: beside each stands what to see in it.
``test_simplify.py``, ``test_derivatives.py`` and ``test_vectorize.py`` have the single cases.
"""

import itertools

import numpy as np
import pytest

from gradloom import Value, math
from gradloom.compiler import lowering
from gradloom.compiler.derivatives import forward, reverse
from gradloom.compiler.nesting import flat, take_apart
from gradloom.compiler.program import Program
from gradloom.compiler.simplify import simplify
from gradloom.compiler.tracing import trace
from gradloom.compiler.vector_program import NAMES
from gradloom.compiler.vectorize import contract, schedule, vectorize


def program(body, inputs):
    """A Program from its lines, one after another or parted by semicolons, without the inputs."""
    lines = [f"v{i} = input" for i in range(inputs)]
    return Program.parse("\n".join([f"program of {inputs} inputs", *lines, body.replace(";", "\n")]))


def check(result, body):
    expected = program(body, result.inputs)
    assert str(result.verified()) == str(expected)
    assert result == expected == Program.parse(str(result))


def traced(f, *arguments):
    numbers = []
    forms = [take_apart(x, numbers) for x in arguments]
    return trace(f, (("tuple", tuple(forms)), ("dict", (), ())), flat(numbers)), forms


# ---- trace
RATE = Value(0.5)


def payments(x, n):
    total = 0.0
    for _ in range(n):
        total += RATE * x
    if total > 1:
        total = -total
    return {"total": total, "more": [math.where(x > 0, x, 2.0), x.data]}


def test_trace():
    """The loop is unrolled; RATE is the input v1; ``if`` is a guard, ``where`` is none; .data is detached.

    Nothing is simplified: 0.0 + v2 and the second RATE * x are there.
    """
    found, _ = traced(payments, 1.5, 2)
    line = f"{__file__}:{payments.__code__.co_firstlineno + 4}"
    check(
        found.program,
        f"""v2 = mul v1 v0
        v3 = constant 0.0
        v4 = add v3 v2
        v5 = mul v1 v0
        v6 = add v4 v5
        v7 = constant 1.0
        v8 = gt v6 v7
        v9 = neg v6
        v10 = constant 0.0
        v11 = gt v0 v10
        v12 = constant 2.0
        v13 = where v11 v0 v12
        v14 = detach v0
        guard v8 is true at {line}
        return v9 v13 v14""",
    )
    number = ("number", False)
    assert found.form == ("dict", ("total", "more"), (number, ("list", (number, number))))
    assert found.captured == [RATE]


# ---- simplify
LONG = """v2 = constant 0.0; v3 = add v2 v0
    v4 = constant 4.0; v5 = div v3 v4
    v6 = mul v0 v1; v7 = mul v1 v0; v8 = neg v7; v9 = neg v8; v10 = sub v6 v9
    v11 = constant 2.0; v12 = add v4 v11; v13 = mul v12 v5
    v14 = sin v10
    v15 = powc v1 v11
    return v10 v13 v15"""


def test_simplify():
    """0 + x is x, x / 4 is x * 0.25, -(-y) is y, y * x is x * y, 4 + 2 is 6, the sine is not needed.

    But x*y - x*y is not 0: it might be nan.
    """
    check(
        simplify(program(LONG, 2)),
        """v2 = constant 0.25
        v3 = mul v0 v2
        v4 = mul v0 v1
        v5 = sub v4 v4
        v6 = constant 2.0
        v7 = constant 6.0
        v8 = mul v7 v3
        v9 = powc v1 v6
        return v5 v8 v9""",
    )


def test_simplify_for_the_last_time():
    """No derivative follows: the power is the product that it stands for."""
    check(
        simplify(program(LONG, 2), final=True),
        """v2 = constant 0.25
        v3 = mul v0 v2
        v4 = mul v0 v1
        v5 = sub v4 v4
        v6 = constant 6.0
        v7 = mul v6 v3
        v8 = mul v1 v1
        return v5 v7 v8""",
    )


# ---- derivatives: where(x > 0, sqrt(x y), y) * relu(x y)
BRANCHED = """v2 = constant 0.0; v3 = gt v0 v2; v4 = mul v0 v1; v5 = sqrt v4
    v6 = where v3 v5 v1; v7 = relu v4; v8 = mul v6 v7
    return v8"""


def test_reverse():
    """From v9 on it goes backwards. relu passes on what arrives, v6, where it is not 0 (v10). The adjoint of
    the root is taken under the where's condition (v14) before it is added to that. y gets what arrives
    at the where on the other side (v18).
    """
    check(
        reverse(program(BRANCHED, 2), [0, 1], [1.0]),
        """v2 = constant 0.0
        v3 = gt v0 v2
        v4 = mul v0 v1
        v5 = sqrt v4
        v6 = where v3 v5 v1
        v7 = relu v4
        v8 = mul v6 v7
        v9 = le v4 v2
        v10 = where v9 v2 v6
        v11 = constant 0.5
        v12 = div v11 v5
        v13 = mul v12 v7
        v14 = where v3 v13 v2
        v15 = add v10 v14
        v16 = mul v1 v15
        v17 = mul v0 v15
        v18 = where v3 v2 v7
        v19 = add v18 v17
        return v8 v16 v19""",
    )


def test_forward():
    """x moves by the new input v2, y does not; each value is followed by its tangent (v6, v10, v12, ...)."""
    check(
        forward(program(BRANCHED, 2), ["input", None]),
        """v3 = constant 0.0
        v4 = gt v0 v3
        v5 = mul v0 v1
        v6 = mul v1 v2
        v7 = sqrt v5
        v8 = constant 0.5
        v9 = div v8 v7
        v10 = mul v9 v6
        v11 = where v4 v7 v1
        v12 = where v4 v10 v3
        v13 = relu v5
        v14 = le v5 v3
        v15 = where v14 v3 v6
        v16 = mul v11 v13
        v17 = mul v13 v12
        v18 = mul v11 v15
        v19 = add v17 v18
        return v16 v19""",
    )


# ---- lowering: sin(x[0]) * x[1]
def wave(x):
    return math.sin(x[0]) * x[1]


LOWERED = {
    "compile": (lowering.as_is, "v2 = sin v0; v3 = mul v2 v1; return v3"),
    # the gradient alone: the value is not computed
    "grad": (
        lowering.gradients(0, has_aux=False, value=False),
        "v2 = sin v0; v3 = cos v0; v4 = mul v3 v1; return v4 v2",
    ),
    "value_and_grad": (
        lowering.gradients(0, has_aux=False, value=True),
        "v2 = sin v0; v3 = mul v2 v1; v4 = cos v0; v5 = mul v4 v1; return v3 v5 v2",
    ),
    "jacobian": (lowering.jacobians(0), "v2 = sin v0; v3 = cos v0; v4 = mul v3 v1; return v4 v2"),
    # row by row: -sin(x) y, cos(x), cos(x), 0
    "hessian": (
        lowering.second(0),
        "v2 = sin v0; v3 = cos v0; v4 = neg v2; v5 = mul v1 v4; v6 = constant 0.0; return v5 v3 v3 v6",
    ),
    # v2 and v3 are the direction
    "hvp": (
        lowering.directional,
        "v4 = sin v0; v5 = cos v0; v6 = mul v5 v2; v7 = neg v4; v8 = mul v7 v2; v9 = mul v1 v8; "
        "v10 = mul v5 v3; v11 = add v9 v10; return v11 v6",
    ),
    "jvp": (
        lowering.tangents,
        "v4 = sin v0; v5 = cos v0; v6 = mul v5 v2; v7 = mul v4 v1; v8 = mul v1 v6; v9 = mul v4 v3; "
        "v10 = add v8 v9; return v7 v10",
    ),
    # v2 is the cotangent
    "vjp": (
        lowering.with_cotangents,
        "v3 = sin v0; v4 = mul v1 v2; v5 = mul v3 v2; v6 = cos v0; v7 = mul v6 v4; return v7 v5",
    ),
}


@pytest.mark.parametrize("name", LOWERED)
def test_lowering(name):
    lower, body = LOWERED[name]
    check(lower(*traced(wave, np.array([1.0, 2.0])), True).program, body)


# ---- contraction
def nodes(graph):
    """A contracted graph, one line for each node that is no input."""
    lines = []
    for i, op in enumerate(graph.op.tolist()):
        words = [f"n{x}" for x in graph.args[graph.start[i] : graph.start[i + 1]]]
        name = f"exact {NAMES[op]}" if graph.exact[i] else NAMES[op]
        if name != "input":
            lines.append(" ".join([f"n{i} =", name, *words]))
    return lines


CHAINS = """v6 = mul v0 v1; v7 = mul v2 v3; v8 = add v6 v7; v9 = add v8 v4; v10 = add v9 v5
    v11 = add v0 v1; v12 = add v11 v2; v13 = add v12 v3
    v14 = mul v0 v4; v15 = sub v5 v14; v16 = mul v1 v4; v17 = sub v16 v5; v18 = mul v2 v4; v19 = add v18 v5
    v20 = add v0 v2; v21 = add v20 v4; v22 = mul v20 v21
    return v10 v13 v15 v17 v19 v22"""


def test_contraction():
    """Two products become a dot, which is a term of the sum of what is left; one product is part of its
    addition or subtraction; n12 has two users, and stays an operation of its own.
    """
    assert nodes(contract(program(CHAINS, 6), same_order=False)) == [
        "n6 = dot n0 n1 n2 n3",
        "n7 = sum n6 n4 n5",
        "n8 = sum n0 n1 n2 n3",
        "n9 = submul n0 n4 n5",
        "n10 = mulsub n1 n4 n5",
        "n11 = muladd n2 n4 n5",
        "n12 = add n0 n2",
        "n13 = add n12 n4",
        "n14 = mul n12 n13",
    ]


def test_contraction_in_the_same_order():
    """Only chains, added in turn; products that are not all of a sum stay products."""
    assert nodes(contract(program(CHAINS, 6), same_order=True))[:4] == [
        "n6 = mul n0 n1",
        "n7 = mul n2 n3",
        "n8 = exact sum n6 n7 n4 n5",
        "n9 = exact sum n0 n1 n2 n3",
    ]


def test_contraction_of_what_a_guard_reads():
    """exp and the sum that the guard asks for are the C library's and the source's; the others are free."""
    p = program(
        """v4 = exp v0; v5 = add v4 v1; v6 = add v5 v2; v7 = add v6 v3; v8 = constant 2.0; v9 = gt v7 v8
        v10 = exp v1; v11 = mul v10 v2; v12 = mul v10 v3; v13 = add v11 v12; v14 = add v13 v0
        guard v9 is true
        return v14""",
        4,
    )
    assert nodes(contract(p, same_order=False)) == [
        "n4 = exact exp n0",
        "n5 = exact sum n4 n1 n2 n3",
        "n6 = constant",
        "n7 = gt n5 n6",
        "n8 = exp n1",
        "n9 = dot n8 n2 n8 n3",
        "n10 = add n9 n0",
    ]


# ---- layout and encoding
def lanes(n):
    """max(x_i w - x_(i+1) w, y_p(i)) for n lanes, their sum, and its sine."""
    places = [3, 1, 4, 15, 9, 2, 6, 5, 0, 8, 7, 10, 11, 12, 13, 14]
    lines, last = [], 2 * n
    for name, x, y in (
        ("mul", list(range(n)), [2 * n] * n),
        ("sub", [last + 1 + i for i in range(n)], [last + 1 + (i + 1) % n for i in range(n)]),
        ("maximum", [last + 1 + n + i for i in range(n)], [n + p for p in places]),
    ):
        for a, b in zip(x, y, strict=True):
            last += 1
            lines.append(f"v{last} = {name} v{a} v{b}")
    total = last - n + 1
    for i in range(last - n + 2, last + 1):
        lines.append(f"v{len(lines) + 2 * n + 1} = add v{total} v{i}")
        total = len(lines) + 2 * n
    return program("\n".join([*lines, f"v{total + 1} = sin v{total}", f"return v{total + 1}"]), 2 * n + 1)


def test_schedule():
    """Same operation, same depth: three groups of 16, the sum of 16 terms; the sine is run by itself."""
    graph = contract(lanes(16), same_order=False)
    order, bounds, vector = schedule(graph)
    groups = [{NAMES[graph.op[i]] for i in order[a:b]} for a, b in itertools.pairwise(bounds)]
    assert groups == [{"mul"}, {"sub"}, {"maximum"}, {"sum"}, {"sin"}]
    assert np.diff(bounds).tolist() == [16, 16, 16, 1, 1]
    assert vector.tolist() == [True, True, True, True, False]


def test_vectorize():
    """A slice, one number for all lanes, and lists where the slots are no stride; s33:49 is used again by
    the maximum when the products have been read, and s49 by the sum.
    """
    assert (
        str(vectorize(lanes(16)).verified())
        == """\
vector program of 33 inputs in 66 slots
  s0:33 = inputs
  s33:49 = mul s0:16 s32
  s49:65 = sub s33:49 [s34 s35 s36 s37 s38 s39 s40 s41 s42 s43 s44 s45 s46 s47 s48 s33]
  s33:49 = maximum s49:65 [s19 s17 s20 s31 s25 s18 s22 s21 s16 s24 s23 s26 s27 s28 s29 s30]
  s49:50 = sum[16] s33+1j
  s65 = sin s49
  return s65"""
    )
