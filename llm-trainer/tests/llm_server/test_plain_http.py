"""The lean transport under both official clients: the same answers as the usual one, connections kept, ends known."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from types import ModuleType

import httpx
import httpx2
import pytest

from llm_trainer.llm_server import plain_http
from llm_trainer.llm_server.plain_http import plainly
from llm_trainer.ports import bind
from tests.llm_server.stand_ins import run

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
HINTED = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + WHOLE
UNTIL_CLOSED = b"HTTP/1.1 200 OK\r\n\r\nhello"


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here connections are used again at once."""
    monkeypatch.setattr(plain_http, "SETTLE_SECONDS", -1.0)


LIBRARIES = pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])


class Server:
    """Answers each request with the next of ``answers``, byte by byte what it is told; ``None`` hangs up."""

    def __init__(self, *answers: bytes | None, then_closes: bool = False, piecemeal: bool = False) -> None:
        self.answers, self.then_closes, self.piecemeal = list(answers), then_closes, piecemeal
        self.connections, self.requests = 0, list[bytes]()
        self.gone = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while self.answers:
                self.requests.append(await reader.readuntil(b"\r\n\r\n"))
                answer = self.answers.pop(0)
                if answer is None:
                    break
                for part in [bytes([byte]) for byte in answer] if self.piecemeal else [answer]:
                    writer.write(part)
                    await writer.drain()
                if self.then_closes:
                    break
            else:
                await reader.read()
                self.gone.set()
        writer.close()


@contextlib.asynccontextmanager
async def serving(server: Server) -> AsyncIterator[str]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"


def talking(library: ModuleType, server: Callable[[], Server], do: Callable[..., Awaitable[None]]) -> None:
    async def talk() -> None:
        program = server()
        async with serving(program) as url, library.AsyncClient(transport=plainly(library)) as client:
            await do(client, url, program)

    run(talk())


@LIBRARIES
@pytest.mark.parametrize("piecemeal", [False, True])
@pytest.mark.parametrize("answer", [WHOLE, CHUNKED, HINTED], ids=["length", "chunks", "early hints"])
def test_answers_of_every_frame_are_understood_and_the_connection_is_kept(
    library: ModuleType, answer: bytes, piecemeal: bool
) -> None:
    async def do(client: httpx.AsyncClient, url: str, server: Server) -> None:
        said = [(await client.get(url)).text for _ in range(3)]
        assert said == ["hello"] * 3
        assert server.connections == 1

    talking(library, lambda: Server(answer, answer, answer, piecemeal=piecemeal), do)


@LIBRARIES
def test_an_answer_without_a_length_ends_with_its_connection(library: ModuleType) -> None:
    async def do(client: httpx.AsyncClient, url: str, server: Server) -> None:
        assert [(await client.get(url)).text for _ in range(2)] == ["hello", "hello"]
        assert server.connections == 2

    talking(library, lambda: Server(UNTIL_CLOSED, UNTIL_CLOSED, then_closes=True), do)


@LIBRARIES
@pytest.mark.parametrize("answer", [None, WHOLE[:-2], CHUNKED[:-5], WHOLE[:20], b"SSH-2.0-x\r\n\r\n"])
def test_an_answer_that_is_cut_or_is_none_is_an_error_never_a_short_answer(
    library: ModuleType, answer: bytes | None
) -> None:
    async def do(client: httpx.AsyncClient, url: str, server: Server) -> None:
        with pytest.raises((httpx.RemoteProtocolError, httpx2.RemoteProtocolError)):
            await client.get(url)

    talking(library, lambda: Server(answer, then_closes=True), do)


@LIBRARIES
def test_going_away_in_the_middle_of_a_stream_hangs_up(library: ModuleType) -> None:
    async def do(client: httpx.AsyncClient, url: str, server: Server) -> None:
        async with client.stream("GET", url) as answer:
            assert await answer.aiter_bytes().__anext__() == b"hello"
        await asyncio.wait_for(server.gone.wait(), 5)

    talking(library, lambda: Server(CHUNKED[:-5]), do)


def test_words_that_nobody_asked_for_are_not_taken_for_the_next_answer() -> None:
    async def do(client: httpx.AsyncClient, url: str, server: Server) -> None:
        for _ in range(2):
            assert (await client.get(url)).text == "hello"
            await asyncio.sleep(0)

    talking(httpx, lambda: Server(WHOLE + b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad", WHOLE), do)


def test_a_connection_idle_for_too_long_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_http, "IDLE_SECONDS", -1.0)

    async def do(client: httpx.AsyncClient, url: str, server: Server) -> None:
        for _ in range(2):
            await client.get(url)
        assert server.connections == 2

    talking(httpx, lambda: Server(WHOLE, WHOLE), do)


def test_a_server_that_hangs_up_after_its_answer_without_having_said_so_loses_no_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(plain_http, "SETTLE_SECONDS", 0.05)

    async def do(client: httpx.AsyncClient, url: str, server: Server) -> None:
        assert [(await client.get(url)).text for _ in range(20)] == ["hello"] * 20
        assert server.connections == 20

    talking(httpx, lambda: Server(*[CHUNKED] * 20, then_closes=True), do)


def test_a_long_answer_waits_in_the_socket_for_its_reader_and_comes_whole() -> None:
    body = b"x" * 3_000_000

    async def do(client: httpx.AsyncClient, url: str, server: Server) -> None:
        async with client.stream("GET", url) as answer:
            sizes = [len(piece) async for piece in answer.aiter_bytes()]
        assert sum(sizes) == len(body)
        assert len(sizes) > 3

    talking(httpx, lambda: Server(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body), do)


def test_headers_without_an_end_are_refused() -> None:
    async def do(client: httpx.AsyncClient, url: str, server: Server) -> None:
        with pytest.raises(httpx.RemoteProtocolError, match="no end"):
            await client.get(url)

    head = b"HTTP/1.1 200 OK\r\n" + b"".join(b"x-%d: %s\r\n" % (n, b"y" * 1000) for n in range(100))
    talking(httpx, lambda: Server(head), do)


def test_a_key_with_a_line_break_smuggles_nothing_in() -> None:
    async def do(client: httpx.AsyncClient, url: str, server: Server) -> None:
        with pytest.raises(httpx.RemoteProtocolError, match="line break"):
            await client.get(url, headers=[(b"authorization", b"Bearer a\r\nx-evil: 1")])
        assert server.requests == []

    talking(httpx, lambda: Server(WHOLE), do)


@LIBRARIES
def test_where_nobody_listens_the_error_says_so(library: ModuleType) -> None:
    taken = bind(0, "test")
    port = taken.getsockname()[1]
    taken.close()

    async def ask() -> None:
        async with library.AsyncClient(transport=plainly(library)) as client:
            with pytest.raises(library.ConnectError):
                await client.get(f"http://127.0.0.1:{port}/")

    run(ask())
