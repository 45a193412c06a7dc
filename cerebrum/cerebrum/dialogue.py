"""The nouns of conversation, frozen and dumb.

The other party is the *partner*. An *exchange* is what the partner said and what we answered; what was heard, with the
turns before it, is an *observation*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Speaker(str, Enum):
    """Who said it, seen from inside: good language is heard from partners, never from oneself."""

    PARTNER = "partner"
    SELF = "self"


@dataclass(frozen=True, slots=True)
class Turn:
    """One utterance. ``seq`` is its place in the record (0 for one that is not recorded), ``speaker`` who said it."""

    text: str
    speaker: Speaker = Speaker.PARTNER
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Observation:
    """One recorded utterance of a partner, and what we answered (None when we only overheard it).

    ``conversation`` groups turns: the context of an observation is what was heard and said before it in the same one.
    ``voice`` tells the partners of an overheard conversation apart.
    """

    seq: int
    conversation: str
    heard: str
    said: str | None = None
    voice: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Words ``start`` to ``end`` (tokens of the reply) came from observation ``seq``, whose whole text is ``text``."""

    start: int
    end: int
    seq: int
    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What is said, how it was found (``kind``), how good it seemed, and why, in numbers and sources."""

    text: str
    kind: str
    score: float = 0.0
    sources: tuple[Source, ...] = ()
    features: Mapping[str, float] = field(default_factory=dict)
