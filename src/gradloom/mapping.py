"""A function of numbers, made one of Values and of arrays too.

Takes: functions of numbers, and what they are of Values.
Gives: ``function_of`` and ``of_sequences``, which choose between the two; ``method``, ``fold`` and
``tournament``, which make the second; ``bare`` and ``operand`` for what these are given.
Promises: of numbers alone the first function answers, errors included. Arrays are mapped element by element.
"""

from functools import partial, reduce, wraps

import numpy as np

from gradloom.arithmetic import is_number
from gradloom.engine import Value

__all__ = ["bare", "fold", "function_of", "method", "of_sequences", "operand", "settled", "tournament"]


def bare(x):
    return x.data if isinstance(x, Value) else x


def operand(x, name):
    """``x`` as a Value or a float."""
    if isinstance(x, Value):
        return x
    if is_number(x):
        return float(x)
    if isinstance(x, np.ndarray):
        raise TypeError(f"{name}() takes a sequence of numbers and Values, not of arrays; give it one row")
    a_list = isinstance(x, (list, tuple))
    cure = "make a list an array first: numpy.array(xs)" if a_list else "give it a number"
    raise TypeError(f"{name}() takes numbers, Values and arrays of them, not {type(x).__name__}; {cure}")


def function_of(plain, of_values=None, results=1):
    """``plain`` of numbers, ``of_values`` where one is a Value; over arrays element by element."""

    @wraps(plain)
    def function(*xs, **options):
        chosen = plain
        for x in xs:
            if isinstance(x, np.ndarray) and (x.ndim or x.dtype.hasobject):
                arrays = np.frompyfunc(partial(function, **options), len(xs), results)(*xs)
                return settled(arrays) if results == 1 else tuple(map(settled, arrays))
            if isinstance(x, Value):
                chosen = of_values or plain
        return chosen(*xs, **options)

    return function


def settled(objects):
    """An array of objects as one of numbers, unless there are Values in it."""
    if not isinstance(objects, np.ndarray) or any(isinstance(x, Value) for x in objects.flat):
        return objects
    return np.array(objects.tolist()).reshape(objects.shape)


def of_sequences(plain, of_values):
    """``plain`` of sequences of numbers, ``of_values`` where there is a Value in one."""

    @wraps(plain)
    def function(*sequences, **options):
        try:
            taken = [tuple(xs) for xs in sequences]
        except TypeError:
            return plain(*sequences, **options)  # for its error
        found = any(isinstance(x, Value) for xs in (*taken, options.values()) for x in xs)
        return (of_values if found else plain)(*taken, **options)

    return function


def method(name):
    """The method ``name`` of the first operand, which becomes a Value if it is a number."""
    return lambda first, *rest: getattr(first if isinstance(first, Value) else Value(first), name)(*rest)


def fold(function):
    """``function`` of two, for as many operands as there are."""
    return lambda first, *rest: reduce(function, rest, first)


def tournament(function):
    """``function`` of two, which chooses one, for as many operands as there are: neighbours first, so that
    a vectoriser finds log(n) steps instead of n. A tie still goes to the first."""

    def of_many(*xs):
        while len(xs) > 1:
            xs = (*map(function, xs[::2], xs[1::2]), *xs[len(xs) & ~1 :])
        return xs[0]

    return of_many
