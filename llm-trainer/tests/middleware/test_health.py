"""Health is told at once and asks nobody, while both ends hang and everybody asks (P12)."""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from llm_trainer.middleware.monitor import EVERY_SECONDS
from llm_trainer.middleware.standins import StandInLearner, StandInLlm
from tests.promises import Figure, Scale
from tests.serving import wait_until

from . import polling
from .conftest import scene
from .polling import PATHS

POLLERS = 100


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
        answers = polled(at_work.url, scale(3, 60))
        seconds, asked = time.monotonic() - began, (learner.asked - before[0], llm.asked - before[1])
    learner.honest.close()

    caused = max(0, *(count - 2 - seconds / EVERY_SECONDS for count in asked))  # looks and the one call of the session
    spent = {path: [each for asked_for, _, each in answers if asked_for == path] for path in PATHS}
    told = {f"{path[1:]}_{name}": round(at, 2) for path in PATHS for name, at in percentiles(spent[path]).items()}
    figure("P12", pollers=POLLERS, requests=len(answers), **told, upstream_calls_caused=caused)
    assert {status for path, status, _ in answers if path == "/healthz"} == {200}
    assert {status for path, status, _ in answers if path == "/readyz"} <= {200, 503}
    assert caused == 0
    assert max(max(each) for each in spent.values()) < 1_900  # a look at an end that hangs takes two seconds


def polled(url: str, seconds: int) -> list[tuple[str, int, float]]:
    """What those who ask were answered: path, status, milliseconds."""
    source, port = Path(polling.__file__), url.rpartition(":")[2]
    command = [sys.executable, str(source), port, str(POLLERS), str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60)
    return [(path, status, spent) for path, status, spent in json.loads(done.stdout)]


def percentiles(spent: list[float]) -> dict[str, float]:
    """The middle one and the slowest of a hundred."""
    return {"median_ms": statistics.median(spent), "p99_ms": statistics.quantiles(spent, n=100)[-1]}
