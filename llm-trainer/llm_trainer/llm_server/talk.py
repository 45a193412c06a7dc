"""The one place where a request meets the back end: how many at once, how long, and what is learned from a failure."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, MutableMapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import anyio

from llm_trainer.errors import PeerBusy, PeerError
from llm_trainer.llm_server.backends.base import ChatRequest, Chunk, Finish
from llm_trainer.llm_server.choice import Choice
from llm_trainer.llm_server.roster import Member
from llm_trainer.llm_server.speech import Deadlines, Spoken, listen, whole
from llm_trainer.llm_server.watch import Watch

MAX_AT_ONCE = 64
Result = TypeVar("Result")
log = logging.getLogger(__name__)


class ClientGone(Exception):
    """Nobody is waiting for the answer any more."""


@dataclass
class Usage:
    """What all turns since the start have taken. ``cost`` in whatever the provider counts; None while none tells."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None

    def add(self, finish: Finish) -> None:
        """Count one turn."""
        self.prompt_tokens += finish.prompt_tokens
        self.completion_tokens += finish.completion_tokens
        if finish.cost is not None:
            self.cost = (self.cost or 0.0) + finish.cost


class Talk:
    """Speaks for the service. One per process."""

    def __init__(self, choice: Choice, watch: Watch, deadlines: Deadlines, max_at_once: int = MAX_AT_ONCE) -> None:
        self.choice, self.watch, self.deadlines = choice, watch, deadlines
        self.spoken = self.failed = self.in_flight = 0
        self.usage = Usage()
        self._max_at_once = max_at_once

    async def whole(self, request: ChatRequest) -> Spoken:
        """The next turn; raises PeerError. A back end that fails, even in the middle, is followed by the next."""
        with self._counted():
            failure: PeerError | None = None
            for member in self.watch.roster.candidates():
                try:
                    with self._told(member):
                        return self._heard(member, await whole(member.backend, request, self.deadlines))
                except PeerError as error:
                    failure = failure or error
            raise failure or AssertionError("a candidate speaks or fails")

    async def listen(self, request: ChatRequest) -> AsyncGenerator[Chunk | Spoken, None]:
        """The next turn, piece by piece; raises PeerError, also in the middle: what was begun cannot be taken back."""
        with self._counted():
            failure: PeerError | None = None
            for member in self.watch.roster.candidates():
                has_begun = False
                try:
                    with self._told(member):
                        async with aclosing(listen(member.backend, request, self.deadlines)) as parts:
                            async for part in parts:
                                has_begun = True
                                yield self._heard(member, part) if isinstance(part, Spoken) else part
                    return
                except PeerError as error:
                    if has_begun:
                        raise
                    failure = failure or error
            raise failure or AssertionError("a candidate speaks or fails")

    @contextlib.contextmanager
    def _told(self, member: Member) -> Iterator[None]:
        """Tell the roster how the call ended, and the watch to look again where that is news."""
        roster, name = self.watch.roster, member.backend.name
        try:
            yield
        except PeerError as error:
            roster.failed(member, error)
            self.watch.doubt()
            log.warning("failed backend=%s code=%s detail=%s", name, error.code, error.detail)
            raise
        except BaseException:
            member.breaker.abandoned()
            raise
        roster.succeeded(member)
        if member.status is not None and not member.status.is_ready:
            self.watch.doubt()

    def _heard(self, member: Member, spoken: Spoken) -> Spoken:
        self.usage.add(spoken.finish)
        return replace(spoken, about=member.status.about if member.status is not None else {})

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        if self.in_flight >= self._max_at_once:
            detail = f"{self.in_flight} turns are being spoken, more are not taken on"
            name = self.watch.roster.speaker.backend.name
            raise PeerBusy(detail, peer=name, remedy="come back later", retry_after_seconds=1)
        self.in_flight += 1
        try:
            yield
        except PeerError:
            self.failed += 1
            raise
        else:
            self.spoken += 1
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
