"""Who speaks for the teacher: chosen in the form, fetched with a progress bar, and honest about what is wrong."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.browser.fake import Fake


def test_another_back_end_and_model_are_chosen_before_the_start_and_remembered(page: Any, url: str, fake: Fake) -> None:
    page.goto(url)
    page.get_by_label("Back end").select_option("ollama")
    page.get_by_label("Model", exact=True).fill("llama3.2:1b")
    page.get_by_label("Exchanges", exact=True).fill("3")
    page.get_by_label("Seconds between exchanges").first.fill("0")
    page.get_by_role("button", name="Start the session").click()
    expect(page.locator(".phase")).to_have_text("Ended")

    assert fake.turned_to == [{"backend": "ollama", "model": "llama3.2:1b"}]
    page.goto(f"{url}/#now/start")
    page.reload()
    expect(page.get_by_label("Back end")).to_have_value("ollama")
    expect(page.get_by_label("Model", exact=True)).to_have_value("llama3.2:1b")


def test_the_teacher_that_speaks_already_is_left_as_it_is(page: Any, url: str, fake: Fake) -> None:
    page.goto(url)
    expect(page.get_by_label("Back end")).to_be_visible()
    page.get_by_label("Exchanges", exact=True).fill("2")
    page.get_by_role("button", name="Start the session").click()
    expect(page.locator(".phase")).to_have_text("Running")

    assert fake.turned_to == []


def test_a_back_end_that_lacks_a_setting_is_shown_with_what_is_missing_and_cannot_be_chosen(
    page: Any, url: str, fake: Fake
) -> None:
    page.goto(url)
    missing = page.get_by_label("Back end").locator("option[value=recorded]")
    expect(missing).to_have_text("recorded: set recorded_path")

    assert missing.is_disabled()
    page.get_by_label("Back end").select_option("tutor")
    expect(page.get_by_label("Model", exact=True)).to_be_hidden()


def test_warnings_tokens_cost_and_back_ends_left_alone_are_told(page: Any, url: str, fake: Fake) -> None:
    fake.said |= {
        "warning": "the engine read 800 of 1200 tokens",
        "usage": {"prompt_tokens": 1234, "completion_tokens": 56, "cost": 0.25},
        "backends": [
            {"backend": "ollama", "model": "m", "state": "unreachable", "breaker": "open", "last_error": "nobody"},
            {"backend": "tutor", "model": "tutor", "state": "ready", "breaker": "closed", "last_error": ""},
        ],
    }
    page.goto(url)
    card = page.get_by_role("region", name="Teacher")

    expect(card.locator(".warning")).to_have_text("the engine read 800 of 1200 tokens")
    expect(card).to_contain_text("1\u2009234 read, 56 spoken")
    expect(card).to_contain_text("0.250")
    expect(card.locator(".backends li").first).to_contain_text("left alone for a while")
    expect(card.locator(".backends li").first).to_contain_text("last error: nobody")
    expect(card.locator(".backends li").last).to_contain_text("ready")


def test_a_model_is_pulled_with_a_bar_that_follows_and_can_be_stopped(page: Any, url: str, fake: Fake) -> None:
    page.goto(url)
    page.get_by_label("Fetch a model").fill("gemma3:4b")
    page.get_by_role("button", name="Pull", exact=True).click()
    bar = page.get_by_label("Model fetched")
    expect(bar).to_be_visible()
    assert fake.pulled == [{"model": "gemma3:4b"}]
    assert fake.pull is not None

    fake.pull |= {"status": "pulling 1a2b", "completed": 250_000_000, "total": 1_000_000_000}
    expect(page.get_by_text("gemma3:4b: pulling 1a2b: 25\u2009%, 250.0 MB of 1000.0 MB")).to_be_visible()
    expect(bar).to_have_js_property("value", 0.25)
    page.reload()
    expect(bar).to_have_js_property("value", 0.25)
    page.get_by_role("button", name="Stop pulling").click()
    expect(page.get_by_text("gemma3:4b is no longer being fetched")).to_be_visible()
    expect(page.get_by_role("button", name="Pull", exact=True)).to_be_visible()


def test_a_pull_that_fails_says_why_and_what_to_do(page: Any, url: str, fake: Fake) -> None:
    failed = {"state": "failed", "detail": "no such model", "remedy": "check its name"}
    fake.pull = {"model": "nosuch:1b", "status": "", "completed": 0, "total": 0, **failed}
    page.goto(url)

    expect(page.get_by_text("nosuch:1b could not be fetched: no such model: check its name")).to_be_visible()
