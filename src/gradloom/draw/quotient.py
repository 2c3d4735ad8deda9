"""A graph whose nodes are groups of another graph's nodes.

Takes: a ``Network``, and the parts into which its nodes, or some of them, are divided.
Gives: ``Parts``, single nodes and groups side by side; ``Quotient``: the edges between them, how far each
is from the leaves and from the result, which are alike, and which serve a single other one.
Promises: no recursion; a cycle between the parts (which only Values made by hand, or made by two threads in
one scope, can have) ends no loop.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from gradloom.draw.network import Network

__all__ = ["Parts", "Quotient", "distances"]


@dataclass(eq=False)
class Parts:
    """What is side by side: part i is the node ``nodes[i]``, those after them are groups with ``.nodes``."""

    nodes: np.ndarray
    groups: list[Any] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.nodes) + len(self.groups)

    def take(self, some: np.ndarray) -> "Parts":
        """The parts of these numbers."""
        n = len(self.nodes)
        return Parts(self.nodes[some[some < n]], [self.groups[i - n] for i in some[some >= n].tolist()])

    def all_nodes(self) -> np.ndarray:
        return np.sort(np.concatenate([self.nodes, *(group.nodes for group in self.groups)]))


class Quotient:
    """The parts of a graph as a graph."""

    def __init__(self, net: Network, parts: Parts):
        self.net, self.parts = net, parts
        n = len(parts)
        self.owner = np.full(len(net), -1)
        self.owner[parts.nodes] = np.arange(len(parts.nodes))
        for i, group in enumerate(parts.groups, len(parts.nodes)):
            self.owner[group.nodes] = i
        operands, results = net.edges(np.flatnonzero(self.owner >= 0))
        src, dst = self.owner[operands], self.owner[results]
        different = (src != dst) & (src >= 0)
        pairs, self.counts = np.unique(src[different] * n + dst[different], return_counts=True)
        self.src, self.dst = np.divmod(pairs, max(n, 1))

    @cached_property
    def distance(self) -> np.ndarray:
        """Of each part, the most steps to the end."""
        return distances(len(self.parts), self.src, self.dst)

    def alike(self) -> np.ndarray:
        """A number for each part: equal for those that have the same operations, as many of each, at the same
        height above the leaves; of a leaf, for those whose uses are at the same heights."""
        height = distances(len(self.parts), self.dst, self.src)
        lowest, highest = height.copy(), height.copy()
        leaf = np.zeros(len(self.parts), dtype=bool)
        leaf[: len(self.parts.nodes)] = self.net.codes[self.parts.nodes] == 0
        used = leaf[self.src]
        lowest[leaf] = len(self.parts)
        np.minimum.at(lowest, self.src[used], height[self.dst[used]])
        np.maximum.at(highest, self.src[used], height[self.dst[used]])
        random = np.random.default_rng(0)
        weights = random.integers(1, 1 << 62, len(self.net.operations), dtype=np.uint64)
        scale = random.integers(1, 1 << 62, 4, dtype=np.uint64) | np.uint64(1)
        nodes = np.flatnonzero(self.owner >= 0)
        found = np.zeros(len(self.parts), dtype=np.uint64)
        own = weights[self.net.codes[nodes]] + scale[0] * self.net.constants[nodes].astype(np.uint64)
        np.add.at(found, self.owner[nodes], own)
        for column, by in zip((lowest, highest, leaf), scale[1:], strict=True):
            found = (found ^ (column.astype(np.uint64) * by)) * scale[1] + by
        return found

    def heads(self, same_operation: bool) -> np.ndarray:
        """For each part where it goes: a node that serves a single other node, to where that one goes."""
        n, codes = len(self.parts.nodes), self.net.codes[self.parts.nodes]
        uses = np.bincount(self.src, minlength=len(self.parts))
        serves = (uses[self.src] == 1) & (self.src < n) & (self.dst < n)
        src, dst = self.src[serves], self.dst[serves]
        if same_operation:
            src, dst = src[codes[src] == codes[dst]], dst[codes[src] == codes[dst]]
        head = np.arange(len(self.parts))
        head[src] = dst
        for _ in range(len(head).bit_length()):  # twice as far each time
            head = head[head]
        return head


def distances(n: int, src: np.ndarray, dst: np.ndarray) -> np.ndarray:
    """The longest way from each of ``n`` things, along edges src -> dst, to one that has none.

    Examples
    --------
    >>> distances(3, np.array([0, 0, 1]), np.array([1, 2, 2])).tolist()
    [2, 1, 0]
    """
    rank = _ranks(n, src, dst)
    onward = rank[src] < rank[dst]
    src, dst = src[onward], dst[onward]
    found = [0] * n
    order = np.argsort(-rank[dst], kind="stable")
    for s, d in zip(src[order].tolist(), dst[order].tolist(), strict=True):
        if found[d] >= found[s]:
            found[s] = found[d] + 1
    return np.array(found, dtype=np.int64)


def _ranks(n: int, src: np.ndarray, dst: np.ndarray) -> np.ndarray:
    """An order in which each thing comes after those with edges to it; those in a cycle come last."""
    if (src < dst).all():
        return np.arange(n)
    if (src > dst).all():
        return np.arange(n)[::-1]
    by_source = np.argsort(src, kind="stable")
    begin = np.searchsorted(src[by_source], np.arange(n + 1)).tolist()
    to = dst[by_source].tolist()
    waits = np.bincount(dst, minlength=n).tolist()
    ready = [i for i in range(n) if waits[i] == 0]
    for i in ready:
        for k in to[begin[i] : begin[i + 1]]:
            waits[k] -= 1
            if waits[k] == 0:
                ready.append(k)
    rank = np.full(n, -1)
    rank[ready] = np.arange(len(ready))
    rank[rank < 0] = np.arange(len(ready), n)
    return rank
