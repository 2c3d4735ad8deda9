"""What is the same for many steps: causes that any step may have, and what to write for each need.

Takes: the predicates of ``step.py``.
Gives: ``COMMON``, tried after a row's own causes; ``WRITE``, from a need to the line that fills it;
sentences and makers of causes that several rows share.
Promises: each sentence says what is wrong, in the words of the lesson; ``write`` is Python to copy.
"""

from gradloom.check.step import Cause, gives, raises, runs_on

__all__ = ["COMMON", "INIT", "LEAF", "ORDER", "VISIT", "WALK", "WRAP", "WRITE"]
__all__ += ["assigned", "not_handed_on", "unscaled"]

INIT = "def __init__(self, data, _children=(), _op='', label=''):"
LEAF = "self._backward = lambda: None"
WALK = "for node in reversed(topo): node._backward()"
VISIT = "if v not in visited: visited.add(v)  # and only then its operands"
WRAP = "other = other if isinstance(other, Value) else Value(other)"

WRITE = {
    "data": "self.data = data",
    "grad": "self.grad = 0.0",
    "_prev": "self._prev = set(_children)",
    "_op": "self._op = _op",
    "label": f"{INIT}  # and self.label = label",
    "_backward": f"{LEAF}  # and each operation sets that of its result",
    "backward": "def backward(self):  # sort the nodes, self.grad = 1.0, then each _backward() in reverse",
    "zero_grad": "def zero_grad(self):  # grad = 0.0 on this node and on all that it was made from",
    "__repr__": "def __repr__(self): return f'Value(data={self.data})'",
    "__add__": "def __add__(self, other):  # out = Value(self.data + other.data, (self, other), '+')",
    "__mul__": "def __mul__(self, other):  # out = Value(self.data * other.data, (self, other), '*')",
    "__radd__": "def __radd__(self, other): return self + other",
    "__rmul__": "def __rmul__(self, other): return self * other",
    "__neg__": "def __neg__(self): return self * -1",
    "__sub__": "def __sub__(self, other): return self + (-other)",
    "__rsub__": "def __rsub__(self, other): return (-self) + other",
    "__truediv__": "def __truediv__(self, other): return self * other**-1",
    "__rtruediv__": "def __rtruediv__(self, other): return self**-1 * other",
    "__pow__": "def __pow__(self, other):  # the local derivative is other * self.data**(other - 1)",
    "exp": "def exp(self):  # out = Value(math.exp(self.data), (self,), 'exp'), its own derivative",
    "tanh": "def tanh(self):  # out = Value(math.tanh(self.data), (self,), 'tanh'); 1 - out.data**2",
    "relu": "def relu(self):  # out = Value(max(self.data, 0.0), (self,), 'ReLU'); 1 where out.data > 0",
}
"""For each thing that a step may need of the class: what to write where it is missing."""

ORDER = (
    "No topological order: a node handed on its gradient before all of it had arrived. List the nodes "
    "with operands first, each once, and walk the list in reverse."
)


def assigned(things, operation):
    """``=`` in the ``_backward`` of an operation, where ``+=`` belongs."""
    says = f"`_backward` of {operation} writes `=` where `+=` belongs: the second way wiped out the first."
    return Cause(gives(*things), says, "self.grad += ...  # and other.grad += ...")


def unscaled(things, operation):
    """The local derivative alone, without the gradient that arrived."""
    says = (
        f"`_backward` of {operation} adds its local derivative alone. The chain rule multiplies it by the "
        "gradient that arrived at the result."
    )
    return Cause(gives(*things), says, "self.grad += (local derivative) * out.grad")


def not_handed_on(things, made):
    """The result does not know its operand."""
    says = (
        "Nothing arrived at the operand: either the result does not name it, or its `_backward` was not set."
    )
    return Cause(gives(*things), says, f"out = Value({made})  # and out._backward = _backward")


def _holds_a_value(found):
    """A Value stands where a number belongs."""
    return found.error is None and any(isinstance(thing, found.kind) for thing in found.things)


def _holds(thing):
    return lambda found: found.error is None and any(x is thing for x in found.things)


COMMON = (
    Cause(
        runs_on,
        "It did not end. Either a loop has no end, or a node that is used twice is walked twice, and what is "
        "below it four times, eight times and so on: remember which nodes were visited.",
        VISIT,
    ),
    Cause(
        raises(SystemExit), "The whole program was ended here: take out what does that, exit() for instance."
    ),
    Cause(
        raises(TypeError, "'NoneType' object is not callable"),
        "A `_backward` is None and not a function. With brackets, `out._backward = _backward()` calls it at "
        "once and keeps what it returned; a leaf needs one too, which does nothing.",
        f"out._backward = _backward  # and in __init__: {LEAF}",
    ),
    Cause(
        raises(TypeError, "_backward()", "positional argument"),
        "`_backward` is called without arguments: it knows self, other and out from where it was made.",
        "def _backward():",
    ),
    Cause(
        raises(RecursionError),
        "A method calls itself without end. In `__radd__` and `__rmul__` the Value comes first: `other + "
        "self` asks `__radd__` again.",
        "return self + other",
    ),
    Cause(
        raises(AttributeError, "'NoneType' object"),
        "An operation gave None: it ends without returning its result.",
        "return out",
    ),
    Cause(
        raises(AttributeError, "'int' object has no attribute"),
        "A plain number met a Value, and has no `data`. Wrap it before it is used.",
        WRAP,
    ),
    Cause(
        raises(AttributeError, "'float' object has no attribute"),
        "A plain number stands where a Value belongs: an operation returned its bare result, or a number "
        "that joined in was not wrapped.",
        f"out = Value(...); return out  # or: {WRAP}",
    ),
    Cause(
        raises(AttributeError, "has no attribute '_prev'"),
        "`backward()` asks a node for its operands, and no node kept them.",
        WRITE["_prev"],
    ),
    Cause(
        raises(AttributeError, "has no attribute '_backward'"),
        "Every node is asked for its `_backward`, leaves too; theirs does nothing.",
        LEAF,
    ),
    Cause(
        raises(AttributeError, "has no attribute 'grad'"),
        "Every node needs room for its gradient.",
        WRITE["grad"],
    ),
    Cause(raises(NameError, "'math'"), "The module math is used and was not imported.", "import math"),
    Cause(
        raises(TypeError, "must be real number"),
        "The functions of math take numbers, and were given a Value.",
        "math.exp(self.data)",
    ),
    Cause(
        raises(TypeError, "unhashable"),
        "Values must go into a set. A class that defines `__eq__` loses `__hash__`; drop the `__eq__`, or "
        "say that the hash is still the node's own.",
        "__hash__ = object.__hash__",
    ),
    Cause(
        raises(TypeError, "positional argument"),
        "The constructor and the calls of it do not fit together.",
        INIT,
    ),
    Cause(
        raises(TypeError, "unsupported operand type"),
        "The class cannot do one of its own operations. Either an operator that this one is made of is not "
        "written, or a plain number was not wrapped.",
        WRAP,
    ),
    Cause(
        _holds_a_value,
        "A number is expected, and a Value was found: somewhere `.data` or `.grad` is missing.",
        "self.grad += other.data * out.grad",
    ),
    Cause(_holds(None), "None was found: something ends without returning its result.", "return out"),
    Cause(
        lambda found: found.error is None and found.earlier,
        "Mend what is wrong above first: this may follow from it.",
    ),
)
"""Tried in order where none of the row's own causes holds."""
