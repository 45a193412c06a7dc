"""A proxy that does harm, by seed: ``python -m tests.llm_server.proxy --to HOST:PORT``; a program of its own.

It stands between the LLM server and a back end and prints two ports: the one to call, and the one to steer it by.
There it is told the weather, a line of JSON (``{"faults": ["cut", "503"], "share": 0.1, "seed": 7}``), and answers
what it has counted since. Of ten POSTs in a row, ``share`` times ten meet a fault; which ones and which, the seed says.
GETs pass, but for ``down``, where nobody listens at all.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import socket
import struct
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

PACE_SECONDS = 0.002
Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter


@dataclass
class Call:
    """One request that came, and how to go on with it."""

    request: bytes
    client: Writer
    forward: Callable[[bytes], Awaitable[tuple[bytes, bytes]]]
    chance: random.Random
    cold_seconds: float


def said(status: str, body: str, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", body]).encode()


def unchunked(body: bytes) -> bytes:
    """The bytes of a body that came in chunks."""
    whole = b""
    while (size := int(body.partition(b"\r\n")[0], 16)) > 0:
        rest = body.partition(b"\r\n")[2]
        whole, body = whole + rest[:size], rest[size + 2 :]
    return whole


def framed(head: bytes, body: bytes) -> tuple[bytes, bytes]:
    """The answer of a back end that closes its connection, for one that stays: with its length."""
    kept = [line for line in head.split(b"\r\n") if not line.lower().startswith((b"connection", b"transfer-encoding"))]
    kept = [line for line in kept if not line.lower().startswith(b"content-length")]
    return b"\r\n".join([*kept, b"Content-Length: %d" % len(body), b"", b""]), body


async def _whole(call: Call) -> None:
    head, body = await call.forward(call.request)
    call.client.write(head + body)


async def _late(call: Call) -> None:
    await asyncio.sleep(PACE_SECONDS * 10)
    await _whole(call)


async def _cold(call: Call) -> None:
    await asyncio.sleep(call.cold_seconds)
    await _whole(call)


async def _jittery(call: Call) -> None:
    await asyncio.sleep(call.chance.random() * PACE_SECONDS * 20)
    head, body = await call.forward(call.request)
    call.client.write(head)
    for line in body.splitlines(keepends=True):
        await asyncio.sleep(call.chance.random() * PACE_SECONDS)
        call.client.write(line)


async def _trickle(call: Call) -> None:
    head, body = await call.forward(call.request)
    sent = head + body
    for at in range(0, len(sent), 11):
        call.client.write(sent[at : at + 11])
        await asyncio.sleep(PACE_SECONDS / 10)


async def _reset_before(call: Call) -> None:
    _reset(call.client)


async def _reset_after(call: Call) -> None:
    await call.forward(call.request)
    _reset(call.client)


async def _cut(call: Call) -> None:
    head, body = await call.forward(call.request)
    call.client.write(head + body[: len(body) // 2])
    await call.client.drain()
    call.client.close()


async def _no_done(call: Call) -> None:
    head, body = await call.forward(call.request)
    lines = [line for line in body.splitlines(keepends=True) if b'"done": true' not in line and b"DONE" not in line]
    lines = [line for line in lines if b'"finish_reason": "stop"' not in line]
    head, body = framed(head.rstrip(b"\r\n"), b"".join(lines))
    call.client.write(head + body)


async def _error_line(call: Call) -> None:
    head, body = await call.forward(call.request)
    is_events = body.startswith(b"data:")
    error = b'data: {"error": {"message": "an engine ended"}}\n\n' if is_events else b'{"error": "an engine ended"}\n'
    head, body = framed(head.rstrip(b"\r\n"), body.splitlines(keepends=True)[0] + error)
    call.client.write(head + body)


async def _silent(call: Call) -> None:
    await asyncio.Event().wait()


async def _falls_silent(call: Call) -> None:
    head, body = await call.forward(call.request)
    call.client.write(head + body[: len(body) // 2])
    await asyncio.Event().wait()


def _refusing(status: str, *headers: str) -> Callable[[Call], Awaitable[None]]:
    async def refuse(call: Call) -> None:
        call.client.write(said(status, '{"error": "busy"}', *headers))

    return refuse


FAULTS: dict[str, Callable[[Call], Awaitable[None]]] = {
    "latency": _late,
    "jitter": _jittery,
    "trickle": _trickle,
    "reset before effect": _reset_before,
    "reset after effect": _reset_after,
    "cut": _cut,
    "no done": _no_done,
    "error line": _error_line,
    "503": _refusing("503 Service Unavailable"),
    "503 with Retry-After": _refusing("503 Service Unavailable", "Retry-After: 2"),
    "429": _refusing("429 Too Many Requests"),
    "429 with Retry-After": _refusing("429 Too Many Requests", "Retry-After: 2"),
    "silence": _silent,
    "falls silent": _falls_silent,
    "cold": _cold,
}
HARMLESS = ("latency", "jitter", "trickle")
"""Slow, but whole: these must cost nothing at all."""


def _reset(writer: Writer) -> None:
    """End the connection with RST instead of FIN."""
    with contextlib.suppress(OSError):
        found = writer.get_extra_info("socket")
        found.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        )
    writer.transport.abort()


class Proxy:
    """The weather, what was counted in it, and the port that is called."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._weather: dict[str, Any] = {"faults": [], "share": 0.0, "seed": 0}
        self._counts: Counter[str] = Counter()
        self._chance = random.Random(0)
        self._deck: list[bool] = []
        self._server: asyncio.Server | None = None
        self._port = 0

    async def listen(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        return self._port

    async def steer(self, reader: Reader, writer: Writer) -> None:
        while line := await reader.readline():
            told = json.loads(line)
            if told:
                self._weather = {"faults": [], "share": 1.0, "seed": 0, "cold_seconds": 0.0} | told
                self._counts.clear()
                self._deck.clear()
                self._chance = random.Random(self._weather["seed"])
                await self._come_and_go("down" in self._weather["faults"])
            writer.write(json.dumps(dict(self._counts)).encode() + b"\n")
        writer.close()

    async def _come_and_go(self, is_down: bool) -> None:
        if is_down and self._server is not None:
            self._server.close()
            self._server = None
        elif not is_down and self._server is None:
            await self.listen()

    async def _serve(self, reader: Reader, writer: Writer) -> None:
        task = asyncio.current_task()
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while not writer.is_closing():
                request = await _read(reader)
                call = Call(request, writer, self._forward, self._chance, self._weather.get("cold_seconds", 0.0))
                behave = self._fault() if request.startswith(b"POST") else _whole
                gone = asyncio.ensure_future(_gone(reader))
                gone.add_done_callback(lambda done: None if done.cancelled() else self._note_gone(task))
                try:
                    await behave(call)
                    await writer.drain()
                except asyncio.CancelledError:
                    break
                finally:
                    gone.cancel()
                    await asyncio.wait({gone})
        writer.close()

    def _note_gone(self, task: asyncio.Task[None] | None) -> None:
        self._counts["gone before the end"] += 1
        if task is not None:
            task.cancel()

    def _fault(self) -> Callable[[Call], Awaitable[None]]:
        self._counts["calls"] += 1
        if not self._deck:
            bad = round(10 * self._weather["share"])
            self._deck = [True] * bad + [False] * (10 - bad)
            self._chance.shuffle(self._deck)
        if not self._deck.pop() or not self._weather["faults"]:
            return _whole
        name = self._chance.choice(self._weather["faults"])
        self._counts[name] += 1
        return FAULTS[name]

    async def _forward(self, request: bytes) -> tuple[bytes, bytes]:
        """The whole answer of the back end, with its length."""
        if request.startswith(b"POST"):
            self._counts["effects"] += 1
        reader, writer = await asyncio.open_connection(*self._to)
        head, _, body = request.partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection")]
        writer.write(b"\r\n".join([*lines, b"Connection: close", b"", body]))
        answer = await reader.read()
        writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        return framed(head, unchunked(body) if b"chunked" in head.lower() else body)


async def _gone(reader: Reader) -> None:
    """Until the client has hung up; it sends nothing more before it has its answer."""
    await reader.read(1)


async def _read(reader: Reader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    return head + await reader.readexactly(length)


async def run(host: str, port: int) -> None:
    proxy = Proxy(host, port)
    steering = await asyncio.start_server(proxy.steer, "127.0.0.1", 0)
    sys.stdout.write(f"{await proxy.listen()} {steering.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", required=True, metavar="HOST:PORT", help="where the back end answers")
    host, _, port = parser.parse_args().to.partition(":")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(host, int(port)))


if __name__ == "__main__":
    main()
