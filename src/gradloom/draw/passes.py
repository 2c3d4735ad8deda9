"""The forward and the backward pass over a graph, one step at a time.

Takes: the ``View`` of a graph and its root.
Gives: ``passes``: the steps, each with its numbers, which the explorer plays and ``frames`` draws.
Promises: the order is that of ``backward()``, so every sum comes out to the bit as it does there; the
graph and its gradients are as before; where ``backward()`` would raise there is no backward pass, and
``trouble`` says why. Nodes that are not shown take part: what they pass to a shown node is one step.
A Box of many nodes is one step forward; its gradient is the norm of those at what it gives to others.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gradloom.arithmetic import local_derivatives, refuse, stale_operand
from gradloom.draw.graph import Box, View
from gradloom.engine import Value, order
from gradloom.errors import GradloomError

__all__ = ["Passes", "Step", "in_order", "norm", "passes"]


@dataclass(frozen=True)
class Step:
    """One step; nodes are given by their place in the view.

    ``kind`` says which: "value", a node gets its number; "seed", the root's gradient becomes 1; "edge",
    ``node`` passes a contribution to its operand number ``k``, which is node ``to``; "own", the same by
    a derivative of the user's own; "unseen", ``k`` contributions to ``to`` come from the Box ``node``, or
    (-1) from nodes that are not in the view; "into", ``node`` passes a contribution to its operand number
    ``k``, which is in the Box ``to``; "between", the Box ``node`` passes ``k`` contributions to the Box
    ``to``.
    """

    kind: str
    node: int
    k: int = 0
    to: int = 0
    partial: float = 0.0
    incoming: float = 0.0
    adds: float = 0.0  # local derivative x incoming gradient
    total: float = 0.0  # the gradient of ``to`` after it


@dataclass(frozen=True)
class Passes:
    """The steps of both passes, the gradients at their end, and why there is no backward pass, if so."""

    steps: tuple[Step, ...]
    grads: tuple[float | None, ...]  # None: not known
    trouble: str = ""
    all_grads: Mapping[Value, float] = field(default_factory=dict)  # of what is not shown, too


def passes(view: View, root: Value, turns: Iterable[int] | None = None) -> Passes:
    """Both passes over the shown part of the graph below ``root``, the forward one in the order ``turns``."""
    place = {node: i for i, node in enumerate(view.nodes)}
    many = {place[box]: len(box.members) for box in view.boxes}
    where = place | {x: i for i in many for x in view.nodes[i].members}
    nodes = order(root)
    turns = in_order(view, root) if turns is None else turns
    forward = tuple(Step("value", i) for i in turns if _is_computed(view, i))
    try:
        for node in nodes:
            _check(node)
        steps, grads, all_grads = _backward(nodes, root, where, many)
        grads |= {place[box]: norm(box, all_grads) for box in view.boxes}
    except GradloomError as error:
        return Passes(forward, (None,) * len(place), str(error))
    return Passes((*forward, *steps), tuple(grads.get(i, 0.0) for i in range(len(place))), "", all_grads)


def _is_computed(view: View, i: int) -> bool:
    node = view.nodes[i]
    return bool(view.operands[i]) or (isinstance(node, Box) and any(x._recipe[1] for x in node.members))


def in_order(view: View, root: Value) -> list[int]:
    """The places of the view: first what is given, then what is computed, each after its operands."""
    place = {node: i for i, node in enumerate(view.nodes)}
    turns = _order(view, place) if view.boxes else [place[x] for x in order(root) if x in place]
    given = [i for i in range(len(view.nodes)) if not _is_computed(view, i)]
    return given + [i for i in turns if _is_computed(view, i)]


def _order(view: View, place: dict) -> list[int]:
    """Each after its operands."""
    done: dict[int, None] = {}
    begun: set[int] = set()
    waiting = list(range(len(view.nodes)))[::-1]
    while waiting:
        i = waiting[-1]
        if i in begun:
            waiting.pop()
            done.setdefault(i)
        else:
            begun.add(i)
            waiting += [
                j for x in reversed(view.operands[i]) if (j := place.get(x, -1)) >= 0 and j not in begun
            ]
    return list(done)


def by_hand(node: Value) -> bool:
    """Whether the user wrote this node's step of the chain rule."""
    return node._handmade is not None or type(node)._backward is not Value._backward


