"""One right engine of sixty lines, as a learner writes it, and many that are wrong in one line.

Takes: nothing.
Gives: ``RIGHT``; ``MUTATIONS``, rows of (what was there, what stands there now, the step that must notice,
words of the cause that must be named); ``mutated`` and ``engine``.
"""

RIGHT = """\
import math

class Value:
    def __init__(self, data, _children=(), _op='', label=''):
        self.data = data
        self.grad = 0.0
        self._prev = set(_children)
        self._op = _op
        self.label = label
        self._backward = lambda: None
    def __repr__(self):
        return f'Value(data={self.data})'
    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)  # add
        out = Value(self.data + other.data, (self, other), '+')
        def _backward():
            self.grad += 1.0 * out.grad
            other.grad += 1.0 * out.grad
        out._backward = _backward  # add
        return out  # add
    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)  # mul
        out = Value(self.data * other.data, (self, other), '*')
        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward  # mul
        return out  # mul
    def __pow__(self, other):
        out = Value(self.data**other, (self,), f'**{other}')
        def _backward():
            self.grad += other * self.data**(other - 1) * out.grad
        out._backward = _backward  # pow
        return out  # pow
    def exp(self):
        out = Value(math.exp(self.data), (self,), 'exp')
        def _backward():
            self.grad += out.data * out.grad
        out._backward = _backward  # exp
        return out  # exp
    def tanh(self):
        x = self.data
        t = (math.exp(2*x) - 1) / (math.exp(2*x) + 1)
        out = Value(t, (self,), 'tanh')
        def _backward():
            self.grad += (1 - t**2) * out.grad
        out._backward = _backward  # tanh
        return out  # tanh
    def relu(self):
        out = Value(max(self.data, 0.0), (self,), 'ReLU')
        def _backward():
            self.grad += (out.data > 0) * out.grad
        out._backward = _backward  # relu
        return out  # relu
    def __radd__(self, other): return self + other
    def __rmul__(self, other): return self * other
    def __neg__(self): return self * -1
    def __sub__(self, other): return self + (-other)
    def __rsub__(self, other): return (-self) + other
    def __truediv__(self, other): return self * other**-1
    def __rtruediv__(self, other): return self**-1 * other
    def topological(self):
        topo, visited = [], set()
        def build(v):
            if v not in visited:
                visited.add(v)
                for child in v._prev:
                    build(child)
                topo.append(v)
        build(self)
        return topo
    def zero_grad(self):
        for v in self.topological(): v.grad = 0.0
    def backward(self):
        topo = self.topological()
        for v in topo: v.grad = 0.0 if v._prev else v.grad
        self.grad = 1.0
        for v in reversed(topo): v._backward()
"""

USED_TWICE = "a node used twice speaks after both have answered"
BACKWARD = "backward() does all of it"
PATH = "rates along a path multiply"
THIRTY = "thirty nodes, each used twice"
INNER = "and inner nodes start from 0 each time"
AGAIN = "a second backward() adds the same again"
TANH = "tanh multiplies by 1 - o**2"
ZERO = "        for v in topo: v.grad = 0.0 if v._prev else v.grad\n"
LOOP = "        for v in reversed(topo): v._backward()\n"
SORT = "                for child in v._prev:\n                    build(child)\n                topo.append(v)\n"
SELF_ADD, OTHER_ADD = "self.grad += 1.0 * out.grad", "other.grad += 1.0 * out.grad"
SELF_MUL, OTHER_MUL = "self.grad += other.data * out.grad", "other.grad += self.data * out.grad"
TANH_RULE, EXP_RULE = "self.grad += (1 - t**2) * out.grad", "self.grad += out.data * out.grad"
POW_RULE, RELU_RULE = "self.grad += other * self.data**(other - 1)", "self.grad += (out.data > 0)"
SUM, PRODUCT = "Value(self.data + other.data, (self, other), '+')", "(self, other), '*')"
SUB, DIV = "return self + (-other)", "return self * other**-1"

