from __future__ import annotations

from collections.abc import Callable

import pytest

from llm_trainer.cli.watching import listening
from llm_trainer.cli.watching.listening import Listener
from llm_trainer.cli.watching.picture import Lost, News, Opened, Picture, Said
from tests.cli.fake import SESSION, FakeMiddleware
from tests.serving import wait_until


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "FIRST_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(listening, "LONGEST_WAIT_SECONDS", 0.05)


def heard(url: str, session: str | None, enough: Callable[[Picture], object]) -> list[News]:
    """Listen until ``enough``; what was heard."""
    news: list[News] = []
    picture = Picture()

    def tell(each: News) -> None:
        news.append(each)
        picture.apply(each)

    listener = Listener(url, session, tell)
    listener.start()
    wait_until(lambda: enough(picture), 10)
    listener.end()
    return news


def test_after_each_break_it_goes_on_where_it_was_without_gap_or_repetition(middleware: FakeMiddleware) -> None:
    middleware.running, middleware.done, middleware.total, middleware.pace = True, 5, 1_000_000, 7
    middleware.events_each = 3

    news = heard(middleware.url, None, lambda picture: picture.last_number >= 60)

    opened = next(each for each in news if isinstance(each, Opened))
    said = [each.exchange["number"] for each in news if isinstance(each, Said)]
    assert len(middleware.heard_after) > 10
    assert said == list(range(opened.exchanges[-1]["number"] + 1, said[-1] + 1))
    assert sum(isinstance(each, Opened) for each in news) == 1


def test_where_nobody_answers_it_says_so_and_hears_them_when_they_are_there() -> None:
    fake = FakeMiddleware()
    answer = fake.route
    fake.route = lambda *_: (503, "application/problem+json", {"detail": "not yet"})  # type: ignore[method-assign]
    news: list[News] = []
    listener = Listener(fake.url, None, news.append)
    listener.start()
    wait_until(lambda: Lost("not yet") in news)
    fake.running, fake.done, fake.total = True, 5, 100
    fake.route = answer  # type: ignore[method-assign]
    wait_until(lambda: any(isinstance(each, Opened) for each in news))
    listener.end()
    fake.close()


def test_events_of_other_sessions_are_not_its_business(middleware: FakeMiddleware) -> None:
    middleware.running, middleware.done, middleware.total = True, 5, 1_000_000
    other = "z" * 26
    news = heard(middleware.url, other, lambda _: len(middleware.heard_after) > 3)

    assert other != SESSION
    assert not any(isinstance(each, Said) for each in news)
