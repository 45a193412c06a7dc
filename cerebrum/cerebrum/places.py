"""Places side by side, near to which one is asked for, in half the memory that their numbers would take.

The first 64 numbers of a place are kept as they are, for a rough scan of many; the rest are kept as whole multiples of
2**-15, which is 2000 times finer than the numbers are wide, and are read where the scan says that it matters.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cerebrum.features import Floats
from cerebrum.state import State

NOWHERE = np.float32(-9.0)
"""The nearness of what cannot be said."""

UNIT = np.float32(2.0**-15)
"""What kept numbers are multiples of."""

_FEW_ENOUGH, _SCANNED, _KEPT = 8192, 64, 1024
_PIECE, _READ = 32, 512

Number = int | np.integer
Chosen = Number | Sequence[int] | slice | NDArray[np.int64]


def kept(numbers: Floats) -> NDArray[np.int16]:
    """Return numbers between -1 and 1 as whole multiples of ``UNIT``, in half their memory."""
    scaled = numbers * (1 / UNIT)
    np.rint(scaled, out=scaled)
    np.clip(scaled, np.float32(-32767), np.float32(32767), out=scaled)
    return scaled.astype(np.int16)


class Places:
    """Places of length one at most, each of ``width`` numbers; ``places[numbers]`` reads them."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.first: Floats = np.zeros((256, _SCANNED), np.float32)
        self.rest = np.zeros((256, width - _SCANNED), np.int16)

    def __getitem__(self, numbers: Chosen) -> Floats:
        first = self.first[numbers]
        found = np.empty((*first.shape[:-1], self.width), np.float32)
        found[..., :_SCANNED] = first
        np.multiply(self.rest[numbers], UNIT, out=found[..., _SCANNED:])
        return found

    def put(self, numbers: Chosen, places: Floats) -> None:
        """Set the places of these numbers, for which there must be room."""
        self.first[numbers] = places[..., :_SCANNED]
        self.rest[numbers] = kept(places[..., _SCANNED:])

    def make_room(self, size: int) -> None:
        """Hold ``size`` places, if there is not room for as many already."""
        if size > len(self.first):
            first, rest = self.first, self.rest
            self.first = np.zeros((size, _SCANNED), np.float32)
            self.rest = np.zeros((size, self.width - _SCANNED), np.int16)
            self.first[: len(first)], self.rest[: len(rest)] = first, rest

    def keep(self, numbers: Sequence[int]) -> None:
        """Have these places first, in this order; what stood there is gone."""
        chosen = list(numbers)
        self.first[: len(chosen)], self.rest[: len(chosen)] = self.first[chosen], self.rest[chosen]

    def nearness(self, size: int, context: Floats) -> Floats:
        """Return how near the first ``size`` are, exact for those that may be among the nearest few hundred and
        ``NOWHERE`` for the rest: a rough scan finds 1,024 that may be; up to 8,192 places all are exact.
        """
        rough = nearness(self.first[:size], context[:_SCANNED])
        rest = context[_SCANNED:] * UNIT
        if size <= _FEW_ENOUGH:
            room = np.empty((min(size, _READ), len(rest)), np.float32)
            for at in range(0, size, _READ):
                piece = room[: min(_READ, size - at)]
                piece[:] = self.rest[at : at + len(piece)]
                rough[at : at + len(piece)] += nearness(piece, rest)
            return rough
        near = np.flatnonzero(rough >= np.partition(rough, size - _KEPT)[size - _KEPT])
        found = np.full(size, NOWHERE, np.float32)
        found[near] = rough[near] + nearness(self.rest.take(near, 0).astype(np.float32), rest)
        return found

    def state(self, size: int) -> State:
        """Return the first ``size`` places as they are kept."""
        return {"first": self.first[:size], "rest": self.rest[:size]}

    def restore(self, state: State) -> None:
        """Take over what ``state`` gave, and make room for it."""
        size = len(state["first"])
        self.make_room(size)
        self.first[:size], self.rest[:size] = state["first"], state["rest"]


def nearness(places: Floats, context: Floats) -> Floats:
    """Return ``places @ context``, one number for each of n places (n, width) of at most 288 numbers, on one thread."""
    whole = len(places) // _PIECE * _PIECE
    head = np.matmul(places[:whole].reshape(-1, _PIECE, places.shape[1]), context).reshape(-1)
    return np.concatenate([head, np.einsum("ij,j->i", places[whole:], context)])


def best(scores: Floats, count: int) -> NDArray[np.int64]:
    """Return the places of the largest scores, best first, ties by place."""
    if len(scores) > 4 * count:
        edge = np.partition(scores, len(scores) - count)[len(scores) - count]
        places = np.flatnonzero(scores >= edge)
        return places[np.argsort(-scores[places], kind="stable")][:count]
    return np.argsort(-scores, kind="stable")[:count]
