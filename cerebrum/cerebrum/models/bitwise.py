"""Binary decisions predicted by many contexts at once, mixed in the logistic domain.

Each context keeps, for each decision met in it, an adaptive probability. What the contexts say is stretched, weighted
and summed; the weights learn from each outcome by the gradient of its cost (Mattern 2013, "Linear and geometric
mixtures"; Mahoney 2005, "Adaptive weighing of context models"). A context's weight depends on how often it met the
decision: one occurrence says little.

Cells live in a table of fixed size, found by hash and without check, so that memory is bounded: what collides, mixes.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

import numpy as np

from cerebrum.models.state import State

_SLOTS = 1 << 21
_SPREAD = 0x9E3779B1
_ONE = 1 << 16
_FIRST = (int(0.075 * _ONE), int(0.925 * _ONE))
_MOST = 255
_EXPERIENCES = (0, 0, 1, 2, 3) + (3,) * 3 + (4,) * 24 + (5,) * 224
_CLASSES = 6
_RATES = tuple(1 / (n + 1.6) for n in range(_MOST + 1))
_STRETCH = tuple(math.log((k + 0.5) / (4095.5 - k)) for k in range(4096))
_FAR = 9.0


class Bitwise:
    """Probabilities of decisions, each seen by ``contexts`` contexts; weights are kept apart by kind of decision."""

    def __init__(self, contexts: int, kinds: int, rate: float = 0.02, weight: float = 0.3) -> None:
        self.rate = rate
        self.weights = [[weight] * (contexts * _CLASSES) for _ in range(kinds)]
        self.cells = array("H", bytes(2 * _SLOTS))
        self.met = bytearray(_SLOTS)

    def decide(self, hashes: Sequence[int], decision: int, bit: int, kind: int, *, learn: bool) -> float:
        """Probability of ``bit``, which is then learned if asked to.

        ``hashes`` stand for the contexts, one each; ``decision`` says which decision this is.
        """
        cells, met, weights = self.cells, self.met, self.weights[kind]
        spread = decision * _SPREAD
        seen, fresh, total, first = [], [], 0.0, 0
        for context in hashes:
            slot = context + spread & _SLOTS - 1
            times = met[slot]
            if times:
                weight = first + _EXPERIENCES[times]
                stretched = _STRETCH[cells[slot] >> 4]
                total += weights[weight] * stretched
                seen.append((slot, times, weight, stretched))
            else:
                fresh.append(slot)
            first += _CLASSES
        one = 1 / (1 + math.exp(-total if -_FAR < total < _FAR else _FAR if total < 0 else -_FAR))
        if learn:
            step = (bit - one) * self.rate
            target = (_ONE - 1) * bit
            for slot, times, weight, stretched in seen:
                weights[weight] += step * stretched
                cells[slot] += int((target - cells[slot]) * _RATES[times])
                if times < _MOST:
                    met[slot] = times + 1
            for slot in fresh:
                cells[slot] = _FIRST[bit]
                met[slot] = 1
        return one if bit else 1 - one

    def state(self) -> State:
        """Everything that can influence later behaviour; only cells in use."""
        met = np.frombuffer(self.met, dtype=np.uint8)
        used = np.flatnonzero(met).astype(np.int32)
        cells = np.frombuffer(self.cells, dtype=np.uint16)
        return {"used": used, "met": met[used], "cells": cells[used], "weights": np.array(self.weights)}

    def restore(self, state: State) -> None:
        """Take over what ``state`` gave."""
        met, cells = np.zeros(_SLOTS, np.uint8), np.zeros(_SLOTS, np.uint16)
        met[state["used"]], cells[state["used"]] = state["met"], state["cells"]
        self.met, self.cells = bytearray(met.tobytes()), array("H", cells.tobytes())
        self.weights = state["weights"].tolist()
