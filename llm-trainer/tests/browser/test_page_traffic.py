"""Every call can be found, and what was said in it read."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.browser.fake import Fake


def test_a_click_on_a_call_shows_both_bodies(page: Any, url: str, fake: Fake) -> None:
    fake.record(5)
    page.goto(f"{url}/#traffic")
    page.locator("tbody .link").first.click()
    detail = page.get_by_role("region", name="One call")

    expect(detail.get_by_label("Sent")).to_contain_text(fake.log[-1]["llm_to_cerebrum"])
    expect(detail.get_by_label("Received")).to_contain_text('"response": "yes"')
    detail.get_by_role("button", name="close").click()
    expect(detail).to_be_hidden()


def test_calls_are_narrowed_where_they_are_kept_and_older_ones_fetched(page: Any, url: str, fake: Fake) -> None:
    fake.record(300)
    page.goto(f"{url}/#traffic")
    expect(page.locator("tbody tr")).to_have_count(200)
    page.get_by_role("button", name="Older calls").click()
    expect(page.locator("tbody tr")).to_have_count(400)
    page.locator("#traffic-peer").select_option("learner")
    expect(page.locator("tbody tr")).to_have_count(200)
    expect(page.locator("tbody tr").nth(199)).to_contain_text("learner")
    page.get_by_label("Filter by path").fill("/nowhere")

    expect(page.get_by_text("No such call.")).to_be_visible()


def test_a_new_call_appears_by_itself_unless_held_still(page: Any, url: str, fake: Fake) -> None:
    fake.record(5)
    page.goto(f"{url}/#traffic")
    expect(page.locator("tbody tr")).to_have_count(10)
    fake.step()
    expect(page.locator("tbody tr")).to_have_count(12)
    page.get_by_label("Hold still").check()
    fake.step()
    expect(page.locator(".strip-count")).to_contain_text("7")

    expect(page.locator("tbody tr")).to_have_count(12)
