"""What a turn asks about, and how much a candidate tells of it.

What is asked about are the rare words of a turn that were heard before; what a candidate tells of them is what else
it says in the sentence that holds them. Both are reckoned from counts of what was heard.
"""

from __future__ import annotations

import math
from collections.abc import Sequence, Set
from itertools import chain, pairwise

from cerebrum.models import Fluency
from cerebrum.retrieval import Shelf
from cerebrum.synthesis import Candidate, Composer, Query
from cerebrum.tokenizer import fold, join

_RARER = 2
_LEAST = 0.1
_TELLING = 4.5
_NEWS = 12.0
_SHARPER = 2
_REMEMBERED_USES = 60
_ANOTHER_ROLE = 0.4

Sentence = tuple[str, ...]


class Informed(dict[str, float]):
    """How much each word narrows down what is talked about: ln((1 + turns) / (1 + turns with it)) - 1, at least 0."""

    def __init__(self, turns: Shelf) -> None:
        super().__init__()
        self.turns = turns

    def __missing__(self, word: str) -> float:
        share = (1 + len(self.turns)) / (1 + len(self.turns.holding(word)))
        value = self[word] = max(0.0, math.log(share) - 1)
        return value


def weigh(query: Query, known: Informed, composer: Composer, fluency: Fluency) -> dict[str, float]:
    """Weigh the words of a query: the less they were foretold, foretell, and are heard, the more.

    What foretells the next word belongs to a phrase ("tell me") rather than being what is talked about. Empty
    when the query has no word that is rare and known.
    """
    held = known.turns.holding
    rare = [w for w in dict.fromkeys(query.words) if held(w) and composer.is_rare(w)]
    if not rare:
        return {}
    here = [-log for log in fluency.logs(query.words)]
    anywhere = [-math.log(fluency.probability((), w)) for w in (*query.words, None)]
    surprisal: dict[str, float] = {}
    for k, word in enumerate(query.words):
        foretells = max(0.0, anywhere[k + 1] - here[k + 1])
        surprisal[word] = max(surprisal.get(word, 0.0), anywhere[k] - foretells, _LEAST)
    most, rarest = max(surprisal[w] for w in rare), max(known[w] for w in rare) + 1e-9
    return {w: (s / most) ** 3 * (known[w] / rarest) ** _RARER for w, s in surprisal.items() if held(w)}


