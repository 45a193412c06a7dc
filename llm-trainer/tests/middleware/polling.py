"""Many who ask a service how it is, from a process of their own so that they cost it nothing but their questions.

    python polling.py PORT POLLERS SECONDS        prints [path, status, milliseconds] of each answer, as JSON

Standard library only. Each poller keeps one connection and asks for one path after the other, four times a second.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

PATHS = ("/healthz", "/readyz")
EVERY_SECONDS = 0.25
Answer = tuple[str, int, float]


async def _ask(path: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Answer:
    began = time.perf_counter()
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length))
    return path, int(head.split()[1]), (time.perf_counter() - began) * 1000


async def _poll(port: int, delay: float, until: float) -> list[Answer]:
    await asyncio.sleep(delay)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    found: list[Answer] = []
    while time.monotonic() < until:
        found.append(await _ask(PATHS[len(found) % len(PATHS)], port, reader, writer))
        await asyncio.sleep(max(0.0, EVERY_SECONDS - found[-1][2] / 1000))
    writer.close()
    return found


async def main(port: int, pollers: int, seconds: float) -> None:
    """Print what all of them were answered."""
    until = time.monotonic() + seconds
    polls = (_poll(port, EVERY_SECONDS * number / pollers, until) for number in range(pollers))
    sys.stdout.write(json.dumps([answer for found in await asyncio.gather(*polls) for answer in found]))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
