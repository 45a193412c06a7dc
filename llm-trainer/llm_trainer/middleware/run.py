"""One session at work: performs the engine's steps, records what came of them, tells the world.

Order is everything here: an event is on disk before the next step begins; the draft and the intent to send are on
disk before the bytes leave (``RecordDraft``, then SEND in ``_teach``); the learner's answer is on disk before anybody
hears of it.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import anyio
from sqlalchemy import insert, update

from llm_trainer.errors import PeerBusy, PeerError, PeerRefused, PeerUnreachable, StoreError, StoreUnsafe
from llm_trainer.middleware import check, queries
from llm_trainer.middleware.clock import Clock, iso
from llm_trainer.middleware.export import entry
from llm_trainer.middleware.hub import Hub, Told
from llm_trainer.middleware.learner import Heard, Learner
from llm_trainer.middleware.queries import Row
from llm_trainer.middleware.store import CLOSE, DRAFT, RETOLD, SEND, SESSION, Record, chained, sha256
from llm_trainer.middleware.tables import events, journal, sessions
from llm_trainer.middleware.teacher import Speech, Teacher
from llm_trainer.session.engine import Session
from llm_trainer.session.state import Phase, encode_state
from llm_trainer.session.steps import (
    AskTeacher,
    Awoke,
    Checked,
    CheckLearner,
    Closed,
    Drafted,
    End,
    Ended,
    Event,
    Failed,
    Noted,
    Notice,
    Outcome,
    PauseAsked,
    PhaseChanged,
    RecordDraft,
    Rest,
    Rested,
    Retell,
    Retold,
    Spoke,
    Step,
    StopAsked,
    Taught,
    Teach,
    TopicChanged,
    encode,
)
from llm_trainer.session.transitions import EngineBreach

log = logging.getLogger(__name__)

STORAGE_RETRY_SECONDS = 0.5
RATE_EXCHANGES = 50
STOP_GRACE_SECONDS = 5.0
"""How long a learner's answer is still waited for once somebody wants the session to end."""
_JOURNAL = insert(journal)
_EVENT = insert(events)
_END = update(sessions)


