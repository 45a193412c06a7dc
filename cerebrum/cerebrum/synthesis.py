"""Composes replies out of what was heard: whole turns, single sentences, pairs of sentences, crossovers, filled slots.

The truth rule: a rare word is never joined to words that were not said of it. A crossover or a slot that would do so
is not composed at all, because no later score can tell a lie that reads well from a truth that does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from cerebrum.features import Floats
from cerebrum.ranking import BEFORE, REPLY, Towers, best, unit
from cerebrum.retrieval import Shelf
from cerebrum.tokenizer import SentenceEnds, fold, join


@dataclass(frozen=True, slots=True)
class Part:
    """Tokens ``start`` to ``end`` of a reply stand in turn ``turn`` from its token ``at`` on."""

    start: int
    end: int
    turn: int
    at: int


@dataclass(slots=True)
class Candidate:
    """A possible reply, what it was made of, and what speaks for it.

    ``kind``: heard (a whole turn), sentence, pair, crossover or slot. ``flow`` says how readily its second sentence
    follows its first, ``weakest`` how near its weaker sentence is to the context (None: it has only one).
    """

    text: str
    tokens: tuple[str, ...]
    kind: str
    parts: tuple[Part, ...]
    flow: float | None = None
    weakest: float | None = None
    features: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Query:
    """What is to be answered: tokens, folded words, and the place in the towers' space, the turn before included."""

    tokens: tuple[str, ...]
    words: tuple[str, ...]
    place: Floats


_HEARD, _WITH_WORD, _OPENERS, _FOLLOWERS, _PAIRS = 40, 12, 24, 400, 40
_ALIKE = 0.6
_CROSSED, _CROSSOVERS = 20, 150
_SHORTEST, _LONGEST = 3, 40
_FLOW = 0.15


