"""HTTP/1.1 to an engine over a plain socket, as the transport of the official clients.

A model speaks a few letters at a time, and each piece comes in a packet of its own. The clients' usual transport
spends a tenth of a millisecond and more on each; with a small model that is a fifth of the engine's own time. Here a
packet costs one callback. What is not plain HTTP (``https``) goes the usual way, and so does everything
where httptools is not installed.
"""

from __future__ import annotations

import asyncio
import select
import time
from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any, cast

import anyio

try:
    import httptools
except ImportError:  # an interpreter for which there is none
    httptools = None  # type: ignore[assignment]

HEAD_BYTES = 1 << 16
HELD_BYTES = 1 << 18
"""How much of an answer waits here for its reader before no more is taken from the socket."""
IDLE_SECONDS = 4.0
"""How long a connection is kept for the next request: less than the five seconds after which llama.cpp hangs up."""
CONNECT_SECONDS = 2.0
END_SECONDS = 1.0
SETTLE_SECONDS = 0.05
"""How long a connection rests before its next request: llama.cpp hangs up after each streamed answer without having
said so, and a request sent into that moment would be lost. A new connection takes a fraction of a millisecond."""
KEPT = 8


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


class Connections:
    """Kept connections, by host and port; each carries one request at a time."""

    def __init__(self) -> None:
        self._idle: dict[tuple[str, int], list[Connection]] = {}
        self._is_closed = False

    async def exchange(self, host: str, port: int, request: bytes) -> Connection:
        """Send ``request``, wait for the head of its answer. Raises OSError, asyncio.TimeoutError or Broken."""
        connection = self._kept(host, port) or await self._opened(host, port)
        try:
            connection.send(request)
            await connection.head()
        except BaseException:
            connection.abort()
            raise
        return connection

    def give_back(self, host: str, port: int, connection: Connection) -> None:
        """Keep what can carry another request, hang up on anything else: that stops a model that still speaks."""
        kept = self._idle.setdefault((host, port), [])
        if self._is_closed or not connection.may_be_kept or len(kept) >= KEPT:
            connection.abort()
            return
        connection.begin()
        connection.idle_since = time.monotonic()
        kept.append(connection)

    def close(self) -> None:
        """Hang up everywhere, for good."""
        self._is_closed = True
        for kept in self._idle.values():
            for connection in kept:
                connection.abort()
        self._idle.clear()

    def _kept(self, host: str, port: int) -> Connection | None:
        kept = self._idle.get((host, port), [])
        while kept and (rested := time.monotonic() - kept[0].idle_since) >= SETTLE_SECONDS:
            connection = kept.pop(0)  # the one that has rested longest
            if rested < IDLE_SECONDS and connection.is_open and not connection.has_news:
                connection.idle_since = 0.0
                return connection
            connection.abort()
        return None

    @staticmethod
    async def _opened(host: str, port: int) -> Connection:
        loop = asyncio.get_running_loop()
        _, connection = await asyncio.wait_for(loop.create_connection(Connection, host, port), CONNECT_SECONDS)
        return connection


def plainly(library: ModuleType) -> Any:
    """A transport for the asynchronous client of ``library`` (httpx or httpx2, whose interfaces are alike)."""
    usual = library.AsyncHTTPTransport(trust_env=False)
    if httptools is None:
        return usual

    class Stream(library.AsyncByteStream):  # type: ignore[misc,name-defined]
        def __init__(self, host: str, port: int, connection: Connection) -> None:
            self._host, self._port, self._connection, self._is_over = host, port, connection, False

        async def __aiter__(self) -> AsyncIterator[bytes]:
            try:
                async for data in self._connection.body():
                    yield data
            except Broken as error:
                raise library.RemoteProtocolError(str(error)) from error

        async def aclose(self) -> None:
            if not self._is_over:
                self._is_over = True
                connections.give_back(self._host, self._port, self._connection)
                await asyncio.sleep(0)  # a socket that was hung up on is closed at the loop's next turn

    class Transport(library.AsyncBaseTransport):  # type: ignore[misc,name-defined]
        async def handle_async_request(self, request: Any) -> Any:
            if request.url.scheme != "http":
                return await usual.handle_async_request(request)
            host, port = request.url.host, request.url.port or 80
            try:
                connection = await connections.exchange(host, port, await _written(request))
            except asyncio.TimeoutError as error:
                raise library.ConnectTimeout(f"no connection within {CONNECT_SECONDS:g} s") from error
            except OSError as error:
                raise library.ConnectError(str(error)) from error
            except Broken as error:
                raise library.RemoteProtocolError(str(error)) from error
            stream = Stream(host, port, connection)
            return library.Response(
                connection.status,
                headers=connection.headers,
                stream=stream,
                extensions={"http_version": b"HTTP/1.1"},
            )

        async def aclose(self) -> None:
            connections.close()
            await asyncio.sleep(0)
            await usual.aclose()

    connections = Connections()
    return Transport()


async def drain(rest: AsyncIterator[object]) -> None:
    """Read what comes after the last piece that counts, so that the connection can be used again."""
    with anyio.move_on_after(END_SECONDS):
        async for _ in rest:
            pass


async def _written(request: Any) -> bytes:
    lines = [request.method.encode() + b" " + request.url.raw_path + b" HTTP/1.1"]
    lines += [name + b": " + value for name, value in request.headers.raw]
    if any(b"\n" in line or b"\r" in line for line in lines):
        raise Broken("a header of the request, perhaps the key, has a line break in it")
    return b"\r\n".join(lines) + b"\r\n\r\n" + bytes(await request.aread())
