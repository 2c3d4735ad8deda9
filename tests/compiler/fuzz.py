"""Fuzzing for as long as one likes.

    python tests/compiler/fuzz.py --seconds 600 --seed 1

Takes: a first seed and a time.
Gives: the count of programs that agreed; at the first that did not, its source made small, and the seed.
Promises: the same seeds try the same programs at the same points.
"""

import argparse
import ast
import copy
import random
import re
import sys
import time
from pathlib import Path

import numpy as np

import gradloom as gl

sys.path.insert(0, str(Path(__file__).parent))
from agreement import Disagreement, always, check_eager, points
from programs import Source, write

__all__ = ["check", "fuzz", "shrunk"]

COMPILED = hasattr(gl, "compile")


def check(source, seed, compiled=True):
    """Try one program in every way; how many points it took. Raises ``Disagreement``."""
    with np.errstate(all="ignore"):  # NumPy warns of inf - inf inside an array of Values, too
        return _check(source, seed, compiled)


def _check(source, seed, compiled):
    ordinary, edges = points(source, random.Random(seed))
    tried = [(point, run) for point in [*ordinary, *edges] if (run := always(source, point))]
    for point, run in tried:
        run.jumps = point in edges and source.computes_with_truths
    for point, run in tried:
        if run.eager:
            check_eager(source, point, run)
    if compiled and tried:
        from curvature import check_curvature
        from transforms import check_compiled

        check_curvature(source, *zip(*tried, strict=True))
        check_compiled(source, *zip(*tried, strict=True))
    return len(tried)


def fuzz(first, seconds, compiled=COMPILED, note=lambda count: None):
    """Programs from seed ``first`` on, for so many seconds; how many there were.

    Raises
    ------
    Disagreement
        With the seed and the source, made small.
    """
    end, seed = time.monotonic() + seconds, first
    while time.monotonic() < end:
        source = write(seed)
        try:
            check(source, seed, compiled)
        except Disagreement as error:
            small, reason = shrunk(source, seed, error, compiled)
            raise Disagreement(f"seed {seed}: {reason}\n\n{small.text}") from error
        seed += 1
        note(seed - first)
    return seed - first


# ---- making a failing program small
def shrunk(source, seed, reason, compiled=True, seconds=60.0):
    """A program that still disagrees, from which nothing more can be left out; and its disagreement."""
    end, smaller = time.monotonic() + seconds, True
    while smaller and time.monotonic() < end:
        smaller = False
        for text in _shorter(source.text):
            if time.monotonic() > end:
                break
            candidate = Source(source.name, text, source.shapes)
            try:
                check(candidate, seed, compiled)
            except Disagreement as error:
                if _kind(error) == _kind(reason):
                    source, reason, smaller = candidate, error, True
                    break
            except Exception:  # what was left out was needed
                continue
    return source, reason


def _kind(reason):
    """Which way of computing disagreed: the words before the numbers."""
    return re.match(r"[\w ,]*", str(reason))[0]


def _shorter(text):
    """The text with one statement left out, or with one expression replaced by a part of it."""
    tree = ast.parse(text)
    kinds = (ast.stmt, ast.BinOp, ast.Call, ast.IfExp, ast.BoolOp, ast.UnaryOp, ast.List, ast.Subscript)
    (total,) = (node for node in tree.body if node.name == "total")
    given = {id(node) for node in ast.walk(total)}  # this function stays as it is
    places = [node for node in ast.walk(tree) if isinstance(node, kinds)]
    for i, node in enumerate(places):
        if id(node) in given or (isinstance(node, ast.FunctionDef) and node.name == "f"):
            continue
        parts = [[]] if isinstance(node, ast.stmt) else []
        if isinstance(node, (ast.If, ast.For, ast.While)):
            parts += [node.body, node.orelse]
        if isinstance(node, ast.expr):
            children = node.args if isinstance(node, ast.Call) else ast.iter_child_nodes(node)
            parts += [child for child in children if isinstance(child, ast.expr)]
        for part in parts:
            twin = copy.deepcopy(tree)
            twins = [n for n in ast.walk(twin) if isinstance(n, kinds)]
            edited = _Replace(twins[i], copy.deepcopy(part)).visit(twin)
            try:
                new = ast.unparse(ast.fix_missing_locations(edited)) + "\n"
                compile(new, "<shorter>", "exec")
            except (SyntaxError, ValueError):
                continue
            if _ends(edited) and len(new) < len(ast.unparse(tree)) + 1:
                yield new


def _ends(tree):
    """Whether every while still counts, and still asks its counter."""
    loops = [node for node in ast.walk(tree) if isinstance(node, ast.While)]
    return all(
        isinstance(step := loop.body[0], ast.AugAssign)
        and f"and {ast.unparse(step.target)} <" in ast.unparse(loop.test)
        for loop in loops
        if loop.body
    )


class _Replace(ast.NodeTransformer):
    def __init__(self, old, new):
        self.old, self.new = old, new

    def visit(self, node):
        return self.new if node is self.old else super().generic_visit(node)


def main():
    options = argparse.ArgumentParser(description="Try random programs in every way there is.")
    options.add_argument("--seconds", type=float, default=600.0, help="how long (default 600)")
    options.add_argument("--seed", type=int, default=1, help="of the first program (default 1)")
    options = options.parse_args()

    def note(count):
        if count % 20 == 0:
            print(f"\r{count:,} programs", end="", flush=True)

    try:
        count = fuzz(options.seed, options.seconds, note=note)
    except Disagreement as error:
        sys.exit(f"\n{error}")
    print(f"\r{count:,} programs, seeds {options.seed} to {options.seed + count - 1}: all agree")


if __name__ == "__main__":
    main()
