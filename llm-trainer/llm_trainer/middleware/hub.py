"""Who listens to what happens, live. A reader that falls too far behind is let go; it comes back and catches up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

QUEUED = 256


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


class Listener:
    """One reader's queue; ``None`` in it means: no more. ``wants`` says which events are for this reader."""

    def __init__(self, wants: Callable[[Told], bool]) -> None:
        self.wants = wants
        self.queue: asyncio.Queue[Told | None] = asyncio.Queue()
        self.is_open = True


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
        if listener.is_open:
            listener.is_open = False
            listener.queue.put_nowait(None)

    def tell(self, told: Told) -> None:
        """Hand over one event, and let go of those who have too many waiting."""
        for listener in tuple(self._listeners):
            if not listener.wants(told):
                continue
            if listener.queue.qsize() >= QUEUED:
                self.leave(listener)
            else:
                listener.queue.put_nowait(told)

    def close(self) -> None:
        """Send everybody home."""
        for listener in tuple(self._listeners):
            self.leave(listener)
