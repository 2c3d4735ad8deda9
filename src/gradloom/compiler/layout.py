# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The loops of the vectoriser: the steps in which what is done for a node depends on those before it.

Takes and gives: columns (arrays of int32), as in ``program.py`` and ``vectorize.py``.
Promises: nothing is checked; ``vectorize`` hands in what fits. This file is plain Python; where there is
a C compiler the build runs Cython on it, with the types of ``layout.pxd``.
"""

import numpy as np

from gradloom.compiler.columns import view
from gradloom.compiler.program import INPUT, OPCODES
from gradloom.compiler.vector_program import DOT, MULADD, MULSUB, SUBMUL, SUM

ADD, SUB, MUL = OPCODES["add"], OPCODES["sub"], OPCODES["mul"]
NEVER = 2147483647


def column(n, fill=0):
    """A column of ``n`` numbers."""
    return view(np.full(n, fill, dtype=np.int32))


def ancestors(start, args, roots):
    """1 for the nodes that ``roots`` are made from, and for these."""
    n = len(start) - 1
    found = column(n)
    for i in range(len(roots)):
        found[roots[i]] = 1
    for i in range(n - 1, -1, -1):
        if found[i]:
            for k in range(start[i], start[i + 1]):
                found[args[k]] = 1
    return found


def contract(code, start, args, outputs, conditions, same_order):
    """Sums of many terms, dot products and multiply-adds: the columns op, start and args of the nodes
    that are left, and for each node of the Program its new number, or -1.

    An addition is merged into the one that is its only user. A tree of additions with two products or
    more, each used only there, is a DOT; it takes the place of the last of them where there are other
    terms too. One product and one other term are a MULADD, which rounds as the two operations do.
    """
    n = len(code)
    kept, fixed = ancestors(start, args, outputs), ancestors(start, args, conditions)
    uses, user = column(n), column(n)
    for i in range(len(outputs)):
        uses[outputs[i]] += 2  # never part of something else
    for i in range(len(conditions)):
        uses[conditions[i]] += 2
    for i in range(n):
        kept[i] |= fixed[i]
        if same_order:
            fixed[i] = 1
        if kept[i]:
            for k in range(start[i], start[i + 1]):
                uses[args[k]] += 1
                user[args[k]] = i
    root = column(n)
    for i in range(n - 1, -1, -1):
        root[i] = i
        if code[i] == ADD and kept[i] and uses[i] == 1 and code[user[i]] == ADD and not fixed[user[i]]:
            root[i] = root[user[i]]
    # the terms of each tree, in order: `term` from `first` of its root on
    terms, products, place, dot = column(n), column(n), column(n), column(n, -1)
    for i in range(n):
        if code[i] == ADD and kept[i]:
            r = root[i]
            for k in range(start[i], start[i + 1]):
                x = args[k]
                if root[x] == x or root[x] != r:
                    terms[r] += 1
                    if code[x] == MUL and uses[x] == 1 and not fixed[r]:
                        products[r] += 1
                        if x > dot[r]:
                            dot[r] = x
    first, total = column(n + 1), 0
    for i in range(n):
        first[i] = place[i] = total
        total += terms[i]
        if products[i] < 2:
            dot[i] = -1
        elif products[i] == terms[i]:
            dot[i] = i
    first[n] = total
    term = column(total)
    for i in range(n):
        if code[i] == ADD and kept[i]:
            r = root[i]
            for k in range(start[i], start[i + 1]):
                x = args[k]
                if root[x] == x or root[x] != r:
                    term[place[r]] = x
                    place[r] += 1
    # what is absorbed: 1 into a dot, 2 into a multiply-add
    absorbed = column(n)
    for i in range(n):
        if not kept[i] or root[i] != i:
            continue
        if dot[i] >= 0:
            for t in range(first[i], first[i + 1]):
                x = term[t]
                if code[x] == MUL and uses[x] == 1:
                    absorbed[x] = 1
        elif code[i] == SUB or (code[i] == ADD and terms[i] == 2):
            right, left = args[start[i + 1] - 1], args[start[i]]
            if code[right] == MUL and uses[right] == 1 and not absorbed[right]:
                absorbed[right] = 2
            elif code[left] == MUL and uses[left] == 1 and not absorbed[left]:
                absorbed[left] = 2
    # written in order; a dot stands where its last product stood, or its sum
    owner = column(n, -1)
    for i in range(n):
        if dot[i] >= 0:
            owner[dot[i]] = i
    op, begin, operand, number = column(n), column(n + 1), column(len(args) + n), column(n, -1)
    m, w = 0, 0
    for i in range(n):
        r = owner[i]
        if not kept[i] and code[i] != INPUT:
            continue
        if root[i] != i or (absorbed[i] and r < 0):
            continue
        op[m] = code[i]
        if r >= 0:
            op[m] = DOT
            for t in range(first[r], first[r + 1]):
                x = term[t]
                if absorbed[x]:
                    operand[w], operand[w + 1] = number[args[start[x]]], number[args[start[x] + 1]]
                    w += 2
        elif dot[i] >= 0 or terms[i] > 2:
            op[m] = SUM
            if dot[i] >= 0:
                operand[w] = number[dot[i]]
                w += 1
                if terms[i] - products[i] == 1:
                    op[m] = ADD
            for t in range(first[i], first[i + 1]):
                x = term[t]
                if not absorbed[x]:
                    operand[w] = number[x]
                    w += 1
        else:
            x = -1  # the product that is absorbed, and the other term
            for k in range(start[i], start[i + 1]):
                if absorbed[args[k]] == 2 and user[args[k]] == i:
                    x, y = args[k], args[start[i]] if k > start[i] else args[k + 1]
                    op[m] = MULADD if code[i] == ADD else SUBMUL if k > start[i] else MULSUB
            if x >= 0:
                operand[w], operand[w + 1] = number[args[start[x]]], number[args[start[x] + 1]]
                operand[w + 2] = number[y]
                w += 3
            else:
                for k in range(start[i], start[i + 1]):
                    operand[w] = number[args[k]]
                    w += 1
        number[i] = m
        m += 1
        begin[m] = w
    return np.asarray(op)[:m], np.asarray(begin)[: m + 1], np.asarray(operand)[:w], np.asarray(number)


def levels(start, args, least):
    """int32 (n,): the depth of each node, 0 without operands; or what ``least`` says, if that is more."""
    n = len(start) - 1
    level = column(n)
    for i in range(n):
        deepest = least[i]
        for k in range(start[i], start[i + 1]):
            if level[args[k]] >= deepest:
                deepest = level[args[k]] + 1
        level[i] = deepest
    return np.asarray(level)


def sink(start, args, nodes, begins, vector, level):
    """int32: for each of ``nodes`` (sorted into groups), the level just before its first use.

    The members of a vector group stay together. What nothing uses but the caller stays where it is.
    """
    bound, place = column(len(start) - 1, NEVER), column(len(nodes))
    for g in range(len(begins) - 2, -1, -1):
        earliest = NEVER
        if vector[g]:
            for p in range(begins[g], begins[g + 1]):
                if bound[nodes[p]] < earliest:
                    earliest = bound[nodes[p]]
        for p in range(begins[g], begins[g + 1]):
            i = nodes[p]
            at = earliest if vector[g] else bound[i]
            if at == NEVER:
                at = level[i]
            place[p] = at
            for k in range(start[i], start[i + 1]):
                if bound[args[k]] > at - 1:
                    bound[args[k]] = at - 1
    return np.asarray(place)


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
    holes: list[list[int]] = []  # free blocks as [slot, size], in order
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
                        single[free] = slot[x]
                        free += 1
                    else:
                        b = block_of[x]
                        alive[b] -= 1
                        if alive[b] == 0:
                            _give(holes, block_slot[b], bounds[b + 1] - bounds[b])
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


def stretch(op, start, args, nodes, slot, level):
    """The words of single instructions: opcode, slot of the result, slots of the operands.

    The terms of a sum come in the order in which they are ready, so that it waits for the last alone.
    """
    size = 0
    for p in range(len(nodes)):
        size += 3 + start[nodes[p] + 1] - start[nodes[p]]
    words, w = column(size), 0
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
                while t > start[i] and max(level[args[t - each]], level[args[t - 1]]) > ready:
                    for j in range(each):
                        args[t + j], args[t + j - each] = args[t + j - each], args[t + j]
                    t -= each
        for k in range(start[i], start[i + 1]):
            words[w] = slot[args[k]]
            w += 1
    return np.asarray(words)[:w]


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