class Asked:
    """What is asked about (the weight of each word, and those that are rare), and what candidates tell of it.

    Sentences stand in many candidates; what was found of one is remembered.
    """

    def __init__(self, query: Query, turns: Shelf, composer: Composer, fluency: Fluency) -> None:
        self.turns, self.composer = turns, composer
        self.known = Informed(turns)
        self.about = weigh(query, self.known, composer, fluency)
        self.rare = dict.fromkeys(word for word in self.about if composer.is_rare(word))
        self.words, self.phrases = dict.fromkeys(query.words), dict.fromkeys(pairwise(query.words))
        self.before: dict[str, dict[str, None]] = {}
        for left, word in pairwise(("", *query.words)):
            self.before.setdefault(word, {})[left] = None
        self.whole = sum(self.about.values()) + 1e-9
        self._news: dict[Sentence, float] = {}
        self._rarest: dict[Sentence, tuple[float, float]] = {}
        self._roles: dict[tuple[str, str], float] = {}
        self._preceding: dict[str, set[str]] = {}

    def told(self, candidates: Sequence[Candidate]) -> list[float]:
        """Return how much each candidate says of the rare words asked about.

        Where something heard holds two of them, as when it is asked which of two things a third one is, what holds
        fewer answers little: it counts by the square of how much less it says. The role of a word counts beside the
        most fitting one found.
        """
        found = [self._tell(c) if not self.rare.keys().isdisjoint(c.words) else (0.0, 0) for c in candidates]
        most = max((told for told, _ in found), default=0.0)
        fitting = max((role for _, role in self._rarest.values()), default=0.0)
        if fitting:
            found, most = [(told / fitting, held) for told, held in found], most / fitting
        if most and max(held for _, held in found) > 1:
            return [told * (told / most) ** _SHARPER for told, _ in found]
        return [told for told, _ in found]

    def _tell(self, candidate: Candidate) -> tuple[float, int]:
        """Return how much a candidate tells, and how many of the rare words asked about stand together in it.

        What counts is said in the sentence that holds them, and in those after it if all were heard together. A word
        that goes on as it did in the query is the query's phrase over again ("tell me"), and nothing is said of it.
        """
        most, held = 0.0, 0
        folded = tuple(map(fold, candidate.tokens))
        sentences = [folded[start:end] for start, end in self.composer.ends.spans(candidate.tokens)]
        for k, own in enumerate(sentences):
            rarest, role = self._rarest_of(own)
            if rarest:
                together = sentences[k:] if candidate.kind == "heard" else [own]
                words = dict.fromkeys(chain(*together))
                shared = sum(self.about[w] for w in words if w in self.about) / self.whole
                news = self._news_of(own)
                more = sum(map(self._news_of, together[1:]))
                told = math.tanh((news + more) / _NEWS) * self._share_told(candidate, k, news)
                most = max(most, (0.5 * rarest + 0.5 * shared) * role * told)
                held = max(held, sum(w in self.rare for w in words))
        return (0.0, held) if most and self._is_doubtful(candidate) else (most, held)

    def _news_of(self, sentence: Sentence) -> float:
        """Return how much the words tell that were not asked."""
        found = self._news.get(sentence)
        if found is None:
            new = [self.known[w] for w in dict.fromkeys(sentence) if w and w not in self.words]
            found = self._news[sentence] = sum(new)
        return found

    def _rarest_of(self, sentence: Sentence) -> tuple[float, float]:
        """Return the most that a word of a sentence weighs in what is asked, and how alike it stands in both; zeros
        when the sentence has no rare word of it.
        """
        found = self._rarest.get(sentence)
        if found is None:
            weights = [
                (self.about[w] * min(1.0, self.known[w] / _TELLING), self._role(left, w))
                for left, w, then in zip(("", *sentence), sentence, (*sentence[1:], ""), strict=False)
                if w in self.rare and (w, then) not in self.phrases
            ]
            found = self._rarest[sentence] = max(weights, key=lambda own: own[0] * own[1], default=(0.0, 0.0))
        return found

    def _role(self, left: str, word: str) -> float:
        """Return 1 where a word stands as it does in the query, less where what precedes it there is unlike this."""
        asked = self.before[word]
        if left in asked:
            return 1.0
        return _ANOTHER_ROLE + (1 - _ANOTHER_ROLE) * max(self._alike(left, other) for other in asked)

    def _alike(self, one: str, other: str) -> float:
        """Return how alike two words are by what was heard before them: shared predecessors over the fewer's."""
        pair = (one, other) if one < other else (other, one)
        found = self._roles.get(pair)
        if found is None:
            left, right = self._predecessors(one), self._predecessors(other)
            found = self._roles[pair] = min(1.0, 2 * len(left & right) / max(1, min(len(left), len(right))))
        return found

    def _predecessors(self, word: str) -> Set[str]:
        found = self._preceding.get(word)
        if found is None:
            found = self._preceding[word] = set()
            for number in self.turns.holding(word)[-_REMEMBERED_USES:]:
                words, at = self.turns.passages[number].words, -1
                for _ in range(words.count(word)):
                    at = words.index(word, at + 1)
                    found.add(words[at - 1] if at else "")
        return found

    def _share_told(self, candidate: Candidate, k: int, news: float) -> float:
        """Return how much of what a turn went on to tell is told by a sentence, the k-th here, taken out of it."""
        if candidate.kind not in ("sentence", "pair") or k >= len(candidate.parts):
            return 1.0
        part = candidate.parts[k]
        later = self.turns.passages[part.turn].tokens[part.at + part.end - part.start :]
        share = (news + 1) / (news + 1 + self._news_of(tuple(map(fold, later))))
        return share * share

    def _is_doubtful(self, candidate: Candidate) -> bool:
        """Return whether a rare word asked about is followed by rare words that were not said of it.

        So in "I saw a dax. It was a hat.", put together of two turns. A sentence that has opened a turn may stand for
        itself.
        """
        if len(candidate.parts) < 2 or candidate.parts[0].turn == candidate.parts[1].turn:
            return False
        first, second = candidate.parts
        heard = dict.fromkeys(self.turns.passages[first.turn].words)
        named = [fold(t) for t in candidate.tokens[: first.end]]
        later = candidate.tokens[second.start : second.end]
        if self.rare.keys().isdisjoint(named):
            return False
        if candidate.kind == "pair":
            sentences = self.composer.sentences
            number = sentences.by_text.get(join(later))
            if number is not None and sentences.passages[number].opened:
                return False
        return any(w not in heard and self.composer.is_rare(w) for w in map(fold, later) if w[:1].isalnum())
