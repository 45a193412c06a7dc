"""How fluent a run of words is: folded word 4-grams, quick enough to rank many candidates."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence

from cerebrum.models.counts import ContextCounts
from cerebrum.models.state import State, integers, nest, part, strings, text

_ORDER = 4
_EDGE = 0
_START = (_EDGE,) * (_ORDER - 1)


class Fluency:
    """Log probabilities of folded words within a turn; all words never heard count as one."""

    def __init__(self, limit: int = 2_000_000) -> None:
        self.counts = ContextCounts(_ORDER, limit)
        self.ids: dict[str, int] = {}
        self.starts = array("Q")
        self.ends = array("Q")

    def learn(self, words: Sequence[str]) -> None:
        """Count one turn of folded words. Turns are numbered from 0 in the order of these calls."""
        self.counts.pad(_START)
        self.starts.append(len(self.counts.stream))
        for word in words:
            self.counts.add(self.ids.setdefault(word, len(self.ids) + 1))
        self.counts.add(_EDGE)
        self.ends.append(len(self.counts.stream))

    def forget(self, turn: int) -> None:
        """Take the ``turn``-th learned turn out of the counts."""
        for place in range(self.starts[turn], self.ends[turn]):
            self.counts.remove(place)
            self.counts.stream[place] = _EDGE
        self.ends[turn] = self.starts[turn]

    def logp(self, history: Sequence[str], word: str | None) -> float:
        """Natural logarithm of the probability of ``word`` (None: the end of the turn) after the words before it."""
        symbols = [self.ids.get(w, -1) for w in history[1 - _ORDER :]]
        return math.log(self._probability(symbols, _EDGE if word is None else self.ids.get(word, -1)))

    def score(self, words: Sequence[str]) -> list[float]:
        """Log probability of each word of a turn and of its end."""
        return self.rank([words])[0]

    def rank(self, candidates: Iterable[Sequence[str]]) -> list[list[float]]:
        """``score`` of many turns at once; what they share is computed once."""
        known: dict[tuple[int, ...], float] = {}
        return [self._score([self.ids.get(word, -1) for word in words], known) for words in candidates]

    def _score(self, symbols: list[int], known: dict[tuple[int, ...], float]) -> list[float]:
        run = (*_START, *symbols, _EDGE)
        scores = []
        for end in range(_ORDER, len(run) + 1):
            gram = run[end - _ORDER : end]
            score = known.get(gram)
            if score is None:
                score = known[gram] = math.log(self._probability(gram[:-1], gram[-1]))
            scores.append(score)
        return scores

    def _probability(self, history: Sequence[int], symbol: int) -> float:
        return self.counts.chain(history, symbol, 1 / (len(self.ids) + 2))[-1]

    def state(self) -> State:
        """Everything that can influence later behaviour."""
        own = {"words": text(list(self.ids)), "starts": integers(self.starts), "ends": integers(self.ends)}
        return {**own, **nest(counts=self.counts.state())}

    def restore(self, state: State) -> None:
        """Take over what ``state`` gave."""
        self.counts.restore(part(state, "counts"))
        self.ids = {word: at for at, word in enumerate(strings(state["words"]), 1)}
        self.starts = array("Q", state["starts"].tolist())
        self.ends = array("Q", state["ends"].tolist())
