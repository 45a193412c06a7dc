"""The prequential meter: what each turn cost before it was learned, over everything and over windows.

*Order gain* is the share of bits that looking at four words before saves over looking at nothing. It rises with real
language only: scrambled words keep it low. Said again, anything costs little; so windows of turns that were never
heard before are kept apart, and what is decided by measurement asks those.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cerebrum.models.model import Measured

_WINDOW = 100
_LEAST = 30
_ONE_SIDED_90 = 1.2816


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measured value, its lower 90 % confidence bound, and from how many turns or trials."""

    value: float
    lower: float
    n: int


@dataclass(frozen=True, slots=True)
class TurnCost:
    """Bits of one turn under the whole model, the order-1 and the order-5 word model; characters with the end."""

    bits: float
    order_1: float
    order_5: float
    characters: int


class Prequential:
    """Sums and windows over turns measured before they were learned."""

    def __init__(self, window: int = _WINDOW) -> None:
        self.bits = 0.0
        self.characters = 0
        self.recent: deque[TurnCost] = deque(maxlen=window)
        self.unheard: deque[TurnCost] = deque(maxlen=window)

    def note(self, measured: Measured, characters: int, *, heard_before: bool) -> None:
        """Add one turn of ``characters`` characters; ``heard_before``: its very text was learned earlier."""
        cost = TurnCost(sum(measured.bits), sum(measured.order_1), sum(measured.order_5), characters + 1)
        self.bits += cost.bits
        self.characters += cost.characters
        self.recent.append(cost)
        if not heard_before:
            self.unheard.append(cost)

    def bits_per_character(self) -> float:
        """Over everything heard so far; 0 before anything was."""
        return self.bits / self.characters if self.characters else 0.0

    def bits_per_character_recently(self) -> float:
        """Over the last window of turns."""
        characters = sum(cost.characters for cost in self.recent)
        return sum(cost.bits for cost in self.recent) / characters if characters else 0.0

    def order_gain(self) -> Estimate:
        """Share of bits saved by order 5 over order 1 on the last window of turns never heard before."""
        return saved([cost.order_1 for cost in self.unheard], [cost.order_5 for cost in self.unheard])

    def state(self) -> dict[str, Any]:
        """All of it, as JSON can hold it."""
        return {
            "bits": self.bits,
            "characters": self.characters,
            "recent": [[c.bits, c.order_1, c.order_5, c.characters] for c in self.recent],
            "unheard": [[c.bits, c.order_1, c.order_5, c.characters] for c in self.unheard],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what ``state`` gave."""
        self.bits, self.characters = state["bits"], state["characters"]
        for window, rows in ((self.recent, state["recent"]), (self.unheard, state["unheard"])):
            window.clear()
            window.extend(TurnCost(*row) for row in rows)


def saved(before: Sequence[float], after: Sequence[float]) -> Estimate:
    """Share of ``before`` saved by ``after``, with the lower bound of the ratio estimator (Cochran 1977, 6.4).

    Fewer than thirty turns prove nothing: the bound is 0 then.
    """
    n, total = len(before), sum(before)
    if not n or total <= 0:
        return Estimate(0.0, 0.0, n)
    ratio = sum(after) / total
    if n < _LEAST:
        return Estimate(1 - ratio, 0.0, n)
    residuals = sum((a - ratio * b) ** 2 for a, b in zip(after, before, strict=True))
    error = math.sqrt(residuals / (n - 1) / n) * n / total
    return Estimate(1 - ratio, 1 - ratio - _ONE_SIDED_90 * error, n)


def share(hits: int, trials: int) -> Estimate:
    """Share of hits, with Wilson's lower bound (1927); 0 of 0 is 0."""
    if not trials:
        return Estimate(0.0, 0.0, 0)
    z, p = _ONE_SIDED_90, hits / trials
    middle = p + z * z / (2 * trials)
    spread = z * math.sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials))
    return Estimate(p, max(0.0, (middle - spread) / (1 + z * z / trials)) if hits else 0.0, trials)
