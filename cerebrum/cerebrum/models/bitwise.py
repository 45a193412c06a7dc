"""Binary decisions predicted by many contexts at once, mixed in the logistic domain.

Each context keeps, for each decision met in it, an adaptive probability. What the contexts say is stretched, weighted
and summed; the weights learn from each outcome by the gradient of its cost (Mattern 2013, "Linear and geometric
mixtures"; Mahoney 2005, "Adaptive weighing of context models"). A context's weight depends on how often it met the
decision: one occurrence says little.

Cells live in a table of fixed size, found by hash and without check, so that memory is bounded: what collides, mixes.
Decisions come in batches, such as the bits of one letter: all are predicted before any of them is learned.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cerebrum.models.state import State

Numbers = NDArray[np.int64]
Reals = NDArray[np.float64]

_SLOTS = 1 << 22
_SPREAD = 0x9E3779B1
_ONE = 1 << 16
_FIRST = np.array((int(0.075 * _ONE), int(0.925 * _ONE)), np.int64)
_MOST = 255
_EXPERIENCES = np.array((0, 0, 1, 2, 3) + (3,) * 3 + (4,) * 24 + (5,) * 224, np.int64)
_CLASSES = 6
_RATES = 1 / (np.arange(_MOST + 1) + 1.6)
_STRETCH = np.log((np.arange(4096) + 0.5) / (4095.5 - np.arange(4096)))
_FAR = 9.0


class Bitwise:
    """Probabilities of decisions, each seen by ``contexts`` contexts; weights are kept apart by kind of ``situation``.

    Two sets of weights are averaged: one knows how often each context met the decision, one how many contexts did.
    """

    def __init__(self, contexts: int, situations: int, rate: float = 0.015, weight: float = 0.22) -> None:
        self.rate = rate
        self.by_experience: Reals = np.full((situations, contexts * _CLASSES), weight)
        self.by_number: Reals = np.full((situations * (contexts + 1), contexts), weight)
        self.cells = np.zeros(_SLOTS, np.uint16)
        self.met = np.zeros(_SLOTS, np.uint8)
        self._places = np.arange(contexts) * _CLASSES

    def decide(self, hashes: Numbers, decisions: Numbers, bits: Numbers, situations: Numbers, *, learn: bool) -> Reals:
        """Return the probability of each of n ``bits``, which are then learned if asked to.

        ``hashes`` stand for the contexts, (contexts,); ``decisions`` say which decisions these are, (n,).
        """
        slots = hashes + decisions[:, None] * _SPREAD & _SLOTS - 1
        times, cells = self.met[slots], self.cells[slots].astype(np.int64)
        seen = times > 0
        stretched = _STRETCH[cells >> 4] * seen
        experienced = situations[:, None] * self.by_experience.shape[1] + self._places + _EXPERIENCES[times]
        numbered = situations * (len(hashes) + 1) + np.add.reduce(seen, 1)
        by_experience = self.by_experience.reshape(-1)
        totals = np.empty((3, len(bits)))
        np.einsum("ij,ij->i", by_experience[experienced], stretched, out=totals[0])
        np.einsum("ij,ij->i", self.by_number[numbered], stretched, out=totals[1])
        np.add(totals[0] / 2, totals[1] / 2, out=totals[2])
        one, other, likely = 1 / (1 + np.exp(-np.minimum(np.maximum(totals, -_FAR), _FAR)))
        if learn:
            one_step, other_step = (bits - one) * self.rate, (bits - other) * self.rate
            np.add.at(by_experience, experienced, one_step[:, None] * stretched)
            np.add.at(self.by_number, numbered, other_step[:, None] * stretched)
            moved = cells + ((bits[:, None] * (_ONE - 1) - cells) * _RATES[times]).astype(np.int64)
            self.cells[slots] = np.where(seen, moved, _FIRST[bits][:, None])
            self.met[slots] = np.minimum(times, _MOST - 1) + 1
        found: Reals = np.where(bits, likely, 1 - likely)
        return found

    def state(self) -> State:
        """Everything that can influence later behaviour; only cells in use."""
        used = np.flatnonzero(self.met).astype(np.int32)
        weights = {"by_experience": self.by_experience, "by_number": self.by_number}
        return {"used": used, "met": self.met[used], "cells": self.cells[used], **weights}

    def restore(self, state: State) -> None:
        """Take over what ``state`` gave."""
        self.met, self.cells = np.zeros(_SLOTS, np.uint8), np.zeros(_SLOTS, np.uint16)
        self.met[state["used"]], self.cells[state["used"]] = state["met"], state["cells"]
        self.by_experience, self.by_number = np.array(state["by_experience"]), np.array(state["by_number"])
