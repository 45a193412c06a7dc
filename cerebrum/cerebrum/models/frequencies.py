"""How often each symbol was met: the order-1 model that longer memories are compared with."""

from __future__ import annotations

from cerebrum.models.state import State, integers

_CLASSES = 3


class Frequencies:
    """Absolute discounting over single symbols; what is discounted is the probability of something new."""

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}
        self.total = 0
        self._of = [1, 1, 1]

    def probability(self, symbol: int) -> float:
        """Probability of a known symbol, or of all unknown ones together for any symbol never met (sums to one)."""
        if not self.total:
            return 1.0
        discount = self._of[1] / (self._of[1] + 2 * self._of[2])
        count = self.counts.get(symbol)
        return (count - discount if count else discount * len(self.counts)) / self.total

    def add(self, symbol: int) -> bool:
        """Count the symbol; whether it is new."""
        count = self.counts.get(symbol, 0)
        self.counts[symbol] = count + 1
        self.total += 1
        self._move(count, count + 1)
        return count == 0

    def remove(self, symbol: int) -> bool:
        """Count the symbol once less; whether nothing is left of it."""
        count = self.counts[symbol]
        if count == 1:
            del self.counts[symbol]
        else:
            self.counts[symbol] = count - 1
        self.total -= 1
        self._move(count, count - 1)
        return count == 1

    def _move(self, before: int, after: int) -> None:
        if 0 < before < _CLASSES:
            self._of[before] -= 1
        if 0 < after < _CLASSES:
            self._of[after] += 1

    def state(self) -> State:
        """Everything that can influence later behaviour."""
        return {
            "keys": integers(self.counts.keys()),
            "values": integers(self.counts.values()),
            "of": integers(self._of),
        }

    def restore(self, state: State) -> None:
        """Take over what ``state`` gave."""
        self.counts = dict(zip(state["keys"].tolist(), state["values"].tolist(), strict=True))
        self.total = sum(self.counts.values())
        self._of = state["of"].tolist()
