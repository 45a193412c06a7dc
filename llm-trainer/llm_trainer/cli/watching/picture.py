"""What a person watching a session sees: a fold over what was heard of it. Nothing here knows a terminal."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from llm_trainer.cli.scene import printable

KEPT_EXCHANGES = 1_000
KEPT_NOTES = 100
CURVE_POINTS = 2_000
REPLIES = 20
"""Replies that the mean length is taken over."""


@dataclass(frozen=True)
class Opened:
    """Watching begins, or begins anew with another session: how it stands, and the newest exchanges."""

    status: Mapping[str, Any]
    exchanges: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Said:
    """An exchange was recorded."""

    exchange: Mapping[str, Any]


@dataclass(frozen=True)
class Stands:
    """How the session and both ends are."""

    status: Mapping[str, Any]


@dataclass(frozen=True)
class Noted:
    """Something to know: a change of topic, an utterance refused, the end. ``aside``: it is not the session's."""

    text: str
    aside: bool = False


@dataclass(frozen=True)
class Measured:
    """What the learner measured of itself."""

    bodies: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Lost:
    """The middleware does not answer."""

    why: str


News = Opened | Said | Stands | Noted | Measured | Lost


@dataclass
class Curve:
    """Values in their order; of a long row every other one is let go, again and again."""

    values: list[float] = field(default_factory=list)
    step: int = 1
    _skipped: int = 0

    def add(self, value: object) -> None:
        """One more value, if it is a number."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return
        self._skipped += 1
        if self._skipped < self.step:
            return
        self._skipped = 0
        self.values.append(float(value))
        if len(self.values) >= CURVE_POINTS:
            del self.values[::2]
            self.step *= 2


class Picture:
    """A session as far as it was heard of. ``apply`` is the only way to change it."""

    def __init__(self) -> None:
        self.lost = ""
        self._begin({})

    def _begin(self, status: Mapping[str, Any]) -> None:
        self.status = status
        self.exchanges: deque[Mapping[str, Any]] = deque(maxlen=KEPT_EXCHANGES)
        self.notes: deque[str] = deque(maxlen=KEPT_NOTES)
        self.vocabulary, self.surprise, self.length = Curve(), Curve(), Curve()
        self._replies: deque[int] = deque(maxlen=REPLIES)

    @property
    def last_number(self) -> int:
        """The number of the newest exchange."""
        return int(self.exchanges[-1]["number"]) if self.exchanges else 0

    @property
    def is_running(self) -> bool:
        """Whether the session goes on."""
        return bool(self.status.get("running"))

    def apply(self, news: News) -> bool:
        """Take in what was heard; return whether it was new."""
        if isinstance(news, Lost):
            is_new, self.lost = self.lost != news.why, news.why
            return is_new
        self.lost = ""
        if isinstance(news, Opened):
            self._begin(news.status)
            for exchange in news.exchanges:
                self._say(exchange)
        elif isinstance(news, Stands):
            self.status = news.status
        elif isinstance(news, Noted):
            self.notes.append(printable(news.text))
        elif isinstance(news, Measured):
            for body in news.bodies:
                self.vocabulary.add(body.get("vocabulary"))
                self.surprise.add(body.get("bits_per_character_recently", body.get("bits_per_character")))
        else:
            return self._say(news.exchange)
        return True

    def _say(self, exchange: Mapping[str, Any]) -> bool:
        number = exchange.get("number")
        if not isinstance(number, int) or number <= self.last_number:
            return False
        self.exchanges.append(exchange)
        self._replies.append(len(str(exchange.get("cerebrum_response") or "").split()))
        self.length.add(sum(self._replies) / len(self._replies))
        return True


def note_of(type_: str, body: Mapping[str, Any]) -> str:
    """An event other than an exchange, in words; empty for one that goes without saying."""
    if type_ == "topic":
        return f"topic: {body.get('topic') or 'free talk'}"
    if type_ == "note":
        return f"{body.get('code')}: {body.get('detail') or ''}".rstrip(": ")
    if type_ == "end":
        return f"ended: {body.get('reason') or ''}".rstrip(": ")
    if type_ == "phase" and body.get("reason"):
        return f"{str(body.get('phase')).replace('_', ' ')}: {body['reason']}"
    return ""
