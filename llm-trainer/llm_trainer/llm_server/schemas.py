"""What comes in at ``/api/*``: closed models with bounds. ``/v1/*`` has its own, open ones."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from llm_trainer.llm_server.backends.base import ChatRequest, Message

MAX_TEXT = 32_000
MAX_TURNS = 2_000
Text = Annotated[str, Field(max_length=MAX_TEXT)]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PastExchange(_Closed):
    """One exchange of the past: what was said to us, what we answered."""

    user: Text
    assistant: Text


class RoleMessage(_Closed):
    """One message with its role."""

    role: Literal["system", "user", "assistant"]
    content: Text


class PullBody(_Closed):
    """The body of ``POST /api/pull``: which model, else the one that the settings ask for."""

    model: Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[\w.:/@-]+$")] | None = None
    insecure: bool = False


class ChatBody(_Closed):
    """The body of ``POST /api/chat``: a ``message``, or ``messages`` that end with one."""

    message: Text | None = None
    system: Text = ""
    conversation_history: list[PastExchange] = Field([], max_length=MAX_TURNS)
    messages: list[RoleMessage] = Field([], max_length=MAX_TURNS)
    temperature: float | None = Field(None, ge=0, le=2, allow_inf_nan=False)
    max_tokens: int | None = Field(None, ge=1, le=100_000)
    seed: int | None = Field(None, ge=0, lt=2**31)
    stop: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field([], max_length=16)
    stream: bool = False
    topic: Annotated[str, Field(max_length=200)] | None = None
    level: int | None = Field(None, ge=0, le=4)
    session: Annotated[str, Field(max_length=200)] | None = None
    turn: int | None = Field(None, ge=0, lt=2**31)
    attempt: int = Field(0, ge=0, lt=2**31)
    delay: float | None = Field(None, ge=0, le=86_400, allow_inf_nan=False)

    @model_validator(mode="after")
    def _something_to_answer(self) -> ChatBody:
        if self.message is not None and not self.message.strip():
            raise ValueError("message is empty; a silence in the past belongs into messages")
        if self.message is None and not any(each.role != "system" for each in self.messages):
            raise ValueError("give message, or messages with at least one turn")
        if self.conversation_history and self.messages:
            raise ValueError("give conversation_history or messages, not both")
        return self

    def to_request(self) -> ChatRequest:
        """The conversation to be continued, however it was given."""
        turns: list[Message] = []
        for past in self.conversation_history:
            turns += [Message("user", past.user), Message("assistant", past.assistant)]
        systems = [self.system] if self.system else []
        for each in self.messages:
            if each.role == "system":
                systems.append(each.content)
            else:
                turns.append(Message(each.role, each.content))
        if self.message is not None:
            turns.append(Message("user", self.message))
        return ChatRequest(
            messages=tuple(turns),
            system="\n\n".join(systems),
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            seed=self.seed,
            stop=tuple(self.stop),
            topic=self.topic,
            level=self.level,
            session=self.session,
            turn=self.turn,
            attempt=self.attempt,
            delay_seconds=self.delay,
        )
