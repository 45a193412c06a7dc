"""Serves the real page, and the middleware's API over a ``Fake``, at any speed a test asks for."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse

from llm_trainer.middleware.dashboard import add_dashboard, page, wants_page
from llm_trainer.web import Door

from .fake import PAST, TUTOR, Fake, past_log
from .script import START


def app_of(fake: Fake, port: int) -> FastAPI:
    """The middleware's public API over ``fake``."""
    app = FastAPI()
    add_dashboard(app)
    tasks: set[asyncio.Task[None]] = set()

    def problem(status: int, code: str, detail: str, remedy: str = "") -> JSONResponse:
        return JSONResponse({"status": status, "code": code, "detail": detail, "remedy": remedy}, status)

    @app.get("/")
    def root(request: Request) -> Any:
        if wants_page(request.headers.get("accept", "")):
            return page(request)
        return {"service": "middleware", "version": "0", "status": "ok"}

    @app.get("/api/training/status")
    def status(session_id: str | None = None) -> Any:
        if session_id != PAST:
            return fake.status() | {"sessions": under_way()}
        phase = {"interrupted": "interrupted", "running": "teaching"}[fake.past_status]
        past = {"session_id": PAST, "name": fake.past_name, "phase": phase, "running": phase == "teaching"}
        return fake.status() | past | {"exchanges_completed": 300, "max_exchanges": 500, "sessions": under_way()}

    def under_way() -> list[dict[str, Any]]:
        return [{**each, "learner_name": "default"} for each in fake.sessions() if each["status"] == "running"]

    @app.get("/api/learners")
    def ends() -> Any:
        return {"learners": fake.learners, "teachers": [{"name": "default", "state": "up"}]}

    @app.get("/api/training/log")
    def log(limit: int = 100, after: int | None = None, session: str | None = None) -> Any:
        held = past_log() if session == PAST else fake.log
        found = held[-limit:] if after is None else held[after : after + limit]
        body = {"total_exchanges": len(held), "showing": len(found), "exchanges": found}
        return body | {"session_id": session or fake.session_id}

    @app.get("/api/training/notes")
    def notes(session: str | None = None, limit: int = 300) -> Any:
        told = [{"id": name, "number": len(fake.log), **body} for name, kind, body in fake.events if kind == "note"]
        return {"session_id": session or fake.session_id, "notes": fake.notes + told if session != PAST else []}

    @app.get("/api/training/measurements")
    def measurements(after: int = 0, session: str | None = None) -> Any:
        rows = [
            {
                "row": n,
                "number": n,
                "order_gain": n / 2000,
                "recall_at_1": n / 4000,
                "bits_per_character": 2 + 40 / (n + 20),
            }
            for n in range(10, len(fake.log) + 1, 10)
        ]
        return {"session_id": fake.session_id, "measurements": [row for row in rows if row["row"] > after]}

    @app.post("/api/training/start")
    async def start(body: dict[str, Any]) -> Any:
        if fake.running and body.get("learner", "default") == "default":
            return problem(409, "session-active", "a session is running", "stop it first")
        if body.get("max_exchanges", 100) < 1:
            return problem(422, "invalid-request", "max_exchanges = 0 is too few", "ask for 1 or more")
        fake.started.append(body)
        fake.session_id, fake.log, fake.events = f"fake{len(fake.started):022d}", [], []
        fake.max_exchanges, fake.delay = body.get("max_exchanges", 100), body.get("delay", 2.0)
        fake.running, fake.phase = True, "teaching"
        task = asyncio.create_task(fake.teach())
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return {"status": "started", "session_id": fake.session_id}

    @app.post("/api/training/{verb}")
    async def steer(verb: str, session_id: str = "") -> Any:
        fake.spoken_to.append(session_id)
        if not fake.running:
            return problem(409, "conflict", f"nothing to {verb}: no session is running", "start one")
        if verb == "step":
            fake.step()
        else:
            fake.phase = {"pause": "paused", "resume": "teaching", "stop": "ended"}[verb]
            fake.running = verb != "stop"
        fake.publish("phase", {"phase": fake.phase})
        return {"status": fake.phase, "exchanges_completed": len(fake.log)}

    @app.patch("/api/training")
    async def tune(body: dict[str, Any]) -> Any:
        fake.patched.append(body)
        fake.delay = body.get("delay", fake.delay)
        return fake.status()

    @app.get("/api/training/events")
    async def events(request: Request, session_id: str | None = None) -> Any:
        last = request.headers.get("last-event-id", "")
        known = last.startswith(f"{fake.session_id}:")
        at = int(last.rpartition(":")[2] or 0) if known else len(fake.events)
        return StreamingResponse(_stream(fake, at, lambda: status(session_id)), media_type="text/event-stream")

    @app.get("/api/status")
    def services() -> Any:
        seen = {"since": START.isoformat(), "age_ms": 900}
        return {
            "middleware": {"state": "up", "reason": ""},
            "learner": seen | fake.learner_reading,
            "llm": seen
            | {"state": "not_configured", "reason": TUTOR, "remedy": "ollama pull gemma3:1b", "said": fake.said},
        }

    @app.get("/api/cerebrum/status")
    def learner() -> Any:
        done = len(fake.log)
        return {"status": "ok", "stage": "words", "exchanges": 40 + done, "vocabulary": 60, "measurements": {}}

    @app.post("/api/cerebrum/chat")
    async def talk(body: dict[str, Any]) -> Any:
        extra = {"exchange": 41 if body.get("learn", True) else None, "why": {}}
        return {"response": f"you said {body['message']}", "stage": "words", "odd": None, "extra": extra}

    @app.get("/api/cerebrum/explain/{seq}")
    def explain(seq: int) -> Any:
        entry = fake.log[seq - 41]
        heard = f"I heard {{}} by the {entry['topic']}"
        words = [
            {"text": word, "sources": [{"seq": 3 + i // 2, "text": heard.format(word)}] if i % 5 < 4 else []}
            for i, word in enumerate(entry["cerebrum_response"].split())
        ]
        why = {"kind": "crossover", "score": 0.42}
        return {"response": entry["cerebrum_response"], "stage": "words", "exchange": seq, "why": why, "words": words}

    @app.get("/api/sessions")
    def sessions(status: str = "") -> Any:
        return {"sessions": [each for each in fake.sessions() if status in ("", each["status"])]}

    @app.get("/api/sessions/{session_id}")
    def one(session_id: str) -> Any:
        found = [each for each in fake.sessions() if each["session_id"] == session_id]
        return found[0] if found else problem(404, "not-found", "there is no such session")

    @app.delete("/api/sessions/{session_id}")
    def remove(session_id: str) -> Any:
        fake.deleted.append(session_id)
        return {"status": "deleted", "session_id": session_id, "name": fake.past_name}

    @app.get("/api/llm/speaker")
    def speaker() -> Any:
        return {"backend": "auto", "model": "gemma3:1b", "offers": fake.offers}

    @app.put("/api/llm/speaker")
    def turn_to(body: dict[str, Any]) -> Any:
        fake.turned_to.append(body)
        return fake.said

    @app.get("/api/llm/pull")
    def pulling() -> Any:
        return {"pull": fake.pull}

    @app.post("/api/llm/pull", status_code=202)
    def begin_pull(body: dict[str, Any]) -> Any:
        fake.pulled.append(body)
        fake.pull = {"model": body.get("model", "gemma3:1b"), "state": "pulling", "status": "pulling manifest"}
        fake.pull |= {"completed": 0, "total": 0, "detail": "", "remedy": ""}
        return {"pull": fake.pull}

    @app.delete("/api/llm/pull")
    def end_pull() -> Any:
        fake.pull = (fake.pull or {}) | {"state": "cancelled"}
        return {"pull": fake.pull}

    @app.post("/api/sessions/{session_id}/resume")
    def go_on(session_id: str) -> Any:
        fake.resumed.append(session_id)
        fake.past_status = "running"
        return {"status": "resumed", "session_id": session_id}

    @app.get("/api/sessions/{session_id}/export")
    def export(session_id: str) -> Any:
        found = fake.log if session_id == fake.session_id else past_log()
        return {"session_id": session_id, "exchanges": found}

    @app.get("/api/traffic")
    def traffic(limit: int = 100, peer: str = "", path: str = "", before: int | None = None) -> Any:
        calls = [call for call in fake.calls() if peer in ("", call["peer"]) and path in call["path"]]
        found = [call for call in calls[::-1] if before is None or call["id"] < before][:limit]
        return {"showing": len(found), "searched_to": None, "calls": found}

    @app.get("/api/traffic/{number}")
    def one_call(number: int) -> Any:
        call = next(call for call in fake.calls() if call["id"] == number)
        bodies = {"sent": json.dumps({"message": fake.log[-1]["llm_to_cerebrum"]}), "received": fake.wire_body}
        return call | bodies | {"bodies": "kept", "sent_cut": False, "received_cut": False}

    app.add_middleware(Door, port=port)
    return app


async def _stream(fake: Fake, at: int, status: Callable[[], Any]) -> AsyncIterator[str]:
    """The events from ``at`` on, and how the session stands: at first, and whenever that has changed."""
    script, told = fake.events, ""
    yield "retry: 200\n\n"
    while True:
        if (stands := json.dumps(status())) != told:
            told = stands
            yield f"event: status\ndata: {told}\n\n"
        if fake.events is not script:
            script, at = fake.events, 0
        for name, kind, body in script[at:]:
            yield f"id: {name}\nevent: {kind}\ndata: {json.dumps(body)}\n\n"
        at = len(script)
        await asyncio.sleep(0.005)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(fake: Fake, port: int | None = None) -> Iterator[str]:
    """Serve ``fake`` on a thread of its own; yields the address of its page."""
    port = port or free_port()
    app = app_of(fake, port)
    config = uvicorn.Config(app, "127.0.0.1", port, log_config=None, timeout_graceful_shutdown=0, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < deadline, "the stand-in did not start"
        assert thread.is_alive(), "the stand-in could not start"
        time.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
