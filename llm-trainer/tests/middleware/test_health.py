"""Health is told at once and asks nobody, while both ends hang and everybody asks (P12)."""

from __future__ import annotations

import asyncio
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from llm_trainer.middleware.monitor import EVERY_SECONDS
from llm_trainer.middleware.standins import StandInLearner, StandInLlm
from tests.promises import Figure, Scale
from tests.serving import wait_until

from .conftest import scene

POLLERS = 10
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
    learner, llm, polls = Hanging(StandInLearner()), Hanging(StandInLlm()), scale(100, 1_000)
    with scene(tmp_path, learner, llm) as at_work, ThreadPoolExecutor(POLLERS) as pool:
        at_work.start(max_exchanges=100_000)
        wait_until(lambda: at_work.status()["exchanges_completed"] > 3)
        learner.hangs = llm.hangs = True
        began, before = time.monotonic(), (learner.asked, llm.asked)
        answers = [answer for part in pool.map(_poll, [at_work.url] * POLLERS, [polls] * POLLERS) for answer in part]
        seconds, asked = time.monotonic() - began, (learner.asked - before[0], llm.asked - before[1])
    learner.honest.close()

    caused = max(0, *(count - 2 - seconds / EVERY_SECONDS for count in asked))  # looks and the one call of the session
    spent = sorted(each for status, each in answers if status in (200, 503))
    p99 = statistics.quantiles(spent, n=100)[-1]
    figure("P12", requests=len(answers), median_ms=statistics.median(spent), p99_ms=p99, upstream_calls_caused=caused)
    assert len(spent) == len(answers)
    assert caused == 0
    assert p99 < 1_000  # a look at an end that hangs takes two seconds


def _poll(url: str, count: int) -> list[tuple[int, float]]:
    """Statuses and milliseconds."""
    found = []
    with httpx2.Client(base_url=url, timeout=20, trust_env=False) as client:
        for number in range(count):
            began = time.perf_counter()
            status = client.get(PATHS[number % 2]).status_code
            found.append((status, (time.perf_counter() - began) * 1000))
    return found
