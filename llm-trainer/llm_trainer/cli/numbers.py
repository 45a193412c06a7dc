"""Numbers that people type. Standard library only: ``start_training.py`` reads them before any package is there."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Range:
    """Which numbers are meant: from ``least`` to ``most``, both of them included, or without end."""

    least: int
    most: int | None = None

    def __str__(self) -> str:
        return f"of {self.least} or more" if self.most is None else f"from {self.least} to {self.most}"

    def whole(self, text: object) -> int:
        """Read a whole number; ValueError names what was typed and what is meant."""
        typed = str(text)
        if not (typed.isascii() and typed.isdigit() and self._holds(int(typed))):
            raise ValueError(f"{typed!r} is not a whole number {self}")
        return int(typed)

    def seconds(self, text: object) -> float:
        """Read a number of seconds; ValueError as above."""
        try:
            found = float(str(text))
        except ValueError:
            found = math.nan
        if not self._holds(found):
            raise ValueError(f"{str(text)!r} is not a number of seconds {self}")
        return found

    def _holds(self, number: float) -> bool:
        return self.least <= number <= (math.inf if self.most is None else self.most)


EXCHANGES = Range(1, 1_000_000)
DELAY = Range(0, 3600)
SEED = Range(0, 2**31 - 1)
