"""The built-in tutor as a back end: no model, no network, deterministic by seed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Protocol

from llm_trainer.llm_server.backends.base import BackendStatus, ChatRequest, Chunk, Finish, Message

MODEL = "tutor"


class Speaker(Protocol):
    """What is asked of the tutor: the same arguments, the same text."""

    def speak(
        self,
        history: Sequence[Message],
        topic: str | None = None,
        level: int | None = None,
        seed: int | None = None,
        *,
        turn: int | None = None,
        attempt: int = 0,
    ) -> str:
        """The next turn."""

    def topics(self) -> Sequence[str]:
        """What it can talk about."""


class Tutoring:
    """The back end over a ``Speaker``."""

    name = "tutor"

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker

    def topics(self) -> tuple[str, ...]:
        """What the tutor can talk about."""
        return tuple(self._speaker.topics())

    async def chat(self, request: ChatRequest) -> AsyncIterator[Chunk]:
        """Speak the next turn in one piece."""
        said = self._speaker.speak
        about, which = (request.topic, request.level, request.seed), (request.turn, request.attempt)
        heard = tuple(_heard(message) for message in request.messages)
        text = said(heard, *about, turn=which[0], attempt=which[1])
        yield Chunk(text, Finish("stop", MODEL, completion_tokens=len(text.split())))

    async def status(self) -> BackendStatus:
        """Always ready."""
        detail = f"built-in tutor with {len(self._speaker.topics())} topics; rules and phrases, not a language model"
        return BackendStatus("ready", MODEL, detail, models=(MODEL,))

    async def aclose(self) -> None:
        """Nothing to let go of."""


def _heard(message: Message) -> Message:
    """Without the signs that tell a language model where somebody's words begin and end; the tutor takes no orders."""
    if message.role == "assistant":
        return message
    return replace(message, text=message.text.removeprefix("«").removesuffix("»"))
