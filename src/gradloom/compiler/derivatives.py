# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""``reverse`` and ``forward``: a Program -> the Program of its derivatives.

Takes: a Program; the partials of its operations, as small Programs (``partials.py``).
Gives: ``reverse`` (one sweep for all inputs) and ``forward`` (one direction in the inputs).
Promises: the derivative is the one that ``backward()`` computes: each operation multiplies its partials
by what arrives, in the same order, and what flows along several ways is added. New outputs stand behind
the old ones; guards are kept. The result is simple already, and can be differentiated again.

Selections. ``where(c, x, y)`` has the derivative of ``x if c else y``: what is not chosen is not in the
graph at all. A Program computes both, so an adjoint carries a *mask*, the instruction that says whether
its node is in the graph (none: always). ``where`` passes its adjoint on under its own mask *and* its
condition; an operation under its own. Where adjoints of different masks meet, each is chosen by its own
before they are added, and the sum stands under the *or* of them. Nothing is ever multiplied by a 0 that
somebody made up: in ``where(x > 0, sqrt(x), 0.0)`` at x = 0 the derivative of sqrt is infinite, and is
not chosen. Where a row of the table ``selects`` (relu, maximum, ...), a partial of 0 means *not taken* in
the same sense. There a mask costs more than it is worth, as a 0 passed on stays 0 as long as partials are
finite: so what is not taken is made 0 at once, and only behind a pole (``poles.py``; ``relu(sqrt(x))``)
is it masked. Where a partial is 0 by the table (``floor``, ``detach``, a comparison) the graph ends.

