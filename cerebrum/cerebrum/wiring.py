"""What settings say lies where, and how a learner is put together from them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from cerebrum.learner import Learner
from cerebrum.mind import Mind
from cerebrum.saved import SavedMinds, maker_of
from cerebrum.settings import Settings
from cerebrum.store import Store


def record_path(settings: Settings) -> Path:
    """Where the record lies."""
    return settings.data_dir / "mind.sqlite3"


def open_learner(settings: Settings) -> Learner:
    """The learner as configured, not yet awake."""
    return Learner(Store(record_path(settings)), saved_minds(settings), new_mind(settings))


def new_mind(settings: Settings) -> Callable[[], Mind]:
    """Makes the empty mind that the record is folded into."""
    return partial(Mind, seed=settings.seed, active_limit=settings.active_limit)


def saved_minds(settings: Settings) -> SavedMinds:
    """The saved minds that this program with these settings made."""
    maker = maker_of(seed=settings.seed, active_limit=settings.active_limit)
    return SavedMinds(settings.data_dir / "saved", maker)
