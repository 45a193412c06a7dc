"""How fluent a run of words is: folded word 4-grams, quick enough to rank many candidates."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from cerebrum.models.counts import SYMBOL_BITS, ContextCounts
from cerebrum.models.state import State, nest, part, strings, text

_ORDER = 4
_EDGE = 0
_UNKNOWN = 2**SYMBOL_BITS - 1
_START = (_EDGE,) * (_ORDER - 1)


class Fluency:
    """Probabilities of folded words within a turn; all words never heard count as one more word."""

    def __init__(self, limit: int = 300_000) -> None:
        self.counts = ContextCounts(_ORDER, limit)
        self.ids: dict[str, int] = {}

    def learn(self, words: Sequence[str]) -> None:
        """Count one turn."""
        self.counts.pad(_START)
        for word in words:
            self.counts.add(self.ids.setdefault(word, len(self.ids) + 1))
        self.counts.add(_EDGE)
        self.counts.settle()

    def forget(self, words: Sequence[str]) -> None:
        """Take one turn, learned before, out of the counts: exactly."""
        run = self._run(words)
        for end in range(_ORDER, len(run) + 1):
            self.counts.remove(run[end - _ORDER : end - 1], run[end - 1])
        self.counts.settle()

    def probability(self, history: Sequence[str], word: str | None) -> float:
        """P(word | the words before it); no history asks how likely it is anywhere; no word is the turn's end."""
        symbols = [self.ids.get(w, _UNKNOWN) for w in history[1 - _ORDER :]]
        return self._probability(symbols, _EDGE if word is None else self.ids.get(word, _UNKNOWN))

    def logs(self, words: Sequence[str]) -> list[float]:
        """Return ln P of each word of a turn after those before it, the end of the turn included."""
        return self.rank([words])[0]

    def rank(self, candidates: Iterable[Sequence[str]]) -> list[list[float]]:
        """Return ``logs`` of many turns at once; what they share is computed once."""
        known: dict[tuple[int, ...], float] = {}
        return [self._logs(self._run(words), known) for words in candidates]

    def surprise(self, words: Sequence[str]) -> list[float]:
        """Return for each word how much less likely it is here than anywhere: min(0, ln P(w|h) - ln P(w))."""
        run = self._run(words)
        alone = [math.log(self._probability((), symbol)) for symbol in run[_ORDER - 1 :]]
        return [min(0.0, here - anywhere) for here, anywhere in zip(self._logs(run, {}), alone, strict=True)]

    def _run(self, words: Sequence[str]) -> tuple[int, ...]:
        return (*_START, *[self.ids.get(word, _UNKNOWN) for word in words], _EDGE)

    def _logs(self, run: tuple[int, ...], known: dict[tuple[int, ...], float]) -> list[float]:
        logs, probability, base = [], self.counts.probability, 1 / (self.counts.types() + 1)
        for end in range(_ORDER, len(run) + 1):
            gram = run[end - _ORDER : end]
            log = known.get(gram)
            if log is None:
                log = known[gram] = math.log(probability(gram[:-1], gram[-1], base))
            logs.append(log)
        return logs

    def _probability(self, history: Sequence[int], symbol: int) -> float:
        return self.counts.probability(history, symbol, 1 / (self.counts.types() + 1))

    def state(self) -> State:
        """Everything that can influence later behaviour."""
        return {"words": text(list(self.ids)), **nest(counts=self.counts.state())}

    def restore(self, state: State) -> None:
        """Take over what ``state`` gave."""
        self.counts.restore(part(state, "counts"))
        self.ids = {word: at for at, word in enumerate(strings(state["words"]), 1)}
