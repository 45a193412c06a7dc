"""A session's writing without its talking: the real engine, ledger and record, with answers made up at once."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from llm_trainer.middleware.database import open_database
from llm_trainer.middleware.hub import Hub
from llm_trainer.middleware.learner import Heard
from llm_trainer.middleware.ledger import Ledger
from llm_trainer.middleware.planning import Wish, first_row
from llm_trainer.middleware.statements import NEW_SESSION
from llm_trainer.middleware.store import Record
from llm_trainer.session.dialogue import Plan, Tuning
from llm_trainer.session.engine import Session
from llm_trainer.session.events import Checked, Drafted, Failed, PauseAsked, Rested, ResumeAsked, Spoke, Taught
from llm_trainer.session.steps import AskTeacher, CheckLearner, End, RecordDraft, Rest, Teach

LEARNER = "http://127.0.0.1:28000"
Mark = Callable[[str, str], None]


class Life:
    """One session of ``exchanges``. ``mark`` is told what is on disk for good: sending or taught, and the key."""

    def __init__(self, record: Record, exchanges: int, seed: int, mark: Mark = lambda what, key: None) -> None:
        self.chance, self.mark, self.record = random.Random(seed), mark, record
        self._ticks = itertools.count(1_000)
        clock: Any = SimpleNamespace(now=lambda: float(next(self._ticks)))
        tuning = Tuning(0, 5, ("bees", "rain"), "talk")
        plan = Plan(f"{seed:026d}", exchanges, seed, tuning, idempotent=True)
        self.session = Session(plan)
        row = first_row(plan, Wish(exchanges, tuning), {"url": LEARNER, "cursor": None}, {"backend": "made-up"}, 1.0)
        self.row = {**row, "name": f"session_{seed}", "fence": 0, "ended_at": None, "end_reason": None}
        self.ledger = Ledger(self.session, self.row, record=record, hub=Hub(), clock=clock)
        self.clock = clock

    async def begin(self) -> None:
        self.record.write(NEW_SESSION, {**self.row})
        await self.record.commit()

    async def go(self) -> None:
        """To the end."""
        while not isinstance(step := self.session.next_step(), End):
            if self.chance.random() < 0.05:
                await self.take(PauseAsked(self.clock.now()))
                continue
            await self.take(await self.perform(step))
        self.row |= self.ledger.end(self.session.state.end_reason or "")
        await self.ledger.commit()

    async def take(self, event: Any) -> None:
        notices = self.session.apply(event)
        self.ledger.event(event, notices)
        if not isinstance(event, (Spoke, Drafted)):
            await self.ledger.commit()
        if isinstance(event, Taught):
            self.mark("taught", f"{self.row['id']}:{self.session.state.number:08d}")

    async def perform(self, step: Any) -> Any:
        now = self.clock.now()
        if isinstance(step, CheckLearner):
            return Checked(now, True)
        if isinstance(step, AskTeacher):
            words = self.chance.choices(("bees", "hum", "loud", "rain", "falls", "softly", "why", "not"), k=7)
            return Spoke(now, f"In story {step.number} of {next(self._ticks)} " + " ".join(words) + ".")
        if isinstance(step, RecordDraft):
            self.ledger.draft(
                step, {"model": "made-up", "tokens_used": 5, "padding": "x" * self.chance.choice((0, 4000))}
            )
            return Drafted(now)
        if isinstance(step, Teach):
            self.ledger.sending(step)
            await self.ledger.commit()
            self.mark("sending", step.key)
            if self.chance.random() < 0.1:
                return Failed(now, "learner", "timeout", "no answer", outcome="unknown")
            self.ledger.heard = Heard("why not", "words", step.number, milliseconds=1.0)
            return Taught(now, "why not", "words", step.number)
        assert isinstance(step, Rest)
        return Rested(max(now, step.until)) if step.until is not None else ResumeAsked(now)


async def recorded(folder: Path, exchanges: int = 12, sessions: int = 1, seed: int = 1) -> Path:
    """A record on the real disk with some sessions in it, closed."""
    path = folder / "record.sqlite3"
    record = await Record.open(f"sqlite:///{path}", opener=open_database)
    for number in range(sessions):
        life = Life(record, exchanges, seed + number)
        await life.begin()
        await life.go()
    await record.close()
    return path
