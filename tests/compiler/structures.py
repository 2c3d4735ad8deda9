"""Arguments and results of programs: numbers in lists, tuples, dicts and arrays.

Takes: a nested structure.
Gives: ``leaves``, its numbers in one list, and ``like``, the structure with other numbers.
Promises: the order of one is the order of the other.
"""

import numpy as np

__all__ = ["leaves", "like"]


def leaves(structure, shape=None):
    """The numbers of a nested structure in one list, dicts in the order of their keys.

    ``shape`` says where the leaves are, for structures with a row of numbers in the place of each.
    """
    shape = structure if shape is None else shape
    if isinstance(shape, dict):
        return [x for key in sorted(shape) for x in leaves(structure[key], shape[key])]
    if isinstance(shape, (list, tuple)):
        return [x for part, one in zip(structure, shape, strict=True) for x in leaves(part, one)]
    if isinstance(shape, np.ndarray) and shape.ndim:
        return list(np.moveaxis(np.asarray(structure), -1, 0))
    return [structure]


def like(structure, numbers, objects=False):
    """``structure`` with its numbers replaced by those of the iterator ``numbers``, in the same order.

    ``objects``: arrays hold Python's floats, so that their arithmetic is Python's, errors included.
    """
    if isinstance(structure, dict):
        filled = {key: like(structure[key], numbers, objects) for key in sorted(structure)}
        return {key: filled[key] for key in structure}
    if isinstance(structure, (list, tuple)):
        return type(structure)(like(part, numbers, objects) for part in structure)
    if isinstance(structure, np.ndarray):
        row = [next(numbers) for _ in structure]
        if isinstance(row[0], np.ndarray):
            return np.stack(row, axis=-1)
        return np.array(row, dtype=float if isinstance(row[0], float) and not objects else object)
    return next(numbers)
