# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""``Columns``: the Program that a pass is writing: typed buffers that grow, and no instruction twice.

Takes: one instruction after another, its operands first (``begin``, ``operand``, ``end``).
Gives: the number of an instruction that does this: a new one, or an old one that is the same
(a common subexpression); at the end, with ``finish``, a Program without its dead code.
Promises: inputs stay, all of them and in order. Constants are the same when their bits are, so 0.0 and
-0.0 are two (but every nan is one). Where no bit depends on the order of two operands, either will do.

The instruction that is being written stands behind the others, as if it were one of them already;
``end`` counts it in, or takes it back by not counting it. Equal instructions have the same youngest
operand, and most of these have few users: so an instruction's first ``NEAR`` users are a linked list, and
only the others, and constants, are looked up in a hash table, where most looks miss the cache: open
addressing with linear probing (Knuth, The Art of Computer Programming, 6.4).

This file is plain Python; where there is a C compiler the build runs Cython on it, with the types that
stand beside it in ``columns.pxd``. No index is checked then, so none may be negative.
"""

import numpy as np

from gradloom.compiler.memory import MOST, ensure
from gradloom.compiler.program import CONSTANT, INPUT, OPCODES, Program

__all__ = ["Columns", "view"]


def view(array):
    """An array as the passes read and write it: one number at a time, and those Python's own."""
    return memoryview(array)


def longer(column, room):
    """A column with room for more; what is behind its numbers is not touched yet."""
    array = np.empty(room, dtype=np.asarray(column).dtype)
    array[: len(column)] = column
    return array


# maximum(0.0, -0.0) is its first operand, and hypot belongs to the C library: these keep their order.
SWAPS = view(np.zeros(len(OPCODES), dtype=np.uint8))
for _name in ("add", "mul", "eq", "ne", "and", "or"):
    SWAPS[OPCODES[_name]] = 1

NAN = float("nan")
NEAR = 4
EACH = 40  # bytes of an instruction, and of what is noted about it
GOLDEN, LOW = 0x9E3779B1, 0xFFFFFFFF  # 2**32 divided by the golden ratio; the low 32 bits


