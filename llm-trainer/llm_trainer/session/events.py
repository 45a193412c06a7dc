"""What may have happened in a session, and how it is written down.

All frozen. Time (``at``, seconds since 1970) and chance (``chance``, 0 ≤ x < 1) are facts on events, so the same
events always make the same session.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from llm_trainer.session.dialogue import Tuning


@dataclass(frozen=True)
class Cursor:
    """How far a learner's own record goes: the ``seq`` of its newest entry, and a ``head`` that commits to them all."""

    epoch: str
    seq: int
    head: str


@dataclass(frozen=True)
class Checked:
    """The learner answered the check. ``lost_key`` is the first exchange it no longer knows, of ``lost`` in all.

    ``cursor`` is what it says of its own record.
    """

    at: float
    idempotent: bool = False
    lost_key: str | None = None
    lost: int = 0
    stage: str | None = None
    cursor: Cursor | None = None


@dataclass(frozen=True)
class Reconnected:
    """What was to be said was not: the connection is a new one, and who is there now may know less."""

    at: float


@dataclass(frozen=True)
class Retold:
    """A forgotten exchange is known again; ``next_key`` is the next one, if any."""

    at: float
    key: str
    next_key: str | None = None


@dataclass(frozen=True)
class Spoke:
    """The teacher said something.

    ``topic`` is set when the teacher chose it; ``last`` ends the conversation; ``cut``: it was stopped in mid-speech.
    """

    at: float
    text: str
    topic: str | None = None
    last: bool = False
    cut: bool = False


@dataclass(frozen=True)
class Drafted:
    """Text and key are on disk."""

    at: float


@dataclass(frozen=True)
class Taught:
    """The learner answered. ``seq`` is its own count, where it has one; ``odd`` says what was wrong with the answer."""

    at: float
    reply: str
    stage: str | None = None
    seq: int | None = None
    odd: str | None = None


Outcome = Literal["not_applied", "refused", "unknown"]


@dataclass(frozen=True)
class Failed:
    """A call came to nothing.

    ``outcome``: ``not_applied`` (surely not heard, may be asked again), ``refused`` (not heard, and asking again will
    not help), ``unknown`` (may have been heard). ``answered``: the peer answered, only badly.
    """

    at: float
    peer: Literal["llm", "learner"]
    code: str
    detail: str
    outcome: Outcome = "unknown"
    answered: bool = False
    retry_after: float | None = None
    chance: float = 0.0


@dataclass(frozen=True)
class Rested:
    """The rest is over."""

    at: float


@dataclass(frozen=True)
class Awoke:
    """The process that ran this session died and another goes on; ``sending``: it died between sending and answer."""

    at: float
    sending: bool


@dataclass(frozen=True)
class StopAsked:
    """Somebody wants the session to end."""

    at: float
    reason: str = "stopped"


@dataclass(frozen=True)
class PauseAsked:
    """Somebody wants the session to hold after the running exchange; ``steps`` exchanges are still made first."""

    at: float
    steps: int = 0


@dataclass(frozen=True)
class ResumeAsked:
    """Somebody wants the session to go on."""

    at: float


@dataclass(frozen=True)
class Retuned:
    """Somebody changed the tuning; ``topic`` asks for a change of topic now."""

    at: float
    tuning: Tuning
    topic: str | None = None


Event = (
    Checked
    | Reconnected
    | Retold
    | Spoke
    | Drafted
    | Taught
    | Failed
    | Rested
    | Awoke
    | StopAsked
    | PauseAsked
    | ResumeAsked
    | Retuned
)
EVENTS: dict[str, type[Event]] = {kind.__name__: kind for kind in get_args(Event)}


def encode(event: Event) -> dict[str, Any]:
    """The event as plain JSON values, for ``decode``."""
    plain = {"event": type(event).__name__, **vars(event)}
    if isinstance(event, Retuned):
        plain["tuning"] = vars(event.tuning)
    elif isinstance(event, Checked) and event.cursor is not None:
        plain["cursor"] = vars(event.cursor)
    return plain


def decode(body: dict[str, Any]) -> Event:
    """The event that ``encode`` wrote; fields it does not know are left out, so older code reads newer records."""
    kind = EVENTS[body["event"]]
    known = {field.name: body[field.name] for field in fields(kind) if field.name in body}
    if kind is Retuned:
        known["tuning"] = tuning_of(known["tuning"])
    if known.get("cursor") is not None:
        known["cursor"] = Cursor(**known["cursor"])
    return kind(**known)


def tuning_of(body: dict[str, Any]) -> Tuning:
    """The tuning that JSON holds."""
    return Tuning(**{**body, "topics": tuple(body["topics"])})
