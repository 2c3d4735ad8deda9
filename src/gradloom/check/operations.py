"""The steps of the lesson's parts 5 and 6: the gradient of each operation.

Takes: the words of ``step.py`` and ``causes.py``.
Gives: ``OPERATIONS``, rows of the table.
Promises: as ``nodes.py``. An operation f is asked as ``3 * f(x) + f(x)``, so that its true gradient, the
one that was overwritten and the one that was not multiplied are four different numbers: 4 f', 3 f' or
f', and 2 f'.
"""

import math

from gradloom.check.causes import WRITE, assigned, not_handed_on, unscaled
from gradloom.check.nodes import N
from gradloom.check.step import Cause, Step, gives

__all__ = ["OPERATIONS", "sum_of"]

P = math.tanh(0.7)
E2 = math.exp(2.0)
TANH = "self.grad += (1 - out.data**2) * out.grad"
EXP = "self.grad += out.data * out.grad"
POWER = "self.grad += other * self.data**(other - 1) * out.grad"
DIVIDE = "other.grad -= self.data / other.data**2 * out.grad"
NEURON = (
    f"x1, x2, w1, w2, b = Value(2.0), Value(0.0), Value(-3.0), Value(1.0), Value({6 + N!r})\n"
    "n = x1 * w1 + x2 * w2 + b\no = n.tanh()\no.backward()"
)


def sum_of(f):
    """The code of 3 f + f, and backward() from it."""
    return f"o = Value(3.0) * {f} + {f}\no.backward()"


