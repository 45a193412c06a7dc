"""One session at work: asks the engine what is next, has it done, records what came of it, step after step.

Order is everything here: an event is on disk before the next step begins; the draft and the intent to send are on
disk before the bytes leave (``Ledger.draft``, ``Ledger.sending``); the learner's answer is on disk before anybody
hears of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from llm_trainer.errors import LeaseLost, StoreError, StoreUnsafe
from llm_trainer.middleware.clock import Clock
from llm_trainer.middleware.hub import Hub
from llm_trainer.middleware.learner import Learner
from llm_trainer.middleware.ledger import Ledger
from llm_trainer.middleware.performing import Performer
from llm_trainer.middleware.queries import Row
from llm_trainer.middleware.store import Record
from llm_trainer.middleware.teacher import Teacher
from llm_trainer.session.engine import Session
from llm_trainer.session.events import Awoke, Drafted, Event, PauseAsked, Rested, Spoke, StopAsked, Taught
from llm_trainer.session.limits import Spent, limits_of, reached
from llm_trainer.session.state import Phase
from llm_trainer.session.steps import End, Rest, Step
from llm_trainer.session.transitions import EngineBreach

log = logging.getLogger(__name__)

STORAGE_RETRY_SECONDS = 0.5
T = TypeVar("T")


class Run:
    """A session under way. ``row`` is its row in the record, kept current."""

    def __init__(
        self, session: Session, row: Row, *, record: Record, teacher: Teacher, learner: Learner, hub: Hub, clock: Clock
    ) -> None:
        row.setdefault("fence", 0)
        self.session, self.row, self.learner, self.teacher = session, row, learner, teacher
        self.limits = limits_of(row.get("limits"))
        self.heartbeat = clock.now()
        self.lost: LeaseLost | None = None
        self._record, self._clock = record, clock
        self._ledger = Ledger(session, row, record=record, hub=hub, clock=clock)
        self._performer = Performer(session, self._ledger, record=record, teacher=teacher, learner=learner, clock=clock)
        self._fatal: EngineBreach | LeaseLost | None = None
        self._nudge = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._changed = asyncio.Event()

    @property
    def id(self) -> str:
        """The session's id."""
        return self.session.plan.session_id

    @property
    def is_over(self) -> bool:
        """Whether the session has ended and its end is on disk, or another middleware goes on with it."""
        return self.row["ended_at"] is not None or self.lost is not None

    @property
    def storage_error(self) -> StoreError | None:
        """What keeps the record from being written just now, and this session with it."""
        return self._record.trouble

    @property
    def last_error(self) -> dict[str, str] | None:
        """The last thing that went wrong: detail and remedy."""
        return self._performer.last_error

    @property
    def closing_times(self) -> deque[float]:
        """When the last exchanges were closed."""
        return self._ledger.closing_times

    @property
    def spent(self) -> Spent:
        """What the session took so far of what is limited."""
        return self._ledger.spent

    # ------------------------------------------------------------ the loop

    async def go(self) -> None:
        """Run to the end. Only a cancelled task leaves before."""
        self._timer = self._set_timer()
        try:
            while not isinstance(step := self.session.next_step(), End):
                self.heartbeat = self._clock.now()
                if self._fatal is not None:
                    raise self._fatal
                if self.storage_error is not None:
                    await self._commit()  # nothing new before everything so far is on disk
                event = await self._perform_despite_storage(step)
                if event is not None:
                    await self.take(event)
                self._mind_limits()
            await self._despite_storage(self._ledger.check_counts)
        except EngineBreach as breach:
            log.critical("breach session=%s", self.id, exc_info=breach)
            self._note_error(str(breach), "this is a bug: please report it with the service's log")
            await self._end(f"breach: {breach}"[:80])
        except LeaseLost as lost:
            self._left(lost)
        else:
            await self._end(self.session.state.end_reason or "")
        finally:
            if self._timer is not None:
                self._timer.cancel()

    async def take(self, event: Event) -> None:
        """Take one event in, the engine's or a person's: apply, record, tell."""
        self._absorb(event)
        if not self._may_wait(event):
            await self._commit()
        self._signal()

    def _absorb(self, event: Event) -> None:
        """Apply an event and remember what to write; whoever comes next puts it on disk."""
        notices = self.session.apply(event)
        self._ledger.event(event, notices, self._performer.tokens if isinstance(event, Spoke) else 0)
        self._nudge.set()
        if isinstance(event, (StopAsked, PauseAsked)):
            self._performer.hurry(is_last=isinstance(event, StopAsked))

    def _may_wait(self, event: Event) -> bool:
        """Whether the next step itself puts everything on disk before it does anything.

        ``AskTeacher`` and ``Teach`` do, with the row of their call. An utterance that is not on disk yet may be lost:
        it is asked for again; text, key and the intent to send them go to disk together, before the bytes leave.
        """
        if isinstance(event, (Spoke, Drafted)) and self.session.state.phase in (Phase.DRAFTING, Phase.TEACHING):
            return True
        return isinstance(event, (Taught, Rested)) and self.session.state.phase is Phase.ASKING

    def _mind_limits(self) -> None:
        """End the session if it has had enough; what is on its way is still seen through."""
        state = self.session.state
        if state.phase is Phase.ENDED or state.stop_reason is not None or self.is_over:
            return
        now = self._clock.now()
        if (reason := reached(self.limits, self.spent, now - self.row["started_at"])) is not None:
            self._absorb(StopAsked(now, reason))
            self._signal()

    def _set_timer(self) -> asyncio.TimerHandle | None:
        """The limit of time holds while the session rests or waits, too."""
        if self.limits.seconds is None:
            return None
        left = self.row["started_at"] + self.limits.seconds - self._clock.now()
        return asyncio.get_running_loop().call_later(max(0.0, left) + 0.001, self._time_has_passed)

    def _time_has_passed(self) -> None:
        """By the loop's clock, that is; by the clock on the wall a little may be left."""
        self._mind_limits()
        state = self.session.state
        if state.phase is not Phase.ENDED and state.stop_reason is None and not self.is_over:
            self._timer = self._set_timer()

    def leave(self, reason: LeaseLost | EngineBreach) -> None:
        """What was written for this session was refused: it ends here, or another middleware has it by now."""
        self._fatal = reason
        self._performer.hurry(is_last=True)
        self._nudge.set()

    async def awake(self) -> None:
        """Go on after the process that ran this session died."""
        was_sending = await self._ledger.reopen()
        await self.take(Awoke(self._clock.now(), was_sending))

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until ``is_so``; StoreError if the disk keeps it from becoming so."""
        while not is_so():
            if self.storage_error is not None:
                raise self.storage_error
            await self._changed.wait()

    def _signal(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    # ------------------------------------------------------------ steps

    async def _perform_despite_storage(self, step: Step) -> Event | None:
        """Do one thing; None means that the step is to be asked for anew.

        While the record cannot be written nothing is sent; it is tried again until it can.
        """
        try:
            return await (self._rest(step) if isinstance(step, Rest) else self._performer.perform(step))
        except StoreUnsafe:
            raise
        except StoreError as error:
            await self._wait_for_storage(error)
            return None

    async def _rest(self, step: Rest) -> Event | None:
        self._nudge.clear()
        wait = None if step.until is None else max(0.0, step.until - self._clock.now())
        with anyio.move_on_after(wait):
            await self._nudge.wait()
            return None
        return Rested(self._clock.now())

    # ------------------------------------------------------------ record

    async def _commit(self) -> None:
        """Put everything on disk, however long that takes."""
        try:
            await self._despite_storage(self._ledger.commit)
        except (EngineBreach, LeaseLost) as error:
            self._fatal = error
            self._nudge.set()
            raise

    async def _despite_storage(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do what needs the record, again and again until the record lets it be done."""
        while True:
            try:
                return await work()
            except StoreUnsafe:
                raise
            except StoreError as error:
                await self._wait_for_storage(error)

    async def _wait_for_storage(self, error: StoreError) -> None:
        self._note_error(error.detail, error.remedy)
        log.error("record cannot be written session=%s detail=%s", self.id, error.detail)
        self._signal()
        await asyncio.sleep(STORAGE_RETRY_SECONDS)

    def _note_error(self, detail: str, remedy: str) -> None:
        self._performer.last_error = {"detail": detail, "remedy": remedy}

    def note(self, code: str, detail: str) -> None:
        """Tell the world something about this session that is no event of the engine's; on disk with the next write."""
        self._ledger.tell("note", {"code": code, "detail": detail})
        self._ledger.state()

    async def _end(self, reason: str) -> None:
        ended = self._ledger.end(reason)
        try:
            await self._despite_storage(self._ledger.commit)
        except LeaseLost as lost:
            self._left(lost)
            return
        self.row |= ended
        log.info("session ended session=%s reason=%s taught=%s", self.id, reason, self.session.state.taught)
        self._signal()

    def _left(self, lost: LeaseLost) -> None:
        self.lost = lost
        log.error("session taken over by another middleware session=%s", self.id)
        self._note_error(lost.detail, lost.remedy)
        self._signal()
