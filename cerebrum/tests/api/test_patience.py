from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from cerebrum.api import door, patience
from cerebrum.api.app import create_app
from cerebrum.worker import Worker

HALF_A_HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost"


@pytest.fixture
def port(worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(patience, "HEAD_SECONDS", 0.2)
    monkeypatch.setattr(door, "BODY_SECONDS", 0.2)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    number = listening.getsockname()[1]
    app = create_app(worker, number, tmp_path / "copies")
    server = uvicorn.Server(uvicorn.Config(app, http=patience.Patient, log_config=None, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield number
    server.should_exit = True
    thread.join(20)
    listening.close()


def connect(port: int) -> socket.socket:
    deadline = time.monotonic() + 10
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=10)
        except OSError:
            assert time.monotonic() < deadline


def request(port: int) -> bytes:
    return b"GET /healthz HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % port


@pytest.mark.parametrize("sent", [b"", b"G", HALF_A_HEAD])
def test_a_head_that_does_not_come_closes_the_connection(port: int, sent: bytes) -> None:
    with connect(port) as caller:
        caller.sendall(sent)

        assert caller.recv(100) == b""


def test_a_dripping_head_gains_no_time(port: int) -> None:
    with connect(port) as caller:
        caller.sendall(HALF_A_HEAD)
        caller.settimeout(0.05)
        drips = 0
        while drips < 100 and not is_closed(caller):
            drips += 1

    assert 0 < drips < 100


def is_closed(caller: socket.socket) -> bool:
    """Whether the other end hung up; if not, say one byte more."""
    try:
        return caller.recv(100) == b""
    except TimeoutError:
        caller.sendall(b"x")
        return False
    except OSError:
        return True


def test_a_second_half_request_on_a_kept_connection_is_closed_too(port: int) -> None:
    with connect(port) as caller:
        caller.sendall(request(port))
        assert caller.recv(10_000).startswith(b"HTTP/1.1 200")
        caller.sendall(HALF_A_HEAD)

        while caller.recv(10_000):
            pass


def test_a_body_that_does_not_come_is_408(port: int) -> None:
    with connect(port) as caller:
        head = b"POST /api/chat HTTP/1.1\r\nHost: localhost:%d\r\nContent-Type: application/json\r\n" % port
        caller.sendall(head + b"Content-Length: 50\r\n\r\n{")

        answer = caller.recv(10_000)

    assert answer.startswith(b"HTTP/1.1 408")


def test_patience_does_not_disturb_the_patient(port: int) -> None:
    with connect(port) as caller:
        for _ in range(5):
            caller.sendall(request(port))
            assert caller.recv(10_000).startswith(b"HTTP/1.1 200")
