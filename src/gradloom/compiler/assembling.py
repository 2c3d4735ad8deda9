"""Results in any nesting, from a ``Form`` and flat numbers: the inverse of ``nesting.take_apart``.

Takes: a form, and as many numbers as it has room for.
Gives: ``put_together`` for numbers of any kind, ``from_vector`` for an array of float64, ``cut`` for whatever
makes the leaves itself.
Promises: the same nesting, the same kinds; what was no data comes back as it was.
"""

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from gradloom.compiler.nesting import Form, count

__all__ = ["contain", "cut", "from_vector", "object_array", "put_together"]


def put_together(form: Form, numbers: Iterable[Any]) -> Any:
    """What has the form, made of ``numbers`` as they are; its arrays are arrays of objects.

    Examples
    --------
    >>> put_together(("list", (("number", False), ("static", str, "x"))), [1.0])
    [1.0, 'x']
    """
    return _put(form, iter(numbers))


def object_array(xs: Sequence[Any], shape: Any) -> np.ndarray:
    array = np.empty(len(xs), dtype=object)
    array[:] = xs
    return array.reshape(shape)


def _put(form: Form, numbers: Iterator[Any]) -> Any:
    kind = form[0]
    if kind == "number":
        return next(numbers)
    if kind == "static":
        return form[2]
    if kind == "array":
        return object_array(list(islice(numbers, count(form))), form[1])
    return contain(form, [_put(part, numbers) for part in form[-1]])


def from_vector(form: Form, x: np.ndarray) -> Any:
    """What has the form, made of the numbers in ``x``, of shape (n,): floats, and views of ``x``."""
    return _maker(form)(x)


@functools.lru_cache(maxsize=1024)
def _maker(form: Form) -> Callable[[np.ndarray], Any]:
    """``from_vector`` for one form: where everything is, is found once."""
    return _part_maker(form, 0)[0]


def _part_maker(form: Form, i: int) -> tuple[Callable[[np.ndarray], Any], int]:
    kind = form[0]
    if kind == "number":
        return (lambda x: x.item(i)), i + 1
    if kind == "static":
        return (lambda x: form[2]), i
    if kind == "array":
        span, shape = slice(i, i + count(form)), form[1]
        return (lambda x: x[span].reshape(shape)), span.stop
    makers = []
    for part in form[-1]:
        maker, i = _part_maker(part, i)
        makers.append(maker)
    return (lambda x: contain(form, [make(x) for make in makers])), i


def cut(form: Form, number: Callable[..., Any], array: Callable[..., Any], i: int = 0) -> tuple[Any, int]:
    """What has the form, whose numbers are those from ``i`` on; and the one after them.

    ``number(i)`` and ``array(i, end, shape)`` make the leaves.
    """
    kind = form[0]
    if kind == "number":
        return number(i), i + 1
    if kind == "static":
        return form[2], i
    if kind == "array":
        end = i + count(form)
        return array(i, end, form[1]), end
    parts = []
    for part in form[-1]:
        made, i = cut(part, number, array, i)
        parts.append(made)
    return contain(form, parts), i


def contain(form: Form, parts: list[Any]) -> Any:
    """The list, tuple, named tuple, dict or array of objects that has the form and these parts."""
    kind = form[0]
    if kind == "list":
        return parts
    if kind == "dict":
        return dict(zip(form[1], parts, strict=True))
    if kind == "objects":
        return object_array(parts, form[1])
    return tuple(parts) if kind == "tuple" else kind(*parts)
