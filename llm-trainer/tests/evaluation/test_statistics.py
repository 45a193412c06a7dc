from __future__ import annotations

from random import Random

import pytest

from llm_trainer.evaluation import statistics
from llm_trainer.evaluation.production import bins_of, rows_of, windows_of
from tests.evaluation import speech


def test_what_rises_has_a_trend_and_what_falls_or_stands_has_none() -> None:
    rising = statistics.trend([float(n) for n in range(20)], Random(1))
    falling = statistics.trend([float(-n) for n in range(20)], Random(1))
    level = statistics.trend([1.0] * 20, Random(1))

    assert rising is not None
    assert falling is not None
    assert level is not None
    assert (rising.slope, rising.p) == (1.0, 1 / 5001)
    assert falling.p > 0.99
    assert (level.slope, level.p) == (0.0, 1.0)
    assert statistics.trend([1, 2, 3, 4], Random(1)) is None


def test_an_interval_holds_the_mean_and_narrows_with_more_values() -> None:
    chance = Random(3)
    few, many = ([chance.random() for _ in range(n)] for n in (50, 2000))
    wide = statistics.interval(few, [1.0] * 50, Random(1), 10)
    narrow = statistics.interval(many, [1.0] * 2000, Random(1), 10)

    assert wide is not None
    assert narrow is not None
    assert wide.lower < sum(few) / 50 < wide.upper
    assert narrow.upper - narrow.lower < (wide.upper - wide.lower) / 3
    assert statistics.interval([1.0] * 5, [1.0] * 5, Random(1), 10) is None
    assert statistics.interval([0.0] * 50, [0.0] * 50, Random(1), 10) is None


def test_questions_asked_together_must_be_surer() -> None:
    assert statistics.holm({"a": 0.04, "b": 0.01, "c": 0.02}) == pytest.approx({"a": 0.04, "b": 0.03, "c": 0.04})
    assert statistics.holm({}) == {}


def test_windows_overlap_and_bins_do_not() -> None:
    rows = rows_of(speech.talk(1200, speech.babbles))

    assert len(windows_of(rows)) <= 120
    assert all(len(window) in range(50, 101) for window in windows_of(rows))
    assert len(bins_of(rows)) <= 40
    assert [row for each in bins_of(rows) for row in each] == rows
