"""What the learner tells: of an exchange, of where it stands, and of why it said something."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cerebrum.chain import Content, Record
from cerebrum.dialogue import Reply
from cerebrum.errors import Forgotten, KeyReused
from cerebrum.fold import Progress


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was heard and answered. ``seq`` is None when the mind was frozen; ``replayed`` when it was heard before."""

    seq: int | None
    heard: str
    said: str
    at: str
    stage: str
    why: Mapping[str, Any]
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Overheard:
    """The places of an overheard conversation's turns in the record."""

    first: int
    last: int
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the record ends. Another ``epoch`` means: this is not the continuation of what you knew."""

    epoch: str
    seq: int
    head: str


@dataclass(frozen=True, slots=True)
class Status:
    """How CEREBRUM is: ``state`` is waking, ok, rebuilding (answers all the while) or damaged.

    ``not_learned`` counts observations, since the start, that the mind failed on: a bug to be reported.
    """

    state: str
    stage: str
    exchanges: int
    observations: int
    forgotten: int
    not_learned: int
    cursor: Cursor
    measurements: Mapping[str, float | int] = field(default_factory=dict)
    progress: Progress | None = None
    checked: Progress | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Words of a reply, and the observations (seq, text; text None when deleted) they came from."""

    text: str
    sources: tuple[tuple[int, str | None], ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why something was said."""

    exchange: Exchange
    words: tuple[Origin, ...]


def remembered(record: Record) -> Content:
    """The content of a record; Forgotten if it was deleted."""
    if record.content is None:
        raise Forgotten(f"observation {record.seq} was deleted on request", seq=record.seq)
    return record.content


def digest_of(*parts: str) -> str:
    """What tells one request from another that comes with the same key."""
    return sha256(json.dumps(parts).encode()).hexdigest()


def notes_on(stage: str, reply: Reply) -> dict[str, Any]:
    """What is kept beside a reply: how it came about."""
    sources = [{"start": s.start, "end": s.end, "seq": s.seq} for s in reply.sources]
    features = {name: round(float(value), 6) for name, value in reply.features.items()}
    return {"stage": stage, "kind": reply.kind, "score": float(reply.score), "features": features, "sources": sources}


def why_of(notes: Mapping[str, Any]) -> dict[str, Any]:
    """What a caller is told of how a reply came about."""
    return {name: notes[name] for name in ("kind", "score", "features", "sources")}


def exchange_of(record: Record, content: Content, replayed: bool = False) -> Exchange:
    """What was answered then; KeyReused if the record is no exchange."""
    if record.kind != "exchange":
        raise KeyReused(f"the key {record.key!r} belongs to an overheard conversation", remedy="make a new key")
    notes = json.loads(content.notes)
    return Exchange(record.seq, content.heard, content.said or "", record.at, notes["stage"], why_of(notes), replayed)
