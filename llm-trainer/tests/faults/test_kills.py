"""kill -9, of any of the three, at any instant and at every named point: nothing lost, nothing twice, order kept.

And an orderly end at any instant, by a signal: in time, with nothing left in doubt.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import Counter

import pytest

from tests.faults.crew import INTERPRETER, Crew, crew

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL"),
]


def compare(running: Crew) -> tuple[int, int, int, int]:
    """Lost, taught twice, taught but not in the record, out of order; all services have ended."""
    taught, heard = running.taught(), running.heard()
    said, known = Counter(taught), Counter(heard)
    lost, unlogged = sum((said - known).values()), sum((known - said).values())
    keys = Counter(key for key, _, _ in heard)
    twice = sum(count - 1 for count in keys.values())
    return lost, twice, unlogged, int(taught != heard)


@pytest.mark.promise("P1")
@pytest.mark.parametrize(("is_real", "short", "full", "between"), [(False, 160, 1_000, 50), (True, 40, 200, 10)])
def test_after_kills_at_random_instants_both_records_agree(tmp_path, figure, scale, is_real, short, full, between):
    if is_real and not INTERPRETER.exists():
        pytest.skip(f"needs the learner's environment, {INTERPRETER}")
    kills, chance, killed, began = scale(short, full), random.Random(20), Counter[str](), time.monotonic()
    with crew(tmp_path, is_real) as running:
        running.begin()
        running.goes_on(3)
        for number in range(kills):
            time.sleep(chance.uniform(0.0, 0.15))  # a random instant, not a wait for anything
            draw = chance.random()
            targets = [running.llm] * (draw > 0.9)  # a fifth of the time trainer and learner at once
            targets += [running.middleware] * (draw < 0.6) + [running.learner] * (draw >= 0.4)
            for target in targets:
                target.kill()
                killed[target.name] += 1
            if number % 10 == 9:
                running.goes_on(scale(5, between))
        running.goes_on(5)
        stopped = running.stop()
        running.end()
        lost, twice, unlogged, disorder = compare(running)
        exchanges = len(running.taught())
        in_doubt = len(running.unsettled())
    figure(
        "P1", taught="cerebrum" if is_real else "a stand-in", kills=sum(killed.values()), **killed, exchanges=exchanges,
        lost=lost, twice=twice, unlogged=unlogged, out_of_order=disorder, uncertain=stopped["uncertain"],
        seconds=round(time.monotonic() - began),
    )  # fmt: skip

    assert (lost, twice, unlogged, disorder) == (0, 0, 0, 0)
    assert (stopped["uncertain"], in_doubt) == (0, 0)
    assert stopped["exchanges_completed"] == exchanges


STORE, LEDGER = "llm_trainer.middleware.store:Record._flush", "llm_trainer.middleware.ledger:Ledger"
TRAINER_POINTS = [
    STORE,
    "llm_trainer.middleware.learner:HttpLearner.teach",
    "llm_trainer.middleware.teacher:HttpTeacher.speak",
    f"{LEDGER}.draft",
    f"{LEDGER}.sending",
    f"{LEDGER}.event",
]
EXPORT_POINTS = ["llm_trainer.middleware.export:_to_disk", "llm_trainer.middleware.export:_into_place"]
WHEN = ("before", "after")
LEARNER_POINTS = [
    "cerebrum.store:Store.append",
    "cerebrum.store:Store.recorded",
    "cerebrum.mind:Mind.learn",
    "cerebrum.mind:Mind.respond",
]


@pytest.mark.promise("P1")
def test_after_a_kill_at_each_named_point_both_records_agree(tmp_path, figure, scale):
    is_real = INTERPRETER.exists()
    hits = range(1, scale(1, 3) + 1)
    points = [("learner", point, 0) for point in LEARNER_POINTS] if is_real else []
    points += [("middleware", point, 3) for point in TRAINER_POINTS] + [
        ("middleware", point, 0) for point in EXPORT_POINTS
    ]
    cases = [(name, f"{point}:{when}", later + hit) for name, point, later in points for when in WHEN for hit in hits]
    died = 0
    with crew(tmp_path, is_real) as running:
        running.begin()
        running.goes_on(2)
        for name, point, hit in cases:
            target = getattr(running, name)
            os.kill(target.pid, signal.SIGKILL)
            target.wait(30)
            target.start(CRASH_AT=f"{point}:{hit}")
            code = target.wait(120)
            assert code == -signal.SIGKILL, f"{point}:{hit} was never reached ({code})"
            died += 1
            target.start()
            running.goes_on(1)
        stopped = running.stop()
        running.end()
        lost, twice, unlogged, disorder = compare(running)
    ends = {"lost": lost, "twice": twice, "unlogged": unlogged, "out_of_order": disorder}
    figure(
        "P1", points=len({point for _, point, _ in cases}), kills_at_points=died, **ends, uncertain=stopped["uncertain"]
    )

    assert (lost, twice, unlogged, disorder, stopped["uncertain"]) == (0, 0, 0, 0, 0)


@pytest.mark.promise("P7")
def test_a_signal_at_any_instant_ends_it_in_time_with_nothing_in_doubt(tmp_path, figure, scale):
    rounds, chance, slowest, codes = scale(30, 500), random.Random(7), 0.0, Counter[int | None]()
    with crew(tmp_path) as running:
        for number in range(rounds):
            target = running.learner if number % 3 == 2 else running.middleware
            if number == 0 or target is running.middleware:
                running.begin()
            time.sleep(chance.uniform(0.0, 0.2))  # a random instant, not a wait for anything
            began = time.monotonic()
            os.kill(target.pid, chance.choice((signal.SIGTERM, signal.SIGINT)))
            code = target.wait(15)
            slowest = max(slowest, time.monotonic() - began)
            codes[code] += 1
            assert code is not None, f"{target.name} did not end"
            target.start()
            if target is running.learner:
                running.until(lambda: running.middleware.ask("GET", "/api/training/status"))
        running.until(lambda: running.middleware.ask("GET", "/api/training/status"))
        running.stop()
        running.end()
        lost, twice, unlogged, disorder = compare(running)
        in_doubt = len(running.unsettled())
    ends = {"lost": lost, "twice": twice, "unlogged": unlogged, "out_of_order": disorder, "in_doubt": in_doubt}
    figure("P7", signals=rounds, slowest_seconds=round(slowest, 2), **ends)

    assert (lost, twice, unlogged, disorder, in_doubt) == (0, 0, 0, 0, 0)
    assert slowest < 5
    assert set(codes) <= {0, -signal.SIGTERM, -signal.SIGINT, 130, 143}, codes
