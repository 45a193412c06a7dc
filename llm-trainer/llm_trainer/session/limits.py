"""When a session has had enough: time, tokens, failures. Exchanges are the plan's own limit.

A limit that is reached ends the session like a person's stop, with its own reason: what is on its way to the learner
is still heard and recorded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from llm_trainer.session.events import Event, Failed, Taught
from llm_trainer.session.notices import Noted, Notice

TIME, TOKENS, FAILURES = "limit-seconds", "limit-tokens", "limit-failures"
"""The reasons of the ends that limits make."""


@dataclass(frozen=True)
class Limits:
    """The most that a session may take; None: as much as it needs.

    ``seconds`` of wall time since the start, pauses and outages included; ``tokens`` that the model read and wrote,
    for turns not used too; ``failures`` in a row: calls that came to nothing and texts that could not be used.
    """

    seconds: float | None = None
    tokens: int | None = None
    failures: int | None = None


@dataclass(frozen=True)
class Spent:
    """What a session has taken so far."""

    tokens: int = 0
    failures: int = 0

    def after(self, event: Event, notices: tuple[Notice, ...], tokens: int = 0) -> Spent:
        """With one more event, and the tokens that it cost."""
        if isinstance(event, Taught):
            return Spent(self.tokens + tokens, 0)
        failed = isinstance(event, Failed) and event.code != "cancelled"
        unusable = any(isinstance(notice, Noted) and notice.code == "rejected" for notice in notices)
        return replace(self, tokens=self.tokens + tokens, failures=self.failures + (failed or unusable))


def reached(limits: Limits, spent: Spent, seconds: float) -> str | None:
    """The reason for ending now, if there is one."""
    if limits.seconds is not None and seconds >= limits.seconds:
        return TIME
    if limits.tokens is not None and spent.tokens >= limits.tokens:
        return TOKENS
    if limits.failures is not None and spent.failures >= limits.failures:
        return FAILURES
    return None


def limits_of(body: dict[str, Any] | None) -> Limits:
    """The limits that JSON holds; none where it holds none."""
    return Limits(**(body or {}))


def spent_of(body: dict[str, Any] | None) -> Spent:
    """What JSON says was spent."""
    return Spent(**(body or {}))
