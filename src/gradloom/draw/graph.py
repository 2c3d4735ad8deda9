"""Which nodes a picture shows, and in which order.

Takes: the root of a graph, or the nodes and edges that a notebook's own ``trace`` found.
Gives: ``trace`` (all nodes and edges, as sets) and ``View``, the part of a graph nearest the root.
Promises: no recursion, so depth does not matter; the order depends on the graph alone, never on
``id`` or hash, so a picture is the same from run to run; each node is visited once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gradloom.engine import Value

__all__ = ["Box", "Frame", "View", "nearest", "trace", "view_from_edges", "view_from_root"]


@dataclass(eq=False)
class Box:
    """Many nodes shown as one; it stands among the nodes of a View."""

    name: str
    scope: bool  # whether it is one, or several equal ones
    times: int  # how many equal parts it has
    count: int  # nodes in it
    grad: float | None  # the norm of the gradients of those that are used outside of it; None: not known
    uses: dict["Value | Box", int]  # the edges from each of its operands
    kind: str = "folded"  # which colours it has
    caption: str = ""  # what is said of it; empty: its count and its gradient
    members: Sequence[Value] = field(default=(), repr=False)  # operands first; without constants
    gives: Sequence[Value] = field(default=(), repr=False)  # those of them that are used outside of it
    around: Sequence[object] = field(default=(), repr=False)  # the parts of models it is in, inner ones first

    @property
    def title(self) -> str:
        return f"{self.name} x {self.times:,}" if self.times > 1 else self.name


@dataclass(frozen=True)
class Frame:
    """A scope whose nodes are shown."""

    name: str
    outside: int  # the frame around it; -1 where there is none
    nodes: tuple["Value | Box", ...]  # directly in it


@dataclass(frozen=True)
class View:
    """The part of a graph that a picture shows."""

    nodes: tuple[Any, ...]  # Values, and Boxes where some are folded; the root first, then nearest first
    operands: tuple[tuple[Any, ...], ...]  # of each node: its operands, shown or not, in order
    missing: int  # nodes further away, which are not shown
    frames: tuple[Frame, ...] = ()  # outer ones first
    heading: str | None = ""  # what is said of the boxes; empty: how much is folded into them; None: nothing
    names: Mapping[Value, str] = field(default_factory=dict)  # of leaves that have no label of their own

    @property
    def boxes(self) -> list[Box]:
        return [x for x in self.nodes if isinstance(x, Box)]


def trace(root):
    """All nodes and edges of the graph below ``root``.

    Parameters
    ----------
    root : Value

    Returns
    -------
    nodes : set of Value
    edges : set of (Value, Value)
        Pairs (operand, result). Both edges of ``a + a`` are one pair here: it is a set.

    Examples
    --------
    >>> from gradloom import Value
    >>> a, b = Value(2.0), Value(3.0)
    >>> nodes, edges = trace(a * b)
    >>> len(nodes), len(edges)
    (3, 2)
    """
    if not isinstance(root, Value):
        raise TypeError(f"trace takes the Value at a graph's end, not {type(root).__name__} ({root!r:.60})")
    nodes, edges, waiting = {root}, set(), [root]
    while waiting:
        node = waiting.pop()
        for x in node.operands:
            edges.add((x, node))
            if x not in nodes:
                nodes.add(x)
                waiting.append(x)
    return nodes, edges


def view_from_root(root: Value, most: int) -> View:
    """The ``most`` nodes nearest ``root``; the rest is counted."""
    nodes = nearest([root], lambda node: node.operands, most)
    return View(nodes, tuple(node.operands for node in nodes), _count(root) - len(nodes))


def view_from_edges(nodes: Iterable[Value], edges: Iterable[tuple[Value, Value]], most: int) -> View:
    """The same for ``nodes`` joined by ``edges``: those that are no operand come first."""
    chosen = set(nodes)
    arriving: dict[Value, list[Value]] = {node: [] for node in chosen}
    inner = set()
    for operand, result in edges:
        if operand in chosen and result in chosen:
            arriving[result].append(operand)
            inner.add(operand)
    operands = {node: _in_order(node, found) for node, found in arriving.items()}
    # A circle has no beginning: whatever no root reaches starts a part of its own.
    roots = sorted(chosen, key=lambda node: (node in inner, -node._stamp))
    shown = nearest(roots, operands.__getitem__, most)
    return View(shown, tuple(operands[node] for node in shown), len(chosen) - len(shown))


def nearest(roots: Sequence[Any], operands: Callable[[Any], Iterable[Any]], most: int) -> tuple[Any, ...]:
    """Breadth first from the first root; from the next one where that reached nothing new."""
    found: dict[Any, None] = {}  # a set that keeps its order
    for root in roots:
        waiting = [root] if root not in found else []
        for node in waiting:
            if len(found) == most:
                break
            if node not in found:
                found[node] = None
                waiting.extend(operands(node))
    return tuple(found)


def _in_order(result: Value, found: list[Value]) -> tuple[Value, ...]:
    """The operands ``found`` for ``result`` in their true order, each as often as it is used."""
    wanted = set(found)
    operands = tuple(x for x in result.operands if x in wanted)
    return operands + tuple(sorted(wanted.difference(operands), key=lambda x: x._stamp))


def _count(root: Value) -> int:
    """How many nodes there are. Constants count, but only a picture makes Values of them."""
    seen, waiting, constants = {root}, [root], 0
    while waiting:
        row, operands = waiting.pop()._recipe
        for x in operands:
            if not isinstance(x, Value):
                constants += 1
            elif x not in seen:
                seen.add(x)
                waiting.append(x)
        if row is not None and row.parameter:  # the 2 of x**2 is no node
            constants -= 1
    return len(seen) + constants
