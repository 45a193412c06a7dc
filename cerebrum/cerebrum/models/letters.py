"""How unheard words are spelled, by counts: Kneser-Ney over characters, learned once per different word.

A character never met is as likely as its place among the code points allows. Probabilities are exact: all words that
are not known sum to one. For that, a known word is never spelled: wherever the letters so far are one, the end is ruled
out and the rest shares its probability.
"""

from __future__ import annotations

import math
from collections.abc import Container, Sequence

from cerebrum.models.counts import ContextCounts
from cerebrum.models.state import State, integers, nest, part, strings, text

_END = 0
_START = 1
_NEW = 2
_FIRST = 3

_END_SHARE = 1 / 16
_BANDS = ((0x20, 0.01), (0x7F, 0.7), (0x800, 0.14), (0x10000, 0.1), (0x110000, 0.05))
"""Shares of characters never met, below each bound: control characters, then UTF-8's lengths."""


class Letters:
    """A distribution over strings that are not yet words, learned from words as they come."""

    def __init__(self, order: int = 6, limit: int = 200_000) -> None:
        self.counts = ContextCounts(order, limit)
        self.ids: dict[str, int] = {}
        self.places: dict[str, tuple[int, int]] = {}
        self._left = [bound - low for (low, _), (bound, _) in zip(((0, 0.0), *_BANDS), _BANDS, strict=False)]

    def cost(self, word: str, known: Container[str]) -> float:
        """Bits it takes to spell ``word``, given that it is none of ``known``; finite for every string."""
        history = [_START] * (self.counts.order - 1)
        bits = 0.0
        for place in range(len(word) + 1):
            symbol = self.ids.get(word[place], _NEW) if place < len(word) else _END
            step = self._next(history, symbol, word[place : place + 1])
            if symbol != _END and word[:place] in known:
                step /= 1 - self._next(history, _END, "")
            bits -= math.log2(step)
            history.append(symbol)
        return bits

    def learn(self, word: str) -> None:
        """Count the spelling of a new word."""
        self.counts.pad([_START] * (self.counts.order - 1))
        start = len(self.counts.stream)
        for character in word:
            symbol = self.ids.setdefault(character, _FIRST + len(self.ids))
            if not self.counts.count(symbol):
                self._left[_band(ord(character))] -= 1
            self.counts.add(symbol)
        self.counts.add(_END)
        self.counts.settle()
        self.places[word] = (start, len(self.counts.stream))

    def forget(self, word: str) -> None:
        """Take back the spelling of a word that was learned."""
        for place, character in zip(range(*self.places.pop(word)), (*word, ""), strict=True):
            self.counts.remove_at(place)
            if character and not self.counts.count(self.ids[character]):
                self._left[_band(ord(character))] += 1
        self.counts.settle()

    def _next(self, history: Sequence[int], symbol: int, character: str) -> float:
        base = 0.0
        if symbol == _END:
            base = _END_SHARE
        elif not self.counts.count(symbol):
            base = (1 - _END_SHARE) * self._prior(ord(character))
        return self.counts.probability(history, symbol, base)

    def _prior(self, code: int) -> float:
        """Probability of a character never met among all characters never met."""
        band = _band(code)
        open_share = sum(share for (_, share), left in zip(_BANDS, self._left, strict=True) if left)
        return _BANDS[band][1] / open_share / self._left[band]

    def state(self) -> State:
        """Everything that can influence later behaviour."""
        own = {
            "characters": text(list(self.ids)),
            "left": integers(self._left),
            "words": text(list(self.places)),
            "places": integers(at for span in self.places.values() for at in span),
        }
        return {**own, **nest(counts=self.counts.state())}

    def restore(self, state: State) -> None:
        """Take over what ``state`` gave."""
        self.counts.restore(part(state, "counts"))
        self.ids = {character: at for at, character in enumerate(strings(state["characters"]), _FIRST)}
        self._left = state["left"].tolist()
        spans = zip(*[iter(state["places"].tolist())] * 2, strict=True)
        self.places = dict(zip(strings(state["words"]), spans, strict=True))


def _band(code: int) -> int:
    return next(band for band, (bound, _) in enumerate(_BANDS) if code < bound)
