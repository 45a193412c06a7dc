"""The pictures in ``docs/pictures``: every view of real sessions, recorded dialogues taught to the real CEREBRUM.

    python -m tests.browser.screenshots [FOLDER] [--exchanges 600] [--middleware URL --learner URL]

In ``llm-trainer/``, with the test environment, Chromium, CEREBRUM's environment and ``../shared/data`` beside the
repository. Three sessions are held: two to their end, one that is paused while the pictures are taken. With addresses,
programs that run already are taken instead of fresh ones (``--exchanges 0``: with the three sessions that they hold).
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
from playwright.sync_api import sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.middleware.test_kills import HOME, INTERPRETER, running
from tests.middleware.test_real_input import DIALOGUES, recording
from tests.serving import wait_until

SIZES = {"wide-light": ((1280, 800), "light"), "phone-dark": ((390, 844), "dark")}
LIMIT_BYTES = 150_000
PATIENCE_MS = 120_000


def main() -> int:
    """Hold the sessions, take the pictures; 1 when something that is needed is missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=HOME / "docs" / "pictures")
    parser.add_argument("--exchanges", type=int, default=600)
    parser.add_argument("--middleware", help="one that runs already, between the LLM server and CEREBRUM")
    parser.add_argument("--learner", help="that CEREBRUM")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    if given.middleware and given.learner:
        if given.exchanges:
            _hold_all(given.middleware, given.exchanges)
        _take(given.middleware, given.learner, given.folder)
        return 0
    missing = [str(need) for need in (DIALOGUES, INTERPRETER, CHROMIUM) if not (need and Path(need).exists())]
    if missing:
        sys.stderr.write(f"screenshots: {', '.join(missing)} is needed and not here\n")
        return 1
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), recording) as services:
        wait_until(lambda: all(service.says("/api/status") for service in services.values()), 120)
        _hold_all(services["middleware"].url, given.exchanges)
        _take(services["middleware"].url, services["learner"].url, given.folder)
    return 0


def _hold_all(url: str, exchanges: int) -> None:
    _hold(url, exchanges // 2, 1, pause_at=0)
    _hold(url, exchanges // 3, 2, pause_at=0)
    _hold(url, exchanges, 3, pause_at=exchanges * 9 // 10)


def _hold(url: str, exchanges: int, seed: int, pause_at: int) -> None:
    with httpx2.Client(base_url=url, timeout=30, trust_env=False) as http:
        plan = {"max_exchanges": exchanges, "delay": 0, "seed": seed, "topic_switch_interval": 15}
        http.post("/api/training/start", json=plan).raise_for_status()

        def far_enough() -> bool:
            status = http.get("/api/training/status").json()
            return not status["running"] or bool(pause_at and status["exchanges_completed"] >= pause_at)

        wait_until(far_enough, 900)
        if pause_at:
            http.post("/api/training/pause").raise_for_status()


def _take(url: str, learner: str, folder: Path) -> None:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        for name, ((width, height), theme) in SIZES.items():
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme)
            page.set_default_timeout(PATIENCE_MS)
            for view, prepare in VIEWS.items():
                page.goto(f"{url}/#{view}")
                page.locator("#connection[data-state=live]").wait_for()
                page.locator("h1").wait_for()
                prepare(page)
                _picture(page, folder / f"{view}-{name}.png")
            page.goto(f"{url}/#growth")
            _garden(page)
            _picture(page, folder / f"garden-{name}.png")
            page.goto(learner)
            _mind(page)
            _picture(page, folder / f"cerebrum-{name}.png")
            page.close()
        page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme="light")
        page.set_default_timeout(PATIENCE_MS)
        _start_form(page, url)
        _picture(page, folder / "start-wide-light.png")
        browser.close()


def _picture(page: Any, file: Path) -> None:
    page.evaluate("document.fonts.ready")
    page.screenshot(path=file)
    assert file.stat().st_size < LIMIT_BYTES, f"{file.name} weighs {file.stat().st_size}"


def _now(page: Any) -> None:
    page.locator(".spark polyline").first.wait_for()


def _conversation(page: Any) -> None:
    page.locator(".why").last.click()
    page.locator(".woven").wait_for()


def _growth(page: Any) -> None:
    page.get_by_text("exchanges measured").wait_for()
    page.locator("#chart-utterance-length canvas").wait_for()


def _garden(page: Any) -> None:
    page.locator("#garden-scope").select_option("all")
    page.get_by_text(re.compile(r"exchanges of \d+ sessions\.")).wait_for()
    page.locator(".produced .plant").first.click()
    page.get_by_role("button", name="show the sentences").click()
    page.locator(".quotes li").first.wait_for()
    page.locator(".garden").evaluate("(garden) => garden.scrollIntoView()")
    page.evaluate("scrollBy(0, -90)")


def _sessions(page: Any) -> None:
    page.get_by_label("Compare all").check()
    page.locator("#chart-comparison .legend-item").nth(2).wait_for()


def _traffic(page: Any) -> None:
    page.locator("tbody .link").first.click()
    page.locator(".bodies pre").first.wait_for()


def _health(page: Any) -> None:
    page.locator(".service.good").nth(2).wait_for()


def _mind(page: Any) -> None:
    page.get_by_label("Say something").fill("Do you like music?")
    page.get_by_label("learn from what I say").uncheck()
    page.get_by_role("button", name="Say", exact=True).click()
    page.locator("#turns .its").wait_for()
    page.locator("#heard-list").get_by_role("button", name="Why it answered").first.click()
    page.locator("#why-body .word").first.wait_for()
    page.evaluate("scrollTo(0, 0)")


def _start_form(page: Any, url: str) -> None:
    """The form as it is before a session: steered there by ending the one that is paused."""
    page.goto(url)
    page.locator("[data-act=stop]").click()
    page.locator("[data-act=start]").click()
    page.get_by_label("Back end").wait_for()
    page.evaluate("scrollTo(0, 0)")


VIEWS: dict[str, Callable[[Any], None]] = {
    "now": _now,
    "conversation": _conversation,
    "growth": _growth,
    "sessions": _sessions,
    "traffic": _traffic,
    "health": _health,
}

if __name__ == "__main__":
    sys.exit(main())