OPERATIONS = (
    Step(
        5,
        "tanh multiplies by 1 - o**2",
        f"n, m = Value({N}), Value(0.7)\n"
        f"{sum_of('n.tanh()')}\np = Value(3.0) * m.tanh() + m.tanh()\np.backward()",
        {"n.grad": 2.0, "m.grad": 4 * (1 - P * P)},
        "__add__ __mul__ tanh backward grad",
        "At n = 0.8814 the output is 0.7071, and 1 - 0.7071**2 is 0.5: four times that.",
        (
            Cause(
                gives(4 * (1 - N * N), 4 * (1 - 0.49)),
                "The derivative of tanh is written with the input. It is 1 minus the square of the *output*.",
                TANH,
            ),
            Cause(gives(4 * (1 - 0.5**0.5)), "The square is missing.", TANH),
            Cause(gives(2.0, 4 * P * P), "The 1 minus is missing.", TANH),
            Cause(gives(-2.0), "The sign is wrong.", TANH),
            Cause(
                gives(4.0, 4.0),
                "tanh hands the gradient on unchanged; its own derivative is missing.",
                TANH,
            ),
            unscaled((1.0, 2 * (1 - P * P)), "tanh"),
            assigned((1.5,), "tanh"),
            assigned((0.5,), "tanh"),
            not_handed_on((0.0, 0.0), "t, (self,), 'tanh'"),
        ),
    ),
    Step(
        5,
        "the neuron",
        NEURON,
        {"o.data": 0.5**0.5, "n.grad": 0.5, "x1.grad": -1.5, "w1.grad": 1.0, "x2.grad": 0.5, "w2.grad": 0.0},
        "__add__ __mul__ tanh backward grad",
        "tanh leaves 0.5 of the 1 that arrived. + passes it on, and * gives each the other's number: x2 is "
        "0, so w2 moves nothing.",
        (
            Cause(
                gives(0.5**0.5, 0.5, 0.0, 0.0, 0.0, 0.0),
                "The walk ended at n: the result of tanh does not name its operand, so that what made the "
                "operand is not on the list.",
                "out = Value(t, (self,), 'tanh')",
            ),
        ),
        "o",
    ),
    Step(
        6,
        "exp is its own derivative",
        f"n = Value(2.0)\ne = n.exp()\n{sum_of('n.exp()')}",
        {"e.data": E2, "n.grad": 4 * E2},
        "__add__ __mul__ exp backward grad",
        "exp(2) is 7.3891, and rises as fast.",
        (
            Cause(
                gives(E2, 8 * math.exp(1.0)),
                "That is the rule for a power. The derivative of exp is its output.",
                EXP,
            ),
            Cause(
                gives(E2, 8.0),
                "The input stands where the output belongs: exp is its own derivative.",
                EXP,
            ),
            Cause(
                gives(E2, 4.0),
                "exp hands the gradient on unchanged; its own derivative is missing.",
                EXP,
            ),
            unscaled((E2, 2 * E2), "exp"),
            assigned((E2, 3 * E2), "exp"),
            assigned((E2, E2), "exp"),
            not_handed_on((E2, 0.0), "math.exp(self.data), (self,), 'exp'"),
        ),
    ),
    Step(
        6,
        "m = -a",
        f"a = Value(2.0)\nm = -a\n{sum_of('(-a)')}",
        {"m.data": -2.0, "a.grad": -4.0},
        "__add__ __mul__ __neg__ backward grad",
        "a up, -a down, as far.",
        (
            Cause(
                gives(2.0), "`-a` gives a itself: the sign is missing.", "def __neg__(self): return self * -1"
            ),
            Cause(
                gives(-2.0, 4.0),
                "The gradient of `-a` has the wrong sign: a up, -a down.",
                "self.grad -= out.grad",
            ),
            not_handed_on((-2.0, 0.0), "-self.data, (self,), 'neg'"),
            unscaled((-2.0, -2.0), "`-a`"),
            assigned((-2.0, -3.0), "`-a`"),
            assigned((-2.0, -1.0), "`-a`"),
        ),
    ),
    Step(
        6,
        "m = a - b",
        f"a, b = Value(2.0), Value(-3.0)\nm = a - b\n{sum_of('(a - b)')}",
        {"m.data": 5.0, "a.grad": 4.0, "b.grad": -4.0},
        "__add__ __mul__ __sub__ backward grad",
        "a up, a - b up; b up, a - b down.",
        (
            Cause(gives(-5.0), "This is b - a.", "def __sub__(self, other): return self + (-other)"),
            Cause(gives(-1.0), "This is a + b: the sign is missing.", WRITE["__sub__"]),
            Cause(
                gives(5.0, 4.0, 4.0),
                "The sign of the second gradient is wrong: b up, a - b down.",
                "other.grad -= out.grad",
            ),
            Cause(gives(5.0, 4.0, 0.0), "Nothing arrived at b.", "other.grad -= out.grad"),
            not_handed_on((5.0, 0.0, 0.0), "self.data - other.data, (self, other), '-'"),
            unscaled((5.0, 2.0, -2.0), "`-`, or of what it is made of,"),
            assigned((5.0, 3.0), "`-`, or of what it is made of,"),
            assigned((5.0, 1.0), "`-`, or of what it is made of,"),
        ),
    ),
    Step(
        6,
        "m = a**3",
        f"a = Value(2.0)\nm = a**3\n{sum_of('a**3')}",
        {"m.data": 8.0, "a.grad": 48.0},
        "__add__ __mul__ __pow__ backward grad",
        "The derivative of a**3 is 3 * a**2, which is 12: four times that.",
        (
            Cause(
                gives(8.0, 16.0),
                "The exponent is missing as a factor: the derivative of a**3 is 3 * a**2.",
                POWER,
            ),
            Cause(
                gives(8.0, 96.0),
                "The exponent was not lowered by 1: the derivative of a**3 is 3 * a**2.",
                POWER,
            ),
            unscaled((8.0, 24.0), "`**`"),
            assigned((8.0, 36.0), "`**`"),
            assigned((8.0, 12.0), "`**`"),
            not_handed_on((8.0, 0.0), "self.data**other, (self,), f'**{other}'"),
            Cause(gives(6.0), "`**` multiplies.", WRITE["__pow__"]),
        ),
    ),
    Step(
        6,
        "m = a / b",
        f"a, b = Value(6.0), Value(4.0)\nm = a / b\n{sum_of('(a / b)')}",
        {"m.data": 1.5, "a.grad": 1.0, "b.grad": -1.5},
        "__add__ __mul__ __truediv__ backward grad",
        "a / b is a * b**-1: a gets 1/4, b gets -6/16; four times that.",
        (
            Cause(gives(4.0 / 6.0), "This is b / a.", WRITE["__truediv__"]),
            Cause(gives(24.0), "This is a * b: the exponent of b is -1.", WRITE["__truediv__"]),
            Cause(
                gives(1.5, 1.0, 1.5),
                "The sign of the second gradient is wrong: a larger b makes a / b smaller.",
                DIVIDE,
            ),
            Cause(
                gives(1.5, 1.0, -6.0),
                "The square is missing: the derivative of a / b by b is -a / b**2.",
                DIVIDE,
            ),
            Cause(
                gives(1.5, 1.0, 0.0),
                "Nothing arrived at b.",
                DIVIDE,
            ),
            Cause(
                gives(1.5, 16.0),
                "a got b, not 1 / b: that is the rule of `*`.",
                "self.grad += 1 / other.data * out.grad",
            ),
            unscaled((1.5, 0.5, -0.75), "`/`, or of what it is made of,"),
            assigned((1.5, 0.75), "`/`, or of what it is made of,"),
            assigned((1.5, 0.25), "`/`, or of what it is made of,"),
        ),
    ),
    Step(
        6,
        "tanh in pieces gives the same",
        f"n, one, two = Value({N}), Value(1.0), Value(2.0)\n"
        "e = (n * two).exp()\no = (e - one) / (e + one)\no.backward()",
        {"o.data": 0.5**0.5, "n.grad": 0.5},
        "__add__ __mul__ __sub__ __truediv__ exp backward grad",
        "(exp(2n) - 1) / (exp(2n) + 1) is tanh(n): the same output, the same gradient.",
        (
            Cause(
                gives(0.5**0.5, 0.0),
                "The walk ended too early: a result (that of exp, say) does not name its operand, so that "
                "what made the operand is not on the list.",
                "out = Value(math.exp(self.data), (self,), 'exp')",
            ),
        ),
        "o",
    ),
)
