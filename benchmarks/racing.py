"""How the benchmarks measure: contenders take turns, answers are compared first, tables are written.

Takes: functions that do some work once, or contenders that live in processes of their own.
Gives: ``race`` and ``Contender`` (seconds per round), ``ratio``, ``assert_equal``, ``publish``.
Promises: within a round everybody takes a turn, so that what disturbs the machine disturbs all alike;
ratios are taken per round, and the median over the rounds is what is reported.
"""

import itertools
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

HERE = pathlib.Path(__file__).resolve().parent


# ---- turns
def timed(work, repeat):
    start = time.perf_counter()
    for _ in range(repeat):
        work()
    return (time.perf_counter() - start) / repeat


def race(name, rounds, **contenders):
    """Seconds per round for each contender, (function, repeat) by name, taking turns."""
    for work, _ in contenders.values():
        work()
    turns = {
        key: lambda work=work, repeat=repeat: timed(work, repeat)
        for key, (work, repeat) in contenders.items()
    }
    return take_turns(name, rounds, turns)


def take_turns(name, rounds, turns):
    """Seconds per round for each of ``turns``, functions that measure themselves once."""
    seconds = {key: [] for key in turns}
    for _ in track(range(rounds), description=f"{name:28}", transient=True):
        for key, turn in turns.items():
            seconds[key].append(turn())
    return seconds


def ratio(seconds, slow, fast):
    return statistics.median(a / b for a, b in zip(seconds[slow], seconds[fast], strict=True))


def assert_equal(*answers):
    for other in answers[1:]:
        np.testing.assert_allclose(other, answers[0], rtol=1e-9, atol=1e-12)


# ---- contenders in processes of their own
class Contender:
    """A function of a module in ``programs/``, in a process that runs it when told to (``worker.py``).

    ``threads`` 1: the process is pinned to one core and told to use one thread, before it imports
    anything; 0: as it comes. ``answer`` is its result as a flat list, ``build`` the seconds from
    nothing to the first result, imports and data apart.
    """

    def __init__(self, program, name, threads=1):
        self.program, self.name, self.threads = program, name, threads
        command = [sys.executable, str(HERE / "worker.py"), program, name, str(threads)]
        environment = dict(os.environ)
        if threads == 1:
            environment |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
            environment["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, env=environment, **pipes)
        told = json.loads(self._read())
        self.answer, self.build = told["answer"], told["build"]

    def turn(self):
        """The seconds of one call, measured over as many as take a tenth of a second."""
        self.process.stdin.write("turn\n")
        self.process.stdin.flush()
        return float(self._read())

    def _read(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.program}: {self.name} stopped; its error is above")
        return line

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.stdin.close()
        self.process.wait()


# ---- tables
def show(title, headings, rows, caption=""):
    table = Table(*headings, title=title, caption=caption)
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def processor():
    """The processor's name, where the system tells it."""
    info = pathlib.Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def machine():
    """The machine and the interpreter, in one line."""
    python = f"CPython {platform.python_version()}"
    return f"{processor()}, {os.cpu_count()} cores, {platform.system()}, {python}"


def clock(seconds):
    if seconds is None:
        return ""
    median = statistics.median(seconds)
    return f"{median * 1e3:,.2f} ms" if median >= 1e-3 else f"{median * 1e6:,.2f} us"


def times(x):
    if x is None:
        return ""
    return f"{x:,.1f} x" if x >= 1 else f"1/{1 / x:,.2f} x"


def publish(name, title, where, headings, rows, words=2, after=()):
    """The table on the terminal and in ``results/<name>.md``; the first ``words`` columns are text."""
    show(title, headings, rows, where)
    marks = "|".join(itertools.chain(["---"] * words, ["--:"] * (len(headings) - words)))
    lines = [f"# {title}\n\n{where}.\n", f"| {' | '.join(headings)} |", f"|{marks}|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    results = HERE / "results" / f"{name}.md"
    results.parent.mkdir(exist_ok=True)
    results.write_text("\n".join([*lines, *after]) + "\n", encoding="utf-8")
    print(f"written to {results.relative_to(HERE.parent)}")
