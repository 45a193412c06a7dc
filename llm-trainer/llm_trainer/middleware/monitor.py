"""Watches both ends, so that everybody else reads how they are without asking them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from llm_trainer.errors import PeerError, StoreError
from llm_trainer.middleware.clock import Clock, iso

log = logging.getLogger(__name__)
EVERY_SECONDS = 2.0


@dataclass(frozen=True)
class Reading:
    """How a peer was when last looked at. ``state``: up, down or unknown (not yet looked at)."""

    state: str = "unknown"
    since: float | None = None
    read_at: float | None = None
    reason: str = ""
    remedy: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    error: PeerError | None = None

    def shown(self, now: float) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "state": self.state,
            "since": iso(self.since),
            "age_ms": None if self.read_at is None else max(0, round((now - self.read_at) * 1000)),
            "reason": self.reason,
            "remedy": self.remedy,
        }


class Watch:
    """One peer and its latest reading."""

    def __init__(self, ask: Callable[[], Awaitable[dict[str, Any]]], clock: Clock) -> None:
        self._ask, self._clock = ask, clock
        self._look: asyncio.Task[None] | None = None
        self.reading = Reading()

    async def look(self) -> Reading:
        """Look now; callers at the same time share one look."""
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._look_once())
        await asyncio.shield(self._look)
        return self.reading

    async def _look_once(self) -> None:
        try:
            body = await self._ask()
        except PeerError as error:
            self._note(Reading("down", reason=error.detail, remedy=error.remedy, error=error))
        else:
            self._note(Reading("up", body=body))

    def _note(self, reading: Reading) -> None:
        now = self._clock.now()
        since = self.reading.since if reading.state == self.reading.state else now
        self.reading = replace(reading, since=since, read_at=now)


class Monitor:
    """Looks at all ends again and again; ``on_learner`` is told each time a learner was seen, by its name.

    ``learner`` and ``llm`` are those that the settings name first.
    """

    def __init__(
        self,
        learners: Mapping[str, Watch],
        teachers: Mapping[str, Watch],
        on_learner: Callable[[str, dict[str, Any]], Awaitable[None]],
    ) -> None:
        self.learners, self.teachers = dict(learners), dict(teachers)
        self.learner, self.llm = next(iter(self.learners.values())), next(iter(self.teachers.values()))
        self._on_learner = on_learner

    async def watch(self) -> None:
        """Until cancelled."""
        learners = (self._keep_looking(watch, name) for name, watch in self.learners.items())
        teachers = (self._keep_looking(watch, None) for watch in self.teachers.values())
        await asyncio.gather(*learners, *teachers)

    async def _keep_looking(self, watch: Watch, learner: str | None) -> None:
        while True:
            try:
                reading = await watch.look()
                if learner is not None and reading.state == "up":
                    await self._on_learner(learner, reading.body)
            except StoreError as error:
                log.error("cannot record a look at an end detail=%s", error.detail)
            await asyncio.sleep(EVERY_SECONDS)
