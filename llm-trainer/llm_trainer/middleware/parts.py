"""What the routes work with, made once when the service starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from llm_trainer.middleware.alerts import Alerts
from llm_trainer.middleware.bodies import Bodies
from llm_trainer.middleware.clock import Clock
from llm_trainer.middleware.hub import Hub
from llm_trainer.middleware.learner import HttpLearner
from llm_trainer.middleware.monitor import Monitor
from llm_trainer.middleware.store import Record
from llm_trainer.middleware.teacher import HttpTeacher
from llm_trainer.middleware.trainer import Trainer


@dataclass(frozen=True)
class Parts:
    """The wired-up middleware, since ``started_at``.

    ``delay_seconds`` and ``topic_switch_interval`` are the settings' defaults.
    """

    clock: Clock
    record: Record
    bodies: Bodies
    teacher: HttpTeacher
    learner: HttpLearner
    hub: Hub
    monitor: Monitor
    trainer: Trainer
    alerts: Alerts
    delay_seconds: float
    topic_switch_interval: int
    started_at: float


async def _parts(request: Request) -> Parts:  # not a plain one, which would cost each request a thread
    parts = request.app.state.parts
    assert isinstance(parts, Parts)
    return parts


Wired = Annotated[Parts, Depends(_parts)]
