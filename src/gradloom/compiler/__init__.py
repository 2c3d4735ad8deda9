"""From a plain Python function to vector speed, in the order in which a function travels::

program            a function of numbers as a straight line of instructions: the IR
nesting, batches   arguments in any nesting, or holding rows, as flat numbers and a form; ``assembling``
                   puts results back into one
tracing            a Python function -> Program; ``recording`` reads the graph off, ``refusals`` says
                   what cannot be one
carried, watch     what a function carries of ours; what it names, so that a change is noticed
memory             whether what a pass will write fits
columns, rules     typed buffers that hold no instruction twice; rewrites as data
simplify           Program -> Program, every bit kept
partials, poles    each row's local derivatives as a small Program; where they may be infinite
derivatives        Program -> Program: reverse and forward
lowering           what each transform makes of a traced function
contraction, grouping, layout, vector_program, vectorize   Program -> VectorProgram
definition         what an instruction means, in NumPy
single, rows       runs one evaluation at a time, or many rows in blocks
interpreter        the face of the three above
path, paths        one way through a function; which of them holds for these numbers
results            results that are Values
options, checks, copies, explanation   what a user may ask of a compiled function
picture, vector_picture, shown   its Program, and its vector instructions, to be seen
compiled, mapped   the objects that are called; ``methods`` binds them, ``kept`` makes each once
transforms         compile, grad, value_and_grad, jacobian, hessian, hvp, jvp, vjp, vmap
"""

from pathlib import Path

from gradloom.engine import PURE

if not PURE:
    # The passes as Cython compiled them, from the files that stand here, where the build did. They are
    # found first; a part of them would not do, since the compiled ones see each other's C structures.
    __path__.insert(0, str(Path(__file__).parents[1] / "_native" / "passes"))