MUTATIONS = [
    # the number and its room
    ("_children=(), _op='', label=''", "_children, _op", "a = Value(2.0) holds its number", "need a default"),
    ("self.data = data", "pass", "a = Value(2.0) holds its number", "not kept"),
    ("self.grad = 0.0\n        self._prev", "self.grad = None\n        self._prev",
     "a new number has the gradient 0", "None"),
    ("self.grad = 0.0\n        self._prev", "self.grad = 1.0\n        self._prev",
     "a new number has the gradient 0", "belongs to the result"),
    ("return f'Value(data={self.data})'", "print(self.data)", "print(a) shows the number", "returns the text"),
    ("return f'Value(data={self.data})'", "return 'Value'", "print(a) shows the number", "not hold the number"),
    (SUM, "Value(self.data * other.data, (self, other), '+')", "e = d + c", "multiplies"),
    ("out = Value(self.data * other.data", "out = Value(self.data + other.data", "d = a * b", "adds"),
    (f"out = {SUM}", "self.data += other.data; out = self", "e = d + c", "operand itself was changed"),
    ("        return out  # add\n", "", "e = d + c", "without returning"),
    ("return out  # mul", "return out.data", "d = a * b", "bare result"),
    (SUM, "Value(self.data + other.data)", "a result remembers its operands", "`+` names no operands"),
    (PRODUCT, "(self,), '*')", "a result remembers its operands", "`*` names one operand"),
    (PRODUCT, "(self, other))", "a result remembers its operation", "not handed to the result"),
    (SUM, "self.data + other.data", "e = d + c", "bare result"),
    ("_op='', label=''):", "_op=''):\n        label = ''", "a Value has a label", "takes no `label`"),
    # tanh
    ("t = (math.exp(2*x) - 1) / (math.exp(2*x) + 1)", "t = (math.exp(x) - 1) / (math.exp(x) + 1)",
     "o = n.tanh()", "exponent is 2n"),
    ("t = (math.exp(2*x) - 1)", "t = (1 - math.exp(2*x))", "o = n.tanh()", "sign is wrong"),
    ("t = (math.exp(2*x) - 1) / (math.exp(2*x) + 1)", "t = math.tanh(self)", "o = n.tanh()", "given a Value"),
    ("import math\n", "", "o = n.tanh()", "not imported"),
    (TANH_RULE, "self.grad += (1 - x**2) * out.grad", TANH, "written with the input"),
    (TANH_RULE, "self.grad += (1 - t) * out.grad", TANH, "square is missing"),
    (TANH_RULE, "self.grad += t**2 * out.grad", TANH, "1 minus is missing"),
    (TANH_RULE, "self.grad += (t**2 - 1) * out.grad", TANH, "sign is wrong"),
    (TANH_RULE, "self.grad += out.grad", TANH, "hands the gradient on unchanged"),
    (TANH_RULE, "self.grad += (1 - t**2)", TANH, "multiplies it by the gradient that arrived"),
    (TANH_RULE, "self.grad = (1 - t**2) * out.grad", TANH, "`_backward` of tanh writes `=`"),
    ("out = Value(t, (self,), 'tanh')", "out = Value(t)", "the neuron", "tanh does not name its operand"),
    # one step of the chain rule
    ("        self._backward = lambda: None\n", "        self._backward = None\n",
     "a leaf has a _backward() that does nothing", "A leaf needs"),
    ("out._backward = _backward  # add", "out._backward = _backward()", "+ passes the gradient on", "brackets"),
    ("out._backward = _backward  # mul", "out._backward = _backward()",
     "* passes it on times the other operand", "brackets"),
    ("out._backward = _backward  # add", "pass", "+ passes the gradient on", "was not set"),
    (SELF_ADD, "pass", "+ passes the gradient on", "second operand only"),
    (OTHER_ADD, "pass", "+ passes the gradient on", "first operand only"),
    (f"{SELF_ADD}\n            {OTHER_ADD}", "self.grad += 1.0\n            other.grad += 1.0",
     "+ passes the gradient on", "local derivative alone"),
    (f"{SELF_MUL}\n            {OTHER_MUL}", "self.grad += other.data\n            other.grad += self.data",
     "* passes it on times the other operand", "local derivative alone"),
    (f"{SELF_MUL}\n            {OTHER_MUL}",
     "self.grad += self.data * out.grad\n            other.grad += other.data * out.grad",
     "* passes it on times the other operand", "swaps"),
    (f"{SELF_MUL}\n            {OTHER_MUL}", "self.grad += out.grad\n            other.grad += out.grad",
     "* passes it on times the other operand", "rule of `+`"),
    (SELF_MUL, "self.grad += other * out.grad", "* passes it on times the other operand", "Value was found"),
    (f"{SELF_ADD}\n            {OTHER_ADD}", "self.grad = out.grad\n            other.grad = out.grad",
     "b = a + a", "`+` writes `=`"),
    (f"{SELF_MUL}\n            {OTHER_MUL}",
     "self.grad = other.data * out.grad\n            other.grad = self.data * out.grad",
     "b = a * a", "`*` writes `=`"),
    ("def _backward():\n            self.grad += 1.0", "def _backward(out):\n            self.grad += 1.0",
     "+ passes the gradient on", "without arguments"),
    # backward()
    ("        self.grad = 1.0\n", "", BACKWARD, "seed is missing"),
    (LOOP, "", BACKWARD, "Nothing left the result"),
    ("reversed(topo)", "topo", BACKWARD, "Only the result handed on"),
    (LOOP, "        self._backward()\n", BACKWARD, "Only the result handed on"),
    ("        self._prev = set(_children)\n", "", BACKWARD, "no node kept them"),
    (SORT, "                topo.insert(0, v)\n"
     "                for child in sorted(v._prev, key=lambda v: v.data): build(child)\n", USED_TWICE, "topological order"),
    ("            if v not in visited:\n", "            if True:\n", THIRTY, "Each way"),
    (ZERO, "        for v in topo: v.grad = 0.0\n", AGAIN, "leaves were cleared"),
    (ZERO, "", INNER, "micrograd has this trap"),
    (f"{ZERO}        self.grad = 1.0\n", "        self.grad += 1.0\n", AGAIN, "seed was added"),
    (f"{ZERO}        self.grad = 1.0\n{LOOP}",
     "        self.grad = 1.0\n        self._backward()\n        for v in self._prev: v.backward()\n",
     BACKWARD, "own seed"),
    (f"{ZERO}        self.grad = 1.0\n{LOOP}",
     "        self.grad = 1.0\n        self._backward()\n"
     "        for v in self._prev:\n            if v._prev: v.backward()\n", PATH, "own seed"),
    (LOOP, "        while topo: topo[-1]._backward()\n", BACKWARD, "did not end"),
    # operations
    (EXP_RULE, "self.grad += self.data * math.exp(self.data - 1) * out.grad", "exp is its own derivative",
     "rule for a power"),
    (EXP_RULE, "self.grad += self.data * out.grad", "exp is its own derivative", "input stands"),
    (EXP_RULE, "self.grad += out.grad", "exp is its own derivative", "unchanged"),
    (EXP_RULE, "self.grad += out.data", "exp is its own derivative", "local derivative alone"),
    (EXP_RULE, "self.grad = out.data * out.grad", "exp is its own derivative", "`=`"),
    ("Value(math.exp(self.data), (self,), 'exp')", "Value(math.exp(self.data))",
     "tanh in pieces gives the same", "that of exp, say"),
    ("out._backward = _backward  # exp", "pass", "exp is its own derivative", "was not set"),
    ("def __neg__(self): return self * -1", "def __neg__(self): return self * 1", "m = -a", "sign is missing"),
    ("def __neg__(self): return self * -1", "def __neg__(self): return Value(-self.data)", "m = -a",
     "Nothing arrived"),
    (SUB, "return (-self) + other", "m = a - b", "b - a"),
    (SUB, "return self + other", "m = a - b", "a + b"),
    (SUB, "return Value(self.data - other.data, (self,), '-')", "m = a - b", "Nothing arrived"),
    (POW_RULE, "self.grad += self.data**(other - 1)", "m = a**3", "as a factor"),
    (POW_RULE, "self.grad += other * self.data**other", "m = a**3", "not lowered"),
    (POW_RULE, "self.grad = other * self.data**(other - 1)", "m = a**3", "`=`"),
    (f"{POW_RULE} * out.grad", POW_RULE, "m = a**3", "local derivative alone"),
    ("Value(self.data**other,", "Value(self.data*other,", "m = a**3", "multiplies"),
    (DIV, "return other * self**-1", "m = a / b", "b / a"),
    (DIV, "return self * other**1", "m = a / b", "a * b"),
    (DIV, "return self * Value(other.data**-1)", "m = a / b", "Nothing arrived at b"),
    # numbers on either side, and clearing
    ("        other = other if isinstance(other, Value) else Value(other)  # add\n", "", "a + 1 and a * 3",
     "Wrap it"),
    ("        other = other if isinstance(other, Value) else Value(other)  # mul\n", "", "a + 1 and a * 3",
     "Wrap it"),
    ("def __radd__(self, other): return self + other", "def __radd__(self, other): return other + self", "1 + a",
     "calls itself"),
    ("def __rmul__(self, other): return self * other", "def __rmul__(self, other): return self + other", "3 * b",
     "something else"),
    ("return (-self) + other", "return self + (-other)", "1 - a", "a - 1"),
    ("return self**-1 * other", "return self * other**-1", "6 / a", "a / 6"),
    ("for v in self.topological(): v.grad = 0.0", "self.grad = 0.0", "b.zero_grad() clears the graph",
     "Only the node itself"),
    (f"{RELU_RULE} * out.grad", "self.grad += out.grad", "relu", "relu is flat"),
    (RELU_RULE, "self.grad = (out.data > 0)", "relu", "`=`"),
    ("    def __repr__(self):", "    def __eq__(self, other): return self.data == other.data\n    def __repr__(self):",
     "d = a * b", "loses `__hash__`"),
]  # fmt: skip

MISSING = [
    ("        self._prev = set(_children)\n", "a result remembers its operands", "_prev"),
    ("        self._op = _op\n", "a result remembers its operation", "_op"),
    ("        self.label = label\n", "a Value has a label", "label"),
    ("    def __radd__(self, other): return self + other\n", "1 + a", "__radd__"),
    ("    def __rmul__(self, other): return self * other\n", "3 * b", "__rmul__"),
    ("    def __neg__(self): return self * -1\n", "m = -a", "__neg__"),
    ("    def __rsub__(self, other): return (-self) + other\n", "1 - a", "__rsub__"),
    (
        "    def __repr__(self):\n        return f'Value(data={self.data})'\n",
        "print(a) shows the number",
        "__repr__",
    ),
]
"""What a class may still lack: the lines, the step that waits, and the need that it names."""


def mutated(old, new, source=RIGHT):
    """The right engine with one thing in place of another, which must be there once."""
    assert source.count(old) == 1, (source.count(old), old)
    return source.replace(old, new)


def engine(source):
    """The class of an engine's source."""
    names = {}
    exec(compile(source, "<engine>", "exec"), names)
    return names["Value"]
