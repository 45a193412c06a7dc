"""A circuit breaker for one back end, pure: what it heard of calls decides whether the next one may be made.

Closed, calls pass. It opens after FAILURES in a row, when the back end itself says when to come back, and when of the
calls of the last minute more than FLOOR and a fifth failed: as each failed turn is asked for again, that is what keeps
the share of repeated calls bounded however a back end fails. Open, callers are told at once, and nothing reaches the
back end until the rest is over. Then one call is let through as a trial; its outcome closes the breaker or opens it
again. Time is passed in, in seconds of any one clock.
"""

from __future__ import annotations

from collections import deque

from llm_trainer.errors import ModelMissing, PeerAnswerInvalid, PeerBusy, PeerError, PeerUnreachable

FAILURES = 3
FLOOR = 3
SHARE = 0.2
WINDOW_SECONDS = 60
REST_SECONDS = 15.0
LONGEST_REST_SECONDS = 60.0
OF_THE_MODEL = ("empty", "endless")  # the back end did its part; only too many of them count


class Breaker:
    """Starts closed."""

    def __init__(self) -> None:
        self.last: PeerError | None = None
        self._failures = 0
        self._opens_until: float | None = None
        self._trying = False
        self._minute = _Minute()

    @property
    def is_open(self) -> bool:
        """Whether calls are being kept away, or one of them is just being tried."""
        return self._opens_until is not None

    def wait_seconds(self, now: float) -> float:
        """Seconds until a call may be made; 0 if now."""
        if self._opens_until is None:
            return 0.0
        if self._trying:
            return REST_SECONDS
        return max(0.0, self._opens_until - now)

    def admit(self, now: float) -> bool:
        """Whether a call may be made now; if so, its outcome must be told."""
        if self.wait_seconds(now) > 0:
            return False
        self._trying = self.is_open
        self._minute.add(now, calls=1)
        return True

    def succeeded(self) -> None:
        """The call was answered."""
        self._failures, self._opens_until, self._trying, self.last = 0, None, False, None

    def failed(self, error: PeerError, now: float) -> None:
        """The call came to nothing."""
        self._minute.add(now, failures=1)
        is_spent = self._minute.is_spent(now)
        if isinstance(error, PeerAnswerInvalid) and error.extra.get("kind") in OF_THE_MODEL and not is_spent:
            self.abandoned()
            return
        self.last, self._trying = error, False
        self._failures += 1
        must_rest = self._failures >= FAILURES or is_spent
        if isinstance(error, PeerBusy) and error.retry_after_seconds is not None:
            asked = min(max(error.retry_after_seconds, 1.0), LONGEST_REST_SECONDS)
            self._opens_until = now + (max(asked, REST_SECONDS) if must_rest else asked)
        elif must_rest or self.is_open:
            self._opens_until = now + REST_SECONDS

    def abandoned(self) -> None:
        """The call was given up by whoever made it: it says nothing about the back end."""
        self._trying = False

    def seen_well(self, now: float) -> None:
        """A look found it ready: what a look can see need not be waited for any longer."""
        if self.is_open and isinstance(self.last, (PeerUnreachable, ModelMissing)):
            self._opens_until = now


class _Minute:
    """Calls and failures of the last WINDOW_SECONDS, kept by the second."""

    def __init__(self) -> None:
        self._seconds: deque[list[int]] = deque()  # second, calls, failures

    def add(self, now: float, *, calls: int = 0, failures: int = 0) -> None:
        second = int(now)
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append([second, 0, 0])
        self._seconds[-1][1] += calls
        self._seconds[-1][2] += failures

    def is_spent(self, now: float) -> bool:
        """Whether more failed than may be asked for again."""
        while self._seconds and self._seconds[0][0] <= now - WINDOW_SECONDS:
            self._seconds.popleft()
        calls = sum(each[1] for each in self._seconds)
        return sum(each[2] for each in self._seconds) > FLOOR + SHARE * calls
