"""Whom sessions may teach and who may speak for the teacher: by name, from the settings, and from nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from llm_trainer.errors import Conflict, NotFound, PeerBusy
from llm_trainer.middleware.learner import Learner
from llm_trainer.middleware.monitor import Monitor, Reading, Watch
from llm_trainer.middleware.planning import DEFAULT
from llm_trainer.middleware.queries import Row
from llm_trainer.middleware.teacher import Teacher


@dataclass(frozen=True)
class Ends:
    """Learners and teachers by name; ``DEFAULT`` is always among them."""

    learners: Mapping[str, Learner]
    teachers: Mapping[str, Teacher]

    def learner(self, name: str) -> Learner:
        """The learner of that name; NotFound."""
        if name not in self.learners:
            known = ", ".join(self.learners)
            raise NotFound(f"the settings name no learner {name[:80]!r}", remedy=f"the setting learners names {known}")
        return self.learners[name]

    def teacher(self, name: str) -> Teacher:
        """The teacher of that name; NotFound."""
        if name not in self.teachers:
            known = ", ".join(self.teachers)
            raise NotFound(f"the settings name no teacher {name[:80]!r}", remedy=f"the setting teachers names {known}")
        return self.teachers[name]

    def of(self, row: Row) -> tuple[Learner, Teacher]:
        """Both ends of a recorded session; Conflict if the settings name its learner no longer.

        The learner is known by its address: what was taught there cannot be gone on with elsewhere.
        """
        url = row["learner"]["url"]
        learner = next((each for each in self.learners.values() if each.url == url), None)
        if learner is None:
            remedy = "name it in the settings again, as cerebrum_url or among learners"
            raise Conflict(f"the session's learner {url} is not among the configured ones", remedy=remedy)
        return learner, self.teachers.get(teacher_name(row), self.teachers[DEFAULT])


def learner_name(row: Row) -> str:
    """Which of the learners a recorded session teaches."""
    return str(row["learner"].get("name") or DEFAULT)


def teacher_name(row: Row) -> str:
    """Which of the teachers speaks in a recorded session."""
    return str(row["teacher"].get("name") or DEFAULT)


def watches(monitor: Monitor, row: Row | None) -> tuple[Watch, Watch]:
    """How both ends of a session are: learner, teacher. Without a session, those of the next one."""
    if row is None:
        return monitor.learner, monitor.llm
    learner = monitor.learners.get(learner_name(row), monitor.learner)
    return learner, monitor.teachers.get(teacher_name(row), monitor.llm)


async def both_up(monitor: Monitor, learner: str, teacher: str) -> tuple[Reading, Reading]:
    """What learner and teacher say of themselves now; PeerUnreachable or PeerBusy where one cannot take part."""
    watched = monitor.learners[learner], monitor.teachers[teacher]
    learner_says, llm_says = await asyncio.gather(*(watch.look() for watch in watched))
    for reading in (learner_says, llm_says):
        if reading.error is not None:
            raise reading.error
    if llm_says.body.get("ready") is False and llm_says.body.get("state") != "loading":
        detail = str(llm_says.body.get("detail") or "the LLM server is not ready")
        remedy = str(llm_says.body.get("remedy") or "see GET /api/llm/status")
        raise PeerBusy(detail, peer="llm", remedy=remedy)
    return learner_says, llm_says
