"""Which curves a report shows, out of what was measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from llm_trainer.cli.reporting.charts import Chart, Point, Series
from llm_trainer.evaluation import statistics
from llm_trainer.evaluation.production import BLOCK, Row, Stretch, stretch_of, windows_of
from llm_trainer.evaluation.relevance import CHANCE

BANDS = 24
"""Windows that get an interval; each costs two thousand samples."""


def curves_of(rows: Sequence[Row], measurements: Sequence[dict[str, Any]], seed: int) -> list[Chart]:
    """The charts of a session, those without values left out when they are drawn."""
    windows = windows_of(rows)
    stretches = [stretch_of(window) for window in windows]
    length = _points(stretches, lambda each: each.length)
    relevance = _points(stretches, lambda each: each.relevance)
    chance = Random(seed)
    return [
        Chart(
            "How long its utterances are",
            "Mean words in an utterance of its own (imitations left out), over the last 100 exchanges; the band is "
            "what chance would make of it in 95 of 100 cases.",
            [Series("words in an utterance", _with_bands(length, windows, _lengths, chance), 0)],
        ),
        Chart(
            "Whether its replies belong to what was said",
            "How often a judge that sees shared words only finds the line that a reply answered among four; by chance "
            "in one case of four.",
            [Series("line found for its reply", _with_bands(relevance, windows, _matches, chance), 1)],
            percent=True,
            level=(CHANCE, "chance"),
        ),
        Chart(
            "Words",
            "Heard; said only in imitation; said once of its own accord; productive: twice, in answer to different "
            "lines, at least once unprompted.",
            [
                Series(name, [Point(row.number, getattr(row.counts, name)) for row in _thinned(rows)], colour)
                for colour, name in enumerate(("heard", "echoed", "produced", "productive"))
            ],
        ),
        Chart(
            "Taken over, and its own",
            "Of its own replies: word pairs that were never heard; sentences of three words and more that were heard "
            "as they are; and how many of all replies only imitate.",
            [
                Series("new word pairs", _points(stretches, lambda each: each.novelty), 0),
                Series("sentences heard whole", _points(stretches, lambda each: each.whole), 3),
                Series("imitations", _points(stretches, lambda each: each.imitation), 4),
            ],
            percent=True,
        ),
        Chart(
            "How much it is surprised",
            "Bits a character, measured by the learner itself before it learned from each line; less is better.",
            [Series("bits a character", _told(measurements, "bits_per_character"), 2)],
        ),
    ]


def _points(stretches: Sequence[Stretch], value: Callable[[Stretch], float | None]) -> list[Point]:
    return [Point(each.last, found) for each in stretches if (found := value(each)) is not None]


def _told(measurements: Sequence[dict[str, Any]], name: str) -> list[Point]:
    return [
        Point(each["number"], float(each[name]))
        for each in measurements
        if isinstance(each.get(name), int | float) and isinstance(each.get("number"), int)
    ]


def _thinned(rows: Sequence[Row], most: int = 200) -> Sequence[Row]:
    step = -(-len(rows) // most) or 1
    return [*rows[::step], rows[-1]] if rows else []


Ratio = Callable[[Row], tuple[float, float]]


def _lengths(row: Row) -> tuple[float, float]:
    return (row.length, row.utterances) if row.is_spontaneous else (0, 0)


def _matches(row: Row) -> tuple[float, float]:
    return (row.relevance, 1) if row.is_spontaneous and row.relevance is not None else (0, 0)


def _with_bands(points: Sequence[Point], windows: Sequence[Sequence[Row]], ratio: Ratio, chance: Random) -> list[Point]:
    """Points with intervals, on at most ``BANDS`` of them; the rest stand between."""
    by_end = {window[-1].number: window for window in windows}
    step = -(-len(points) // BANDS) or 1
    chosen = {index for index in range(len(points)) if index % step == 0 or index == len(points) - 1}
    made = []
    for index, point in enumerate(points):
        found = None
        if index in chosen:
            pairs = [ratio(row) for row in by_end[int(point.x)]]
            found = statistics.interval([over for over, _ in pairs], [under for _, under in pairs], chance, BLOCK)
        made.append(Point(point.x, point.y, found.lower, found.upper) if found else point)
    return made
