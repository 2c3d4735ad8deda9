"""Compiled Gradloom against its peers, on the same programs, in one run.

    python benchmarks/compiled.py [--rounds 9] [--only gpt asian ...] [--growth]

Takes: the programs of ``programs/``: ours as plain scalar Python; JAX's vectorised by hand; CasADi's an
SX Function called through prepared buffers; slots Python; PyPI's micrograd.
Gives: two tables on the terminal and in ``results/compiled.md`` (how long everybody takes; what was
asked), and ``results/compiled.svg``; with ``--growth`` also ``results/growth.md`` and ``growth.svg``.
Promises: float64 everywhere. Before a program is timed, all contenders must give equal values and
gradients. Each contender has a process of its own, which is pinned to one core before it imports
anything where one thread is stated, and left alone where not. Contenders take turns; medians over the
rounds; a ratio is the median of the rounds' ratios. The build (first call, without imports) is apart.
"""

import argparse
import contextlib
import importlib.metadata
import pathlib
import sys
from typing import NamedTuple

import plots
import racing
from racing import clock, ratio, times

import gradloom

sys.path.insert(0, str(pathlib.Path(racing.HERE) / "programs"))
sys.path.insert(0, str(racing.HERE.parent / "examples"))

OURS = "Gradloom"


class Peer(NamedTuple):
    """One contender: what the table calls it, its function in the program's module, its threads."""

    label: str
    function: str
    threads: int = 1


class Claim(NamedTuple):
    """``slow`` should take at least ``asked`` times as long as ``fast``, to run or to ``build``."""

    words: str
    slow: str
    asked: float
    fast: str = OURS
    build: bool = False
    at_most: bool = False


class Match(NamedTuple):
    title: str
    module: str
    contenders: tuple[Peer, ...]
    claims: tuple[Claim, ...]
    values_only: tuple[str, ...] = ()


ONE, FREE = "JAX, one thread", "JAX as it comes"
CASADI, SLOTS = "CasADi SX", "slots Python"

MATCHES = {
    "gpt": Match(
        "GPT step, 4,192 gradients",
        "gpt",
        (
            Peer(OURS, "gradloom"),
            Peer(ONE, "jax"),
            Peer(FREE, "jax", 0),
            Peer(CASADI, "casadi"),
            Peer(SLOTS, "slots"),
        ),
        (
            Claim("against JAX on one thread", ONE, 2.0),
            Claim("against JAX as it comes", FREE, 5.0),
            Claim("against CasADi", CASADI, 6.0),
            Claim("against slots Python", SLOTS, 2500.0),
            Claim("build, against CasADi's", CASADI, 8.0, build=True),
        ),
    ),
    "asian": Match(
        "Asian option, 16,384 paths, 3 derivatives",
        "asian",
        (
            Peer(OURS, "gradloom"),
            Peer("Gradloom, two threads", "gradloom_two_threads", 0),
            Peer("Gradloom, price alone", "gradloom_primal"),
            Peer("JAX scan, one thread", "jax_scan"),
            Peer("JAX scan as it comes", "jax_scan", 0),
            Peer("JAX cumsum, one thread", "jax_cumsum"),
            Peer("JAX cumsum as it comes", "jax_cumsum", 0),
            Peer("NumPy, price alone", "numpy_primal"),
        ),
        (
            Claim("against JAX's scan, one thread each", "JAX scan, one thread", 6.0),
            Claim("against JAX's cumsum, one thread each", "JAX cumsum, one thread", 6.0),
            Claim(
                "against JAX's scan, two threads each", "JAX scan as it comes", 6.0, "Gradloom, two threads"
            ),
            Claim(
                "against JAX's cumsum, two threads each",
                "JAX cumsum as it comes",
                6.0,
                "Gradloom, two threads",
            ),
            Claim("price and gradient in prices", OURS, 2.5, "Gradloom, price alone", at_most=True),
            Claim("two threads against one", OURS, 1.7, "Gradloom, two threads"),
        ),
        ("Gradloom, price alone", "NumPy, price alone"),
    ),
    "small": Match(
        "small call, value and 2 derivatives",
        "small",
        (Peer(OURS, "gradloom"), Peer(CASADI, "casadi"), Peer(ONE, "jax")),
        (Claim("against CasADi's prepared buffers", CASADI, 0.5), Claim("against JAX", ONE, 1.0)),
    ),
    "mlp16": Match(
        "2-16-16-1 over 1,024 rows",
        "mlp",
        (Peer(OURS, "gradloom:16"), Peer(ONE, "jax:16"), Peer("eager", "gradloom_eager:16")),
        (Claim("against JAX on one thread", ONE, 1.0),),
    ),
    "mlp64": Match(
        "2-64-64-1 over 1,024 rows",
        "mlp",
        (Peer(OURS, "gradloom:64"), Peer(ONE, "jax:64")),
        (Claim("against JAX on one thread", ONE, 1 / 1.3),),
    ),
    "moons": Match(
        "two moons, whole step",
        "moons",
        (
            Peer(OURS, "gradloom"),
            Peer("Gradloom, one array", "gradloom_arrays"),
            Peer("Gradloom, eager", "gradloom_eager"),
            Peer("micrograd", "micrograd"),
        ),
        (Claim("against micrograd", "micrograd", 5000.0),),
    ),
    "lorenz": Match(
        "Lorenz, 1,000 steps of RK4, 6 gradients",
        "lorenz",
        (Peer(OURS, "gradloom"), Peer(CASADI, "casadi"), Peer("JAX scan, one thread", "jax")),
        (
            Claim("against CasADi", CASADI, 1.0),
            Claim("against JAX's scan", "JAX scan, one thread", 10.0),
            Claim("build, against CasADi's", CASADI, 1.0, build=True),
        ),
    ),
}


