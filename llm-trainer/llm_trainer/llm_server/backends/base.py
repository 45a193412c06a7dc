"""What every back end is asked, what it answers, and how it says how it is.

A back end turns a conversation into the assistant's next turn. It retries nothing and decides nothing: whoever
called it knows what is at stake. Its stream ends with exactly one chunk that carries a ``Finish``; a stream that
stops without one was cut.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

Role = Literal["user", "assistant"]
State = Literal["ready", "loading", "unreachable", "model-missing", "refused"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of the conversation. The back end speaks as ``assistant``; an empty ``text`` is a silence."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A conversation to be continued.

    ``level`` goes from 0 (single words) to 4 (conversation); ``turn`` is the number of the assistant's turn, from 0;
    ``attempt`` counts how often that turn was asked for before, because what came could not be used;
    ``delay_seconds`` is how far apart the caller's turns will be, so that a model is not put away between them.
    """

    messages: tuple[Message, ...]
    system: str = ""
    temperature: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    topic: str | None = None
    level: int | None = None
    session: str | None = None
    turn: int | None = None
    attempt: int = 0
    delay_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Finish:
    """How a turn ended. ``timings`` in milliseconds, keyed ``load``, ``prompt``, ``generation`` where known.

    A back end that chooses what is talked about names the ``topic``; its reason is ``dialogue_end`` at the last turn.
    ``cost`` is what the turn cost, in whatever the provider counts, where it tells.
    """

    reason: str
    model: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    timings: Mapping[str, float] = field(default_factory=dict)
    topic: str | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of the turn being spoken; the last one carries ``finish``."""

    text: str
    finish: Finish | None = None


@dataclass(frozen=True, slots=True)
class BackendStatus:
    """How a back end is. ``detail`` says what is the matter, ``remedy`` what a person can do about it.

    ``since`` (Unix seconds) is filled in by whoever watches; a back end reports only the present. ``about`` is what
    identifies the model (digest, parameters, quantization …), as far as is known; ``warning`` is something a person
    should know although the back end answers.
    """

    state: State
    model: str
    detail: str = ""
    remedy: str = ""
    models: tuple[str, ...] = ()
    since: float | None = None
    about: Mapping[str, object] = field(default_factory=dict)
    warning: str = ""

    @property
    def is_ready(self) -> bool:
        """Whether a request sent now would be answered."""
        return self.state == "ready"


class Backend(Protocol):
    """A way to reach a model."""

    name: str

    def chat(self, request: ChatRequest) -> AsyncIterator[Chunk]:
        """Speak the next turn, piece by piece; raises PeerError. Closing the iterator stops the generation."""

    async def status(self) -> BackendStatus:
        """Look how the back end is; never raises PeerError, answers within a few seconds."""

    async def aclose(self) -> None:
        """Let go of connections and of whatever was loaded."""


@runtime_checkable
class HasTopics(Protocol):
    """A back end that can only speak about what it has: the tutor's topics, a recording's dialogues."""

    def topics(self) -> tuple[str, ...]:
        """The values of ``ChatRequest.topic`` it can follow, in a sensible order."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far fetching a model has come; ``total`` bytes are 0 until known."""

    status: str
    completed: int = 0
    total: int = 0


@runtime_checkable
class CanPull(Protocol):
    """A back end that can fetch a model that it does not have."""

    def pull(self, model: str, *, insecure: bool = False) -> AsyncIterator[Progress]:
        """Fetch ``model``; ends when it is there; raises PeerError. ``insecure`` allows registries without TLS."""
