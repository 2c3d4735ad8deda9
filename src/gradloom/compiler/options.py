"""The options of a compiled function.

Takes: what ``compile`` was told, and the function.
Gives: ``OPTIONS`` and their defaults; ``chosen``, those of one transform; ``static_positions`` and
``by_position``, which know parameters by their names.
Promises: a transform of a compiled function keeps what that one was told: ``grad(compile(f,
check_finite=True))`` checks, too.
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["OPTIONS", "by_position", "chosen", "static_positions"]

OPTIONS: dict[str, Any] = {
    "static": (),
    "same_order": False,
    "max_paths": 1024,
    "verify": False,
    "check_finite": False,
}
"""What ``compile`` may be told, and what holds where nobody says so."""


def chosen(f: Callable[..., Any], given: dict[str, Any]) -> dict[str, Any]:
    """The options of a transform of ``f``: those that are given, then those that ``f`` has."""
    if isinstance(given.get("static"), str):
        given = given | {"static": (given["static"],)}
    inner = getattr(f, "_options", {})
    known = {name: inner.get(name, default) for name, default in OPTIONS.items()}
    options = known | {name: x for name, x in given.items() if x != OPTIONS[name]}
    most = options["max_paths"]
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise ValueError(f"max_paths must be a whole number of 1 or more, not {most!r}")
    return options | {"static": tuple(options["static"])}


def static_positions(f: Callable[..., Any], names: Sequence[str]) -> frozenset[int]:
    """The positions of the parameters that are static."""
    if not names:
        return frozenset()
    parameters = list(inspect.signature(f).parameters)
    for name in names:
        if name not in parameters:
            raise ValueError(
                f"static={name!r} is no parameter of the function, which has {', '.join(parameters)}"
            )
    return frozenset(map(parameters.index, names))


def by_position(
    f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Arguments given by name in the places that they have in ``f``: ``argnums`` counts those."""
    try:
        bound = inspect.signature(f).bind(*args, **kwargs)
    except (TypeError, ValueError):  # they do not fit, as the call will say; or it is made in C
        return args, kwargs
    return bound.args, bound.kwargs
