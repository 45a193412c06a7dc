"""Who may speak: the back ends in the order of preference, each with its breaker and how it was seen last."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence

from llm_trainer.errors import PeerBusy, PeerError
from llm_trainer.llm_server.backends.base import Backend, BackendStatus
from llm_trainer.llm_server.breaker import Breaker

ABLE = ("ready", "loading")
log = logging.getLogger(__name__)


class Member:
    """A back end on the roster."""

    def __init__(self, backend: Backend) -> None:
        self.backend, self.breaker = backend, Breaker()
        self.status: BackendStatus | None = None

    def is_able(self, now: float) -> bool:
        """Whether it was well when seen last, and a call may be made."""
        seen_unwell = self.status is not None and self.status.state not in ABLE
        return not seen_unwell and self.breaker.wait_seconds(now) == 0


class Roster:
    """The back ends of this process; never empty."""

    def __init__(self, backends: Sequence[Backend], clock: Callable[[], float] = time.monotonic) -> None:
        self.members = tuple(Member(backend) for backend in backends)
        self._clock = clock
        self._spoke_last = self.members[0]

    @property
    def speaker(self) -> Member:
        """Who would be asked first now."""
        now = self._clock()
        return next((member for member in self.members if member.is_able(now)), self.members[0])

    @property
    def why_not_the_first(self) -> str:
        """Why another than the first would be asked now, and what to do about it; empty where the first would be."""
        first, speaker = self.members[0], self.speaker
        if speaker is first:
            return ""
        why: PeerError | BackendStatus | None = first.breaker.last if first.breaker.is_open else first.status
        detail, remedy = (why.detail, why.remedy) if why is not None else ("it is being tried", "")
        said = f"{speaker.backend.name} speaks instead of {first.backend.name}: {detail}"
        return f"{said}; to change that: {remedy}" if remedy else said

    def candidates(self) -> Iterator[Member]:
        """Whom to ask for a turn, one after the other; the outcome of each call must be told. Raises PeerBusy.

        Those seen unwell come last: they are asked when nobody else answers. Those whose breaker is open not at all.
        """
        asked, now = False, self._clock()
        for member in sorted(self.members, key=lambda member: not member.is_able(now)):
            if member.breaker.admit(self._clock()):
                asked = True
                yield member
        if not asked:
            raise self._nobody()

    def succeeded(self, member: Member) -> None:
        """``member`` has spoken."""
        member.breaker.succeeded()
        if member is not self._spoke_last:
            log.warning("speaker=%s instead of=%s", member.backend.name, self._spoke_last.backend.name)
            self._spoke_last = member

    def failed(self, member: Member, error: PeerError) -> None:
        """``member`` did not speak."""
        member.breaker.failed(error, self._clock())

    def seen(self, member: Member, status: BackendStatus) -> None:
        """A look at ``member`` found it so."""
        member.status = status
        if status.is_ready:
            member.breaker.seen_well(self._clock())

    def _nobody(self) -> PeerError:
        soonest = min(self.members, key=lambda member: member.breaker.wait_seconds(self._clock()))
        seconds, last = soonest.breaker.wait_seconds(self._clock()), soonest.breaker.last
        name, why = soonest.backend.name, last.detail if last else "a trial call is under way"
        return PeerBusy(
            f"{name} is left alone for {seconds:.0f} s: {why}",
            peer=name,
            remedy=last.remedy if last and last.remedy else "wait",
            retry_after_seconds=max(1.0, seconds),
        )
