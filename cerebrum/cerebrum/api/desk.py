"""Between the routes and the learner's thread: what is in flight, and how long a status may take."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import Depends, Request

from cerebrum.accounts import Status
from cerebrum.errors import KeyInFlight, NotNow
from cerebrum.learner import Learner
from cerebrum.worker import Worker

STATUS_SECONDS = 0.03
Result = TypeVar("Result")


class Desk:
    """Hands calls to the learner and brings the answers back."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self._in_flight: set[str] = set()

    async def call(self, call: Callable[[Learner], Result]) -> Result:
        """Have ``call`` run in the learner's thread, in its turn. It runs even if the caller goes away."""
        return await asyncio.shield(asyncio.wrap_future(self.worker.submit(call)))

    async def call_once(self, key: str | None, call: Callable[[Learner], Result]) -> Result:
        """The same, while no other call has this ``key``; KeyInFlight if one has."""
        if key is None:
            return await self.call(call)
        if key in self._in_flight:
            raise KeyInFlight(f"the key {key!r} is being answered", remedy="ask again in a second")
        future = self.worker.submit(call)
        self._in_flight.add(key)
        loop = asyncio.get_running_loop()
        answer = asyncio.wrap_future(future, loop=loop)
        answer.add_done_callback(lambda _: self._in_flight.discard(key))
        return await asyncio.shield(answer)

    async def status(self) -> Status:
        """How the learner is: now, or if it is busy for long, as it last said."""
        with contextlib.suppress(NotNow, asyncio.TimeoutError):
            return await asyncio.wait_for(asyncio.wrap_future(self.worker.ask_status()), STATUS_SECONDS)
        return self.worker.latest


async def desk(request: Request) -> Desk:
    """The desk of the app that a request came to."""
    found: Desk = request.app.state.desk
    return found


AtDesk = Annotated[Desk, Depends(desk)]
