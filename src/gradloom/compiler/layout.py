# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The loops of the vectoriser, continued: which slot each node gets, and where its operands lie.

Takes and gives: columns (arrays of int32), as in ``program.py`` and ``vectorize.py``.
Promises: nothing is checked; ``vectorize`` hands in what fits. This file is plain Python; where there is
a C compiler the build runs Cython on it, with the types of ``layout.pxd``.
"""

import bisect

import numpy as np

from gradloom.compiler.contraction import column
from gradloom.compiler.vector_program import DOT, STRETCH, SUM

__all__ = ["alike", "allocate", "cuts", "operands", "rising", "stretch", "strides"]


def allocate(start, args, order, bounds, vector, keep, slot, first):
    """Fill ``slot`` for the nodes in ``order``, from ``first`` on; where their blocks begin, and how many
    slots there are in all. Turns round the groups in ``order`` whose operands lie in falling order.

    A vector group gets a block of neighbours, which is free when all of them are. The result of a
    single instruction may take the place of its operand; that of a vector instruction may not.
    """
    n, steps = len(start) - 1, len(bounds) - 1
    last = column(n, -1)  # the position in `order` of a node's last use
    block_of = column(n, -1)
    for g in range(steps):
        for p in range(bounds[g], bounds[g + 1]):
            i = order[p]
            for k in range(start[i], start[i + 1]):
                last[args[k]] = bounds[g] if vector[g] else p
            if vector[g]:
                block_of[i] = g
    alive, block_slot = column(steps), column(steps)  # members of a block that are still read; where it is
    single, free = column(n), 0  # free single slots
    holes, top = Holes(), first
    for g in range(steps):
        size = bounds[g + 1] - bounds[g]
        if vector[g]:
            _ascending(start, args, order, bounds[g], bounds[g + 1], slot)
            block = holes.take(size)
            if block < 0:
                block = top
                top += size
            block_slot[g], alive[g] = block, size
            for p in range(bounds[g], bounds[g + 1]):
                slot[order[p]] = block + p - bounds[g]
        for p in range(bounds[g], bounds[g + 1]):
            i = order[p]
            now = bounds[g] if vector[g] else p
            for k in range(start[i], start[i + 1]):
                x = args[k]
                if last[x] == now and not keep[x] and slot[x] >= first:
                    last[x] = -2
                    if block_of[x] < 0:
                        single[free] = slot[x]
                        free += 1
                    else:
                        b = block_of[x]
                        alive[b] -= 1
                        if alive[b] == 0:
                            holes.give(block_slot[b], bounds[b + 1] - bounds[b])
            if not vector[g]:
                if free:
                    free -= 1
                    slot[i] = single[free]
                else:
                    slot[i] = top
                    top += 1
    home = column(n)
    for i in range(n):
        home[i] = slot[i]
    for g in range(steps):
        if vector[g]:
            for p in range(bounds[g], bounds[g + 1]):
                home[order[p]] = block_slot[g]
    return np.asarray(home), top


def _ascending(start, args, order, begin, end, slot):
    """Turn a group round whose operands lie in falling order, as those of a reverse sweep do."""
    falls = 0
    for p in range(begin, end - 1):
        a, b = start[order[p]], start[order[p + 1]]
        for k in range(start[order[p] + 1] - a):
            if slot[args[b + k]] < slot[args[a + k]]:
                falls += 1
            elif slot[args[b + k]] > slot[args[a + k]]:
                falls -= 1
    if falls > 0:
        for p in range((end - begin) // 2):
            order[begin + p], order[end - 1 - p] = order[end - 1 - p], order[begin + p]


class Holes:
    """Free blocks of slots; neighbouring ones become one."""

    def __init__(self):
        self.ranked = []  # type: list[tuple[int, int]]  # size and slot, in order
        self.sizes = {}  # type: dict[int, int]  # by slot
        self.ends = {}  # type: dict[int, int]  # the slot of the hole that ends before this one

    def take(self, size):
        """The slot of a block: from the first of the smallest holes that are large enough; or -1."""
        at = bisect.bisect_left(self.ranked, (size, -1))
        if at == len(self.ranked):
            return -1
        room, slot = self.ranked[at]
        self.remove(slot)
        if room > size:
            self.add(slot + size, room - size)
        return slot

    def give(self, slot, size):
        """``size`` slots from ``slot`` on are free again."""
        if slot + size in self.sizes:
            size += self.remove(slot + size)
        if slot in self.ends:
            before = self.ends[slot]
            size += self.remove(before)
            slot = before
        self.add(slot, size)

    def add(self, slot, size):
        bisect.insort(self.ranked, (size, slot))
        self.sizes[slot], self.ends[slot + size] = size, slot

    def remove(self, slot):
        """Forget the hole at ``slot``: its size."""
        size = self.sizes.pop(slot)
        del self.ends[slot + size], self.ranked[bisect.bisect_left(self.ranked, (size, slot))]
        return size


def stretch(op, start, args, exact, nodes, slot, level):
    """The words of a STRETCH: for each instruction its opcode, slot of the result, slots of the operands.

    The terms of a sum come in the order in which they are ready, so that it waits for the last alone;
    those of an exact one stay as they are.
    """
    size = 2
    for p in range(len(nodes)):
        size += 3 + start[nodes[p] + 1] - start[nodes[p]]
    words, w = column(size), 2
    for p in range(len(nodes)):
        i = nodes[p]
        words[w], words[w + 1] = op[i], slot[i]
        w += 2
        if op[i] == SUM or op[i] == DOT:
            each = 2 if op[i] == DOT else 1
            words[w] = (start[i + 1] - start[i]) // each
            w += 1
            for k in range(start[i], start[i + 1], each):
                ready = max(level[args[k]], level[args[k + each - 1]])
                t = k  # the terms before it that are ready later move up by one
                while (
                    not exact[i] and t > start[i] and max(level[args[t - each]], level[args[t - 1]]) > ready
                ):
                    for j in range(each):
                        args[t + j], args[t + j - each] = args[t + j - each], args[t + j]
                    t -= each
        for k in range(start[i], start[i + 1]):
            words[w] = slot[args[k]]
            w += 1
    words[0], words[1] = STRETCH, w
    return np.asarray(words)[:w]


def cuts(start, args, nodes, home):
    """The places in ``nodes``, a group, where an operand begins to come from another block."""
    found, m = column(len(nodes)), 0
    for p in range(1, len(nodes)):
        a, b = start[nodes[p - 1]], start[nodes[p]]
        k, width = 0, start[nodes[p] + 1] - b
        while k < width and home[args[a + k]] == home[args[b + k]]:
            k += 1
        if k < width:
            found[m] = p
            m += 1
    return np.asarray(found)[:m]


def operands(start, args, nodes, slot, home, each, turns):
    """int32 (each, lanes, terms): the slots that a vector instruction reads, ``each`` for a term.

    With ``turns`` the factors of products are turned so that those come second that neighbouring lanes share;
    else those whose block lies behind the other's.
    """
    lanes = len(nodes)
    terms = (start[nodes[0] + 1] - start[nodes[0]]) // each
    found = column(each * lanes * terms)
    for p in range(lanes):
        for t in range(terms):
            k = start[nodes[p]] + t * each
            for j in range(each):
                found[(j * lanes + p) * terms + t] = slot[args[k + j]]
            if turns:
                x, y = args[k], args[k + 1]
                stays = _stays(start, args, nodes, slot, p, t * each)
                if stays == _stays(start, args, nodes, slot, p, t * each + 1):
                    stays = home[y] < home[x]
                if stays:
                    found[p * terms + t], found[(lanes + p) * terms + t] = slot[y], slot[x]
    return np.asarray(found).reshape(each, lanes, terms)


def _stays(start, args, nodes, slot, p, k):
    """Whether operand ``k`` of lane ``p`` is in the same slot as that of the lane before it or behind it."""
    here = slot[args[start[nodes[p]] + k]]
    if p > 0 and slot[args[start[nodes[p - 1]] + k]] == here:
        return True
    return p + 1 < len(nodes) and slot[args[start[nodes[p + 1]] + k]] == here


def rising(rows):
    """Whether each of ``rows`` ascends, no number twice."""
    for p in range(len(rows)):
        for t in range(1, rows.shape[1]):
            if rows[p, t] <= rows[p, t - 1]:
                return False
    return True


def alike(rows):
    """Whether all of ``rows`` differ from the first by a number each."""
    for p in range(1, len(rows)):
        for t in range(1, rows.shape[1]):
            if rows[p, t] - rows[p, 0] != rows[0, t] - rows[0, 0]:
                return False
    return True


def strides(places):
    """``(base, period, outer, inner)`` of slots so spaced; ``period`` below 0 where only its rows are."""
    n = len(places)
    base = places[0]
    if n == 1:
        return base, 1, 0, 0
    inner = places[1] - base
    period = 2
    while period < n and places[period] - places[period - 1] == inner:
        period += 1
    if period == n:
        return base, n, 0, inner
    if n % period:
        return base, -1, 0, 0
    outer = places[period] - base
    regular = True
    for row in range(period, n, period):
        if places[row] - places[row - period] != outer:
            regular = False
        for i in range(row + 1, row + period):
            if places[i] - places[i - 1] != inner:
                return base, -1, 0, 0
    return base, period if regular else -period, outer, inner
