"""``prepare``: a Program made ready for one evaluation at a time.

Takes: a Program.
Gives: ``prepare`` and ``Prepared``, the plain one; the native twin behaves the same.
Promises: ``prepared(inputs)``, ``prepared.run(inputs)`` and ``prepared.floats(*xs)`` compute what the
Program says; any number of threads may call them.
"""

import numpy as np

from gradloom.compiler.program import ROWS, Program
from gradloom.compiler.vector_program import VectorProgram, define_vector
from gradloom.compiler.vectorize import vectorize
from gradloom.engine import ENGINE

__all__ = ["Call", "Prepared", "prepare"]


class Call:
    """The base of compiled functions where there is no native one: every call goes the long way."""

    _runs = 0

    def __call__(self, *args, **kwargs):
        return self._call(args, kwargs)  # type: ignore[attr-defined]  # the subclass has it

    def _arm(self, machine, arguments, result, places):
        """Natively: calls of this form go straight to ``machine`` from now on, while all ``places`` hold."""

    def _disarm(self):
        """Natively: every call is ``_call(args, kwargs)`` again."""


Machine = None
if ENGINE == "native":
    from gradloom._native import vector

    if len(ROWS) != vector.ROWS:
        raise ImportError("ops.py has changed since the native interpreter was built; build it again")
    Machine, Call = vector.Machine, vector.Call  # type: ignore[misc]


class Prepared:
    """A VectorProgram that NumPy runs: the definition of what the native one does."""

    def __init__(self, program: VectorProgram):
        self._program = program

    def run(self, inputs: np.ndarray) -> tuple[np.ndarray, int]:
        """The outputs, and the number of the first guard that fails; -1 where all hold."""
        n = self._program.inputs
        if not isinstance(inputs, np.ndarray):
            raise TypeError(f"inputs must be a float64 array of shape ({n},), not {type(inputs).__name__}")
        if inputs.dtype != np.float64 or inputs.shape != (n,):
            raise ValueError(f"inputs must be a contiguous float64 array of shape ({n},)")
        return define_vector(self._program, inputs)

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        return self.run(inputs)[0]

    def floats(self, *xs: float) -> "tuple[float, ...] | int":
        """The outputs for Python numbers; instead of them the number of a guard that fails."""
        if len(xs) != self._program.inputs:
            raise TypeError(f"this program has {self._program.inputs} inputs, not {len(xs)}")
        outputs, failed = self.run(np.array([float(x) for x in xs], dtype=np.float64))
        return tuple(outputs.tolist()) if failed < 0 else failed


def prepare(program: Program, same_order: bool = False):
    """``program``, ready to run on one set of inputs.

    Parameters
    ----------
    program : Program
    same_order : bool
        Keep the order of every sum, and use only the C library's functions: the numbers of eager code.

    Returns
    -------
    Prepared
        ``prepared(inputs)`` takes a float64 ndarray of shape (n_inputs,) and gives one of shape
        (n_outputs,); ``prepared.floats(*xs)`` takes and gives Python floats.

    Examples
    --------
    >>> p = Program.parse("program of 2 inputs\\n v2 = mul v0 v1\\n v3 = add v2 v0\\n return v3 v2")
    >>> prepare(p).floats(3.0, 4.0)
    (15.0, 12.0)
    """
    v = vectorize(program, same_order)
    if Machine is None:
        return Prepared(v)
    return Machine(v.inputs, v.slots, v.constants, v.words, v.indices, v.outputs, v.guards)
