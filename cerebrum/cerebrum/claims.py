"""One's own claims: what was said is not said again, nor said otherwise where people do not.

Two sentences that begin alike and differ in one place may contradict one another ("I am from Spain", "I am from Peru")
or not ("I like tea", "I like dogs"). Which, is learned: what one speaker was heard to go on with in more than one way,
in one turn or in two successive ones of the same conversation, contradicts nothing. What nobody was heard to say in two
ways is taken for a claim that holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from cerebrum.retrieval import Shelf
from cerebrum.situations import Contexts
from cerebrum.tokenizer import SentenceEnds, encode, fold

_SHORTEST_FRAME = 2
_ALIKE = 0.6
_LOOKED_AT = 400
_REMEMBERED = 4096

Frame = tuple[str, ...]


class Frames:
    """How often one speaker was heard to begin two sentences alike and end them differently."""

    def __init__(self, sentences: Shelf, contexts: Contexts) -> None:
        self.sentences, self.contexts = sentences, contexts
        self._cut: dict[tuple[str, int], list[Frame]] = {}

    def cut(self, reply: str, ends: SentenceEnds) -> list[Frame]:
        """Return the sentences of one of one's own replies, remembered until the ends of sentences change."""
        key = (reply, len(ends.ends))
        if key not in self._cut:
            if len(self._cut) >= _REMEMBERED:
                self._cut.clear()
            self._cut[key] = cut(encode(reply), ends)
        return self._cut[key]

    def varied(self, frame: Frame) -> int:
        """Return how often a speaker went on from this beginning in two ways, in one turn or in two successive ones."""
        nexts: dict[int, dict[str, None]] = {}
        rarest = min((self.sentences.holding(word) for word in frame), key=len)
        for number in rarest[-_LOOKED_AT:]:
            passage = self.sentences.passages[number]
            if passage.words[: len(frame)] == frame:
                then = passage.words[len(frame)] if len(passage.words) > len(frame) else ""
                for turn, _ in passage.origins:
                    nexts.setdefault(turn, {})[then] = None
        found = sum(len(ways) > 1 for ways in nexts.values())
        pairs = self.contexts.pairs
        answered = self.contexts.answers[: len(pairs)]
        for k in np.flatnonzero(np.isin(answered, list(nexts))).tolist():
            earlier = pairs[k].earlier
            if earlier is not None and earlier.turn in nexts:
                found += nexts[earlier.turn].keys() != nexts[pairs[k].answer.turn].keys()
        return found


class Said:
    """The sentences of one's own replies, and how each began."""

    def __init__(self, replies: Iterable[str], ends: SentenceEnds, frames: Frames) -> None:
        self.ends, self.frames = ends, frames
        own = [sentence for reply in replies for sentence in frames.cut(reply, ends)]
        self.sentences = dict.fromkeys(own)
        self.begun: dict[Frame, list[Frame]] = {}
        for sentence in self.sentences:
            self.begun.setdefault(sentence[:_SHORTEST_FRAME], []).append(sentence)
        self._claims: dict[Frame, float] = {}

    def compared(self, tokens: Sequence[str]) -> tuple[float, float]:
        """Return the share of a candidate's words in sentences said before, and in sentences that begin as one said
        before and go on differently, each as far as nobody was heard to say both.
        """
        if not self.sentences:
            return 0.0, 0.0
        sentences = cut(tokens, self.ends)
        whole = max(1, sum(map(len, sentences)))
        again = sum(len(s) for s in sentences if s in self.sentences)
        otherwise = sum(len(s) * self._otherwise(s) for s in sentences if s not in self.sentences)
        return again / whole, otherwise / whole

    def _otherwise(self, sentence: Frame) -> float:
        """Return the most, of 1, that speaks for a sentence being one said before said otherwise."""
        begun = self.begun.get(sentence[:_SHORTEST_FRAME], ())
        return max((self._claimed(_shared(sentence, own)) for own in begun if _are_alike(sentence, own)), default=0.0)

    def _claimed(self, frame: Frame) -> float:
        found = self._claims.get(frame)
        if found is None:
            found = self._claims[frame] = 1 / (1 + self.frames.varied(frame))
        return found


def cut(tokens: Sequence[str], ends: SentenceEnds) -> list[Frame]:
    """Cut into sentences, without what ends them: said with another ending, a sentence is the same."""
    found = []
    for start, end in ends.spans(tokens):
        own = [w for t in tokens[start:end] if (w := fold(t))]
        while len(own) > 1 and own[-1] in ends.ends:
            own.pop()
        found.append(tuple(own))
    return found


def _are_alike(one: Frame, other: Frame) -> bool:
    """Return whether two sentences differ in one place only, and most of both is the same."""
    first = len(_shared(one, other))
    last = len(_shared(one[first:][::-1], other[first:][::-1]))
    return first + last >= _ALIKE * max(len(one), len(other))


def _shared(one: Frame, other: Frame) -> Frame:
    """Return the words with which both begin."""
    length = next((k for k, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one[:length]
