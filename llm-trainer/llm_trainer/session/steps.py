"""What a session may want next (steps), what may have happened (events), what the world should hear of it (notices).

All frozen. Time (``at``, seconds since 1970) and chance (``chance``, 0 ≤ x < 1) are facts on events, so the same
events always make the same session.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

from llm_trainer.session.dialogue import Message, Tuning

# ---------------------------------------------------------------- steps


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

# ---------------------------------------------------------------- events


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
EVENTS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        Checked,
        Reconnected,
        Retold,
        Spoke,
        Drafted,
        Taught,
        Failed,
        Rested,
        Awoke,
        StopAsked,
        PauseAsked,
        ResumeAsked,
        Retuned,
    )
}


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


# ---------------------------------------------------------------- notices


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
