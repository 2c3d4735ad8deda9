"""The steps of the lesson's parts 3 to 5, without backward(): numbers that remember, and their _backward().

Takes: the words of ``step.py`` and ``causes.py``.
Gives: ``NODES``, rows of the table.
Promises: the numbers are those of the lesson, and come from mathematics. A row needs of the class only
what its code uses.
"""

from gradloom.check.causes import INIT, LEAF, WRITE, not_handed_on, unscaled
from gradloom.check.step import Cause, Step, gives, raises, unexplained

__all__ = ["NODES"]

N = 0.8813735870195432  # where tanh is the square root of 1/2

NODES = (
    Step(
        3,
        "a = Value(2.0) holds its number",
        "a = Value(2.0)",
        {"a.data": 2.0},
        "",
        "A Value holds a number.",
        (
            Cause(
                raises(TypeError), "`Value(2.0)` must be enough: all other arguments need a default.", INIT
            ),
            Cause(raises(AttributeError, "data"), "The number is not kept.", WRITE["data"]),
        ),
    ),
    Step(
        3,
        "a new number has the gradient 0",
        "a = Value(2.0)",
        {"a.grad": 0.0},
        "grad",
        "Nothing is known yet of how it moves a result.",
        (
            Cause(gives(None), "`+=` cannot add to None.", WRITE["grad"]),
            Cause(
                gives(1.0), "The 1 belongs to the result alone, and backward() puts it there.", WRITE["grad"]
            ),
        ),
    ),
    Step(
        3,
        "print(a) shows the number",
        "a = Value(2.0)",
        {"'2' in repr(a)": True},
        "__repr__",
        "You will look at many of them.",
        (
            Cause(
                raises(TypeError, "non-string"),
                "`__repr__` returns the text; who asked for it prints it.",
                WRITE["__repr__"],
            ),
            Cause(gives(False), "The text does not hold the number.", WRITE["__repr__"]),
        ),
    ),
    Step(
        3,
        "d = a * b",
        "a, b = Value(2.0), Value(-3.0)\nd = a * b",
        {"d.data": -6.0, "a.data": 2.0},
        "__mul__",
        "2 times -3, as a new Value; a and b stay what they were.",
        (
            Cause(gives(..., -6.0), "The operand itself was changed. Make a new Value.", WRITE["__mul__"]),
            Cause(gives(-1.0), "`__mul__` adds.", WRITE["__mul__"]),
        ),
    ),
    Step(
        3,
        "e = d + c",
        "d, c = Value(-6.0), Value(10.0)\ne = d + c",
        {"e.data": 4.0, "d.data": -6.0},
        "__add__",
        "-6 plus 10, as a new Value; d and c stay what they were.",
        (
            Cause(gives(..., 4.0), "The operand itself was changed. Make a new Value.", WRITE["__add__"]),
            Cause(gives(-60.0), "`__add__` multiplies.", WRITE["__add__"]),
        ),
    ),
    Step(
        3,
        "a result remembers its operands",
        "a, b, c = Value(2.0), Value(-3.0), Value(10.0)\nd = a * b\ne = d + c",
        {"len(d._prev)": 2, "len(e._prev)": 2, "a in d._prev": True, "d in e._prev": True},
        "__add__ __mul__ _prev",
        "d was made from a and b; e from d and c.",
        (
            Cause(
                gives(0),
                "The result of `*` names no operands.",
                "out = Value(self.data * other.data, (self, other), '*')",
            ),
            Cause(
                gives(2, 0),
                "The result of `+` names no operands.",
                "out = Value(self.data + other.data, (self, other), '+')",
            ),
            Cause(gives(1), "The result of `*` names one operand only.", "(self, other)"),
            Cause(gives(2, 1), "The result of `+` names one operand only.", "(self, other)"),
        ),
    ),
    Step(
        3,
        "a result remembers its operation",
        "d = Value(2.0) * Value(-3.0)\ne = d + Value(10.0)",
        {"bool(d._op)": True, "bool(e._op)": True, "d._op == e._op": False},
        "__add__ __mul__ _op",
        "d was made by *, e by +.",
        (
            Cause(
                unexplained, "The sign is not handed to the result.", "out = Value(..., (self, other), '*')"
            ),
        ),
    ),
    Step(
        3,
        "a Value has a label",
        "a = Value(2.0, label='a')\nb = Value(3.0)\nb.label = 'b'",
        {"a.label": "a", "b.label": "b"},
        "label",
        "Pictures are read by their names.",
        (Cause(raises(TypeError, "label"), "The constructor takes no `label`.", WRITE["label"]),),
    ),
    Step(
        4,
        "o = n.tanh()",
        f"n, m = Value({N}), Value(0.7)\no, p = n.tanh(), m.tanh()",
        {"o.data": 0.5**0.5, "p.data": 0.6043677771171636},
        "tanh",
        "The square root of 1/2, and 0.6044.",
        (
            Cause(
                gives(0.5**0.5 / (1 + 0.5**0.5)),
                "This is tanh(n/2): the exponent is 2n.",
                "t = (math.exp(2*x) - 1) / (math.exp(2*x) + 1)",
            ),
            Cause(gives(-(0.5**0.5)), "The sign is wrong: exp(2n) - 1 is above.", WRITE["tanh"]),
        ),
    ),
    Step(
        5,
        "a leaf has a _backward() that does nothing",
        "a = Value(2.0)\na._backward()",
        {"a.grad": 0.0},
        "_backward grad",
        "A leaf was made from nothing: there is nothing to hand on.",
        (Cause(raises(TypeError, "not callable"), "A leaf needs a `_backward` too.", LEAF),),
    ),
    Step(
        5,
        "+ passes the gradient on",
        "d, c = Value(-6.0), Value(10.0)\ne = d + c\ne.grad = 3.0\ne._backward()",
        {"d.grad": 3.0, "c.grad": 3.0},
        "__add__ _backward grad",
        "Bump d, and e moves just as far; the same for c. So each gets 1 times 3.",
        (
            unscaled((1.0, 1.0), "`+`"),
            not_handed_on((0.0, 0.0), "self.data + other.data, (self, other), '+'"),
            Cause(
                gives(0.0, 3.0),
                "`_backward` of `+` hands on to the second operand only.",
                "self.grad += out.grad",
            ),
            Cause(
                gives(3.0, 0.0),
                "`_backward` of `+` hands on to the first operand only.",
                "other.grad += out.grad",
            ),
            Cause(
                gives(30.0, -18.0),
                "`_backward` of `+` multiplies by the other operand: that is the rule of `*`.",
                "self.grad += out.grad",
            ),
        ),
    ),
    Step(
        5,
        "* passes it on times the other operand",
        "a, b = Value(2.0), Value(-3.0)\nd = a * b\nd.grad = 3.0\nd._backward()",
        {"a.grad": -9.0, "b.grad": 6.0},
        "__mul__ _backward grad",
        "Bump a, and d moves b times as far: a gets -3 times 3. Bump b, and it moves a times as far: 2 "
        "times 3.",
        (
            Cause(
                gives(6.0, -9.0),
                "Each operand got its own number. `*` swaps: each gets the other's.",
                "self.grad += other.data * out.grad",
            ),
            unscaled((-3.0, 2.0), "`*`"),
            Cause(
                gives(3.0, 3.0),
                "`_backward` of `*` hands the gradient on unchanged: that is the rule of `+`.",
                "self.grad += other.data * out.grad",
            ),
            not_handed_on((0.0, 0.0), "self.data * other.data, (self, other), '*'"),
            Cause(
                gives(..., 0.0),
                "`_backward` of `*` hands on to the first operand only.",
                "other.grad += self.data * out.grad",
            ),
            Cause(
                gives(0.0, ...),
                "`_backward` of `*` hands on to the second operand only.",
                "self.grad += other.data * out.grad",
            ),
        ),
    ),
)
