"""Seeded chance without state: the same seed, name and number give the same draw on every machine."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Chance:
    """All draws of one seed."""

    seed: int

    def number(self, name: str, count: int = 0) -> int:
        """A whole number from 0 to 2**32 - 1, as good as random."""
        return zlib.crc32(f"{self.seed}|{count}|{name}".encode())

    def shuffled(self, items: Sequence[_Item], name: str) -> list[_Item]:
        """The items in a seeded order."""
        return [items[place] for place in sorted(range(len(items)), key=lambda place: self.number(name, place))]
