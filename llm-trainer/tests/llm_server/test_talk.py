"""Nobody speaks to nobody, and no more is taken on than can be spoken."""

from __future__ import annotations

import asyncio
import socket

import pytest

from llm_trainer.errors import PeerBusy, PeerUnreachable
from llm_trainer.llm_server.app import create_app
from llm_trainer.llm_server.choice import Choice
from llm_trainer.llm_server.speech import Deadlines
from llm_trainer.llm_server.talk import Talk
from llm_trainer.llm_server.watch import Watch
from tests.llm_server.stand_ins import Scripted, ask, run
from tests.serving import serving, wait_until


def talk(backend: Scripted, **options: int) -> Talk:
    choice = Choice(backend, "scripted", "m")
    return Talk(choice, Watch(choice), Deadlines(), **options)


def test_beyond_the_limit_is_refused_at_once_with_a_time_to_come_back() -> None:
    full = talk(Scripted(Scripted.HANG), max_at_once=1)

    async def knock_twice() -> PeerBusy:
        first = asyncio.create_task(full.whole(ask("x")))
        while not full.in_flight:
            await asyncio.sleep(0)
        with pytest.raises(PeerBusy) as refusal:
            await full.whole(ask("x"))
        first.cancel()
        await asyncio.wait({first})
        return refusal.value

    assert run(knock_twice()).retry_after_seconds == 1
    assert full.in_flight == 0


def test_a_failure_is_counted_and_makes_the_watch_look_again() -> None:
    failing = talk(Scripted(PeerUnreachable("gone", peer="p")))
    with pytest.raises(PeerUnreachable):
        run(failing.whole(ask("x")))

    assert (failing.spoken, failing.failed, failing.in_flight) == (0, 1, 0)
    assert failing.watch._doubt.is_set()


@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions"])
@pytest.mark.parametrize("stream", ["false", "true"])
@pytest.mark.parametrize("items", [(Scripted.HANG,), ("Hel", Scripted.HANG)], ids=["before a word", "after a word"])
def test_a_client_that_goes_away_stops_the_generation(path: str, stream: str, items: tuple[object, ...]) -> None:
    backend = Scripted(*items)

    async def choose() -> Choice:
        return Choice(backend, "scripted", "m")

    def application(port: int) -> object:
        return create_app(choose, port)

    with serving(application) as url:
        port = int(url.rpartition(":")[2])
        body = f'{{"messages": [{{"role": "user", "content": "x"}}], "stream": {stream}}}'
        request = (
            f"POST {path} HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        )
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(request.encode())
            wait_until(lambda: backend.requests)
            assert backend.stopped == 0
        wait_until(lambda: backend.stopped == 1)
