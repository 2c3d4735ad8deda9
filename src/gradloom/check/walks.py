"""The steps of the lesson's part 5 with backward(): the seed, the walk, and its order.

Takes: the words of ``step.py`` and ``causes.py``.
Gives: ``WALKS``, rows of the table.
Promises: as ``nodes.py``.
"""

from gradloom.check.causes import ORDER, VISIT, WALK, assigned
from gradloom.check.step import Cause, Step, alone, gives, runs_on, unexplained

__all__ = ["WALKS"]

VISITED = "A node handed on more than once: each way to it was walked by itself. Visit each node once."
OWN_SEED = (
    "A node below the result was set to 1: each node's backward() sows its own seed. Only the result has "
    "one; let backward() walk a list, and call `_backward` of its nodes."
)

USED_TWICE = (
    assigned((12.0,), "`+`"),
    Cause(gives(14.0), ORDER, WALK),
    Cause(gives(40.0), VISITED, VISIT),
    Cause(gives(52.0), VISITED, VISIT),
    Cause(unexplained, ORDER, WALK),
)

WALKS = (
    Step(
        5,
        "backward() does all of it",
        "a, b, c = Value(2.0), Value(-3.0), Value(10.0)\nd = a * b\ne = d + c\ne.backward()",
        {"e.grad": 1.0, "d.grad": 1.0, "c.grad": 1.0, "a.grad": -3.0, "b.grad": 2.0},
        "__add__ __mul__ backward grad",
        "e moves as far as itself: 1, the seed. + passes it on to d and c; * gives a the number of b, and b "
        "that of a.",
        (
            Cause(
                gives(0.0, 0.0, 0.0, 0.0, 0.0),
                "The seed is missing: the result moves as far as itself, and everything is a multiple of "
                "that.",
                "self.grad = 1.0  # in backward(), before the loop",
            ),
            Cause(
                gives(1.0, 0.0, 0.0, 0.0, 0.0),
                "Nothing left the result: backward() does not call the `_backward` of the nodes.",
                WALK,
            ),
            Cause(
                gives(1.0, 1.0, 1.0, 0.0, 0.0),
                "Only the result handed on. Either the list is walked from the leaves, where the gradients "
                "are still 0, or backward() does not go further than the result.",
                WALK,
            ),
            Cause(alone(gives(1.0, 1.0, 1.0, 1.0, 1.0)), OWN_SEED, WALK),
            Cause(
                gives(0.0, 1.0, 1.0, -3.0, 2.0),
                "The gradient of the result itself was lost.",
                "self.grad = 1.0",
            ),
        ),
        "e",
    ),
    Step(
        5,
        "rates along a path multiply",
        "a, b, c, f = Value(2.0), Value(-3.0), Value(10.0), Value(-2.0)\n"
        "d = a * b\ne = d + c\nL = e * f\nL.backward()",
        {"f.grad": 4.0, "e.grad": -2.0, "c.grad": -2.0, "a.grad": 6.0, "b.grad": -4.0},
        "__add__ __mul__ backward grad",
        "e moves L by f, -2. What a and b do to e, they do to L -2 times over.",
        (Cause(alone(gives(4.0, 1.0)), OWN_SEED, WALK),),
        "L",
    ),
    Step(
        5,
        "a node used twice speaks after both have answered",
        "x = Value(3.0)\ny = x * Value(2.0)\nu = y + Value(1.0)\nz = y * u\nz.backward()",
        {"x.grad": 26.0},
        "__add__ __mul__ backward grad",
        "z = y * u with u = y + 1: y gets u = 7 from z and 6 from u, 13 in all, and hands on twice that.",
        USED_TWICE,
        "z",
    ),
    Step(
        5,
        "and so it does on the other side",
        "x = Value(3.0)\ny = x * Value(2.0)\nu = y + Value(1.0)\nz = u * y\nz.backward()",
        {"x.grad": 26.0},
        "__add__ __mul__ backward grad",
        "The same: the order in which operands stand is no order of the walk.",
        USED_TWICE,
    ),
    Step(
        5,
        "b = a + a; c = b + b",
        "a = Value(3.0)\nb = a + a\nc = b + b\nc.backward()",
        {"c.data": 12.0, "b.grad": 2.0, "a.grad": 4.0},
        "__add__ backward grad",
        "Two ways from a to b, and two from b to c: four ways.",
        (
            assigned((12.0, 1.0, 1.0), "`+`"),
            Cause(
                lambda found: any(gives(12.0, 2.0, x)(found) for x in (6.0, 8.0, 12.0)),
                "b handed on once for each way to it. " + ORDER,
                VISIT,
            ),
        ),
        "c",
    ),
    Step(
        5,
        "thirty nodes, each used twice",
        "x = y = Value(1.0)\nzero = Value(0.0)\nfor i in range(15):\n    y = y + (y + zero)\n"
        "    y = (y + zero) + y\ny.backward()",
        {"x.grad": 2.0**30},
        "__add__ backward grad",
        "The result doubles thirty times, and so does the gradient.",
        (
            Cause(
                runs_on,
                "Each way through the graph is walked by itself, and there are 2**30 of them. Visit each "
                "node once.",
                VISIT,
            ),
            assigned((1.0,), "`+`"),
            Cause(unexplained, ORDER, WALK),
        ),
    ),
)
