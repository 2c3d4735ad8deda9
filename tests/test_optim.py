"""Optimisers against torch.optim, step by step in float64."""

import itertools
import math

import pytest

from gradloom import Value
from gradloom.nn import MLP
from gradloom.optim import SGD, Adam, AdamW

START = [3.0, -2.0, 0.5, 1e-3]
SGDS = [
    {"lr": 0.1},
    {"lr": 0.1, "momentum": 0.9},
    {"lr": 0.1, "momentum": 0.9, "dampening": 0.3},
    {"lr": 0.1, "momentum": 0.9, "nesterov": True},
    {"lr": 0.1, "weight_decay": 0.2},
    {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.2, "nesterov": True},
    {"lr": 0.01, "momentum": 0.5, "weight_decay": 0.2, "maximize": True},
    {"lr": 0.0, "momentum": 0.5},
    {},
]
ADAMS = [
    {},
    {"lr": 0.1},
    {"lr": 0.1, "betas": (0.5, 0.7)},
    {"lr": 0.1, "betas": [0.0, 0.0]},
    {"lr": 0.1, "eps": 0.1},
    {"lr": 0.1, "weight_decay": 0.3},
    {"lr": 0.3, "amsgrad": True},
    {"lr": 0.3, "amsgrad": True, "weight_decay": 0.1, "maximize": True},
]
CASES = [(SGD, k) for k in SGDS] + [(Adam, k) for k in ADAMS] + [(AdamW, k) for k in ADAMS]


def loss(x, sin):
    """A valley with waves, so that gradients grow, shrink and change sign."""
    a, b, c, d = x
    return (a - 1.0) ** 2 + (a * b + 0.5) ** 2 * 0.1 + sin(c * 7.0) * 0.3 + d * c * 0.01


@pytest.mark.parametrize(("ours", "arguments"), CASES)
def test_steps_are_torchs(ours, arguments):
    torch = pytest.importorskip("torch")
    theirs = getattr(torch.optim, ours.__name__)
    x = [Value(s) for s in START]
    y = [torch.tensor(s, dtype=torch.float64, requires_grad=True) for s in START]
    opt, oracle = ours(x, **arguments), theirs(y, **arguments)
    for step in range(12):
        if step == 6:  # a schedule: the rate changes on the way
            opt.lr, oracle.param_groups[0]["lr"] = opt.lr / 3, oracle.param_groups[0]["lr"] / 3
        opt.zero_grad()
        oracle.zero_grad()
        loss(x, lambda v: v.sin()).backward()
        loss(y, torch.sin).backward()
        opt.step()
        oracle.step()
        expected = [t.item() for t in y]
        assert [v.data for v in x] == pytest.approx(expected, rel=1e-13, abs=1e-15)


def test_plain_descent_is_the_line_of_the_lecture():
    model = MLP(2, [3, 1])
    opt = SGD(model.parameters(), lr=0.07)
    (model([0.3, 0.4]) ** 2).backward()
    expected = [p.data - 0.07 * p.grad for p in model.parameters()]
    opt.step()
    assert [p.data for p in model.parameters()] == expected


@pytest.mark.parametrize("make", [SGD, Adam, AdamW])
def test_a_parameter_given_twice_is_stepped_once(make):
    twice, once = Value(1.0), Value(1.0)
    for parameters in ([twice, twice], [once]):
        parameters[0].grad = 2.0
        make(parameters, lr=0.1).step()
    assert twice.data == once.data


def test_a_generator_of_parameters():
    x = [Value(1.0), Value(2.0)]
    opt = SGD((v for v in x), lr=1.0)
    for v in x:
        v.grad = 1.0
    opt.step()
    assert [v.data for v in x] == [0.0, 1.0]
    opt.zero_grad()
    assert [v.grad for v in x] == [0.0, 0.0]


def test_a_step_makes_old_results_stale():
    x = Value(1.0)
    y = x * x
    y.backward()
    SGD([x]).step()
    with pytest.raises(RuntimeError, match="compute the result again"):
        y.backward()


@pytest.mark.parametrize("make", [SGD, Adam, AdamW])
def test_overflow_and_nan_are_torchs(make):
    torch = pytest.importorskip("torch")
    theirs = getattr(torch.optim, make.__name__)
    for start, grad in itertools.product([1.0, 1e308], [math.nan, math.inf, 1e308, -1e308]):
        x, y = Value(start), torch.tensor(start, dtype=torch.float64, requires_grad=True)
        x.grad, y.grad = grad, torch.tensor(grad, dtype=torch.float64)
        make([x], lr=10.0).step()
        theirs([y], lr=10.0).step()
        assert x.data == pytest.approx(y.item(), rel=1e-13, nan_ok=True)


# ---- bad input: nothing is changed
def a_result():
    return Value(1.0) * 2.0


@pytest.mark.parametrize("make", [SGD, Adam, AdamW])
@pytest.mark.parametrize(
    ("parameters", "arguments", "error", "words"),
    [
        (lambda: MLP(2, [1]), {}, TypeError, r"not a model; pass model\.parameters\(\)"),
        (list, {}, ValueError, r"no parameters to train; pass model\.parameters\(\)"),
        (lambda: Value(1.0), {}, TypeError, r"a list of Values, not a Value; write \[x\]"),
        (lambda: None, {}, TypeError, "a list of Values, not a NoneType"),
        (lambda: [Value(1.0), 2.0], {}, TypeError, r"parameters\[1\] must be a Value, not float"),
        (lambda: [{"params": []}], {}, TypeError, r"parameters\[0\] must be a Value, not dict"),
        (lambda: MLP(2, [1]).named_parameters(), {}, TypeError, r"parameters\[0\] .* not tuple"),
        (lambda: [a_result()], {}, ValueError, r"parameters\[0\] is the result of '\*'"),
        (lambda: [Value(1.0)], {"lr": -0.1}, ValueError, "lr must be 0 or more, not -0.1"),
        (lambda: [Value(1.0)], {"lr": math.nan}, ValueError, "lr must be 0 or more, not nan"),
        (lambda: [Value(1.0)], {"lr": "fast"}, TypeError, "lr must be a number, not str"),
        (lambda: [Value(1.0)], {"weight_decay": -1}, ValueError, "weight_decay must be 0 or more"),
    ],
)
def test_what_does_not_fit_is_named(make, parameters, arguments, error, words):
    with pytest.raises(error, match=words):
        make(parameters(), **arguments)


@pytest.mark.parametrize(
    ("make", "arguments", "error", "words"),
    [
        (SGD, {"momentum": -0.5}, ValueError, "momentum must be 0 or more"),
        (SGD, {"nesterov": True}, ValueError, "nesterov needs a momentum above 0 and a dampening of 0"),
        (SGD, {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, ValueError, "nesterov needs"),
        (Adam, {"betas": (0.9, 1.0)}, ValueError, "betas must be below 1"),
        (Adam, {"betas": (-0.1, 0.9)}, ValueError, r"betas\[0\] must be 0 or more"),
        (Adam, {"betas": 0.9}, TypeError, "betas must be two numbers"),
        (AdamW, {"eps": -1e-8}, ValueError, "eps must be 0 or more"),
    ],
)
def test_what_one_optimiser_does_not_take(make, arguments, error, words):
    with pytest.raises(error, match=words):
        make([Value(1.0)], **arguments)


def test_a_rate_that_is_refused_leaves_the_old_one():
    opt = SGD([Value(1.0)], lr=0.5)
    with pytest.raises(ValueError, match="lr must be 0 or more"):
        opt.lr = -1.0
    assert opt.lr == 0.5
