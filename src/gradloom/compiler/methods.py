"""Compiled methods that do not keep their instance alive.

Takes: a compiled function that stands in a class, and an instance.
Gives: ``bound``, the compiled method, one for each instance; ``stand_in``, what it holds of the instance;
``with_first``, a function with its first argument.
Promises: it goes when the instance does. What it holds has the attributes of the instance, as they are at
any time; where there is no such thing (an instance with slots, of a built-in type, or with ``__del__``), it
holds the instance itself, and both stay.
"""

import functools
import types
import weakref
from collections.abc import Callable
from typing import Any

__all__ = ["bound", "stand_in", "with_first"]


def bound(compiled: Any, instance: Any) -> Any:
    """``compiled`` as a method of the instance; the same object each time."""
    methods = compiled.__dict__.setdefault("_methods", {})
    key = id(instance)
    if key not in methods:
        same, alive = stand_in(instance, lambda _: methods.pop(key, None))
        made = compiled._again(with_first(compiled._f, same))
        made._home = getattr, (same, made.__name__)
        methods[key] = made, alive
    return methods[key][0]


def with_first(f: Callable[..., Any], x: Any) -> Callable[..., Any]:
    """``f`` with its first argument, under its name, and with the signature that is left."""
    rest = functools.update_wrapper(functools.partial(f, x), f)
    del rest.__wrapped__  # inspect.signature would look there, and count the first one
    return rest


def stand_in(instance: Any, forget: Callable[[Any], Any]) -> tuple[Any, Any]:
    """Another instance with the same ``__dict__``, not equal to it but in it; and a reference that calls
    ``forget`` when the first one goes. The second must be kept.

    Examples
    --------
    >>> class Model: pass
    >>> model = Model()
    >>> other, alive = stand_in(model, print)
    >>> model.weight = 2.0
    >>> other.weight, alive() is model
    (2.0, True)
    """
    kind = type(instance)
    members = (x for base in kind.__mro__ for x in vars(base).values())
    if hasattr(kind, "__del__") or any(isinstance(x, types.MemberDescriptorType) for x in members):
        return instance, None
    try:
        other = object.__new__(kind)  # refused for what extends a built-in type
        other.__dict__ = instance.__dict__
        return other, weakref.ref(instance, forget)
    except (TypeError, AttributeError):
        return instance, None
