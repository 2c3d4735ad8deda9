"""Arguments in any nesting, as a flat list of numbers and a ``Form`` to put them back.

Takes: lists, tuples, dicts and arrays over floats and Values, and whatever else a user passes.
Gives: ``take_apart``, the form and the numbers of an argument; ``assembling`` has its inverse.
Promises: a form is hashable, and two arguments have the same form exactly if a Program traced for one
may run on the other: the same nesting, the same shapes, the same kinds, and the same bits of everything
that is no data. ``int``, ``bool``, ``str`` and ``None`` are part of the program, not data; NumPy's
integers are data.

    kind      what follows in the form    numbers
    number    whether a Value             1
    array     its shape                   as many as it has elements, in C order
    objects   its shape, its elements     those of the elements (an array of Values)
    list, tuple, named tuple, dict        those of the parts
    static    type, value, its repr       0
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gradloom.arithmetic import is_number
from gradloom.engine import Value, read

__all__ = [
    "Form",
    "as_array",
    "as_floats",
    "count",
    "fixed",
    "flat",
    "holds_values",
    "matching",
    "statics",
    "take_apart",
    "values_among",
    "vector",
]

Form = tuple[Any, ...]
EXACT = 2**53
"""Up to here a float64 is exact for every whole number."""
_NUMBER, _VALUE = ("number", False), ("number", True)


def take_apart(x: Any, numbers: list[Any], numeric: bool = False) -> Form:
    """The form of ``x``; its numbers (floats, Values, or whole float64 arrays) are added to ``numbers``.

    ``numeric``: a Python int or bool is a number too, as in an argument that is differentiated.

    Examples
    --------
    >>> numbers = []
    >>> take_apart({"a": [1.0, 2], "b": 3.0}, numbers)
    ('dict', ('a', 'b'), (('list', (('number', False), ('static', <class 'int'>, 2))), ('number', False)))
    >>> numbers
    [1.0, 3.0]
    """
    if type(x) is float:
        numbers.append(x)
        return _NUMBER
    if type(x) is np.ndarray and x.dtype == np.float64 and x.ndim:
        numbers.append(x)
        return "array", x.shape
    if isinstance(x, Value):
        numbers.append(x)
        return _VALUE
    if isinstance(x, (int, bool)) and not isinstance(x, np.generic):
        if not numeric:
            return "static", type(x), x
        numbers.append(float(x))
        return _NUMBER
    if isinstance(x, (list, tuple)):
        kind = "list" if isinstance(x, list) else type(x) if hasattr(x, "_fields") else "tuple"
        return kind, tuple([take_apart(part, numbers, numeric) for part in x])
    if isinstance(x, dict):
        return "dict", tuple(x), tuple([take_apart(part, numbers, numeric) for part in x.values()])
    if is_number(x):
        numbers.append(float(x) if isinstance(x, float) else as_floats(np.asarray(x)).item())
        return _NUMBER
    if hasattr(x, "__array__"):
        return _take_array_apart(as_array(x), numbers, numeric)
    if isinstance(x, complex):
        raise TypeError(f"a compiled function takes real numbers, not {x}; pass its two parts")
    if hasattr(x, "__next__"):
        raise TypeError(f"a {type(x).__name__} runs out after one call; pass a list of its items")
    try:
        hash(x)
    except TypeError:
        raise TypeError(
            f"a compiled function takes numbers, Values, arrays, and lists, tuples and dicts of them, "
            f"not {type(x).__name__} ({x!r:.60}); pass the numbers that it holds"
        ) from None
    return _static(x)


def _static(x: Any) -> Form:
    """Equal things may differ, as frozenset({1}) and frozenset({1.0}) do; the same thing does not."""
    return "static", type(x), x, "" if type(x).__eq__ is object.__eq__ else repr(x)


def fixed(x: Any) -> Form:
    """The form of an argument that is said to be part of the program, its numbers too."""
    if isinstance(x, dict):
        return "dict", tuple(x), tuple(map(fixed, x.values()))
    if isinstance(x, (list, tuple)):
        kind = "list" if isinstance(x, list) else type(x) if hasattr(x, "_fields") else "tuple"
        return kind, tuple(map(fixed, x))
    if isinstance(x, np.ndarray):
        raise TypeError("an array cannot be static, since its numbers may change; pass a tuple of them")
    return _static(x)


def as_array(x: Any) -> np.ndarray:
    """``x`` as an array, as NumPy has it; but no mask is dropped without a word."""
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError("a masked array has no numbers where its mask is set; fill them: x.filled(0.0)")
    return np.asarray(x)


def _take_array_apart(x: np.ndarray, numbers: list[Any], numeric: bool) -> Form:
    if x.dtype.kind == "O":
        return "objects", x.shape, tuple([take_apart(part, numbers, numeric) for part in x.flat])
    if x.dtype.kind not in "fiub":
        raise TypeError(f"an array must hold real numbers, not {x.dtype}; convert it: x.astype(float)")
    numbers.append(np.ascontiguousarray(as_floats(x)))
    return "array", x.shape


def as_floats(x: np.ndarray) -> np.ndarray:
    """``x`` as float64; whole numbers beyond 2**53, where floats have gaps, are refused."""
    if x.dtype.kind in "iu" and x.itemsize == 8 and x.size and not -EXACT <= x.min() <= x.max() <= EXACT:
        worst = x.min() if x.min() < -EXACT else x.max()
        raise ValueError(
            f"{worst} is beyond 2**53, and in a compiled function whole numbers of NumPy are floats, which "
            "are exact up to there; pass smaller ones, or x.astype(float) if rounding is meant"
        )
    return x.astype(np.float64, copy=False)


def count(form: Form) -> int:
    """How many numbers the form has room for."""
    kind = form[0]
    if kind == "number":
        return 1
    if kind == "array":
        return math.prod(form[1])
    return 0 if kind == "static" else sum(map(count, form[-1]))


def holds_values(form: Form) -> bool:
    """Whether a Value was among the numbers."""
    if form[0] == "number":
        return form[1]
    return form[0] not in ("array", "static") and any(map(holds_values, form[-1]))


def matching(x: Any, v: Any, name: str) -> list[Any]:
    """The numbers of ``v``, which must be nested as ``x`` is; ``name`` calls both."""
    ours: list[Any] = []
    theirs: list[Any] = []
    if _shape(take_apart(x, ours, numeric=True)) != _shape(take_apart(v, theirs, numeric=True)):
        raise ValueError(f"{name} must be alike in nesting and shapes")
    return theirs


def _shape(form: Any) -> Any:
    if form[0] == "number":
        return "number"
    if form[0] in ("array", "objects"):
        return form[1]
    return form if form[0] == "static" else (*form[:-1], tuple(map(_shape, form[-1])))


def statics(form: Form) -> Iterator[Any]:
    """What is part of the program in a form."""
    if form[0] == "static":
        yield form[2]
    elif form[0] not in ("number", "array"):
        for part in form[-1]:
            yield from statics(part)


# ---- the numbers as one array
def flat(numbers: Sequence[Any]) -> list[Any]:
    """The numbers that ``take_apart`` found, one by one."""
    flat: list[Any] = []
    for x in numbers:
        flat.extend(x.ravel().tolist()) if isinstance(x, np.ndarray) else flat.append(x)
    return flat


def vector(numbers: Sequence[Any]) -> np.ndarray:
    """The numbers that ``take_apart`` found, as a float64 array of shape (n,)."""
    parts = [x.ravel() if isinstance(x, np.ndarray) else x for x in numbers]
    if any(isinstance(x, np.ndarray) for x in parts):
        singles = [x if isinstance(x, np.ndarray) else vector([x]) for x in parts]
        return np.concatenate(singles)
    values = [x for x in parts if isinstance(x, Value)]
    if values and len(values) == len(parts):
        return read(values)
    if values:
        parts = [x._data if isinstance(x, Value) else x for x in parts]
    return np.array(parts, dtype=np.float64)


def values_among(numbers: Sequence[Any]) -> tuple[tuple[int, ...], list[Value]]:
    """The Values among the numbers, and their places in the flat list."""
    found = [(i, x) for i, x in enumerate(flat(numbers)) if isinstance(x, Value)]
    return tuple(i for i, _ in found), [x for _, x in found]
