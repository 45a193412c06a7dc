"""Who listens to what happens, live. A reader that falls too far behind is let go; it comes back and catches up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

QUEUED = 256
"""Most events that wait for one reader before it is let go."""


@dataclass(frozen=True)
class Told:
    """One event as the world gets it; ``seq`` is its place in the session's events."""

    session_id: str
    seq: int
    type: str
    body: dict[str, Any]

    @property
    def id(self) -> str:
        """What a reader gives back to go on from here."""
        return f"{self.session_id}:{self.seq}"

    @cached_property
    def written(self) -> str:
        """As a server-sent event; written once, however many listen."""
        return f"id: {self.id}\nevent: {self.type}\ndata: {json.dumps(self.body)}\n\n"


class Listener:
    """What waits for one reader. ``wants`` says which events are for it."""

    def __init__(self, wants: Callable[[Told], bool]) -> None:
        self.wants = wants
        self.waiting: list[Told] = []
        self.is_open = True
        self._stirred, self._is_much = asyncio.Event(), asyncio.Event()

    def put(self, told: Told) -> None:
        """Let it wait until it is taken."""
        self.waiting.append(told)
        self._stirred.set()
        if len(self.waiting) >= QUEUED // 2:
            self._is_much.set()

    def end(self) -> None:
        """No more comes."""
        self.is_open = False
        self._stirred.set()
        self._is_much.set()

    async def rest(self, seconds: float) -> None:
        """Let events gather for so long; shorter if so many come that this reader might be let go, or no more do."""
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._is_much.wait(), seconds)

    async def take(self, seconds: float) -> list[Told] | None:
        """All that waits, after at most so many seconds (then perhaps nothing); None when no more comes."""
        if not self.waiting and self.is_open:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._stirred.wait(), max(0.0, seconds))
        taken, self.waiting = self.waiting, []
        if self.is_open:
            self._stirred.clear()
            self._is_much.clear()
        return taken if taken or self.is_open else None


class Hub:
    """Hands each event to every listener; never waits for one."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()

    def __len__(self) -> int:
        return len(self._listeners)

    def join(self, wants: Callable[[Told], bool] = lambda _: True) -> Listener:
        """Begin to listen. ``wants`` is asked when an event is told, not when it is read."""
        listener = Listener(wants)
        self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Listen no longer."""
        self._listeners.discard(listener)
        listener.end()

    def tell(self, told: Told) -> None:
        """Hand over one event, and let go of those who have too many waiting."""
        for listener in tuple(self._listeners):
            if not listener.wants(told):
                continue
            if len(listener.waiting) >= QUEUED:
                self.leave(listener)
            else:
                listener.put(told)

    def close(self) -> None:
        """Send everybody home."""
        for listener in tuple(self._listeners):
            self.leave(listener)
