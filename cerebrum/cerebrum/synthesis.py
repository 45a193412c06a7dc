"""Composes replies out of what was heard: whole turns, single sentences, pairs of sentences, crossovers.

The truth rule: a rare word is never joined to words that were not said of it. A crossover that would do so is not
composed at all, because no later score can tell a lie that reads well from a truth that does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from itertools import chain, pairwise
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from cerebrum.features import Floats
from cerebrum.places import NOWHERE, best
from cerebrum.ranking import BEFORE, REPLY, Towers, product, unit
from cerebrum.retrieval import Shelf
from cerebrum.tokenizer import SentenceEnds, fold, join

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Part:
    """Tokens ``start`` to ``end`` of a reply stand in turn ``turn`` of the shelf from its token ``at`` on."""

    start: int
    end: int
    turn: int
    at: int


@dataclass(slots=True)
class Candidate:
    """A possible reply: what it was made of, its place among replies, and what speaks for it.

    ``kind``: word, heard (a whole turn), sentence, pair or crossover. ``flow`` says how readily its second sentence
    follows its first, ``weakest`` how near its weaker sentence is to the context (None: it has only one), ``opening``
    is the place of its first sentence (None: that of the whole).
    """

    text: str
    tokens: tuple[str, ...]
    words: tuple[str, ...]
    kind: str
    parts: tuple[Part, ...]
    place: Floats
    flow: float | None = None
    weakest: float | None = None
    opening: Floats | None = None
    features: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Query:
    """What is to be answered.

    ``place`` is that of the context in the towers' space, ``opening`` that of its first sentence, ``expected`` that of
    what followed contexts like it, and ``aim`` where replies are looked for; each of shape (width,).
    """

    tokens: tuple[str, ...]
    words: tuple[str, ...]
    place: Floats
    opening: Floats
    expected: Floats
    aim: Floats


_HEARD, _WITH_WORD, _OPENERS, _FOLLOWERS, _PAIRS = 40, 12, 24, 400, 40
_BY_FLOW, _BY_NEARNESS = 12, 6
_ALIKE = 0.6
_CROSSED, _CROSSOVERS, _AT_A_JOINT = 20, 30, 6
_SHORTEST, _LONGEST = 3, 40
_FLOW = 0.15


class Composer:
    """Finds and composes candidates from a shelf of turns and a shelf of sentences."""

    def __init__(self, towers: Towers, turns: Shelf, sentences: Shelf, ends: SentenceEnds) -> None:
        self.towers, self.turns, self.sentences, self.ends = towers, turns, sentences, ends

    def is_rare(self, word: str) -> bool:
        """Return whether so few turns hold a word that it must not be joined to others freely."""
        return len(self.turns.by_word.get(word, ())) <= self._few

    @property
    def _few(self) -> int:
        return max(2, min(16, len(self.turns.passages) // 30))

    def compose(self, query: Query, kinds: Sequence[str]) -> list[Candidate]:
        """Return candidates of the kinds allowed, each text once, in a fixed order."""
        found: dict[str, Candidate] = {}
        near_turns = self.turns.nearness(query.aim)
        near_sentences = self.sentences.nearness(query.aim)
        top = [int(k) for k in best(near_turns, _HEARD) if near_turns[k] > NOWHERE]
        groups = {
            "word": self._single_words(top),
            "heard": self._heard(query, top),
            "sentence": self._single(query, near_sentences),
            "pair": self._pairs(query, near_sentences),
            "crossover": self._crossovers(top, near_turns, near_sentences),
        }
        for kind, group in groups.items():
            for candidate in group if kind in kinds else ():
                found.setdefault(candidate.text, candidate)
        return list(found.values())

    def _rare_words(self, query: Query) -> list[str]:
        """The three rarest words known of a query: the route to facts."""
        limit = max(8, 0.02 * len(self.turns))
        known = [(n, w) for w in dict.fromkeys(query.words) if 0 < (n := len(self.turns.holding(w))) <= limit]
        return [word for _, word in sorted(known)[:3]]

    def _single_words(self, top: Sequence[int]) -> Iterator[Candidate]:
        for number in top[:10]:
            for at, token in enumerate(self.turns.passages[number].tokens):
                if (word := fold(token))[:1].isalnum():
                    place = self.towers.embed(REPLY, [self.towers.features.bag([word])])[0]
                    yield Candidate(token.strip(), (token.strip(),), (word,), "word", (Part(0, 1, number, at),), place)

    def _heard(self, query: Query, top: Sequence[int]) -> Iterator[Candidate]:
        numbers = [*top, *self._holding_rare_words(self.turns, query)]
        openings = [self._opening(number) for number in numbers]
        places, first = self.turns.places[numbers], self.sentences.places[[max(0, k) for k in openings]]
        for number, place, k, opening in zip(numbers, places, openings, first, strict=True):
            yield self._turn(number, place, opening if k >= 0 else None)

    def _single(self, query: Query, near: Floats) -> Iterator[Candidate]:
        numbers = [*self._holding_rare_words(self.sentences, query), *self._openers(near)]
        for number, place in zip(numbers, self.sentences.places[numbers], strict=True):
            yield self._sentence(number, place)

    def _holding_rare_words(self, shelf: Shelf, query: Query) -> Iterator[int]:
        for word in self._rare_words(query):
            yield from shelf.holding(word)[-_WITH_WORD:]

    def _openers(self, near: Floats) -> list[int]:
        opening = np.flatnonzero(self.sentences.opens[: len(near)] & (near > NOWHERE))
        return [int(k) for k in _best_of(opening, near, _OPENERS)]

    def _pairs(self, query: Query, near: Floats) -> Iterator[Candidate]:
        """Openers with the sentences that follow them best, those first whose sum lies nearest to the aim."""
        second = _best_of(np.flatnonzero(self.sentences.follows[: len(near)] & (near > NOWHERE)), near, _FOLLOWERS)
        first = self._openers(near)
        if not first or not len(second):
            return
        passages, places = self.sentences.passages, self.sentences.places
        before, after = places[first], places[second]
        flow = product(self.towers.embed(BEFORE, [passages[k].bag for k in first]), after.T)
        alike = product(before, after.T)
        readily = flow + near[second]
        chosen = np.zeros(readily.shape, np.bool_)
        chosen[:, :_BY_NEARNESS] = True
        if len(second) > _BY_FLOW:
            np.put_along_axis(chosen, np.argpartition(-readily, _BY_FLOW - 1, axis=1)[:, :_BY_FLOW], True, 1)
        else:
            chosen[:] = True
        chosen &= (alike < _ALIKE) & (second != np.array(first)[:, None])
        i, j = np.nonzero(chosen)
        if not len(i):
            return
        lengths = self.sentences.lengths
        sums = (before * lengths[first][:, None])[i] + (after * lengths[second][:, None])[j]
        whole, flows = unit(sums)[0], flow[i, j]
        near_first = np.einsum("ij,j->i", before, query.place)
        near_second = np.einsum("ij,j->i", after, query.place)
        for k in best(np.einsum("ij,j->i", whole, query.aim) + np.float32(_FLOW) * flows, _PAIRS):
            weakest = float(min(near_first[i[k]], near_second[j[k]]))
            couple = (first[i[k]], int(second[j[k]]))
            yield self._pair(couple, before[i[k]], whole[k], float(flows[k]), weakest)

    def _crossovers(self, top: Sequence[int], near_turns: Floats, near: Floats) -> Iterator[Candidate]:
        """Join the beginning of one source to the end of another where both have the same two words."""
        sources = [(self.turns.passages[k].tokens, k, 0, float(near_turns[k])) for k in top[:_CROSSED]]
        whole = {self.turns.passages[k].text for k in top[:_CROSSED]}
        for k in _best_of(np.flatnonzero(near > NOWHERE), near, _CROSSED).tolist():
            sentence = self.sentences.passages[k]
            if sentence.text not in whole:
                sources.append((sentence.tokens, *sentence.origins[0], float(near[k])))
        folded = [[fold(t) for t in tokens] for tokens, _, _, _ in sources]
        few, held = self._few, self.turns.by_word
        rare = {word for word in dict.fromkeys(chain.from_iterable(folded)) if len(held.get(word, ())) <= few}
        made: dict[str, Candidate] = {}
        tried: set[tuple[int, int, int, int]] = set()
        for a, cut, b, start in _joints(folded, [source[3] for source in sources]):
            if len(made) >= _CROSSOVERS:
                break
            tried.add((a, cut, b, start))
            if (a, cut - 1, b, start - 1) in tried and sources[a][0][cut - 1] == sources[b][0][start - 1]:
                continue  # the same text, joined one word earlier
            tokens = (*sources[a][0][:cut], *sources[b][0][start:])
            if not _SHORTEST <= len(tokens) <= _LONGEST:
                continue
            text = join(tokens)
            if text in made or text in self.turns.by_text:
                continue
            if self._is_true(folded[a][:cut], folded[a], folded[b][start:], folded[b], rare):
                left = Part(0, cut, sources[a][1], sources[a][2])
                right = Part(cut, len(tokens), sources[b][1], sources[b][2] + start)
                words = tuple(w for w in (*folded[a][:cut], *folded[b][start:]) if w)
                made[text] = Candidate(text, _stripped(tokens), words, "crossover", (left, right), _PLACELESS)
        bags = [self.towers.features.bag(c.words) for c in made.values()]
        for candidate, place in zip(made.values(), self.towers.embed(REPLY, bags), strict=True):
            candidate.place = place
            yield candidate

    def _is_true(
        self, first: Sequence[str], left: Sequence[str], last: Sequence[str], right: Sequence[str], rare: Set[str]
    ) -> bool:
        """The truth rule for ``first`` of ``left`` joined to ``last`` of ``right``, in the sentence where they meet."""
        ends = self.ends.ends
        opening = next((k + 1 for k in range(len(first) - 1, -1, -1) if first[k] in ends), 0)
        closing = next((k for k, word in enumerate(last) if word in ends), len(last))
        before, after = [w for w in first[opening:] if w in rare], last[:closing]
        if after and any(word not in right for word in before):
            return False
        return not (before and any(w in rare and w not in left for w in after))

    def _turn(self, number: int, place: Floats, opening: Floats | None) -> Candidate:
        passage = self.turns.passages[number]
        parts = (Part(0, len(passage.tokens), number, 0),)
        return Candidate(passage.text, passage.tokens, passage.words, "heard", parts, place, opening=opening)

    def _opening(self, number: int) -> int:
        """Return the number of the first of a turn's sentences; -1 if it has only one, or that is not on the shelf."""
        tokens = self.turns.passages[number].tokens
        spans = self.ends.spans(tokens)
        return self.sentences.by_text.get(join(tokens[slice(*spans[0])]), -1) if len(spans) > 1 else -1

    def _sentence(self, number: int, place: Floats) -> Candidate:
        passage = self.sentences.passages[number]
        parts = (Part(0, len(passage.tokens), *passage.origins[0]),)
        return Candidate(passage.text, _stripped(passage.tokens), passage.words, "sentence", parts, place)

    def _pair(self, couple: Span, opening: Floats, place: Floats, flow: float, weakest: float) -> Candidate:
        a, b = (self.sentences.passages[k] for k in couple)
        tokens = _stripped((*a.tokens, " " + b.tokens[0].lstrip(), *b.tokens[1:]))
        cut = len(a.tokens)
        parts = (Part(0, cut, *a.origins[0]), Part(cut, len(tokens), *b.origins[0]))
        return Candidate(join(tokens), tokens, a.words + b.words, "pair", parts, place, flow, weakest, opening)


