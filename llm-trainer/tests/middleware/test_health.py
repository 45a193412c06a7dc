"""Health is told at once and asks nobody, while both ends hang and everybody asks (P12)."""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import Any

import pytest

from llm_trainer.middleware.monitor import EVERY_SECONDS
from llm_trainer.middleware.standins import StandInLearner, StandInLlm
from tests.asking import Wish, asked
from tests.promises import Figure, Scale
from tests.serving import wait_until

from .conftest import scene

POLLERS = 100
PATHS = ("/healthz", "/readyz")


class Hanging:
    """Whatever is asked once ``hangs``: taken, never answered."""

    def __init__(self, honest: Any) -> None:
        self.honest, self.hangs, self.asked = honest, False, 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked += 1
        if self.hangs:
            await asyncio.sleep(60)
        await self.honest(scope, receive, send)


@pytest.mark.slow
@pytest.mark.promise("P12")
def test_health_asks_nobody_and_waits_for_nobody(tmp_path: Any, figure: Figure, scale: Scale) -> None:
    learner, llm = Hanging(StandInLearner()), Hanging(StandInLlm())
    with scene(tmp_path, learner, llm) as at_work:
        at_work.start(max_exchanges=100_000)
        wait_until(lambda: at_work.status()["exchanges_completed"] > 3)
        learner.hangs = llm.hangs = True
        began, before = time.monotonic(), (learner.asked, llm.asked)
        answers = asked(Wish(int(at_work.url.rpartition(":")[2]), POLLERS, PATHS, every=0.25, seconds=scale(3, 60)))
        seconds, calls = time.monotonic() - began, (learner.asked - before[0], llm.asked - before[1])
    learner.honest.close()

    caused = max(0, *(count - 2 - seconds / EVERY_SECONDS for count in calls))  # looks and the one call of the session
    spent = {path: [answer.milliseconds for answer in answers if answer.path == path] for path in PATHS}
    told = {f"{path[1:]}_{name}": round(at, 2) for path in PATHS for name, at in percentiles(spent[path]).items()}
    figure("P12", pollers=POLLERS, requests=len(answers), **told, upstream_calls_caused=caused)
    assert {answer.status for answer in answers if answer.path == "/healthz"} == {200}
    assert {answer.status for answer in answers if answer.path == "/readyz"} <= {200, 503}
    assert caused == 0
    assert max(max(each) for each in spent.values()) < 1_900  # a look at an end that hangs takes two seconds


def percentiles(spent: list[float]) -> dict[str, float]:
    """The middle one and the slowest of a hundred."""
    return {"median_ms": statistics.median(spent), "p99_ms": statistics.quantiles(spent, n=100)[-1]}
