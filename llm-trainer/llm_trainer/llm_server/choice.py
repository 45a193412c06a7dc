"""Who speaks: the back end that was asked for, or, for ``auto``, the best one that can.

``auto`` decides once, at the start, and keeps to it: a teacher who changes in the middle of a session would make its
record unreadable. What was passed over is watched, and the status says when it has become available; starting this
server again, or naming the back end in the settings, switches.
"""

from __future__ import annotations

from dataclasses import dataclass

from llm_trainer.llm_server.backends.base import Backend, BackendStatus
from llm_trainer.llm_server.look import look_at


@dataclass(frozen=True, slots=True)
class Choice:
    """The back end that speaks, those that take over when it fails, what was asked for, and why another speaks."""

    backend: Backend
    requested_backend: str
    requested_model: str
    reason: str = ""
    passed_over: Backend | None = None
    successors: tuple[Backend, ...] = ()

    def announcement(self, status: BackendStatus) -> str:
        """One loud line for the log: who speaks, how it is, and why it is not what was asked for."""
        said = f"{self.backend.name} speaks (model {status.model}, {status.state})"
        why = [self.reason, *([] if status.is_ready else [status.detail, status.remedy])]
        return ": ".join([said, "; ".join(filter(None, why))]) if any(why) else said


async def automatic(first: Backend, fallback: Backend, requested_model: str) -> Choice:
    """``first`` if it can answer now, else ``fallback``."""
    status = await look_at(first)
    if status.state in ("ready", "loading"):
        reason = f"{first.name} answers and has {requested_model}"
        return Choice(first, "auto", requested_model, reason)
    reason = f"{fallback.name} speaks instead of {first.name}: {status.detail}"
    if status.remedy:
        reason += f"; to change that: {status.remedy}, then start this server again"
    return Choice(fallback, "auto", requested_model, reason, passed_over=first)
