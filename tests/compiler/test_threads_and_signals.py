"""Threads, signals and changing numbers while a compiled function runs."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import gradloom as gl
from gradloom import Value
from gradloom import math as gm
from gradloom.engine import ENGINE


def long(w, x):
    y = w * x
    for _ in range(40):
        y = gm.sin(y) + x
    return y


def test_results_do_not_depend_on_threads_or_on_the_run():
    x = np.random.default_rng(21).normal(size=30_001)
    found = []
    for threads in (1, 2, 3, None, 1):
        for reduce in ("sum", "mean"):
            total = gl.vmap(long, in_axes=(None, 0), reduce=reduce, threads=threads)
            found.append((reduce, *gl.value_and_grad(total)(0.7, x)))
    assert len(set(found)) == 2
    branched = lambda w, x: long(w, x) if x > 0 else w * x  # noqa: E731
    rows = [gl.vmap(branched, in_axes=(None, 0), threads=k)(0.7, x) for k in (1, 2, None)]
    assert all(np.array_equal(rows[0], other) for other in rows)


@pytest.mark.skipif(ENGINE != "native", reason="NumPy lets other threads in as it likes")
def test_other_threads_go_on_during_a_long_run():
    rows = gl.vmap(long, in_axes=(None, 0), reduce="sum", threads=1)
    x = np.random.default_rng(0).normal(size=3_000_000)
    worker = threading.Thread(target=rows, args=(0.7, x))
    turns = 0
    worker.start()
    while worker.is_alive():
        time.sleep(0.005)
        turns += 1
    assert turns > 5  # with the lock held it would be two


def test_a_captured_number_is_one_number_during_a_run():
    w = Value(1.0)
    x = np.ones(20_000)
    total = gl.vmap(lambda x: w * x + w * w * x, reduce="sum")
    total(x)
    done = threading.Event()

    def change():
        while not done.is_set():
            w.data = 3.0 - w.data

    other = threading.Thread(target=change)
    other.start()
    try:
        found = [total(x).data for _ in range(200)]
    finally:
        done.set()
        other.join()
    assert set(found) <= {2.0 * len(x), 6.0 * len(x)}  # w = 1, w = 2; never one of each


INTERRUPTED = """
import signal, sys
import numpy as np
import gradloom as gl
from gradloom import math as gm

def long(w, x):
    y = w * x
    for _ in range(400):
        y = gm.sin(y) + x
    return y

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background says to ignore it
total = gl.value_and_grad(gl.vmap(long, in_axes=(None, 0), reduce="sum", threads=int(sys.argv[1])))
few = np.linspace(0.0, 1.0, 100)
before, paths = total(0.5, few), len(total.paths)
many = np.ones(5_000_000)
print("begun", flush=True)
try:
    total(0.5, many)
except KeyboardInterrupt:
    print("stopped", flush=True)
assert total(0.5, few) == before
assert len(total.paths) == paths
print("goes on", flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals are sent otherwise here")
@pytest.mark.parametrize("threads", ["1", "2"])
def test_ctrl_c_stops_a_program_and_leaves_it_sound(threads):
    """The whole run would take half a minute."""
    child = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, threads],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout.readline() == "begun\n"
    time.sleep(0.2)
    child.send_signal(signal.SIGINT)
    sent = time.monotonic()
    assert child.stdout.readline() == "stopped\n"
    assert time.monotonic() - sent < 1.0  # 0.01 alone; a busy machine is slower
    with child:  # not communicate(): a line may wait in the buffer that readline() fills
        assert (child.stdout.read(), child.stderr.read()) == ("goes on\n", "")
    assert child.returncode == 0


def test_a_trace_that_is_interrupted_leaves_the_thread_untraced():
    def f(x):
        if x > 0:
            raise KeyboardInterrupt
        return x * x

    compiled = gl.vmap(f)
    assert compiled(np.array([-2.0])).tolist() == [4.0]
    with pytest.raises(KeyboardInterrupt):
        compiled(np.array([-1.0, 1.0]))
    assert len(compiled.paths) == 1
    assert compiled(np.array([-3.0])).tolist() == [9.0]
    assert type(Value(1.0) > 0.0) is bool
