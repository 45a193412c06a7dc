"""Somebody who pauses, steps, resumes, retunes and stops, and looks whether it was true when it was answered."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from llm_trainer.errors import TrainerError
from llm_trainer.session.state import Phase

from .lives import Gone, Lives

if TYPE_CHECKING:
    from llm_trainer.middleware.run import Run

    from .world import World

PATIENCE_SECONDS = 30.0
STOP_SECONDS = 8.0
"""A stop waits five seconds for an answer on its way; the rest is for what is written."""


class Person:
    """Steers one session until it is over; when it is calm, lets it go on."""

    def __init__(self, world: World, lives: Lives) -> None:
        self._world, self._lives = world, lives

    async def steer(self) -> None:
        """Until cancelled."""
        world = self._world
        if not world.weather.people:
            await world.calm()
        while True:
            await asyncio.sleep(0.02 + world.chance.random() * world.pace)
            wish = "resume" if world.is_calm else self._wish()
            if wish and not self._lives.life.is_dead:
                try:
                    await self._ask(wish)
                except (TrainerError, Gone, TimeoutError, AttributeError) as error:
                    world.said(f"person: {wish} was not done: {type(error).__name__}")

    def _wish(self) -> str:
        world = self._world
        if not world.goes_wrong(world.weather.people):
            return ""
        return world.chance.choice(("pause", "pause", "step", "resume", "resume", "resume", "retune", "stop"))

    async def _ask(self, wish: str) -> None:
        world, trainer = self._world, self._lives.parts.trainer
        run = trainer.run
        if run is None or run.is_over:
            return
        if wish == "resume" and world.is_calm and run.session.state.phase is not Phase.PAUSED:
            return
        if not world.is_calm:
            world.said(f"person: {wish}")
        if wish in ("resume", "step"):
            world.watch.held.discard(run.id)
        began = world.loop.now
        if wish == "stop":
            was_full = world.full_until
            await self._lives.ask(trainer.stop())
            self._stopped(run, world.loop.now - began, was_full)
        elif wish == "pause":
            held = await self._lives.ask(trainer.pause(), PATIENCE_SECONDS)
            self._held(held)
        elif wish == "step":
            held = await self._lives.ask(trainer.step(1), PATIENCE_SECONDS)
            self._held(held)
        elif wish == "resume":
            await self._lives.ask(trainer.resume())
        else:
            await self._lives.ask(trainer.retune(lambda tuning: tuning, "the moon"))

    def _held(self, run: Run) -> None:
        """It holds now: nothing is said until it goes on."""
        if not run.is_over:
            self._world.watch.held.add(run.id)

    def _stopped(self, run: Run, seconds: float, was_full: float) -> None:
        world = self._world
        ended = world.watch.rows("SELECT ended_at FROM sessions WHERE id = ?", run.id)[0][0]
        world.watch.law("a stop that was answered has happened", ended is not None, session=run.id)
        if world.full_until == was_full:
            world.watch.law("a stop takes no longer than it may", seconds < STOP_SECONDS, seconds=seconds)
