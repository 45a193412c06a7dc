"""A middleware that plays a script: what it holds, and how it changes. ``serving`` puts the page before it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from .script import START, scripted

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

    def sessions(self) -> list[dict[str, Any]]:
        """The one now, one that was cut off before, and whatever else a test wants."""
        base = {"started_at": START.isoformat(), "teacher": {"backend": "tutor", "model": "tutor"}}
        now = {
            "session_id": self.session_id,
            "name": "session_20260302_140000",
            "exchanges_completed": len(self.log),
            "max_exchanges": self.max_exchanges,
            "status": "running" if self.running else "ended",
        }
        past = {
            "session_id": PAST,
            "name": self.past_name,
            "exchanges_completed": 300,
            "max_exchanges": 500,
            "status": self.past_status,
        }
        more = [{**past, "session_id": f"more{i}", "name": name} for i, name in enumerate(self.more_names)]
        kept = [each for each in (now, past, *more) if each["session_id"] and each["session_id"] not in self.deleted]
        return [base | each for each in kept]

    def calls(self) -> list[dict[str, Any]]:
        """Two calls an exchange: one to the LLM server, one to the learner."""
        return [
            {
                "id": 2 * entry["number"] + i,
                "at": entry["timestamp"],
                "peer": peer,
                "method": "POST",
                "path": "/api/chat",
                "status": None if self.wire_errors or entry["number"] % 9 == 0 else 200,
                "error": self._failure(entry["number"]),
                "milliseconds": 3.5,
                "bytes_sent": 90,
                "bytes_received": 240,
                "digest_sent": "ab" * 32,
                "digest_received": "cd" * 32,
            }
            for entry in self.log
            for i, peer in enumerate(("llm", "learner"))
        ]

    def _failure(self, number: int) -> str | None:
        if self.wire_errors:
            return self.wire_errors[number % len(self.wire_errors)]
        return None if number % 9 else "timeout"


def past_log() -> list[dict[str, Any]]:
    """What was said in the session that was cut off before."""
    return [scripted(n, seed=11) for n in range(1, 301)]
