"""What settings say lies where, and how a learner is put together from them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from cerebrum.errors import SettingsError
from cerebrum.learner import Learner
from cerebrum.mind import Mind
from cerebrum.saved import SavedMinds, maker_of
from cerebrum.settings import Settings
from cerebrum.store import Store


def record_path(settings: Settings) -> Path:
    """Where the record lies; SettingsError where it cannot lie."""
    if settings.data_dir.exists() and not settings.data_dir.is_dir():
        raise SettingsError(f"{settings.data_dir} is a file", remedy="name a folder with --data-dir")
    return settings.data_dir / "mind.sqlite3"


def present_record(settings: Settings) -> Path:
    """Where the record lies, for what only looks: SettingsError where there is none, and none is made."""
    path = record_path(settings)
    if not path.exists():
        raise SettingsError(f"there is no record at {path}", remedy="name its folder with --data-dir")
    return path


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
