"""One contender in a process of its own: ``racing.Contender`` starts it and speaks to it.

    python benchmarks/worker.py PROGRAM CONTENDER THREADS

Takes: a module of ``programs/`` and the name of a function in it (``gradloom:64`` calls it with 64), which
returns what is to be timed, its arguments, and how to make a flat list of numbers from its result; then
a line on standard input for each turn.
Gives: a line of JSON with the answer and the seconds it took to build; then the seconds of each turn.
Promises: the threads are settled before anything else is imported; imports are not part of the build, nor
is a library's start-up, the first trivial thing that it does.
"""

import os
import sys

PROGRAM, (NAME, _, SIZE), THREADS = sys.argv[1], sys.argv[2].partition(":"), int(sys.argv[3])
if THREADS == 1 and hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import gc  # noqa: E402
import importlib  # noqa: E402
import json  # noqa: E402
import pathlib  # noqa: E402
import time  # noqa: E402
import timeit  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "programs"), str(HERE.parent / "examples")]


def main():
    lines, sys.stdout = sys.stdout, sys.stderr  # a library's own printing must not be taken for an answer
    module = importlib.import_module(PROGRAM)
    if NAME.startswith("jax"):
        import jax

        jax.config.update("jax_enable_x64", True)
        jax.numpy.zeros(1).block_until_ready()  # its start-up is not part of the build
    elif NAME.startswith("casadi"):
        import casadi  # noqa: F401
    else:
        import gradloom

        gradloom.grad(lambda x: x * x)(1.0)  # nor is ours: the compiler is imported when first asked for
    start = time.perf_counter()
    work, arguments, flat = getattr(module, NAME)(*([int(SIZE)] if SIZE else []))
    result = work(*arguments)
    build = time.perf_counter() - start
    print(json.dumps({"answer": [float(x) for x in flat(result)], "build": build}), file=lines, flush=True)

    names = [f"x{i}" for i in range(len(arguments))]
    scope = {"work": work, "gc": gc, **dict(zip(names, arguments, strict=True))}
    timer = timeit.Timer(f"work({', '.join(names)})", "gc.enable()", globals=scope)  # timeit turns it off
    repeat = 1
    while (seconds := timer.timeit(repeat)) < 0.1:
        repeat = max(repeat + 1, min(10 * repeat, int(1.2 * repeat * 0.1 / seconds)))
    for _ in sys.stdin:
        print(timer.timeit(repeat) / repeat, file=lines, flush=True)


if __name__ == "__main__":
    main()
