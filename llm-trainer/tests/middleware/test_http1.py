"""The client: whole answers from kept connections, and a clear word when there is none."""

import asyncio
import ssl

import anyio
import pytest

from llm_trainer.middleware.http1 import Broken, Client, Renewed, Unreachable

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
ENDS = {
    "nothing": b"",
    "no HTTP": b"hello\r\n\r\n",
    "a cut head": b"HTTP/1.1 200 OK\r\nConte",
    "a cut body": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi",
    "a cut chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhi",
    "an endless head": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000,
}


class Peer:
    """Answers each request with the next of ``answers``, then closes the connection if told so."""

    def __init__(self, *answers: bytes, close: bool = False) -> None:
        self.answers, self.close = list(answers), close
        self.connections, self.requests, self.writers = 0, [], []

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_):
        self.server.close()
        for writer in self.writers:
            writer.transport.abort()

    async def _serve(self, reader, writer):
        self.connections += 1
        self.writers.append(writer)
        while self.answers:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            length = next(
                (int(line[16:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"), 0
            )
            self.requests.append((head, await reader.readexactly(length)))
            writer.write(self.answers.pop(0))
            await writer.drain()
            if self.close:
                break
        writer.close()


def play(story):
    async def whole():
        try:
            await story()
        finally:
            await asyncio.sleep(0.01)  # transports that were let go close in their own time

    asyncio.run(whole())


def client(**more):
    given = {"connect_seconds": 2.0, "idle_seconds": 3.0, "limit_bytes": 1000} | more
    return Client({"Accept": "application/json"}, **given)


def ask(made, url, content=b"", **headers):
    return made.request("POST", url, content, headers)


def test_requests_one_after_the_other_share_a_connection():
    async def story() -> None:
        made = client()
        async with Peer(OK, b"HTTP/1.1 100 Continue\r\n\r\n" + OK, OK) as peer:
            for _ in range(3):
                received = await ask(made, f"{peer.url}/a?b=c", b"{}", Token="x")
                assert (received.status, received.body, received.cut) == (200, b"hi", False)
            assert peer.connections == 1
            head, body = peer.requests[0]
            assert head.startswith(b"POST /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:")
            assert b"Token: x" in head
            assert body == b"{}"
        await made.close()

    play(story)


@pytest.mark.parametrize("idle_seconds", [0.0, 3.0])
def test_a_connection_that_is_stale_or_closed_is_not_used_again(idle_seconds):
    async def story() -> None:
        made = client(idle_seconds=idle_seconds)
        async with Peer(OK, OK, close=idle_seconds > 0) as peer:
            for _ in range(2):
                assert (await ask(made, peer.url)).body == b"hi"
                await asyncio.sleep(0.02)  # the news of the close has to arrive
            assert peer.connections == 2
        await made.close()

    play(story)


def test_a_body_in_chunks_or_to_the_end_of_the_connection_is_whole():
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"

    async def story() -> None:
        made = client()
        async with Peer(chunked) as peer:
            assert (await ask(made, peer.url)).body == b"hello"
        async with Peer(b"HTTP/1.1 200 OK\r\n\r\nhello", close=True) as peer:
            assert (await ask(made, peer.url)).body == b"hello"
        await made.close()

    play(story)


def test_a_body_too_heavy_is_cut_and_its_connection_left():
    async def story() -> None:
        made = client()
        async with Peer(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000, OK) as peer:
            received = await ask(made, peer.url)
            assert (len(received.body), received.cut) == (1000, True)
            assert not (await ask(made, peer.url)).cut
            assert peer.connections == 2
        await made.close()

    play(story)


@pytest.mark.parametrize("name", ENDS)
def test_an_answer_that_is_not_whole_is_broken(name):
    async def story() -> None:
        async with Peer(ENDS[name], close=True) as peer:
            with pytest.raises(Broken):
                await ask(client(), peer.url)

    play(story)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "ftp://127.0.0.1/", "http://127.0.0.1:99999/", "http://a b/"])
def test_where_nobody_can_be_called_nothing_was_received(url):
    with pytest.raises(Unreachable):
        play(lambda: ask(client(), url))


def test_a_header_that_cannot_be_sent_is_not_sent():
    async def story() -> None:
        async with Peer(OK) as peer:
            with pytest.raises(Unreachable):
                await ask(client(), peer.url, Token="a\r\nHost: b")
            assert peer.requests == []

    play(story)


def test_a_request_given_up_leaves_no_answer_for_the_next():
    async def story() -> None:
        made = client()
        async with Peer(b"", OK, OK) as peer:
            with anyio.move_on_after(0.05) as scope:
                await ask(made, peer.url)
            assert scope.cancelled_caught
            assert (await ask(made, peer.url)).body == b"hi"
            assert peer.connections == 2
        await made.close()

    play(story)


def test_a_certificate_that_nobody_vouches_for_is_refused():
    async def story() -> None:
        async with Peer(OK) as peer:
            with pytest.raises(Unreachable):
                await ask(client(), peer.url.replace("http:", "https:"))

    play(story)
    assert ssl.create_default_context().verify_mode is ssl.CERT_REQUIRED


def test_connections_of_one_generation_overlap_in_time():
    async def story():
        async with Peer(OK, OK, OK) as peer:
            caller = client()
            first = await caller.request("GET", peer.url, b"", {})
            same = await caller.request("GET", peer.url, b"", {}, first.generation)
            beside = await asyncio.gather(caller.request("GET", peer.url, b"", {}, first.generation))
            assert first.generation is not None
            assert {first.generation, same.generation, beside[0].generation} == {first.generation}
            await caller.close()

    play(story)


def test_nothing_is_sent_over_a_connection_newer_than_the_caller_relies_on():
    async def story():
        async with Peer(OK, OK, OK) as peer:
            caller = client()
            before = (await caller.request("GET", peer.url, b"", {})).generation
            peer.writers[0].transport.abort()  # as a restart of the peer does
            await asyncio.sleep(0.01)
            with pytest.raises(Renewed):
                await caller.request("POST", peer.url, b"text", {}, before)
            assert len(peer.requests) == 1

            after = (await caller.request("GET", peer.url, b"", {})).generation
            await caller.request("POST", peer.url, b"text", {}, after)
            assert (len(peer.requests), peer.connections) == (3, 2)
            await caller.close()

    play(story)


def test_a_peer_that_keeps_no_connection_gives_nothing_to_rely_on():
    async def story():
        async with Peer(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), close=True) as peer:
            caller = client()
            assert (await caller.request("GET", peer.url, b"", {})).generation is None
            await caller.close()

    play(story)
