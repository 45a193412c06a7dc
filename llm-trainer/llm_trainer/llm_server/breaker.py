"""A circuit breaker for one back end, pure: what it heard of calls decides whether the next one may be made.

Closed, calls pass. After FAILURES in a row, or when the back end itself says when to come back, it opens: callers are
told at once, and nothing reaches the back end until the rest is over. Then one call is let through as a trial; its
outcome closes the breaker or opens it again. Time is passed in, in seconds of any one clock.
"""

from __future__ import annotations

from llm_trainer.errors import ModelMissing, PeerAnswerInvalid, PeerBusy, PeerError, PeerUnreachable

FAILURES = 3
REST_SECONDS = 15.0
LONGEST_REST_SECONDS = 60.0
OF_THE_MODEL = ("empty", "endless")  # the back end did its part; asking again soon is harmless


class Breaker:
    """Starts closed."""

    def __init__(self) -> None:
        self.last: PeerError | None = None
        self._failures = 0
        self._opens_until: float | None = None
        self._trying = False

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
        return True

    def succeeded(self) -> None:
        """The call was answered."""
        self._failures, self._opens_until, self._trying, self.last = 0, None, False, None

    def failed(self, error: PeerError, now: float) -> None:
        """The call came to nothing."""
        if isinstance(error, PeerAnswerInvalid) and error.extra.get("kind") in OF_THE_MODEL:
            self.abandoned()
            return
        self.last, self._trying = error, False
        self._failures += 1
        if isinstance(error, PeerBusy) and error.retry_after_seconds is not None:
            self._opens_until = now + min(max(error.retry_after_seconds, 1.0), LONGEST_REST_SECONDS)
        elif self._failures >= FAILURES or self.is_open:
            self._opens_until = now + REST_SECONDS

    def abandoned(self) -> None:
        """The call was given up by whoever made it: it says nothing about the back end."""
        self._trying = False

    def seen_well(self, now: float) -> None:
        """A look found it ready: what a look can see need not be waited for any longer."""
        if self.is_open and isinstance(self.last, (PeerUnreachable, ModelMissing)):
            self._opens_until = now
