"""All sessions: compared, looked at, gone on with, deleted only when a person says so twice; several at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.fake import PAST, Fake
from tests.browser.script import scripted

NAME = "session_20260301_090000"


@pytest.fixture
def held(fake: Fake) -> Fake:
    fake.record(200)
    return fake


def test_deleting_asks_first_and_keeping_keeps(page: Any, url: str, held: Fake) -> None:
    page.goto(f"{url}/#sessions")
    page.get_by_role("button", name=f"Delete {NAME}").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(NAME)
    expect(dialog).to_contain_text("The learner keeps what it learned")
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert held.deleted == []

    page.get_by_role("button", name=f"Delete {NAME}").click()
    dialog.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text(f"{NAME} is deleted.")).to_be_visible()
    expect(page.get_by_role("button", name=f"Delete {NAME}")).to_have_count(0)
    assert held.deleted == [PAST]


def test_a_running_session_cannot_be_deleted_here(page: Any, url: str, held: Fake) -> None:
    held.running, held.phase = True, "paused"
    page.goto(f"{url}/#sessions")

    expect(page.get_by_role("button", name="Open session_20260302_140000")).to_be_visible()
    expect(page.get_by_role("button", name="Delete session_20260302_140000")).to_have_count(0)


def test_all_sessions_are_compared_in_one_chart_by_any_measure(page: Any, url: str, held: Fake) -> None:
    page.goto(f"{url}/#sessions")
    page.get_by_label("Compare all").check()
    chart = page.locator("#chart-comparison")
    expect(chart.locator(".legend-item")).to_have_count(2)
    expect(chart.locator(".legend-item b").filter(has_text="–")).to_have_count(0)  # each curve's own last value
    page.locator("#compare-by").select_option("heard")
    page.locator("#compare-axis").select_option("words heard")
    with page.expect_download() as table:
        chart.get_by_role("button", name="as CSV").click()

    lines = Path(table.value.path()).read_text("utf-8").splitlines()
    assert lines[0] == f"words heard,session_20260302_140000,{NAME}"
    assert len(lines) > 40
    page.get_by_label("Compare all").uncheck()
    expect(chart).to_be_hidden()


def test_an_older_session_is_looked_at_and_left_again(page: Any, url: str, held: Fake) -> None:
    page.goto(f"{url}/#sessions")
    page.get_by_role("button", name=f"Open {NAME}").click()
    expect(page.get_by_label("Exchange 300", exact=True)).to_contain_text(scripted(300, seed=11)["llm_to_cerebrum"])
    expect(page.locator(".phase")).to_have_text("Cut off")
    page.locator("#session-picker").select_option("")
    expect(page.get_by_label("Exchange 200", exact=True)).to_contain_text(held.log[199]["llm_to_cerebrum"])
    expect(page.locator("#session-picker")).to_be_hidden()


def test_where_several_run_a_person_picks_one_and_steers_that_one(page: Any, url: str, held: Fake) -> None:
    held.running, held.phase, held.past_status = True, "teaching", "running"
    page.goto(url)
    picker = page.locator("#session-picker")
    expect(picker.locator("option")).to_have_text(
        ["the newest session", "session_20260302_140000, default", f"{NAME}, default"]
    )
    picker.select_option(PAST)
    expect(page.locator(".strip-count")).to_contain_text("300")
    with page.expect_response("**/api/training/pause*"):
        page.locator("[data-act=pause]").click()

    assert held.spoken_to == [PAST]


def test_a_session_that_a_crash_cut_off_goes_on_with_one_click(page: Any, url: str, held: Fake) -> None:
    page.goto(url)
    expect(page.get_by_text(f"{NAME}: 300 of 500 exchanges")).to_be_visible()
    page.get_by_role("button", name="Go on").click()

    expect(page.get_by_text("Cut off by a crash")).to_be_hidden()
    assert held.resumed == [PAST]


def test_a_second_learner_is_taught_beside_the_first(page: Any, url: str, held: Fake) -> None:
    held.running, held.phase = True, "paused"
    held.learners.append({"name": "other", "lease": None})
    page.goto(f"{url}/#now/start")
    expect(page.get_by_label("Learner", exact=True).locator("option").first).to_be_disabled()
    page.get_by_label("Learner", exact=True).select_option("other")
    with page.expect_request("**/api/training/start") as asked:
        page.get_by_role("button", name="Start the session").click()

    assert asked.value.post_data_json["learner"] == "other"
