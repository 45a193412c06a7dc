"""CEREBRUM's own page, in a real Chromium: talk with it, look into its mind, ask why, have it forget."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
ROOT = Path(__file__).resolve().parent.parent
PLACES = (("bin", "python"), ("Scripts", "python.exe"))
PYTHON = next(
    (path for path in ((ROOT / "cerebrum/.venv").joinpath(*place) for place in PLACES) if path.exists()),
    None,
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PYTHON is None, reason="CEREBRUM is not here or not installed"),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]
PATIENCE_SECONDS = 60.0
HEARD = ("Do you like tea?", "I like tea with milk.", "The cat sleeps on the mat.", "Where does the cat sleep?")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """CEREBRUM in a process of its own, which has overheard a short conversation."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [str(PYTHON), "-m", "cerebrum", "serve", "--port", str(port)]
    command += ["--data-dir", str(tmp_path_factory.mktemp("mind"))]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=ROOT / "cerebrum", **quiet) as process:  # type: ignore[call-overload]
        try:
            address = f"http://127.0.0.1:{port}"
            until(lambda: ask(address, "/readyz") is not None)
            turns = [{"speaker": "ab"[i % 2], "text": text} for i, text in enumerate(HEARD * 3)]
            assert ask(address, "/api/observe", {"turns": turns}) is not None
            yield address
        finally:
            process.terminate()
            process.wait(30)


def ask(address: str, path: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address + path, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)
    except OSError:
        return None


def until(holds: Any) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any, url: str) -> Iterator[Any]:
    """The page. Console errors, uncaught exceptions and requests to other hosts fail the test at its end."""
    expect.set_options(timeout=PATIENCE_SECONDS * 1000)
    context, complaints = browser.new_context(viewport={"width": 1280, "height": 900}), []
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE_SECONDS * 1000)
    opened.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda r: None if r.url.startswith(url) else complaints.append(r.url))
    opened.goto(url)
    yield opened
    context.close()
    assert complaints == []


def say(page: Any, text: str) -> None:
    before = page.locator("#turns .its").count()
    page.get_by_label("Say something").fill(text)
    page.get_by_role("button", name="Say", exact=True).click()
    expect(page.locator("#turns .its")).to_have_count(before + 1)


def test_talk_by_hand_is_learned_or_not_as_was_asked(page: Any, url: str) -> None:
    before = ask(url, "/api/status")["observations"]
    page.get_by_label("learn from what I say").uncheck()
    say(page, "Nobody shall remember zanzibar.")
    assert ask(url, "/api/status")["observations"] == before

    page.get_by_label("learn from what I say").check()
    say(page, "My dog likes the garden.")
    assert ask(url, "/api/status")["observations"] == before + 1
    expect(page.locator("#heard-list")).to_contain_text("My dog likes the garden.")
    expect(page.locator("#heard-list")).not_to_contain_text("zanzibar")


def test_stage_measurements_vocabulary_and_patterns_are_shown_and_searched(page: Any, url: str) -> None:
    stage = ask(url, "/api/status")["stage"]
    expect(page.locator("#stages [aria-current]")).to_have_text(stage)
    expect(page.locator("#measurements")).to_contain_text("bits per character")
    expect(page.locator("#patterns-list li")).to_have_count(len(ask(url, "/api/patterns?limit=40")["patterns"]))
    page.get_by_label("Find a word").fill("mil")
    expect(page.locator("#words-list li")).to_have_text(["milk 3"])
    page.get_by_label("Find in what was heard").fill("mat")
    expect(page.locator("#heard-list li")).to_have_count(3)


def test_why_names_the_observations_that_the_words_came_from(page: Any) -> None:
    say(page, "Do you like tea?")
    answer = page.locator("#turns .its").last
    if answer.get_by_role("button", name="why?").count() == 0:
        pytest.skip("so young a mind may have nothing to say yet")
    answer.get_by_role("button", name="why?").click()

    expect(page.locator("#why-body .word.traced").first).to_be_visible()
    expect(page.locator("#why-body .entries li").first).to_contain_text("heard as number")


def test_an_observation_is_forgotten_when_a_person_says_so_twice(page: Any, url: str) -> None:
    say(page, "The password is swordfish.")
    seq = ask(url, "/api/observations?q=swordfish")["observations"][0]["seq"]
    page.get_by_role("button", name=f"Forget {seq}", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Keep it").click()
    assert ask(url, "/api/observations?q=swordfish")["observations"]

    page.get_by_role("button", name=f"Forget {seq}", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Forget it").click()
    expect(page.locator("#heard-list")).not_to_contain_text("swordfish")
    assert ask(url, "/api/observations?q=swordfish")["observations"] == []


@pytest.mark.parametrize("width", [360, 1280])
def test_it_is_never_wider_than_the_window(page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    expect(page.locator("#heard-list li").first).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.skipif("AXE" not in os.environ, reason="AXE names no copy of axe.min.js")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_breaks_no_rule_of_level_aa(browser: Any, url: str, theme: str) -> None:
    context = browser.new_context(color_scheme=theme, bypass_csp=True)
    page = context.new_page()
    page.goto(url)
    expect(page.locator("#heard-list li").first).to_be_visible()
    page.evaluate("(source) => window.axe || (0, eval)(source)", Path(os.environ["AXE"]).read_text("utf-8"))
    answer = page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})")
    context.close()

    assert {v["id"]: [node["html"][:160] for node in v["nodes"][:3]] for v in answer["violations"]} == {}
