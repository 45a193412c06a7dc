"""What time it is: the wall's time at the start, moved on by a clock that never jumps."""

from __future__ import annotations

import time
from datetime import datetime, timezone


class Clock:
    """Seconds since 1970 that never go back while the process lives."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        """Seconds since 1970."""
        return self._offset + time.monotonic()


def iso(at: float | None) -> str | None:
    """RFC 3339, UTC, milliseconds.

    >>> iso(0.5)
    '1970-01-01T00:00:00.500Z'
    """
    if at is None:
        return None
    return datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def local_name(at: float) -> str:
    """The name of a session that starts at ``at``, by this machine's clock."""
    return datetime.fromtimestamp(at).strftime("session_%Y%m%d_%H%M%S")
