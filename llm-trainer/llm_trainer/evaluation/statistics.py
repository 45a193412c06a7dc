"""Chance: intervals by moving-block bootstrap, trends by permutation, several questions at once by Holm."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

RESAMPLES = 2_000
PERMUTATIONS = 5_000


@dataclass(frozen=True)
class Interval:
    """95 % of what chance would have made of it."""

    lower: float
    upper: float


@dataclass(frozen=True)
class Trend:
    """``slope``: median change from one value to the next. ``p``: how often an order by chance rises as steadily."""

    slope: float
    p: float
    n: int


def interval(over: Sequence[float], under: Sequence[float], chance: Random, block: int) -> Interval | None:
    """Interval of ``sum(over) / sum(under)`` when neighbours within ``block`` belong together (Künsch 1989).

    None where there are fewer values than a block, or chance leaves nothing to divide by.
    """
    found = resampled(over, under, chance, block)
    if len(found) < RESAMPLES // 2:
        return None
    return Interval(found[int(len(found) * 0.025)], found[min(len(found) - 1, int(len(found) * 0.975))])


def resampled(over: Sequence[float], under: Sequence[float], chance: Random, block: int) -> list[float]:
    """The ratio in ``RESAMPLES`` samples made of whole blocks, in ascending order."""
    starts = len(over) - block + 1
    if starts < 1:
        return []
    above = [sum(over[i : i + block]) for i in range(starts)]
    below = [sum(under[i : i + block]) for i in range(starts)]
    count = round(len(over) / block)
    found = []
    for _ in range(RESAMPLES):
        chosen = chance.choices(range(starts), k=count)
        if divisor := sum(below[i] for i in chosen):
            found.append(sum(above[i] for i in chosen) / divisor)
    return sorted(found)


def trend(values: Sequence[float], chance: Random) -> Trend | None:
    """Do values rise? Mann-Kendall's S (1945) against ``PERMUTATIONS`` orders by chance; None below five values.

    The slope is Theil's and Sen's (1968). The values must be those of bins that do not overlap: only then are other
    orders as likely, where there is no trend, as the one found.
    """
    count = len(values)
    if count < 5:
        return None
    found = _rises(values)
    shuffled = list(values)
    as_high = 0
    for _ in range(PERMUTATIONS):
        chance.shuffle(shuffled)
        as_high += _rises(shuffled) >= found
    slopes = sorted((values[j] - values[i]) / (j - i) for i in range(count) for j in range(i + 1, count))
    middle = len(slopes) // 2
    median = slopes[middle] if len(slopes) % 2 else (slopes[middle - 1] + slopes[middle]) / 2
    return Trend(median, (as_high + 1) / (PERMUTATIONS + 1), count)


def _rises(values: Sequence[float]) -> int:
    """Mann-Kendall's S: pairs that rise minus pairs that fall."""
    before: list[float] = []
    total = 0
    for value in values:
        total += bisect_left(before, value) - (len(before) - bisect_right(before, value))
        insort(before, value)
    return total


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """p-values raised so that all of them together err as seldom as one (Holm 1979).

    >>> holm({"a": 0.01, "b": 0.04})
    {'a': 0.02, 'b': 0.04}
    """
    ordered = sorted(p_values.items(), key=lambda each: each[1])
    raised, least = {}, 0.0
    for place, (name, p) in enumerate(ordered):
        least = max(least, min(1.0, p * (len(ordered) - place)))
        raised[name] = least
    return {name: raised[name] for name in p_values}


def above(samples: Sequence[float], value: float) -> float:
    """How likely chance makes ``samples`` (ascending) no better than ``value``: a one-sided p-value."""
    if not samples:
        return math.nan
    return (bisect_left(samples, value + 1e-12) + 1) / (len(samples) + 1)
