"""The honest meter: a word model over lossless tokens that spells what it has never heard.

Members, weighed by how well they predict: words after up to four words, across turns; words after up to three words
whatever their case; what was said lately; the turn before. All say together how likely something new is, and spelling
says which. The end of a turn is a word without letters. All probabilities, unheard words included, sum to one at most:
an empty model is never perfect.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cerebrum.models.frequencies import Frequencies
from cerebrum.models.kneser_ney import KneserNey, Walk
from cerebrum.models.mixture import Mixture
from cerebrum.models.model import Measured, Tokens
from cerebrum.models.past import LATELY, Past
from cerebrum.models.spelling import Spelling
from cerebrum.models.state import State, integers, nest, part, strings, text
from cerebrum.tokenizer import fold

_ORDER = 5
_FOLDED_ORDER = 4
_WEIGHTS = (0.74, 0.18, 0.04, 0.04)
_END = ""


@dataclass(frozen=True, slots=True)
class _Prediction:
    """How likely a word was (as any new word, if it is one), and what is needed to learn from it."""

    p: float
    kind: int
    members: tuple[float, ...]
    walks: tuple[Walk, Walk]


class Meter:
    """Bits of each token, measured before it is learned. ``limit`` bounds each of its two memories of contexts."""

    def __init__(self, limit: int = 300_000) -> None:
        self.sequence = KneserNey(_ORDER, limit)
        self.folded = KneserNey(_FOLDED_ORDER, limit)
        self.frequencies = Frequencies()
        self.mixture = Mixture(_WEIGHTS)
        self.spelling = Spelling()
        self.words: list[str] = [_END]
        self.ids: dict[str, int] = {_END: 0}
        self.folds: list[int] = [0]
        self.folded_ids: dict[str, int] = {_END: 0}
        self.tokens = array("I")
        self.starts = array("Q")
        self.ends = array("Q")
        self._past = Past(_ORDER - 1, _FOLDED_ORDER - 1)
        self._known: dict[str, None] = {}

    def measure(self, tokens: Tokens, context: Sequence[Tokens] | None = None) -> list[float]:
        past = self._past.copy() if context is None else Past(_ORDER - 1, _FOLDED_ORDER - 1)
        for turn in context or ():
            for word in (*turn, _END):
                self._go_on(past, word)
        bits = []
        before = self._last_word(past)
        for word in (*tokens, _END):
            spelled = 0.0 if word in self._known else self.spelling.cost(word, before, self._known)
            bits.append(spelled - math.log2(self._predict(past, word).p))
            self._go_on(past, word)
            before = word
        return bits

    def learn(self, tokens: Tokens) -> Measured:
        self.starts.append(len(self.tokens))
        rows = [self._learn(word) for word in (*tokens, _END)]
        self.ends.append(len(self.tokens))
        self._settle()
        bits, order_1, order_5 = zip(*rows, strict=True)
        return Measured(bits, order_1, order_5)

    def _learn(self, word: str) -> tuple[float, float, float]:
        past = self._past
        said = self._predict(past, word)
        spelled = 0.0
        if word not in self._known:
            spelled = self.spelling.learn(word, self._last_word(past), self._known)
        symbol = self._identify(word)
        alone = self.frequencies.probability(symbol)
        self._known[word] = None
        self.mixture.learn(said.kind, said.members, said.p)
        for member, walk in zip((self.sequence, self.folded), said.walks, strict=True):
            member.credit(walk)
        self._count(past, symbol)
        self.frequencies.add(symbol)
        self.tokens.append(symbol)
        self._go_on(past, word)
        return spelled - math.log2(said.p), spelled - math.log2(alone), spelled - math.log2(said.walks[0].p)

    def _predict(self, past: Past, word: str) -> _Prediction:
        new = word not in self._known
        symbol = len(self.words) if new else self.ids[word]
        exact = self.sequence.walk(past.history, symbol, 1.0 if new else 0.0)
        folded = self.folded.walk(past.folded, symbol, exact.unigram)
        lately = past.share_lately(symbol) if past.lately else exact.p
        before = past.share_before(symbol) if past.previous else exact.p
        members = (exact.p, folded.p, lately, before)
        kind = exact.depth << 4 | folded.depth
        return _Prediction(self.mixture.probability(kind, members), kind, members, (exact, folded))

    def _count(self, past: Past, symbol: int) -> None:
        self.sequence.counts.observe(past.history, symbol)
        self.folded.counts.observe(past.folded, symbol)

    def _identify(self, word: str) -> int:
        symbol = self.ids.get(word)
        if symbol is None:
            symbol = self.ids[word] = len(self.words)
            self.words.append(word)
            self.folds.append(self.folded_ids.setdefault(fold(word), len(self.folded_ids)))
        return symbol

    def _go_on(self, past: Past, word: str) -> None:
        symbol = self.ids.get(word, len(self.words))
        folded = self.folded_ids.get(fold(word), len(self.folded_ids))
        past.add(symbol, folded, ends=word == _END)

    def _last_word(self, past: Past) -> str:
        symbol = past.history[-1]
        return self.words[symbol] if symbol < len(self.words) else _END

    def forget(self, turn: int) -> None:
        """Take the ``turn``-th learned turn out: exactly from all counts, with all that followed upon it."""
        span = range(self.starts[turn], self.ends[turn])
        after = self._after(turn)
        touched = dict.fromkeys(self.tokens[place] for place in (*span, *after))
        for place in (*span, *after):
            past = self._past_at(place)
            self.sequence.counts.remove(past.history, self.tokens[place])
            self.folded.counts.remove(past.folded, self.tokens[place])
        self.ends[turn] = self.starts[turn]
        for place in after:
            self._count(self._past_at(place), self.tokens[place])
        for place in span:
            symbol, self.tokens[place] = self.tokens[place], 0
            if self.frequencies.remove(symbol):
                self.spelling.forget(self.words[symbol])
                del self._known[self.words[symbol]]
        for symbol in touched:
            if symbol in self.frequencies.counts:
                self.sequence.counts.admit(symbol)
                self.folded.counts.admit(symbol)
        self._past = self._past_at(len(self.tokens))
        self._settle()

    def _settle(self) -> None:
        self.sequence.counts.settle()
        self.folded.counts.settle()

    def _past_at(self, place: int) -> Past:
        """What stood before a place, forgotten turns left out."""
        past = Past(_ORDER - 1, _FOLDED_ORDER - 1)
        for at in self._before(place):
            past.add(self.tokens[at], self.folds[self.tokens[at]], ends=self.words[self.tokens[at]] == _END)
        return past

    def _before(self, place: int) -> list[int]:
        """Places of the tokens still remembered before one, whole turns, enough for all that is looked back at."""
        found: list[int] = []
        for turn in range(bisect_right(self.starts, place) - 1, -1, -1):
            found = [at for at in range(self.starts[turn], self.ends[turn]) if at < place] + found
            if len(found) >= LATELY:
                break
        return found

    def _after(self, turn: int) -> list[int]:
        """Places of the tokens after a turn that may have been counted with some of it before them."""
        found: list[int] = []
        for later in range(turn + 1, len(self.starts)):
            found += range(self.starts[later], self.ends[later])
            if len(found) >= _ORDER - 1:
                break
        return found[: _ORDER - 1]

    def state(self) -> State:
        own = {
            "words": text(self.words),
            "tokens": np.array(self.tokens, dtype=np.uint32),
            "starts": integers(self.starts),
            "ends": integers(self.ends),
        }
        parts = nest(
            sequence=self.sequence.state(),
            folded=self.folded.state(),
            frequencies=self.frequencies.state(),
            mixture=self.mixture.state(),
            spelling=self.spelling.state(),
        )
        return {**own, **parts}

    def restore(self, state: State) -> None:
        for name in ("sequence", "folded", "frequencies", "mixture", "spelling"):
            getattr(self, name).restore(part(state, name))
        for word in strings(state["words"]):
            self._identify(word)
        self.tokens = array("I", state["tokens"].tolist())
        self.starts = array("Q", state["starts"].tolist())
        self.ends = array("Q", state["ends"].tolist())
        self._known = dict.fromkeys(self.words[symbol] for symbol in self.frequencies.counts)
        self._past = self._past_at(len(self.tokens))
