"""``gradloom check FILE``: the lesson's numbers, on the learner's own ``Value``.

Takes: a file of Python, or a notebook, that has the class.
Gives: ``run``, which prints one line for each step as it comes.
Promises: with rich, and on a terminal, colours; elsewhere the same in plain text.
"""

from gradloom.check.apart import trials_of_file
from gradloom.check.report import lines, summary
from gradloom.check.trial import SECONDS
from gradloom.cli.console import say, styled

__all__ = ["run"]

_STYLES = {
    "heading": "bold underline",
    "right": "green",
    "wrong": "red",
    "cause": "",
    "write": "bold",
    "missing": "dim",
    "summary": "bold",
}


def run(path: str, name: str = "Value", seconds: float = SECONDS) -> int:
    """Check a file; return the exit code.

    Parameters
    ----------
    path : str
        The file.
    name : str
        The class in it.
    seconds : float
        The time for one step.

    Returns
    -------
    int
        0 when nothing is wrong (what is not there yet is not wrong), otherwise 1.

    Raises
    ------
    FileProblem
        The file cannot be run, or has no such class.
    OSError
        The file cannot be read.
    """
    show, results = styled(_STYLES), []

    def kept():
        for result in trials_of_file(path, name, seconds):
            results.append(result)
            yield result

    for style, text in lines(kept()):
        show(style, text)
    say("")
    show("summary", summary(results))
    return int(any(result.state == "wrong" for result in results))
