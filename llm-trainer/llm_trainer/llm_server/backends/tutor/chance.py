"""Seeded chance without state: the same seed, name and number give the same draw on every machine."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

ATTEMPTS = 3
SPACIOUS = 60


@dataclass(frozen=True, slots=True)
class Chance:
    """All draws of one seed."""

    seed: int

    def number(self, name: str, count: int = 0) -> int:
        """A whole number from 0 to 2**32 - 1, as good as random."""
        return zlib.crc32(f"{self.seed}|{count}|{name}".encode())

    def shuffled(self, size: int, name: str) -> list[int]:
        """The numbers below ``size`` in a seeded order."""
        return sorted(range(size), key=lambda place: self.number(name, place))

    def digits(
        self,
        name: str,
        number: int,
        mixed: Sequence[int],
        then: Sequence[int] = (),
        attempt: int = 0,
        *,
        attempts: int = ATTEMPTS,
    ) -> list[int]:
        """One digit for each size; no two numbers get the same digits until all combinations are used up.

        The ``mixed`` sizes are gone through in a seeded order. The digits of ``then`` stay 0 until that is done,
        and change with every further lap: plain speech first, variation where it is needed. In a space of
        ``SPACIOUS`` or more each number owns ``attempts`` combinations, in case the first does not suit.
        """
        total = math.prod(mixed)
        usable = total // attempts if total >= SPACIOUS else total
        lap, place = divmod(number, usable)
        step = int(total * 0.618) or 1
        while math.gcd(step, total) != 1:
            step += 1
        left = ((place + attempt * usable) * step + self.number(name)) % total
        found = []
        for size in mixed:
            left, digit = divmod(left, size)
            found.append(digit)
        for size in then:
            lap, digit = divmod(lap, size)
            found.append(1 + (digit - 1 + self.number(name)) % (size - 1) if digit else 0)
        return found
