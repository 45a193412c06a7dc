"""A stand-in for the middleware that serves the real page over a scripted record, at any speed a test asks for."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse

from llm_trainer.middleware.dashboard import add_dashboard, page, wants_page
from llm_trainer.web import Door

TOPICS = ("animals", "the weather", "food", "the sea", "music", "a walk in the woods")
NOUNS = {
    "animals": ("dog", "cat", "horse", "owl"),
    "the weather": ("rain", "wind", "cloud", "storm"),
    "food": ("apple", "bread", "soup", "cheese"),
    "the sea": ("boat", "wave", "fish", "shell"),
    "music": ("song", "drum", "flute", "dance"),
    "a walk in the woods": ("tree", "path", "leaf", "stone"),
}
FRAMES = (
    "The {n} is {a}.",
    "Do you like the {n}?",
    "I saw a {a} {n} this morning.",
    "A {n} can be very {a}.",
    "What does the {n} do?",
    "Look, there is a {n}! It is {a}.",
    "My {n} was {a} yesterday, and today it is not.",
)
ADJECTIVES = ("small", "loud", "soft", "old", "warm", "quick", "quiet", "bright")
TUTOR = "Ollama does not answer; the built-in tutor speaks, which is no language model"
SAID: dict[str, Any] = {
    "backend": "tutor",
    "model": "tutor",
    "requested_backend": "auto",
    "requested_model": "gemma3:1b",
    "state": "ready",
    "ready": True,
    "warning": "",
    "detail": TUTOR,
    "remedy": "",
    "models": ["gemma3:1b", "llama3.2:1b"],
    "backends": [],
    "usage": {"prompt_tokens": 0, "completion_tokens": 0, "cost": None},
    "spoken": 3,
    "failed": 0,
}
OFFERS: tuple[dict[str, Any], ...] = (
    {"backend": "auto", "model": "gemma3:1b", "usable": True, "takes_model": True, "remedy": ""},
    {"backend": "ollama", "model": "gemma3:1b", "usable": True, "takes_model": True, "remedy": ""},
    {"backend": "tutor", "model": "tutor", "usable": True, "takes_model": False, "remedy": ""},
    {"backend": "recorded", "model": "recorded", "usable": False, "takes_model": False, "remedy": "set recorded_path"},
)
PAST = "past0000000000000000000001"
START = datetime(2026, 3, 2, 14, 0, tzinfo=timezone.utc)


def scripted(number: int, interval: int = 10, seed: int = 7) -> dict[str, Any]:
    """Exchange ``number`` of the script: a log entry as the middleware gives it."""
    chance = random.Random(seed * 1_000_003 + number)
    topic = TOPICS[(number - 1) // interval % len(TOPICS)]
    noun, adjective = chance.choice(NOUNS[topic]), chance.choice(ADJECTIVES)
    said = chance.choice(FRAMES).format(n=noun, a=adjective)
    return {
        "number": number,
        "timestamp": (START + timedelta(seconds=2 * number)).isoformat(),
        "topic": topic,
        "llm_to_cerebrum": said,
        "cerebrum_response": _reply(chance, number, said, noun, adjective),
        "status": "taught",
        "stage": "words" if number < 120 else "phrases",
        "learner_seq": number + 40,
        "learner_ms": round(chance.uniform(2, 9), 2),
        "extra": {"why": {"kind": "synthesis"}},
    }


def _reply(chance: random.Random, number: int, said: str, noun: str, adjective: str) -> str:
    if chance.random() < max(0.02, 0.6 - number / 100):
        return ""
    if chance.random() < max(0.06, 0.7 - number / 300):
        return noun
    frames = (f"the {noun} {adjective}", f"I like the {noun}.", f"It is {adjective} like a {noun}.", said)
    return frames[min(3, int(chance.random() * min(4, 1 + number / 60)))]


@dataclass
class Fake:
    """What the stand-in holds; tests change it while it runs."""

    log: list[dict[str, Any]] = field(default_factory=list)
    session_id: str | None = None
    max_exchanges: int = 100
    delay: float = 0.0
    phase: str = "ended"
    running: bool = False
    last_error: Any = None
    notes: list[dict[str, Any]] = field(default_factory=list)
    say: Callable[[int], dict[str, Any]] = scripted
    started: list[dict[str, Any]] = field(default_factory=list)
    patched: list[dict[str, Any]] = field(default_factory=list)
    resumed: list[str] = field(default_factory=list)
    wire_errors: list[str] = field(default_factory=list)  # every call then failed, with one of these
    more_names: list[str] = field(default_factory=list)  # further sessions
    wire_body: str = '{"response": "yes"}'
    past_name: str = "session_20260301_090000"
    past_status: str = "interrupted"
    learners: list[dict[str, Any]] = field(default_factory=lambda: [{"name": "default", "lease": {"session_id": "x"}}])
    deleted: list[str] = field(default_factory=list)
    spoken_to: list[str] = field(default_factory=list)  # the sessions that commands named
    said: dict[str, Any] = field(default_factory=lambda: dict(SAID))
    pull: dict[str, Any] | None = None
    pulled: list[Any] = field(default_factory=list)
    turned_to: list[dict[str, Any]] = field(default_factory=list)
    offers: list[dict[str, Any]] = field(default_factory=lambda: [dict(offer) for offer in OFFERS])
    learner_reading: dict[str, Any] = field(default_factory=lambda: {"state": "up", "reason": "", "remedy": ""})
    events: list[tuple[str, str, Any]] = field(default_factory=list)

    def record(self, count: int, session_id: str = "held0000000000000000000001") -> None:
        """Pretend that ``count`` exchanges of a session have been recorded."""
        self.session_id, self.max_exchanges = session_id, max(count, 1)
        self.log = [self.say(number) for number in range(1, count + 1)]

    def status(self) -> dict[str, Any]:
        done, since = len(self.log), START.isoformat()
        common = {
            "running": self.running,
            "cerebrum_connected": True,
            "llm_connected": True,
            "learner": {"state": "up", "since": since, "age_ms": 900},
            "llm": {
                "state": "up",
                "backend": "tutor",
                "model": "tutor",
                "requested_model": "gemma3:1b",
                "detail": TUTOR,
                "remedy": "start the LLM server: python llm_server.py",
            },
        }
        if self.session_id is None:
            return common | {"session_id": None, "phase": "idle", "exchanges_completed": 0, "max_exchanges": None}
        return common | {
            "session_id": self.session_id,
            "name": "session_20260302_140000",
            "phase": self.phase,
            "reason": "",
            "started_at": since,
            "exchanges_completed": done,
            "max_exchanges": self.max_exchanges,
            "uncertain": 0,
            "current_topic": self.log[-1]["topic"] if self.log else None,
            "delay": self.delay,
            "topic_switch_interval": 10,
            "strategy": "talk",
            "seed": 7,
            "guarantee": "exactly-once",
            "last_error": self.last_error,
            "heartbeat_age_ms": 12,
            "rate_per_second": 1.5 if self.running else None,
            "eta_seconds": (self.max_exchanges - done) / 1.5 if self.running else None,
        }

    def publish(self, kind: str, body: Any) -> None:
        self.events.append((f"{self.session_id}:{len(self.events) + 1}", kind, body))

    async def teach(self) -> None:
        """Speak the script until the plan is done; pause, stop and delay act between exchanges."""
        self.publish("phase", {"phase": self.phase})
        while self.running and len(self.log) < self.max_exchanges:
            if self.phase == "paused":
                await asyncio.sleep(0.005)
                continue
            self.step()
            await asyncio.sleep(self.delay or 0.002)
        self.running, self.phase = False, "ended"
        self.publish("end", {"reason": "done"})

    def step(self) -> None:
        entry = self.say(len(self.log) + 1)
        entry["timestamp"] = datetime.now(timezone.utc).isoformat()
        self.log.append(entry)
        self.publish("exchange", entry)


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
        return [{**each, "learner_name": "default"} for each in all_sessions() if each["status"] == "running"]

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
        return {"sessions": [each for each in all_sessions() if status in ("", each["status"])]}

    def all_sessions() -> list[dict[str, Any]]:
        base = {"started_at": START.isoformat(), "teacher": {"backend": "tutor", "model": "tutor"}}
        now = {
            "session_id": fake.session_id,
            "name": "session_20260302_140000",
            "exchanges_completed": len(fake.log),
            "max_exchanges": fake.max_exchanges,
            "status": "running" if fake.running else "ended",
        }
        past = {
            "session_id": PAST,
            "name": fake.past_name,
            "exchanges_completed": 300,
            "max_exchanges": 500,
            "status": fake.past_status,
        }
        more = [{**past, "session_id": f"more{i}", "name": name} for i, name in enumerate(fake.more_names)]
        kept = [each for each in (now, past, *more) if each["session_id"] and each["session_id"] not in fake.deleted]
        return [base | each for each in kept]

    def past_log() -> list[dict[str, Any]]:
        return [scripted(n, seed=11) for n in range(1, 301)]

    @app.get("/api/sessions/{session_id}")
    def one(session_id: str) -> Any:
        found = [each for each in all_sessions() if each["session_id"] == session_id]
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
        calls = [call for call in wire() if peer in ("", call["peer"]) and path in call["path"]]
        found = [call for call in calls[::-1] if before is None or call["id"] < before][:limit]
        return {"showing": len(found), "searched_to": None, "calls": found}

    @app.get("/api/traffic/{number}")
    def one_call(number: int) -> Any:
        call = next(call for call in wire() if call["id"] == number)
        bodies = {"sent": json.dumps({"message": fake.log[-1]["llm_to_cerebrum"]}), "received": fake.wire_body}
        return call | bodies | {"bodies": "kept", "sent_cut": False, "received_cut": False}

    def failure(number: int) -> str | None:
        if fake.wire_errors:
            return fake.wire_errors[number % len(fake.wire_errors)]
        return None if number % 9 else "timeout"

    def wire() -> list[dict[str, Any]]:
        return [
            {
                "id": 2 * entry["number"] + i,
                "at": entry["timestamp"],
                "peer": peer,
                "method": "POST",
                "path": "/api/chat",
                "status": None if fake.wire_errors or entry["number"] % 9 == 0 else 200,
                "error": failure(entry["number"]),
                "milliseconds": 3.5,
                "bytes_sent": 90,
                "bytes_received": 240,
                "digest_sent": "ab" * 32,
                "digest_received": "cd" * 32,
            }
            for entry in fake.log
            for i, peer in enumerate(("llm", "learner"))
        ]

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
