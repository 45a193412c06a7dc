"""What the next word may depend on: the last words, those of the turn before, and what was said lately."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence

LATELY = 50
"""How many words back ``share_lately`` looks."""


class Past:
    """The running context of a conversation. Symbols stand for words, folded ones for words whatever their case."""

    def __init__(self, length: int, folded_length: int) -> None:
        self.history = (0,) * length
        self.folded = (0,) * folded_length
        self.lately: deque[int] = deque()
        self.counted: Counter[int] = Counter()
        self.turn: list[int] = []
        self.previous: Sequence[int] = ()

    def add(self, symbol: int, folded: int, *, ends: bool) -> None:
        """Go on by one symbol, which may end the turn."""
        self.history = (*self.history[1:], symbol)
        self.folded = (*self.folded[1:], folded)
        self.lately.append(symbol)
        self.counted[symbol] += 1
        if len(self.lately) > LATELY:
            oldest = self.lately.popleft()
            self.counted[oldest] -= 1
            if not self.counted[oldest]:
                del self.counted[oldest]
        self.turn.append(symbol)
        if ends:
            self.previous, self.turn = self.turn, []

    def copy(self) -> Past:
        """Return another that goes on on its own."""
        other = Past(0, 0)
        other.history, other.folded, other.previous = self.history, self.folded, self.previous
        other.lately, other.counted, other.turn = self.lately.copy(), self.counted.copy(), self.turn.copy()
        return other

    def share_lately(self, symbol: int) -> float:
        """Share of the symbol in what was said lately."""
        return self.counted.get(symbol, 0) / len(self.lately) if self.lately else 0.0

    def share_before(self, symbol: int) -> float:
        """Share of the symbol in the turn before."""
        return self.previous.count(symbol) / len(self.previous) if self.previous else 0.0