This file is plain Python; where there is a C compiler the build runs Cython on it, with the types that
stand beside it in ``derivatives.pxd``. No index is checked then, so none may be negative.
"""

from collections.abc import Sequence

from gradloom.compiler.partials import Chain
from gradloom.compiler.poles import poles
from gradloom.compiler.program import CONSTANT, OPCODES, Program

__all__ = ["forward", "reverse"]

ADD, AND, MUL, NE, OR, WHERE = (OPCODES[name] for name in ("add", "and", "mul", "ne", "or", "where"))
NONE, ALWAYS, NEVER = -1, -1, -2  # instead of an instruction: no value; of masks, true and false everywhere


def reverse(
    program: Program,
    wrt: Sequence[int],
    seeds: Sequence[float | None] | None = None,
    final: bool = False,
    masked: bool = False,
) -> Program:
    """The outputs of ``program``, and behind them the gradient by each input of ``wrt``.

    Parameters
    ----------
    program : Program
    wrt : sequence of int
        The numbers of the inputs to differentiate by.
    seeds : sequence of float or None, optional
        The cotangent of each output, None for one that does not contribute. Without ``seeds`` the
        cotangents are new inputs, behind the old ones.
    final : bool
        No derivative will be taken of the result: write what ``simplify(..., final=True)`` would.
    masked : bool
        Without ``seeds``: there is one more input for each output, behind the cotangents, which says (if it
        is not 0) whether that output is used at all. What is not used contributes nothing, not 0 times its
        derivative.

    Returns
    -------
    Program
        Its gradients are the sums over the outputs of cotangent times derivative; 0.0 where nothing
        depends on the input.

    Raises
    ------
    ValueError
        ``wrt`` names no input, or there is not one seed for each output.

    Examples
    --------
    >>> from gradloom.compiler.program import Program
    >>> print(reverse(Program.parse('''program of 2 inputs
    ...   v0 = input
    ...   v1 = input
    ...   v2 = mul v0 v1
    ...   v3 = tanh v2
    ...   return v3'''), wrt=[0], seeds=[1.0]))
    program of 2 inputs
      v0 = input
      v1 = input
      v2 = mul v0 v1
      v3 = tanh v2
      v4 = constant 1.0
      v5 = mul v3 v3
      v6 = sub v4 v5
      v7 = mul v1 v6
      return v3 v7
    """
    outputs = program.outputs.tolist()
    if [i for i in wrt if not 0 <= i < program.inputs]:
        raise ValueError(f"wrt must be numbers of inputs, from 0 to {program.inputs - 1}, not {list(wrt)}")
    if seeds is not None and len(seeds) != len(outputs):
        raise ValueError(f"seeds must be one for each of the {len(outputs)} outputs, not {len(seeds)}")
    sweep = Reverse(program, (1 + masked) * len(outputs) if seeds is None else 0, final)
    sweep.watch(wrt)
    used = [i for k, i in enumerate(outputs) if seeds is None or seeds[k] is not None]
    sweep.foresee(program, [] if masked else used)
    for i in range(sweep.size):
        sweep.copy(i)
    for k, i in enumerate(outputs):
        if seeds is None:
            mask = program.inputs + len(outputs) + k if masked else ALWAYS
            sweep.contribute(i, program.inputs + k, mask)
        elif seeds[k] is not None:
            sweep.contribute(i, sweep.constant(seeds[k]), ALWAYS)
    for i in range(sweep.size - 1, program.inputs - 1, -1):
        sweep.pass_back(i)
    return sweep.conclude(program, [sweep.gradient(i) for i in wrt])


def forward(program: Program, seeds: Sequence[float | str | None], final: bool = False) -> Program:
    """The outputs of ``program``, and behind them the tangent of each: its derivative in one direction.

    Parameters
    ----------
    program : Program
    seeds : sequence of float, "input" or None
        The direction: the tangent of each input. ``"input"`` makes it a new input, behind the old ones;
        None says that the input does not move.
    final : bool
        As in ``reverse``.

    Returns
    -------
    Program

    Raises
    ------
    ValueError
        There is not one seed for each input.

    Examples
    --------
    >>> from gradloom.compiler.program import Program
    >>> print(forward(Program.parse('''program of 1 inputs
    ...   v0 = input
    ...   v1 = sin v0
    ...   return v1'''), ["input"]))
    program of 2 inputs
      v0 = input
      v1 = input
      v2 = sin v0
      v3 = cos v0
      v4 = mul v3 v1
      return v2 v4
    """
    if len(seeds) != program.inputs:
        raise ValueError(f"seeds must be one for each of the {program.inputs} inputs, not {len(seeds)}")
    sweep = Forward(program, list(seeds).count("input"), final)
    more = program.inputs
    for i, seed in enumerate(seeds):
        if seed == "input":
            sweep.tangent[i] = more
            more += 1
        elif seed is not None:
            sweep.tangent[i] = sweep.constant(seed)
    for i in range(sweep.size):
        sweep.copy(i)
        sweep.push_forward(i)
    return sweep.conclude(program, [sweep.value_or_zero(sweep.tangent[i]) for i in program.outputs])


class Forward(Chain):
    """``tangent`` has what each old instruction moves by, or NONE."""

    def __init__(self, program, more_inputs, final):
        super().__init__(program, more_inputs, 4 * len(program), final)
        self.tangent = self.column(NONE)

    def value_or_zero(self, x):
        """``x``, or the constant 0 where there is none."""
        return self.constant(0.0) if x == NONE else x

    def push_forward(self, i):
        """The tangent of old instruction ``i`` from those of its operands."""
        first = self.old_start[i]
        if self.old_code[i] == WHERE:
            x, y = self.tangent[self.old_args[first + 1]], self.tangent[self.old_args[first + 2]]
            if x != NONE or y != NONE:
                condition = self.new[self.old_args[first]]
                x, y = self.value_or_zero(x), self.value_or_zero(y)
                self.tangent[i] = self.emit(WHERE, condition, x, y)
            return
        for k in range(self.old_start[i + 1] - first):
            x = self.tangent[self.old_args[first + k]]
            if x != NONE and self.flows(i, k):
                term, total = self.times_partial(i, k, x), self.tangent[i]
                self.tangent[i] = term if total == NONE else self.emit(ADD, total, term)


class Reverse(Chain):
    """``adjoint`` and ``mask`` have what has arrived at each old instruction so far, or NONE and ALWAYS.

    ``selected`` says that the adjoint is 0 wherever the mask is false; ``active``, that the instruction
    depends on an input that is differentiated by; ``delicate``, that a 0 might arrive at it for what is
    not taken, and meet a pole there or further down.
    """

    def __init__(self, program, more_inputs, final):
        super().__init__(program, more_inputs, 4 * len(program), final)
        self.adjoint, self.mask = self.column(NONE), self.column(ALWAYS)
        self.selected, self.active, self.delicate = self.column(0), self.column(0), self.column(0)

    def watch(self, wrt):
        """Mark what depends on the inputs ``wrt``."""
        for i in wrt:
            self.active[i] = 1
        for i in range(self.old_inputs, self.size):
            first = self.old_start[i]
            for k in range(self.old_start[i + 1] - first):
                if self.active[self.old_args[first + k]] and self.flows(i, k):
                    self.active[i] = 1

    def foresee(self, program, seeded):
        """Mark what is delicate: behind a selection, whichever way the results ``seeded`` reach it."""
        selects, pole, sure = self.recipes.selects, poles(program), self.column(0)
        for i in seeded:
            sure[i] = 1
        for i in range(self.size - 1, self.old_inputs - 1, -1):
            first = self.old_start[i]
            if sure[i] and self.old_code[i] != CONSTANT and not selects[self.old_code[i]]:
                for k in range(self.old_start[i + 1] - first):
                    if self.flows(i, k):
                        sure[self.old_args[first + k]] = 1
        for i in range(self.old_inputs, self.size):
            if self.active[i] and not sure[i]:
                self.delicate[i] = pole[i]
                for j in range(self.old_start[i], self.old_start[i + 1]):
                    if self.delicate[self.old_args[j]]:
                        self.delicate[i] = 1

    def pass_back(self, i):
        """Pass the adjoint of old instruction ``i`` on to its operands."""
        x, mask, first = self.adjoint[i], self.mask[i], self.old_start[i]
        if x == NONE:
            return
        for k in range(self.old_start[i + 1] - first):
            j = self.old_args[first + k]
            if not self.active[j] or not self.flows(i, k):
                continue
            if self.old_code[i] == WHERE:  # its partial says whether the operand is the chosen one
                self.contribute(j, x, self.both(mask, self.partial(i, k)))
            elif self.delicate[j] and self.recipes.selects[self.old_code[i]]:
                partial = self.partial(i, k)
                taken = self.emit(NE, partial, self.constant(0.0))
                self.contribute(j, self.emit(MUL, partial, x), self.both(mask, taken))
            else:
                self.contribute(j, self.times_partial(i, k, x), mask)

    def contribute(self, i, x, mask):
        """Add ``x``, which counts where the mask is true, to the adjoint of old instruction ``i``."""
        if mask == NEVER:
            return
        before, before_mask = self.adjoint[i], self.mask[i]
        if before == NONE:
            self.adjoint[i], self.mask[i] = x, mask
        elif before_mask == mask:
            self.adjoint[i], self.selected[i] = self.emit(ADD, before, x), 0
        else:
            if not self.selected[i]:
                before = self.select(before_mask, before)
            self.adjoint[i] = self.emit(ADD, before, self.select(mask, x))
            self.mask[i], self.selected[i] = self.either(before_mask, mask), 1

    def gradient(self, i):
        """The adjoint of input ``i`` where its mask is true, else 0."""
        if self.adjoint[i] == NONE:
            return self.constant(0.0)
        return self.adjoint[i] if self.selected[i] else self.select(self.mask[i], self.adjoint[i])

    # ---- masks
    def select(self, mask, x):
        """``x`` where the mask is true, else 0."""
        return x if mask == ALWAYS else self.emit(WHERE, mask, x, self.constant(0.0))

    def both(self, mask, condition):
        """Where the mask and an instruction are true."""
        if mask != ALWAYS:
            condition = self.emit(AND, mask, condition)
        if self.code[condition] != CONSTANT:
            return condition
        return NEVER if self.number[condition] == 0.0 else ALWAYS

    def either(self, mask, other):
        """Where one of two masks is true."""
        if mask == ALWAYS or other == ALWAYS:
            return ALWAYS
        union = self.emit(OR, mask, other)
        return ALWAYS if self.code[union] == CONSTANT else union
