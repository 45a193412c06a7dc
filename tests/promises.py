"""How a test tells the figure of a promise.

    @pytest.mark.promise("P4")
    def test_nothing_is_taught_twice(figure, scale):
        seeds = scale(2_000, 100_000)            # what an ordinary run does, what ``run_tests.py --full`` does
        ...
        figure("P4", seeds=seeds, twice=0, lost=0)

``run_tests.py`` prints the figures that were told; ``--promises`` runs only the tests marked so, ``--full`` with their
long forms, which no time limit ends. A figure is told before the test asserts, so that a failure shows it too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FILE = "PROMISES_FILE"
FULL = "PROMISES_FULL"

Figure = Callable[..., None]
Scale = Callable[[int, int], int]


def is_full() -> bool:
    """Whether the long forms were asked for."""
    return os.environ.get(FULL, "") == "1"


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Figure:
    """Tell what was measured for a promise: numbers and short texts, in the order given."""
    marked = {name for mark in request.node.iter_markers("promise") for name in mark.args}

    def tell(promise: str, **figures: Any) -> None:
        assert promise in marked, f"mark the test with @pytest.mark.promise({promise!r})"
        place = os.environ.get(FILE)
        if place:
            line = {"promise": promise, "test": request.node.nodeid, "full": is_full(), "figures": figures}
            with Path(place).open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")

    return tell


@pytest.fixture(scope="session")
def scale() -> Scale:
    """``scale(short, long)``: how much to do in this run."""
    return lambda short, long: long if is_full() else short


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "promise(name): tells the figure of a promise; see tests/promises.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Take the time limit off the tests of promises when their long forms run."""
    for item in items:
        if is_full() and item.get_closest_marker("promise"):
            item.add_marker(pytest.mark.timeout(0), append=False)
