"""A real Chromium, driven by playwright; tests are skipped with the reason where either is missing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.browser.fake import Fake
from tests.browser.serving import serving

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
playwright.expect.set_options(timeout=15_000)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    """One browser for this folder: while it lives, its driver's event loop runs, and asyncio.run is refused."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@dataclass
class Watched:
    """What a page did that nobody should see."""

    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)


@pytest.fixture
def fake() -> Fake:
    return Fake()


@pytest.fixture
def url(fake: Fake) -> Iterator[str]:
    with serving(fake) as address:
        yield address


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def page(chromium: Any, url: str, watched: Watched) -> Iterator[Any]:
    """A fresh page. Console errors, uncaught exceptions and requests to other hosts fail the test at its end."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    opened.set_default_timeout(20_000)
    opened.on("console", lambda m: watched.complaints.append(m.text) if m.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: watched.complaints.append(str(error)))
    opened.on("request", lambda r: None if r.url.startswith((url, "blob:", "data:")) else watched.foreign.append(r.url))
    yield opened
    context.close()
    assert watched.complaints == []
    assert watched.foreign == []
