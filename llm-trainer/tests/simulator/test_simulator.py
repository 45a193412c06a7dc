"""Thousands of worlds in which everything goes wrong; after each step every law holds (PROMISES, section 4)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from tests.promises import Figure, Scale

from .simulate import Outcome, seldom_collected, simulate
from .weather import IDEMPOTENT, Weather

HOME = Path(__file__).resolve().parents[2]
BATCH = 250


def live_through(seeds: Iterable[int]) -> tuple[Counter[str], list[int]]:
    """All these worlds: what was counted in them, and the seeds in which a law did not hold."""
    counted: Counter[str] = Counter()
    failed = []
    for seed in seeds:
        outcome = simulate(seed)
        counted += outcome.counted
        if outcome.failure is not None:
            failed.append(seed)
            sys.stdout.write(f"seed {seed}: {outcome.failure!r}\n  python run_tests.py --sim {seed}\n")
    return counted, failed


def told(counted: Counter[str]) -> dict[str, int]:
    """What a reader wants to know of many worlds."""
    kept = ("taught", "uncertain", "told again", "requests", "commits", "crashes", "restores")
    return {name.replace(" ", "_"): counted[name] for name in kept}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.promise("P4", "P5", "P11")
def test_in_every_world_every_law_holds(figure: Figure, scale: Scale) -> None:
    seeds = scale(2_000, 100_000)
    began = time.perf_counter()
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        parts = list(pool.map(_in_a_process, range(0, seeds, BATCH)))
    counted: Counter[str] = Counter()
    for part, _ in parts:
        counted += part
    failed = [seed for _, some in parts for seed in some]

    seconds = round(time.perf_counter() - began)
    figure("P4", seeds=seeds, laws_broken=len(failed), **told(counted), seconds=seconds)
    figure("P5", seeds=seeds, minds_set_back=counted["restores"], told_something_new_first=len(failed))
    figure("P11", seeds=seeds, hangs=len(failed))
    assert failed == []
    assert counted["restores"] > seeds / 20
    assert counted["uncertain"] > 0


def _in_a_process(first: int) -> tuple[Counter[str], list[int]]:
    """A batch in a process of its own, so that both cores work."""
    source = f"from tests.simulator.test_simulator import batch; batch({first}, {first + BATCH})"
    done = subprocess.run([sys.executable, "-c", source], cwd=HOME, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *seen, last = done.stdout.splitlines()
    sys.stdout.write("".join(f"{line}\n" for line in seen))
    counts, failed = last.split("|")
    counted = Counter({name: int(count) for name, _, count in (each.rpartition("=") for each in counts.split(","))})
    return counted, [int(seed) for seed in failed.split()]


def batch(first: int, end: int) -> None:
    """For the process: the counts and the failed seeds in the last line."""
    seldom_collected()
    counted, failed = live_through(range(first, end))
    counts = ",".join(f"{name}={count}" for name, count in counted.items())
    sys.stdout.write(f"{counts}|{' '.join(map(str, failed))}\n")


def test_a_few_worlds_of_each_kind_hold_the_laws() -> None:
    _, failed = live_through(range(50_000, 50_030))

    assert failed == []


@pytest.mark.parametrize("seed", [5, 11, 2_115])
def test_the_same_seed_is_the_same_world_step_by_step(seed: int) -> None:
    first, again = simulate(seed), simulate(seed)

    assert first.trace == again.trace
    assert first.digest == again.digest


@pytest.mark.promise("P11")
def test_after_ten_minutes_without_the_learner_the_session_goes_on_by_itself(figure: Figure) -> None:
    away = 600.0
    outcome = simulate(1, Weather(exchanges=20, delay=0.5, away_at=3.0, away_seconds=away))
    back = 3.0 + away
    asked = [at for at, line in said(outcome, "learner <-") if at > 3.0]
    probes = [at for at in asked if at < back]
    resumed = min(at for at, _ in said(outcome, "learner <- POST") if at > back) - back
    gaps = [later - earlier for earlier, later in pairwise(probes)]

    figure("P11", minutes_away=10, probes_a_minute=round(len(probes) / 10, 1), resumed_after_seconds=round(resumed, 1))
    assert outcome.failure is None
    assert resumed <= 20
    assert min(gaps[8:]) >= 15
    assert outcome.counted["taught"] == 21


def said(outcome: Outcome, what: str) -> list[tuple[float, str]]:
    """Lines of a world's story, with their time."""
    return [(float(line[:10]), line) for line in outcome.trace if what in line]


def test_without_faults_nothing_is_asked_twice() -> None:
    outcome = simulate(3, Weather(exchanges=6, delay=0.0))

    assert outcome.failure is None
    assert outcome.counted["taught"] == 7
    assert len(said(outcome, "learner <- POST")) == len(said(outcome, "llm <- POST")) == 7


@pytest.mark.parametrize("capabilities", [IDEMPOTENT, ("cursor",)])
def test_a_learner_set_back_to_an_older_mind_hears_nothing_new_first(capabilities: tuple[str, ...]) -> None:
    storm = Weather(capabilities=capabilities, calls=0.05, outages=0.4, restores=1.0, outage_seconds=0.3)
    outcomes = [simulate(seed, storm) for seed in range(12)]

    assert [outcome.failure for outcome in outcomes] == [None] * 12
    assert sum(outcome.counted["restores"] for outcome in outcomes) > 3


def test_what_a_death_cut_off_is_not_said_again_to_a_learner_that_takes_no_keys() -> None:
    storm = Weather(capabilities=("cursor",), commits=0.06, delay=0.0, calm_at=30.0)
    outcomes = [simulate(seed, storm) for seed in range(12)]

    assert [outcome.failure for outcome in outcomes] == [None] * 12
    assert sum(outcome.counted["uncertain"] for outcome in outcomes) > 0


def test_deaths_between_refused_texts_keep_no_session_from_going_on() -> None:
    storm = Weather(commits=0.06, useless=0.5, delay=0.0, calm_at=30.0, exchanges=5)

    assert [simulate(seed, storm).failure for seed in range(12)] == [None] * 12


@pytest.mark.parametrize("capabilities", [IDEMPOTENT, ("cursor",), ()])
def test_a_storm_of_faults_ends_well_with_every_kind_of_learner(capabilities: tuple[str, ...]) -> None:
    storm = Weather(capabilities=capabilities, calls=0.5, commits=0.02, full=0.01, exchanges=5)
    outcomes = [simulate(seed, replace(storm, calm_at=8.0)) for seed in range(13)]

    assert [outcome.failure for outcome in outcomes] == [None] * 13
    assert (sum(outcome.counted["uncertain"] for outcome in outcomes) > 0) or capabilities == IDEMPOTENT