_PLACELESS: Floats = np.zeros(0, np.float32)


def _best_of(numbers: NDArray[np.int64], scores: Floats, count: int) -> NDArray[np.int64]:
    """Return those of the numbers with the largest scores, best first, ties by number."""
    found: NDArray[np.int64] = numbers[best(scores[numbers], count)]
    return found


def _stripped(tokens: Sequence[str]) -> tuple[str, ...]:
    return (tokens[0].lstrip(), *tokens[1:])


def _joints(folded: Sequence[Sequence[str]], near: Sequence[float]) -> Iterator[tuple[int, int, int, int]]:
    """Yield (source, cut, other source, start) wherever two sources share two words in a row, the nearest first."""
    at: dict[tuple[str, str], list[Span]] = {}
    for source, row in enumerate(folded):
        for k, pair in enumerate(pairwise(row[:-1]), 2):
            at.setdefault(pair, []).append((source, k))
    joints = [
        (-near[a] - near[b], a, cut, b, start)
        for places in at.values()
        if len(places) > 1
        for a, cut in places[:_AT_A_JOINT]
        for b, start in places[:_AT_A_JOINT]
        if a != b
    ]
    joints.sort(key=itemgetter(0))
    for _, a, cut, b, start in joints:
        if folded[a][cut:] != folded[b][start:] and folded[a][:cut] != folded[b][:start]:
            yield a, cut, b, start
