"""Binary decisions predicted by many contexts at once, mixed in the logistic domain.

Each context keeps, for each decision met in it, an adaptive probability. What the contexts say is stretched, weighted
and summed; the weights learn from each outcome by the gradient of its cost (Mattern 2013, "Linear and geometric
mixtures"; Mahoney 2005, "Adaptive weighing of context models"). A context's weight depends on how often it met the
decision: one occurrence says little.

Cells live in a table of fixed size, found by hash and without check, so that memory is bounded: what collides, mixes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cerebrum.models.state import State

_SLOTS = 1 << 22
_SPREAD = 0x9E3779B1
_ONE = 1 << 24
_FIRST = (int(0.075 * _ONE), int(0.925 * _ONE))
_MOST = 255
_EXPERIENCES = (0, 0, 1, 2, 3) + (3,) * 3 + (4,) * 24 + (5,) * 224
_CLASSES = 6
_RATES = tuple(1 / (n + 1.6) for n in range(_MOST + 1))
_STRETCH = tuple(math.log((k + 0.5) / (4095.5 - k)) for k in range(4096))
_FAR = 9.0


class Bitwise:
    """Probabilities of decisions, each seen by ``contexts`` contexts; weights are kept apart by kind of ``situation``.

    Two sets of weights are averaged: one knows how often each context met the decision, one how many contexts did.
    """

    def __init__(self, contexts: int, situations: int, rate: float = 0.02, weight: float = 0.3) -> None:
        self.rate = rate
        self.by_experience = [[weight] * (contexts * _CLASSES) for _ in range(situations)]
        self.by_number = [[weight] * contexts for _ in range(situations * (contexts + 1))]
        self.cells = np.zeros(_SLOTS, np.uint32).data
        self.met = np.zeros(_SLOTS, np.uint8).data

    def decide(self, hashes: Sequence[int], decision: int, bit: int, situation: int, *, learn: bool) -> float:
        """Probability of ``bit``, which is then learned if asked to.

        ``hashes`` stand for the contexts, one each; ``decision`` says which decision this is.
        """
        cells, met = self.cells, self.met
        spread = decision * _SPREAD
        slots = [context + spread & _SLOTS - 1 for context in hashes]
        seen = [(at, slot, met[slot], _STRETCH[cells[slot] >> 12]) for at, slot in enumerate(slots) if met[slot]]
        experienced = self.by_experience[situation]
        numbered = self.by_number[situation * (len(hashes) + 1) + len(seen)]
        one_sum = other_sum = 0.0
        for at, _, times, stretched in seen:
            one_sum += experienced[at * _CLASSES + _EXPERIENCES[times]] * stretched
            other_sum += numbered[at] * stretched
        if learn:
            one_step = (bit - _squash(one_sum)) * self.rate
            other_step = (bit - _squash(other_sum)) * self.rate
            target = (_ONE - 1) * bit
            for at, slot, times, stretched in seen:
                experienced[at * _CLASSES + _EXPERIENCES[times]] += one_step * stretched
                numbered[at] += other_step * stretched
                cells[slot] += int((target - cells[slot]) * _RATES[times])
                met[slot] = times + 1 if times < _MOST else _MOST
            for slot in slots:
                if not met[slot]:
                    cells[slot], met[slot] = _FIRST[bit], 1
        one = _squash((one_sum + other_sum) / 2)
        return one if bit else 1 - one

    def state(self) -> State:
        """Everything that can influence later behaviour; only cells in use."""
        met, cells = np.asarray(self.met), np.asarray(self.cells)
        used = np.flatnonzero(met).astype(np.int32)
        weights = {"by_experience": np.array(self.by_experience), "by_number": np.array(self.by_number)}
        return {"used": used, "met": met[used], "cells": cells[used], **weights}

    def restore(self, state: State) -> None:
        """Take over what ``state`` gave."""
        met, cells = np.zeros(_SLOTS, np.uint8), np.zeros(_SLOTS, np.uint32)
        met[state["used"]], cells[state["used"]] = state["met"], state["cells"]
        self.met, self.cells = met.data, cells.data
        self.by_experience, self.by_number = state["by_experience"].tolist(), state["by_number"].tolist()


def _squash(total: float) -> float:
    return 1 / (1 + math.exp(-total if -_FAR < total < _FAR else _FAR if total < 0 else -_FAR))
