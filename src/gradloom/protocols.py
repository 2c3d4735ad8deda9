"""How a Value meets the rest of Python: printing, conversion, copying, pickling.

Takes: whichever ``Value`` class won in ``engine.py``.
Gives: methods attached to it, written once for both engines.
Promises: nothing here recurses over a graph; no conversion loses a gradient without a word.
"""

import copy

from gradloom.arithmetic import stale_operand
from gradloom.engine import Value, apply, get_tracer, order
from gradloom.ops import TABLE

PICKLE_FORMAT = 1


# ---- text
def _repr(self):
    label = f", label={self.label!r}" if self.label else ""
    return f"Value(data={self._data}, grad={self._grad}{label})"


def _str(self):
    if get_tracer():
        get_tracer().refuse("take str() of a traced Value", self)
    return repr(self)


def _format(self, spec):
    if get_tracer():
        get_tracer().refuse("take str() of a traced Value", self)
    return format(self._data, spec) if spec else repr(self)


# ---- conversion: refused where the gradient would be lost without a word
def _refusal(call, instead):
    def refuse(self, *_):
        if get_tracer():
            get_tracer().refuse(f"take {call} of a traced Value", self, instead)
        raise TypeError(
            _of_call(self)
            or f"{call} of a Value would lose its gradient; write {instead}, or v.data for the bare number"
        )

    return refuse


def _of_call(v):
    """What there is to say of the result of a compiled function, or of a difference quotient of two."""
    near = [v, *v.operands, *(y for x in v.operands for y in x.operands)]
    of_calls = (x for x in near if getattr(x._handmade, "__module__", "") == "gradloom.compiler.results")
    found = next(of_calls, None)
    if found is None:
        return ""
    call = found.operands[0] if found._op.startswith("[") else found
    labels = ", ".join(dict.fromkeys(x.label for x in call.operands if x.label))
    return (
        f"the compiled function returned a Value because it was given Values or uses captured parameters"
        f"{labels and ' ' + labels}; for a plain number pass their numbers as an argument, or take v.data"
    )


def item(self):
    """The number, as a float."""
    return self.data


def conjugate(self):
    """The Value itself: it is a real number. NumPy asks for it in ``var``, ``std`` and ``vdot``."""
    return self


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
def _check_copyable(node):
    if node._handmade is not None:
        raise TypeError(
            f"{node!r} has a hand-set _backward and cannot be copied or pickled; "
            "make the operation with gradloom.primitive, which can"
        )


def _state(node, row, operands):
    """Whether the node is stale, and whether its constants are owed a gradient: a copy is so, too."""
    return row is not None and stale_operand(node, row, operands) is not None, node._swept


def _twin(cls, data, grad, recipe=None, state=(False, False)):
    """A new node."""
    node = cls.__new__(cls)
    Value.__init__(node, data)
    node.grad = grad
    if recipe is not None:
        stale, node._swept = state
        node._recipe = recipe
        if stale:
            node._stamp = 0
    return node


def _write_notes(node, notes):
    label, op, attributes = notes
    node.label = label
    if op is not None:
        node._op = op
    for name, x in (attributes or {}).items():
        setattr(node, name, x)


def _is_recorded(v):
    """Whether the trace that runs here made it; such a Value is never changed, and so is its own copy."""
    return get_tracer() is not None and v._trace == get_tracer().number


def _copy(self):
    if _is_recorded(self):
        return self
    _check_copyable(self)
    row, operands = self._recipe
    twin = _twin(type(self), self.data, self.grad, (row, operands), _state(self, row, operands))
    if self._notes is not None:
        _write_notes(twin, self._notes)
    return twin


def _deepcopy(self, memo):
    if _is_recorded(self):
        return self
    noted = []
    for node in order(self):
        if id(node) in memo:
            continue
        _check_copyable(node)
        row, operands = node._recipe
        copies = tuple([x if type(x) is float else memo[id(x)] for x in operands])
        twin = _twin(type(node), node.data, node.grad, (row, copies), _state(node, row, operands))
        memo[id(node)] = twin
        if node._notes is not None:
            noted.append((twin, node._notes))
    for twin, (label, op, attributes) in noted:  # attributes may refer to any node: all exist by now
        _write_notes(twin, (label, op, copy.deepcopy(attributes, memo)))
    return memo[id(self)]


def _reduce(self, protocol):
    _check_copyable(self)
    if not self._recipe[1]:
        return _load_leaf, (PICKLE_FORMAT, type(self), self.data, self.grad), self._notes
    nodes = order(self)
    notes = {i: node._notes for i, node in enumerate(nodes) if node._notes is not None and node._recipe[1]}
    return _load_graph, (PICKLE_FORMAT, _steps(nodes)), notes or None


def _steps(nodes):
    """The nodes as a flat list: a leaf as itself, any other as a tuple that counts its operands.

    A pickle's memo keeps a leaf one and the same object: the leaves of a saved loss are the
    parameters of the model saved beside it.
    """
    position = {node: i for i, node in enumerate(nodes)}
    steps = []
    for node in nodes:
        row, operands = node._recipe
        if not operands:
            steps.append(node)
            continue
        _check_copyable(node)
        sources = tuple([x if type(x) is float else position[x] for x in operands])
        in_table = row is not None and TABLE.get(row.name) is row
        name = row.name if in_table else row
        cls = None if type(node) is Value else type(node)
        steps.append((node.data, node.grad, name, sources, _state(node, row, operands), cls))
    return steps


def _load_leaf(format_number, cls, data, grad):
    _check_format(format_number)
    return _twin(cls, data, grad)


def _load_graph(format_number, steps):
    _check_format(format_number)
    nodes: list[Value] = []
    for step in steps:
        if not isinstance(step, Value):
            data, grad, name, sources, state, cls = step
            row = TABLE[name] if isinstance(name, str) else name
            operands = tuple([x if type(x) is float else nodes[x] for x in sources])
            step = _twin(cls or Value, data, grad, (row, operands), state)
        nodes.append(step)
    return nodes[-1]


def _setstate(self, notes):
    if isinstance(notes, tuple):
        return _write_notes(self, notes)
    nodes = order(self)
    for i, one in notes.items():
        _write_notes(nodes[i], one)
    return None


def _check_format(format_number):
    if format_number != PICKLE_FORMAT:
        raise ValueError(
            f"this pickle has format {format_number}, and this gradloom reads format {PICKLE_FORMAT}; "
            "load it with the gradloom that wrote it and carry the numbers over (state_dict)"
        )


for _name, _function in {
    "__repr__": _repr,
    "__str__": _str,
    "__format__": _format,
    "__float__": _refusal("float()", "gradloom.math.f(v) for math.f(v), dtype=object for an array of Values"),
    "__int__": _refusal("int()", "int(v.data)"),
    "__index__": _refusal("an index", "int(v.data)"),
    "__complex__": _refusal("complex()", "complex(v.data)"),
    "__trunc__": _trunc,
    "__round__": _round,
    "__pos__": lambda self: self,
    "__divmod__": lambda self, other: (self // other, self % other),
    "__rdivmod__": lambda self, other: (other // self, other % self),
    "__copy__": _copy,
    "__deepcopy__": _deepcopy,
    "__reduce_ex__": _reduce,
    "__setstate__": _setstate,
    "item": item,
    "conjugate": conjugate,
    "detach": detach,
}.items():
    setattr(Value, _name, _function)
