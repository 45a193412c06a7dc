"""Does a reply belong to the line that it answers?

A judge that sees the reply and four of the session's lines must pick the right one; chance is one in four. The judge is
BM25 (Robertson & Zaragoza 2009): it sees shared words and nothing else, so it errs on the low side.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from random import Random

LINES = 4
CHANCE = 1 / LINES
LEAST_LINES = 20
K1, B = 1.2, 0.75


class Judge:
    """Hears the teacher's lines in their order and is asked about the newest."""

    def __init__(self) -> None:
        self._lines: list[Counter[str]] = []
        self._lengths: list[int] = []
        self._holding: Counter[str] = Counter()
        self._total = 0

    def hear(self, line: Sequence[str]) -> None:
        """The next line."""
        times = Counter(line)
        self._lines.append(times)
        self._lengths.append(len(line))
        self._holding.update(times.keys())
        self._total += len(line)

    def picks(self, reply: Sequence[str], chance: Random) -> float | None:
        """How well the newest line is picked for ``reply``: 1, 0, a share where lines tie; None while lines are few."""
        newest = len(self._lines) - 1
        if newest + 1 < LEAST_LINES or not reply:
            return None
        asked = frozenset(reply)
        right = self._score(asked, newest)
        wrong = [self._score(asked, other) for other in chance.sample(range(newest), LINES - 1)]
        return 0.0 if max(wrong) > right else 1 / (1 + sum(score == right for score in wrong))

    def _score(self, asked: frozenset[str], place: int) -> float:
        times, count = self._lines[place], len(self._lines)
        usual = self._total / count or 1.0
        weight = K1 * (1 - B + B * self._lengths[place] / usual)
        score = 0.0
        for word in sorted(asked & times.keys()):
            rare = math.log(1 + (count - self._holding[word] + 0.5) / (self._holding[word] + 0.5))
            score += rare * times[word] * (K1 + 1) / (times[word] + weight)
        return score
