"""Keyboard, screen reader, narrow and wide, light and dark."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.fake import Fake

VIEWS = ("now", "conversation", "growth", "sessions", "traffic", "health")


@pytest.fixture
def busy(fake: Fake) -> Fake:
    fake.record(240)
    fake.max_exchanges, fake.running, fake.phase, fake.last_error = 500, True, "paused", "the learner was late"
    fake.learners.append({"name": "other", "lease": None})
    told = {"backend": "ollama", "model": "m", "state": "unreachable", "breaker": "open", "last_error": "nobody there"}
    fake.said |= {"warning": "its context is full", "backends": [told, told | {"backend": "tutor"}]}
    return fake


def open_all(page: Any, view: str) -> None:
    """Open in a view what a click opens."""
    if view == "conversation":
        page.locator(".why").last.click()
        page.get_by_role("button", name="Talk by hand").click()
        expect(page.locator(".woven")).to_be_visible()
    if view == "growth":
        page.locator("#garden-scope").select_option("all")
        page.locator(".plant").first.click()
        page.get_by_role("button", name="show the sentences").click()
        expect(page.locator(".quotes li").first).to_be_visible()
    if view == "sessions":
        page.get_by_label("Compare all").check()
        expect(page.locator("#chart-comparison .legend-item")).to_have_count(2)
    if view == "delete":
        page.get_by_role("button", name="Delete").first.click()
    if view == "traffic":
        page.locator("tbody .link").first.click()
        expect(page.locator(".bodies pre").first).to_be_visible()
    if view == "now/start":
        expect(page.get_by_label("Back end")).to_be_visible()


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """axe-core from the package registry, never kept here; AXE names a copy for machines without a registry."""
    if given := os.environ.get("AXE"):
        return Path(given).read_text("utf-8")
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed, so axe-core cannot be fetched (or set AXE to a copy of axe.min.js)")
    folder = tmp_path_factory.mktemp("axe")
    command = [npm, "install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "axe-core@4.14.1"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=90, check=False)
    if done.returncode:
        pytest.skip(f"axe-core cannot be fetched: {done.stderr.strip()[-200:]}")
    return (folder / "node_modules/axe-core/axe.min.js").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("view", [*VIEWS, "now/start", "delete"])
def test_no_view_breaks_a_rule_of_level_aa(
    chromium: Any, url: str, busy: Fake, axe: str, view: str, theme: str
) -> None:
    context = chromium.new_context(color_scheme=theme, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{url}/#{'sessions' if view == 'delete' else view}")
    expect(page.locator("#connection")).to_have_text("live")
    expect(page.locator("h1")).to_be_visible()
    open_all(page, view)
    page.evaluate("(source) => window.axe || (0, eval)(source)", axe)
    answer = page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})")
    context.close()

    assert {v["id"]: [node["html"][:160] for node in v["nodes"][:3]] for v in answer["violations"]} == {}


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 768, 1280, 2000])
def test_no_view_is_wider_than_the_window(page: Any, url: str, busy: Fake, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 780})
    for view in (*VIEWS, "now/start"):
        page.goto(f"{url}/#{view}")
        expect(page.locator("#connection")).to_have_text("live")
        expect(page.locator("h1")).to_be_visible()
        open_all(page, view)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, view
        if width < 640 and view in ("sessions", "growth"):  # their tables become cards: nothing to be pushed aside
            hidden = "[...document.querySelectorAll('.table-scroll')].map(e => e.scrollWidth - e.clientWidth)"
            assert max(page.evaluate(hidden)) <= 0, view


def test_every_view_is_reached_by_keyboard(page: Any, url: str, busy: Fake) -> None:
    page.goto(url)
    expect(page.locator("#connection")).to_have_text("live")
    reached = set()
    for _ in range(16):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.dataset.view ?? ''"))
    assert set(VIEWS) <= reached

    page.locator("#nav a[data-view=health]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Health")
    expect(page.locator("#nav a[aria-current=page]")).to_have_text("Health")


def test_a_chosen_theme_stays(page: Any, url: str) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(url)
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_label("Theme").select_option("dark")
    page.reload()

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != paper


def test_charts_say_their_values_and_export_them(page: Any, url: str, busy: Fake) -> None:
    page.goto(f"{url}/#growth")
    chart = page.locator("#chart-vocabulary")
    expect(chart.get_by_role("img")).to_have_attribute("aria-label", _starting("Vocabulary: at exchanges 240: heard "))
    with page.expect_download() as table:
        page.get_by_role("button", name="Vocabulary as CSV").click()
    lines = Path(table.value.path()).read_text("utf-8").splitlines()
    assert lines[0] == "exchanges,heard,produced,productive,only echoed"
    assert len(lines) == 241
    with page.expect_download() as picture:
        page.get_by_role("button", name="Vocabulary as PNG").click()
    assert Path(picture.value.path()).read_bytes().startswith(b"\x89PNG")


def _starting(text: str) -> re.Pattern[str]:
    return re.compile("^" + re.escape(text))


@pytest.mark.slow
def test_expectation_stands_beside_measurement_and_fluent_is_never_said(page: Any, url: str, fake: Fake) -> None:
    fake.record(600)
    page.goto(f"{url}/#growth")
    expect(page.locator(".phases tbody tr")).to_have_count(4)
    expect(page.locator(".phases tr.current th")).to_have_text("500+")

    for view in VIEWS:
        page.goto(f"{url}/#{view}")
        assert "fluent" not in page.locator("body").inner_text().lower()


def test_a_word_of_the_garden_tells_its_history(page: Any, url: str, busy: Fake) -> None:
    page.goto(f"{url}/#growth")
    page.get_by_label("Find a word").fill("boat")
    page.get_by_role("button", name="boat", exact=True).click()

    story = page.get_by_label("History of a word")
    first = next(e["number"] for e in busy.log if "boat" in e["llm_to_cerebrum"])
    expect(story).to_contain_text(f"first heard in exchange {first}")
    story.get_by_role("link").first.click()
    expect(page.get_by_label(f"Exchange {first}", exact=True)).to_be_visible()


def test_a_service_that_is_not_configured_is_not_red_and_one_that_is_down_says_what_to_do(
    page: Any, url: str, fake: Fake
) -> None:
    fake.learner_reading = {"state": "down", "reason": "nobody answers at 127.0.0.1:8000", "remedy": "start it"}
    page.goto(f"{url}/#health")

    expect(page.get_by_label("LLM server")).to_have_class("card service unknown")
    expect(page.get_by_label("CEREBRUM", exact=True)).to_have_class("card service bad")
    expect(page.get_by_label("CEREBRUM", exact=True)).to_contain_text("start it")