class Columns:
    """A Program under construction; ``room`` is a guess at how many instructions it will have."""

    def __init__(self, inputs, room=0):
        room = max(min(room, MOST), inputs, 16)
        ensure(room, EACH)
        self.inputs = inputs
        self.count = 0  # instructions
        self.used = 0  # operands of all of them
        self.tail = 0  # the same with those of the instruction that is being written
        self.code = view(np.empty(room, dtype=np.uint16))
        self.start = view(np.zeros(room + 1, dtype=np.int32))
        self.args = view(np.empty(2 * room, dtype=np.int32))
        numbers = np.empty(room)
        self.number, self.bits = view(numbers), view(numbers.view(np.int64))
        self.first_user = view(np.empty(room, dtype=np.int32))
        self.next_user = view(np.empty(room, dtype=np.int32))  # of the same youngest operand
        self.table = view(np.full(1 << max(room.bit_length() - 3, 6), -1, dtype=np.int32))
        self.entries = 0  # in the table
        for _ in range(inputs):
            self.begin()
            self.place(INPUT)
            self.keep()

    # ---- one instruction
    def begin(self):
        """The next instruction begins; its operands follow."""
        self.tail = self.used
        if self.count + 1 == len(self.code):
            self.grow()

    def operand(self, i):
        """Instruction ``i`` is its next operand."""
        if self.tail == len(self.args):
            self.args = view(longer(self.args, 2 * len(self.args)))
        self.args[self.tail] = i
        self.tail += 1

    def end(self, code):
        """What has been written does ``code``: the number of the instruction."""
        self.place(code)
        return self.unique()

    def emit(self, code, a=-1, b=-1, c=-1):
        """The number of an instruction that does ``code`` to the operands ``a``, ``b``, ``c``."""
        self.begin()
        if a >= 0:
            self.operand(a)
        if b >= 0:
            self.operand(b)
        if c >= 0:
            self.operand(c)
        return self.end(code)

    def constant(self, x):
        """The number of the constant ``x``."""
        self.begin()
        self.place(CONSTANT)
        self.number[self.count] = x if x == x else NAN  # its sign and payload would be lost in print
        return self.unique()

    def place(self, code):
        """Put the instruction behind the others, not yet counted."""
        self.code[self.count] = code
        self.number[self.count] = 0.0
        self.start[self.count + 1] = self.tail

    def keep(self):
        """Count it in: its number. Nobody uses it yet."""
        self.first_user[self.count] = self.next_user[self.count] = -1
        self.used = self.tail
        self.count += 1
        return self.count - 1

    def grow(self):
        """Room for twice as many instructions."""
        room = 2 * len(self.code)
        ensure(room, EACH)
        self.code = view(longer(self.code, room))
        self.start = view(longer(self.start, room + 1))
        numbers = longer(self.number, room)
        self.number, self.bits = view(numbers), view(numbers.view(np.int64))
        self.first_user = view(longer(self.first_user, room))
        self.next_user = view(longer(self.next_user, room))

    # ---- common subexpressions
    def unique(self):
        """The number of an instruction that is the same as the one just placed: an older one, or this."""
        n = self.count
        youngest = -1
        for j in range(self.used, self.tail):
            youngest = max(youngest, self.args[j])
        if youngest >= 0:
            before, user = -1, self.first_user[youngest]
            for _ in range(NEAR):
                if user < 0:
                    if before < 0:
                        self.first_user[youngest] = n
                    else:
                        self.next_user[before] = n
                    return self.keep()
                if self.same(user, n):
                    return user
                before, user = user, self.next_user[user]
        if 2 * self.entries >= len(self.table):
            self.rehash()
        place = self.find(n)
        if self.table[place] < 0:
            self.table[place] = n
            self.entries += 1
            self.keep()
        return self.table[place]

    def find(self, n):
        """The place in the table of an instruction that is the same as ``n``, or where it would be."""
        mask = len(self.table) - 1
        place = self.hash(n) & mask
        while self.table[place] >= 0 and not self.same(self.table[place], n):
            place = (place + 1) & mask
        return place

    def hash(self, n):
        """32 bits made of the opcode, the operands and the bits of the constant of instruction ``n``."""
        first, last = self.start[n], self.start[n + 1]
        h = self.code[n]
        if h == CONSTANT:
            bits = self.bits[n]
            h = mixed(mixed(h, bits & LOW), (bits >> 32) & LOW)
        elif last - first == 2 and SWAPS[h]:
            x, y = self.args[first], self.args[first + 1]
            h = mixed(mixed(h, min(x, y)), max(x, y))
        else:
            for j in range(first, last):
                h = mixed(h, self.args[j])
        return h

    def same(self, i, n):
        """Whether instructions ``i`` and ``n`` have the same value, whatever the inputs."""
        code, length = self.code[n], self.start[n + 1] - self.start[n]
        if self.code[i] != code or self.start[i + 1] - self.start[i] != length:
            return False
        if code == CONSTANT:
            return self.bits[i] == self.bits[n]
        x, y = self.start[i], self.start[n]
        if length == 2 and SWAPS[code] and self.args[x] == self.args[y + 1]:
            return self.args[x + 1] == self.args[y]
        while length and self.args[x] == self.args[y]:
            x, y, length = x + 1, y + 1, length - 1
        return length == 0

    def rehash(self):
        """A table of twice the size."""
        old, self.table = self.table, view(np.full(2 * len(self.table), -1, dtype=np.int32))
        for k in range(len(old)):
            if old[k] >= 0:
                self.table[self.find(old[k])] = old[k]

    # ---- the end
    def finish(self, outputs, guards):
        """The Program of what ``outputs`` and ``guards`` need, and of all inputs. It is the last call."""
        n = self.count
        wanted = view(np.zeros(n, dtype=np.int32))
        for i in outputs:
            wanted[i] = 1
        for guard in guards:
            wanted[guard.condition] = 1
        for i in range(n - 1, self.inputs - 1, -1):
            if wanted[i]:
                for j in range(self.start[i], self.start[i + 1]):
                    wanted[self.args[j]] = 1
        k, a = 0, 0
        for i in range(n):
            if wanted[i] or i < self.inputs:
                first, last = self.start[i], self.start[i + 1]
                self.code[k], self.number[k], self.start[k] = self.code[i], self.number[i], a
                for j in range(first, last):
                    self.args[a] = wanted[self.args[j]]  # whose new number it holds by now
                    a += 1
                wanted[i] = k
                k += 1
        self.start[k] = a
        returned = np.array([wanted[i] for i in outputs], dtype=np.int32)
        moved = tuple([guard.moved(wanted[guard.condition]) for guard in guards])
        # one column after the other: each is let go of before the next is copied
        self.first_user = self.next_user = self.table = self.bits = None
        self.code, code = None, np.array(self.code[:k])
        self.start, start = None, np.array(self.start[: k + 1])
        self.args, args = None, np.array(self.args[:a])
        self.number, number = None, np.array(self.number[:k])
        return Program(self.inputs, code, start, args, number, returned, moved)


def mixed(h, x):
    """One step of a hash of 32 bits (multiplication by a fraction of 2**32, as Knuth has it)."""
    h = ((h ^ x) * GOLDEN) & LOW
    return h ^ (h >> 15)
