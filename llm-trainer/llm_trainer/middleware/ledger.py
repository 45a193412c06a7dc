"""What one session writes into the record, in which order, and when the world hears of it.

Nothing here waits for the disk but ``commit``. What is told to the world is told once it is on disk.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from llm_trainer.middleware import queries
from llm_trainer.middleware.clock import Clock, iso
from llm_trainer.middleware.export import entry
from llm_trainer.middleware.hub import Hub, Told
from llm_trainer.middleware.learner import Heard
from llm_trainer.middleware.queries import Row
from llm_trainer.middleware.statements import (
    CLOSE,
    DRAFT,
    END,
    EVENT,
    HOLD,
    JOURNAL,
    KEPT,
    RELEASE,
    RETOLD,
    SEND,
    SESSION,
    TEACHER,
    closing,
)
from llm_trainer.middleware.store import Record, chained, sha256
from llm_trainer.session.engine import Session
from llm_trainer.session.events import Event, Spoke, Taught, encode
from llm_trainer.session.limits import Spent, spent_of
from llm_trainer.session.notices import Closed, Ended, Noted, Notice, PhaseChanged, TopicChanged
from llm_trainer.session.state import Phase, encode_state
from llm_trainer.session.steps import RecordDraft, Teach
from llm_trainer.session.transitions import EngineBreach

RATE_EXCHANGES = 50
_KINDS: dict[type[Notice], str] = {TopicChanged: "topic", PhaseChanged: "phase", Noted: "note", Ended: "end"}


class Ledger:
    """The writing of one session. ``row`` is its row in the record, kept current."""

    def __init__(self, session: Session, row: Row, *, record: Record, hub: Hub, clock: Clock) -> None:
        self.row = row
        self.closing_times: deque[float] = deque(maxlen=RATE_EXCHANGES)
        self.heard = Heard("")
        self.spent: Spent = spent_of(row.get("spent"))
        self._session, self._record, self._hub, self._clock = session, record, hub, clock
        self._id = session.plan.session_id
        self._drafted: Row = {}
        self._unwritten: list[tuple[Event, tuple[Notice, ...]]] = []

    async def commit(self) -> None:
        """Put everything on disk; StoreError, EngineBreach or LeaseLost say why not."""
        await self._record.commit(self._id)

    async def reopen(self) -> bool:
        """Take up the draft that a process left when it died; returns whether it may have been sent."""
        draft = self._session.state.draft
        found = None if draft is None else await self._record.read(queries.exchange_row, draft.key)
        self._drafted = found or {}
        return found is not None and found["status"] == "sending"

    # ------------------------------------------------------------ what is written

    def event(self, event: Event, notices: tuple[Notice, ...], tokens: int = 0) -> None:
        """An event, what follows from it, and how the session stands: never one without the others.

        What was said waits for the draft that is made of it: one writing of the state for both.
        """
        self.spent = self.spent.after(event, notices, tokens)
        self._unwritten.append((event, notices))
        if isinstance(event, Spoke) and self._session.state.phase is Phase.DRAFTING:
            return
        unwritten, self._unwritten = self._unwritten, []
        for each, following in unwritten:
            self.row["journal_seq"] += 1
            self._write(JOURNAL, {"session_id": self._id, "seq": self.row["journal_seq"], "body": encode(each)})
            for notice in following:
                self._notice(notice, each)
        self.state()

    def state(self) -> None:
        """How the session stands."""
        self.row |= {"state": encode_state(self._session.state), "spent": vars(self.spent)}
        self._write(SESSION, {**self._place, **{f"new_{name}": self.row[name] for name in KEPT}})

    def draft(self, step: RecordDraft, teacher: dict[str, Any]) -> None:
        """Fix text and key; ``teacher`` tells how the text was made."""
        self._drafted = {
            "session_id": self._id,
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
            "teacher": teacher,
        }
        self._write(DRAFT, self._drafted)

    def spoken_by(self, speaker: Row) -> None:
        """Who speaks from an exchange on: its back end and model, what identifies that, and what it was told."""
        teacher = self.row["teacher"] or {}
        told = {"about": speaker["about"]} if speaker["about"] and not teacher.get("about") else {}
        self.row["teacher"] = {**teacher, **told, "speakers": [*teacher.get("speakers", ()), speaker]}
        self._write(TEACHER, {**self._place, "new_teacher": self.row["teacher"]})

    def sending(self, step: Teach) -> None:
        """The intent to send, by a session that is still ours; to be on disk before the bytes leave."""
        attempt = {"now": self._clock.now(), "attempt": step.attempt}
        self._write(HOLD, self._place)
        self._write(SEND, {"the_key": step.key, "the_sha256": sha256(step.text), **attempt})
        self._drafted = {**self._drafted, "attempts": step.attempt}

    def retold(self, key: str, learner_seq: int | None) -> None:
        """A forgotten exchange was told again."""
        self._write(RETOLD, {"the_key": key, "new_learner_seq": learner_seq})

    def tell(self, kind: str, body: Row, shown: Row | None = None) -> None:
        """Record what the world is to hear, and let it hear that once it is on disk."""
        self.row["event_seq"] += 1
        seq, now = self.row["event_seq"], self._clock.now()
        self._write(EVENT, {"session_id": self._id, "seq": seq, "at": now, "type": kind, "body": body})
        told = Told(self._id, seq, kind, {**body, "at": iso(now)} if shown is None else shown)
        self._record.then(lambda: self._hub.tell(told), self._id)

    def end(self, reason: str) -> Row:
        """The session's end; its learner is free. Returns what is new in its row."""
        ended = {"ended_at": self._clock.now(), "end_reason": reason}
        self._write(END, {**self._place, **{f"new_{name}": value for name, value in ended.items()}})
        self._write(RELEASE, {"the_learner": self.row["learner"]["url"], "the_token": self.row["fence"]})
        return ended

    async def check_counts(self) -> None:
        """I5: what the engine counted is what the record holds; else EngineBreach."""
        state, found = self._session.state, await self._record.read(queries.counts, self._id)
        lost = found.get("refused", 0) + found.get("abandoned", 0)
        if (found.get("taught", 0), found.get("uncertain", 0), lost) != (state.taught, state.uncertain, state.refused):
            raise EngineBreach(f"the engine counted {state.taught}, {state.uncertain}, {state.refused}; found {found}")

    # ------------------------------------------------------------ how

    @property
    def _place(self) -> Row:
        return {"the_id": self._id, "the_fence": self.row["fence"]}

    def _write(self, statement: Any, row: Row) -> None:
        self._record.write(statement, row, self._id)

    def _notice(self, notice: Notice, event: Event) -> None:
        if isinstance(notice, Closed):
            closed = self._close(notice, event)
            if notice.status in ("taught", "uncertain"):
                self.tell("exchange", {"number": notice.number}, shown=entry(closed))
                return
            self.tell("note", {"code": notice.status, "detail": f"exchange {notice.number} was not taught"})
            return
        body = dict(vars(notice))
        if isinstance(notice, PhaseChanged):
            body["until"] = iso(notice.until)
        self.tell(_KINDS[type(notice)], body)

    def _close(self, notice: Closed, event: Event) -> Row:
        draft, previous = self._drafted, self.row["head"]
        heard = self.heard if isinstance(event, Taught) else Heard("")
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
        self._write(CLOSE, closing(draft["key"], outcome))
        self.closing_times.append(event.at)
        return {**draft, **outcome}
