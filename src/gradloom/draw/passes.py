"""The forward and the backward pass over a graph, one step at a time.

Takes: the ``View`` of a graph and its root.
Gives: ``passes``: the steps, each with its numbers, which the explorer plays and ``frames`` draws.
Promises: the order is that of ``backward()``, so every sum comes out to the bit as it does there; the
graph and its gradients are as before; where ``backward()`` would raise there is no backward pass, and
``trouble`` says why. Nodes that are not shown take part: what they pass to a shown node is one step.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from gradloom.arithmetic import local_derivatives, refuse, stale_operand
from gradloom.draw.graph import View
from gradloom.engine import Value, order
from gradloom.errors import GradloomError

__all__ = ["Passes", "Step", "passes"]


@dataclass(frozen=True)
class Step:
    """One step; nodes are given by their place in the view.

    ``kind`` says which: "value", a node gets its number; "seed", the root's gradient becomes 1; "edge",
    ``node`` passes a contribution to its operand number ``k``, which is node ``to``; "own", the same by
    a derivative of the user's own; "unseen", nodes that are not shown pass something to ``to``.
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


def passes(view: View, root: Value) -> Passes:
    """Both passes over the shown part of the graph below ``root``."""
    place = {node: i for i, node in enumerate(view.nodes)}
    nodes = order(root)
    forward = tuple(Step("value", place[x]) for x in nodes if x in place and view.operands[place[x]])
    try:
        for node in nodes:
            _check(node)
        steps, grads = _backward(nodes, root, place)
    except GradloomError as error:
        return Passes(forward, (None,) * len(place), str(error))
    return Passes((*forward, *steps), tuple(grads.get(node, 0.0) for node in view.nodes))


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


def _backward(nodes, root, place) -> tuple[list[Step], dict[Value, float]]:
    grads = {root: 1.0}
    steps = [Step("seed", place[root], to=place[root], adds=1.0, total=1.0)]
    unseen: dict[Value, tuple[int, float]] = {}  # how many contributions wait to be told, and the sum of them

    def tell(x):
        if x in unseen:
            count, adds = unseen.pop(x)
            steps.append(Step("unseen", -1, count, place[x], adds=adds, total=grads[x]))

    for node in reversed(nodes):
        if node in place:
            tell(node)
        for kind, k, x, partial, adds in _contributions(node, grads):
            if x in place and node in place:
                tell(x)
            if kind == "edge":
                grads[x] = grads.get(x, 0.0) + adds
            if x not in place:
                continue
            if node in place:
                steps.append(
                    Step(kind, place[node], k, place[x], partial, grads.get(node, 0.0), adds, grads[x])
                )
            else:
                count, sum_ = unseen.get(x, (0, 0.0))
                unseen[x] = count + 1, sum_ + adds
    for x in list(unseen):
        tell(x)
    return steps, grads


def _contributions(node: Value, grads: dict[Value, float]) -> Iterator[tuple[str, int, Value, float, float]]:
    """(kind, number of the operand, operand, local derivative, contribution) of each operand of ``node``."""
    row, operands = node._recipe
    incoming = grads.get(node, 0.0)
    if by_hand(node):
        yield from _own(node, grads)
    elif row is not None:
        numbers = [x.data if isinstance(x, Value) else x for x in operands]
        partials = local_derivatives(row, numbers, node.data)
        for k, (x, partial) in enumerate(zip(operands, partials, strict=False)):
            if isinstance(x, Value):
                taken = not (partial == 0.0 and row.selects)
                yield "edge", k, x, partial, partial * incoming if taken else 0.0


def _own(node: Value, grads: dict[Value, float]) -> Iterator[tuple[str, int, Value, float, float]]:
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
            yield "own", node.operands.index(x), x, 0.0, grad - was