def _check(node: Value) -> None:
    row, operands = node._recipe
    if by_hand(node) or not operands:
        return
    if row is None:
        refuse("underived", node)
    younger = stale_operand(node, row, operands)
    if younger is not None:
        refuse("stale", node, younger)


def _backward(nodes, root, where, many) -> tuple[list[Step], dict[int, float], dict[Value, float]]:
    """The steps, the gradient of each place, and that of each Value.

    ``where``: the place of each Value, its own or that of the Box it is in;
    ``many``: how many are in each Box.
    """
    grads = {root: 1.0}
    reached = {root}  # as backward() has it: what nothing was passed on to passes nothing on
    steps = [Step("seed", where[root], to=where[root], adds=1.0, total=1.0)]
    told: dict[int, float] = {where[root]: 1.0}  # the gradient of what is drawn alone, as told
    unseen: dict[
        int, dict[int, tuple[int, float]]
    ] = {}  # what waits to be told: to, from -> how many, their sum
    between: Counter[tuple[int, int]] = Counter()
    left = dict(many)  # of each Box, the nodes whose turn is to come

    def tell(to, x):
        waiting = unseen.pop(to, {})
        for last, (source, (count, adds)) in enumerate(waiting.items(), 1 - len(waiting)):
            told[to] = grads[x] if last == 0 else told.get(to, 0.0) + adds  # the sum as backward() has it
            steps.append(Step("unseen", source, count, to, adds=adds, total=told[to]))

    for node in reversed(nodes):
        at = where.get(node, -1)
        alone = at >= 0 and at not in many
        if alone:
            tell(at, node)
        for kind, k, x, partial, adds, taken in _contributions(node, grads, node in reached):
            to = where.get(x, -1)
            if alone and to not in many:
                tell(to, x)
            if kind == "edge":
                grads[x] = grads.get(x, 0.0) + adds
            if taken:
                reached.add(x)
            if to < 0 or to == at:
                continue
            if to in many:
                if alone:
                    steps.append(Step("into", at, k, to, partial, grads.get(node, 0.0), adds))
                else:
                    between[at, to] += 1
            elif alone:
                told[to] = grads[x]
                steps.append(Step(kind, at, k, to, partial, grads.get(node, 0.0), adds, grads[x]))
            else:
                waiting = unseen.setdefault(to, {})
                count, sum_ = waiting.get(at, (0, 0.0))
                waiting[at] = count + 1, sum_ + adds
        if at in many:
            left[at] -= 1
            if left[at] == 0:
                done = [pair for pair in between if pair[0] == at]
                steps += [Step("between", at, between.pop(pair), pair[1]) for pair in done]
    found = {where[x]: grad for x, grad in grads.items() if x in where and where[x] not in many}
    return steps, found, grads


def norm(box: Box, grads: Mapping[Value, float]) -> float:
    """The norm of the gradients of what a box gives to others."""
    return math.hypot(*(grads.get(x, 0.0) for x in box.gives))


def _contributions(
    node: Value, grads: dict[Value, float], reached: bool
) -> Iterator[tuple[str, int, Value, float, float, bool]]:
    """(kind, number of the operand, operand, local derivative, contribution, whether it is taken) of each
    operand of ``node``."""
    row, operands = node._recipe
    incoming = grads.get(node, 0.0)
    reached = reached or incoming != 0.0
    if by_hand(node):
        if reached:
            yield from _own(node, grads)
    elif row is not None:
        numbers = [x.data if isinstance(x, Value) else x for x in operands]
        partials = local_derivatives(row, numbers, node.data)
        for k, (x, partial) in enumerate(zip(operands, partials, strict=False)):
            if isinstance(x, Value):
                taken = reached and not (partial == 0.0 and row.selects)
                yield "edge", k, x, partial, partial * incoming if taken else 0.0, taken


def _own(node: Value, grads: dict[Value, float]) -> Iterator[tuple[str, int, Value, float, float, bool]]:
    """What the user's ``_backward`` adds: it is run on the gradients so far, which are put back after it."""
    touched = list(dict.fromkeys((node, *node.operands)))
    before = [x.grad for x in touched]
    try:
        for x in touched:
            x.grad = grads.get(x, 0.0)
        node._backward()
        after = [x.grad for x in touched]
    finally:
        for x, grad in zip(touched, before, strict=True):
            x.grad = grad
    for x, grad in zip(touched, after, strict=True):
        if x is not node:
            was = grads.get(x, 0.0)
            grads[x] = grad
            yield "own", node.operands.index(x), x, 0.0, grad - was, True
