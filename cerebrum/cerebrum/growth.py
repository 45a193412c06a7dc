"""How far the learner has grown: measurements on turns never heard before, and what they permit.

Two things must both be learned before more is tried: form (order gain, the share of surprise that the words before
take away) and contingency (how often the true next turn is found among twenty). Either alone rises on streams with
nothing to learn: contingency on word salad, form on shuffled talk, both on a broken record - so only turns never heard
before count, and the lower 90 % bound, not the estimate, opens a gate.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from cerebrum.state import State

STAGES = ("listening", "words", "phrases", "sentences", "conversation")

CHANCE = 1 / 20
WINDOW = 100
_LEAST = 30
_Z90 = 1.2816


@dataclass(frozen=True, slots=True)
class Gate:
    """What must be shown before a stage opens: unheard turns, and lower bounds of order gain and recall."""

    unheard: int
    order_gain: float
    recall: float


GATES: Mapping[str, Gate] = {
    "phrases": Gate(_LEAST, 0.02, 0.0),
    "sentences": Gate(_LEAST, 0.12, 1.5 * CHANCE),
    "conversation": Gate(2 * _LEAST, 0.25, 0.25),
}

PERMITTED: Mapping[str, tuple[str, ...]] = {
    "listening": (),
    "words": ("word",),
    "phrases": ("heard", "sentence", "crossover"),
    "sentences": ("heard", "sentence", "crossover", "pair"),
    "conversation": ("heard", "sentence", "crossover", "pair"),
}


class Growth:
    """The last hundred turns never heard before: bits with and without the words before, and whether recall hit."""

    def __init__(self) -> None:
        self.heard = 0
        self.unheard = 0
        self.bits: deque[tuple[float, float]] = deque(maxlen=WINDOW)
        self.hits: deque[float] = deque(maxlen=WINDOW)

    def state(self) -> State:
        """Return everything that can influence later behaviour."""
        return {
            "heard": self.heard,
            "unheard": self.unheard,
            "bits": [list(b) for b in self.bits],
            "hits": list(self.hits),
        }

    def restore(self, state: State) -> None:
        """Become as the growth that gave this state."""
        self.heard, self.unheard = state["heard"], state["unheard"]
        self.bits = deque(((a, b) for a, b in state["bits"]), maxlen=WINDOW)
        self.hits = deque(state["hits"], maxlen=WINDOW)

    def note(self, unheard: bool, bits: float, bits_alone: float, hit: float | None) -> None:
        """Note one turn, measured before it was learned. ``hit`` is None when it answered nothing."""
        self.heard += 1
        if not unheard:
            return
        self.unheard += 1
        self.bits.append((bits, bits_alone))
        if hit is not None:
            self.hits.append(hit)

    def order_gain(self) -> tuple[float, float]:
        """Return the order gain and its lower 90 % bound (delta method on the ratio of sums)."""
        n = len(self.bits)
        alone = sum(b for _, b in self.bits)
        if n < 2 or alone <= 0:
            return 0.0, 0.0
        ratio = sum(a for a, _ in self.bits) / alone
        spread = sum((a - ratio * b) ** 2 for a, b in self.bits) / (n - 1)
        error = math.sqrt(spread / n) / (alone / n)
        return 1 - ratio, 1 - ratio - _Z90 * error

    def recall(self) -> tuple[float, float]:
        """Return how often the next turn was found among twenty, and its lower 90 % bound (Wilson 1927)."""
        n = len(self.hits)
        if not n:
            return 0.0, 0.0
        p = sum(self.hits) / n
        z = _Z90
        centre, reach = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return p, max(0.0, (centre - reach) / (1 + z * z / n))

    @property
    def stage(self) -> str:
        """The last stage whose gate, and all gates before it, stand open."""
        if not self.heard:
            return "listening"
        reached = "words"
        gain, recall = self.order_gain()[1], self.recall()[1]
        for stage, gate in GATES.items():
            if self.unheard < gate.unheard or gain < gate.order_gain or recall < gate.recall:
                break
            reached = stage
        return reached
