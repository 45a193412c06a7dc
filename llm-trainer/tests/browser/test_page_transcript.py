"""The transcript: any length, searched, explained, and nothing in it but text."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.fake import Fake
from tests.browser.script import scripted


@pytest.mark.slow
def test_ten_thousand_exchanges_scroll_with_few_elements(page: Any, url: str, fake: Fake) -> None:
    fake.record(10_000)
    page.goto(f"{url}/#conversation")
    expect(page.get_by_label("Exchange 10000", exact=True)).to_be_visible(timeout=20_000)

    page.get_by_label("Jump to exchange").fill("5000")
    page.get_by_role("button", name="Go", exact=True).click()
    expect(page.get_by_label("Exchange 5000", exact=True)).to_contain_text(fake.log[4999]["llm_to_cerebrum"])
    most = page.evaluate("""async () => {
        const list = document.querySelector('.transcript');
        let most = 0;
        for (let i = 0; i < 60; i++) {
            list.scrollTop += 700;
            await new Promise(requestAnimationFrame);
            most = Math.max(most, document.querySelectorAll('.virtual-row').length);
        }
        return most;
    }""")
    heap = page.evaluate("performance.memory.usedJSHeapSize")
    print(f"at most {most} rows in the document, heap {heap / 1e6:.1f} MB")  # noqa: T201
    assert 5 < most < 80  # however far it is scrolled; how smoothly, bench/dashboard measures
    assert heap < 80e6


@pytest.mark.slow
def test_texts_beyond_the_limit_are_let_go_and_fetched_again_when_looked_at(page: Any, url: str, fake: Fake) -> None:
    fake.record(20_600)
    page.goto(f"{url}/#conversation")
    expect(page.get_by_label("Exchange 20600", exact=True)).to_be_visible(timeout=60_000)
    held = page.evaluate("import('/static/main.js').then((page) => page.live.transcript.exchanges.size)")
    page.get_by_label("Jump to exchange").fill("3")
    page.get_by_role("button", name="Go", exact=True).click()

    expect(page.get_by_label("Exchange 3", exact=True)).to_contain_text(fake.log[2]["llm_to_cerebrum"])
    assert held == 20_000


def test_rows_neither_overlap_nor_leave_gaps(page: Any, url: str, fake: Fake) -> None:
    fake.say = lambda n: scripted(n) | {"llm_to_cerebrum": "long words indeed " * (1 + n % 40)}
    fake.record(300)
    page.goto(f"{url}/#conversation/150")
    expect(page.get_by_label("Exchange 150", exact=True)).to_be_visible()

    boxes = page.evaluate("""() => [...document.querySelectorAll('.virtual-row')]
        .map((row) => row.getBoundingClientRect()).sort((a, b) => a.top - b.top).map((box) => [box.top, box.bottom])""")
    assert len(boxes) > 5
    for (_, bottom), (top, _) in pairwise(boxes):
        assert abs(bottom - top) < 1.5


def test_an_exchange_appears_within_a_tenth_of_a_second(page: Any, url: str, fake: Fake) -> None:
    fake.record(20)
    fake.max_exchanges = 100
    page.goto(f"{url}/#conversation")
    expect(page.get_by_label("Exchange 20", exact=True)).to_be_visible()
    expect(page.locator("#connection")).to_have_text("live")
    page.evaluate("""() => { window.seen = {}; new MutationObserver(() => {
        for (const row of document.querySelectorAll('.exchange'))
            window.seen[row.getAttribute('aria-label')] ??= Date.now();
    }).observe(document.querySelector('.virtual'), {childList: true}); }""")
    spoken = {}
    for number in range(21, 31):
        spoken[number] = time.time() * 1000
        fake.step()
        expect(page.get_by_label(f"Exchange {number}", exact=True)).to_be_visible()

    seen = page.evaluate("window.seen")
    late = sorted(seen[f"Exchange {number}"] - at for number, at in spoken.items())
    print(f"shown after {late[len(late) // 2]:.0f} ms at the median, {late[-1]:.0f} ms at worst")  # noqa: T201
    assert late[len(late) // 2] < 100


def test_scrolling_up_stops_following_and_one_click_goes_on(page: Any, url: str, fake: Fake) -> None:
    fake.record(200)
    page.goto(f"{url}/#conversation")
    expect(page.get_by_label("Exchange 200", exact=True)).to_be_visible()
    page.locator(".transcript").hover()
    page.mouse.wheel(0, -2000)
    expect(page.get_by_role("button", name="To the latest")).to_be_visible()
    before = page.locator(".transcript").evaluate("(list) => list.scrollTop")
    fake.step()
    expect(page.locator(".strip-count")).to_contain_text("201")
    assert page.locator(".transcript").evaluate("(list) => list.scrollTop") == before

    page.get_by_role("button", name="To the latest").click()
    expect(page.get_by_label("Exchange 201", exact=True)).to_be_visible()


def test_search_finds_marks_and_walks(page: Any, url: str, fake: Fake) -> None:
    fake.say = lambda n: scripted(n) | ({"cerebrum_response": "a Unicorn here"} if n in (12, 170) else {})
    fake.record(200)
    page.goto(f"{url}/#conversation")
    page.get_by_label("Search the transcript").fill("unicorn")
    expect(page.locator(".found")).to_have_text("2 found")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Exchange 12", exact=True).locator("mark")).to_have_text("Unicorn")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Exchange 170", exact=True).locator("mark")).to_be_visible()


def test_why_shows_the_observations_that_the_words_came_from(page: Any, url: str, fake: Fake) -> None:
    fake.say = lambda n: scripted(n) | {"cerebrum_response": "the old boat sings"}
    fake.record(3)
    page.goto(f"{url}/#conversation")
    page.get_by_label("why? The words of reply 2").click()

    told = page.get_by_label("Where these words came from")
    expect(told.locator(".thread")).to_have_count(2)
    expect(told).to_contain_text("I heard the by the animals")
    expect(told).to_contain_text("observation 4 gave “boat sings”")
    page.keyboard.press("Enter")
    expect(told).to_have_count(0)


def test_talk_by_hand_is_frozen_unless_asked_otherwise(page: Any, url: str) -> None:
    asked: list[Any] = []
    page.on("request", lambda r: asked.append(r.post_data_json) if r.url.endswith("/api/cerebrum/chat") else None)
    page.goto(f"{url}/#conversation")
    page.get_by_role("button", name="Talk by hand").click()
    page.get_by_label("You say").fill("hello")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log")).to_contain_text("you said hello")
    page.get_by_label("Frozen").uncheck()
    page.get_by_label("You say").fill("again")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log")).to_contain_text("you said again")

    assert asked == [{"message": "hello", "learn": False}, {"message": "again", "learn": True}]


def test_notes_of_the_session_stand_beside_their_exchange(page: Any, url: str, fake: Fake) -> None:
    fake.record(5)
    page.goto(f"{url}/#conversation")
    expect(page.locator("#connection")).to_have_text("live")
    fake.publish("note", {"kind": "rejected", "text": "the teacher's line was empty", "number": 5})

    expect(page.get_by_label("Exchange 5", exact=True)).to_contain_text("rejected · the teacher's line was empty")
