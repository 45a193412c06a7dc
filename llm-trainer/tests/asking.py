"""Many who ask a service at once, from a process of their own so that they cost it nothing but their questions.

    python asking.py '{"port": 8002, "askers": 100, "paths": ["/healthz"], "every": 0.25, "seconds": 3}'

Each asker keeps one connection and asks for one path after the other: every so many ``seconds``, or ``rounds`` times
and each time at once. Prints [path, status, milliseconds, Retry-After or null, code or null] of each answer, as JSON.
Standard library only.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Wish:
    """``rounds`` of questions by each asker, or as many as fit into ``seconds``."""

    port: int
    askers: int
    paths: tuple[str, ...]
    every: float = 0.0
    seconds: float = 3_600.0
    rounds: int = 1_000_000


@dataclass(frozen=True)
class Answer:
    """``code`` is a problem document's."""

    path: str
    status: int
    milliseconds: float
    retry_after: str | None
    code: str | None


def asked(wish: Wish) -> list[Answer]:
    """What everybody was answered."""
    command = [sys.executable, str(Path(__file__)), json.dumps(asdict(wish))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [Answer(*answer) for answer in json.loads(done.stdout)]


async def _ask(path: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Answer:
    began = time.perf_counter()
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines if line)
    body = await reader.readexactly(int(headers["content-length"]))
    spent, status = (time.perf_counter() - began) * 1000, int(first.split()[1])
    return Answer(path, status, spent, headers.get("retry-after"), json.loads(body)["code"] if status > 299 else None)


async def _asker(wish: Wish, number: int, until: float) -> list[Answer]:
    await asyncio.sleep(wish.every * number / wish.askers)
    reader, writer = await asyncio.open_connection("127.0.0.1", wish.port, limit=1 << 26)
    found: list[Answer] = []
    while time.monotonic() < until and len(found) < wish.rounds:
        path = wish.paths[(number + len(found)) % len(wish.paths)]
        found.append(await _ask(path, wish.port, reader, writer))
        await asyncio.sleep(max(0.0, wish.every - found[-1].milliseconds / 1000))
    writer.close()
    return found


async def main(wish: Wish) -> None:
    """Print all answers."""
    until = time.monotonic() + wish.seconds
    found = await asyncio.gather(*(_asker(wish, number, until) for number in range(wish.askers)))
    answers = [list(asdict(answer).values()) for some in found for answer in some]
    sys.stdout.write(json.dumps(answers))


if __name__ == "__main__":
    asyncio.run(main(Wish(**json.loads(sys.argv[1]))))
