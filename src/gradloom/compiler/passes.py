"""The loops of the vectoriser: those in which each step depends on the one before.

Takes and gives: columns (arrays of int32), as in ``program.py`` and ``vectorize.py``.
Promises: plain Python that runs as it is; the build compiles this file, with the types of
``passes.pxd``, so that each loop takes some nanoseconds a node.
"""

import numpy as np


def ancestors(start, args, roots):
    """int32 (n,): 1 for the nodes that ``roots`` are made from, and for these."""
    n = len(start) - 1
    result = np.zeros(n, dtype=np.int32)
    if not len(roots):
        return result
    result[roots] = 1
    found, begin, operand = result, start, args
    for i in range(n - 1, -1, -1):
        if found[i]:
            for k in range(begin[i], begin[i + 1]):
                found[operand[k]] = 1
    return result


def levels(start, args, least):
    """int32 (n,): the depth of each node, 0 without operands; or what ``least`` says, if that is more."""
    n = len(start) - 1
    result = np.zeros(n, dtype=np.int32)
    level, begin, operand = result, start, args
    for i in range(n):
        deepest = least[i]
        for k in range(begin[i], begin[i + 1]):
            if level[operand[k]] >= deepest:
                deepest = level[operand[k]] + 1
        level[i] = deepest
    return result


def sink(start, args, nodes, begins, vector, level):
    """int32: for each of ``nodes`` (sorted into groups), the level just before its first use.

    The members of a vector group stay together. What nothing uses but the caller stays where it is.
    """
    n = len(start) - 1
    unused = 2147483647
    before = np.full(n, unused, dtype=np.int32)
    result = np.zeros(len(nodes), dtype=np.int32)
    bound, place, begin, operand = before, result, start, args
    for g in range(len(begins) - 2, -1, -1):
        earliest = unused
        if vector[g]:
            for p in range(begins[g], begins[g + 1]):
                if bound[nodes[p]] < earliest:
                    earliest = bound[nodes[p]]
        for p in range(begins[g], begins[g + 1]):
            i = nodes[p]
            at = earliest if vector[g] else bound[i]
            if at == unused:
                at = level[i]
            place[p] = at
            for k in range(begin[i], begin[i + 1]):
                if bound[operand[k]] > at - 1:
                    bound[operand[k]] = at - 1
    return result


def allocate(start, args, order, bounds, vector, keep, slot, first):
    """Fill ``slot`` for the nodes in ``order``, from ``first`` on; where their blocks begin, and how many
    slots there are in all. Turns round the groups in ``order`` whose operands lie in falling order.

    A vector group gets a block of neighbours, which is free when all of them are. The result of a
    single instruction may take the place of its operand; that of a vector instruction may not.
    """
    n, steps = len(start) - 1, len(bounds) - 1
    last = np.full(n, -1, dtype=np.int32)  # the position in `order` of a node's last use
    block_of = np.full(n, -1, dtype=np.int32)
    for g in range(steps):
        for p in range(bounds[g], bounds[g + 1]):
            i = order[p]
            for k in range(start[i], start[i + 1]):
                last[args[k]] = bounds[g] if vector[g] else p
            if vector[g]:
                block_of[i] = g
    alive = np.zeros(steps, dtype=np.int32)  # members of a block that are still read
    block_slot = np.zeros(steps, dtype=np.int32)
    singles = []  # free single slots
    holes = []  # free blocks as [slot, size], in order
    top = first
    for g in range(steps):
        size = bounds[g + 1] - bounds[g]
        if vector[g]:
            _ascending(start, args, order, bounds[g], bounds[g + 1], slot)
            top, block = _take(holes, size, top)
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
                        singles.append(slot[x])
                    else:
                        b = block_of[x]
                        alive[b] -= 1
                        if alive[b] == 0:
                            _give(holes, block_slot[b], bounds[b + 1] - bounds[b])
            if not vector[g]:
                if singles:
                    slot[i] = singles.pop()
                else:
                    slot[i] = top
                    top += 1
    home = slot.copy()
    for g in range(steps):
        if vector[g]:
            for p in range(bounds[g], bounds[g + 1]):
                home[order[p]] = block_slot[g]
    return home, top


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
        order[begin:end] = order[begin:end][::-1].copy()


def _take(holes, size, top):
    """A block of ``size`` slots: the smallest hole that is large enough, or new ones at the top."""
    best, best_size = -1, 2147483647
    for h in range(len(holes)):
        if size <= holes[h][1] < best_size:
            best, best_size = h, holes[h][1]
    if best < 0:
        return top + size, top
    block = holes[best][0]
    if best_size == size:
        del holes[best]
    else:
        holes[best][0] += size
        holes[best][1] -= size
    return top, block


def _give(holes, block, size):
    """``size`` slots from ``block`` on are free again; neighbouring holes become one."""
    h = 0
    while h < len(holes) and holes[h][0] < block:
        h += 1
    holes.insert(h, [block, size])
    if h + 1 < len(holes) and block + size == holes[h + 1][0]:
        holes[h][1] += holes[h + 1][1]
        del holes[h + 1]
    if h > 0 and holes[h - 1][0] + holes[h - 1][1] == block:
        holes[h - 1][1] += holes[h][1]
        del holes[h]


def stretch(op, start, args, nodes, slot, summed, dotted):
    """The words of single instructions: opcode, slot of the result, slots of the operands."""
    words = np.empty(3 * len(nodes) + (start[nodes + 1] - start[nodes]).sum(), dtype=np.int32)
    w = 0
    for p in range(len(nodes)):
        i = nodes[p]
        words[w], words[w + 1] = op[i], slot[i]
        w += 2
        if op[i] == summed or op[i] == dotted:
            words[w] = (start[i + 1] - start[i]) // (2 if op[i] == dotted else 1)
            w += 1
        for k in range(start[i], start[i + 1]):
            words[w] = slot[args[k]]
            w += 1
    return words[:w]


def strides(column):
    """``(base, period, outer, inner)`` of slots so spaced; ``period`` below 0 where only its rows are."""
    n = len(column)
    base = column[0]
    if n == 1:
        return base, 1, 0, 0
    inner = column[1] - base
    period = 2
    while period < n and column[period] - column[period - 1] == inner:
        period += 1
    if period == n:
        return base, n, 0, inner
    if n % period:
        return base, -1, 0, 0
    outer = column[period] - base
    regular = True
    for row in range(period, n, period):
        if column[row] - column[row - period] != outer:
            regular = False
        for i in range(row + 1, row + period):
            if column[i] - column[i - 1] != inner:
                return base, -1, 0, 0
    return base, period if regular else -period, outer, inner
