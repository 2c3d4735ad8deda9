"""The learner's checker: the numbers of the lesson, run on a ``Value`` class that somebody wrote.

Takes: a class, or a file of Python that has one.
Gives: ``check_engine``, a ``Report``; the command ``gradloom check`` is in ``cli/check.py``.
Promises: what is asked stands in one table (``nodes.py``, ``walks.py``, ``operations.py`` and
``networks.py``): a step is one row, with its numbers, its needs and its usual causes. A class is asked for
no more than a row uses.
"""

from gradloom.check.report import Report
from gradloom.check.trial import SECONDS, STEPS, trials

__all__ = ["STEPS", "Report", "check_engine"]


def check_engine(engine: type, seconds: float = SECONDS) -> Report:
    """Run the numbers of the lesson on a ``Value`` class of your own, and say what is likely wrong.

    Parameters
    ----------
    engine : type
        Your class. ``engine(2.0)`` must make a number; all else may come later: a step whose needs
        are missing is "not there yet", with what to write next.
    seconds : float
        The time for one step. It ends endless loops of Python; ``gradloom check FILE.py`` runs your
        file in a process of its own and ends all others as well.

    Returns
    -------
    Report
        Prints as a list in the order of the lesson. ``passed`` is whether nothing is wrong.

    Examples
    --------
    >>> from gradloom import check_engine
    >>> class Value:
    ...     def __init__(self, data):
    ...         self.data = data
    ...     def __add__(self, other):
    ...         return self.data + other.data
    >>> report = check_engine(Value)
    >>> report.passed
    False
    >>> wrong = [result for result in report.results if result.state == "wrong"]
    >>> print(wrong[0].title, "|", wrong[0].error.splitlines()[0])
    e = d + c | AttributeError: 'float' object has no attribute 'data'
    >>> print(wrong[0].write)
    out = Value(...); return out  # or: other = other if isinstance(other, Value) else Value(other)
    """
    if not isinstance(engine, type):
        raise TypeError(f"check_engine takes your class itself, not {type(engine).__name__}; write Value")
    return Report(tuple(trials(engine, seconds)))
