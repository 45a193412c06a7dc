"""A client for two peers: HTTP/1.1 over kept connections, one request at a time on each, nothing else.

A general client took three fifths of the middleware's processor time per exchange, most of it for what is switched
off here anyway: redirects, cookies, proxies, compression, retries. The protocol itself is h11's.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import urlsplit

import anyio
import h11

READ_BYTES = 1 << 16
HEAD_LIMIT_BYTES = 1 << 16
IDLE_CONNECTIONS = 8


class Unreachable(Exception):
    """No connection: surely nothing was received."""


class Renewed(Unreachable):
    """There is no connection as old as the caller relies on: who is there now may be another process."""


class Broken(Exception):
    """The connection broke, or what came is not HTTP: the request may have been received."""


@dataclass(frozen=True)
class Received:
    """A whole answer; header names in lower case. ``cut``: the rest of a body too heavy was not read.

    ``generation`` is that of the connection: two that overlap in time have the same, one after a gap has another.
    None: the connection was not kept, so nothing can be sent after it on the same.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool
    generation: int | None = None


_Place = tuple[str, str, int]


@dataclass(frozen=True)
class _Address:
    scheme: str
    host: str
    port: int
    target: str

    @property
    def place(self) -> _Place:
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


_PORTS = {"http": 80, "https": 443}


@lru_cache(maxsize=256)
def _address(url: str) -> _Address:
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (KeyError, ValueError) as error:
        raise Unreachable(f"{url!r} is not an http address") from error
    return _Address(parts.scheme, parts.hostname or "", port, (parts.path or "/") + (parts.query and f"?{parts.query}"))


class _Connection:
    """One connection and its protocol state."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, place: _Place) -> None:
        self._reader, self._writer, self.place = reader, writer, place
        self.generation = 0
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_LIMIT_BYTES)
        self.idle_since = 0.0

    @property
    def is_open(self) -> bool:
        return not (self._reader.at_eof() or self._writer.is_closing())

    def abort(self) -> None:
        """Let go at once, whatever is on its way."""
        with suppress(Exception):
            self._writer.transport.abort()

    async def exchange(self, request: h11.Request, content: bytes, limit_bytes: int) -> Received:
        """Send one request, read its answer."""
        sent = self._http.send(request) or b""
        if content:
            sent += self._http.send(h11.Data(data=content)) or b""
        self._writer.write(sent + (self._http.send(h11.EndOfMessage()) or b""))
        await self._writer.drain()
        head: h11.Response | None = None
        parts: list[bytes] = []
        size = 0
        while size <= limit_bytes:
            event = await self._next_event()
            if isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                parts.append(bytes(event.data))
                size += len(event.data)
            elif isinstance(event, h11.EndOfMessage):
                break
            elif isinstance(event, h11.ConnectionClosed):
                raise Broken("the connection was closed without an answer")
        assert head is not None
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
        body = b"".join(parts)[:limit_bytes]
        return Received(head.status_code, headers, body, size > limit_bytes)

    async def _next_event(self) -> h11.Event:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(await self._reader.read(READ_BYTES))
        assert isinstance(event, h11.Event)
        return event

    def is_ready_again(self) -> bool:
        """Whether another request can follow on this connection."""
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        return True


class Client:
    """Makes requests; keeps connections that stay idle for less than ``idle_seconds``. Deadlines are the caller's."""

    def __init__(
        self, headers: Mapping[str, str], *, connect_seconds: float, idle_seconds: float, limit_bytes: int
    ) -> None:
        self._headers = dict(headers)
        self._connect_seconds, self._idle_seconds, self._limit_bytes = connect_seconds, idle_seconds, limit_bytes
        self._idle: dict[_Place, list[_Connection]] = {}
        self._generations: dict[_Place, int] = {}
        self._busy: set[_Connection] = set()
        self._is_closed = False
        self._tls: ssl.SSLContext | None = None

    async def request(
        self, method: str, url: str, content: bytes, headers: Mapping[str, str], since: int | None = None
    ) -> Received:
        """One request and its whole answer; Unreachable or Broken say what went wrong.

        ``since`` is a generation: Renewed, and nothing sent, if the connection would be of another.
        """
        address = _address(url)
        given = {"Host": address.authority, **self._headers, **headers}
        if content:
            given["Content-Length"] = str(len(content))
        try:
            request = h11.Request(method=method, target=address.target, headers=list(given.items()))
        except h11.LocalProtocolError as error:
            raise Unreachable(f"the request cannot be made: {error}") from error
        connection = self._kept(address) or await self._connect(address)
        if since is not None and since != connection.generation:
            self._keep(connection)
            raise Renewed("the connection is a new one")
        is_kept = False
        self._busy.add(connection)
        try:
            received = await connection.exchange(request, content, self._limit_bytes)
            is_kept = not received.cut and connection.is_ready_again()
            received = replace(received, generation=connection.generation if is_kept else None)
        except (OSError, EOFError, h11.RemoteProtocolError) as error:
            raise Broken(str(error) or type(error).__name__) from error
        finally:  # a cancelled request leaves a connection that nobody can use again
            self._busy.discard(connection)
            if is_kept and not self._is_closed:
                self._keep(connection)
            else:
                connection.abort()
        return received

    def _kept(self, address: _Address) -> _Connection | None:
        idle = self._idle.get(address.place, [])
        while idle:
            connection = idle.pop()
            if connection.is_open and time.monotonic() - connection.idle_since < self._idle_seconds:
                return connection
            connection.abort()
        return None

    def _keep(self, connection: _Connection) -> None:
        idle = self._idle.setdefault(connection.place, [])
        connection.idle_since = time.monotonic()
        idle.append(connection)
        if len(idle) > IDLE_CONNECTIONS:
            idle.pop(0).abort()

    async def _connect(self, address: _Address) -> _Connection:
        if address.scheme == "https" and self._tls is None:
            self._tls = ssl.create_default_context()
        tls = self._tls if address.scheme == "https" else None
        try:
            with anyio.fail_after(self._connect_seconds):
                streams = await asyncio.open_connection(address.host, address.port, ssl=tls)
        except TimeoutError as error:
            raise Unreachable(f"no connection within {self._connect_seconds:g} s") from error
        except (OSError, UnicodeError) as error:
            raise Unreachable(str(error) or type(error).__name__) from error
        connection = _Connection(*streams, address.place)
        if self._is_closed:
            connection.abort()
            raise Unreachable("the client was closed")
        connection.generation = self._generation(address.place)
        return connection

    def _generation(self, place: _Place) -> int:
        """A connection beside another living one leads to the same process; after a gap nobody knows."""
        others = (*self._idle.get(place, ()), *self._busy)
        if not any(other.place == place and other.is_open for other in others):
            self._generations[place] = self._generations.get(place, 0) + 1
        return self._generations[place]

    async def close(self) -> None:
        """Close all connections, those in use too: their requests are Broken."""
        self._is_closed = True
        for connection in (*self._busy, *(each for idle in self._idle.values() for each in idle)):
            connection.abort()
        self._idle.clear()
        await asyncio.sleep(0)  # a transport needs one turn of the loop to let go
