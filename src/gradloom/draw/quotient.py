"""A graph whose nodes are groups of another graph's nodes.

Takes: a ``Network``, some of its nodes, and the parts that they are divided into.
Gives: ``Quotient``: the edges between the parts, how far each is from the result, and which are alike.
Promises: no recursion; a cycle between the parts (which only Values made by hand, or made by two threads in
one scope, can have) ends no loop.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from gradloom.draw.network import Network

__all__ = ["Quotient", "distances"]


class Quotient:
    """The parts of some nodes of ``net``; a part is the place of a node, or has places in ``.nodes``."""

    def __init__(self, net: Network, nodes: np.ndarray, parts: Sequence[Any]):
        self.net, self.parts = net, parts
        self.owner = np.full(len(net), -1)
        self._single = np.array([isinstance(x, int) for x in parts], dtype=bool)
        places = np.flatnonzero(self._single)
        self.owner[[parts[i] for i in places.tolist()]] = places
        for i in np.flatnonzero(~self._single).tolist():
            self.owner[parts[i].nodes] = i
        self._nodes = nodes
        operands, results = net.edges(nodes)
        src, dst = self.owner[operands], self.owner[results]
        different = (src != dst) & (src >= 0) & (dst >= 0)
        pairs, self.counts = np.unique(src[different] * len(parts) + dst[different], return_counts=True)
        self.src, self.dst = np.divmod(pairs, max(len(parts), 1))

    def edges(self) -> int:
        return len(self.src)

    def size(self, i: int) -> int:
        return 1 if self._single[i] else len(self.parts[i].nodes)

    @cached_property
    def distance(self) -> np.ndarray:
        """Of each part, the most steps to the end."""
        return distances(len(self.parts), self.src, self.dst)

    def signatures(self) -> np.ndarray:
        """A number for each part that tells which operations it has, and how many of each."""
        weights = np.random.default_rng(0).integers(1, 1 << 62, len(self.net.operations), dtype=np.uint64)
        found = np.zeros(len(self.parts), dtype=np.uint64)
        nodes = self._nodes[self.owner[self._nodes] >= 0]
        own = weights[self.net.codes[nodes]] + np.uint64(3) * self.net.constants[nodes].astype(np.uint64)
        np.add.at(found, self.owner[nodes], own)
        return found

    def heads(self) -> list[int]:
        """For each part where it goes: a node that serves a single other node, to where that one goes."""
        uses = np.bincount(self.src, minlength=len(self.parts))
        head = list(range(len(self.parts)))
        serves = (uses[self.src] == 1) & self._single[self.src] & self._single[self.dst]
        src, dst = self.src[serves], self.dst[serves]
        order = np.argsort(self.distance[src], kind="stable")  # those nearer to the end first
        for s, d in zip(src[order].tolist(), dst[order].tolist(), strict=True):
            head[s] = head[d]
        return head


def distances(n: int, src: np.ndarray, dst: np.ndarray) -> np.ndarray:
    """The longest way from each of ``n`` things, along edges src -> dst, to one that has none.

    Examples
    --------
    >>> distances(3, np.array([0, 0, 1]), np.array([1, 2, 2])).tolist()
    [2, 1, 0]
    """
    rank = np.arange(n) if (src < dst).all() else _ranks(n, src, dst)
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
    by_source = np.argsort(src, kind="stable")
    begin = np.searchsorted(src[by_source], np.arange(n + 1)).tolist()
    to = dst[by_source].tolist()
    waits = np.bincount(dst, minlength=n).tolist()
    ready = [i for i in range(n) if waits[i] == 0]
    for i in ready:
        for k in range(begin[i], begin[i + 1]):
            waits[to[k]] -= 1
            if waits[to[k]] == 0:
                ready.append(to[k])
    rank = np.full(n, -1)
    rank[ready] = np.arange(len(ready))
    rank[rank < 0] = np.arange(len(ready), n)
    return rank
