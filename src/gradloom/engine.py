"""The heart: ``Value``, a number that remembers how it was made, and ``backward()``.

Takes: the table of operations (``ops.py``).
Gives: ``Value`` and the few functions that work on graphs of Values.
Promises: this file is the whole definition, in plain Python. At its foot a native twin with the
same behaviour, to the last bit, takes over where it was built; ``GRADLOOM_PURE=1`` forbids that.

    a = Value(2.0)            a leaf: a number, and a gradient of 0.0
    b = Value(-3.0)
    c = a * b                 a node: it keeps its row of the table (mul) and its operands (a, b)
    c.backward()              dc/dc = 1; then each node adds (its gradient x its local derivative)
                              to the gradient of each of its operands: a.grad = -3.0, b.grad = 2.0
"""

import itertools
import os
import threading
import warnings
from contextlib import ContextDecorator

import numpy as np

from gradloom.arithmetic import (
    evaluate,
    evaluate_ieee,
    foreign,
    gradient_of_constant,
    is_number,
    local_derivatives,
    not_accepted,
    number,
    refuse,
    stale_operand,
)
from gradloom.errors import NativeEngineWarning
from gradloom.ops import TABLE

__all__ = [
    "Value",
    "apply",
    "get_tracer",
    "no_grad",
    "order",
    "read",
    "set_lines",
    "set_scope",
    "set_silent",
    "set_tracer",
    "topological_order",
    "write",
]


class _Thread(threading.local):
    silent = False  # True inside no_grad()
    scope = 0  # the number that new Values carry outside of traces (scopes.py)
    tracer = None  # what watches the Values of this thread while a function is traced (compiler/tracing.py)
    lines = None  # what gives new Values another number than the scope's: that of a source line (scopes.py)
    asks = False  # whether there is one of the two


_thread = _Thread()
_clock = itertools.count(1)  # stamps: which of two Values is younger
_sweeping: set[int] = set()  # the ids of the nodes in an unfinished backward()
_sweeping_lock = threading.Lock()


