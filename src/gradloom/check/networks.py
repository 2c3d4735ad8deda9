"""The steps of the lesson's parts 7 and 8: gradients add up, plain numbers join in, a loss goes downhill.

Takes: the words of ``step.py`` and ``causes.py``.
Gives: ``NETWORKS``, rows of the table.
Promises: as ``nodes.py``.
"""

from gradloom.check.causes import WRITE, assigned, not_handed_on, unscaled
from gradloom.check.operations import sum_of
from gradloom.check.step import Cause, Step, alone, gives, unexplained

__all__ = ["NETWORKS"]

NETWORKS = (
    Step(
        7,
        "b = a + a",
        "a = Value(3.0)\nb = a + a\nb.backward()",
        {"b.data": 6.0, "a.grad": 2.0},
        "__add__ backward grad",
        "Two edges lead from a to b, and each brings 1.",
        (assigned((6.0, 1.0), "`+`"),),
        "b",
    ),
    Step(
        7,
        "b = a * a",
        "a = Value(3.0)\nb = a * a\nb.backward()",
        {"b.data": 9.0, "a.grad": 6.0},
        "__mul__ backward grad",
        "Two edges, and each brings the other operand, which is a too.",
        (assigned((9.0, 3.0), "`*`"),),
        "b",
    ),
    Step(
        7,
        "a second backward() adds the same again",
        "a = Value(3.0)\nb = a + a\nb.backward()\nb.backward()",
        {"a.grad": 4.0},
        "__add__ backward grad",
        "A gradient stays until you clear it: 2, and 2 again.",
        (
            assigned((1.0,), "`+`"),
            Cause(
                alone(gives(2.0)),
                "The leaves were cleared at the start of the second walk. Clearing them is the training "
                "loop's choice: two losses may add up.",
                "node.grad = 0.0  # in backward(): for inner nodes only",
            ),
            Cause(
                gives(6.0),
                "The seed was added to that of the first walk: the result has 1, however often.",
                "self.grad = 1.0",
            ),
        ),
    ),
    Step(
        7,
        "and inner nodes start from 0 each time",
        "a, b, c = Value(2.0), Value(-3.0), Value(10.0)\nd = a * b\ne = d + c\ne.backward()\ne.backward()",
        {"a.grad": -6.0, "b.grad": 4.0, "c.grad": 2.0},
        "__add__ __mul__ backward grad",
        "Twice -3, twice 2, twice 1.",
        (
            Cause(
                gives(-9.0, 6.0, 2.0),
                "The inner node d kept its gradient of the first walk, and handed it on again with the new "
                "one. micrograd has this trap too. Clear what was made from something before each walk.",
                "if v._prev: v.grad = 0.0  # for each v in topo, before the seed",
            ),
            Cause(
                gives(-3.0, 2.0, 1.0),
                "The leaves were cleared at the start of the second walk. Clearing them is the training "
                "loop's choice: two losses may add up.",
                "node.grad = 0.0  # in backward(): for inner nodes only",
            ),
        ),
    ),
    Step(
        7,
        "b.zero_grad() clears the graph",
        "a = Value(3.0)\nb = a + a\nb.backward()\nb.zero_grad()",
        {"a.grad": 0.0, "b.grad": 0.0},
        "__add__ backward zero_grad grad",
        "All of it starts anew.",
        (
            Cause(
                gives(2.0, 0.0),
                "Only the node itself was cleared. What it was made from kept its gradient.",
                "for node in topo: node.grad = 0.0",
            ),
            Cause(gives(..., None), "None is not 0: `+=` cannot add to it.", "node.grad = 0.0"),
            Cause(gives(None, ...), "None is not 0: `+=` cannot add to it.", "node.grad = 0.0"),
        ),
    ),
    Step(
        7,
        "a + 1 and a * 3",
        "a = Value(32.0)\nb = a + 1\nc = b * 3\nc.backward()",
        {"b.data": 33.0, "c.data": 99.0, "a.grad": 3.0},
        "__add__ __mul__ backward grad",
        "A plain number may join in: it becomes a node of its own.",
    ),
    Step(
        7,
        "1 + a",
        "a = Value(32.0)\nb = 1 + a\nb.backward()",
        {"b.data": 33.0, "a.grad": 1.0},
        "__add__ __radd__ backward grad",
        "The int does not know how, so Python asks `a.__radd__(1)`.",
        (Cause(unexplained, "`__radd__` gives something else than `self + other`.", WRITE["__radd__"]),),
    ),
    Step(
        7,
        "3 * b",
        "b = Value(33.0)\nc = 3 * b\nc.backward()",
        {"c.data": 99.0, "b.grad": 3.0},
        "__mul__ __rmul__ backward grad",
        "The int does not know how, so Python asks `b.__rmul__(3)`.",
        (Cause(unexplained, "`__rmul__` gives something else than `self * other`.", WRITE["__rmul__"]),),
    ),
    Step(
        7,
        "1 - a",
        "a = Value(32.0)\nb = 1 - a\nb.backward()",
        {"b.data": -31.0, "a.grad": -1.0},
        "__add__ __mul__ __rsub__ backward grad",
        "Python asks `a.__rsub__(1)`, the other minus self: a up, 1 - a down.",
        (Cause(gives(31.0), "This is a - 1. In `__rsub__` the other comes first.", WRITE["__rsub__"]),),
        "b",
    ),
    Step(
        7,
        "6 / a",
        "a = Value(4.0)\nb = 6 / a\nb.backward()",
        {"b.data": 1.5, "a.grad": -0.375},
        "__mul__ __rtruediv__ backward grad",
        "Python asks `a.__rtruediv__(6)`, the other divided by self. Its derivative is -6 / a**2.",
        (
            Cause(
                gives(4.0 / 6.0),
                "This is a / 6. In `__rtruediv__` the other is above.",
                WRITE["__rtruediv__"],
            ),
        ),
        "b",
    ),
    Step(
        8,
        "relu",
        "a, b = Value(2.0), Value(-3.0)\nr, s = a.relu(), b.relu()\n"
        f"{sum_of('a.relu()')}\np = Value(3.0) * b.relu() + b.relu()\np.backward()",
        {"r.data": 2.0, "s.data": 0.0, "a.grad": 4.0, "b.grad": 0.0},
        "__add__ __mul__ relu backward grad",
        "Above 0 it passes everything on, below 0 nothing.",
        (
            Cause(
                gives(2.0, 0.0, 4.0, 4.0),
                "The gradient goes through below 0 as well, where relu is flat.",
                "self.grad += (out.data > 0) * out.grad",
            ),
            unscaled((2.0, 0.0, 2.0, 0.0), "relu"),
            assigned((2.0, 0.0, 3.0), "relu"),
            assigned((2.0, 0.0, 1.0), "relu"),
            not_handed_on((2.0, 0.0, 0.0), "max(self.data, 0.0), (self,), 'ReLU'"),
        ),
    ),
    Step(
        8,
        "a loss is a sum()",
        "w = Value(1.0)\n"
        "loss = sum((w * Value(x) - Value(t))**2 for x, t in [(1.0, 2.0), (2.0, -1.0)])\nloss.backward()",
        {"loss.data": 10.0, "w.grad": 10.0},
        "__add__ __mul__ __radd__ __sub__ __pow__ backward grad",
        "sum() begins with 0 + ..., so it needs `__radd__`. The misses are -1 and 3: 2 * -1 * 1 + 2 * 3 * 2.",
    ),
    Step(
        8,
        "one step downhill",
        "w = Value(1.0)\n\n"
        "def loss():\n"
        "    rows = [(1.0, 2.0), (2.0, -1.0)]\n"
        "    return sum((w * Value(x) - Value(t))**2 for x, t in rows)\n\n"
        "for step in range(2):\n    w.grad = 0.0\n    loss().backward()\n    w.data -= 0.05 * w.grad",
        {"w.data": 0.25, "loss().data": 5.3125},
        "__add__ __mul__ __radd__ __sub__ __pow__ backward grad",
        "10, 6.25, 5.3125: clear, backward, step.",
    ),
)
