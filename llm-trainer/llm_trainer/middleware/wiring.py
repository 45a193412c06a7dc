"""Makes the middleware's parts out of its settings, and nothing else reads them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from llm_trainer.errors import SettingsError
from llm_trainer.middleware import leases, queries, verification
from llm_trainer.middleware.alerts import Alerts, address
from llm_trainer.middleware.bodies import Bodies
from llm_trainer.middleware.clock import Clock
from llm_trainer.middleware.hub import Hub
from llm_trainer.middleware.learner import HttpLearner, Learner
from llm_trainer.middleware.mapping import mapping_of
from llm_trainer.middleware.monitor import Monitor, Watch
from llm_trainer.middleware.parts import Parts
from llm_trainer.middleware.planning import DEFAULT
from llm_trainer.middleware.store import Record
from llm_trainer.middleware.teacher import HttpTeacher
from llm_trainer.middleware.trainer import Trainer
from llm_trainer.middleware.wire import Wire
from llm_trainer.settings import Settings
from llm_trainer.web import check_url


async def wire_up(settings: Settings) -> tuple[Parts, Wire]:
    """Open the record and make all parts; raises SettingsError or StoreError.

    What a process of ours that died still held is free from here on.
    """
    learners, teachers = learners_of(settings), _teachers(settings)
    address(settings.alert_url)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    record = await Record.open(settings.record_url or f"sqlite:///{settings.data_dir / 'record.sqlite3'}")
    try:
        await record.read(verification.refuse_damage)
    except BaseException:
        await record.close()
        raise
    owner = leases.owner_name(settings.middleware_port)
    await record.read(leases.free, None if record.is_exclusive else owner)
    clock, hub, bodies = Clock(), Hub(), Bodies()
    alerts = Alerts(
        record,
        clock,
        url=settings.alert_url,
        command=settings.alert_command,
        after_seconds=settings.alert_after_seconds,
    )
    wire = Wire(record, await record.read(queries.last_wire_id), bodies)
    taught = {name: make(wire) for name, make in learners.items()}
    speaking = {name: HttpTeacher(wire, url, settings.llm_timeout_seconds) for name, url in teachers.items()}
    trainer = Trainer(
        record=record,
        teacher=speaking[DEFAULT],
        learner=taught[DEFAULT],
        learners=taught,
        teachers=speaking,
        hub=hub,
        clock=clock,
        folder=settings.data_dir,
        owner=owner,
        most=settings.max_sessions,
        on_end=alerts.ended,
    )
    monitor = Monitor(
        {name: Watch(_asking(learner), clock) for name, learner in taught.items()},
        {name: Watch(teacher.status, clock) for name, teacher in speaking.items()},
        trainer.housekeeping.measured,
    )
    trainer.monitor = monitor
    parts = Parts(
        clock=clock,
        record=record,
        bodies=bodies,
        teacher=speaking[DEFAULT],
        learner=taught[DEFAULT],
        hub=hub,
        monitor=monitor,
        trainer=trainer,
        alerts=alerts,
        delay_seconds=settings.conversation_delay,
        topic_switch_interval=settings.topic_switch_interval,
        started_at=clock.now(),
    )
    return parts, wire


def learners_of(settings: Settings) -> dict[str, Callable[[Wire], HttpLearner]]:
    """How to make each learner that the settings name; SettingsError names what is wrong."""
    given: dict[str, str | dict[str, Any]] = {DEFAULT: settings.cerebrum_url}
    made = {DEFAULT: _learner("cerebrum_url", settings.cerebrum_url, settings.learner, settings)}
    for name, about in settings.learners.items():
        _check_name("learners", name, given)
        given[name] = about
        mapping = dict(about) if isinstance(about, dict) else {}
        url = mapping.pop("url", None) if isinstance(about, dict) else about
        if not isinstance(url, str):
            raise SettingsError(f"learners.{name} has no url", remedy='write {"name": "http://host:port"}')
        made[name] = _learner(f"learners.{name}", url, mapping or settings.learner, settings)
    return made


def _learner(key: str, url: str, mapping: str | dict[str, Any], settings: Settings) -> Callable[[Wire], HttpLearner]:
    checked, how = check_url(key, url), mapping_of(mapping)
    return lambda wire: HttpLearner(wire, checked, how, settings.learner_timeout_seconds)


def _teachers(settings: Settings) -> dict[str, str]:
    made = {DEFAULT: check_url("llm_server_url", settings.llm_server_base_url)}
    for name, url in settings.teachers.items():
        _check_name("teachers", name, made)
        made[name] = check_url(f"teachers.{name}", url)
    return made


def _check_name(key: str, name: str, taken: dict[str, Any]) -> None:
    if name in taken or not name or len(name) > 80:
        remedy = f"names have 1 to 80 characters; {DEFAULT!r} is the one that the settings name first"
        raise SettingsError(f"{key} names {name!r}, which cannot be", remedy=remedy)


def _asking(learner: Learner) -> Callable[[], Awaitable[dict[str, Any]]]:
    async def ask() -> dict[str, Any]:
        return (await learner.standing()).body

    return ask