class Composer:
    """Finds and composes candidates from a shelf of turns and a shelf of sentences."""

    def __init__(self, towers: Towers, turns: Shelf, sentences: Shelf, ends: SentenceEnds) -> None:
        self.towers, self.turns, self.sentences, self.ends = towers, turns, sentences, ends

    def rare_limit(self) -> int:
        """Return in how many turns a word may occur and still be rare."""
        return max(2, min(16, len(self.turns) // 30))

    def is_rare(self, word: str) -> bool:
        return len(self.turns.holding(word)) <= self.rare_limit()

    def compose(self, query: Query, kinds: Iterable[str]) -> list[Candidate]:
        """Return candidates of the kinds allowed, each text once, in a fixed order."""
        found: dict[str, Candidate] = {}
        allowed = dict.fromkeys(kinds)
        near_turns = self.turns.nearness(query.place)
        near_sentences = self.sentences.nearness(query.place)
        top_turns = [int(k) for k in best(near_turns, _HEARD) if near_turns[k] > -1]
        groups = {
            "heard": self._heard(query, top_turns),
            "sentence": self._single(query, near_sentences),
            "pair": self._pairs(query, near_sentences),
            "crossover": self._crossovers(top_turns, near_sentences),
        }
        for kind, group in groups.items():
            for candidate in group if kind in allowed else ():
                found.setdefault(candidate.text, candidate)
        return list(found.values())

    def _rare_words(self, query: Query) -> list[str]:
        limit = max(8, 0.02 * len(self.turns))
        known = [(n, w) for w in dict.fromkeys(query.words) if 0 < (n := len(self.turns.holding(w))) <= limit]
        return [word for _, word in sorted(known)[:3]]

    def _heard(self, query: Query, top: Sequence[int]) -> Iterable[Candidate]:
        for number in top:
            yield self._turn(number)
        for word in self._rare_words(query):
            for number in self.turns.holding(word)[-_WITH_WORD:]:
                yield self._turn(number)

    def _single(self, query: Query, near: Floats) -> Iterable[Candidate]:
        for word in self._rare_words(query):
            for number in self.sentences.holding(word)[-_WITH_WORD:]:
                yield self._sentence(number)
        for number in self._openers(near):
            yield self._sentence(number)

    def _openers(self, near: Floats) -> list[int]:
        opens = np.fromiter((p.opened > 0 for p in self.sentences.passages), bool, len(self.sentences))
        scores = np.where(opens, near, np.float32(-9))
        return [int(k) for k in best(scores, _OPENERS) if scores[k] > -1]

    def _pairs(self, query: Query, near: Floats) -> Iterable[Candidate]:
        follows = np.fromiter((p.followed > 0 for p in self.sentences.passages), bool, len(self.sentences))
        scores = np.where(follows, near, np.float32(-9))
        second = np.array([k for k in best(scores, _FOLLOWERS) if scores[k] > -1], np.int64)
        first = self._openers(near)
        if not first or not len(second):
            return
        passages, places = self.sentences.passages, self.sentences.places
        bags = [passages[k].bag for k in first]
        flow = np.einsum("id,jd->ij", self.towers.embed(BEFORE, bags), places[second])
        sums = self.towers.sums(REPLY, bags)
        chosen = [
            dict.fromkeys([*best(flow[i] + near[second], 12).tolist(), *range(min(6, len(second)))])
            for i in range(len(first))
        ]
        used = sorted({j for picks in chosen for j in picks})
        second_sums = dict(zip(used, self.towers.sums(REPLY, [passages[second[j]].bag for j in used]), strict=True))
        pairs = [
            (i, j)
            for i, picks in enumerate(chosen)
            for j in picks
            if second[j] != first[i] and float((places[first[i]] * places[second[j]]).sum()) < _ALIKE
        ]
        if not pairs:
            return
        whole = unit(np.stack([sums[i] + second_sums[j] for i, j in pairs]))[0]
        value = np.einsum("ij,j->i", whole, query.place) + np.float32(_FLOW) * np.array(
            [flow[i, j] for i, j in pairs], np.float32
        )
        for k in best(value, _PAIRS):
            i, j = pairs[k]
            yield self._pair(first[i], int(second[j]), float(flow[i, j]), near)

    def _crossovers(self, top: Sequence[int], near: Floats) -> Iterable[Candidate]:
        sources = [(self.turns.passages[k].tokens, k, 0) for k in top[:_CROSSED]]
        for k in best(near, _CROSSED):
            if near[k] > -1:
                turn, at = self.sentences.passages[k].origins[0]
                sources.append((self.sentences.passages[k].tokens, turn, at))
        folded = [[fold(t) for t in tokens] for tokens, _, _ in sources]
        joints: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for source, row in enumerate(folded):
            for at in range(len(row) - 2):
                joints.setdefault((row[at], row[at + 1]), []).append((source, at))
        made = 0
        for places in joints.values():
            for a, i in places[:6] if len(places) > 1 else ():
                for b, j in places[:6]:
                    if a == b or not self._true(folded[a], i + 2, folded[b], j + 2):
                        continue
                    tokens = sources[a][0][: i + 2] + sources[b][0][j + 2 :]
                    if _SHORTEST <= len(tokens) <= _LONGEST and (text := join(tokens)) not in self.turns.by_text:
                        left = Part(0, i + 2, sources[a][1], sources[a][2])
                        right = Part(i + 2, len(tokens), sources[b][1], sources[b][2] + j + 2)
                        yield Candidate(text, tokens, "crossover", (left, right))
                        made += 1
            if made > _CROSSOVERS:
                return

    def _true(self, left: Sequence[str], cut: int, right: Sequence[str], start: int) -> bool:
        """The truth rule for a crossover of ``left[:cut]`` and ``right[start:]``, within the sentence they meet in."""
        opening = next((k + 1 for k in range(cut - 1, -1, -1) if left[k] in self.ends.ends), 0)
        closing = next((k for k in range(start, len(right)) if right[k] in self.ends.ends), len(right))
        before, after = dict.fromkeys(left[opening:cut]), dict.fromkeys(right[start:closing])
        if after and any(self.is_rare(word) for word in before if word not in right):
            return False
        return not (any(self.is_rare(w) for w in after if w not in left) and any(self.is_rare(w) for w in before))

    def _turn(self, number: int) -> Candidate:
        passage = self.turns.passages[number]
        return Candidate(passage.text, passage.tokens, "heard", (Part(0, len(passage.tokens), number, 0),))

    def _sentence(self, number: int) -> Candidate:
        passage = self.sentences.passages[number]
        turn, at = passage.origins[0]
        return Candidate(passage.text, passage.tokens, "sentence", (Part(0, len(passage.tokens), turn, at),))

    def _pair(self, first: int, second: int, flow: float, near: Floats) -> Candidate:
        a, b = self.sentences.passages[first], self.sentences.passages[second]
        start = b.tokens[0] if b.tokens[0][:1].isspace() else " " + b.tokens[0]
        tokens = (*a.tokens, start, *b.tokens[1:])
        cut = len(a.tokens)
        parts = (Part(0, cut, *a.origins[0]), Part(cut, len(tokens), *b.origins[0]))
        return Candidate(join(tokens), tokens, "pair", parts, flow, float(min(near[first], near[second])))


def share_in_order(reply: Sequence[str], heard: Sequence[str]) -> float:
    """Return how much of a reply is the heard turn said again: longest common subsequence over the reply's length."""
    row = [0] * (len(heard) + 1)
    for word in reply:
        diagonal = 0
        for j, other in enumerate(heard, 1):
            diagonal, row[j] = row[j], diagonal + 1 if word == other else max(row[j], row[j - 1])
    return row[-1] / max(1, len(reply))


def information(turns: int, holding: int) -> float:
    """Return how much a word narrows down what is talked about, in nats: ln((1 + turns) / (1 + turns holding it))."""
    return math.log((1 + turns) / (1 + holding))
