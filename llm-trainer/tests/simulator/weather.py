"""What a seed makes of a world: how long the session, what kind of learner, how much goes wrong and until when."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

LEARNER_SECONDS, LLM_SECONDS = 5.0, 20.0
"""Deadlines of the calls."""
IDEMPOTENT = ("idempotency", "cursor")
LENGTHS = (1, 2, 2, 2, 3, 3, 3, 4, 5, 12)
"""Exchanges of a session: what can go wrong does so in few, and some sessions are long."""
KINDS = (IDEMPOTENT, IDEMPOTENT, IDEMPOTENT, ("cursor",), ())
FAULTS = (
    "refused",
    "lost request",
    "lost answer",
    "reset before",
    "reset after",
    "cut",
    "duplicate",
    "late",
    "500 before",
    "500 after",
    "busy",
    "busy, come later",
    "junk",
    "slow",
    "dies before",
    "dies after",
)


@dataclass(frozen=True)
class Weather:
    """Shares of: ``calls`` that go wrong; ``commits`` at which the middleware dies, ``full`` ones that find no room;

    ``crashes`` and ``people``'s wishes, ``outages`` of a peer at each look; ``restores`` among the learner's deaths;
    ``useless`` texts. After ``calm_at`` virtual seconds nothing goes wrong any more. The learner is away from
    ``away_at`` on for ``away_seconds``.
    """

    exchanges: int = 8
    delay: float = 0.3
    topics: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = IDEMPOTENT
    calls: float = 0.0
    commits: float = 0.0
    crashes: float = 0.0
    full: float = 0.0
    outages: float = 0.0
    restores: float = 0.0
    people: float = 0.0
    useless: float = 0.0
    outage_seconds: float = 1.0
    calm_at: float = 15.0
    away_at: float = 0.0
    away_seconds: float = 0.0

    @property
    def is_idempotent(self) -> bool:
        return "idempotency" in self.capabilities


THEMES: tuple[dict[str, float], ...] = (
    {},
    {"calls": 0.15},
    {"calls": 0.4},
    {"commits": 0.04},
    {"crashes": 0.1, "calls": 0.1},
    {"calls": 0.05, "outages": 0.3, "restores": 1.0, "outage_seconds": 0.3, "delay": 0.3},
    {"calls": 0.15, "outages": 0.3, "restores": 1.0, "outage_seconds": 5.0, "delay": 0.3},
    {"outages": 0.2, "calls": 0.05},
    {"full": 0.02, "calls": 0.05},
    {"people": 0.4},
    {"people": 0.3, "calls": 0.15, "crashes": 0.05},
    {"calls": 0.1, "commits": 0.01, "crashes": 0.03, "full": 0.005, "outages": 0.1, "restores": 0.5, "people": 0.1},
)


def weather(chance: random.Random) -> Weather:
    """One world in twelve is fair; in the others one thing goes wrong, or a few, or everything."""
    drawn: dict[str, Any] = {
        "exchanges": chance.choice(LENGTHS),
        "delay": chance.choice((0.0, 0.3, 0.3, 2.0)),
        "topics": chance.choice(((), (), (), ("bees", "tea", "rain"))),
        "capabilities": chance.choice(KINDS),
        "useless": chance.choice((0.0, 0.0, 0.05)),
        "outage_seconds": chance.choice((0.3, 1.0, 20.0, 100.0)),
        "calm_at": chance.choice((5.0, 10.0, 20.0)),
    }
    return Weather(**{**drawn, **chance.choice(THEMES)})
