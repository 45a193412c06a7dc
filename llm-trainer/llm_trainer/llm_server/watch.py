"""One background watcher of the back end; everything else reads what it saw last, with its age.

No request, least of all a health request, ever makes a call to the back end just to see how it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass, replace

from llm_trainer.llm_server.backends.base import BackendStatus
from llm_trainer.llm_server.choice import Choice
from llm_trainer.llm_server.look import look_at
from llm_trainer.llm_server.roster import Member, Roster

LOOK_SECONDS = 15.0
LOOK_WHILE_UNWELL_SECONDS = 5.0
LOOK_WHILE_LOADING_SECONDS = 1.0
LOOK_AT_MOST_EVERY_SECONDS = 0.5
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was seen, when (monotonic seconds), and what is said about the one that was passed over."""

    status: BackendStatus
    seen_at: float
    note: str = ""

    @property
    def age_seconds(self) -> float:
        """How old the reading is."""
        return time.monotonic() - self.seen_at


class Watch:
    """Looks at the chosen back end every now and then, sooner when it is unwell or after a failed call."""

    def __init__(self, choice: Choice, look_seconds: float = LOOK_SECONDS) -> None:
        self._choice, self._look_seconds = choice, look_seconds
        self.roster = Roster((choice.backend, *choice.successors))
        self._doubt = asyncio.Event()
        loading = BackendStatus("loading", choice.requested_model, "not looked at yet", since=time.time())
        self.reading = Reading(loading, time.monotonic())

    def doubt(self) -> None:
        """A call ended otherwise than expected: what is known may be wrong, look again soon."""
        self._doubt.set()

    async def look(self) -> Reading:
        """Look now at all who may speak; the reading is of whoever would. ``since`` stays while the state stays."""
        await asyncio.gather(*(self._look_at(member) for member in self.roster.members))
        speaker = self.roster.speaker
        assert speaker.status is not None
        self.reading = Reading(speaker.status, time.monotonic(), await self._note())
        return self.reading

    async def _look_at(self, member: Member) -> None:
        status, before = await look_at(member.backend), member.status
        changed = before is None or before.state != status.state
        if changed:
            log.info("backend=%s state=%s detail=%s", member.backend.name, status.state, status.detail)
        since = time.time() if before is None or changed else before.since
        self.roster.seen(member, replace(status, since=since))

    async def run(self) -> None:
        """Look for ever; ends by being cancelled."""
        while True:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._doubt.wait(), self._pause_seconds())
                await asyncio.sleep(max(0.0, LOOK_AT_MOST_EVERY_SECONDS - self.reading.age_seconds))
            self._doubt.clear()
            await self.look()

    def _pause_seconds(self) -> float:
        unhurried = {"ready": self._look_seconds, "loading": LOOK_WHILE_LOADING_SECONDS}
        states = [member.status.state for member in self.roster.members if member.status is not None]
        return min((unhurried.get(state, LOOK_WHILE_UNWELL_SECONDS) for state in states), default=self._look_seconds)

    async def _note(self) -> str:
        other = self._choice.passed_over
        if other is None:
            return ""
        status = await look_at(other)
        if not status.is_ready:
            return ""
        return f"{other.name} is available now (model {status.model}); start this server again to let it speak"
