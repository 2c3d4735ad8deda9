"""Gradloom's eager engine against its peers, on the same programs, in one run.

    python benchmarks/eager.py [--rounds 9]

Takes: PyPI's micrograd, ``slots_engine.py`` beside this file, plain floats.
Gives: a table on the terminal and in ``benchmarks/results/eager.md``.
Promises: before a program is timed, all contenders must give equal values and gradients. Contenders
take turns within each round; the median over the rounds is reported, and the ratio is the median of
the rounds' ratios. One thread, float64, the cycle collector on.
"""

import argparse
import math
import pathlib
import random
import statistics
import subprocess
import sys

import micrograd.engine
import micrograd.nn
import racing
import slots_engine
from racing import assert_equal, clock, race, ratio, timed, times
from sklearn.datasets import make_moons

import gradloom.engine
import gradloom.nn
from gradloom import Value, optim

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "examples"))
import scalar_gpt  # noqa: E402


# ---- the programs: each returns a function that does the work once and returns its answer
def expression(value):
    """The five-line expression, from fresh leaves."""

    def work():
        a, b = value(-4.0), value(2.0)
        c = a + b
        d = a * b + b**3
        e = c - d
        f = e**2
        g = f / 2.0
        g.backward()
        return [g.data, a.grad, b.grad]

    return work


def moons(value, nn):
    """One full training step of micrograd's demo: 100 points, 2-16-16-1, max-margin loss with L2."""
    random.seed(1337)
    model = nn.MLP(2, [16, 16, 1])
    points, classes = make_moons(n_samples=100, noise=0.1, random_state=1)
    rows, targets = points.tolist(), (2.0 * classes - 1.0).tolist()

    def work():
        scores = [model(list(map(value, row))) for row in rows]
        losses = [(1 + -target * score).relu() for target, score in zip(targets, scores, strict=True)]
        total = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in model.parameters())
        model.zero_grad()
        total.backward()
        for p in model.parameters():
            p.data -= 0.01 * p.grad
        return [total.data, *(p.grad for p in model.parameters())]

    return work


TOKENS = scalar_gpt.tokens_of("isabella")


def gpt(value):
    """Loss and gradients of the scalar GPT on one name of eight letters."""
    parameters = scalar_gpt.make_parameters(0, value)
    everything = scalar_gpt.flat(parameters)

    def work():
        for p in everything:
            p.grad = 0.0
        loss = scalar_gpt.loss_of(parameters, TOKENS)
        loss.backward()
        return [loss.data, *(p.grad for p in everything)]

    return work


def gpt_pass(value):
    """The same without reading the answers back: what is timed."""
    parameters = scalar_gpt.make_parameters(0, value)
    return lambda: scalar_gpt.loss_of(parameters, TOKENS).backward()


def gpt_floats():
    """The forward pass alone, on plain floats: the floor."""
    parameters = scalar_gpt.make_parameters(0, float)
    return lambda: scalar_gpt.loss_of(parameters, TOKENS)


def gpt_step():
    """A whole training step: forward, backward, Adam, gradients to 0."""
    parameters = scalar_gpt.make_parameters(0)
    adam = optim.Adam(scalar_gpt.flat(parameters), lr=0.01)

    def work():
        scalar_gpt.loss_of(parameters, TOKENS).backward()
        adam.step()
        adam.zero_grad()

    return work


# ---- what is measured without a peer
def per_node():
    """Bytes of memory per node, from the growth of the process over a million of them."""
    code = (
        "import resource; from gradloom import Value\n"
        "x = root = Value(1.0)\n"
        "size = lambda: int(open('/proc/self/statm').read().split()[1]) * resource.getpagesize()\n"
        "before = size()\n"
        "for _ in range(1_000_000): root = root + x\n"
        "print((size() - before) / 1_000_000)"
    )
    return float(subprocess.check_output([sys.executable, "-c", code], text=True))


def import_seconds(rounds):
    """The median of `import gradloom` less that of `import numpy`, each in a new process."""
    code = "import time, numpy; t = time.perf_counter(); import gradloom; print(time.perf_counter() - t)"
    return statistics.median(
        float(subprocess.check_output([sys.executable, "-c", code], text=True)) for _ in range(rounds)
    )


def chain_seconds(rounds):
    """The reverse sweep over a chain of 1,000,000 additions."""
    x = root = Value(1.0)
    for _ in range(1_000_000):
        root = root + x
    return statistics.median(timed(root.backward, 1) for _ in range(rounds))


# ---- the table
def measure(rounds):
    """Rows of (program, peer, peer's time, ours, ratio, what was asked)."""
    mg, slots = micrograd.engine.Value, slots_engine.Value
    assert_equal(expression(mg)(), expression(Value)())
    s = race("expression", rounds, peer=(expression(mg), 500), ours=(expression(Value), 10_000))
    yield "expression, 2 inputs", "micrograd 0.1.0", s["peer"], s["ours"], ratio(s, "peer", "ours"), ">= 25"

    peer, ours = moons(mg, micrograd.nn), moons(Value, gradloom.nn)
    assert_equal(peer(), ours())
    s = race("two moons", rounds, peer=(peer, 1), ours=(ours, 10))
    yield "two moons, one step", "micrograd 0.1.0", s["peer"], s["ours"], ratio(s, "peer", "ours"), ">= 150"

    assert_equal(gpt(slots)(), gpt(Value)())
    assert math.isclose(gpt_floats()(), gpt(Value)()[0], rel_tol=1e-12)
    contenders = {"slots": (gpt_pass(slots), 1), "floats": (gpt_floats(), 5), "ours": (gpt_pass(Value), 5)}
    s = race("GPT", rounds, **contenders, step=(gpt_step(), 5))
    pair = s["slots"], s["ours"], ratio(s, "slots", "ours"), ">= 30"
    yield "GPT, forward and backward", "slots-and-tuples Python", *pair
    floor = s["floats"], s["ours"], 1 / ratio(s, "ours", "floats"), ">= 1/3.5"
    yield "GPT, forward and backward", "plain floats, forward only", *floor
    yield "GPT, whole step with Adam", "", None, s["step"], None, ""


HEADINGS = ("program", "peer", "peer's time", "gradloom", "ratio", "asked")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=9, help="turns of each contender (default 9)")
    rounds = options.parse_args().rounds
    rows = [(a, b, clock(c), clock(d), times(e), f) for a, b, c, d, e, f in measure(rounds)]
    rows.append(("memory a node", "", "", f"{per_node():.0f} bytes", "", "<= 128"))
    rows.append(("backward, chain of 1,000,000", "", "", clock([chain_seconds(rounds)]), "", "<= 100 ms"))
    rows.append(("import, above numpy", "", "", clock([import_seconds(rounds)]), "", "<= 100 ms"))

    how = f"{gradloom.engine.ENGINE} engine, one thread, float64, medians of {rounds} rounds"
    racing.publish("eager", "Eager engine", f"{racing.machine()}, {how}", HEADINGS, rows)


if __name__ == "__main__":
    main()
