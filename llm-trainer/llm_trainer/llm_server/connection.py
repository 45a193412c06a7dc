"""One socket to an engine and the answer that is coming over it: a callback for each packet, and nothing more."""

from __future__ import annotations

import asyncio
import select
from collections.abc import AsyncIterator
from typing import cast

try:
    import httptools
except ImportError:  # an interpreter for which there is none
    httptools = None  # type: ignore[assignment]

HEAD_BYTES = 1 << 16
HELD_BYTES = 1 << 18
"""How much of an answer waits here for its reader before no more is taken from the socket."""
HAS_PARSER = httptools is not None


class Broken(Exception):
    """The connection ended before the answer did, or what came is not HTTP."""


class Connection(asyncio.Protocol):
    """One socket and the answer that is coming over it."""

    def __init__(self) -> None:
        self.is_open = False
        self.idle_since = 0.0
        self._transport: asyncio.Transport | None = None
        self.begin()

    def begin(self) -> None:
        """Expect a new answer."""
        self.status, self.headers = 0, list[tuple[bytes, bytes]]()
        self.has_head = self.is_done = self._may_go_on = False
        self._why_broken = ""
        self._held, self._held_bytes, self._head_bytes = list[bytes](), 0, 0
        self._waiter: asyncio.Future[None] | None = None
        self._parser = httptools.HttpResponseParser(self)

    def send(self, data: bytes) -> None:
        """Write the request."""
        assert self._transport is not None
        self._transport.write(data)

    async def head(self) -> None:
        """Wait for status and headers; raises Broken."""
        while not self.has_head:
            await self._news()

    async def body(self) -> AsyncIterator[bytes]:
        """What comes, as it comes; raises Broken."""
        while self._held or not self.is_done:
            if not self._held:
                await self._news()
                continue
            data = b"".join(self._held)
            self._held.clear()
            if self._held_bytes > HELD_BYTES and self._transport is not None:
                self._transport.resume_reading()
            self._held_bytes = 0
            yield data

    def abort(self) -> None:
        """Hang up at once, whatever is on its way."""
        self.is_open = False
        if self._transport is not None:
            self._transport.abort()

    @property
    def may_be_kept(self) -> bool:
        """Whether another request may follow."""
        return self.is_open and self.is_done and self._may_go_on

    @property
    def has_news(self) -> bool:
        """Whether something came that the event loop has not told yet; of an idle connection that is its end."""
        assert self._transport is not None
        socket_ = self._transport.get_extra_info("socket")
        if hasattr(select, "poll"):
            poll = select.poll()
            poll.register(socket_.fileno(), select.POLLIN)
            return bool(poll.poll(0))
        return bool(select.select([socket_.fileno()], [], [], 0)[0])

    async def _news(self) -> None:
        if self._why_broken:
            raise Broken(self._why_broken)
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _tell(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # ------------------------------------------------------------ what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self.is_open = cast(asyncio.Transport, transport), True  # uvloop's is none by its class

    def data_received(self, data: bytes) -> None:
        if self.idle_since:  # nobody asked: whatever it is, it is not the next answer
            self.abort()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._break(f"not an HTTP answer: {error}")
        if self._held_bytes > HELD_BYTES and self._transport is not None:
            self._transport.pause_reading()
        self._tell()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        framed = any(name in (b"content-length", b"transfer-encoding") for name, _ in self.headers)
        if self.has_head and not framed:
            self.is_done = True  # an answer without a length ends with its connection
        if not self.is_done:
            self._break(str(exc) if exc else "the connection was closed")
        self._tell()

    def _break(self, why: str) -> None:
        self._why_broken = self._why_broken or why
        self.abort()

    # ------------------------------------------------------------ what the parser calls

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > HEAD_BYTES:
            self._break("its headers have no end")
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        self.has_head = self.status >= 200
        if not self.has_head:
            self.headers.clear()

    def on_body(self, data: bytes) -> None:
        if not self.is_done:
            self._held.append(data)
            self._held_bytes += len(data)

    def on_message_complete(self) -> None:
        self._may_go_on = not self.is_done and bool(self._parser.should_keep_alive())  # told truly only now
        self.is_done = self.has_head
