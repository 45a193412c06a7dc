"""Scores candidates and picks one. Every feature is a number that a person can be shown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from cerebrum.fluency import Fluency
from cerebrum.ranking import REPLY, Towers, best
from cerebrum.retrieval import Shelf
from cerebrum.synthesis import Candidate, Composer, Query, information, share_in_order
from cerebrum.tokenizer import fold

WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "near": 1.0,
        "consensus": 0.15,
        "weakest": 0.4,
        "flow": 0.1,
        "likely": 0.04,
        "surprising": 0.1,
        "fact": 0.6,
        "new_on_topic": 0.05,
        "novel": 0.06,
        "length": -0.05,
        "repeats": -1.0,
        "echo": -0.3,
        "said_before": -0.5,
    }
)

_AGREEING = 20
_ECHO = 0.7
_FLOW_OF_ONE = 0.3


class Judge:
    """Knows what speaks for a candidate."""

    def __init__(self, towers: Towers, turns: Shelf, composer: Composer, fluency: Fluency) -> None:
        self.towers, self.turns, self.composer, self.fluency = towers, turns, composer, fluency

    def weigh(self, query: Query, candidates: Sequence[Candidate], said: Mapping[str, int]) -> None:
        """Fill in the features of all candidates. ``said`` counts one's own recent replies."""
        if not candidates:
            return
        bags = [self.towers.features.bag([w for t in c.tokens if (w := fold(t))]) for c in candidates]
        places = self.towers.embed(REPLY, bags)
        near = np.einsum("ij,j->i", places, query.place)
        agreeing = places[best(near, _AGREEING)].mean(0)
        consensus = np.einsum("ij,j->i", places, agreeing)
        topic = {w: max(0.0, self._information(w) - 1) for w in dict.fromkeys(query.words)}
        about = self._about(query)
        for k, candidate in enumerate(candidates):
            folded = [w for t in candidate.tokens if (w := fold(t))]
            logs = self.fluency.logs(folded)
            own = dict.fromkeys(folded)
            covered = sum(topic[w] for w in own if w in topic) / (sum(topic.values()) + 2)
            new = math.tanh(sum(max(0.0, self._information(w) - 1) for w in own if w not in topic) / 4)
            echo = share_in_order(folded, query.words)
            f = candidate.features
            f["near"], f["consensus"] = float(near[k]), float(consensus[k])
            f["weakest"] = candidate.weakest if candidate.weakest is not None else f["near"]
            f["flow"] = candidate.flow if candidate.flow is not None else _FLOW_OF_ONE
            f["likely"] = sum(logs) / len(logs)
            f["surprising"] = min(self.fluency.surprise(folded))
            f["fact"] = self._fact(candidate, query, about) if about and echo < _ECHO else 0.0
            f["new_on_topic"] = covered * new
            f["novel"] = float(candidate.text not in self.turns.by_text)
            f["length"] = math.log(1 + len(folded))
            f["repeats"] = self.fluency.repeats(folded) / max(1, len(folded))
            f["echo"] = float(echo > _ECHO)
            f["said_before"] = float(said.get(candidate.text, 0) > 0)

    def choose(self, candidates: Sequence[Candidate]) -> tuple[Candidate, float]:
        """Return the best candidate, the first of equals, and its score."""
        scores = [sum(weight * c.features[name] for name, weight in WEIGHTS.items()) for c in candidates]
        k = max(range(len(candidates)), key=lambda k: (scores[k], -k))
        return candidates[k], scores[k]

    def _information(self, word: str) -> float:
        return information(len(self.turns), len(self.turns.holding(word)))

    def _about(self, query: Query) -> dict[str, float]:
        """Weigh the words of a query by how little the words before foretold them; the oddest rare one weighs one.

        Empty when the query has no word that is rare and known.
        """
        rare = [w for w in dict.fromkeys(query.words) if self.turns.holding(w) and self.composer.is_rare(w)]
        if not rare:
            return {}
        surprisal: dict[str, float] = {}
        for word, log in zip(query.words, self.fluency.logs(query.words), strict=False):
            surprisal[word] = max(surprisal.get(word, 0.0), -log)
        most = max(surprisal[w] for w in rare)
        return {w: (s / most) ** 3 for w, s in surprisal.items() if self.turns.holding(w)}

    def _fact(self, candidate: Candidate, query: Query, about: Mapping[str, float]) -> float:
        """Return how much a candidate says of the rare words asked about, in the sentence that holds them."""
        known, total = 0.0, sum(about.values()) + 1e-9
        for start, end in self.composer.ends.spans(candidate.tokens):
            own = dict.fromkeys(fold(t) for t in candidate.tokens[start:end])
            rare = [about[w] for w in own if w in about and self.composer.is_rare(w)]
            if rare:
                shared = sum(about[w] for w in own if w in about) / total
                news = sum(max(0.0, self._information(w) - 1) for w in own if w and w not in query.words)
                known = max(known, (0.5 * max(rare) + 0.5 * shared) * math.tanh(news / 4))
        return known
