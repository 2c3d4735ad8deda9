"""From a plain Python function to vector speed, in the order in which a function travels::

    program        a function of numbers as a straight line of instructions: the IR
    tracing        a Python function -> Program
    simplify       Program -> Program, every bit kept
    derivatives    Program -> Program: reverse and forward
    vectorize      Program -> VectorProgram
    interpreter    runs it: the definition in NumPy, and the native one
    transforms     compile, grad, value_and_grad, jacobian, hessian, hvp, jvp, vjp, vmap
"""
