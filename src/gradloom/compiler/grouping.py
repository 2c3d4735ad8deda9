# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The loops of the vectoriser: which nodes are of one kind and one depth, and when each group of them runs.

Takes and gives: columns (arrays of int32), as in ``program.py`` and ``vectorize.py``.
Promises: nothing is checked; ``vectorize`` hands in what fits. What is sorted is sorted by counting, so
that time is proportional to the nodes. This file is plain Python; where there is a C compiler the build
runs Cython on it, with the types of ``grouping.pxd``.
"""

import numpy as np

from gradloom.compiler.columns import view
from gradloom.compiler.contraction import column

__all__ = ["grouped", "kinds", "levels", "ordered", "sink", "waiting"]

NEVER = 2147483647
HIGHEST = 64
PRIME = 2147483647


def levels(start, args, least, chooses):
    """int32 (n,) twice: the depth of each node, 0 without operands; or what ``least`` says, if that is more.

    The largest of many numbers is found by a tree of nodes that ``chooses`` marks. Such a tree is one level
    whatever its height, or softmaxes of few and of many numbers would part, and all that comes after them;
    the second column has the height of a node in its tree, from 0.
    """
    n = len(start) - 1
    level, height = column(n), column(n)
    for i in range(n):
        deepest, high = least[i], 0
        for k in range(start[i], start[i + 1]):
            x = args[k]
            if level[x] < deepest:
                continue
            if chooses[i] and chooses[x] and height[x] < HIGHEST:
                if level[x] > deepest or height[x] + 1 > high:
                    high = height[x] + 1
                deepest = level[x]
            else:
                deepest, high = level[x] + 1, 0
        level[i], height[i] = deepest, high
    return np.asarray(level), np.asarray(height)


# ---- groups
def kinds(op, start, args, exact, height, parameters):
    """A small number for the sort of each node, and how many sorts there are: opcode, exact or not, how many
    operands; or which parameter, the last operand of the opcodes that ``parameters`` marks.

    In a tree of choices the higher nodes have the larger number, and so come later on their level.
    """
    op, exact, height = view(op), view(exact), view(height)  # NumPy's own int32 would overflow below
    start, args = view(start), view(args)
    n, count = len(op), 0
    kind, table = column(n), column(64, -1)
    found = view(np.empty(n, dtype=np.int64))  # the sorts, as they are met
    for i in range(n):
        sort = (height[i] << 17) + (op[i] << 1) + exact[i]  # the height first: a maximum may be of minima
        sort = sort << 32 | (args[start[i + 1] - 1] if parameters[op[i]] else start[i + 1] - start[i])
        place = _find(table, found, sort)
        if table[place] < 0:
            if 2 * count >= len(table):
                table = column(2 * len(table), -1)
                for k in range(count):
                    table[_find(table, found, found[k])] = k
                place = _find(table, found, sort)
            found[count], table[place] = sort, count
            count += 1
        kind[i] = table[place]
    rank, order = column(count), view(np.argsort(np.asarray(found)[:count]))
    for k in range(count):
        rank[order[k]] = k
    for i in range(n):
        kind[i] = rank[kind[i]]
    return np.asarray(kind), count


def _find(table, found, sort):
    """The place in the table of the number of ``sort`` in ``found``, or where it would be."""
    mask = len(table) - 1
    place = sort % PRIME & mask
    while table[place] >= 0 and found[table[place]] != sort:
        place = (place + 1) & mask
    return place


def grouped(nodes, level, kind):
    """``nodes`` by level, then by kind, then as they were; and where each group begins."""
    order = _counted(_counted(nodes, kind), level)
    begins, m = column(len(nodes) + 1), 0
    for p in range(len(order)):
        i = order[p]
        if p == 0 or level[i] != level[order[p - 1]] or kind[i] != kind[order[p - 1]]:
            begins[m] = p
            m += 1
    begins[m] = len(order)
    return np.asarray(order), np.asarray(begins)[: m + 1]


def _counted(nodes, key):
    """``nodes`` sorted by their keys, equal ones in order."""
    n, low, high = len(nodes), 0, 0
    for p in range(n):  # in a tree of choices what runs before level 0 has a key below it
        low, high = min(low, key[nodes[p]]), max(high, key[nodes[p]])
    place, order, total = column(high - low + 1), column(n), 0
    for p in range(n):
        place[key[nodes[p]] - low] += 1
    for k in range(high - low + 1):
        total += place[k]
        place[k] = total - place[k]
    for p in range(n):
        k = key[nodes[p]] - low
        order[place[k]] = nodes[p]
        place[k] += 1
    return order


def waiting(start, args, order, begins, level, kind, count):
    """1 for the nodes whose group may wait for a larger one of its kind, which is one level below it."""
    n, groups = len(start) - 1, len(begins) - 1
    group, after, waits, latest = column(n, -1), column(groups, -1), column(groups), column(count, -1)
    for g in range(groups - 1, -1, -1):
        i = order[begins[g]]
        h = latest[kind[i]]
        latest[kind[i]] = g
        if h >= 0 and level[order[begins[h]]] == level[i] + 1:
            after[g], waits[g] = h, 1 if begins[h + 1] - begins[h] > begins[g + 1] - begins[g] else 0
        for p in range(begins[g], begins[g + 1]):
            group[order[p]] = g
    for i in range(n):  # unless it is made from the one that waits
        for k in range(start[i], start[i + 1]):
            maker = group[args[k]]
            if maker >= 0 and after[maker] == group[i]:
                waits[maker] = 0
    found = column(n)
    for p in range(len(order)):
        found[order[p]] = waits[group[order[p]]]
    return np.asarray(found)


# ---- the order
def sink(start, args, nodes, begins, vector, level):
    """int32 (n,): for each of ``nodes`` (sorted into groups), the level just before its first use.

    The members of a vector group stay together. What nothing uses but the caller stays where it is.
    """
    n = len(start) - 1
    bound, place = column(n, NEVER), column(n)
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
            place[i] = at
            for k in range(start[i], start[i + 1]):
                if bound[args[k]] > at - 1:
                    bound[args[k]] = at - 1
    return np.asarray(place)


def ordered(nodes, begins, vector, place):
    """``nodes`` in the order in which they run, where each group begins in it, and which are vectors.

    They run at their ``place``: first what is no vector, one after the other, then the vector groups.
    """
    n = len(nodes)
    unit, given = column(len(place), -2), column(n)
    for g in range(len(begins) - 1):
        for p in range(begins[g], begins[g + 1]):
            unit[nodes[p]] = g if vector[g] else -1
    w = 0
    for i in range(len(place)):
        if unit[i] == -1:
            given[w] = i
            w += 1
    for p in range(n):
        if unit[nodes[p]] >= 0:
            given[w] = nodes[p]
            w += 1
    order, bounds, vectors, m = _counted(given, place), column(n + 1), column(n), 0
    for p in range(n):
        if p == 0 or unit[order[p]] != unit[order[p - 1]]:
            bounds[m], vectors[m] = p, unit[order[p]] >= 0
            m += 1
    bounds[m] = n
    return np.asarray(order), np.asarray(bounds)[: m + 1], np.asarray(vectors)[:m]
