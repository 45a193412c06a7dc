"""How unheard words are spelled: what every other model falls back upon.

Two members, weighed by how well they predict: counts of letters after letters, and bits of letters predicted from many
contexts at once, among them the word before and the letters regardless of case. Neither ever spells a known word.
"""

from __future__ import annotations

import math
from collections.abc import Container
from functools import lru_cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from cerebrum.models.bitwise import Bitwise
from cerebrum.models.letters import Letters
from cerebrum.models.state import State, nest, part
from cerebrum.tokenizer import fold

_SITUATIONS = 8
"""Is this the end, after 0, 1, 2, more letters; the first, second, third, a later bit of a letter."""

_RATE = 0.01
_LITTLE = 0.05
_LONGEST = 64
"""Longer words are left to the letters, lest one utterance without a blank take seconds."""


class Spelling:
    """A distribution over strings that are not yet words, learned from words as they come."""

    def __init__(self) -> None:
        self.letters = Letters()
        self.bits = Bitwise(len(_contexts("", "")), _SITUATIONS)
        self.trust = 0.7

    def cost(self, word: str, before: str, known: Container[str]) -> float:
        """Bits it takes to spell ``word`` after the word ``before``, given that it is none of ``known``."""
        return self._mixed(self._bits(word, before, known, learn=False), self.letters.cost(word, known))[0]

    def learn(self, word: str, before: str, known: Container[str]) -> float:
        """Return ``cost``, then learn the spelling of the new word."""
        by_bits = self._bits(word, before, known, learn=True)
        cost, right = self._mixed(by_bits, self.letters.cost(word, known))
        self.letters.learn(word)
        if by_bits < math.inf:
            self.trust += _RATE * (right - self.trust)
        return cost

    def _mixed(self, by_bits: float, by_letters: float) -> tuple[float, float]:
        """Cost under both members together, and how probable it is that the bits were right."""
        least = min(by_bits, by_letters)
        bits, letters = self.trust * 2 ** (least - by_bits), (1 - self.trust) * 2 ** (least - by_letters)
        return least - math.log2(bits + letters), bits / (bits + letters)

    def forget(self, word: str) -> None:
        """Take a word back. Bits cannot be taken back one by one: all are, until a replay brings the rest again."""
        self.letters.forget(word)
        self.bits = Bitwise(len(_contexts("", "")), _SITUATIONS)
        self.trust = _LITTLE

    def _bits(self, word: str, before: str, known: Container[str], *, learn: bool) -> float:
        if len(word) > _LONGEST:
            return math.inf
        cost = 0.0
        for place in range(len(word) + 1):
            start = word[:place]
            letter = word[place : place + 1].encode("utf-8", "surrogatepass")
            may_end = start not in known
            decisions, bits, situations = _decisions(letter, min(place, 3))
            first = 0 if may_end else 1
            if first < len(decisions):
                hashes = np.array(_contexts(start, before), np.int64)
                likely = self.bits.decide(hashes, decisions[first:], bits[first:], situations[first:], learn=learn)
                cost -= float(np.log2(likely).sum())
        return cost

    def state(self) -> State:
        """Everything that can influence later behaviour."""
        own = {"trust": np.array([self.trust])}
        return {**own, **nest(letters=self.letters.state(), bits=self.bits.state())}

    def restore(self, state: State) -> None:
        """Take over what ``state`` gave."""
        self.trust = float(state["trust"][0])
        self.letters.restore(part(state, "letters"))
        self.bits.restore(part(state, "bits"))


def _contexts(start: str, before: str) -> list[int]:
    """Hashes of what the next letter may depend on, ``start`` being the letters so far."""
    marked, folded = f"^{start}", fold(start)
    seen = (
        "",
        marked[-1:],
        marked[-2:],
        marked[-3:],
        marked[-4:],
        marked[-5:],
        folded,
        folded[-3:],
        marked[-3:-1],
        f"{len(start)}{marked[-1:]}",
        f"{before}\n{folded}",
    )
    return [crc32(f"{kind}{text}".encode("utf-8", "surrogatepass")) for kind, text in enumerate(seen)]


@lru_cache(maxsize=4096)
def _decisions(letter: bytes, place: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the decisions that tell this letter, their bits and situations: first whether the word ends here."""
    told = [(0, int(not letter), place)]
    for index, byte in enumerate(letter):
        for shift in range(7, -1, -1):
            node = (1 << 8 | byte) >> shift + 1
            told.append((index << 8 | node, byte >> shift & 1, max(shift, 4)))
    columns = np.array(told, np.int64).T
    return columns[0], columns[1], columns[2]