def play(match, rounds):
    """Seconds per round and build seconds, by label, after all answers were compared."""
    with contextlib.ExitStack() as stack:
        contenders = {}
        for peer in match.contenders:
            contender = stack.enter_context(racing.Contender(match.module, peer.function, peer.threads))
            contenders[peer.label] = contender
        full = [c.answer for label, c in contenders.items() if label not in match.values_only]
        racing.assert_equal(*full)
        racing.assert_equal(*(c.answer[0] for c in contenders.values()))
        seconds = racing.take_turns(match.title, rounds, {label: c.turn for label, c in contenders.items()})
        return seconds, {label: [c.build] for label, c in contenders.items()}


def versions():
    return ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("jax", "casadi", "micrograd", "numpy")
    )


def claim_row(title, claim, seconds, builds):
    found = ratio(builds if claim.build else seconds, claim.slow, claim.fast)
    met = found <= claim.asked if claim.at_most else found >= claim.asked
    asked = f"{'at most' if claim.at_most else 'at least'} {times(claim.asked)}"
    return title, claim.words, times(found), asked, "yes" if met else "no"


def compare(names, rounds):
    """The two tables and the plot."""
    rows, claims, measured = [], [], {}
    for name in names:
        match = MATCHES[name]
        seconds, builds = play(match, rounds)
        measured[match.title] = seconds
        for peer in match.contenders:
            threads = {0: "as it comes", 1: "1"}[peer.threads]
            against = "" if peer.label == OURS else times(ratio(seconds, peer.label, OURS))
            build = clock(builds[peer.label])
            title = match.title if peer is match.contenders[0] else ""
            rows.append((title, peer.label, threads, clock(seconds[peer.label]), against, build))
        claims += [claim_row(match.title, claim, seconds, builds) for claim in match.claims]
    where = f"{racing.machine()}; {versions()}; float64, medians of {rounds} rounds"
    headings = ("program", "contender", "threads", "one call", "in our calls", "build")
    asked = ("program", "claim", "measured", "asked", "met")
    lines = [
        "",
        f"| {' | '.join(asked)} |",
        "|---|---|--:|--:|---|",
        *(f"| {' | '.join(row)} |" for row in claims),
    ]
    racing.publish("compiled", "Compiled programs", where, headings, rows, after=lines)
    racing.show("What was asked", asked, claims)
    plots.compared(measured, OURS, racing.HERE / "results" / "compiled.svg", where)


def grow():
    """Run and build time per node, as the programs grow."""
    import growth

    curves, rows = {}, []
    for family, sizes in growth.SIZES.items():
        for size in sizes:
            nodes, answer = growth.eager(family, size)
            runs, builds = [], []
            for _ in range(3):  # a build is over soon, so what disturbs it is not averaged out
                with racing.Contender("growth", f"gradloom_{family}:{size}") as contender:
                    racing.assert_equal(answer, contender.answer)
                    runs.append(contender.turn())
                    builds.append(contender.build)
            run, build = min(runs), min(builds)
            curves.setdefault(growth.TITLES[family], []).append((nodes, run / nodes, build / nodes))
            per_node = f"{run / nodes * 1e9:.2f}", f"{build / nodes * 1e9:,.0f}"
            rows.append(
                (
                    growth.TITLES[family],
                    str(size),
                    f"{nodes:,}",
                    clock([run]),
                    clock([build]),
                    *per_node,
                )
            )
    where = (
        f"{racing.machine()}; one thread, float64, value and gradient; nodes of the eager graph; "
        "the best of 3 processes; build: the first call, in a process that has compiled x * x before"
    )
    headings = ("family", "size", "nodes", "one call", "build", "run, ns a node", "build, ns a node")
    spread = [""]
    for title, points in curves.items():
        _, run, build = zip(*points, strict=True)
        within = f"run time per node within {max(run) / min(run):.1f} times, build within"
        spread.append(f"{title}: {within} {max(build) / min(build):.1f} times.")
    racing.publish("growth", "Growth", where, headings, rows, words=1, after=spread)
    print(*spread, sep="\n")
    plots.growth(curves, racing.HERE / "results" / "growth.svg", where)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=9, help="turns of each contender (default 9)")
    options.add_argument("--only", nargs="+", choices=MATCHES, help="some of the programs")
    options.add_argument("--growth", action="store_true", help="the growth curves alone")
    options = options.parse_args()
    print(f"gradloom from {pathlib.Path(gradloom.__file__).parent}")
    if not options.growth:
        compare(options.only or list(MATCHES), options.rounds)
    if options.growth or not options.only:
        grow()


if __name__ == "__main__":
    main()
