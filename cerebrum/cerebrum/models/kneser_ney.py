"""Kneser-Ney whose trust in each context is learned from how contexts like it have served.

Interpolated modified Kneser-Ney (Chen & Goodman 1999) lets shorter contexts have a share that follows from discounts
alone. Here that share is where the estimate starts; contexts alike in depth, in how much they saw and in how varied it
was then learn it together, by the posterior probability that the shorter context was the one that knew. It is the
secondary escape estimation of PPMII (Shkarin 2002) carried over to interpolation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cerebrum.models.counts import SYMBOL_BITS, ContextCounts
from cerebrum.models.state import State, integers, nest, part

_PRIOR = 5.0
_MEMORY = 400.0
_LEAST = 0.002


@dataclass(frozen=True, slots=True)
class Walk:
    """What a context chain said: probability, unigram probability, how deep it went, and the way for ``credit``."""

    p: float
    unigram: float
    depth: int
    way: list[tuple[int, float]]


class KneserNey:
    """A distribution over symbols after contexts of up to ``order - 1`` symbols."""

    def __init__(self, order: int, limit: int) -> None:
        self.counts = ContextCounts(order, limit)
        self.escapes: dict[int, list[float]] = {}

    def walk(self, history: Sequence[int], symbol: int, base: float) -> Walk:
        """Probability of ``symbol`` after ``history`` (latest last); ``base`` is a proper fallback's."""
        counts = self.counts
        discounts, stream, nodes, order = counts.discounts, counts.stream, counts.nodes, counts.order
        way: list[tuple[int, float]] = []
        node, depth, p, unigram = 0, 0, base, base
        total = counts.totals[0]
        while total:
            ones, twos, more = counts.ones[node], counts.twos[node], counts.more[node]
            d = discounts[depth]
            met = counts.counts.get(node << SYMBOL_BITS | symbol)
            direct = (met - d[met if met < 3 else 3]) / total if met else 0.0
            share = (d[1] * ones + d[2] * twos + d[3] * more) / total
            if depth:
                many = min((total * total).bit_length(), 15)
                kind = ((depth << 4 | many) << 3 | 6 * ones // total) << 3 | 3 * (twos + more) // total
                p = self._blend(kind, share, direct, p, way)
            else:
                p = unigram = direct + share * p
            depth += 1
            if depth >= order:
                break
            child = nodes.get(node << SYMBOL_BITS | history[-depth])
            if not child:
                break
            if child < 0:
                first, place = depth, ~child
                hit = stream[place] == symbol
                while True:
                    share = discounts[depth][1]
                    p = self._blend(-(depth << 4 | depth - first) - 1, share, 1 - share if hit else 0.0, p, way)
                    depth += 1
                    if depth >= order or stream[place - depth] != history[-depth]:
                        break
                break
            node, total = child, counts.totals[child]
        return Walk(p, unigram, depth, way)

    def _blend(self, kind: int, share: float, direct: float, p: float, way: list[tuple[int, float]]) -> float:
        """Mix what a context says (``direct`` and ``share`` left over) with ``p`` of the shorter ones, as learned."""
        seen = self.escapes.get(kind)
        learned = share if seen is None else (seen[0] + _PRIOR * share) / (seen[1] + _PRIOR)
        learned = min(max(learned, _LEAST), 1 - _LEAST)
        shorter = learned * p
        whole = shorter + (direct * (1 - learned) / (1 - share) if direct else 0.0)
        way.append((kind, shorter / whole if whole else 1.0))
        return whole

    def credit(self, walk: Walk) -> None:
        """Learn which contexts should have been trusted, now that the walk's symbol has come."""
        posterior = 1.0
        for kind, shorter in reversed(walk.way):
            seen = self.escapes.get(kind)
            if seen is None:
                seen = self.escapes[kind] = [0.0, 0.0]
            seen[1] += posterior
            posterior *= shorter
            seen[0] += posterior
            if seen[1] > _MEMORY:
                seen[0] /= 2
                seen[1] /= 2

    def state(self) -> State:
        """Everything that can influence later behaviour."""
        own = {"kinds": integers(self.escapes), "escapes": np.array([*self.escapes.values()]).reshape(-1, 2)}
        return {**own, **nest(counts=self.counts.state())}

    def restore(self, state: State) -> None:
        """Take over what ``state`` gave."""
        self.counts.restore(part(state, "counts"))
        self.escapes = dict(zip(state["kinds"].tolist(), state["escapes"].tolist(), strict=True))
