"""From a seed to an outcome: the same seed gives the same world, step by step."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import logging
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from llm_trainer.errors import TrainerError
from llm_trainer.middleware.database import open_database
from llm_trainer.middleware.planning import Wish
from llm_trainer.middleware.tables import metadata
from llm_trainer.session.dialogue import Tuning

from .lives import Gone, Lives, simulated_ports
from .loop import STEP_BUDGET, Hang, VirtualLoop, tagging
from .people import Person
from .weather import Weather, weather
from .world import World

LIMIT_SECONDS = 900.0
"""Virtual seconds after the calm in which everything must have come to its end."""


@dataclass(frozen=True)
class Outcome:
    """How one world went. ``counted``: exchanges taught, uncertain, requests, crashes …"""

    seed: int
    failure: BaseException | None
    counted: Counter[str]
    digest: str
    trace: tuple[str, ...] = field(repr=False)


@lru_cache(maxsize=1)
def _database() -> Any:
    """One record in memory for all worlds, emptied before each."""
    return open_database("sqlite://")


@lru_cache(maxsize=1)
def _folder() -> Path:
    """Where the records would lie, were they not in memory; nothing is written there."""
    return Path(tempfile.gettempdir())


def _emptied() -> tuple[Any, Any]:
    connection = _database()
    raw = connection.connection.dbapi_connection
    if raw.in_transaction:
        raw.execute("ROLLBACK")
    for table in metadata.sorted_tables:
        raw.execute(f"DELETE FROM {table.name}")
    return connection, raw


def seldom_collected() -> None:
    """For a process that lives through many worlds: a sixth of its time went into looking for garbage."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


def simulate(seed: int, given: Weather | None = None) -> Outcome:
    """Live through the world of this seed, in the weather ``given`` or in the seed's own."""
    drawn = given or weather(random.Random(seed))
    with opened(seed, drawn) as world:
        try:
            world.loop.run_until_complete(_whole(world, _folder()))
        except BaseException as error:
            world.fail(error)
    digest = hashlib.sha256("\n".join(world.trace).encode()).hexdigest()
    return Outcome(seed, world.failure, _counts(world), digest, tuple(world.trace))


@contextmanager
def opened(seed: int, drawn: Weather, budget: int = STEP_BUDGET) -> Iterator[World]:
    """A world with an empty record, in which nobody lives yet; ``budget``: turns of its loop."""
    connection, raw = _emptied()
    with _loop(budget) as loop:
        world = World(seed, drawn, raw, loop)
        loop.set_exception_handler(lambda _, context: _unheard(world, context))
        with simulated_ports(world, connection):
            try:
                yield world
            finally:
                _cancel_all(loop)


def _unheard(world: World, context: dict[str, Any]) -> None:
    error = context.get("exception")
    if isinstance(error, AssertionError):
        world.fail(error)


@contextmanager
def _loop(budget: int) -> Iterator[VirtualLoop]:
    loop = VirtualLoop(budget)
    loop.set_task_factory(tagging)
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield loop
    finally:
        logging.disable(disabled)
        loop.close()


def _cancel_all(loop: VirtualLoop) -> None:
    for _ in range(3):
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            with suppress(BaseException):
                loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))


async def _whole(world: World, folder: Path) -> None:
    lives = Lives(world, folder)
    world.foresee()
    storms = asyncio.create_task(world.storms())
    await _session(world, lives, world.weather.exchanges)
    await storms
    while not world.learner_peer.is_up or world.learner_peer.is_stuck:
        await asyncio.sleep(1)
    if world.learner.has_cursor:
        await _session(world, lives, 1)
        _reasons(world)
    world.watch.at_the_end()
    lives.life.die()


def _reasons(world: World) -> None:
    """A learner that forgot for good has ended a session, and is said to have."""
    reasons = {reason for (reason,) in world.watch.rows("SELECT end_reason FROM sessions")}
    forgot = "learner-forgot" in reasons
    world.watch.law("P5: a learner that forgot is said to have", forgot == world.forgot_for_good, reasons=reasons)
    allowed = {"completed", "stopped", "learner-forgot"}
    world.watch.law("every session came to an end that is meant", reasons <= allowed, reasons=reasons)


async def _session(world: World, lives: Lives, exchanges: int) -> None:
    """One session, from its start to its end, through whatever happens."""
    before = _sessions(world)[0]
    person = asyncio.create_task(Person(world, lives).steer())
    try:
        while True:
            if lives.life.is_dead:
                await lives.begin()
            count, is_over = _sessions(world)
            if count > before and is_over:
                return
            if count == before:
                await _start(world, lives, exchanges)
            await asyncio.sleep(0.02 + world.chance.random() * world.pace)
            if world.failure is not None:
                raise world.failure
            if world.loop.now > world.weather.calm_at + world.weather.outage_seconds + LIMIT_SECONDS:
                raise Hang("the session does not come to its end")
            if world.goes_wrong(world.weather.crashes) and not lives.life.is_dead:
                world.crashes += 1
                world.said("the middleware dies")
                lives.life.die()
    finally:
        person.cancel()


async def _start(world: World, lives: Lives, exchanges: int) -> None:
    drawn = world.weather
    tuning = Tuning(drawn.delay, 4, drawn.topics)
    try:
        await lives.ask(lives.parts.trainer.start(Wish(exchanges, tuning, drawn.topics, world.seed)))
    except (TrainerError, Gone) as error:
        world.said(f"not started: {type(error).__name__} {error}")
        await asyncio.sleep(5)


def _sessions(world: World) -> tuple[int, bool]:
    """How many there are, and whether all are over."""
    count, over = world.watch.rows("SELECT count(*), count(ended_at) FROM sessions")[0]
    return count, count == over


def _counts(world: World) -> Counter[str]:
    counted: Counter[str] = Counter(dict(world.watch.rows("SELECT status, count(*) FROM exchanges GROUP BY status")))
    counted["requests"], counted["commits"] = world.watch.requests, world.watch.commits
    counted["crashes"], counted["restores"] = world.crashes, world.restores
    counted["told again"] = world.watch.retold
    counted["guarantee once"] = world.weather.is_idempotent
    counted["virtual seconds"] = round(world.loop.now)
    return counted
