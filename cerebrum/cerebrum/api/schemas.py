"""What comes in over HTTP, and what goes out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints

LONGEST_UTTERANCE = 16_000
Utterance = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_UTTERANCE, pattern=r"\S")]
Name = Annotated[str, StringConstraints(max_length=200)]


class _Incoming(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ChatRequest(_Incoming):
    """Something said to CEREBRUM."""

    message: Utterance = Field(description="what is said")
    user_id: Name | None = Field(None, description="who says it")
    conversation_id: Name | None = Field(None, description="turns of one conversation share it; else those of a user")
    learn: StrictBool = Field(True, description="false: answer from a frozen mind; nothing is stored, nothing changes")


class TurnIn(_Incoming):
    """One turn of a conversation between others."""

    speaker: Name
    text: Utterance


class ObserveRequest(_Incoming):
    """A conversation overheard."""

    turns: list[TurnIn] = Field(min_length=1, max_length=1000)
    conversation_id: Name | None = None


class ScoreRequest(_Incoming):
    """A text to be measured, and the turns before it."""

    text: Utterance
    context: Utterance | Annotated[list[Utterance], Field(max_length=100)] | None = None


class Service(BaseModel):
    """Who answers here."""

    service: Literal["cerebrum"] = "cerebrum"
    version: str
    status: str


class Health(BaseModel):
    """Alive, or ready."""

    status: str


class CursorOut(BaseModel):
    """Where the record ends; another epoch means that it is not the continuation of what was known."""

    epoch: str
    seq: int
    head: str


class ProgressOut(BaseModel):
    """Records taken, of all there are."""

    learned: int
    of: int


class StatusOut(BaseModel):
    """How CEREBRUM is."""

    status: Literal["ok", "waking", "damaged"]
    version: str
    stage: str
    exchanges: int
    observations: int
    forgotten: int
    not_learned: int
    vocabulary: int
    measurements: dict[str, float | int | None]
    cursor: CursorOut
    capabilities: list[str]
    waking: ProgressOut | None
    rebuilding: ProgressOut | None
    checking: ProgressOut | None
    problem: str | None


class SpanOut(BaseModel):
    """Tokens ``start`` to ``end`` of the reply came from observation ``seq``."""

    start: int
    end: int
    seq: int


class Why(BaseModel):
    """How a reply was found, how good it seemed, and what it was made of."""

    kind: str
    score: float | None
    features: dict[str, float | None]
    sources: list[SpanOut]


class ChatAnswer(BaseModel):
    """What CEREBRUM answers. ``exchange`` is its place in the record; null from a frozen mind."""

    response: str
    timestamp: str
    stage: str
    exchange: int | None
    why: Why


class ExchangeOut(ChatAnswer):
    """An exchange as it was recorded."""

    message: str


class Overheard(BaseModel):
    """The places of the overheard turns in the record."""

    observed: int
    first: int
    last: int


class TokenOut(BaseModel):
    """One token and its surprise."""

    text: str
    bits: float


class ScoreOut(BaseModel):
    """How surprising a text would be."""

    bits: float
    characters: int
    bits_per_character: float
    tokens: list[TokenOut]


class SourceOut(BaseModel):
    """An observation that words came from; ``text`` is null when it was deleted."""

    seq: int
    text: str | None


class WordOut(BaseModel):
    """A token of the reply and where it came from."""

    text: str
    sources: list[SourceOut]


class ExplanationOut(ExchangeOut):
    """Why something was said, word by word."""

    words: list[WordOut]


class ObservationOut(BaseModel):
    """Something heard, and what was answered (null when only overheard)."""

    seq: int
    at: str
    kind: Literal["exchange", "overheard"]
    conversation_id: str
    speaker: str
    heard: str
    said: str | None


class ObservationsOut(BaseModel):
    """Observations, newest first; ask for those ``before`` the last one to go on."""

    observations: list[ObservationOut]
    before: int | None


class ForgottenOut(BaseModel):
    """An observation that was deleted; the mind is being rebuilt without it."""

    seq: int
    forgotten: Literal[True] = True
    cursor: CursorOut


class VocabularyOut(BaseModel):
    """Words heard, the most frequent first."""

    total: int
    words: list[dict[str, Any]]


class PatternsOut(BaseModel):
    """Words often heard together, the most frequent first."""

    patterns: list[dict[str, Any]]


class SnapshotOut(BaseModel):
    """A consistent copy of the whole mind in one file on this machine."""

    file: str
    bytes: int
    sha256: str
    cursor: CursorOut


class Problem(BaseModel):
    """RFC 9457."""

    model_config = ConfigDict(extra="allow")
    type: str
    title: str
    status: int
    code: str
    detail: str
    remedy: str | None = None
