"""Where a session stands: one frozen value, small whatever the session's length, as JSON and back.

Storing it with each event makes going on after a crash independent of how much was said before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

from llm_trainer.session.dialogue import Draft, Plan, Speaker, Tuning, Turn
from llm_trainer.session.events import Cursor, tuning_of
from llm_trainer.session.notices import Notice
from llm_trainer.session.pathologies import Ladder


class Phase(str, Enum):
    """What the session is doing now."""

    CHECKING = "checking"
    RETELLING = "retelling"
    ASKING = "asking"
    DRAFTING = "drafting"
    TEACHING = "teaching"
    RESTING = "resting"
    WAITING_LLM = "waiting_llm"
    WAITING_LEARNER = "waiting_learner"
    PAUSED = "paused"
    ENDED = "ended"


RUNNING = frozenset({Phase.ASKING, Phase.DRAFTING, Phase.TEACHING, Phase.RESTING})


@dataclass(frozen=True)
class State:
    """Everything the engine decides from.

    ``turns`` are those of the running conversation, ``watched`` the last ones whatever the conversation; ``notices``
    are what the last event gave the world to hear.
    """

    tuning: Tuning
    phase: Phase = Phase.CHECKING
    clock: float = 0.0
    number: int = 0
    taught: int = 0
    uncertain: int = 0
    refused: int = 0
    topic_index: int = -1
    topic: str | None = None
    topic_exchanges: int = 0
    topic_over: bool = False
    next_topic: str | None = None
    conversation: int = 0
    turns: tuple[Turn, ...] = ()
    draft: Draft | None = None
    began_at: float = 0.0
    until: float | None = None
    reason: str = ""
    failures: int = 0
    bad_exchanges: int = 0
    rejections: int = 0
    rejected: str | None = None
    watched: tuple[Turn, ...] = ()
    ladder: Ladder = field(default_factory=Ladder)
    nudge: str | None = None
    lost_key: str | None = None
    idempotent: bool = False
    stage: str | None = None
    learner_seq: int | None = None
    cursor: Cursor | None = None
    stop_reason: str | None = None
    pause_after: int | None = None
    held_phase: Phase | None = None
    end_reason: str | None = None
    notices: tuple[Notice, ...] = ()

    @property
    def finished(self) -> int:
        """Exchanges that count towards the plan: those taught and those that may have been."""
        return self.taught + self.uncertain


def changed(state: State, **changes: Any) -> State:
    """The state with these fields changed, as ``dataclasses.replace`` makes it, in a twentieth of the time.

    ``replace`` calls ``__init__`` with all thirty fields, ten times an exchange.
    """
    assert changes.keys() <= vars(state).keys(), changes.keys() - vars(state).keys()
    made: State = object.__new__(State)
    vars(made).update(vars(state), **changes)
    return made


def encode_state(state: State) -> dict[str, Any]:
    """The state as plain JSON values, without the notices.

    Written out by hand: it is done with every exchange, and ``dataclasses.asdict`` copies each value twice over.
    """
    plain: dict[str, Any] = {"tuning": vars(state.tuning), "notices": (), "phase": state.phase.value}
    plain |= {"turns": _plain(state.turns), "watched": _plain(state.watched), "ladder": vars(state.ladder)}
    plain["draft"] = None if state.draft is None else vars(state.draft)
    plain["cursor"] = None if state.cursor is None else vars(state.cursor)
    plain["held_phase"] = None if state.held_phase is None else state.held_phase.value
    return {**vars(state), **plain}


def decode_state(body: dict[str, Any]) -> State:
    """The state that ``encode_state`` wrote, JSON in between."""
    draft, held, cursor = body["draft"], body["held_phase"], body.get("cursor")
    made = {
        "tuning": tuning_of(body["tuning"]),
        "phase": Phase(body["phase"]),
        "turns": _turns(body["turns"]),
        "watched": _turns(body.get("watched", ())),
        "ladder": Ladder(**body.get("ladder", {})),
        "draft": None if draft is None else Draft(**{**draft, "mended": tuple(draft.get("mended", ()))}),
        "cursor": None if cursor is None else Cursor(**cursor),
        "held_phase": None if held is None else Phase(held),
        "notices": (),
    }
    return State(**{**body, **made})


def _plain(turns: tuple[Turn, ...]) -> list[dict[str, str]]:
    return [{"speaker": turn.speaker.value, "text": turn.text} for turn in turns]


def _turns(plain: Iterable[dict[str, str]]) -> tuple[Turn, ...]:
    return tuple(Turn(Speaker(turn["speaker"]), turn["text"]) for turn in plain)


def encode_plan(plan: Plan) -> dict[str, Any]:
    """The plan as plain JSON values."""
    return asdict(plan)


def decode_plan(body: dict[str, Any]) -> Plan:
    """The plan that ``encode_plan`` wrote, JSON in between."""
    return Plan(**{**body, "tuning": tuning_of(body["tuning"])})
