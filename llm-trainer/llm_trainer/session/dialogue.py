"""The nouns of a session: who speaks, what was said, what was planned, what is about to be taught."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

SESSION_EXCHANGES = 1_000_000
DELAY_SECONDS = 3600.0


class Speaker(str, Enum):
    """One of the two parties of an exchange."""

    TEACHER = "teacher"
    LEARNER = "learner"


@dataclass(frozen=True)
class Turn:
    """One utterance and who said it."""

    speaker: Speaker
    text: str


@dataclass(frozen=True)
class Message:
    """One line of a chat as language models take it: ``role`` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True)
class Tuning:
    """What may be changed while a session runs.

    An empty ``topics`` leaves the choice of topic to the teacher.
    """

    delay_seconds: float = 2.0
    topic_switch_interval: int = 10
    topics: tuple[str, ...] = ()
    strategy: str = "talk"


@dataclass(frozen=True)
class Plan:
    """A session's fixed parameters and the tuning that it starts with.

    ``shuffle`` orders the topics by ``seed``; topics that a person listed keep their order.
    ``idempotent`` says whether the learner takes the same key twice without learning twice.
    """

    session_id: str
    max_exchanges: int = 100
    seed: int = 0
    tuning: Tuning = Tuning()
    shuffle: bool = False
    idempotent: bool = False

    def __post_init__(self) -> None:
        assert 1 <= self.max_exchanges <= SESSION_EXCHANGES, self.max_exchanges
        assert 0 <= self.tuning.delay_seconds <= DELAY_SECONDS, self.tuning.delay_seconds

    @property
    def guarantee(self) -> str:
        """What holds for each exchange when calls fail."""
        return "exactly-once" if self.idempotent else "at-most-once"


@dataclass(frozen=True)
class Draft:
    """A teacher's turn on its way to the learner: the text is fixed, its ``key`` too.

    ``certain`` turns false when the learner may have heard it although no answer came back. ``mended`` names what the
    gate took off the text, so that nobody takes the result for the model's own words.
    """

    number: int
    key: str
    text: str
    attempts: int = 0
    answered_failures: int = 0
    certain: bool = True
    mended: tuple[str, ...] = ()


def exchange_key(session_id: str, number: int) -> str:
    """The name of one exchange, the same for ever.

    >>> exchange_key("s", 12)
    's:00000012'
    """
    return f"{session_id}:{number:08d}"
