"""Pictures of every view of a running middleware, wide and narrow, light and dark.

``python -m tests.browser.screenshots http://127.0.0.1:8002 FOLDER`` (in ``llm-trainer/``, with the test environment)
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS

VIEWS = ("now", "conversation", "growth", "sessions", "traffic", "health")
SIZES = {"wide": (1440, 900), "narrow": (390, 844)}


def main(url: str, folder: Path) -> None:
    """Write ``VIEW-SIZE-THEME.png`` for every view into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        for size, (width, height) in SIZES.items():
            for theme in ("light", "dark"):
                page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme)
                for view in VIEWS:
                    page.goto(f"{url}/#{view}")
                    page.locator("#connection[data-state=live]").wait_for()
                    page.locator("h1").wait_for()
                    if view == "conversation" and page.locator(".why").count():
                        page.locator(".why").last.click()
                        page.locator(".woven").wait_for()
                    page.screenshot(path=folder / f"{view}-{size}-{theme}.png")
                page.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"), Path(sys.argv[2]))
