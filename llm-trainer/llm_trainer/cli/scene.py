"""What a person following a session sees, as values and plain text; nothing here knows a terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII_BLOCKS = "_.-~=*#@"


@dataclass(frozen=True)
class Scene:
    """One look at a session: the middleware's status, the last exchange, what the learner says of itself."""

    status: Mapping[str, Any] = field(default_factory=dict)
    latest: Mapping[str, Any] | None = None
    learner: Mapping[str, Any] = field(default_factory=dict)
    vocabulary: Sequence[float] = ()
    rate: float = 0.0
    note: str = ""

    @property
    def done(self) -> int:
        """Exchanges completed."""
        return _whole(self.status.get("exchanges_completed"))

    @property
    def total(self) -> int:
        """Exchanges planned."""
        return _whole(self.status.get("max_exchanges"))

    @property
    def running(self) -> bool:
        """Whether the session still goes on."""
        return bool(self.status.get("running"))

    @property
    def complete(self) -> bool:
        """Whether the session came to the end of its plan."""
        return self.status.get("end_reason") == "completed" or (self.total > 0 and self.done >= self.total)

    @property
    def eta_seconds(self) -> float | None:
        """Seconds to the end: the middleware's word, else what the measured rate says."""
        told = self.status.get("eta_seconds")
        if isinstance(told, int | float):
            return float(told)
        return (self.total - self.done) / self.rate if self.rate > 0 and self.total else None


def rate(looks: Sequence[tuple[float, int]]) -> float:
    """Exchanges a second over ``looks``, pairs of (seconds, exchanges completed), oldest first; 0 when unknown."""
    if len(looks) < 2:
        return 0.0
    (before, fewer), (after, more) = looks[0], looks[-1]
    return max(0.0, (more - fewer) / (after - before)) if after > before else 0.0


def duration(seconds: float | None) -> str:
    """Seconds as people say them.

    >>> duration(3_725), duration(65), duration(4.2), duration(None)
    ('1 h 02 min', '1 min 05 s', '4 s', '-')
    """
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def moment(told: object) -> str:
    """A moment that the middleware told, in this machine's time: what a person's clock showed."""
    try:
        return datetime.fromisoformat(str(told).replace("Z", "+00:00")).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return "-"


def sparkline(values: Sequence[float], width: int, blocks: str = BLOCKS) -> str:
    """The last shape of ``values`` in at most ``width`` characters, lowest to highest.

    >>> sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8)
    '▁▂▃▄▅▆▇█'
    """
    if not values or width < 1:
        return ""
    step = max(1.0, len(values) / width)
    picked = [values[min(len(values) - 1, int((i + 1) * step) - 1)] for i in range(min(width, len(values)))]
    low, high = min(picked), max(picked)
    spread = (high - low) or 1.0
    return "".join(blocks[round((value - low) / spread * (len(blocks) - 1))] for value in picked)


def printable(text: object) -> str:
    """``text`` on one line, without anything that could steer a terminal or turn its reading direction."""
    return "".join(c if c.isprintable() else " " for c in str(text)).strip()


def phase(status: Mapping[str, Any]) -> str:
    """Where the session stands, with the reason where there is one."""
    words = str(status.get("phase") or ("running" if status.get("running") else "not running")).replace("_", " ")
    reason = status.get("reason") or ""
    if status.get("phase") in ("waiting_llm", "waiting_learner"):
        reason = reason or last_error(status)
    if str(reason).startswith(words):  # "paused by request" says it all
        return printable(reason)
    return printable(f"{words}: {reason}" if reason else words)


def last_error(status: Mapping[str, Any]) -> str:
    """The last thing that went wrong, in words."""
    error = status.get("last_error")
    if isinstance(error, Mapping):
        error = error.get("detail") or error.get("message") or error.get("code")
    return printable(error or "")


def exchange_lines(exchange: Mapping[str, Any]) -> list[str]:
    """Both sides of an exchange."""
    return [
        f"teacher: {printable(exchange.get('llm_to_cerebrum') or '')}",
        f"learner: {printable(exchange.get('cerebrum_response') or '') or '(silent)'}",
    ]


def plain_line(scene: Scene) -> str:
    """One line for logs and pipes."""
    parts = [f"{scene.done}/{scene.total or '?'}", f"{scene.rate:.1f}/s", f"eta {duration(scene.eta_seconds)}"]
    if scene.status.get("current_topic"):
        parts.append(f"topic {printable(scene.status['current_topic'])}")
    if scene.learner.get("stage"):
        parts.append(f"stage {printable(scene.learner['stage'])}")
    if "vocabulary" in scene.learner:
        parts.append(f"vocabulary {_whole(scene.learner['vocabulary'])}")
    if scene.latest:
        parts += exchange_lines(scene.latest)
    if needs_saying(scene):
        parts.append(phase(scene.status))
    if scene.note:
        parts.append(printable(scene.note))
    return " | ".join(parts)


def needs_saying(scene: Scene) -> bool:
    """Whether the phase is another than teaching as usual."""
    return not scene.running or str(scene.status.get("phase", "")).startswith(("waiting", "paused"))


def ending(scene: Scene) -> list[str]:
    """What there is to say when a session is over."""
    status = scene.status
    reason = printable(str(status.get("end_reason") or status.get("reason") or "ended").replace("_", " "))
    seconds = took(status)
    lines = [
        f"Session {status.get('session_id', '?')} {reason}: "
        f"{scene.done} of {scene.total or '?'} exchanges recorded"
        f"{f' in {duration(seconds)}' if seconds is not None else ''}"
    ]
    uncertain = _whole(status.get("uncertain"))
    if uncertain:
        lines.append(f"{uncertain} of them may not have reached the learner (guarantee: {status.get('guarantee')})")
    if scene.learner:
        stage, words = printable(scene.learner.get("stage", "unknown")), _whole(scene.learner.get("vocabulary"))
        heard = _whole(scene.learner.get("exchanges"))
        lines.append(f"The learner, when last seen: stage {stage}, {words} words from {heard} exchanges")
    error = last_error(status)
    if error and scene.done < scene.total:
        lines.append(f"Last error: {error}")
    return lines


def took(status: Mapping[str, object]) -> float | None:
    """Seconds from the session's start to its end, if both are told."""
    try:
        began, ended = (
            datetime.fromisoformat(str(status.get(at)).replace("Z", "+00:00")) for at in ("started_at", "ended_at")
        )
    except ValueError:
        return None
    return (ended - began).total_seconds()


def _whole(value: object) -> int:
    return int(value) if isinstance(value, int | float) and math.isfinite(value) else 0
