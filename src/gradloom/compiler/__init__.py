"""From a plain Python function to vector speed, in the order in which a function travels::

    program        a function of numbers as a straight line of instructions: the IR
    tracing        a Python function -> Program
    simplify       Program -> Program, every bit kept; its rules are data (``rules``), and it writes
                   through ``columns``, typed buffers that never hold an instruction twice
    derivatives    Program -> Program: reverse and forward, from the table's ``partials``
    vectorize      Program -> VectorProgram (``vector_program``: its printed form and definition); its
                   loops are ``contraction`` (sums, dot products) and ``layout`` (order, slots)
    interpreter    runs it: the definition in NumPy, and the native one
    transforms     compile, grad, value_and_grad, jacobian, hessian, hvp, jvp, vjp, vmap
"""

from pathlib import Path

from gradloom.engine import PURE

if not PURE:
    # The passes as Cython compiled them, from the files that stand here, where the build did. They are
    # found first; a part of them would not do, since the compiled ones see each other's C structures.
    __path__.insert(0, str(Path(__file__).parents[1] / "_native" / "passes"))