class Value:
    """One real number that remembers how it was made.

    Parameters
    ----------
    data : float
        The number. Ints, bools, NumPy scalars and 0-d arrays become float.
    _children : iterable of Value
        The operands, for a node made by hand; give such a node a ``_backward`` too.
    _op : str
        What a picture calls the operation of a node made by hand.
    label : str
        A name for pictures and messages.

    Notes
    -----
    ``a == b`` between two Values asks whether they are the same node, so that sets and dicts of
    Values work; ``a == 2.0`` compares the number.

    Examples
    --------
    >>> from gradloom import Value
    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> c = a * b + 10
    >>> c.backward()
    >>> c.data, a.grad, b.grad
    (4.0, -3.0, 2.0)
    """

    __slots__ = ("__dict__", "__weakref__", "_data", "_grad", "_handmade", "_op", "_operands")
    __slots__ += ("_reached", "_row", "_stamp", "_swept", "_trace", "label")

    def __new__(cls, data=0.0, *_, **__):
        if _thread.tracer and isinstance(data, Value):
            return data
        self = object.__new__(cls)
        self._trace = _origin() if _thread.asks else _thread.scope  # where it was made
        return self

    def __init__(self, data, _children=(), _op="", label=""):
        if data is self:  # Value(x) in a trace is x
            return
        self._data = number(data)
        self._grad = 0.0
        self._row = None  # the row of the table that made it; None for leaves and nodes made by hand
        self._operands = _by_hand(_children)  # Values, or floats where a constant was written
        self._op = _op
        self._handmade = None  # a _backward assigned by the user
        self._reached = False  # whether something was passed on to it in the last backward()
        self._swept = False  # whether a backward() has passed on what its constants, still floats, are owed
        self._stamp = next(_clock)
        self.label = label
        if self._operands:
            _only_outside_a_trace("make a node by hand", self)
        if _thread.silent:
            self._operands, self._op = (), ""

    # ---- the number, its gradient, and where it came from
    @property
    def data(self):
        return _thread.tracer.data(self) if _thread.tracer else self._data

    @data.setter
    def data(self, x):
        _only_outside_a_trace("assign .data", self)
        self._data = number(x)
        self._stamp = next(_clock)

    @property
    def grad(self):
        _only_outside_a_trace("read .grad", self)
        return self._grad

    @grad.setter
    def grad(self, x):
        _only_outside_a_trace("assign .grad", self)
        if self._swept:
            self.operands  # noqa: B018 (constants get what they are owed before it is forgotten)
        self._grad = 0.0 if x is None else number(x, "grad")

    @property
    def operands(self):
        """The operands in order, so that ``a + a`` has two. A constant becomes a Value here."""
        count = len(self._operands) - (self._row is not None and self._row.parameter)
        for i, x in enumerate(self._operands[:count]):
            if type(x) is float:
                constant = Value(x)
                constant._trace = self._trace
                constant._stamp = self._stamp  # as old as its result, or the result would be stale
                constant._grad = gradient_of_constant(self, i) if self._swept else 0.0
                self._operands = (*self._operands[:i], constant, *self._operands[i + 1 :])
        self._swept = False
        return self._operands[:count]

    @property
    def _prev(self):
        return set(self.operands)

    @_prev.setter
    def _prev(self, children):
        _only_outside_a_trace("assign _prev", self)
        self._operands, self._row = _by_hand(children), None

    @property
    def _recipe(self):
        """The row and its operands (constants as floats): what a copy needs."""
        return self._row, self._operands

    @_recipe.setter
    def _recipe(self, recipe):
        self._row, self._operands = recipe
        self._op = "" if self._row is None else self._row.picture_symbol(self._operands)

    @property
    def _notes(self):
        """What the user wrote on the node: label, operation and attributes; None where nothing."""
        numbers = tuple(x for x in self._operands if type(x) is float)
        made = "" if self._row is None else self._row.picture_symbol(numbers)
        notes = (self.label, None if self._op == made else self._op, dict(self.__dict__) or None)
        return None if notes == ("", None, None) else notes

    @property
    def _backward(self):
        """One step of the chain rule, from this node to its operands."""
        return self._handmade or self._step

    @_backward.setter
    def _backward(self, function):
        _only_outside_a_trace("assign _backward", self)
        if not callable(function):
            raise TypeError(f"_backward must be a function, not {type(function).__name__}")
        self._handmade = function

    # ---- the chain rule
    def _step(self):
        self.operands  # noqa: B018 (called by hand: constants become Values and get their part)
        self._chain_rule()

    def _chain_rule(self):
        if self._row is None:
            if self._operands:
                refuse("underived", self)
            return
        partials = local_derivatives(self._row, _numbers(self._operands), self._data)
        for x, partial in zip(self._operands, partials, strict=False):  # a parameter has no partial
            if isinstance(x, Value) and not (partial == 0.0 and self._row.selects):
                x._grad += partial * self._grad
                x._reached = True

    def backward(self, seed=1.0):
        """Fill ``.grad`` of every Value that this one was made from.

        Leaves accumulate, as in micrograd and PyTorch: ``zero_grad()`` between steps. Inner nodes
        start from 0 each time. A Value that nothing is passed on to (it is an operand of a ``relu`` that
        cut it, and of nothing else) passes nothing on, as if an ``if`` had never computed it. If anything
        goes wrong, no leaf's gradient has changed.

        Parameters
        ----------
        seed : float
            The gradient of this Value with respect to itself.

        Raises
        ------
        StaleDataError
            An operand's data was assigned after the result was computed from it.
        DerivativeError
            A node made by hand has no ``_backward``.
        """
        _check_value(self)
        _only_outside_a_trace("call backward()", self)
        seed = number(seed, "seed")
        nodes = order(self)
        for node in nodes:
            _check_derivative(node)
        with _sweeping_lock:
            if not _sweeping.isdisjoint(map(id, nodes)):
                refuse("sweeping", self)
            _sweeping.update(map(id, nodes))
        before = [node._grad for node in nodes]
        try:
            for node in nodes:
                if node._operands:
                    if node._swept:
                        node.operands  # noqa: B018 (constants get what the last sweep owes them)
                    node._grad = 0.0
                node._reached = node is self
            self._grad = seed if self._operands else self._grad + seed
            for node in reversed(nodes):
                if not node._reached and node._grad == 0.0:  # not taken: nor is what it was made from
                    continue
                if _is_by_hand(node):
                    node._backward()
                    for x in node._operands:  # what it passed on is not known; and 0.0 may be a part of it
                        x._reached = True
                else:
                    node._chain_rule()
                    node._swept = True
        except BaseException:
            for node, grad in zip(nodes, before, strict=True):
                node._grad, node._swept = grad, False
            raise
        finally:
            _sweeping.difference_update(map(id, nodes))

    def zero_grad(self):
        """Set the gradient of this Value, and of all it was made from, to 0."""
        _only_outside_a_trace("call zero_grad()", self)
        for node in order(self):
            node._grad, node._swept = 0.0, False

    # ---- comparisons look at the number; == between Values asks whether they are the same node
    def __eq__(self, other):
        if not isinstance(other, Value) and not is_number(other):
            return NotImplemented
        if _thread.tracer:
            return _thread.tracer.compare("eq", self, other)
        return self is other if isinstance(other, Value) else self._data == number(other)

    def __ne__(self, other):
        if _thread.tracer and (isinstance(other, Value) or is_number(other)):
            return _thread.tracer.compare("ne", self, other)
        return object.__ne__(self, other)

    __hash__ = object.__hash__

    def __bool__(self):
        return _thread.tracer.truth(self) if _thread.tracer else self._data != 0.0

    def __pow__(self, other, modulus=None):
        other = _operand(other, "**")
        if other is NotImplemented or modulus is not None:
            return NotImplemented
        return apply(TABLE["pow" if isinstance(other, Value) else "powc"], self, other)


