"""What a text looks like to the towers: its words and word pairs, weighted by how rare they are.

Weight of a feature: ``(1 + ln tf) * (ln((1 + n) / (1 + df)) + 1)``, whole texts at length one
(tf-idf, Salton & Buckley 1988).
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice, pairwise
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from cerebrum.state import State

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Feature = str | tuple[str, str]


class Bag(NamedTuple):
    """The features of one text: their rows, and ``1 + ln`` of how often each occurs. Both of shape (k,)."""

    rows: Ints
    counts: Floats


class Packed(NamedTuple):
    """Many weighted bags end to end: row and weight of every feature, where each bag starts, and the end."""

    rows: Ints
    weights: Floats
    starts: NDArray[np.int64]


@lru_cache(maxsize=1024)
def once(size: int) -> Floats:
    """Return ``size`` ones, the same for all bags of that size in which nothing occurs twice."""
    ones = np.ones(size, np.float32)
    ones.flags.writeable = False
    return ones


EMPTY = Bag(np.zeros(0, np.int32), np.zeros(0, np.float32))


def checksum(feature: Feature) -> int:
    """Return a number for a feature that is the same in every process."""
    return zlib.crc32((feature if isinstance(feature, str) else "\x00".join(feature)).encode())


class Features:
    """Gives every feature a row, and counts in how many turns each occurred.

    Up to ``limit`` rows each feature has its own; later ones share the rows of others, chosen by checksum.
    """

    def __init__(self, limit: int = 32_768) -> None:
        self.limit = limit
        self.rows: dict[Feature, int] = {}
        self.turns = 0
        self.frequency = np.zeros(1024, np.float32)
        self._log_frequency = np.zeros(1024, np.float32)

    def __len__(self) -> int:
        return len(self.rows)

    def state(self) -> State:
        """Return everything that can influence later behaviour."""
        return {
            "names": [f if isinstance(f, str) else "\x00".join(f) for f in self.rows],
            "turns": self.turns,
            "frequency": self.frequency[: len(self.rows)],
        }

    def restore(self, state: State) -> None:
        """Become as the features that gave this state."""
        parts = [name.split("\x00") for name in state["names"]]
        self.rows = {p[0] if len(p) == 1 else (p[0], p[1]): row for row, p in enumerate(parts)}
        self.turns = state["turns"]
        self.frequency = np.array(state["frequency"], np.float32)
        self._log_frequency = np.log(1 + self.frequency)

    def since(self, row: int) -> list[Feature]:
        """Return the features that got rows from ``row`` on, in their order."""
        return [*islice(reversed(self.rows), len(self.rows) - row)][::-1]

    def bag(self, folded: Sequence[str], grow: bool = False) -> Bag:
        """Return the bag of a text; features never met are left out unless ``grow`` gives them rows."""
        known = self.rows
        found = [*map(known.get, _features(folded))]
        times = Counter(self._found(folded, grow) if None in found else cast("list[int]", found))
        rows = np.fromiter(times, np.int32, len(times))
        if times.total() == len(times):
            return Bag(rows, once(len(rows)))
        return Bag(rows, 1 + np.log(np.fromiter(times.values(), np.float32, len(times))))

    def _found(self, folded: Sequence[str], grow: bool) -> list[int]:
        """Return the row of each feature; those not met before get new ones, or shared ones, or none."""
        known = self.rows
        rows: list[int] = []
        for feature in _features(folded):
            row = known.get(feature)
            if row is None:
                if len(known) >= self.limit:
                    row = checksum(feature) % self.limit
                elif grow:
                    row = known[feature] = len(known)
                else:
                    continue
            rows.append(row)
        if len(self.rows) > len(self.frequency):
            grown = np.zeros(max(2 * len(self.frequency), len(self.rows)), np.float32)
            grown[: len(self.frequency)] = self.frequency
            self.frequency, self._log_frequency = grown, np.log(1 + grown)
        return rows

    def count(self, bag: Bag) -> None:
        """Note that a turn with these features was heard."""
        self.turns += 1
        np.add.at(self.frequency, bag.rows, 1)
        self._log_frequency[bag.rows] = np.log(1 + self.frequency[bag.rows])

    def uncount(self, bag: Bag) -> None:
        """Note that a turn with these features is to be forgotten."""
        self.turns -= 1
        np.subtract.at(self.frequency, bag.rows, 1)
        self._log_frequency[bag.rows] = np.log(1 + self.frequency[bag.rows])

    def are_words(self) -> NDArray[np.bool_]:
        """Return of each feature whether it is a word, not a pair of words; shape (features,)."""
        return np.fromiter((isinstance(feature, str) for feature in self.rows), np.bool_, len(self.rows))

    def rarity(self, rows: Ints) -> Floats:
        """Return ``ln((1 + n) / (1 + df))`` of each row's feature."""
        rare: Floats = np.float32(math.log(1 + self.turns)) - self._log_frequency[rows]
        return rare

    def weigh(self, bag: Bag) -> Floats:
        """Return the weights of one bag, at length one as ``pack`` gives them."""
        weights = bag.counts * (np.float32(math.log(1 + self.turns) + 1) - self._log_frequency[bag.rows])
        whole: Floats = weights / (np.sqrt(np.add.reduce(weights * weights)) + np.float32(1e-9))
        return whole

    def pack(self, bags: Sequence[Bag]) -> Packed:
        """Weigh many bags at once; each that is not empty comes out with length one."""
        sizes = np.fromiter(map(_size, bags), np.int64, len(bags))
        starts = np.zeros(len(bags) + 1, np.int64)
        np.cumsum(sizes, out=starts[1:])
        if not starts[-1]:
            return Packed(EMPTY.rows, EMPTY.counts, starts)
        rows = np.concatenate([bag.rows for bag in bags])
        weights = np.concatenate([bag.counts for bag in bags])
        weights *= np.float32(math.log(1 + self.turns) + 1) - self._log_frequency[rows]
        squares = np.zeros(len(bags), np.float32)
        filled = np.flatnonzero(sizes)
        squares[filled] = np.add.reduceat(weights * weights, starts[filled])
        weights /= np.repeat(np.sqrt(squares) + np.float32(1e-9), sizes)
        return Packed(rows, weights, starts)


def _features(folded: Sequence[str]) -> Iterator[Feature]:
    return cast("Iterator[Feature]", chain(folded, pairwise(folded)))


def _size(bag: Bag) -> int:
    return len(bag.rows)
