"""Runs a Program: one evaluation at a time, or many rows.

Takes: a Program.
Gives: ``define``, the definition in NumPy; ``prepare`` for one evaluation at a time; ``prepare_rows`` for
many rows. Both make a Program ready once, to be called often.
Promises: arithmetic is IEEE 754, without exceptions. What is prepared agrees with the definition: bit for
bit where the table's row is arithmetic, to 4 units in the last place where it calls a mathematical function,
and to 1e-12 of the sum of the terms' magnitudes where sums are regrouped. ``same_order=True`` regroups none
and takes every function from the C library, so that it agrees with eager code bit for bit.
"""

from collections.abc import Sequence

import numpy as np

from gradloom.compiler.definition import define
from gradloom.compiler.program import Program
from gradloom.compiler.rows import NativeRows, PlainRows, PreparedRows, native
from gradloom.compiler.single import Call, Prepared, prepare

__all__ = ["Call", "Prepared", "PreparedRows", "define", "prepare", "prepare_rows"]


def prepare_rows(
    program: Program,
    mapped: Sequence[bool] | np.ndarray,
    reduce: Sequence[str | None],
    same_order: bool = False,
) -> PreparedRows:
    """``program`` made ready to run over many rows.

    Parameters
    ----------
    program : Program
    mapped : sequence of bool, one for each input
        True where the input differs from row to row; the others are uniform.
    reduce : sequence of None, "sum" or "mean", one for each output
        What becomes of the output's rows: kept, added, or averaged.
    same_order : bool
        Every row exactly as the Program says: no sum regrouped, every function from the C library.

    Returns
    -------
    PreparedRows

    Examples
    --------
    >>> import numpy as np
    >>> from gradloom.compiler.program import Program
    >>> p = Program.parse("program of 2 inputs; v2 = mul v0 v1; return v2 v2".replace(";", "\\n"))
    >>> prepared = prepare_rows(p, [True, False], ["sum", None])
    >>> prepared(np.array([10.0]), [np.array([[1.0], [2.0], [3.0]])], rows=3, threads=1)
    (array([60.]), array([[10.],
           [20.],
           [30.]]))
    """
    if len(mapped) != program.inputs or len(reduce) != len(program.outputs):
        raise ValueError("mapped needs one entry for each input, and reduce one for each output")
    if wrong := [r for r in reduce if r not in (None, "sum", "mean")]:
        raise ValueError(f"reduce must be None, 'sum' or 'mean', not {wrong[0]!r}")
    if native is None:
        return PlainRows(program, list(mapped), reduce, same_order)
    return NativeRows(program, list(mapped), reduce, same_order)