def apply(row, *operands):
    """A new Value: ``row``'s value of the operands (Values or floats), remembering both."""
    if len(operands) != row.arity:
        raise TypeError(f"{row.symbol} takes {row.arity} operands, not {len(operands)}")
    numbers = _numbers(operands)
    result = Value(evaluate_ieee(row, numbers) if _thread.tracer else evaluate(row, numbers, operands))
    if any(isinstance(x, Value) for x in operands) and (_thread.tracer or not _thread.silent):
        result._row, result._operands, result._op = row, operands, row.picture_symbol(numbers)
        if _thread.silent and row.name != "detach":  # traced inside no_grad(): remembered, without a gradient
            return apply(TABLE["detach"], result)
    return result


def _origin():
    return _thread.tracer.number if _thread.tracer else _thread.lines(_thread.scope)


def _operand(x, symbol):
    return x if isinstance(x, Value) else foreign(x, symbol)


def _numbers(operands):
    return tuple(x._data if isinstance(x, Value) else x for x in operands)


def _by_hand(children):
    """The operands of a node made by hand, in order; those of a set by age."""
    values = tuple(children) if np.iterable(children) else (None,)
    if set(map(type, values)) - {Value} and not all(isinstance(x, Value) for x in values):
        raise TypeError("_children must be a tuple of Values: Value(t, (x,), 'tanh')")
    by_age = isinstance(children, (set, frozenset))
    return tuple(sorted(values, key=lambda x: x._stamp)) if by_age else values


# ---- the methods of Value are the rows of the table
def _method(row, name):
    """The method ``name`` of Value: ``row`` applied to itself and to the other operand, if any."""
    if row.arity == 1:
        return lambda self: apply(row, self)

    def method(self, other):
        x = _operand(other, row.symbol)
        if x is NotImplemented:
            return x if name.startswith("__") else not_accepted(name, other)
        pair = (x, self) if name.startswith("__r") else (self, x)
        if "internal" in row.marks:  # a comparison
            if _thread.tracer:
                return _thread.tracer.compare(row.name, *pair)
            return bool(row.value(*_numbers(pair)))
        return apply(row, *pair)

    return method


for _row in TABLE.values():
    for _name in _row.methods:
        if _name not in vars(Value):
            _function = _method(_row, _name)
            _function.__name__, _function.__doc__ = _name, _row.doc
            setattr(Value, _name, _function)


# ---- walking a graph
def order(root):
    """The nodes below ``root``, operands before results, each once; a stack, not recursion."""
    nodes, entered, finished, stack = [], set(), set(), [root]
    while stack:
        node = stack[-1]
        if node in finished:
            stack.pop()
        elif node in entered:
            finished.add(stack.pop())
            nodes.append(node)
        else:
            entered.add(node)
            for x in reversed(node._operands):
                if isinstance(x, Value) and x not in finished:
                    if x in entered:
                        refuse("cycle", x)
                    stack.append(x)
    return nodes


def topological_order(root):
    """Every node that ``root`` was made from, and ``root``: operands before results.

    Parameters
    ----------
    root : Value

    Returns
    -------
    list of Value
        Constants (the 2 of ``2 * x``) are included.

    Examples
    --------
    >>> from gradloom import Value
    >>> x = Value(3.0, label="x")
    >>> [v.data for v in topological_order(2 * x + x)]
    [2.0, 3.0, 6.0, 9.0]
    """
    _check_value(root)
    for node in order(root):
        node.operands  # noqa: B018 (asking makes Values of the constants)
    return order(root)


