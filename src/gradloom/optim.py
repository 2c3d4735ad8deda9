"""Optimisers: how a gradient becomes a step.

Takes: the Values to train, whose ``.grad`` a ``backward()`` has filled.
Gives: ``SGD``, ``Adam``, ``AdamW``, with the arguments and the arithmetic of PyTorch.
Promises: all numbers are read into one array, stepped, and written back; a Value that is given twice
is stepped once. As in PyTorch, an overflow becomes inf without a warning.

    opt = Adam(model.parameters(), lr=0.01)
    for step in range(100):
        loss = ...
        opt.zero_grad()
        loss.backward()
        opt.step()
"""

import numpy as np

from gradloom.arithmetic import number
from gradloom.engine import Value, get_tracer, read, write
from gradloom.module import Module

__all__ = ["SGD", "Adam", "AdamW"]


class Optimizer:
    """What all optimisers share: the parameters, the rate ``lr`` (it may be set), and ``step()``."""

    def __init__(self, parameters, lr, weight_decay, maximize):
        self.parameters = _checked(parameters)
        self.lr = lr
        self.weight_decay = _at_least_0(weight_decay, "weight_decay")
        self.maximize = maximize

    @property
    def lr(self):
        """The learning rate: how far a step goes."""
        return self._lr

    @lr.setter
    def lr(self, rate):
        self._lr = _at_least_0(rate, "lr")

    def zero_grad(self):
        """Set the gradient of every parameter to 0, before the next ``backward()``."""
        self._only_outside_a_trace("clear gradients")
        write(self.parameters, np.zeros(len(self.parameters)), "grad")

    def step(self):
        """Move every parameter once, along its ``.grad``."""
        self._only_outside_a_trace("take the step of an optimiser")
        x, grad = read(self.parameters), read(self.parameters, "grad")
        with np.errstate(all="ignore"):
            write(self.parameters, self._moved(x, -grad if self.maximize else grad))

    def _only_outside_a_trace(self, what):
        if get_tracer():
            get_tracer().refuse(what, self.parameters[0])

    def _moved(self, x, grad):
        """The new numbers; both arguments are arrays of shape (n,)."""
        raise NotImplementedError


class SGD(Optimizer):
    """Stochastic gradient descent: ``x -= lr * grad``, with momentum if wished.

    Parameters
    ----------
    parameters : iterable of Value
        ``model.parameters()``, or any leaves.
    lr : float
        The learning rate, 0 or more.
    momentum : float
        How much of the last step goes into the next.
    dampening : float
        The gradient goes into the momentum with weight ``1 - dampening``.
    weight_decay : float
        The weight of an L2 penalty: ``weight_decay * x`` is added to the gradient.
    nesterov : bool
        Nesterov's momentum. It needs a momentum, and no dampening.
    maximize : bool
        Climb instead of descend.

    References
    ----------
    Sutskever, Martens, Dahl, Hinton, "On the importance of initialization and momentum in deep
    learning", 2013.

    Examples
    --------
    >>> from gradloom import Value
    >>> from gradloom.optim import SGD
    >>> x = Value(3.0)
    >>> opt = SGD([x], lr=0.25)
    >>> for _ in range(3):
    ...     opt.zero_grad()
    ...     (x * x).backward()
    ...     opt.step()
    >>> x.data
    0.375
    """

    def __init__(
        self,
        parameters,
        lr=1e-3,
        momentum=0.0,
        dampening=0.0,
        weight_decay=0.0,
        nesterov=False,
        *,
        maximize=False,
    ):
        super().__init__(parameters, lr, weight_decay, maximize)
        self.momentum = _at_least_0(momentum, "momentum")
        self.dampening = number(dampening, "dampening")
        self.nesterov = nesterov
        if nesterov and (self.momentum == 0.0 or self.dampening != 0.0):
            raise ValueError("nesterov needs a momentum above 0 and a dampening of 0")
        self._velocity = None

    def _moved(self, x, grad):
        grad = grad + self.weight_decay * x
        if self.momentum:
            if self._velocity is None:
                self._velocity = grad
            else:
                self._velocity = self.momentum * self._velocity + (1.0 - self.dampening) * grad
            grad = grad + self.momentum * self._velocity if self.nesterov else self._velocity
        return x - self.lr * grad


