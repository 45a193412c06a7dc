"""One engine only, and what was answered has happened, whatever is asked for in whatever order, or all at once (P6)."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from llm_trainer.errors import Conflict, SessionActive, TrainerError
from llm_trainer.middleware.planning import Wish
from llm_trainer.session.dialogue import Tuning
from tests.promises import Figure, Scale

from .lives import Gone, Lives
from .simulate import opened
from .weather import Weather
from .world import SOON_SECONDS

ENDLESS = Weather(exchanges=100_000, delay=0.2, calm_at=0.0)
BREATHLESS = Weather(exchanges=100_000, delay=0.0, calm_at=0.0)


class Middleware:
    """A middleware in a fair world, asked by several at once."""

    def __init__(self, stack: ExitStack, seed: int, folder: Path, weather: Weather = ENDLESS) -> None:
        self.world = stack.enter_context(opened(seed, weather, 10**9))
        self.lives = Lives(self.world, folder)
        self.do(self.lives.begin())

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Until it is done."""
        answer = self.world.loop.run_until_complete(work)
        assert self.world.failure is None
        return answer

    def ask(self, what: str) -> Coroutine[Any, Any, Any]:
        """One request to this life of the process."""
        trainer = self.lives.parts.trainer
        if what == "start":
            tuning = Tuning(self.world.weather.delay)
            return self.lives.ask(trainer.start(Wish(ENDLESS.exchanges, tuning, (), 1)), 60)
        asked = {"stop": trainer.stop, "pause": trainer.pause, "step": trainer.step, "resume": trainer.resume}
        return self.lives.ask(asked[what](), 60)

    def dies(self) -> None:
        """And is started again."""
        self.lives.life.die()
        self.do(self.lives.begin())

    def open_sessions(self) -> int:
        return int(self.world.watch.rows("SELECT count(*) FROM sessions WHERE ended_at IS NULL")[0][0])

    def taught(self) -> int:
        return len(self.world.learner.heard)


class Steering(RuleBasedStateMachine):
    """``phase`` is what a person who believes every answer thinks of the session."""

    def __init__(self) -> None:
        super().__init__()
        self.stack, self.phase = ExitStack(), "none"
        self.middleware = Middleware(self.stack, 1, Path())

    def teardown(self) -> None:
        self.stack.close()

    def refused(self, what: str) -> None:
        with pytest.raises((SessionActive, Conflict)):
            self.middleware.do(self.middleware.ask(what))

    @rule()
    def start(self) -> None:
        if self.phase != "none":
            return self.refused("start")
        self.middleware.do(self.middleware.ask("start"))
        self.phase = "running"
        return None

    @rule()
    def stop(self) -> None:
        if self.phase == "none":
            return self.refused("stop")
        self.middleware.do(self.middleware.ask("stop"))
        self.phase = "none"
        assert self.middleware.open_sessions() == 0
        return None

    @rule(what=st.sampled_from(("pause", "step")))
    def hold(self, what: str) -> None:
        if self.phase == "none":
            return self.refused(what)
        before = self.middleware.taught()
        self.middleware.do(self.middleware.ask(what))
        self.phase = "paused"
        assert self.middleware.taught() - before in ((1, 2) if what == "step" else (0, 1))
        return None

    @rule()
    def resume(self) -> None:
        if self.phase == "none":
            return self.refused("resume")
        self.middleware.do(self.middleware.ask("resume"))
        self.phase = "running"
        return None

    @rule()
    def dies(self) -> None:
        self.middleware.dies()

    @precondition(lambda self: self.phase != "none")
    @rule()
    def time_passes(self) -> None:
        before = self.middleware.taught()
        self.middleware.do(asyncio.sleep(3))
        assert (self.middleware.taught() > before) is (self.phase == "running")

    @invariant()
    def there_is_one_session_at_most(self) -> None:
        assert self.middleware.open_sessions() == (self.phase != "none")
        assert len(self.middleware.lives.parts.trainer.runs) <= 1


WALKS = (Phase.explicit, Phase.reuse, Phase.generate)
"""Ten steps are few enough to be read as they were drawn; looking for fewer takes minutes."""
Steering.TestCase.settings = settings(max_examples=10, stateful_step_count=10, deadline=None, phases=WALKS)
TestSteering = Steering.TestCase


@pytest.mark.promise("P6")
@pytest.mark.parametrize("what", ["pause", "step", "stop"])
def test_a_pause_at_any_instant_of_an_exchange_has_happened_when_it_is_answered(what: str, figure: Figure) -> None:
    """And soon: of the virtual time each way to a peer, and each write to the disk, takes at most ``SOON_SECONDS``."""
    late, asked, slowest, chance = 0, 100, 0.0, random.Random(7)
    with ExitStack() as stack:
        middleware = Middleware(stack, 7, Path(), BREATHLESS)
        middleware.do(middleware.ask("start"))
        for _ in range(asked):
            middleware.do(asyncio.sleep(0.03 + chance.random() * 0.05))
            began = middleware.world.loop.now
            middleware.do(middleware.ask(what))
            slowest = max(slowest, middleware.world.loop.now - began)
            answered_at = middleware.taught()
            middleware.do(asyncio.sleep(1))
            late += middleware.taught() > answered_at
            middleware.do(middleware.ask("start" if what == "stop" else "resume"))
        taught = middleware.taught()

    figure("P6", asked=what, answered=asked, taught_after_the_answer=late, slowest_virtual_ms=round(slowest * 1000, 1))
    assert late == 0
    assert taught >= asked / 2
    assert slowest < (0.05 if what != "step" else 0.05 + 8 * SOON_SECONDS), "a step makes an exchange first"


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.promise("P6")
def test_whatever_is_asked_for_at_once_there_is_one_loop(tmp_path: Path, figure: Figure, scale: Scale) -> None:
    races, chance, answers = scale(1_000, 5_000), random.Random(6), Counter[str]()
    with ExitStack() as stack:
        middleware = Middleware(stack, 6, tmp_path)

        async def one(what: str) -> None:
            await asyncio.sleep(chance.random() * 0.02)
            try:
                await middleware.ask(what)
                answers[what] += 1
            except (TrainerError, Gone) as error:
                answers[f"{what}: {type(error).__name__}"] += 1

        async def race() -> None:
            asked = chance.choices(("start", "start", "start", "stop", "stop", "pause", "step", "resume"), k=4)
            racing = [asyncio.create_task(one(what)) for what in asked]
            await asyncio.sleep(0.05)
            if chance.random() < 0.05:
                middleware.lives.life.die()
            await asyncio.sleep(0.1)
            if any(not task.done() for task in racing) and not middleware.lives.life.is_dead:
                await one("resume")  # a step waits for an exchange that a pause holds up
            for task in racing:
                task.cancel()
            await asyncio.gather(*racing, return_exceptions=True)
            await middleware.lives.begin()

        most = 0
        for _ in range(races):
            middleware.do(race())
            most = max(most, middleware.open_sessions(), len(middleware.lives.parts.trainer.runs))
        at_once = middleware.world.watch.most_at_once

    refused = sum(count for what, count in answers.items() if what.startswith("start: "))
    figure("P6", races=races, started=answers["start"], refused=refused, most_loops=most, most_calls_at_once=at_once)
    assert (most, at_once) == (1, 1)
    assert min(answers["start"], answers["stop"], answers["pause"], refused) > races / 20
