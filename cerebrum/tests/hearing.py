"""Learners that heard something, and what a mind of just that is like."""

from __future__ import annotations

import random
from pathlib import Path

from cerebrum.dialogue import Observation
from cerebrum.learner import Learner
from cerebrum.mind import Mind
from cerebrum.saved import SavedMinds
from cerebrum.store import Store
from tests.stand_in import Parrot


def hear(learner: Learner, *texts: str) -> None:
    for text in texts:
        learner.exchange(text, "c")


def equal_hash(*texts: str, conversation: str = "c") -> str:
    """The state of a mind that heard exactly these."""
    mind = Parrot()
    for seq, text in enumerate(texts, 1):
        mind.learn(Observation(seq, conversation, text))
    return mind.state_hash()


def real(folder: Path) -> Learner:
    saved = SavedMinds(folder / "saved", "tests")
    learner = Learner(Store(folder / "mind.sqlite3"), saved, lambda: Mind(seed=7))
    learner.wake()
    return learner


def small_talk(seed: int, count: int) -> list[str]:
    chance = random.Random(seed)
    who, what, where = (
        ("the dog", "a bird", "my friend"),
        ("sings", "sleeps", "runs home"),
        ("now.", "again!", "today?"),
    )
    return [f"{chance.choice(who)} {chance.choice(what)} {chance.choice(where)}" for _ in range(count)]
