"""A dictionary from whole numbers to whole numbers in two flat arrays: 24 bytes an entry, where a dict takes 80.

Open addressing (Knuth, volume 3, 6.4, algorithms L and R): an entry stands at the first free slot from where its key
points, and what is taken out lets those behind it move up. Three to six tenths of the slots are taken.
"""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray

_SPREAD = 27961
_EMPTY = -1
_LEAST = 61
_FULLEST, _ROOMY = 0.6, 2.5


class Table:
    """Keys are below 2**48 and not negative, values between -2**31 and 2**31, but never 0, which says: not there."""

    def __init__(self) -> None:
        self._build(np.zeros(0, np.int64), np.zeros(0, np.int32))

    def __len__(self) -> int:
        return self._used

    def get(self, key: int) -> int:
        """Return the value of a key; 0 when it has none."""
        keys, at = self._keys, key * _SPREAD % self._size
        there = keys[at]
        while there != key:
            if there < 0:
                return 0
            at += 1
            if at == self._size:
                at = 0
            there = keys[at]
        return self._values[at]

    def put(self, key: int, value: int) -> None:
        """Set the value of a key."""
        keys, at = self._keys, key * _SPREAD % self._size
        there = keys[at]
        while there != key:
            if there < 0:
                keys[at] = key
                self._used += 1
                break
            at += 1
            if at == self._size:
                at = 0
            there = keys[at]
        self._values[at] = value
        if self._used > self._full:
            self._build(*self.items())

    def remove(self, key: int) -> None:
        """Take a key that is there out."""
        keys, values, size = self._keys, self._values, self._size
        hole = key * _SPREAD % size
        while keys[hole] != key:
            hole = (hole + 1) % size
        at = hole
        while True:
            at = (at + 1) % size
            there = keys[at]
            if there < 0:
                break
            if (at - there * _SPREAD % size) % size >= (at - hole) % size:
                keys[hole], values[hole] = there, values[at]
                hole = at
        keys[hole] = _EMPTY
        self._used -= 1

    def items(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Return keys, in ascending order, and their values."""
        keys, values = np.frombuffer(self._keys, np.int64), np.frombuffer(self._values, np.int32)
        used = np.flatnonzero(keys >= 0)
        used = used[np.argsort(keys[used], kind="stable")]
        return keys[used], values[used]

    def replace(self, keys: NDArray[np.int64], values: NDArray[np.int32]) -> None:
        """Hold these entries and no others; no key may stand there twice."""
        self._build(keys, values)

    def _build(self, keys: NDArray[np.int64], values: NDArray[np.int32]) -> None:
        """Place all entries at once: those that find their slot taken go on to the next one."""
        self._used, self._size = len(keys), max(_LEAST, int(len(keys) * _ROOMY) | 1)
        self._full = int(self._size * _FULLEST)
        slots = np.full(self._size, _EMPTY, np.int64)
        told = np.zeros(self._size, np.int32)
        at, left = keys * _SPREAD % self._size, np.arange(len(keys))
        while len(left):
            free = slots[at] < 0
            slots[at[free]] = keys[left[free]]
            here = slots[at] == keys[left]
            told[at[here]] = values[left[here]]
            at, left = (at[~here] + 1) % self._size, left[~here]
        self._keys, self._values = array("q"), array("i")
        self._keys.frombytes(slots.tobytes())
        self._values.frombytes(told.tobytes())
