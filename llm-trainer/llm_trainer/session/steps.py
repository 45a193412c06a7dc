"""What a session may want next. What came of it, ``events`` tells; what the world should hear of it, ``notices``."""

from __future__ import annotations

from dataclasses import dataclass

from llm_trainer.session.dialogue import Message


@dataclass(frozen=True)
class CheckLearner:
    """Compare what the learner remembers with the record; → Checked | Failed."""


@dataclass(frozen=True)
class Retell:
    """Tell the learner an exchange that it has forgotten, with the key it had; → Retold | Failed."""

    key: str


@dataclass(frozen=True)
class AskTeacher:
    """Ask for the teacher's next turn; → Spoke | Failed.

    ``delay_seconds``: how long until it is asked again; ``attempt``: how many of its texts for this turn were refused.
    """

    number: int
    messages: tuple[Message, ...]
    topic: str | None
    level: int
    seed: int
    delay_seconds: float
    attempt: int = 0


@dataclass(frozen=True)
class RecordDraft:
    """Fix text and key on disk before anything is sent; → Drafted."""

    number: int
    key: str
    text: str
    topic: str | None
    conversation: int
    level: int
    mended: tuple[str, ...] = ()


@dataclass(frozen=True)
class Teach:
    """Say the recorded text to the learner; → Taught | Failed."""

    number: int
    key: str
    text: str
    conversation: int
    attempt: int


@dataclass(frozen=True)
class Rest:
    """Do nothing until ``until`` (None: until somebody asks for something); → Rested."""

    until: float | None


@dataclass(frozen=True)
class End:
    """Nothing more to do."""

    reason: str


Step = CheckLearner | Retell | AskTeacher | RecordDraft | Teach | Rest | End
