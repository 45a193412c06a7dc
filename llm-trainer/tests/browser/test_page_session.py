"""A person starts, watches, steers and stops a session from the page."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Watched
from tests.browser.fake import Fake
from tests.browser.script import scripted
from tests.browser.serving import free_port, serving
from tests.serving import wait_until


def start(page: Any, url: str, exchanges: int, delay: float = 0) -> None:
    page.goto(url)
    page.get_by_label("Exchanges", exact=True).fill(str(exchanges))
    page.get_by_label("Seconds between exchanges").first.fill(str(delay))
    page.get_by_role("button", name="Start the session").click()


def act(page: Any, verb: str) -> None:
    page.locator(f"[data-act={verb}]").click()


def numbers_shown(page: Any) -> list[int]:
    found = page.locator(".transcript .number").all_inner_texts()
    return sorted(int("".join(c for c in text if c.isdigit())) for text in found)


def test_a_session_started_from_the_page_shows_all_its_exchanges(page: Any, url: str, fake: Fake) -> None:
    start(page, url, 100)
    expect(page.locator(".hero-count b")).to_have_text("100", timeout=15_000)
    expect(page.locator(".phase")).to_have_text("Ended")

    page.goto(f"{url}/#conversation/1")
    expect(page.locator(".transcript .said").first).to_have_text(fake.log[0]["llm_to_cerebrum"])
    page.get_by_label("Jump to exchange").fill("100")
    page.get_by_role("button", name="Go", exact=True).click()
    expect(page.get_by_label("Exchange 100", exact=True)).to_contain_text(fake.log[99]["llm_to_cerebrum"])


def test_the_form_sends_what_it_shows_and_remembers_it(page: Any, url: str, fake: Fake) -> None:
    page.goto(url)
    page.get_by_label("Exchanges", exact=True).fill("7")
    page.get_by_label("Topics", exact=True).fill("cats, the moon")
    page.get_by_label("Seed").fill("3")
    page.locator("#start-strategy").select_option("recast")
    page.get_by_label("Seconds between exchanges").first.fill("0")
    page.get_by_role("button", name="Start the session").click()
    expect(page.locator(".phase")).to_have_text("Ended")

    assert fake.started == [
        {
            "max_exchanges": 7,
            "delay": 0,
            "topic_switch_interval": 10,
            "topics": ["cats", "the moon"],
            "strategy": "recast",
            "seed": 3,
        }
    ]
    page.reload()
    act(page, "start")
    expect(page.get_by_label("Topics", exact=True)).to_have_value("cats, the moon")
    expect(page.get_by_label("Exchanges", exact=True)).to_have_value("7")


def test_an_answer_that_comes_late_does_not_undo_what_the_stream_told_meanwhile(
    page: Any, url: str, fake: Fake
) -> None:
    held: list[tuple[Any, Any]] = []
    start(page, url, 100_000, 60)
    expect(page.locator(".phase")).to_have_text("Running")
    page.route("**/api/training/status*", lambda route: held.append((route, route.fetch())))
    with page.expect_request("**/api/training/status*"):
        act(page, "pause")
    expect(page.locator(".phase")).to_have_text("Paused")
    wait_until(lambda: page.evaluate("true") and held)

    fake.running, fake.phase = False, "ended"
    expect(page.locator(".phase")).to_have_text("Ended")
    route, paused = held[0]
    with page.expect_response("**/api/training/status*"):
        route.fulfill(response=paused)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    expect(page.locator(".phase")).to_have_text("Ended")


def test_a_refused_start_says_why_and_what_to_do(page: Any, url: str, watched: Watched) -> None:
    start(page, url, 0)

    expect(page.locator(".form-problem")).to_have_text("max_exchanges = 0 is too few — ask for 1 or more")
    assert [text for text in watched.complaints if "422" not in text] == []
    watched.complaints.clear()  # Chromium itself logs every answer of 4xx


def test_pause_step_resume_and_stop(page: Any, url: str, fake: Fake) -> None:
    start(page, url, 100_000, delay=0.01)
    act(page, "pause")
    expect(page.locator(".phase")).to_have_text("Paused")
    held = len(fake.log)
    expect(page.locator(".strip-count")).to_contain_text(_grouped(held))

    act(page, "step")
    expect(page.locator(".strip-count")).to_contain_text(_grouped(held + 1))
    act(page, "resume")
    expect(page.locator(".phase")).to_have_text("Running")
    act(page, "stop")
    expect(page.locator(".phase")).to_have_text("Ended")
    expect(page.locator("[data-act=start]")).to_be_visible()


def _grouped(n: int) -> str:
    return f"{n:,}".replace(",", "\u2009")


def test_a_session_that_waits_says_for_whom_and_can_be_told_to_try_now(page: Any, url: str, fake: Fake) -> None:
    fake.record(20)
    fake.running, fake.phase, fake.last_error = True, "waiting_llm", "llm cannot be reached"
    page.goto(url)
    expect(page.locator(".phase")).to_have_text("Waiting for the teacher")
    expect(page.locator(".problem")).to_contain_text("start the LLM server")
    expect(page.locator(".hero-line")).not_to_contain_text("left")

    page.get_by_role("button", name="Try now").click()
    expect(page.locator(".phase")).to_have_text("Running")


def test_delay_and_topics_change_while_it_runs(page: Any, url: str, fake: Fake) -> None:
    start(page, url, 100_000, delay=0.5)
    page.locator("#steer-delay").fill("0.01")
    page.locator("#steer-topic").fill("stars")
    page.get_by_role("button", name="Change").click()

    expect(page.locator(".steer-answer")).to_have_text("Changed: delay 0.010; topic stars.")
    assert fake.patched == [{"delay": 0.01, "topic": "stars"}]
    act(page, "stop")


def test_a_reload_in_the_middle_loses_nothing(page: Any, url: str, fake: Fake) -> None:
    start(page, url, 400)
    expect(page.locator(".hero-count b")).not_to_have_text("0")
    page.goto(f"{url}/#growth")
    page.reload()

    expect(page.get_by_text("400 exchanges measured")).to_be_visible(timeout=20_000)


def test_two_pages_show_the_same_session(page: Any, url: str, fake: Fake) -> None:
    other = page.context.new_page()
    other.goto(url)
    start(page, url, 60)

    for shown in (page, other):
        expect(shown.locator(".hero-count b")).to_have_text("60", timeout=15_000)


def test_a_lost_connection_says_so_and_catches_up_without_a_gap(chromium: Any) -> None:
    fake, port = Fake(), free_port()
    page = chromium.new_page()
    with serving(fake, port) as url:
        fake.record(30)
        page.goto(f"{url}/#conversation")
        expect(page.get_by_label("Exchange 30", exact=True)).to_be_visible()
        expect(page.locator("#connection")).to_have_text("live")
    expect(page.locator("#banner")).to_contain_text("No connection to the middleware since", timeout=10_000)

    fake.log += [scripted(number) for number in range(31, 51)]
    fake.max_exchanges = 50
    with serving(fake, port):
        expect(page.locator("#connection")).to_have_text("live", timeout=15_000)
        expect(page.locator("#banner")).to_be_empty()
        expect(page.get_by_label("Exchange 50", exact=True)).to_be_visible()
        page.get_by_label("Jump to exchange").fill("31")
        page.get_by_role("button", name="Go", exact=True).click()
        expect(page.get_by_label("Exchange 31", exact=True)).to_be_visible()
        shown = numbers_shown(page)
        assert shown == list(range(shown[0], shown[-1] + 1))
        page.close()


def test_a_new_session_replaces_the_old_one_on_an_open_page(page: Any, url: str, fake: Fake) -> None:
    fake.record(25)
    page.goto(f"{url}/#conversation")
    expect(page.get_by_label("Exchange 25", exact=True)).to_be_visible()
    page.request.post(f"{url}/api/training/start", data={"max_exchanges": 5, "delay": 0})

    expect(page.get_by_label("Exchange 25", exact=True)).to_have_count(0)
    expect(page.get_by_label("Exchange 5", exact=True)).to_be_visible()


@pytest.mark.parametrize("view", ["now", "conversation", "growth", "sessions", "traffic", "health"])
def test_every_view_is_quiet_without_any_session(page: Any, url: str, view: str) -> None:
    page.goto(f"{url}/#{view}")

    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("#connection")).to_have_text("live")
