# cython: language_level=3, boundscheck=False, wraparound=False
"""A row's derivatives as Programs: its ``partials`` run once on symbols.

Takes: the table; nothing is known of any derivative but what its column ``partials`` says.
Gives: ``partial(code, k)``, the derivative of an operation by its operand ``k`` as a small Program of
the operands and the result; and ``Chain``, which copies one wherever its operation stands.
Promises: what is printed here is what ``backward()`` computes, operation by operation.

    >>> print(partial(OPCODES["tanh"], 0))     # inputs: x and the result r; 1 - r * r
    program of 2 inputs
      v0 = input
      v1 = input
      v2 = mul v1 v1
      v3 = constant 1.0
      v4 = sub v3 v2
      return v4

This file is plain Python; where there is a C compiler the build runs Cython on it, with the types that
stand beside it in ``partials.pxd``. No index is checked then, so none may be negative.
"""

import functools

import numpy as np

from gradloom.compiler.columns import view
from gradloom.compiler.program import CONSTANT, INPUT, OPCODES, ROWS, Builder, Program
from gradloom.compiler.simplify import Simplifier, simplify

__all__ = ["Chain", "partial"]


MUL, NE, WHERE = OPCODES["mul"], OPCODES["ne"], OPCODES["where"]


# ---- one partial
class Symbol:
    """An instruction under construction: arithmetic on Symbols writes more of them."""

    def __init__(self, builder, number):
        self.builder, self.number = builder, number

    def __neg__(self):
        return write(self.builder, "neg", self)


def write(builder, name, *operands):
    """One more instruction, of Symbols and numbers, as a Symbol."""
    numbers = (x.number if isinstance(x, Symbol) else builder.constant(float(x)) for x in operands)
    return Symbol(builder, builder.emit(name, *list(numbers)))


class Writer:
    """The other primitives, as ``partials`` asks for them: ``m.cos(x)`` writes a ``cos``."""

    def __init__(self, builder):
        self.builder = builder

    def __getattr__(self, name):
        return functools.partial(write, self.builder, name)


def _operator(name, swap):
    def method(self, other):
        return write(self.builder, name, *((other, self) if swap else (self, other)))

    return method


for _hook, _name in {"add": "add", "sub": "sub", "mul": "mul", "truediv": "div"}.items():
    setattr(Symbol, f"__{_hook}__", _operator(_name, swap=False))
    setattr(Symbol, f"__r{_hook}__", _operator(_name, swap=True))


@functools.cache
def partial(code: int, k: int) -> Program | None:
    """The derivative of operation ``code`` by its operand ``k``; None for a parameter, which has none.

    The Program's inputs are the operands and, last, the result of the operation.
    """
    row = ROWS[code]
    builder = Builder(row.arity + 1)
    derivatives = row.partials(Writer(builder), *(Symbol(builder, i) for i in range(row.arity + 1)))
    if k >= len(derivatives):
        return None
    x = derivatives[k]
    return simplify(builder.finish([x.number if isinstance(x, Symbol) else builder.constant(float(x))]))


# ---- all partials, and where they go
class Recipes:
    """The partials of some operations in one set of columns.

    The partial of operation ``code`` by its operand k is number ``slot[code] + k``. Its instructions are
    those from ``begin`` of its number to that of the next; their operands, and its ``result``, are
    numbered as in its own Program: the operands of the operation, its result, the instructions.
    """

    def __init__(self, codes):
        self.codes = codes
        partials = [[partial(code, k) for k in range(ROWS[code].arity)] for code in codes]
        programs = [p for group in partials for p in group]
        self.slot = view(np.full(len(ROWS), -1, dtype=np.int32))
        for code, slot in zip(codes, np.cumsum([0, *map(len, partials)]).tolist(), strict=False):
            self.slot[code] = slot
        self.selects = integers([row.selects for row in ROWS])
        self.zero = integers([p is None or zero(p[p.outputs[0]]) for p in programs])
        self.result = integers([0 if p is None else p.outputs[0] for p in programs])
        self.longest = max((len(p) for p in programs if p is not None), default=0)
        lines = [[line for line in p or () if line.name != "input"] for p in programs]
        self.begin = integers(np.cumsum([0, *map(len, lines)]))
        flat = [line for group in lines for line in group]
        self.code = integers([OPCODES[line.name] for line in flat])
        self.start = integers(np.cumsum([0, *(len(line.operands) for line in flat)]))
        self.args = integers([i for line in flat for i in line.operands])
        self.number = view(np.array([line.number for line in flat], dtype=np.float64))


