"""Starts, steers and ends sessions, one at a time, and keeps their exported files current."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from llm_trainer.errors import Conflict, NotFound, PeerBusy, SessionActive, StoreError, StoreUnsafe
from llm_trainer.middleware import queries
from llm_trainer.middleware.clock import Clock, local_name
from llm_trainer.middleware.export import write_session_file
from llm_trainer.middleware.hub import Hub
from llm_trainer.middleware.learner import Learner
from llm_trainer.middleware.monitor import Monitor, Reading
from llm_trainer.middleware.queries import Row
from llm_trainer.middleware.removal import remove
from llm_trainer.middleware.run import Run
from llm_trainer.middleware.status import growth, status_of
from llm_trainer.middleware.store import GENESIS, Record
from llm_trainer.middleware.tables import measurements, sessions
from llm_trainer.middleware.teacher import Teacher
from llm_trainer.session.curriculum import TOPICS
from llm_trainer.session.dialogue import Plan, Tuning
from llm_trainer.session.engine import Session
from llm_trainer.session.state import Phase, decode_plan, decode_state, encode_plan, encode_state
from llm_trainer.session.steps import Event, PauseAsked, ResumeAsked, Retuned, StopAsked

log = logging.getLogger(__name__)

EXPORT_SECONDS = 2.0
EXPORT_SHARE = 0.05
"""Most of the time that may go into refreshing the exported file."""
FSYNC_EXIT_CODE = 74
MEASUREMENT_SECONDS = 2.0
_SESSION = insert(sessions)
_MEASUREMENT = insert(measurements)
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


@dataclass(frozen=True)
class Wish:
    """What a person asked for when starting a session; None means: as it fits."""

    max_exchanges: int
    tuning: Tuning
    topics: tuple[str, ...] | None = None
    seed: int | None = None


class Trainer:
    """The sessions of one middleware. ``run`` is the latest one, running or not."""

    def __init__(
        self, *, record: Record, teacher: Teacher, learner: Learner, hub: Hub, clock: Clock, folder: Path
    ) -> None:
        self.run: Run | None = None
        self.monitor: Monitor | None = None
        self.export_error: str | None = None
        self._record, self._teacher, self._learner = record, teacher, learner
        self._hub, self._clock, self._folder = hub, clock, folder
        self._task: asyncio.Task[None] | None = None
        self._starting = False
        self._measured_at = (0.0, -1)

    @property
    def is_active(self) -> bool:
        """Whether a session is under way."""
        return self._starting or (self._task is not None and not self._task.done())

    # ------------------------------------------------------------ start and resume

    async def start(self, wish: Wish) -> Run:
        """Begin a session. SessionActive, PeerUnreachable or PeerBusy say why not."""
        if self.is_active:
            remedy = "wait for its end, or POST /api/training/stop"
            raise SessionActive(f"session {self.run.id if self.run else ''} is running", remedy=remedy)
        self._starting = True
        try:
            learner, llm = await self._both_up()
            plan = await self._plan(wish, learner.body, llm.body)
            run = await self._create(plan, learner.body, llm.body)
        finally:
            self._starting = False
        self._launch(run)
        return run

    async def _both_up(self) -> tuple[Reading, Reading]:
        assert self.monitor is not None
        await self.monitor.fresh()
        learner, llm = self.monitor.learner.reading, self.monitor.llm.reading
        for reading in (learner, llm):
            if reading.error is not None:
                raise reading.error
        if llm.body.get("ready") is False and llm.body.get("state") != "loading":
            detail = str(llm.body.get("detail") or "the LLM server is not ready")
            remedy = str(llm.body.get("remedy") or "see GET /api/llm/status")
            raise PeerBusy(detail, peer="llm", remedy=remedy)
        return learner, llm

    async def _plan(self, wish: Wish, learner: Row, llm: Row) -> Plan:
        seed = secrets.randbelow(2**31) if wish.seed is None else wish.seed
        topics = wish.topics if wish.topics is not None else await self._topics(llm)
        capabilities = learner.get("capabilities")
        return Plan(
            session_id=_new_id(self._clock.now()),
            max_exchanges=wish.max_exchanges,
            seed=seed,
            tuning=replace(wish.tuning, topics=topics),
            shuffle=wish.topics is None,
            idempotent=isinstance(capabilities, list) and "idempotency" in capabilities,
        )

    async def _topics(self, llm: Row) -> tuple[str, ...]:
        """What to talk about when nobody said: a recording decides for itself, a tutor about what it knows."""
        if llm.get("backend") == "recorded":
            return ()
        return await self._teacher.topics() or TOPICS

    async def _create(self, plan: Plan, learner: Row, llm: Row) -> Run:
        now = self._clock.now()
        name = local_name(now)
        taken = await self._record.read(queries.names_like, name)
        while name in taken:
            name = f"{local_name(now)}_{secrets.token_hex(2)}"
        session = Session(plan)
        told = ("backend", "requested_backend", "requested_model", "model", "detail", "state", "about")
        row: Row = {
            "id": plan.session_id,
            "name": name,
            "started_at": now,
            "plan": encode_plan(plan),
            "state": encode_state(session.state),
            "teacher": {field: llm[field] for field in told if field in llm},
            "learner": {"url": self._learner.url, "cursor": learner.get("cursor")},
            "journal_seq": 0,
            "event_seq": 0,
            "head": GENESIS,
        }
        self._record.write(_SESSION, row)
        await self._record.commit()
        return self._run(session, {**row, "ended_at": None, "end_reason": None})

    def _run(self, session: Session, row: Row) -> Run:
        return Run(
            session,
            row,
            record=self._record,
            teacher=self._teacher,
            learner=self._learner,
            hub=self._hub,
            clock=self._clock,
        )

    def _launch(self, run: Run) -> None:
        self.run = run
        self._task = asyncio.create_task(self._see_through(run), name=f"session {run.id}")

    async def resume_unfinished(self, session_id: str | None = None) -> Run | None:
        """Go on with a session that a crash cut off: the one named, or the newest."""
        rows = await self._record.read(queries.unfinished)
        if session_id is not None:
            rows = [row for row in rows if session_id in (row["id"], row["name"])]
            if not rows:
                raise NotFound(f"no unfinished session {session_id}", remedy="GET /api/sessions lists all")
        if not rows:
            return None
        if self.is_active:
            raise SessionActive("another session is running", remedy="POST /api/training/stop first")
        row = rows[-1]
        run = self._run(Session(decode_plan(row["plan"]), decode_state(row["state"])), row)
        await run.awake()
        self._launch(run)
        return run

    async def delete(self, session_id: str) -> Row:
        """Remove a session from the record, with its exported file; SessionActive while it runs."""
        row = await self._record.read(queries.session_row, session_id)
        if row is None:
            raise NotFound(f"there is no session {session_id[:80]!r}", remedy="GET /api/sessions lists them")
        if self.run is not None and self.run.id == row["id"]:
            if self.is_active:
                raise SessionActive(f"session {row['id']} is running", remedy="POST /api/training/stop first")
            self.run = None
        await remove(self._record, row, self._folder)
        return row

    # ------------------------------------------------------------ while it runs

    async def _see_through(self, run: Run) -> None:
        exporting = asyncio.create_task(self._export_repeatedly(run))
        try:
            await run.go()
        except StoreUnsafe as error:
            log.critical("the disk did not confirm a write; ending now detail=%s", error.detail)
            os._exit(FSYNC_EXIT_CODE)
        except Exception:
            log.exception("a bug ended the session session=%s", run.id)
            raise
        finally:
            exporting.cancel()
            with suppress(asyncio.CancelledError):
                await exporting
            await self.export(run)

    async def _export_repeatedly(self, run: Run) -> None:
        shown = -1
        while True:
            began = time.perf_counter()
            if run.session.state.finished != shown:
                shown = run.session.state.finished
                await self.export(run)
            spent = time.perf_counter() - began
            await asyncio.sleep(max(EXPORT_SECONDS, spent / EXPORT_SHARE))

    async def export(self, run: Run) -> None:
        """Refresh the session's JSON file; a disk that says no is reported, and tried again later."""
        try:
            await write_session_file(self._record, run.row, self._folder)
            self.export_error = None
        except (OSError, StoreError) as error:
            self.export_error = f"{run.row['name']}.json could not be written: {error}"
            log.error("export failed session=%s error=%s", run.id, error)

    async def measured(self, body: dict[str, Any]) -> None:
        """The learner was seen: keep what it measures of itself beside the exchange it had come to."""
        run = self.run
        if run is None or run.is_over:
            return
        at, number = self._measured_at
        now = self._clock.now()
        if now - at < MEASUREMENT_SECONDS / 2 or (run.id, run.session.state.finished) == (run.id, number):
            return
        self._measured_at = (now, run.session.state.finished)
        row = {"session_id": run.id, "number": run.session.state.finished, "at": now, "body": growth(body)}
        self._record.write(_MEASUREMENT, row)

    # ------------------------------------------------------------ steering

    def _active(self) -> Run:
        run = self.run
        if run is None or not self.is_active or run.is_over:
            raise Conflict("no session is running", remedy="POST /api/training/start begins one")
        return run

    async def stop(self, reason: str = "stopped") -> Run:
        """End the session; returns when it has ended and its file is written."""
        run = self._active()
        await self._tell(run, StopAsked(self._clock.now(), reason))
        await run.until(lambda: run.is_over)
        if self._task is not None:
            await asyncio.wait({self._task})
        return run

    async def pause(self) -> Run:
        """Hold the session; returns when it holds (or has ended)."""
        return await self._hold(PauseAsked(self._clock.now()))

    async def step(self, steps: int = 1) -> Run:
        """Make that many exchanges, then hold."""
        return await self._hold(PauseAsked(self._clock.now(), steps))

    async def _hold(self, event: PauseAsked) -> Run:
        run = self._active()
        before = run.session.state.finished
        await self._tell(run, event)

        def is_held() -> bool:
            state = run.session.state
            done = state.phase is Phase.PAUSED and (event.steps == 0 or state.finished > before)
            return done or run.is_over

        await run.until(is_held)
        await self.export(run)
        return run

    async def resume(self) -> Run:
        """Go on after a pause."""
        run = self._active()
        await self._tell(run, ResumeAsked(self._clock.now()))
        return run

    async def retune(self, change: Callable[[Tuning], Tuning], topic: str | None) -> Run:
        """Change the tuning while the session runs."""
        run = self._active()
        tuning = change(run.session.state.tuning)
        await self._tell(run, Retuned(self._clock.now(), tuning, topic))
        return run

    async def _tell(self, run: Run, event: Event) -> None:
        if run.storage_error is not None:
            raise run.storage_error
        await run.take(event)

    async def close(self, seconds: float) -> None:
        """End what runs, within ``seconds``; what does not end in time goes on at the next start."""
        if self.is_active and self._task is not None:
            with suppress(asyncio.TimeoutError, StoreError, Conflict):
                await asyncio.wait_for(self.stop("shutdown"), seconds)
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def status(self) -> dict[str, Any]:
        """The answer of GET /api/training/status; touches nothing but memory."""
        assert self.monitor is not None
        return status_of(
            self.run, self.monitor, self._clock.now(), is_active=self.is_active, export_error=self.export_error
        )


def _new_id(now: float) -> str:
    """26 characters that sort by time: ten of milliseconds, sixteen of chance."""
    number = (int(now * 1000) << 80) | secrets.randbits(80)
    characters: list[str] = [_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5)]
    return "".join(characters)
