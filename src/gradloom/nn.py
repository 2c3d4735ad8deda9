"""The small neural-network library: a neuron, neurons side by side, layers one after another.

Takes: ``Value``, and the functions of one operand in the table (the activations).
Gives: ``Neuron``, ``Layer``, ``MLP``, and ``Module``, the base of these and of a user's own models.
Promises: ``random`` is called as often and in the same order as in micrograd, so a seed gives the
same parameters. Models, layers and neurons are scopes (``scopes.py``), so that pictures show them.

    model = MLP(2, [16, 16, 1])             2 inputs, two hidden layers of 16 neurons, 1 output
    loss = (model([0.5, -1.0]) - 1) ** 2
    model.zero_grad()
    loss.backward()
    for p in model.parameters():
        p.data -= 0.05 * p.grad
"""

import operator
import random

from gradloom.engine import Value
from gradloom.module import Module
from gradloom.ops import TABLE
from gradloom.scopes import enter, leave

__all__ = ["ACTIVATIONS", "MLP", "Layer", "Module", "Neuron"]

_UNNAMED = {"operator", "internal"}  # rows that are no method with a name
ACTIVATIONS = tuple(
    name for name, row in TABLE.items() if row.arity == 1 and _UNNAMED.isdisjoint(row.marks.split())
)
"""The functions of one operand in the table, which a neuron applies by name."""


class Neuron(Module):
    """``activation(w . x + b)``: the weights are drawn evenly from -1 to 1, the bias is 0.

    Parameters
    ----------
    nin : int
        How many inputs.
    nonlin : bool
        Whether the activation is applied. Without it the neuron is linear.
    activation : str or function
        One of ``ACTIVATIONS`` ("relu", "tanh", "sigmoid", ...): the method of Value of that name,
        looked up at each call. Or any function from Value to Value.

    Examples
    --------
    >>> from gradloom.nn import Neuron
    >>> n = Neuron(2, activation="tanh")
    >>> n, len(n.parameters())
    (TanhNeuron(2), 3)
    """

    def __init__(self, nin, nonlin=True, activation="relu"):
        _check_activation(activation)
        self.w = [Value(random.uniform(-1, 1)) for _ in range(_size(nin, "nin"))]
        self.b = Value(0)
        self.nonlin = nonlin
        self.activation = activation

    def __call__(self, x):
        w, activation = self.w, self.activation
        try:
            fits = len(x) == len(w)
        except TypeError:  # it has no length
            fits = False
        if not fits:
            _refuse_inputs(x, len(w))
        enter(self)
        try:
            act = sum(map(operator.mul, w, x), self.b)  # b + w1*x1 + w2*x2 + ...
            if not self.nonlin:
                return act
            return getattr(act, activation)() if isinstance(activation, str) else activation(act)
        finally:
            leave()

    def __repr__(self):
        return f"{_title(self.activation) if self.nonlin else 'Linear'}Neuron({len(self.w)})"


class Layer(Module):
    """Neurons side by side: each sees all the inputs and gives one output.

    Parameters
    ----------
    nin, nout : int
        How many inputs, and how many neurons.
    **kwargs
        For each ``Neuron``: ``nonlin``, ``activation``.

    Notes
    -----
    A layer of one neuron returns its output itself, not a list of one, as in micrograd.
    """

    def __init__(self, nin, nout, **kwargs):
        self.neurons = [Neuron(nin, **kwargs) for _ in range(_size(nout, "nout"))]

    def __call__(self, x):
        enter(self)
        try:
            out = [n(x) for n in self.neurons]
        finally:
            leave()
        return out[0] if len(out) == 1 else out

    def __repr__(self):
        return f"Layer of [{', '.join(str(n) for n in self.neurons)}]"


class MLP(Module):
    """A multi-layer perceptron: layers one after another.

    Parameters
    ----------
    nin : int
        How many inputs.
    nouts : list of int
        How many neurons in each layer.
    activation : str or function
        As for ``Neuron``.
    nonlin : bool, optional
        Which layers apply the activation. Left out: all but the last, as in micrograd's code;
        True: all, as in the lecture; False: none.

    Raises
    ------
    TypeError, ValueError
        A size is not a whole number of 1 or more, or the activation is unknown.

    Examples
    --------
    >>> from gradloom.nn import MLP
    >>> model = MLP(3, [4, 4, 1], activation="tanh", nonlin=True)
    >>> len(model.parameters())
    41
    """

    def __init__(self, nin, nouts, activation="relu", nonlin=None):
        sizes = [nin, *_sizes(nouts)]
        curved = [i < len(sizes) - 2 if nonlin is None else nonlin for i in range(len(sizes) - 1)]
        self.layers = [
            Layer(sizes[i], sizes[i + 1], nonlin=curved[i], activation=activation) for i in range(len(curved))
        ]

    def __call__(self, x):
        enter(self)
        try:
            for layer in self.layers:
                x = layer([x] if isinstance(x, Value) else x)  # a layer of one neuron gives no list
        finally:
            leave()
        return x

    def __repr__(self):
        return f"MLP of [{', '.join(str(layer) for layer in self.layers)}]"


# ---- what is said when something does not fit
def _refuse_inputs(x, nin):
    if not hasattr(x, "__len__"):
        kind = type(x).__name__
        raise TypeError(f"the inputs must be a list of {nin} numbers or Values, not {kind}")
    n = len(x)
    raise ValueError(f"the model takes {nin} inputs, not {n}; give it a list of {nin} numbers or Values")


def _size(n, name):
    try:
        size = operator.index(n)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, not {n!r}") from None
    if size < 1:
        raise ValueError(f"{name} must be 1 or more, not {size}")
    return size


def _sizes(nouts):
    if not hasattr(nouts, "__iter__"):
        raise TypeError(f"nouts must be a list of the layers' sizes, not {nouts!r}; write [{nouts!r}]")
    sizes = [_size(n, f"nouts[{i}]") for i, n in enumerate(nouts)]
    if not sizes:
        raise ValueError("nouts must hold the size of at least one layer; write [1] for a single neuron")
    return sizes


def _check_activation(activation):
    if not callable(activation) and activation not in ACTIVATIONS:
        raise ValueError(
            f"unknown activation {activation!r}; choose one of {', '.join(ACTIVATIONS)}, "
            "or give a function from Value to Value"
        )


def _title(activation):
    """The activation in a repr: "ReLU", "Tanh", or the name of a function."""
    name = getattr(activation, "__name__", type(activation).__name__)
    name = TABLE[activation].symbol if activation in ACTIVATIONS else name
    return name[:1].upper() + name[1:]
