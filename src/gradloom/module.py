"""``Module``, the base of models: it finds their parameters and keeps their numbers.

Takes: an object that holds Values and other Modules in its attributes.
Gives: its parameters, with names made from the attributes (``layers.0.neurons.1.b``); ``layers``, which
groups such names.
Promises: the order is that of assignment; each Value comes once; a Module that holds itself is no
trap. A state that does not fit leaves the model as it was.
"""

import numpy as np

from gradloom.engine import Value, read, write
from gradloom.errors import StateError
from gradloom.state import fit, load_state, save_state

__all__ = ["Module", "held_by", "layers"]


class Module:
    """A model, or a part of one: it keeps Values, and other Modules, in its attributes.

    Its parameters are found in attributes, lists, tuples, dicts and object arrays. Only leaves
    count: a result that a Module remembers (``self.out = ...``) is no parameter. A subclass may
    write its own ``parameters()`` instead, as in micrograd; their names are then numbers.

    Examples
    --------
    >>> from gradloom import Value
    >>> from gradloom.nn import Module
    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.height = Value(2.0), Value(1.0)
    ...     def __call__(self, x):
    ...         return self.slope * x + self.height
    >>> Line().state_dict()
    {'slope': 2.0, 'height': 1.0}
    """

    def parameters(self):
        """The Values to train, as a list."""
        return [p for _, _, p in _find(self)]

    def named_parameters(self):
        """The Values to train as a list of (name, Value), such as ``("layers.0.neurons.1.b", v)``.

        Raises
        ------
        StateError
            Two parameters have one name: the keys ``1`` and ``"1"`` of a dict.
        """
        if _writes_parameters(self):
            found = [(str(i), p) for i, p in enumerate(dict.fromkeys(self.parameters()))]
        else:
            found = [(f"{prefix}{key}", p) for prefix, key, p in _find(self)]
        names = [name for name, _ in found]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise StateError(f"two parameters are called {twice!r}; change a key of the dict that holds one")
        return found

    def zero_grad(self):
        """Set the gradient of every parameter to 0, before the next ``backward()``."""
        for p in self.parameters():
            p.grad = 0.0

    def state_dict(self):
        """The numbers of the model: a dict from parameter name to float, in order."""
        names, values = self._names_and_values()
        return dict(zip(names, read(values).tolist(), strict=True))

    def load_state_dict(self, state):
        """Set the numbers of the model to those that ``state_dict()`` gave.

        Parameters
        ----------
        state : dict
            From parameter name to number; nan and inf are numbers too.

        Raises
        ------
        StateError
            A name is missing or unknown, or something is not a number. The model is unchanged.
        """
        names, values = self._names_and_values()
        write(values, fit(state, names))

    def save(self, path):
        """Write ``state_dict()`` to a ``.json`` or ``.npz`` file, exact to the last bit.

        Examples
        --------
        >>> import os, tempfile
        >>> from gradloom.nn import MLP
        >>> one, other = MLP(3, [4, 1]), MLP(3, [4, 1])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     one.save(os.path.join(folder, "model.json"))
        ...     other.load(os.path.join(folder, "model.json"))
        >>> other.state_dict() == one.state_dict()
        True
        """
        save_state(self.state_dict(), path)

    def load(self, path):
        """Read a file that ``save`` wrote. If it does not fit (StateError), the model is unchanged."""
        self.load_state_dict(load_state(path))

    def _names_and_values(self):
        pairs = self.named_parameters()
        return [name for name, _ in pairs], [p for _, p in pairs]


def _find(root):
    """The (prefix, key, Value) of every leaf below ``root``, each once, in the order of assignment."""
    found, seen, stack = [], {id(root): root}, [("", iter(held_by(root)))]
    while stack:
        prefix, parts = stack[-1]
        for key, x in parts:
            if id(x) in seen:
                continue
            seen[id(x)] = x  # kept alive, so that no other object gets its id
            if not isinstance(x, Value):
                inside = enumerate(x.parameters()) if _writes_parameters(x) else held_by(x)
                stack.append((f"{prefix}{key}.", iter(inside)))
                break
            if not x._recipe[1]:
                found.append((prefix, key, x))
        else:
            stack.pop()
    return found


def _writes_parameters(x):
    """Whether the class of ``x`` has its own ``parameters()``: micrograd's manner, and the lecture's,
    whose classes are not Modules."""
    written = getattr(type(x), "parameters", Module.parameters)
    return callable(written) and written is not Module.parameters


def held_by(x):
    """The (name, part) pairs of whatever may hold parameters."""
    if isinstance(x, dict):
        return x.items()
    if isinstance(x, (list, tuple)):
        return enumerate(x)
    if isinstance(x, np.ndarray) and x.dtype == object:
        return ((".".join(map(str, index)), part) for index, part in np.ndenumerate(x))
    return vars(x).items() if isinstance(x, Module) else ()


def layers(names):
    """Where the parameters of each layer are: a dict from ``layers.0`` to places in ``names``.

    Examples
    --------
    >>> layers(["layers.0.neurons.0.w.0", "layers.0.neurons.0.b", "head.w.0", "head.w.1"])
    {'layers.0': [0, 1], 'head': [2, 3]}
    """
    found: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        first, *rest = name.split(".")
        if first.isdigit():
            first = "parameters"
        elif len(rest) > 1 and rest[0].isdigit() and not all(part.isdigit() for part in rest):
            first = f"{first}.{rest[0]}"
        found.setdefault(first, []).append(i)
    return found
