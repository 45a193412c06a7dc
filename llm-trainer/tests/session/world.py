"""A world for the engine: answers each step with an event drawn by a seed, and watches the laws."""

from __future__ import annotations

import random
from collections import Counter

from llm_trainer.session.dialogue import Tuning
from llm_trainer.session.engine import Session
from llm_trainer.session.events import (
    Awoke,
    Checked,
    Cursor,
    Drafted,
    Event,
    Failed,
    PauseAsked,
    Reconnected,
    Rested,
    ResumeAsked,
    Retold,
    Retuned,
    Spoke,
    StopAsked,
    Taught,
)
from llm_trainer.session.notices import Closed
from llm_trainer.session.steps import AskTeacher, CheckLearner, End, RecordDraft, Rest, Retell, Step, Teach


class World:
    """Draws what happens; ``events`` is everything that did."""

    def __init__(self, session: Session, seed: int, faults: bool = True) -> None:
        self.session, self.random, self.faults = session, random.Random(seed), faults
        self.now = 1_000.0
        self.events: list[Event] = []
        self.drafts: dict[str, str] = {}
        self.unsure: set[str] = set()
        self.closed: Counter[int] = Counter()

    def one_of(self, *choices):
        return self.random.choice(choices)

    def chance(self, one_in: int) -> bool:
        return self.faults and self.random.randrange(one_in) == 0

    def play(self, steps: int) -> Step:
        for _ in range(steps):
            step = self.session.next_step()
            if isinstance(step, End):
                return step
            if self.chance(12):
                self.take(self.somebody_asks())
                continue
            self.take(self.outcome(step))
        return self.session.next_step()

    def take(self, event: Event) -> None:
        self.events.append(event)
        for notice in self.session.apply(event):
            if isinstance(notice, Closed):
                self.closed[notice.number] += 1

    def somebody_asks(self) -> Event:
        if self.chance(8):
            return StopAsked(self.now)
        asked = self.one_of("pause", "step", "resume", "awake", "tune")
        if asked == "pause":
            return PauseAsked(self.now)
        if asked == "step":
            return PauseAsked(self.now, 2)
        if asked == "resume":
            return ResumeAsked(self.now)
        if asked == "awake":
            return Awoke(self.now, self.died_sending())
        return Retuned(self.now, Tuning(0, 3, ("bees",), "quiz"), self.one_of(None, "wasps"))

    def died_sending(self) -> bool:
        step = self.session.next_step()
        if not isinstance(step, Teach) or self.chance(2):
            return False
        self.unsure.add(step.key)
        return True

    def outcome(self, step: Step) -> Event:
        self.now += 0.5
        if isinstance(step, CheckLearner):
            if self.chance(8):
                return self.failed("learner")
            cursor = self.one_of(None, Cursor("e", len(self.closed), "h"))
            return Checked(self.now, self.session.plan.idempotent, stage=self.one_of(None, "words"), cursor=cursor)
        if isinstance(step, AskTeacher):
            if self.chance(6):
                return self.failed("llm")
            text = self.one_of("Hello.", "A bee hums.", "", "{}", "<think>") if self.faults else "Hi."
            return Spoke(self.now, text, last=self.chance(6))
        if isinstance(step, RecordDraft):
            assert step.key not in self.drafts
            self.drafts[step.key] = step.text
            return Drafted(self.now)
        if isinstance(step, Teach):
            return self.taught(step)
        if isinstance(step, Rest):
            if step.until is None:
                return ResumeAsked(self.now)
            self.now = max(self.now, step.until)
            return Rested(self.now)
        assert isinstance(step, Retell)
        return Retold(self.now, step.key)

    def taught(self, step: Teach) -> Event:
        assert self.drafts[step.key] == step.text, "the text sent is the text drafted"
        assert self.session.plan.idempotent or step.key not in self.unsure, "asked again after an uncertain outcome"
        if self.chance(9):
            return Reconnected(self.now)
        if self.chance(5):
            failed = self.failed("learner")
            if failed.outcome == "unknown":
                self.unsure.add(step.key)
            return failed
        return Taught(self.now, "yes", odd=self.one_of(None, "no text"))

    def failed(self, peer) -> Failed:
        outcome = self.one_of("not_applied", "refused", "unknown")
        retry_after = self.one_of(None, 3.0, 1e9)
        return Failed(self.now, peer, "x", "it failed", outcome, self.one_of(True, False), retry_after, 0.5)
