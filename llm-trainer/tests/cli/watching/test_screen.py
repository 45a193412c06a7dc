"""The screen, drawn without a terminal; keys are pressed as a person presses them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any

import pytest

from llm_trainer.cli.client import Middleware
from llm_trainer.cli.watching import listening
from llm_trainer.cli.watching.screen import Screen
from tests.cli.fake import FakeMiddleware

Use = Callable[[Screen, Any], Awaitable[None]]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "LONGEST_WAIT_SECONDS", 0.05)


async def until(pilot: Any, holds: Callable[[], object]) -> None:
    for _ in range(2_000):
        if holds():
            return
        await pilot.pause(0.005)
    raise AssertionError("waited in vain")


def on_screen(fake: FakeMiddleware, use: Use, size: tuple[int, int] = (120, 30)) -> Screen:
    """Show a session of ``fake``, let ``use`` press keys, leave by q."""
    fake.running, fake.done, fake.total = True, 5, 1_000_000

    async def main(screen: Screen) -> None:
        async with screen.run_test(size=size) as pilot:
            await until(pilot, lambda: screen.picture.last_number >= 5)
            await use(screen, pilot)
            await pilot.press("q")

    with closing(Middleware(fake.url)) as middleware:
        screen = Screen(middleware, None)
        asyncio.run(main(screen))
    return screen


def words(screen: Screen) -> list[str]:
    return [strip.text.rstrip() for strip in screen.query_one("#words").lines]  # type: ignore[attr-defined]


def test_it_shows_the_past_then_what_comes_and_q_leaves_the_session_alone(middleware: FakeMiddleware) -> None:
    async def use(screen: Screen, pilot: Any) -> None:
        await until(pilot, lambda: any("Wave 5." in line for line in words(screen)))
        await until(pilot, lambda: screen.picture.last_number > 8)

    screen = on_screen(middleware, use)

    assert screen.return_value == 0
    assert middleware.running
    assert not any(method == "POST" for method, _ in middleware.calls)


def test_p_pauses_r_resumes_n_steps(middleware: FakeMiddleware) -> None:
    async def use(screen: Screen, pilot: Any) -> None:
        for key, verb in (("p", "pause"), ("r", "resume"), ("n", "step")):
            await pilot.press(key)
            await until(pilot, lambda verb=verb: ("POST", f"/api/training/{verb}") in middleware.calls)
            await until(
                pilot, lambda verb=verb: screen.picture.notes and screen.picture.notes[-1].startswith(f"{verb}: ")
            )

    on_screen(middleware, use)


def test_the_session_is_stopped_at_the_second_press_and_another_key_takes_the_first_back(
    middleware: FakeMiddleware,
) -> None:
    async def use(screen: Screen, pilot: Any) -> None:
        await pilot.press("s", "c", "s")
        await pilot.pause()
        assert middleware.running
        await pilot.press("s")
        await until(pilot, lambda: not middleware.running)

    on_screen(middleware, use)


def test_when_the_width_changes_the_lines_are_broken_anew(middleware: FakeMiddleware) -> None:
    async def use(screen: Screen, pilot: Any) -> None:
        for width in (60, 140, 40, 100):
            await pilot.resize_terminal(width, 20)
            await until(pilot, lambda width=width: screen.has_class("narrow") == (width < 90))
            await until(pilot, lambda: words(screen))
            room = width - (3 if width < 90 else 41)
            assert max(map(len, words(screen))) <= room
            assert any("Wave 1." in line for line in words(screen))

    on_screen(middleware, use, (100, 20))


def test_a_middleware_that_goes_away_is_told_and_leaving_still_works() -> None:
    fake = FakeMiddleware()

    async def use(screen: Screen, pilot: Any) -> None:
        fake.close()
        await until(pilot, lambda: "does not answer" in screen.picture.lost)

    assert on_screen(fake, use).return_value == 0
