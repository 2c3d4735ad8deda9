"""How a Value meets the rest of Python: printing, conversion, copying, pickling.

Takes: whichever ``Value`` class won in ``engine.py``.
Gives: methods attached to it, written once for both engines.
Promises: nothing here recurses over a graph; no conversion loses a gradient without a word.
"""

import copy

from gradloom.engine import Value, apply, topological_order
from gradloom.ops import TABLE

PICKLE_FORMAT = 1


# ---- text
def _repr(self):
    label = f", label={self.label!r}" if self.label else ""
    return f"Value(data={self.data}, grad={self.grad}{label})"


def _format(self, spec):
    return format(self.data, spec) if spec else repr(self)


# ---- conversion: refused where the gradient would be lost without a word
def _refusal(call, instead):
    def refuse(self, *_):
        raise TypeError(
            f"{call} of a Value would lose its gradient; write {instead}, or v.data for the bare number"
        )

    return refuse


def item(self):
    """The number, as a float."""
    return self.data


def detach(self):
    """A new leaf with the same number: no gradient flows through it."""
    return Value(self.data)


def _trunc(self):
    return abs(self).floor().copysign(self)


def _round(self, ndigits=None):
    if ndigits is not None:
        raise TypeError("round(v, n) has no derivative row; write round(v * 10**n) / 10**n")
    return apply(TABLE["round"], self)


# ---- copies: a graph is written as a flat list, so that depth does not matter
def _steps(root):
    """The nodes below ``root``, operands first: leaves as themselves, others as plain tuples.

    A pickle's memo keeps a leaf one and the same object: the leaves of a saved loss are the
    parameters of the model saved beside it.
    """
    order = topological_order(root)
    position = {node: i for i, node in enumerate(order)}
    return [node if _is_leaf(node) else (type(node), *_step(node, position), node.data) for node in order]


def _step(node, position):
    _check_copyable(node)
    row, operands = node._recipe
    stale = row is not None and any(_age(operands[i]) > node._stamp for i in row.reads)
    sources = tuple((position[x], None) if isinstance(x, Value) else (None, x) for x in operands)
    return row.name if row is not None and TABLE.get(row.name) is row else row, sources, stale


def _build(steps):
    """The nodes that ``steps`` describe, in the same order."""
    nodes = []
    for step in steps:
        if not isinstance(step, Value):
            cls, row, sources, stale, data = step
            operands = tuple(x if i is None else nodes[i] for i, x in sources)
            step = _blank(cls, data)
            step._recipe = TABLE[row] if isinstance(row, str) else row, operands
            if stale:  # the copy of a result that no longer fits its operands does not fit either
                step._stamp = 0
        nodes.append(step)
    return nodes


def _is_leaf(node):
    return not node._recipe[1]


def _age(operand):
    return operand._stamp if isinstance(operand, Value) else 0


def _blank(cls, data):
    node = cls.__new__(cls)
    Value.__init__(node, data)
    return node


def _check_copyable(node):
    if node._handmade is not None:
        raise TypeError(
            f"{node!r} has a hand-set _backward and cannot be copied or pickled; "
            "make the operation with gradloom.primitive, which can"
        )


def _state(node):
    _check_copyable(node)
    return node.grad, node.label, node._op, dict(node.__dict__) or None


def _set_state(node, state):
    node.grad, node.label, node._op, attributes = state
    for name, x in (attributes or {}).items():
        setattr(node, name, x)


def _reduce(self, protocol):
    if _is_leaf(self):
        return _unpickle, (PICKLE_FORMAT, type(self), self.data), _state(self)
    inner = [node for node in topological_order(self) if not _is_leaf(node)]
    return _unpickle, (PICKLE_FORMAT, None, _steps(self)), [_state(node) for node in inner]


def _unpickle(format, cls, content):
    if format != PICKLE_FORMAT:
        raise ValueError(
            f"this pickle has format {format}, and this gradloom reads format {PICKLE_FORMAT}; load it "
            "with the gradloom that wrote it and carry the numbers over (state_dict)"
        )
    return _build(content)[-1] if cls is None else _blank(cls, content)


def _setstate(self, state):
    if isinstance(state, tuple):
        return _set_state(self, state)
    inner = [node for node in topological_order(self) if not _is_leaf(node)]
    for node, one in zip(inner, state, strict=True):
        _set_state(node, one)


def _copy(self):
    twin = _blank(type(self), self.data)
    twin._recipe, twin._stamp = self._recipe, self._stamp
    _set_state(twin, _state(self))
    return twin


def _deepcopy(self, memo):
    order = topological_order(self)
    steps = _steps(self)
    for i, node in enumerate(order):
        if id(node) in memo:
            steps[i] = memo[id(node)]
        elif _is_leaf(node):
            steps[i] = _blank(type(node), node.data)
    fresh = [(node, twin) for node, twin in zip(order, _build(steps), strict=True) if id(node) not in memo]
    memo.update((id(node), twin) for node, twin in fresh)
    for node, twin in fresh:
        *numbers, attributes = _state(node)
        _set_state(twin, (*numbers, copy.deepcopy(attributes, memo)))
    return memo[id(self)]


for _name, _function in {
    "__repr__": _repr,
    "__format__": _format,
    "__float__": _refusal("float()", "gradloom.math.f(v) for math.f(v)"),
    "__int__": _refusal("int()", "int(v.data)"),
    "__complex__": _refusal("complex()", "complex(v.data)"),
    "__trunc__": _trunc,
    "__round__": _round,
    "__copy__": _copy,
    "__deepcopy__": _deepcopy,
    "__reduce_ex__": _reduce,
    "__setstate__": _setstate,
    "item": item,
    "detach": detach,
}.items():
    setattr(Value, _name, _function)
