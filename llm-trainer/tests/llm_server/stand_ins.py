"""Small stand-ins for the programs the LLM server talks to, with the shapes of the real ones' answers."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from llm_trainer.llm_server.backends.base import BackendStatus, ChatRequest, Chunk, Finish, Message
from tests.serving import serving

Result = TypeVar("Result")
RECORDINGS = Path(__file__).parents[1] / "data" / "ollama"
DETAILS = {
    "parent_model": "",
    "format": "gguf",
    "family": "gemma3",
    "families": ["gemma3"],
    "parameter_size": "999.89M",
    "quantization_level": "Q4_K_M",
}


def ask(*texts: str, **fields: Any) -> ChatRequest:
    """A request whose turns alternate and end with the user's."""
    roles = ("user", "assistant") if len(texts) % 2 else ("assistant", "user")
    turns = tuple(Message(roles[index % 2], text) for index, text in enumerate(texts))  # type: ignore[arg-type]
    return ChatRequest(turns, **fields)


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end, or fail after ten seconds."""
    return asyncio.run(asyncio.wait_for(work, 10))


@dataclass
class Script:
    """What a stand-in answers to one request for a turn: a status, lines, and how it ends."""

    lines: Iterable[str] = ()
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    ending: str = "proper"  # or "cut": the connection breaks; "hang": nothing more, until the client goes away
    kind: str = "application/x-ndjson"


class StandIn:
    """A bare ASGI program: answers GETs from ``pages`` and POSTs from ``scripts``, the last one again and again."""

    def __init__(self, *scripts: Script, pages: dict[str, Any] | None = None) -> None:
        self.scripts, self.pages = list(scripts), pages or {}
        self.bodies: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.headers: dict[str, str] = {}
        self.client_gone = threading.Event()

    async def __call__(self, scope: Any, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
        self.paths.append(scope["path"])
        self.headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        if scope["method"] == "GET":
            page = self.pages.get(scope["path"])
            script = page if isinstance(page, Script) else Script([json.dumps(page)], 200 if page is not None else 404)
        else:
            self.bodies.append(json.loads(await _body(receive)))
            script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        await self._play(script, receive, send)

    async def _play(self, script: Script, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
        headers = {"content-type": script.kind, **script.headers}
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        if script.ending != "hang" or script.lines:
            await send({"type": "http.response.start", "status": script.status, "headers": raw})
        for line in script.lines:
            await send({"type": "http.response.body", "body": line.encode() + b"\n", "more_body": True})
        if script.ending == "hang":
            while (await receive())["type"] != "http.disconnect":
                pass
            self.client_gone.set()
        elif script.ending == "proper":
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        # "cut": returning without the end makes the server close the connection in the middle of the answer


class _Switch:
    """An application that is whatever stands in at the moment."""

    program: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await self.program(scope, receive, send)


_idle: list[tuple[str, _Switch]] = []
_open = contextlib.ExitStack()
atexit.register(_open.close)


@contextlib.contextmanager
def standing_in(program: StandIn) -> Iterator[str]:
    """Yield the URL where ``program`` answers. Servers are kept and used again: starting one is slow."""
    if _idle:
        url, switch = _idle.pop()
    else:
        switch = _Switch()
        url = _open.enter_context(serving(switch))
    switch.program = program
    try:
        yield url
    finally:
        _idle.append((url, switch))


def recorded(name: str) -> Script:
    """What the real Ollama once answered, of ``tests/data/ollama``."""
    answer = json.loads((RECORDINGS / f"{name}.json").read_text("utf-8"))
    kind = answer["headers"]["content-type"]
    return Script(answer["lines"], answer["status"], kind=kind)


async def _body(receive: Callable[[], Any]) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body


def ollama_models(*names: str) -> dict[str, Any]:
    """What ``/api/tags`` answers."""
    return {
        "models": [
            {
                "name": name,
                "model": name,
                "modified_at": "2025-11-02T10:15:30.123456789+01:00",
                "size": 815319791,
                "digest": "8648f39daa8fbf5b18c7b4e6a8fb4990c692751d49917417b8842ca5758e7ffc",
                "details": DETAILS,
            }
            for name in names
        ]
    }


def ollama_lines(*pieces: str, model: str = "gemma3:1b", **last: Any) -> list[str]:
    """What ``/api/chat`` streams: one line a piece, then one that says done."""
    head = {"model": model, "created_at": "2025-11-02T10:15:31.123456789Z"}
    lines = [head | {"message": {"role": "assistant", "content": piece}, "done": False} for piece in pieces]
    end = {
        "message": {"role": "assistant", "content": ""},
        "done": True,
        "done_reason": "stop",
        "total_duration": 4_883_583_458,
        "load_duration": 1_334_875_000,
        "prompt_eval_count": 26,
        "prompt_eval_duration": 342_546_000,
        "eval_count": 7,
        "eval_duration": 453_500_000,
    }
    return [json.dumps(line) for line in [*lines, head | end | last]]


def ollama(*scripts: Script, models: tuple[str, ...] = ("gemma3:1b",), resident: tuple[str, ...] = ()) -> StandIn:
    """A program that answers like Ollama."""
    pages = {"/api/tags": ollama_models(*models), "/api/ps": ollama_models(*resident)}
    return StandIn(*(scripts or [Script(ollama_lines("Hello", " there."))]), pages=pages)


def openai_events(*pieces: str, model: str = "gemma", reason: str | None = "stop", done: bool = True) -> list[str]:
    """What ``/v1/chat/completions`` streams, llama.cpp's ``timings`` included."""
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_762_000_000, "model": model}

    def event(delta: dict[str, Any], why: str | None = None) -> dict[str, Any]:
        return head | {"choices": [{"index": 0, "delta": delta, "finish_reason": why}]}

    events = [event({"role": "assistant", "content": None}), *(event({"content": piece}) for piece in pieces)]
    if reason is not None:
        events.append(event({}, reason))
        usage = {"prompt_tokens": 26, "completion_tokens": 7, "total_tokens": 33}
        events.append(head | {"choices": [], "usage": usage, "timings": {"prompt_ms": 12.5, "predicted_ms": 34.5}})
    return [f"data: {json.dumps(each)}\n" for each in events] + (["data: [DONE]\n"] if done else [])


