"""Members weighed by how well they predict, separately for each kind of situation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cerebrum.models.state import State, integers

_START = 50
_SLOWEST = 0.005


class Mixture:
    """A linear mixture of proper distributions; its weights follow the posterior, as online EM asks."""

    def __init__(self, weights: Sequence[float]) -> None:
        self.first = [*weights]
        self.weights: dict[int, list[float]] = {}

    def probability(self, kind: int, members: Sequence[float]) -> float:
        """Mix what the members say, by the weights for this kind of situation."""
        weights = self.weights.get(kind, self.first)
        return sum([weight * p for weight, p in zip(weights, members, strict=False)])

    def learn(self, kind: int, members: Sequence[float], mixed: float) -> None:
        """Move the weights towards the members that said it."""
        weights = self.weights.get(kind)
        if weights is None:
            weights = self.weights[kind] = [*self.first, 0.0]
        weights[-1] += 1
        step = max(_SLOWEST, 1 / (weights[-1] + _START))
        for at, p in enumerate(members):
            weights[at] += step * (weights[at] * p / mixed - weights[at])

    def state(self) -> State:
        """Everything that can influence later behaviour; the last column counts what was learned."""
        rows = np.array([*self.weights.values()]).reshape(-1, len(self.first) + 1)
        return {"kinds": integers(self.weights), "weights": rows}

    def restore(self, state: State) -> None:
        """Take over what ``state`` gave."""
        self.weights = dict(zip(state["kinds"].tolist(), state["weights"].tolist(), strict=True))
