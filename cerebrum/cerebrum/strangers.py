"""What to answer when a turn is about something never heard of: as people answered who did not take it up.

It is learned from turns that held a word never heard before and whose answers did not hold it: the places of those
answers, weighted by how near their contexts are, are what not knowing lets expect. What is rare is then better left
unsaid, and what was asked is no answer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cerebrum.asking import Informed
from cerebrum.features import Floats
from cerebrum.places import best
from cerebrum.retrieval import Shelf
from cerebrum.situations import Contexts, Pair
from cerebrum.synthesis import Candidate, Query

_MOSTLY = 0.6
_NEAREST = 200
_NEWS = 12.0

Column = NDArray[np.float32 | np.float64]


class Strangers:
    """Knows whether a turn is about something never heard of, and what speaks for an answer then."""

    def __init__(self, turns: Shelf, contexts: Contexts) -> None:
        self.turns, self.contexts = turns, contexts

    def share(self, words: Sequence[str]) -> float:
        """Return how much of what a turn is about are words never heard, 0 to 1."""
        known = Informed(self.turns)
        weights = {word: known[word] for word in dict.fromkeys(words) if word[:1].isalnum()}
        unheard = sum(weight for word, weight in weights.items() if not self.turns.holding(word))
        return unheard / (sum(weights.values()) + 1e-9)

    def weigh(self, query: Query, candidates: Sequence[Candidate]) -> tuple[Column, Column]:
        """Return how near each candidate is to answers of not knowing, and how much it asserts or repeats.

        All zero unless the turn is mostly about words never heard.
        """
        share = self.share(query.words)
        if share < _MOSTLY:
            return np.zeros(len(candidates)), np.zeros(len(candidates))
        places = np.stack([c.place for c in candidates])
        known, asked = Informed(self.turns), dict.fromkeys(query.words)
        news = [sum(known[w] for w in dict.fromkeys(c.words) if w not in asked) for c in candidates]
        again = [sum(w in asked for w in c.words) / max(1, len(c.words)) for c in candidates]
        asserted: Column = share * (np.tanh(np.array(news) / _NEWS) + np.array(again))
        return share * np.einsum("ij,j->i", places, self._answer(query)), asserted

    def _answer(self, query: Query) -> Floats:
        """Return the place, of length one, of answers to turns like this with a new word that none took up; or zero."""
        pairs = self.contexts.pairs
        near = self.contexts.places.nearness(len(pairs), query.place)
        top = [int(k) for k in best(near, _NEAREST) if self._is_untaken(pairs[k])]
        if not top:
            return np.zeros_like(query.place)
        return self.contexts.answered(top, near, self.turns)

    def _is_untaken(self, pair: Pair) -> bool:
        """Return whether a turn held a word never heard before it, and its answer none such."""
        if pair.said.own or pair.answer.own:
            return False
        said, answer = self.turns.passages[pair.said.turn], self.turns.passages[pair.answer.turn]
        new = [w for w in said.words if w[:1].isalnum() and self.turns.holding(w)[:1] == [pair.said.turn]]
        return bool(new) and not set(new) & set(answer.words)
