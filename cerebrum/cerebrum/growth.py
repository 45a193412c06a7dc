"""How far the learner has grown: measurements on turns never heard before, and what they permit.

Two things must both be learned before more is tried: form (order gain, the share of surprise that the words before
take away) and contingency (how often the true next turn is found among twenty). Either alone rises on streams with
nothing to learn: contingency on word salad, form on shuffled talk, both on a broken record. So only turns never heard
before count, and the lower 90 % bound, not the estimate, opens a gate.

A stage limits how much is composed: single words; then heard turns, their sentences and crossovers of both; then
sentences put together in pairs; then pairs with the turn before last as context.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cerebrum.evaluation import Estimate, share
from cerebrum.state import State

CHANCE = 1 / 20
_WINDOW = 100
_FEW = 24
_LEAST = 30
_MANY = 1000
_FORETOLD_AT_1, _FORETOLD_MORE = -0.035, 0.12


@dataclass(frozen=True, slots=True)
class Gate:
    """What must be shown before a stage opens: unheard turns, and lower bounds of order gain and recall.

    ``more`` is what is asked of order gain beside, in step with the unheard turns up to a thousand: marks stick to the
    words before them even where words are scrambled, and that too is learned.
    """

    unheard: int
    order_gain: float
    recall: float
    more: float = 0.0


GATES: Mapping[str, Gate] = MappingProxyType(
    {
        "phrases": Gate(_FEW, 0.0, 0.0),
        "sentences": Gate(_LEAST, 0.08, 2 * CHANCE, more=0.04),
        "conversation": Gate(2 * _LEAST, 0.20, 4 * CHANCE),
    }
)

_COMPOSED = ("heard", "sentence", "crossover", "pair")
PERMITTED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "listening": (),
        "words": ("word",),
        "phrases": ("heard", "sentence", "crossover"),
        "sentences": _COMPOSED,
        "conversation": _COMPOSED,
    }
)

STAGES = tuple(PERMITTED)


class Growth:
    """The turns never heard before, and whether each of the last hundred was found among twenty."""

    def __init__(self) -> None:
        self.heard = 0
        self.unheard = 0
        self.hits: deque[bool] = deque(maxlen=_WINDOW)
        self.tried = 0
        self.found = 0
        self.foretold = 0.0

    def note(self, *, unheard: bool, found: bool | None) -> None:
        """Note one turn, measured before it was learned; ``found`` is None when there was nothing to find it by."""
        self.heard += 1
        self.unheard += unheard
        if unheard and found is not None:
            self.hits.append(found)
            self.tried += 1
            self.found += found
            self.foretold += _FORETOLD_AT_1 + _FORETOLD_MORE * math.log10(self.unheard)

    def recall(self) -> Estimate:
        """Return how often the next turn was found among twenty."""
        return share(sum(self.hits), len(self.hits))

    def is_answered_unheard(self) -> bool:
        """Return whether what was heard before foretells what is heard next less well than answers would have.

        Then something was said in between that was not heard, as when only one side of a conversation is. On hearing
        both sides recall rose from .2 to .3 and .4 over 1,000 turns, on hearing one from .15 to .24. All turns so
        far count: a window of a hundred is wrong every few hundred turns.
        """
        return self.tried >= _LEAST and self.found < self.foretold

    def stage(self, order_gain: Estimate) -> str:
        """Return the last stage whose gate, and all gates before it, stand open."""
        if not self.heard:
            return "listening"
        reached, recall = "words", self.recall()
        for stage, gate in GATES.items():
            least = gate.order_gain + gate.more * min(1.0, self.unheard / _MANY)
            if self.unheard < gate.unheard or order_gain.lower < least or recall.lower < gate.recall:
                break
            reached = stage
        return reached

    def state(self) -> State:
        """Return everything that can influence later behaviour."""
        return {
            "heard": self.heard,
            "unheard": self.unheard,
            "hits": list(self.hits),
            "tried": self.tried,
            "found": self.found,
            "foretold": self.foretold,
        }

    def restore(self, state: State) -> None:
        """Become as the growth that gave this state."""
        self.heard, self.unheard = state["heard"], state["unheard"]
        self.hits = deque(state["hits"], maxlen=_WINDOW)
        self.tried, self.found, self.foretold = state["tried"], state["found"], state["foretold"]