def _check_value(root):
    if not isinstance(root, Value):
        several = isinstance(root, (list, tuple, np.ndarray))
        cure = "sum them first: sum(losses)" if several else "wrap a number as Value(x)"
        raise TypeError(f"this needs one Value, not {type(root).__name__}; {cure}")


def _is_by_hand(node):
    """Whether the user wrote its step of the chain rule: assigned it, or overrode it in a subclass."""
    return node._handmade is not None or type(node)._backward is not Value._backward


def _check_derivative(node):
    """Raise unless the derivatives of ``node`` exist and belong to the numbers it was made from."""
    if _is_by_hand(node):
        return
    if node._row is None:
        if node._operands:
            refuse("underived", node)
        return
    younger = stale_operand(node, node._row, node._operands)
    if younger is not None:
        refuse("stale", node, younger)


# ---- many Values at once, for optimisers; and graphs that are not wanted
def read(values, attribute="data"):
    """The ``data`` or ``grad`` of many Values as one float64 array of shape (n,)."""
    return np.array([getattr(v, attribute) for v in values], dtype=np.float64)


def write(values, numbers, attribute="data"):
    """Assign the ``data`` or ``grad`` of many Values from an array of shape (n,)."""
    numbers = np.ascontiguousarray(numbers, dtype=np.float64)
    if len(values) != numbers.size:
        raise ValueError(f"{numbers.size} numbers for {len(values)} Values; give one for each")
    for v, x in zip(values, numbers.flat, strict=True):
        setattr(v, attribute, x)


def set_silent(silent):
    """Stop or start remembering operands in this thread; what it was before."""
    before, _thread.silent = _thread.silent, silent
    return before


def set_scope(number):
    """Let new Values of this thread carry the number of a scope, or 0; what they did before.

    The number's top bit (``1 << 31``) is set, so that none is that of a trace; in a trace the trace's is
    carried instead.
    """
    before, _thread.scope = _thread.scope, number
    return before


def set_lines(find):
    """Let new Values of this thread carry ``find(scope)``, a source line's number, or (None) the scope's."""
    _thread.lines = find
    _thread.asks = bool(_thread.tracer or find)


def set_tracer(tracer):
    """Let ``tracer`` (or nothing: None) watch this thread's Values; what did before.

    While it does, arithmetic is IEEE and raises nothing, and the tracer is asked instead of the Value:
    ``data(v)``, ``compare(name, x, y)``, ``truth(v)``; ``refuse(what, v)`` raises for what cannot be
    recorded. Nodes that are made carry its ``number``.
    """
    before, _thread.tracer = _thread.tracer, tracer
    _thread.asks = bool(tracer or _thread.lines)
    return before


def get_tracer():
    """What watches this thread's Values, or None."""
    return _thread.tracer


def _only_outside_a_trace(what, value):
    if _thread.tracer:
        _thread.tracer.refuse(what, value)


class no_grad(threading.local, ContextDecorator):  # one decorated function may run in many threads
    """Inside, results are leaves: they remember nothing and cost less. For this thread only.

    Examples
    --------
    >>> from gradloom import Value, no_grad
    >>> with no_grad():
    ...     y = Value(2.0) * 3
    >>> y, y.operands
    (Value(data=6.0, grad=0.0), ())
    """

    def __init__(self):
        self._before = []

    def __enter__(self):
        self._before.append(set_silent(True))

    def __exit__(self, *error):
        set_silent(self._before.pop())


# ---- the native twin takes over
PURE = os.environ.get("GRADLOOM_PURE", "") not in ("", "0")
ENGINE, PROBLEM = "plain", ""
if not PURE:
    try:
        from gradloom._native.build import NATIVE  # written by the build
    except ImportError:
        NATIVE = False
    if NATIVE:
        try:
            from gradloom._native.value import (
                Value,
                apply,
                get_tracer,
                order,
                read,
                set_lines,
                set_scope,
                set_silent,
                set_tracer,
                write,
            )

            ENGINE = "native"
        except ImportError as error:
            PROBLEM = str(error)
            warnings.warn(
                f"the native engine could not be loaded ({error}); the plain one, which is slower, "
                "is used: reinstall gradloom, or set GRADLOOM_PURE=1 to say that this is meant",
                NativeEngineWarning,
                stacklevel=2,
            )

Value.__module__ = "gradloom"
