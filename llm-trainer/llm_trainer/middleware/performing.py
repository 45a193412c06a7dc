"""Doing what the engine asks for: each step becomes calls to the ports, and what came of them one event."""

from __future__ import annotations

import logging
import random
from dataclasses import replace
from typing import Any

import anyio

from llm_trainer.errors import PeerBusy, PeerError, PeerRefused, PeerUnreachable
from llm_trainer.middleware import check, queries
from llm_trainer.middleware.clock import Clock
from llm_trainer.middleware.learner import Learner
from llm_trainer.middleware.ledger import Ledger
from llm_trainer.middleware.store import Record
from llm_trainer.middleware.teacher import Speech, Teacher
from llm_trainer.session.engine import Session
from llm_trainer.session.events import Checked, Drafted, Event, Failed, Outcome, Reconnected, Retold, Spoke, Taught
from llm_trainer.session.steps import AskTeacher, CheckLearner, RecordDraft, Retell, Step, Teach
from llm_trainer.session.transitions import EngineBreach

log = logging.getLogger(__name__)

STOP_GRACE_SECONDS = 5.0
"""How long a learner's answer is still waited for once somebody wants the session to end."""
RENEWALS = 3
"""New connections in a row after which a learner is taught over whatever connection there is: it seems to keep none."""


class Performer:
    """One session's hands. ``last_error`` is the last call that came to nothing, for people to read."""

    def __init__(
        self, session: Session, ledger: Ledger, *, record: Record, teacher: Teacher, learner: Learner, clock: Clock
    ) -> None:
        self.last_error: dict[str, str] | None = None
        self.tokens = 0
        self._session, self._id, self._ledger = session, session.plan.session_id, ledger
        self._record, self._teacher, self._learner, self._clock = record, teacher, learner, clock
        self._chance = random.Random(self._id)
        self._asking: anyio.CancelScope | None = None
        self._teaching: anyio.CancelScope | None = None
        self._speech = Speech("")
        self._since: int | None = None
        self._renewals = 0
        self._speaker = str((ledger.row.get("teacher") or {}).get("backend") or "")

    async def perform(self, step: Step) -> Event:
        """Do one thing that is not resting; StoreError if the record cannot be written."""
        if isinstance(step, AskTeacher):
            return await self._ask(step)
        if isinstance(step, Teach):
            return await self._teach(step)
        if isinstance(step, RecordDraft):
            self._ledger.draft(step, self._speech.about | {"mended": list(step.mended)})
            return Drafted(self._clock.now())
        if isinstance(step, CheckLearner):
            return await self._check()
        assert isinstance(step, Retell), step
        return await self._retell(step)

    def hurry(self, *, is_last: bool) -> None:
        """Somebody wants the session to hold: withdraw a question to the teacher; cut short a last wait to be heard."""
        if self._asking is not None:
            self._asking.cancel()
        if is_last and self._teaching is not None:
            self._teaching.deadline = anyio.current_time() + STOP_GRACE_SECONDS

    async def _ask(self, step: AskTeacher) -> Event:
        began = self._clock.now()
        with anyio.CancelScope() as scope:
            self._asking = scope
            try:
                speech = await self._teacher.speak(step, self._id)
            except PeerError as error:
                return self._failed("llm", error)
            finally:
                self._asking = None
            about = speech.about | {"milliseconds": round((self._clock.now() - began) * 1000, 3)}
            self._speech = replace(speech, about=about)
            self.tokens = _tokens(about)
            self._note_speaker(about.get("speaker"))
            self._identify(step)
            return Spoke(self._clock.now(), speech.text, speech.topic, speech.last, speech.cut)
        return Failed(self._clock.now(), "llm", "cancelled", "the request was withdrawn")

    def _note_speaker(self, speaker: object) -> None:
        """Tell everybody when another back end speaks than before."""
        if not isinstance(speaker, str) or not speaker:
            return
        if self._speaker and speaker != self._speaker:
            detail = f"{speaker} speaks instead of {self._speaker}"
            self._ledger.tell("note", {"code": "speaker-changed", "detail": detail})
            self._ledger.state()
        self._speaker = speaker

    def _identify(self, step: AskTeacher) -> None:
        """Record who speaks, when that is another than before or is only known now, as of a model loaded late."""
        about, identity = self._speech.about, self._speech.identity
        known = (self._ledger.row.get("teacher") or {}).get("speakers") or [{}]
        now = {"backend": about.get("speaker"), "model": about.get("model"), "about": identity}
        if any(known[-1].get(name) != value for name, value in now.items()):
            prompt = next((message.content for message in step.messages if message.role == "system"), "")
            self._ledger.spoken_by({"from": step.number, **now, "seed": step.seed, "prompt": prompt})

    async def _teach(self, step: Teach) -> Event:
        """Say it. The intent goes to disk with the call's row in ``wire``, before the bytes leave."""
        self._ledger.sending(step)
        conversation = f"{self._id}-{step.conversation}"
        with anyio.CancelScope() as scope:
            self._teaching = scope
            try:
                heard = await self._learner.teach(step.text, step.key, conversation, self._id, since=self._since)
            except PeerError as error:
                return self._reconnected(error) or self._failed("learner", error)
            finally:
                self._teaching = None
            self._ledger.heard, self._renewals = heard, 0
            return Taught(self._clock.now(), heard.reply, heard.stage, heard.seq, heard.odd)
        return Failed(self._clock.now(), "learner", "cancelled", "no answer came before the session was stopped")

    async def _check(self) -> Event:
        begun = self._session.state.number > 0
        try:
            found = await check.examine(self._record, self._learner, begun=begun)
        except PeerError as error:
            return self._failed("learner", error)
        standing = found.standing
        is_watched = (standing.is_idempotent or standing.seq is not None) and self._renewals <= RENEWALS
        self._since = standing.generation if is_watched else None
        now, lost = self._clock.now(), (found.lost_key, found.lost)
        return Checked(now, standing.is_idempotent, *lost, standing.stage, standing.cursor)

    def _reconnected(self, error: PeerError) -> Reconnected | None:
        """Nothing was said because the connection is not the one over which the learner was looked at."""
        if not error.extra.get("renewed"):
            return None
        self._renewals += 1
        return Reconnected(self._clock.now())

    async def _retell(self, step: Retell) -> Event:
        row = await self._record.read(queries.exchange_row, step.key)
        if row is None:
            raise EngineBreach(f"{step.key} is not in the record")
        conversation = f"{row['session_id']}-{row['conversation']}"
        try:
            heard = await self._learner.teach(row["text"], step.key, conversation, self._id, since=self._since)
        except PeerError as error:
            return self._reconnected(error) or self._failed("learner", error)
        self._ledger.retold(step.key, heard.seq)
        following = await check.next_taught(self._record, self._learner.url, step.key)
        return Retold(self._clock.now(), step.key, following)

    def _failed(self, peer: Any, error: PeerError) -> Failed:
        self.last_error = {"detail": error.detail, "remedy": error.remedy}
        log.warning("call failed session=%s peer=%s code=%s", self._id, peer, error.code)
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


def _tokens(about: dict[str, Any]) -> int:
    used = about.get("tokens_used")
    return used if isinstance(used, int) and not isinstance(used, bool) and used > 0 else 0
