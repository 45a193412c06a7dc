"""A stand-in for the middleware: the documented API over one scripted session, on a free port, in a thread."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

SESSION = "0123456789abcdefghijklmnop"


class FakeMiddleware:
    """Each look at the status completes ``pace`` exchanges, so a session needs no clock."""

    def __init__(self, pace: int = 1) -> None:
        self.pace = pace
        self.running, self.done, self.total = False, 0, 0
        self.plan: dict[str, Any] = {}
        self.calls: list[tuple[str, str]] = []
        self.named: list[str] = []
        self.refuse_start: tuple[int, str] | None = None
        self.events_each = 1_000_000
        self.heard_after: list[str] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                fake.answer(self, "GET")

            def do_POST(self) -> None:
                fake.answer(self, "POST")

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def answer(self, handler: Any, method: str) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        body = json.loads(handler.rfile.read(length) or "{}")
        parts = urlsplit(handler.path)
        self.calls.append((method, parts.path))
        self.named += parse_qs(parts.query).get("session_id", [])
        if parts.path == "/api/training/events":
            return self.tell(handler, handler.headers.get("Last-Event-ID") or "")
        status, kind, content = self.route(method, parts.path, parse_qs(parts.query), body)
        payload = content if isinstance(content, bytes) else json.dumps(content).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(payload)))
        handler.end_headers()
        handler.wfile.write(payload)

    def tell(self, handler: Any, after: str) -> None:
        """Event n is exchange n. So many are told, then the connection is cut in the middle of a line."""
        self.heard_after.append(after)
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(f"retry: 1000\n\nevent: status\ndata: {json.dumps(self.advance())}\n\n".encode())
        seq = int(after.rpartition(":")[2] or 0)
        for number in range(seq + 1, min(seq + self.events_each, self.done) + 1):
            told = f"id: {SESSION}:{number}\nevent: exchange\ndata: {json.dumps(self.exchange(number))}\n\n"
            handler.wfile.write(told.encode())
        handler.wfile.write(b'event: exchange\ndata: {"num')
        handler.close_connection = True

    def route(self, method: str, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> tuple[int, str, Any]:
        plain, problem = "application/json", "application/problem+json"
        if path == "/api/training/start":
            if self.refuse_start:
                code, detail = self.refuse_start
                return code, problem, {"code": "refused", "detail": detail, "remedy": "do otherwise"}
            self.plan, self.running, self.done, self.total = body, True, 0, body["max_exchanges"]
            return 200, plain, {"status": "started", "session_id": SESSION, "delay": body.get("delay", 2.0)} | body
        if path == "/api/training/stop":
            self.running = False
            return 200, plain, {"status": "stopped", "exchanges_completed": self.done}
        if path == "/api/training/status":
            return 200, plain, self.advance()
        if path == "/api/training/log":
            limit = int(query["limit"][0])
            shown = [self.exchange(n + 1) for n in range(self.done)][-limit:]
            last = f"{SESSION}:{self.done}"
            return (
                200,
                plain,
                {"total_exchanges": self.done, "showing": len(shown), "exchanges": shown, "last_event_id": last},
            )
        if path == "/api/cerebrum/status":
            return 200, plain, {"stage": "words", "vocabulary": 3 * self.done, "exchanges": self.done}
        if path == "/api/training/measurements":
            rows = [{"row": n, "vocabulary": 3 * n} for n in range(int(query["after"][0]) + 1, self.done + 1)]
            return 200, plain, {"measurements": rows}
        if path == "/api/status":
            return 200, plain, {"middleware": {"state": "ready"}, "learner": {"state": "ready", "stage": "words"}}
        if path == "/api/sessions":
            listed = {
                "session_id": SESSION,
                "name": "session_20260101_000000",
                "started_at": "2026-01-01T00:00:00Z",
                "exchanges_completed": self.done,
            }
            return 200, plain, {"sessions": [listed | {"max_exchanges": self.total, "end_reason": "completed"}]}
        if path == f"/api/sessions/{SESSION}" or path == "/api/sessions/session_20260101_000000":
            return 200, plain, {"session_id": SESSION, "name": "session_20260101_000000", "status": "ended"}
        if path == f"/api/sessions/{SESSION}/export":
            return 200, "text/csv", f"format,{query['format'][0]}\n".encode()
        return 404, problem, {"code": "not-found", "detail": f"nothing at {path}", "remedy": "look elsewhere"}

    def advance(self) -> dict[str, Any]:
        if self.running:
            self.done = min(self.total, self.done + self.pace)
            self.running = self.done < self.total
        return {
            "running": self.running,
            "phase": "teaching" if self.running else "ended",
            "end_reason": None if self.running else "completed",
            "session_id": SESSION,
            "exchanges_completed": self.done,
            "max_exchanges": self.total,
            "current_topic": "the sea",
            "guarantee": "exactly-once",
            "eta_seconds": None,
            "learner": {"state": "up", "age_ms": 0},
        }

    def exchange(self, number: int) -> dict[str, Any]:
        return {
            "number": number,
            "timestamp": "2026-01-01T00:00:00Z",
            "topic": "the sea",
            "llm_to_cerebrum": f"Wave {number}. \x1b[31m☃",
            "cerebrum_response": "",
        }
