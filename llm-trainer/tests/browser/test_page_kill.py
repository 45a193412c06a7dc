"""The whole life of a session steered from the page, over a real middleware in a process of its own that is killed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from llm_trainer.middleware.standins import StandInLearner, StandInLlm, served
from tests.browser.conftest import Watched
from tests.browser.serving import free_port
from tests.middleware.test_kills import HOME, Service
from tests.serving import wait_until

EXCHANGES = 5_000
"""More than are made: the session is stopped from the page."""


@pytest.fixture
def middleware(tmp_path: Path) -> Iterator[Service]:
    learner, port = StandInLearner(), free_port()
    with served(learner) as learner_url, served(StandInLlm()) as llm_url:
        environment = os.environ | {
            "TRAINER_CEREBRUM_URL": learner_url,
            "TRAINER_LLM_SERVER_URL": llm_url,
            "TRAINER_DATA_DIR": str(tmp_path / "logs"),
        }
        command = [sys.executable, "middleware.py", "--port", str(port)]
        service = Service(command, HOME, port, environment, tmp_path / "middleware.log")
        try:
            wait_until(lambda: service.says("/readyz"), 60)
            yield service
        finally:
            service.end()
    learner.close()


@pytest.fixture
def url(middleware: Service) -> str:
    return middleware.url


def held(page: Any) -> list[int]:
    """The numbers of the exchanges that a page holds."""
    numbers: list[int] = page.evaluate(
        "import('/static/main.js').then((page) => [...page.live.transcript.exchanges.keys()].sort((a, b) => a - b))"
    )
    return numbers


def shown(page: Any) -> int:
    return int("".join(c for c in page.locator(".strip-count").inner_text().split("of")[0] if c.isdigit()) or 0)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_session_is_steered_watched_and_survives_a_kill(
    page: Any, url: str, middleware: Service, watched: Watched
) -> None:
    page.goto(url)
    page.get_by_label("Exchanges", exact=True).fill(str(EXCHANGES))
    page.get_by_label("Seconds between exchanges").first.fill("0.02")
    page.get_by_role("button", name="Start the session").click()
    other = page.context.new_page()
    other.goto(f"{url}/#conversation")
    wait_until(lambda: shown(page) >= 100, 90)

    page.locator("[data-act=pause]").click()
    expect(page.locator(".phase")).to_have_text("Paused")
    before = shown(page)
    page.locator("[data-act=step]").click()
    wait_until(lambda: shown(page) == before + 1, 20)
    page.locator("#steer-delay").fill("0.05")
    page.get_by_role("button", name="Change").click()
    expect(page.locator(".steer-answer")).to_have_text("Changed: delay 0.050.")
    page.locator("[data-act=resume]").click()
    page.reload()
    wait_until(lambda: shown(page) > before + 5, 60)

    killed_at = shown(page)
    middleware.kill()
    expect(page.locator("#banner")).to_contain_text("No connection to the middleware since")
    expect(page.locator("#connection")).to_have_text("live", timeout=60_000)
    wait_until(lambda: shown(page) > killed_at + 10, 60)
    page.locator("[data-act=stop]").click()
    expect(page.locator(".phase")).to_have_text("Ended", timeout=30_000)

    total = middleware.says("/api/training/log?limit=1")["total_exchanges"]  # type: ignore[index]
    for tab in (page, other):
        wait_until(lambda tab=tab: held(tab)[-1:] == [total], 30)  # type: ignore[misc]
        assert held(tab) == list(range(1, total + 1))
    assert [text for text in watched.complaints if "ERR_" not in text] == []
    watched.complaints.clear()  # Chromium itself tells that nobody answered while the middleware was down
