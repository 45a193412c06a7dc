"""Which topic comes when, and how far the learner has come."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

TOPICS: tuple[str, ...] = (
    "animals", "the weather", "food", "family", "colours", "the house", "clothes", "toys", "the garden", "the sea",
    "birds", "cooking", "friends", "school", "music", "sports", "the city", "the farm", "trains", "the night sky",
    "seasons", "the body", "feelings", "shopping", "books", "stories", "the forest", "water", "breakfast", "birthdays",
    "games", "holidays", "work", "the kitchen", "travel", "insects", "fruit", "painting", "sleep and dreams", "numbers",
)  # fmt: skip


def topic_at(topics: Sequence[str], index: int, seed: int | None) -> str | None:
    """The ``index``-th topic of a session that goes through ``topics`` round after round; None if there are none.

    With a seed each round has an order of its own, and no topic follows itself across rounds.
    """
    if not topics:
        return None
    count = len(topics)
    if seed is None:
        return topics[index % count]
    order = _shuffled(topics, seed, index // count)
    if index >= count > 1 and order[0] == _shuffled(topics, seed, index // count - 1)[-1]:
        order = order[1:] + order[:1]
    return order[index % count]


def _shuffled(topics: Sequence[str], seed: int, turn: int) -> list[str]:
    return sorted(topics, key=lambda topic: hashlib.sha256(f"{seed}/{turn}/{topic}".encode()).digest())


def level(stage: str | None, completed: int) -> int:
    """How richly to speak to this learner: 0 (single words) to 4 (conversation).

    The stage that the learner reports decides; a learner that reports none is judged by the exchanges it has had.
    """
    if stage in _LEVELS:
        return _LEVELS[stage] + (stage == "sentences" and completed >= 500)
    return sum(completed >= bound for bound in (50, 100, 250, 500))


_LEVELS = {"listening": 0, "words": 0, "phrases": 1, "sentences": 2, "conversation": 4}
