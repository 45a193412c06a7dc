"""Starts, steers and ends sessions: many at once, one for each learner.

``run`` is the one started last, and what is meant where nobody names a session.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from llm_trainer.errors import (
    Conflict,
    NotFound,
    SessionActive,
    StoreError,
    StoreUnsafe,
    TooManySessions,
    TrainerError,
)
from llm_trainer.middleware import leases, planning, queries
from llm_trainer.middleware.clock import Clock
from llm_trainer.middleware.ends import Ends, both_up, watches
from llm_trainer.middleware.exporter import Exporter
from llm_trainer.middleware.housekeeping import Housekeeping
from llm_trainer.middleware.hub import Hub
from llm_trainer.middleware.learner import Learner
from llm_trainer.middleware.leases import Claim
from llm_trainer.middleware.monitor import Monitor
from llm_trainer.middleware.planning import DEFAULT, Wish
from llm_trainer.middleware.queries import Row
from llm_trainer.middleware.removal import remove
from llm_trainer.middleware.run import Run
from llm_trainer.middleware.status import brief, status_of
from llm_trainer.middleware.store import Record
from llm_trainer.middleware.teacher import Teacher
from llm_trainer.session.dialogue import Tuning
from llm_trainer.session.engine import Session
from llm_trainer.session.events import Event, PauseAsked, ResumeAsked, Retuned, StopAsked
from llm_trainer.session.state import Phase, decode_plan, decode_state

log = logging.getLogger(__name__)

SESSIONS = 16
"""Most sessions at once unless told."""


class Trainer:
    """The sessions of one middleware. ``runs`` are those under way, by id; ``run`` is the latest, running or not."""

    def __init__(
        self,
        *,
        record: Record,
        teacher: Teacher,
        learner: Learner,
        hub: Hub,
        clock: Clock,
        folder: Path,
        learners: Mapping[str, Learner] | None = None,
        teachers: Mapping[str, Teacher] | None = None,
        owner: str = "this",
        most: int = SESSIONS,
        on_end: Callable[[Run], object] = lambda _: None,
    ) -> None:
        self.run: Run | None = None
        self.runs: dict[str, Run] = {}
        self.monitor: Monitor | None = None
        self.ends = Ends({DEFAULT: learner, **(learners or {})}, {DEFAULT: teacher, **(teachers or {})})
        self.owner = owner
        self._record, self._hub, self._clock, self._folder, self._most = record, hub, clock, folder, most
        self._exporter, self._on_end = Exporter(record, folder), on_end
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._starting: set[str] = set()
        self.housekeeping = Housekeeping(record, clock, self.runs)

    @property
    def is_active(self) -> bool:
        """Whether any session is under way."""
        return bool(self._starting or self.runs)

    # ------------------------------------------------------------ start and resume

    async def start(self, wish: Wish) -> Run:
        """Begin a session. SessionActive, PeerUnreachable or PeerBusy say why not."""
        assert self.monitor is not None
        learner, teacher = self.ends.learner(wish.learner), self.ends.teacher(wish.teacher)
        self._make_room(learner.url)
        self._starting.add(learner.url)
        try:
            learner_says, llm_says = await both_up(self.monitor, wish.learner, wish.teacher)
            now = self._clock.now()
            plan = await planning.plan_of(wish, teacher, learner_says.body, llm_says.body, now)
            about = {"url": learner.url, "cursor": learner_says.body.get("cursor")}
            row = planning.first_row(plan, wish, about, llm_says.body, now)
            row = await self._record.read(planning.create, Claim(learner.url, row["id"], self.owner, now), row)
            return self._launch(self._run(Session(plan), row, learner, teacher))
        finally:
            self._starting.discard(learner.url)

    def _make_room(self, learner_url: str) -> None:
        """SessionActive if this middleware teaches the learner already, TooManySessions if it has enough to do."""
        for run in self.runs.values():
            if run.learner.url == learner_url:
                raise SessionActive(
                    f"session {run.id} is running",
                    remedy="wait for its end, or POST /api/training/stop",
                    session_id=run.id,
                    owner=self.owner,
                )
        if learner_url in self._starting:
            raise SessionActive("a session is being started", remedy="wait for its end, or POST /api/training/stop")
        if len(self.runs) + len(self._starting) >= self._most:
            remedy = "stop one, or raise max_sessions"
            raise TooManySessions(f"{self._most} sessions are running, as many as may", remedy=remedy)

    def _run(self, session: Session, row: Row, learner: Learner, teacher: Teacher) -> Run:
        return Run(
            session, row, record=self._record, teacher=teacher, learner=learner, hub=self._hub, clock=self._clock
        )

    def _launch(self, run: Run) -> Run:
        if self.run is not None and self.run.id not in self.runs:
            self._exporter.forget(self.run.id)
        self.run = self.runs[run.id] = run
        self._tasks[run.id] = asyncio.create_task(self._see_through(run), name=f"session {run.id}")
        return run

    async def resume_all(self) -> None:
        """Go on with every session that a crash cut off; what cannot be gone on with is logged and stays as it is."""
        for row in reversed(await self._record.read(queries.unfinished)):
            try:
                await self._take_up(row)
            except StoreError:
                raise
            except TrainerError as error:
                log.warning("not resumed session=%s reason=%s", row["id"], error.detail)

    async def resume_unfinished(self, session_id: str | None = None) -> Run | None:
        """Go on with a session that a crash cut off: the one named, or the newest."""
        rows = await self._record.read(queries.unfinished)
        if session_id is not None:
            rows = [row for row in rows if session_id in (row["id"], row["name"])]
            if not rows:
                raise NotFound(f"no unfinished session {session_id[:80]}", remedy="GET /api/sessions lists all")
        return await self._take_up(rows[-1]) if rows else None

    async def _take_up(self, row: Row) -> Run:
        learner, teacher = self.ends.of(row)
        self._make_room(learner.url)
        self._starting.add(learner.url)
        try:
            claim = Claim(learner.url, row["id"], self.owner, self._clock.now())
            row = await self._record.read(leases.take_over, claim)
            run = self._run(Session(decode_plan(row["plan"]), decode_state(row["state"])), row, learner, teacher)
            await run.awake()
            return self._launch(run)
        finally:
            self._starting.discard(learner.url)

    async def delete(self, session_id: str) -> Row:
        """Remove a session from the record, with its exported file; SessionActive while it runs."""
        row = await self._found(session_id)
        held = await self._record.read(leases.live, self._clock.now())
        if row["id"] in self.runs or row["id"] in held:
            raise SessionActive(f"session {row['id']} is running", remedy="POST /api/training/stop first")
        if self.run is not None and self.run.id == row["id"]:
            self.run = None
        await remove(self._record, row, self._folder)
        return row

    async def _found(self, session_id: str) -> Row:
        row = await self._record.read(queries.session_row, session_id)
        if row is None:
            raise NotFound(f"there is no session {session_id[:80]!r}", remedy="GET /api/sessions lists them")
        return row

    # ------------------------------------------------------------ while they run

    async def _see_through(self, run: Run) -> None:
        try:
            async with self._exporter.keeping(run):
                await run.go()
        except StoreUnsafe as error:
            log.critical("session ends with the process session=%s detail=%s", run.id, error.detail)
        except Exception:
            log.exception("a bug ended the session session=%s", run.id)
            raise
        finally:
            if run.is_over:
                self._on_end(run)
            self.runs.pop(run.id, None)
            self._tasks.pop(run.id, None)
            self.housekeeping.forget(run.id)

    # ------------------------------------------------------------ steering

    def running(self, session_id: str) -> Run | None:
        """The session under way of that id or name."""
        return next((run for run in self.runs.values() if session_id in (run.id, run.row["name"])), None)

    async def _active(self, session_id: str | None) -> Run:
        """The session named, by id or by name, or the latest; Conflict if it does not run, NotFound if none is it."""
        run = self.run if session_id is None else self.running(session_id)
        if run is not None and run.id in self.runs and not run.is_over:
            return run
        if session_id is None:
            raise Conflict("no session is running", remedy="POST /api/training/start begins one")
        await self._found(session_id)
        raise Conflict(f"session {session_id} is not running here", remedy="GET /api/sessions tells how each stands")

    async def stop(self, reason: str = "stopped", session_id: str | None = None) -> Run:
        """End a session; returns when it has ended and its file is written."""
        run = await self._active(session_id)
        await self._tell(run, StopAsked(self._clock.now(), reason))
        await run.until(lambda: run.is_over)
        if (task := self._tasks.get(run.id)) is not None:
            await asyncio.wait({task})
        return run

    async def pause(self, session_id: str | None = None) -> Run:
        """Hold a session; returns when it holds (or has ended)."""
        return await self._hold(PauseAsked(self._clock.now()), session_id)

    async def step(self, steps: int = 1, session_id: str | None = None) -> Run:
        """Make that many exchanges, then hold."""
        return await self._hold(PauseAsked(self._clock.now(), steps), session_id)

    async def _hold(self, event: PauseAsked, session_id: str | None) -> Run:
        run = await self._active(session_id)
        before = run.session.state.finished
        await self._tell(run, event)

        def is_held() -> bool:
            state = run.session.state
            done = state.phase is Phase.PAUSED and (event.steps == 0 or state.finished > before)
            return done or run.is_over

        await run.until(is_held)
        await self._exporter.export(run)
        return run

    async def resume(self, session_id: str | None = None) -> Run:
        """Go on after a pause."""
        run = await self._active(session_id)
        await self._tell(run, ResumeAsked(self._clock.now()))
        return run

    async def retune(self, change: Callable[[Tuning], Tuning], topic: str | None, session_id: str | None = None) -> Run:
        """Change the tuning while a session runs."""
        run = await self._active(session_id)
        await self._tell(run, Retuned(self._clock.now(), change(run.session.state.tuning), topic))
        return run

    async def _tell(self, run: Run, event: Event) -> None:
        if run.storage_error is not None:
            raise run.storage_error
        await run.take(event)

    async def close(self, seconds: float) -> None:
        """End what runs, within ``seconds``; what does not end in time goes on at the next start."""
        stopping = [asyncio.create_task(self._end_at_shutdown(run)) for run in tuple(self.runs.values())]
        tasks = tuple(self._tasks.values())
        if stopping:
            _, late = await asyncio.wait(stopping, timeout=seconds)
            for task in (*late, *tasks):
                task.cancel()
            await asyncio.gather(*stopping, *tasks, return_exceptions=True)

    async def _end_at_shutdown(self, run: Run) -> None:
        with suppress(StoreError, Conflict):
            await self.stop("shutdown", run.id)

    # ------------------------------------------------------------ how they stand

    @property
    def latest_id(self) -> str | None:
        """The session that is meant where none is named."""
        return None if self.run is None else self.run.id

    def status(self) -> dict[str, Any]:
        """How the latest session stands, and which are under way; touches nothing but memory."""
        is_active = bool(self._starting) or (self.run is not None and self.run.id in self.runs)
        return self._status(self.run, is_active=is_active)

    async def status_of(self, session_id: str | None) -> dict[str, Any]:
        """How a session stands, by id or by name; one that is not under way is read from the record. NotFound."""
        if session_id is None or (self.run is not None and session_id in (self.run.id, self.run.row["name"])):
            return self.status()
        if (run := self.running(session_id)) is not None:
            return self._status(run, is_active=True)
        row = await self._found(session_id)
        session = Session(decode_plan(row["plan"]), decode_state(row["state"]))
        shown = self._status(
            self._run(session, row, self.ends.learner(DEFAULT), self.ends.teacher(DEFAULT)), is_active=False
        )
        return shown if row["ended_at"] is not None else shown | {"phase": "interrupted"}

    def _status(self, run: Run | None, *, is_active: bool) -> dict[str, Any]:
        assert self.monitor is not None
        ends = watches(self.monitor, None if run is None else run.row)
        error = None if run is None else self._exporter.errors.get(run.id)
        shown = status_of(run, ends, self._clock.now(), is_active=is_active, export_error=error)
        return shown | {"sessions": [brief(each) for each in self.runs.values()]}
