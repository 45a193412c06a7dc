from __future__ import annotations

import asyncio
from typing import Any

import pytest

from llm_trainer.web import Crowd


class Slow:
    """An application that answers when it is told to."""

    def __init__(self, kind: bytes = b"application/json") -> None:
        self.kind, self.go, self.begun = kind, asyncio.Event(), 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.begun += 1
        if self.kind != b"application/json":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", self.kind)]})
        await self.go.wait()
        if self.kind == b"application/json":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", self.kind)]})
        await send({"type": "http.response.body", "body": b"{}"})


async def ask(crowd: Crowd, path: str = "/api/x") -> tuple[int, dict[bytes, bytes]]:
    told: list[Any] = []

    async def send(message: Any) -> None:
        told.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    await crowd({"type": "http", "path": path, "method": "GET", "headers": []}, receive, send)
    return told[0]["status"], dict(told[0]["headers"])


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_whoever_comes_beyond_the_limit_is_told_at_once_when_to_come_again() -> None:
    async def play() -> None:
        slow = Slow()
        crowd = Crowd(slow, requests=2)
        inside = [asyncio.create_task(ask(crowd)) for _ in range(2)]
        await settle()
        status, headers = await ask(crowd)
        assert (status, headers[b"retry-after"]) == (503, b"1")
        assert slow.begun == 2

        slow.go.set()
        assert [task[0] for task in await asyncio.gather(*inside)] == [200, 200]
        assert (await ask(crowd))[0] == 200

    asyncio.run(play())


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_always_told(path: str) -> None:
    async def play() -> None:
        slow = Slow()
        slow.go.set()
        assert (await ask(Crowd(slow, requests=0), path))[0] == 200

    asyncio.run(play())


def test_streams_have_places_of_their_own() -> None:
    async def play() -> None:
        slow = Slow(b"text/event-stream; charset=utf-8")
        crowd = Crowd(slow, requests=1, streams=2)
        streams = []
        for _ in range(2):
            streams.append(asyncio.create_task(ask(crowd, "/api/training/events")))
            await settle()
        assert (await ask(crowd, "/api/training/events"))[0] == 503
        assert (crowd._answering, crowd._flowing) == (0, 2)

        slow.go.set()
        await asyncio.gather(*streams)
        assert (crowd._answering, crowd._flowing) == (0, 0)

    asyncio.run(play())


def test_a_place_is_free_again_after_a_failure() -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("a bug")

    async def play() -> None:
        crowd = Crowd(broken, requests=1)
        for _ in range(3):
            with pytest.raises(RuntimeError):
                await ask(crowd)
        assert crowd._answering == 0

    asyncio.run(play())
