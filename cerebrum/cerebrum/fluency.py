"""How readily one word follows others: an interpolated Kneser-Ney model of folded words (Kneser & Ney 1995)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from cerebrum.state import State

START, END = "\x02", "\x03"
_UNSEEN_TYPES = 50


class Fluency:
    """Absolute discounting by ``discount``; lower orders count the contexts a word completes, not its uses."""

    def __init__(self, order: int = 4, discount: float = 0.75) -> None:
        self.order, self.discount = order, discount
        self.total: dict[tuple[str, ...], int] = {}
        self.after: dict[tuple[str, ...], dict[str, int]] = {}
        self.types: dict[str, None] = {}

    def learn(self, folded: Sequence[str]) -> None:
        """Hear one turn."""
        sequence = [START] * (self.order - 1) + [*folded, END]
        self.types.update(dict.fromkeys(sequence))
        for at in range(self.order - 1, len(sequence)):
            for length in range(self.order - 1, -1, -1):
                history = tuple(sequence[at - length : at])
                after = self.after.setdefault(history, {})
                self.total[history] = self.total.get(history, 0) + 1
                count = after[sequence[at]] = after.get(sequence[at], 0) + 1
                if count > 1:
                    break

    def forget(self, folded: Sequence[str]) -> None:
        """Take one turn out of the counts again: exact for the longest histories, nearly so for shorter ones."""
        sequence = [START] * (self.order - 1) + [*folded, END]
        for at in range(self.order - 1, len(sequence)):
            for length in range(self.order - 1, -1, -1):
                if not self._uncount(tuple(sequence[at - length : at]), sequence[at]):
                    break

    def _uncount(self, history: tuple[str, ...], word: str) -> bool:
        """Take one count away; return whether it was the last, so that shorter histories must lose one too."""
        after = self.after.get(history, {})
        if word not in after:
            return False
        self.total[history] -= 1
        after[word] -= 1
        if after[word]:
            return False
        del after[word]
        if not after:
            del self.after[history], self.total[history]
        return True

    def state(self) -> State:
        """Return everything that can influence later behaviour."""
        return {
            "after": {"\x00".join(history): after for history, after in self.after.items()},
            "types": list(self.types),
        }

    def restore(self, state: State) -> None:
        """Become as the model that gave this state."""
        self.after = {tuple(key.split("\x00")) if key else (): dict(after) for key, after in state["after"].items()}
        self.total = {history: sum(after.values()) for history, after in self.after.items()}
        self.types = dict.fromkeys(state["types"])

    def probability(self, history: Sequence[str], word: str) -> float:
        """Return P(word | history); the history may be longer than is used."""
        chance = 1 / (len(self.types) + _UNSEEN_TYPES)
        for length in range(self.order):
            key = tuple(history[len(history) - length :])
            after = self.after.get(key)
            if after is None:
                if length:
                    break
                continue
            kept = max(after.get(word, 0) - self.discount, 0)
            chance = (kept + self.discount * len(after) * chance) / self.total[key]
        return chance

    def logs(self, folded: Sequence[str]) -> list[float]:
        """Return ln P of each word after those before it, the end of the turn included."""
        sequence = [START] * (self.order - 1) + [*folded, END]
        back = self.order - 1
        return [math.log(self.probability(sequence[k - back : k], sequence[k])) for k in range(back, len(sequence))]

    def surprise(self, folded: Sequence[str]) -> list[float]:
        """Return for each word how much less likely it is here than anywhere: min(0, ln p(w|h) - ln p(w))."""
        alone = [math.log(self.probability((), word)) for word in (*folded, END)]
        return [min(0.0, here - anywhere) for here, anywhere in zip(self.logs(folded), alone, strict=True)]

    @staticmethod
    def repeats(folded: Sequence[str]) -> int:
        """Return how many word pairs are said again within the text."""
        pairs = list(pairwise(folded))
        return len(pairs) - len(set(pairs))
