"""The honest meter: a word model over lossless tokens that spells what it has never heard.

Words are predicted after up to five words, across turns; unheard words by their letters. The end of a turn is a word
without letters. All probabilities, unheard words included, sum to one: an empty model is never perfect.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

from cerebrum.models.counts import ContextCounts
from cerebrum.models.frequencies import Frequencies
from cerebrum.models.model import Measured, Tokens
from cerebrum.models.spelling import Spelling
from cerebrum.models.state import State, integers, nest, part, strings, text

_ORDER = 6
_SHORT = 5


class Meter:
    """Bits of each token, measured before it is learned. ``limit`` bounds the contexts remembered."""

    def __init__(self, limit: int = 4_000_000) -> None:
        self.counts = ContextCounts(_ORDER, limit)
        self.frequencies = Frequencies()
        self.spelling = Spelling()
        self.words: list[str] = []
        self.ids: dict[str, int] = {}
        self.starts = array("Q")
        self.ends = array("Q")
        self._known: dict[str, None] = {}
        self._moved: dict[int, int] = {}

    def measure(self, tokens: Tokens, context: Sequence[Tokens] | None = None) -> list[float]:
        history = list(self.counts.history()) if context is None else [0] * (_ORDER - 1)
        for turn in (context or ())[1 - _ORDER :]:
            history += [self.ids.get(word, len(self.words)) for word in (*turn, "")]
        bits = []
        for word in (*tokens, ""):
            symbol = self.ids.get(word, len(self.words))
            bits.append(-math.log2(self._probabilities(history, symbol, word)[0]))
            history.append(symbol)
        return bits

    def learn(self, tokens: Tokens) -> Measured:
        self.starts.append(len(self.counts.stream))
        rows = [self._learn(word) for word in (*tokens, "")]
        self.ends.append(len(self.counts.stream))
        bits, order_1, order_5 = zip(*rows, strict=True)
        return Measured(bits, order_1, order_5)

    def _learn(self, word: str) -> tuple[float, float, float]:
        symbol = self.ids.get(word, len(self.words))
        p, p1, p5 = self._probabilities(self.counts.history(), symbol, word)
        if symbol == len(self.words):
            self.ids[word] = symbol
            self.words.append(word)
        self.counts.add(symbol)
        if self.frequencies.add(symbol):
            self.spelling.learn(word)
            self._known[word] = None
        return -math.log2(p), -math.log2(p1), -math.log2(p5)

    def _probabilities(self, history: Sequence[int], symbol: int, word: str) -> tuple[float, float, float]:
        """Probability of the word under this model, under the order-1 and under the order-5 word model."""
        spelled = 1.0 if word in self._known else self.spelling.probability(word, self._known)
        chain = self.counts.chain(history, symbol, 0.0 if word in self._known else spelled)
        return chain[-1], self.frequencies.probability(symbol) * spelled, chain[: _SHORT + 1][-1]

    def forget(self, turn: int) -> None:
        span = range(self.starts[turn], self.ends[turn])
        before = self._live(turn, backwards=True)
        after = self._live(turn, backwards=False)
        self.ends[turn] = self.starts[turn]
        stream = self.counts.stream
        for place in (*span, *after):
            self.counts.remove_at(self._moved.pop(place, place))
        for place in span:
            if self.frequencies.remove(stream[place]):
                word = self.words[stream[place]]
                self.spelling.forget(word)
                del self._known[word]
            stream[place] = 0
        self.counts.pad([stream[place] for place in before])
        for place in after:
            self._moved[place] = len(stream)
            self.counts.add(stream[place])
        self.counts.pad([stream[place] for place in self._live(len(self.starts), backwards=True)])

    def _live(self, turn: int, *, backwards: bool) -> list[int]:
        """Places of the nearest tokens still remembered before (or after) a turn, as many as a context holds."""
        near: list[int] = []
        at = turn
        while len(near) < _ORDER - 1:
            at += -1 if backwards else 1
            if not 0 <= at < len(self.starts):
                break
            places = list(range(self.starts[at], self.ends[at]))
            near = places + near if backwards else near + places
        return near[1 - _ORDER :] if backwards else near[: _ORDER - 1]

    def state(self) -> State:
        own = {
            "words": text(self.words),
            "starts": integers(self.starts),
            "ends": integers(self.ends),
            "moved": integers(at for pair in self._moved.items() for at in pair),
        }
        parts = nest(counts=self.counts.state(), frequencies=self.frequencies.state(), spelling=self.spelling.state())
        return {**own, **parts}

    def restore(self, state: State) -> None:
        self.counts.restore(part(state, "counts"))
        self.frequencies.restore(part(state, "frequencies"))
        self.spelling.restore(part(state, "spelling"))
        self.words = strings(state["words"])
        self.ids = {word: at for at, word in enumerate(self.words)}
        self.starts = array("Q", state["starts"].tolist())
        self.ends = array("Q", state["ends"].tolist())
        self._moved = dict(zip(*[iter(state["moved"].tolist())] * 2, strict=True))
        self._known = dict.fromkeys(self.words[symbol] for symbol in self.frequencies.counts)
