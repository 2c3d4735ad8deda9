"""``simplify``: every rule, to the bit; golden Programs; random Programs before and after."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradloom.compiler.program import OPCODES, Builder, Guard, Program
from gradloom.compiler.rules import FINAL, RULES, TRUTHS
from gradloom.compiler.simplify import simplify

# Every rule's operations, and some with poles and ties.
NAMES = [
    *("add", "add", "sub", "mul", "mul", "div", "neg", "powc", "sqrt", "exp", "log", "sin", "tanh"),
    *("relu", "abs", "maximum", "minimum", "hypot", "copysign", "floor", "detach", "where", "where"),
    *("lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not"),
]
LOSES_THE_SIGN_OF_A_ZERO = {"add x zero", "add zero x", "sub x zero"}


def program(text, inputs=2):
    """A Program from its lines, without the inputs."""
    lines = [f"v{i} = input" for i in range(inputs)]
    return Program.parse("\n".join([f"program of {inputs} inputs", *lines, text]))


def check(before, after, inputs=2, **options):
    simple = simplify(program(before, inputs), **options)
    assert str(simple.verified()) == str(program(after, inputs))


# ---- the rules, one by one
def sides(rule, zero, true):
    """A rule as a Program of three inputs that returns what it replaces, and what by.

    x, y, z are the inputs; b, c, d are ``gt`` of two of them.
    """
    b = Builder(3)
    names = {}

    def write(term):
        if isinstance(term.head, float):
            return b.constant(term.head)
        if term.head in OPCODES:
            return b.emit(term.head, *[write(x) for x in term.operands])
        if term.head in ("zero", "true"):
            return b.constant(zero if term.head == "zero" else true)
        if term.head not in names:
            i = "xyzbcd".index(term.head)
            names[term.head] = i if i < 3 else b.emit("gt", i % 3, (i + 1) % 3)
        return names[term.head]

    return b, write(rule.pattern), write(rule.replacement)


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.text) for rule in RULES + FINAL])
@pytest.mark.parametrize(("zero", "true"), [(0.0, 1.0), (-0.0, math.nan), (0.0, -0.5)])
def test_both_sides_of_a_rule_are_the_same_number(rule, zero, true, evaluate, same, special_points):
    if (zero, true) != (0.0, 1.0) and not {"zero", "true"} & set(rule.text.replace("(", " ").split()):
        return
    b, left, right = sides(rule, zero, true)
    both = b.finish([left, right])
    zeros = rule.text.partition("->")[0].strip() in LOSES_THE_SIGN_OF_A_ZERO
    for point in special_points(3):
        old, new = evaluate(both, point)
        assert same(old, new, zeros), (point, old, new)


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.text) for rule in RULES + FINAL])
@pytest.mark.parametrize(("zero", "true"), [(0.0, 1.0), (-0.0, math.nan)])
def test_every_rule_is_applied(rule, zero, true):
    b, left, right = sides(rule, zero, true)
    final = rule in FINAL
    assert simplify(b.finish([left]), final) == simplify(b.finish([right]), final)
    if final:
        assert rule.pattern.head in str(simplify(b.finish([left])))


def test_the_rules_speak_of_operations_that_there_are():
    heads = {rule.pattern.head for rule in RULES + FINAL}
    assert heads <= set(OPCODES)
    assert set(TRUTHS) <= set(OPCODES)
    assert len({rule.text for rule in RULES + FINAL}) == len(RULES + FINAL)


# ---- golden Programs
def test_a_sum_begins_with_zero():
    check(
        "v2 = constant 0.0\nv3 = add v2 v0\nv4 = add v3 v1\nreturn v4",
        "v2 = add v0 v1\nreturn v2",
    )


def test_rules_meet_operands_that_are_simple_already():
    check(
        "v2 = constant 1.0\nv3 = mul v0 v2\nv4 = neg v3\nv5 = neg v4\nv6 = div v5 v2\nreturn v6",
        "return v0",
    )


@pytest.mark.parametrize("c", [2.0, -4.0, 0.5, 2.0**1022, -(2.0**-1021), 2.0**-1022])
def test_division_by_a_power_of_two(c):
    check(
        f"v2 = constant {c!r}\nv3 = div v0 v2\nreturn v3",
        f"v2 = constant {1 / c!r}\nv3 = mul v0 v2\nreturn v3",
    )


@pytest.mark.parametrize("c", [3.0, 0.1, 2.0**1023, 2.0**-1023, 5e-324, 0.0, math.inf, math.nan, 6.0])
def test_other_divisions_stay(c):
    text = f"v2 = constant {c!r}\nv3 = div v0 v2\nreturn v3"
    check(text, text)


def test_common_subexpressions():
    check(
        "v2 = add v0 v1\nv3 = add v0 v1\nv4 = sin v2\nv5 = sin v3\nv6 = mul v4 v5\nreturn v6 v5",
        "v2 = add v0 v1\nv3 = sin v2\nv4 = mul v3 v3\nreturn v4 v3",
    )


@pytest.mark.parametrize("name", ["add", "mul", "eq", "ne", "and", "or"])
def test_operands_in_either_order_where_no_bit_depends_on_it(name):
    check(f"v2 = {name} v0 v1\nv3 = {name} v1 v0\nreturn v2 v3", f"v2 = {name} v0 v1\nreturn v2 v2")


@pytest.mark.parametrize("name", ["sub", "div", "maximum", "minimum", "hypot", "lt", "pow"])
def test_operands_keep_their_order_elsewhere(name):
    text = f"v2 = {name} v0 v1\nv3 = {name} v1 v0\nreturn v2 v3"
    check(text, text)


def test_constants_are_told_apart_by_their_bits():
    check(
        "v1 = constant 0.0\nv2 = constant -0.0\nv3 = constant 0.0\nv4 = copysign v0 v1\n"
        "v5 = copysign v0 v2\nv6 = copysign v0 v3\nreturn v4 v5 v6",
        "v1 = constant 0.0\nv2 = constant -0.0\nv3 = copysign v0 v1\nv4 = copysign v0 v2\nreturn v3 v4 v3",
        inputs=1,
    )


@pytest.mark.parametrize(
    ("name", "numbers", "result"),
    [
        ("add", (0.1, 0.2), 0.1 + 0.2),
        ("sub", (1.0, 0.9), 1.0 - 0.9),
        ("mul", (1e200, 1e200), math.inf),
        ("mul", (0.0, math.inf), math.nan),
        ("div", (1.0, 3.0), 1.0 / 3.0),
        ("div", (1.0, 0.0), math.inf),
        ("div", (1.0, -0.0), -math.inf),
        ("div", (-2.0, 0.0), -math.inf),
        ("div", (0.0, 0.0), math.nan),
        ("div", (math.nan, 0.0), math.nan),
        ("neg", (0.0,), -0.0),
        ("lt", (1.0, 2.0), 1.0),
        ("ge", (1.0, math.nan), 0.0),
        ("ne", (math.nan, math.nan), 1.0),
        ("eq", (0.0, -0.0), 1.0),
        ("and", (2.0, math.nan), 1.0),
        ("or", (0.0, -0.0), 0.0),
        ("not", (0.5,), 0.0),
    ],
)
def test_constants_are_folded_as_ieee_has_it(name, numbers, result):
    b = Builder(1)
    p = b.finish([b.emit(name, *[b.constant(x) for x in numbers])])
    expected = Builder(1)
    assert simplify(p) == expected.finish([expected.constant(result)])


def test_functions_of_constants_are_left_to_the_interpreter():
    text = "v1 = constant 2.0\nv2 = sin v1\nreturn v2"
    check(text, text, inputs=1)


@pytest.mark.parametrize("c", ["0.0", "-0.0"])
def test_where_of_a_constant_that_is_false(c):
    check(f"v2 = constant {c}\nv3 = sin v0\nv4 = where v2 v3 v1\nreturn v4", "return v1")


@pytest.mark.parametrize("c", ["1.0", "-2.5", "nan"])
def test_where_of_a_constant_that_is_true(c):
    check(f"v2 = constant {c}\nv3 = sin v0\nv4 = where v2 v1 v3\nreturn v4", "return v1")


@pytest.mark.parametrize(
    "text",
    [
        "v1 = constant 0.0\nv2 = mul v0 v1\nreturn v2",
        "v1 = sub v0 v0\nreturn v1",
        "v1 = div v0 v0\nreturn v1",
        "v1 = constant 0.0\nv2 = sub v1 v0\nreturn v2",
        "v1 = constant 0.0\nv2 = div v1 v0\nreturn v2",
        "v1 = eq v0 v0\nreturn v1",
        "v1 = lt v0 v0\nreturn v1",
        "v1 = sqrt v0\nv2 = mul v1 v1\nreturn v2",
        "v1 = constant 0.1\nv2 = add v0 v1\nv3 = add v2 v1\nreturn v3",
    ],
)
def test_never(text):
    check(text, text, inputs=1)


def test_dead_code_goes_and_inputs_stay():
    check("v3 = sin v1\nv4 = cos v2\nv5 = add v3 v4\nreturn v4", "v3 = cos v2\nreturn v3", inputs=3)
    check("return v1 v1 v0", "return v1 v1 v0", inputs=3)
    check("return", "return", inputs=1)


def test_guards_are_kept_with_what_they_read():
    check(
        "v2 = constant 1.0\nv3 = mul v0 v2\nv4 = gt v3 v1\nv5 = sin v0\n"
        "guard v4 is false at f.py:3\nguard v2 is true\nreturn v3",
        "v2 = constant 1.0\nv3 = gt v0 v1\nguard v3 is false at f.py:3\nguard v2 is true\nreturn v0",
    )


def test_final_writes_constant_powers_out():
    text = (
        "v1 = detach v0\nv2 = constant 3.0\nv3 = powc v1 v2\nv4 = constant 2.0\nv5 = powc v0 v4\nreturn v3 v5"
    )
    check(text, text, inputs=1)
    check(text, "v1 = mul v0 v0\nv2 = mul v1 v0\nreturn v2 v1", inputs=1, final=True)


def test_a_program_may_be_read_only_and_long():
    b = Builder(1)
    x = b.constant(0.0)
    for i in range(20_000):
        x = b.emit("add", x, b.emit("mul", 0, b.constant(float(i))))
    p = b.finish([x])
    for column in (p.code, p.start, p.args, p.number, p.outputs):
        column.flags.writeable = False
    before = str(p)
    q = simplify(p).verified()
    # 0 + x * 0.0 and x * 1.0 are each one instruction shorter, and one constant each
    assert len(p) - len(q) == 4
    assert str(p) == before


def test_a_result_may_be_longer_than_expected():
    """x**3 is two products: the columns grow, and so does the table of what there is."""
    b = Builder(1000)
    c = b.constant(3.0)
    p = b.finish([b.emit("powc", i, c) for i in range(1000)])
    q = simplify(p, final=True).verified()
    assert len(q) == 3000
    assert [q[int(i)].operands[1] for i in q.outputs] == list(range(1000))


def test_no_instructions_at_all():
    assert str(simplify(Builder().finish([]))) == "program of 0 inputs\n  return"


# ---- random Programs
ZEROS_HAVE_SIGNS = [name for name in NAMES if name not in ("add", "sub")]  # no rule of + 0 can be at work
ZEROS_HAVE_NONE = [name for name in NAMES if name not in ("div", "powc", "copysign")]


@pytest.mark.parametrize("names", [ZEROS_HAVE_SIGNS, ZEROS_HAVE_NONE], ids=["to the bit", "with additions"])
@settings(max_examples=120)
@given(data=st.data())
def test_same_bits_before_and_after(names, random_program, evaluate, same, data):
    p = random_program(lambda n: data.draw(st.integers(0, n - 1)), names)
    q, last = simplify(p).verified(), simplify(p, final=True).verified()
    assert (q.inputs, len(q.outputs), len(q.guards)) == (p.inputs, len(p.outputs), len(p.guards))
    assert len(last) <= len(q)
    assert simplify(q) == q
    numbers = (0.0, 1.0, -2.0, 0.75, math.inf, math.nan, -math.inf, 1e-310)
    for point in itertools.islice(itertools.product(numbers, repeat=p.inputs), 40):
        old = everything(p, point, evaluate)
        for new in (everything(q, point, evaluate), everything(last, point, evaluate)):
            for x, y in zip(old, new, strict=True):
                assert same(x, y, zeros=names is ZEROS_HAVE_NONE), (point, str(p), str(q))


def everything(p, point, evaluate):
    """The outputs, and the truths that the guards read."""
    values = evaluate(p, point, everything=True)
    return [values[i] for i in p.outputs] + [float(values[guard.condition] != 0.0) for guard in p.guards]


@pytest.mark.parametrize("condition", [True, False])
def test_the_guard_of_a_constant_stays(condition):
    b = Builder(1)
    p = b.finish([0], [Guard(b.emit("gt", b.constant(2.0), b.constant(1.0)), condition)])
    (guard,) = simplify(p).guards
    assert guard.truth is condition
    assert str(simplify(p)[guard.condition]) == "constant 1.0"
