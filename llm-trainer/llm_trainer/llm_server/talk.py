"""The one place where a request meets the back end: how many at once, how long, and what is learned from a failure."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, MutableMapping
from contextlib import aclosing
from typing import Any, TypeVar

import anyio

from llm_trainer.errors import PeerBusy, PeerError
from llm_trainer.llm_server.backends.base import ChatRequest, Chunk
from llm_trainer.llm_server.choice import Choice
from llm_trainer.llm_server.speech import Deadlines, Spoken, listen, whole
from llm_trainer.llm_server.watch import Watch

MAX_AT_ONCE = 64
Result = TypeVar("Result")
log = logging.getLogger(__name__)


class ClientGone(Exception):
    """Nobody is waiting for the answer any more."""


class Talk:
    """Speaks for the service. One per process."""

    def __init__(self, choice: Choice, watch: Watch, deadlines: Deadlines, max_at_once: int = MAX_AT_ONCE) -> None:
        self.choice, self.watch, self.deadlines = choice, watch, deadlines
        self.spoken = self.failed = self.in_flight = 0
        self._max_at_once = max_at_once

    async def whole(self, request: ChatRequest) -> Spoken:
        """The next turn; raises PeerError."""
        with self._counted():
            return await whole(self.choice.backend, request, self.deadlines)

    async def listen(self, request: ChatRequest) -> AsyncGenerator[Chunk | Spoken, None]:
        """The next turn, piece by piece; raises PeerError, also in the middle."""
        with self._counted():
            async with aclosing(listen(self.choice.backend, request, self.deadlines)) as parts:
                async for part in parts:
                    yield part

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        if self.in_flight >= self._max_at_once:
            detail = f"{self.in_flight} turns are being spoken, more are not taken on"
            raise PeerBusy(detail, peer=self.choice.backend.name, remedy="come back later", retry_after_seconds=1)
        self.in_flight += 1
        try:
            yield
        except PeerError as error:
            self.failed += 1
            self.watch.doubt()
            log.warning("failed backend=%s code=%s detail=%s", self.choice.backend.name, error.code, error.detail)
            raise
        else:
            self.spoken += 1
            if not self.watch.reading.status.is_ready:
                self.watch.doubt()
        finally:
            self.in_flight -= 1


async def unless_gone(receive: Callable[[], Awaitable[MutableMapping[str, Any]]], work: Awaitable[Result]) -> Result:
    """Do ``work``, but stop it when the client goes away (ClientGone): a model must not speak to nobody."""
    listening = asyncio.ensure_future(_gone(receive))
    with anyio.CancelScope() as scope:
        listening.add_done_callback(lambda _: scope.cancel())
        try:
            return await work
        finally:
            listening.cancel()
    raise ClientGone


async def _gone(receive: Callable[[], Awaitable[MutableMapping[str, Any]]]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
