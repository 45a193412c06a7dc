"""What the world should hear of a session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class TopicChanged:
    """A new stretch of conversation begins."""

    topic: str | None
    conversation: int


@dataclass(frozen=True)
class PhaseChanged:
    """The session runs, waits, holds or ends, and why."""

    phase: str
    reason: str
    until: float | None


Status = Literal["taught", "uncertain", "refused", "abandoned"]


@dataclass(frozen=True)
class Closed:
    """An exchange came to its end: taught, uncertain, refused or abandoned."""

    number: int
    status: Status


@dataclass(frozen=True)
class Noted:
    """Something a person should see."""

    code: str
    detail: str


@dataclass(frozen=True)
class Ended:
    """The session is over."""

    reason: str


Notice = TopicChanged | PhaseChanged | Closed | Noted | Ended
