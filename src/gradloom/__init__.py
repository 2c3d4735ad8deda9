"""Gradloom: plain scalar Python in; exact gradients, pictures and vector speed out.

    >>> from gradloom import Value
    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> c = a * b + a
    >>> c.backward()
    >>> c.data, a.grad, b.grad
    (-4.0, -2.0, 2.0)

How the files build on each other; each imports only from those above it::

    errors       what can go wrong, by name
    ops          THE TABLE: one row per operation           <- read this first
    arithmetic   numbers, and errors that explain
    engine       Value and backward()                       <- the heart, one sitting
    protocols    how a Value meets printing, copying, pickling
    primitive    a user's own row
    mapping      a function of numbers, made one of Values and arrays too
    math         the math module for numbers, Values and arrays
    numeric      slope and gradcheck: the same answer by bumping
    lines        where the user's code stands
    scopes       which part of a program made a Value, and which line: for pictures
    state, module, nn, optim   the small neural-network library
    draw/        pictures
    compiler/    compile, grad, vmap: a function traced, differentiated, run natively
    film/        a training to watch
    check/       the lesson's numbers on a learner's own Value, and the usual causes
    cli/         the command line: demo, lesson, check, info
    _native/     the engine's twin in C, generated from the table where it can be
"""

import typing as _typing

from gradloom import draw, math, nn, optim, protocols
from gradloom.check import check_engine
from gradloom.draw import draw_dot, trace
from gradloom.engine import Value, no_grad, topological_order
from gradloom.errors import (
    CycleError,
    DerivativeError,
    GradloomError,
    GradloomWarning,
    MissingExtraError,
    NativeEngineWarning,
    PathWarning,
    StaleDataError,
    StateError,
    SweepError,
    TraceError,
)
from gradloom.film import Film
from gradloom.numeric import gradcheck, slope
from gradloom.primitive import primitive
from gradloom.scopes import scope, source_lines

if _typing.TYPE_CHECKING:
    from gradloom.compiler.transforms import (
        compile,
        grad,
        hessian,
        hvp,
        jacobian,
        jvp,
        value_and_grad,
        vjp,
        vmap,
    )

__version__ = "0.1.0"

__all__ = [
    "CycleError",
    "DerivativeError",
    "Film",
    "GradloomError",
    "GradloomWarning",
    "MissingExtraError",
    "NativeEngineWarning",
    "PathWarning",
    "StaleDataError",
    "StateError",
    "SweepError",
    "TraceError",
    "Value",
    "check_engine",
    "compile",
    "draw",
    "draw_dot",
    "grad",
    "gradcheck",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "math",
    "nn",
    "no_grad",
    "optim",
    "primitive",
    "scope",
    "slope",
    "source_lines",
    "topological_order",
    "trace",
    "value_and_grad",
    "vjp",
    "vmap",
]

_TRANSFORMS = {"compile", "grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp", "vmap"}
"""Who never asks for one of these never loads the compiler."""

_OURS = {
    "jit": "compile",
    "jacrev": "jacobian",
    "jacfwd": "jacobian",
    "stop_gradient": "x.detach(), or x.data",
    "tensor": "Value, or a list or array of them",
    "Tensor": "Value, or a list or array of them",
    "Variable": "Value",
    "pmap": "vmap(f, threads=n)",
    "func": "grad, jacobian, vmap, ... in gradloom itself",
    "numpy": "gradloom.math, and numpy itself",
}
"""What other libraries call it."""


def __getattr__(name):
    if name in _TRANSFORMS:
        from gradloom.compiler import transforms

        globals().update({transform: getattr(transforms, transform) for transform in _TRANSFORMS})
        return globals()[name]
    cure = f"; it is called {_OURS[name]} here" if name in _OURS else ""
    raise AttributeError(f"module 'gradloom' has no attribute {name!r}{cure}")
