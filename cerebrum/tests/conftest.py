from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from cerebrum.learner import Learner
from cerebrum.saved import SavedMinds
from cerebrum.store import Store
from tests.stand_in import Parrot

pytest_plugins = ("tests.promises",)
settings.register_profile("untimed", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("untimed")

OpenLearner = Callable[[], Learner]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "mind.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def open_learner(tmp_path: Path) -> OpenLearner:
    """Opens the same record each time, as a restart does; the clock counts."""
    ticks = itertools.count()

    def opening() -> Learner:
        saved = SavedMinds(tmp_path / "saved", "tests")
        now = lambda: f"moment {next(ticks)}"  # noqa: E731
        return Learner(Store(tmp_path / "mind.sqlite3"), saved, Parrot, Parrot.load, now)  # type: ignore[arg-type]

    return opening


@pytest.fixture
def learner(open_learner: OpenLearner) -> Iterator[Learner]:
    """Awake and empty."""
    opened = open_learner()
    opened.wake()
    yield opened
    opened.store.close()
