# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Sums of many terms, dot products and multiply-adds in place of chains of additions.

Takes: the columns of a Program (arrays of int32; ``program.py`` describes them).
Gives: ``contract``, and ``column``, which makes a column.
Promises: nothing is checked; ``vectorize`` hands in what fits. This file is plain Python; where there is
a C compiler the build runs Cython on it, with the types of ``contraction.pxd``.
"""

import numpy as np

from gradloom.compiler.columns import view
from gradloom.compiler.program import INPUT, OPCODES
from gradloom.compiler.vector_program import DOT, MULADD, MULSUB, SUBMUL, SUM

__all__ = ["column", "contract"]

ADD, SUB, MUL = OPCODES["add"], OPCODES["sub"], OPCODES["mul"]


def column(n, fill=0):
    """A column of ``n`` numbers."""
    return view(np.full(n, fill, dtype=np.int32) if fill else np.zeros(n, dtype=np.int32))  # 0 costs nothing


def flags(n):
    """A column of small numbers, 0 at first."""
    return view(np.zeros(n, dtype=np.uint8))


def ancestors(start, args, roots):
    """1 for the nodes that ``roots`` are made from, and for these."""
    n = len(start) - 1
    found = flags(n)
    for i in range(len(roots)):
        found[roots[i]] = 1
    for i in range(n - 1, -1, -1):
        if found[i]:
            for k in range(start[i], start[i + 1]):
                found[args[k]] = 1
    return found


def contract(code, start, args, outputs, conditions, same_order):
    """Sums of many terms, dot products and multiply-adds: the columns op, start and args of the nodes
    that are left, whether each must be as eager code has it (``same_order``, or a guard depends on it), and
    for each node of the Program its new number, or -1.

    An addition is merged into the one that is its only user. A tree of additions with two products or
    more, each used only there, is a DOT; it takes the place of the last of them where there are other
    terms too. One product and one other term are a MULADD, which rounds as the two operations do. What
    must be as in eager code is contracted where it is a chain, in which the terms are added in turn, and
    where all of them are products or none is taken for one.
    """
    n = len(code)
    kept, fixed = ancestors(start, args, outputs), ancestors(start, args, conditions)
    uses, user = flags(n), column(n)  # 0, 1 or more
    for i in range(len(outputs)):
        uses[outputs[i]] = 2  # never part of something else
    for i in range(len(conditions)):
        uses[conditions[i]] = 2
    for i in range(n):
        kept[i] |= fixed[i]
        if same_order:
            fixed[i] = 1
        if kept[i]:
            for k in range(start[i], start[i + 1]):
                x = args[k]
                uses[x], user[x] = 1 if uses[x] == 0 else 2, i
    root = column(n)
    for i in range(n - 1, -1, -1):
        root[i] = i
        u = user[i]
        if code[i] == ADD and kept[i] and uses[i] == 1 and code[u] == ADD:
            x = args[start[u]]
            if not fixed[u] or x == i or code[x] != ADD or uses[x] != 1:
                root[i] = root[u]
    # the terms of each tree, in order: `term` from `first` of its root on
    terms, products, place, dot = column(n), column(n), column(n), column(n, -1)
    for i in range(n):
        if code[i] == ADD and kept[i]:
            r = root[i]
            for k in range(start[i], start[i + 1]):
                x = args[k]
                if root[x] == x or root[x] != r:
                    terms[r] += 1
                    if code[x] == MUL and uses[x] == 1:
                        products[r] += 1
                        if x > dot[r]:
                            dot[r] = x
    first, total = column(n + 1), 0
    for i in range(n):
        first[i] = place[i] = total
        total += terms[i]
        if products[i] < 2 or (fixed[i] and products[i] < terms[i]):
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
    absorbed = flags(n)
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
    exact = flags(n)
    m, w = 0, 0
    for i in range(n):
        r = owner[i]
        if not kept[i] and code[i] != INPUT:
            continue
        if root[i] != i or (absorbed[i] and r < 0):
            continue
        op[m], exact[m] = code[i], fixed[i]
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
    columns = np.asarray(op)[:m], np.asarray(begin)[: m + 1], np.asarray(operand)[:w], np.asarray(exact)[:m]
    return *columns, np.asarray(number)
