"""What all tests share: how hypothesis searches, the mark of tests for the native engine only, and what can
be compared of a picture.

Random tests have no deadline (nothing here is timed) and draw the same examples in every run, so that
a failure on one machine can be repeated on another.
"""

import re

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


@pytest.fixture(scope="session")
def contents():
    """``contents(svg)``: what a picture shows, each box and edge with its kind, its words and what it says
    when pointed at; in no order, and without places and sizes, which are the layout engine's affair."""

    def of(svg):
        groups = (group.partition("</g>")[0] for group in svg.split('<g class="')[1:])
        return sorted((g.split('"')[0], *re.findall(r"<(?:text|title)[^>]*>(.*?)</t", g)) for g in groups)

    return of
