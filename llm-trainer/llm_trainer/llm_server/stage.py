"""Who stands on the stage: the back end that speaks, watched, and how another one takes its place while this runs.

Another takes over between two turns, never during one, and never while a model is being fetched. What speaks after a
restart is again what the settings say.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from llm_trainer.errors import Conflict
from llm_trainer.llm_server.backends.base import Backend, CanPull
from llm_trainer.llm_server.choice import Choice
from llm_trainer.llm_server.pulls import Pulls
from llm_trainer.llm_server.speech import Deadlines
from llm_trainer.llm_server.talk import Talk
from llm_trainer.llm_server.watch import Watch

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Offer:
    """A back end that could be asked to speak. ``remedy`` says what is missing where it is not ``usable``."""

    backend: str
    model: str
    usable: bool = True
    takes_model: bool = False
    remedy: str = ""


Chooser = Callable[[], Awaitable[Choice]]


@dataclass(frozen=True)
class Casting:
    """Who may be asked to speak, and how they are made; ``called`` raises SettingsError or NotFound for the others."""

    offers: Sequence[Offer]
    called: Callable[[str, str | None], Chooser]


class Stage:
    """The one who speaks, the talk with it, the watch over it, and what it fetches."""

    def __init__(self, choice: Choice, deadlines: Deadlines, look_seconds: float) -> None:
        self._look_seconds, self._turning = look_seconds, False
        watch = Watch(choice, look_seconds)
        self.talk = Talk(choice, watch, deadlines)
        self.pulls = _pulls(choice, watch)

    async def begin(self) -> None:
        """Look once, then go on watching."""
        choice, reading = self.talk.choice, await self.talk.watch.look()
        loud = log.warning if choice.passed_over is not None or not reading.status.is_ready else log.info
        loud(choice.announcement(reading.status))
        self._watching = asyncio.create_task(self.talk.watch.run())

    async def end(self) -> None:
        """Stop watching and fetching, and close the back ends."""
        await self._leave()
        await self.pulls.cancel()

    async def turn_to(self, choose: Chooser) -> None:
        """Let another speak from now on. Conflict while a turn is being spoken or a model fetched."""
        self._check_quiet()
        self._turning = True
        try:
            choice = await choose()
            try:
                self._check_quiet(turning=True)
            except Conflict:
                await _close(choice)
                raise
            await self._leave()
            watch = Watch(choice, self._look_seconds)
            self.talk.choice, self.talk.watch, self.pulls = choice, watch, _pulls(choice, watch)
            await self.begin()
        finally:
            self._turning = False

    def _check_quiet(self, *, turning: bool = False) -> None:
        if self._turning and not turning:
            raise Conflict("another back end is just taking over", remedy="ask again in a moment")
        if self.talk.in_flight:
            raise Conflict("a turn is being spoken", remedy="ask again when no session runs")
        if self.pulls.last is not None and self.pulls.last.state == "pulling":
            raise Conflict(f"{self.pulls.last.model} is being pulled", remedy="wait for it, or cancel it first")

    async def _leave(self) -> None:
        self._watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._watching
        await _close(self.talk.choice)


def _everybody(choice: Choice) -> list[Backend]:
    return [*filter(None, (choice.backend, choice.passed_over, *choice.successors))]


async def _close(choice: Choice) -> None:
    for backend in _everybody(choice):
        await backend.aclose()


def _pulls(choice: Choice, watch: Watch) -> Pulls:
    return Pulls(next((each for each in _everybody(choice) if isinstance(each, CanPull)), None), watch.doubt)
