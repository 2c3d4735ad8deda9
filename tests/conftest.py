"""What all tests share: how hypothesis searches, and the mark of tests for the native engine only.

Random tests have no deadline (nothing here is timed) and draw the same examples in every run, so that
a failure on one machine can be repeated on another.
"""

import hypothesis
import pytest

from gradloom.engine import ENGINE

hypothesis.settings.register_profile("gradloom", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("gradloom")


def pytest_configure(config):
    config.addinivalue_line("markers", "native: a promise of the native engine only")
    config.addinivalue_line("markers", "slabs: a promise of its slabs, which a sanitizer's build leaves out")


def _missing():
    """The marks whose promise this build does not make, each with the reason."""
    if ENGINE != "native":
        return dict.fromkeys(("native", "slabs"), "a promise of the native engine; the plain one is loaded")
    from gradloom._native.value import SLABS

    return {} if SLABS else {"slabs": "this build has no slabs"}


def pytest_collection_modifyitems(items):
    for mark, reason in _missing().items():
        for item in items:
            if item.get_closest_marker(mark):
                item.add_marker(pytest.mark.skip(reason=reason))