def openai(*scripts: Script, models: Iterable[str] = ("gemma",)) -> StandIn:
    """A program that answers like OpenAI's interface."""
    listed = [{"id": name, "object": "model", "created": 1, "owned_by": "me"} for name in models]
    pages = {"/v1/models": {"object": "list", "data": listed}}
    usual = Script(openai_events("Hello", " there."), kind="text/event-stream")
    return StandIn(*(scripts or [usual]), pages=pages)


class Scripted:
    """A back end in this process that does what it is told: each item is a piece, an error, or ``HANG``."""

    name = "scripted"
    HANG = object()

    def __init__(self, *items: object, status: BackendStatus | None = None) -> None:
        self.items = items or ("Hello", " there.", Finish("stop", "m", 3, 2))
        self.now = status or BackendStatus("ready", "m", "well", models=("m", "n"))
        self.requests: list[ChatRequest] = []
        self.looks = self.closed = self.stopped = 0

    async def chat(self, request: ChatRequest) -> AsyncIterator[Chunk]:
        self.requests.append(request)
        try:
            for item in self.items:
                if item is self.HANG:
                    await asyncio.Event().wait()
                if isinstance(item, Exception):
                    raise item
                yield Chunk("", item) if isinstance(item, Finish) else Chunk(str(item))
        finally:
            self.stopped += 1

    async def status(self) -> BackendStatus:
        self.looks += 1
        return self.now

    async def aclose(self) -> None:
        self.closed += 1