class Run:
    """A session under way. ``row`` is its row in the record, kept current."""

    def __init__(
        self, session: Session, row: Row, *, record: Record, teacher: Teacher, learner: Learner, hub: Hub, clock: Clock
    ) -> None:
        self.session, self.row = session, row
        self.storage_error: StoreError | None = None
        self.last_error: dict[str, str] | None = None
        self.heartbeat = clock.now()
        self.closing_times: deque[float] = deque(maxlen=RATE_EXCHANGES)
        self._record, self._teacher, self._learner, self._hub, self._clock = record, teacher, learner, hub, clock
        self._chance = random.Random(session.plan.session_id)
        self._nudge = asyncio.Event()
        self._changed = asyncio.Event()
        self._asking: anyio.CancelScope | None = None
        self._teaching: anyio.CancelScope | None = None
        self._speech = Speech("")
        self._speaker = str((row.get("teacher") or {}).get("backend") or "")
        self._heard = Heard("")
        self._drafted: Row = {}

    @property
    def id(self) -> str:
        """The session's id."""
        return self.session.plan.session_id

    @property
    def is_over(self) -> bool:
        """Whether the session has ended and its end is on disk."""
        return self.row["ended_at"] is not None

    async def go(self) -> None:
        """Run to the end. Only a cancelled task leaves before."""
        try:
            while not isinstance(step := self.session.next_step(), End):
                self.heartbeat = self._clock.now()
                if self.storage_error is not None:
                    await self._commit()  # nothing new before everything so far is on disk
                event = await self._perform_despite_storage(step)
                if event is not None:
                    await self.take(event)
            await self._check_counts()
        except EngineBreach as breach:
            log.critical("breach session=%s", self.id, exc_info=breach)
            self.last_error = _shown(str(breach), "this is a bug: please report it with the service's log")
            await self._end(f"breach: {breach}"[:80])
            return
        await self._end(self.session.state.end_reason or "")

    async def take(self, event: Event) -> None:
        """Take one event in, the engine's or a person's: apply, record, tell."""
        notices = self.session.apply(event)
        self._write(event, notices)
        self._nudge.set()
        if isinstance(event, (StopAsked, PauseAsked)) and self._asking is not None:
            self._asking.cancel()
        if isinstance(event, StopAsked) and self._teaching is not None:
            self._teaching.deadline = anyio.current_time() + STOP_GRACE_SECONDS
        if not self._may_wait(event):
            await self._commit()
        self._signal()

    def _may_wait(self, event: Event) -> bool:
        """Whether the next step itself puts everything on disk before it does anything.

        ``AskTeacher`` and ``Teach`` do, with the row of their call. An utterance that is not on disk yet may be lost:
        it is asked for again; text, key and the intent to send them go to disk together, before the bytes leave.
        """
        if isinstance(event, (Spoke, Drafted)) and self.session.state.phase in (Phase.DRAFTING, Phase.TEACHING):
            return True
        return isinstance(event, (Taught, Rested)) and self.session.state.phase is Phase.ASKING

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
        """Do one thing. While the record cannot be written nothing is sent; it is tried again until it can."""
        try:
            return await self._perform(step)
        except StoreUnsafe:
            raise
        except StoreError as error:
            await self._wait_for_storage(error)
            return None

    async def _perform(self, step: Step) -> Event | None:
        """Do one thing; None means that something else happened meanwhile and the step is to be asked for anew."""
        if isinstance(step, AskTeacher):
            return await self._ask(step)
        if isinstance(step, Teach):
            return await self._teach(step)
        if isinstance(step, RecordDraft):
            return self._draft(step)
        if isinstance(step, Rest):
            return await self._rest(step)
        if isinstance(step, CheckLearner):
            return await self._check()
        assert isinstance(step, Retell)
        return await self._retell(step)

    async def _ask(self, step: AskTeacher) -> Event:
        began = self._clock.now()
        with anyio.CancelScope() as scope:
            self._asking = scope
            try:
                speech = await self._teacher.speak(step, self.id)
            except PeerError as error:
                return self._failed("llm", error)
            finally:
                self._asking = None
            about = speech.about | {"milliseconds": round((self._clock.now() - began) * 1000, 3)}
            self._speech = replace(speech, about=about)
            self._note_speaker(about.get("speaker"))
            return Spoke(self._clock.now(), speech.text, speech.topic, speech.last, speech.cut)
        return Failed(self._clock.now(), "llm", "cancelled", "the request was withdrawn")

    def _note_speaker(self, speaker: object) -> None:
        """Tell everybody when another back end speaks than before."""
        if not isinstance(speaker, str) or not speaker:
            return
        if self._speaker and speaker != self._speaker:
            self._tell("note", {"code": "speaker-changed", "detail": f"{speaker} speaks instead of {self._speaker}"})
            self._write_state()
        self._speaker = speaker

    def _draft(self, step: RecordDraft) -> Event:
        row = {
            "session_id": self.id,
            "number": step.number,
            "key": step.key,
            "status": "drafted",
            "topic": step.topic,
            "conversation": step.conversation,
            "level": step.level,
            "text": step.text,
            "sha256": sha256(step.text),
            "attempts": 0,
            "drafted_at": self._clock.now(),
            "teacher": self._speech.about,
        }
        self._record.write(DRAFT, row)
        self._drafted = row
        return Drafted(self._clock.now())

    async def _teach(self, step: Teach) -> Event:
        """Say it. The intent goes to disk with the call's row in ``wire``, before the bytes leave."""
        sending = {"now": self._clock.now(), "attempt": step.attempt}
        self._record.write(SEND, {"the_key": step.key, "the_sha256": sha256(step.text), **sending})
        self._drafted |= {"attempts": step.attempt}
        with anyio.CancelScope() as scope:
            self._teaching = scope
            try:
                heard = await self._learner.teach(step.text, step.key, self._conversation(step.conversation), self.id)
            except PeerError as error:
                return self._failed("learner", error)
            finally:
                self._teaching = None
            self._heard = heard
            return Taught(self._clock.now(), heard.reply, heard.stage, heard.seq, heard.odd)
        return Failed(self._clock.now(), "learner", "cancelled", "no answer came before the session was stopped")

    async def _rest(self, step: Rest) -> Event | None:
        self._nudge.clear()
        wait = None if step.until is None else max(0.0, step.until - self._clock.now())
        with anyio.move_on_after(wait):
            await self._nudge.wait()
            return None
        return Rested(self._clock.now())

    async def _check(self) -> Event:
        begun = self.session.state.number > 0
        try:
            found = await check.examine(self._record, self._learner, begun=begun)
        except PeerError as error:
            return self._failed("learner", error)
        standing = found.standing
        return Checked(self._clock.now(), standing.is_idempotent, found.lost_key, found.lost, standing.stage)

    async def _retell(self, step: Retell) -> Event:
        row = await self._record.read(queries.exchange_row, step.key)
        if row is None:
            raise EngineBreach(f"{step.key} is not in the record")
        conversation = f"{row['session_id']}-{row['conversation']}"
        try:
            heard = await self._learner.teach(row["text"], step.key, conversation, self.id)
        except PeerError as error:
            return self._failed("learner", error)
        self._record.write(RETOLD, {"the_key": step.key, "new_learner_seq": heard.seq})
        following = await check.next_taught(self._record, self._learner.url, step.key)
        return Retold(self._clock.now(), step.key, following)

    def _conversation(self, number: int) -> str:
        return f"{self.id}-{number}"

    def _failed(self, peer: Any, error: PeerError) -> Failed:
        self.last_error = _shown(error.detail, error.remedy)
        log.warning("call failed session=%s peer=%s code=%s", self.id, peer, error.code)
        outcome: Outcome = "unknown"
        if isinstance(error, (PeerUnreachable, PeerBusy)):
            outcome = "not_applied"
        elif isinstance(error, PeerRefused):
            outcome = "refused"
        return Failed(
            self._clock.now(),
            peer,
            error.code,
            error.detail,
            outcome=outcome,
            answered=bool(error.extra.get("answered")),
            retry_after=error.retry_after_seconds if isinstance(error, PeerBusy) else None,
            chance=self._chance.random(),
        )

    # ------------------------------------------------------------ record

    async def _commit(self) -> None:
        """Put everything on disk, however long that takes."""
        while True:
            try:
                await self._record.commit()
                break
            except StoreUnsafe:
                raise
            except StoreError as error:
                await self._wait_for_storage(error)
        self.storage_error = None

    async def _wait_for_storage(self, error: StoreError) -> None:
        self.storage_error, self.last_error = error, _shown(error.detail, error.remedy)
        log.error("record cannot be written session=%s detail=%s", self.id, error.detail)
        self._signal()
        await asyncio.sleep(STORAGE_RETRY_SECONDS)

    def _write(self, event: Event, notices: tuple[Notice, ...]) -> None:
        """Remember the event and what follows from it for the next transaction."""
        row = self.row
        row["journal_seq"] += 1
        self._record.write(_JOURNAL, {"session_id": self.id, "seq": row["journal_seq"], "body": encode(event)})
        for notice in notices:
            self._told(notice, event)
        if not isinstance(event, Spoke):
            self._write_state()

    def _write_state(self) -> None:
        self.row["state"] = encode_state(self.session.state)
        self._record.write(SESSION, {"the_id": self.id, **{f"new_{name}": self.row[name] for name in _KEPT}})

    def _told(self, notice: Notice, event: Event) -> None:
        if isinstance(notice, Closed):
            closed = self._close(notice, event)
            if notice.status in ("taught", "uncertain"):
                self._tell("exchange", {"number": notice.number}, shown=entry(closed))
                return
            detail = f"exchange {notice.number} was not taught"
            self._tell("note", {"code": notice.status, "detail": detail})
            return
        body = dict(vars(notice))
        if isinstance(notice, PhaseChanged):
            body["until"] = iso(notice.until)
        self._tell(_KINDS[type(notice)], body)

    def _tell(self, kind: str, body: Row, shown: Row | None = None) -> None:
        """Record what the world is to hear, and let it hear that once it is on disk."""
        self.row["event_seq"] += 1
        seq, now = self.row["event_seq"], self._clock.now()
        self._record.write(_EVENT, {"session_id": self.id, "seq": seq, "at": now, "type": kind, "body": body})
        told = Told(self.id, seq, kind, {**body, "at": iso(now)} if shown is None else shown)
        self._record.then(lambda: self._hub.tell(told))

    def _close(self, notice: Closed, event: Event) -> Row:
        draft, previous = self._drafted, self.row["head"]
        heard = self._heard if isinstance(event, Taught) else Heard("")
        reply = heard.reply if notice.status == "taught" else None
        said = {"key": draft["key"], "text_sha256": draft["sha256"], "topic": draft["topic"]}
        self.row["head"] = chained(previous, **said, status=notice.status, reply=reply)
        outcome = {
            "status": notice.status,
            "closed_at": event.at,
            "reply": reply,
            "stage": heard.stage,
            "learner_seq": heard.seq,
            "learner_ms": round(heard.milliseconds, 3),
            "odd": heard.odd,
            "extra": heard.extra,
            "previous": previous,
            "hash": self.row["head"],
        }
        new = {f"new_{name}": value for name, value in outcome.items()}
        self._record.write(CLOSE, {"the_key": draft["key"], **new})
        self.closing_times.append(event.at)
        return {**draft, **outcome}

    async def awake(self) -> None:
        """Go on after the process that ran this session died."""
        draft = self.session.state.draft
        found = None if draft is None else await self._record.read(queries.exchange_row, draft.key)
        self._drafted = found or {}
        sending = found is not None and found["status"] == "sending"
        await self.take(Awoke(self._clock.now(), sending))

    async def _check_counts(self) -> None:
        """I5: what the engine counted is what the record holds."""
        state, found = self.session.state, await self._record.read(queries.counts, self.id)
        lost = found.get("refused", 0) + found.get("abandoned", 0)
        if (found.get("taught", 0), found.get("uncertain", 0), lost) != (state.taught, state.uncertain, state.refused):
            raise EngineBreach(f"the engine counted {state.taught}, {state.uncertain}, {state.refused}; found {found}")

    async def _end(self, reason: str) -> None:
        ended_at = self._clock.now()
        self._record.write(_END.where(sessions.c.id == self.id), {"ended_at": ended_at, "end_reason": reason})
        await self._commit()
        self.row |= {"ended_at": ended_at, "end_reason": reason}
        log.info("session ended session=%s reason=%s taught=%s", self.id, reason, self.session.state.taught)
        self._signal()


def _shown(detail: str, remedy: str) -> dict[str, str]:
    return {"detail": detail, "remedy": remedy}


_KEPT = ("state", "journal_seq", "event_seq", "head")
_KINDS: dict[type[Notice], str] = {TopicChanged: "topic", PhaseChanged: "phase", Noted: "note", Ended: "end"}
