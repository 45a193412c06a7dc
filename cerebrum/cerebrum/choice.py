"""Scores candidates and picks one. Every feature is a number that a person can be shown.

All candidates are scored by what is cheap (nearness, what was expected, topic, facts, length); only the best of them
by what is not (fluency, echo, agreement). The weights were set by hand on dialogues other than those reported.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import chain, pairwise
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from cerebrum.asking import Asked
from cerebrum.claims import Frames, Said
from cerebrum.models import Fluency
from cerebrum.places import best
from cerebrum.retrieval import Shelf
from cerebrum.situations import Contexts
from cerebrum.strangers import Strangers
from cerebrum.synthesis import Candidate, Composer, Query

Column = NDArray[np.float32 | np.float64]

WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "near": 1.0,
        "expected": 0.45,
        "opening": 0.2,
        "new_on_topic": 0.45,
        "fact": 1.0,
        "length": -0.2,
        "weakest": 0.2,
        "flow": 0.2,
        "likely": 0.04,
        "surprising": 0.03,
        "novel": 0.16,
        "repeats": -1.0,
        "echo": -0.4,
        "said_here": -1.0,
        "otherwise": -0.3,
        "said_lately": -0.1,
        "not_known": 1.2,
        "asserted": -0.9,
    }
)

ONE_SIDED: Mapping[str, float] = MappingProxyType({**WEIGHTS, "expected": 0.15, "new_on_topic": 0.9})
"""Where what was heard does not foretell what comes next, staying on the topic is what is left."""

_SHORT_LIST = 20
_ECHO = 0.7
_FLOW_OF_ONE = 0.3
_KNOWN = 0.1


class Judge:
    """Knows what speaks for a candidate."""

    def __init__(self, turns: Shelf, composer: Composer, fluency: Fluency, contexts: Contexts) -> None:
        self.turns, self.composer, self.fluency = turns, composer, fluency
        self.strangers = Strangers(turns, contexts)
        self.frames = Frames(composer.sentences, contexts)
        self.weights = WEIGHTS

    def choose(
        self,
        query: Query,
        candidates: Sequence[Candidate],
        said_here: Mapping[str, int],
        said_lately: Mapping[str, int],
    ) -> tuple[Candidate, float]:
        """Return the best candidate, the first of equals, and its score; its features are filled in."""
        glances = self._glance(query, candidates)
        scores = sum((self.weights[name] * column for name, column in glances.items()), np.zeros(len(candidates)))
        listed = best(scores.astype(np.float32), _SHORT_LIST)
        short = [candidates[k] for k in listed]
        for k, candidate in zip(listed, short, strict=True):
            candidate.features = {name: float(column[k]) for name, column in glances.items()}
        self._weigh(query, short)
        own = Said(said_here, self.composer.ends, self.frames)
        for candidate in short:
            candidate.features["said_here"], candidate.features["otherwise"] = own.compared(candidate.tokens)
            candidate.features["said_lately"] = float(candidate.text in said_lately)
        return max(((c, self.score(c)) for c in short), key=lambda pair: pair[1])

    def score(self, candidate: Candidate) -> float:
        """Return the weighted sum of the features known so far."""
        return sum(self.weights[name] * value for name, value in candidate.features.items())

    def _glance(self, query: Query, candidates: Sequence[Candidate]) -> dict[str, Column]:
        """Return what is cheap, each feature as a column over all candidates."""
        places = np.stack([c.place for c in candidates])
        near = np.einsum("ij,j->i", places, query.place)
        expected = np.einsum("ij,j->i", places, query.expected)
        openings = np.stack([c.place if c.opening is None else c.opening for c in candidates])
        opening = np.einsum("ij,j->i", openings, query.opening)
        facts = Asked(query, self.turns, self.composer, self.fluency).told(candidates)
        nothing = np.zeros(len(candidates))
        lost, asserted = (nothing, nothing) if max(facts) > _KNOWN else self.strangers.weigh(query, candidates)
        return {
            "near": near,
            "expected": expected,
            "opening": opening,
            "new_on_topic": self._new_on_topic(query, candidates),
            "length": np.array([len(c.words) for c in candidates]) / self.composer.ends.words_a_turn,
            "novel": np.array([float(c.text not in self.turns.by_text) for c in candidates]),
            "fact": np.array(facts),
            "not_known": lost,
            "asserted": asserted,
        }

    def _new_on_topic(self, query: Query, candidates: Sequence[Candidate]) -> Column:
        """Return how much of what is talked about each candidate takes up, times how much it adds to it."""
        asked = len(dict.fromkeys(query.words))
        every = [*chain.from_iterable(candidate.words for candidate in candidates)]
        at = {word: k for k, word in enumerate(dict.fromkeys((*query.words, *every)))}
        words = [at[word] for word in every]
        owners = np.repeat(np.arange(len(candidates)), [len(c.words) for c in candidates])
        turns = np.array([len(self.turns.holding(word)) for word in at])
        known = np.maximum(0.0, np.log((1 + len(self.turns)) / (1 + turns)) - 1).astype(np.float32)
        told = np.zeros((len(candidates), len(at)), np.float32)
        told[owners, words] = 1
        covered = np.einsum("ij,j->i", told[:, :asked], known[:asked]) / (known[:asked].sum() + 2)
        new = np.tanh(np.einsum("ij,j->i", told[:, asked:], known[asked:]) / 4)
        on_topic: Column = covered * new
        return on_topic

    def _weigh(self, query: Query, short: Sequence[Candidate]) -> None:
        """Fill in what is dear."""
        logs = self.fluency.rank([c.words for c in short])
        alone: dict[str | None, float] = {}
        for candidate, own in zip(short, logs, strict=True):
            features = candidate.features
            for word in (*candidate.words, None):
                if word not in alone:
                    alone[word] = math.log(self.fluency.probability((), word))
            least = min(here - alone[word] for here, word in zip(own, (*candidate.words, None), strict=True))
            pairs = list(pairwise(candidate.words))
            echo = share_in_order(candidate.words, query.words)
            features["weakest"] = features["near"] if candidate.weakest is None else candidate.weakest
            features["flow"] = _FLOW_OF_ONE if candidate.flow is None else candidate.flow
            features["likely"] = sum(own) / len(own)
            features["surprising"] = min(0.0, least)
            features["repeats"] = (len(pairs) - len(set(pairs))) / max(1, len(candidate.words))
            features["echo"] = float(echo > _ECHO)
            if echo > _ECHO:
                features["fact"] = 0.0


def share_in_order(reply: Sequence[str], heard: Sequence[str]) -> float:
    """Return how much of a reply is the heard turn said again: longest common subsequence over the reply's length.

    Bit-parallel: the zeros of ``row`` mark where the subsequence grows (Hyyrö 2004).
    """
    whole = (1 << len(heard)) - 1
    at: dict[str, int] = {}
    for k, word in enumerate(heard):
        at[word] = at.get(word, 0) | 1 << k
    row = whole
    for word in reply:
        met = row & at.get(word, 0)
        row = (row + met | row - met) & whole
    return (len(heard) - bin(row).count("1")) / max(1, len(reply))
