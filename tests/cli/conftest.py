"""What the tests of the lesson and of the quiz share: somebody who answers."""

import builtins

import pytest


@pytest.fixture
def answer(monkeypatch):
    """A function that takes the learner's answers; after them the input ends. An exception is raised."""

    def give(*given):
        waiting = list(given)

        def answered(prompt=""):
            if not waiting:
                raise EOFError
            said = waiting.pop(0)
            if isinstance(said, str):
                return said
            raise said

        monkeypatch.setattr(builtins, "input", answered)
        return waiting

    return give