class Adam(Optimizer):
    """Adam: each parameter's step is scaled by the recent size of its gradient.

    Parameters
    ----------
    parameters : iterable of Value
        ``model.parameters()``, or any leaves.
    lr : float
        The learning rate, 0 or more: about how far a parameter moves in one step.
    betas : (float, float)
        How slowly the averages of the gradient and of its square change, from 0 up to below 1.
    eps : float
        Keeps the divisor away from 0.
    weight_decay : float
        The weight of an L2 penalty: ``weight_decay * x`` is added to the gradient.
    amsgrad : bool
        Divide by the largest average square so far.
    maximize : bool
        Climb instead of descend.

    References
    ----------
    Kingma, Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1.

    Examples
    --------
    >>> from gradloom import Value
    >>> from gradloom.optim import Adam
    >>> x = Value(3.0)
    >>> opt = Adam([x], lr=0.5)
    >>> (x * x).backward()
    >>> opt.step()
    >>> round(x.data, 6)
    2.5
    """

    def __init__(
        self,
        parameters,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0.0,
        amsgrad=False,
        *,
        maximize=False,
    ):
        super().__init__(parameters, lr, weight_decay, maximize)
        self.betas = _fractions(betas)
        self.eps = _at_least_0(eps, "eps")
        self.amsgrad = amsgrad
        self._steps = 0
        self._mean, self._square, self._largest = np.zeros((3, len(self.parameters)))

    def _moved(self, x, grad):
        return self._scaled_step(x, grad + self.weight_decay * x)

    def _scaled_step(self, x, grad):
        b1, b2 = self.betas
        self._steps += 1
        self._mean = b1 * self._mean + (1.0 - b1) * grad
        self._square = b2 * self._square + (1.0 - b2) * grad * grad
        square = self._square
        if self.amsgrad:
            square = self._largest = np.maximum(self._largest, self._square)
        # Both averages start at 0; dividing by 1 - b**steps takes that bias out.
        mean = self._mean / (1.0 - b1**self._steps)
        size = np.sqrt(square / (1.0 - b2**self._steps)) + self.eps
        return x - self.lr * mean / size


class AdamW(Adam):
    """Adam with the weight decay apart: ``x *= 1 - lr * weight_decay``, then Adam's step.

    The parameters are those of ``Adam``; ``weight_decay`` is 0.01 unless given.

    References
    ----------
    Loshchilov, Hutter, "Decoupled weight decay regularization", 2019, algorithm 2.

    Examples
    --------
    >>> from gradloom import Value
    >>> from gradloom.optim import AdamW
    >>> x = Value(3.0)
    >>> opt = AdamW([x], lr=0.5, weight_decay=0.1)
    >>> (x * x).backward()
    >>> opt.step()
    >>> round(x.data, 6)
    2.35
    """

    def __init__(
        self,
        parameters,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=1e-2,
        amsgrad=False,
        *,
        maximize=False,
    ):
        super().__init__(parameters, lr, betas, eps, weight_decay, amsgrad, maximize=maximize)

    def _moved(self, x, grad):
        return self._scaled_step(x * (1.0 - self.lr * self.weight_decay), grad)


# ---- what is said when something does not fit
def _checked(parameters):
    """The Values to train, each once."""
    if isinstance(parameters, Module):
        raise TypeError("an optimiser takes Values, not a model; pass model.parameters()")
    if isinstance(parameters, Value) or not hasattr(parameters, "__iter__"):
        raise TypeError(f"an optimiser takes a list of Values, not a {type(parameters).__name__}; write [x]")
    values = list(parameters)
    for i, v in enumerate(values):
        if not isinstance(v, Value):
            raise TypeError(
                f"parameters[{i}] must be a Value, not {type(v).__name__}; pass model.parameters(), "
                "and give each rate its own optimiser"
            )
        if v.operands:
            raise ValueError(
                f"parameters[{i}] is the result of {v._op!r}: it would be computed anew at the next step; "
                "pass the Values it was made from"
            )
    if not values:
        raise ValueError("there are no parameters to train; pass model.parameters() of a model that has some")
    return list(dict.fromkeys(values))


def _at_least_0(x, name):
    x = number(x, name)
    if not x >= 0.0:
        raise ValueError(f"{name} must be 0 or more, not {x}")
    return x


def _fractions(betas):
    if not isinstance(betas, (tuple, list)) or len(betas) != 2:
        raise TypeError(f"betas must be two numbers, such as (0.9, 0.999), not {betas!r}")
    pair = tuple(_at_least_0(b, f"betas[{i}]") for i, b in enumerate(betas))
    if max(pair) >= 1.0:
        raise ValueError(f"betas must be below 1, not {pair}")
    return pair