def zero(line):
    return line.name == "constant" and line.number == 0.0


def integers(numbers):
    return view(np.array(numbers, dtype=np.int32))


KNOWN = Recipes(())


def recipes(code):
    """Recipes with those of the opcodes in the column ``code``; each is made when it is first wanted."""
    global KNOWN
    met = np.zeros(INPUT, dtype=bool)
    met[code[code < INPUT]] = True
    known = KNOWN
    if more := set(np.flatnonzero(met).tolist()) - set(known.codes):
        known = KNOWN = Recipes((*known.codes, *sorted(more)))  # another thread's may be lost, and made anew
    return known


class Chain(Simplifier):
    """A Program that is being differentiated: the old one, copied, and the partials of its instructions.

    Numbers of old instructions index ``new``, which holds the number of the same one here.
    """

    def __init__(self, program, more_inputs, room, final):
        super().__init__(program.inputs + more_inputs, room, final)
        self.recipes = recipes(program.code)
        self.size, self.old_inputs = len(program), program.inputs
        self.old_code, self.old_start = view(program.code), view(program.start)
        self.old_args, self.old_number = view(program.args), view(program.number)
        self.new = self.column(-1)
        self.local = view(np.zeros(self.recipes.longest, dtype=np.int32))

    def column(self, x):
        """An integer for each old instruction, ``x`` at first."""
        return view(np.full(self.size, x, dtype=np.int32))

    def copy(self, i):
        """Write old instruction ``i``."""
        if i < self.old_inputs:
            self.new[i] = i
        elif self.old_code[i] == CONSTANT:
            self.new[i] = self.constant(self.old_number[i])
        else:
            self.begin()
            for j in range(self.old_start[i], self.old_start[i + 1]):
                self.operand(self.new[self.old_args[j]])
            self.new[i] = self.end(self.old_code[i])

    def flows(self, i, k):
        """Whether the partial of ``i`` by its operand ``k`` is anything but 0 by the table."""
        return not self.recipes.zero[self.recipes.slot[self.old_code[i]] + k]

    def partial(self, i, k):
        """The partial of old instruction ``i`` by its operand ``k``: its recipe, copied."""
        recipes, local = self.recipes, self.local
        slot = recipes.slot[self.old_code[i]] + k
        n = 0
        for j in range(self.old_start[i], self.old_start[i + 1]):
            local[n] = self.new[self.old_args[j]]
            n += 1
        local[n] = self.new[i]
        for t in range(recipes.begin[slot], recipes.begin[slot + 1]):
            n += 1
            if recipes.code[t] == CONSTANT:
                local[n] = self.constant(recipes.number[t])
            else:
                self.begin()
                for j in range(recipes.start[t], recipes.start[t + 1]):
                    self.operand(local[recipes.args[j]])
                local[n] = self.end(recipes.code[t])
        return local[recipes.result[slot]]

    def times_partial(self, i, k, x):
        """The partial times ``x``; 0 where the row selects and the partial is 0."""
        p = self.partial(i, k)
        product = self.emit(MUL, p, x)
        if not self.recipes.selects[self.old_code[i]]:
            return product
        zero = self.constant(0.0)
        return self.emit(WHERE, self.emit(NE, p, zero), product, zero)

    def conclude(self, program, derivatives):
        """The Program: the old outputs, ``derivatives`` behind them."""
        guards = [guard.moved(self.new[guard.condition]) for guard in program.guards]
        return self.finish([self.new[i] for i in program.outputs] + derivatives, guards)
