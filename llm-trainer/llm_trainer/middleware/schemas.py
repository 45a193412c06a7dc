"""What comes in: closed models with bounds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from llm_trainer.session.dialogue import DELAY_SECONDS, SESSION_EXCHANGES
from llm_trainer.session.strategies import NAMES

Topic = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
Topics = Annotated[list[Topic], Field(max_length=1_000)]
Delay = Annotated[float, Field(ge=0, le=DELAY_SECONDS, allow_inf_nan=False)]
Interval = Annotated[int, Field(ge=1, le=1_000_000, strict=True)]
Strategy = Literal["talk", "recast", "demonstrate", "quiz", "story", "mixed"]
assert set(NAMES) == set(Strategy.__args__)  # type: ignore[attr-defined]


Name = Annotated[str, Field(min_length=1, max_length=80)]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StartBody(_Closed):
    """The body of ``POST /api/training/start``; what is left out comes from the settings."""

    max_exchanges: Annotated[int, Field(ge=1, le=SESSION_EXCHANGES, strict=True)] = 100
    delay: Delay | None = None
    topic_switch_interval: Interval | None = None
    topics: Topics | None = None
    strategy: Strategy = "talk"
    seed: Annotated[int, Field(ge=0, lt=2**31, strict=True)] | None = None
    max_seconds: Annotated[float, Field(gt=0, le=10**8, allow_inf_nan=False)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=10**12, strict=True)] | None = None
    max_failures: Annotated[int, Field(ge=1, le=10**6, strict=True)] | None = None
    learner: Name = "default"
    teacher: Name = "default"


class SessionBody(_Closed):
    """The body of whatever steers a session: which one, by id or by name; the latest if none is named."""

    session_id: Name | None = None


class RetuneBody(SessionBody):
    """The body of ``PATCH /api/training``; what is left out stays. ``topic`` asks for a change of topic now."""

    delay: Delay | None = None
    topic_switch_interval: Interval | None = None
    topics: Topics | None = None
    strategy: Strategy | None = None
    topic: Topic | None = None


class StepBody(SessionBody):
    """The body of ``POST /api/training/step``."""

    exchanges: Annotated[int, Field(ge=1, le=1_000, strict=True)] = 1


class LlmChatBody(_Closed):
    """The body of ``POST /api/llm/chat``."""

    message: Annotated[str, Field(min_length=1, max_length=32_000, pattern=r"\S")]


class PullBody(_Closed):
    """POST /api/llm/pull: which model, else the one that the LLM server's settings ask for."""

    model: Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[\w.:/@-]+$")] | None = None


class SpeakerBody(_Closed):
    """PUT /api/llm/speaker: which back end, and which model where it has several."""

    backend: Annotated[str, Field(min_length=1, max_length=40)]
    model: Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[\w.:/@-]+$")] | None = None


class LearnerChatBody(_Closed):
    """The body of ``POST /api/cerebrum/chat``."""

    message: Annotated[str, Field(min_length=1, max_length=32_000, pattern=r"\S")]
    learn: bool = True
    learner: Name = "default"
