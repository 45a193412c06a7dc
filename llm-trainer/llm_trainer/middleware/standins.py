"""Honest small stand-ins for both ends, for tests, benches and trying things out.

    python -m llm_trainer.middleware.standins learner --port 28000 --memory mind.sqlite3
    python -m llm_trainer.middleware.standins llm --port 28001

The learner answers at once, remembers every message it heard, and takes each key once; with a file for its memory
it survives being killed. ``Faults`` make it misbehave in any of the ways that learners do.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

JSON_TYPE = b"application/json"


@dataclass(frozen=True)
class Given:
    """A request as a stand-in sees it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Reply:
    """An answer as a stand-in gives it; ``raw`` instead of ``body`` for what is not JSON."""

    status: int = 200
    body: Any = None
    raw: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False


Behaviour = Callable[[Given], Awaitable[Reply | None]]
"""A fault: an answer instead of the honest one, or None for the honest one."""


class StandIn:
    """An ASGI application that keeps what it was asked; ``faults`` are used up one by one, ``always`` each time."""

    def __init__(self) -> None:
        self.requests: list[Given] = []
        self.faults: list[Behaviour] = []
        self.always: Behaviour | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        given = await _given(scope, receive)
        self.requests.append(given)
        reply = await self._faulty(given) or self.answer(given)
        await _send(reply, send)

    async def _faulty(self, given: Given) -> Reply | None:
        if given.method != "POST":
            return None
        if self.faults:
            return await self.faults.pop(0)(given)
        return await self.always(given) if self.always is not None else None

    def answer(self, given: Given) -> Reply:
        """The honest answer."""
        raise NotImplementedError


class StandInLearner(StandIn):
    """A learner that repeats what it hears. ``memory`` is a file, or ":memory:"."""

    def __init__(self, memory: str = ":memory:", capabilities: tuple[str, ...] = ("idempotency", "cursor")) -> None:
        super().__init__()
        self.capabilities = capabilities
        self._db = sqlite3.connect(memory, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS heard (seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT UNIQUE, text TEXT)"
        )
        self._counted, self._count, self._words = 0, 0, set[str]()

    def close(self) -> None:
        """Let go of the memory."""
        self._db.close()

    def heard(self) -> list[tuple[str | None, str]]:
        """Keys and texts of everything heard, in order."""
        return list(self._db.execute("SELECT key, text FROM heard ORDER BY seq"))

    def forget(self, count: int) -> None:
        """Lose the last ``count`` things heard, as an older backup would."""
        self._db.execute("DELETE FROM heard WHERE seq > (SELECT max(seq) FROM heard) - ?", (count,))
        self._db.execute("UPDATE sqlite_sequence SET seq = (SELECT coalesce(max(seq), 0) FROM heard)")
        self._counted, self._count, self._words = 0, 0, set[str]()

    def answer(self, given: Given) -> Reply:
        """The part of the learner's API that a trainer uses."""
        if given.path == "/api/status":
            return Reply(body=self._status())
        if given.path.startswith("/api/exchanges/"):
            return self._recorded(given.path.removeprefix("/api/exchanges/"))
        if given.method == "POST" and isinstance(given.body, dict):
            return self._hear(str(given.body.get("message")), given.headers.get("idempotency-key"))
        return Reply(404, {"code": "not-found"})

    def _status(self) -> dict[str, Any]:
        for seq, text in self._db.execute("SELECT seq, text FROM heard WHERE seq > ? ORDER BY seq", (self._counted,)):
            self._counted, self._count = seq, self._count + 1
            self._words.update(text.split())
        return {
            "status": "ok",
            "stage": "words",
            "exchanges": self._count,
            "vocabulary": len(self._words),
            "measurements": {"observations": self._count},
            "cursor": {"epoch": "stand-in", "seq": self._counted, "head": ""},
            "capabilities": list(self.capabilities),
        }

    def _recorded(self, key: str) -> Reply:
        row = self._db.execute("SELECT seq, text FROM heard WHERE key = ?", (key,)).fetchone()
        return Reply(404, {"code": "not-found"}) if row is None else Reply(body=_said(*row))

    def _hear(self, text: str, key: str | None) -> Reply:
        if "idempotency" not in self.capabilities:
            key = None
        found = self._db.execute("SELECT seq, text FROM heard WHERE key = ?", (key,)).fetchone()
        if found is not None:
            if found[1] != text:
                return Reply(422, {"code": "key-reused", "detail": "the same key with another text"})
            return Reply(body=_said(*found), headers={"Idempotent-Replayed": "true"})
        seq = self._db.execute("INSERT INTO heard (key, text) VALUES (?, ?)", (key, text)).lastrowid
        return Reply(body=_said(seq or 0, text))


