"""HTTP/1.1 to an engine over a plain socket, as the transport of the official clients.

A model speaks a few letters at a time, and each piece comes in a packet of its own. The clients' usual transport
spends a tenth of a millisecond and more on each; with a small model that is a fifth of the engine's own time. Here a
packet costs one callback. What is not plain HTTP (``https``) goes the usual way, and so does everything
where httptools is not installed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any

import anyio

from llm_trainer.llm_server.connection import HAS_PARSER, Broken, Connection

IDLE_SECONDS = 4.0
"""How long a connection is kept for the next request: less than the five seconds after which llama.cpp hangs up."""
CONNECT_SECONDS = 2.0
END_SECONDS = 1.0
SETTLE_SECONDS = 0.05
"""How long a connection rests before its next request: llama.cpp hangs up after each streamed answer without having
said so, and a request sent into that moment would be lost. A new connection takes a fraction of a millisecond."""
KEPT = 8


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
    if not HAS_PARSER:
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
