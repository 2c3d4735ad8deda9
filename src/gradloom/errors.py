"""The errors and warnings of Gradloom.

Python's own errors stay Python's own (``TypeError``, ``ValueError``, ``ZeroDivisionError``,
``OverflowError``). What only this library can find wrong has a name here::

    GradloomError
    |-- DerivativeError (RuntimeError)   a gradient was asked for that would be wrong or unknown
    |   |-- StaleDataError                 .data was changed after the result was computed
    |   |-- CycleError                     a node is its own operand, directly or through others
    |   `-- SweepError                     a node is already in an unfinished backward()
    |-- TraceError (TypeError)           a function does what no compiled Program can repeat
    |-- MissingExtraError (ImportError)  a command needs an optional package
    `-- StateError (ValueError)          a saved state does not fit the model

    GradloomWarning (UserWarning)
    |-- NativeEngineWarning              the native engine was built but could not be loaded
    `-- PathWarning                      one source line branches in very many ways
"""

__all__ = [
    "CycleError",
    "DerivativeError",
    "GradloomError",
    "GradloomWarning",
    "MissingExtraError",
    "NativeEngineWarning",
    "PathWarning",
    "StaleDataError",
    "StateError",
    "SweepError",
    "TraceError",
]


class GradloomError(Exception):
    """The base of the errors that only Gradloom raises."""


class DerivativeError(GradloomError, RuntimeError):
    """``backward()`` was asked for a gradient that would be wrong or is unknown."""


class StaleDataError(DerivativeError):
    """An operand's ``.data`` was assigned after the result was computed from it."""


class CycleError(DerivativeError):
    """A graph in which a node is its own operand, directly or through others."""


class SweepError(DerivativeError):
    """A node is already in a ``backward()`` that has not finished."""


class TraceError(GradloomError, TypeError):
    """A function that is traced does what no compiled Program can repeat; the message has the line."""


class MissingExtraError(GradloomError, ImportError):
    """An optional package is missing; the message holds the install command."""

    def __init__(self, package: str, extra: str, purpose: str):
        super().__init__(
            f'{purpose} needs {package}, which is not installed: pip install "gradloom[{extra}]"'
        )


class StateError(GradloomError, ValueError):
    """A saved state that does not fit the model; the model is unchanged."""


class GradloomWarning(UserWarning):
    """The base of the warnings that Gradloom issues."""


class NativeEngineWarning(GradloomWarning):
    """The native engine was built but could not be loaded; the plain one is used."""


class PathWarning(GradloomWarning):
    """One line of a compiled function branches in very many ways, and each is a Program of its own."""