def _said(seq: int, text: str) -> dict[str, Any]:
    return {"response": text, "stage": "words", "exchange": seq, "timestamp": "1970-01-01T00:00:00Z"}


class StandInLlm(StandIn):
    """An LLM server whose every turn is new."""

    def __init__(self, backend: str = "stand-in", topics: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._turns, self._backend, self._topics = 0, backend, topics

    def answer(self, given: Given) -> Reply:
        """The part of the LLM server's API that a trainer uses."""
        if given.method == "GET":
            if given.path == "/api/topics":
                return Reply(body={"topics": list(self._topics)})
            status = {"backend": self._backend, "model": "stand-in", "ready": True, "state": "ready"}
            return Reply(body=status)
        self._turns += 1
        text = f"This is sentence number {self._turns}."
        return Reply(body={"response": text, "model": "stand-in", "tokens_used": 5, "finish_reason": "stop"})


# ---------------------------------------------------------------- faults


def says(status: int = 200, body: Any = None, raw: bytes | None = None, **headers: str) -> Behaviour:
    """Answer this, without having heard anything."""

    async def fault(_: Given) -> Reply:
        return Reply(status, body, raw, {name.replace("_", "-"): value for name, value in headers.items()})

    return fault


def hears_but(stand_in: StandIn, status: int = 200, raw: bytes | None = None, cut: bool = False) -> Behaviour:
    """Hear and learn it, then answer badly."""

    async def fault(given: Given) -> Reply:
        honest = stand_in.answer(given)
        return Reply(status, honest.body, raw, honest.headers, cut)

    return fault


def waits(seconds: float) -> Behaviour:
    """Take that long, then answer honestly."""

    async def fault(_: Given) -> None:
        await asyncio.sleep(seconds)

    return fault


# ---------------------------------------------------------------- serving


async def _given(scope: Scope, receive: Receive) -> Given:
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
    raw = b"".join(parts)
    return Given(scope["method"], scope["path"], headers, json.loads(raw) if raw else None)


async def _send(reply: Reply, send: Send) -> None:
    raw = json.dumps(reply.body).encode() if reply.raw is None else reply.raw
    length = len(raw) + 100 if reply.cut else len(raw)
    headers = [(b"content-type", JSON_TYPE), (b"content-length", str(length).encode())]
    headers += [(name.encode(), value.encode()) for name, value in reply.headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": raw, "more_body": reply.cut})


@contextmanager
def served(app: ASGIApp, port: int = 0) -> Iterator[str]:
    """Serve ``app`` from a thread of its own; yields its address."""
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off")
    config.timeout_graceful_shutdown = 1
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise OSError(f"port {port} cannot be served")
            thread.join(0.005)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(5)


def main() -> None:
    """Serve one stand-in until a signal comes."""
    parser = argparse.ArgumentParser(description="A stand-in for the learner or for the LLM server.")
    parser.add_argument("which", choices=("learner", "llm"))
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--memory", type=Path, help="file in which the learner keeps what it heard")
    given = parser.parse_args()
    memory = str(given.memory) if given.memory else ":memory:"
    app: StandIn = StandInLearner(memory) if given.which == "learner" else StandInLlm()
    uvicorn.run(app, host="127.0.0.1", port=given.port, log_level="warning", lifespan="off")


if __name__ == "__main__":
    main()
