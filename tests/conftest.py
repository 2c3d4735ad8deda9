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


def pytest_collection_modifyitems(items):
    if ENGINE != "native":
        skip = pytest.mark.skip(reason="a promise of the native engine; the plain one is loaded")
        for item in items:
            if item.get_closest_marker("native"):
                item.add_marker(skip)
