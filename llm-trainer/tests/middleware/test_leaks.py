"""Nothing is left over from a session that ended: no file, no task, no thread, no entry in a table in memory."""

from __future__ import annotations

import asyncio
import gc
import threading

import psutil
import pytest

from llm_trainer.middleware import wiring
from llm_trainer.middleware.planning import Wish
from llm_trainer.middleware.standins import StandInLearner, StandInLlm, served
from llm_trainer.session.dialogue import Tuning
from llm_trainer.session.limits import Limits
from llm_trainer.settings import Settings

SESSIONS = 100


def left_over(parts):
    gc.collect()
    trainer, record = parts.trainer, parts.record
    in_memory = (
        trainer.runs,
        trainer._tasks,
        trainer.housekeeping._measured,
        trainer._exporter.errors,
        trainer._starting,
    )
    return {
        "files": len(psutil.Process().open_files()),
        "connections": len(parts.learner._wire._client._busy),
        "tasks": len(asyncio.all_tasks()),
        "threads": sum(not thread.name.startswith("asyncio_") for thread in threading.enumerate()),  # a pool with a cap
        "timers": sum(not timer.cancelled() for timer in getattr(asyncio.get_running_loop(), "_scheduled", ())),
        "entries": sum(map(len, in_memory)) + len(record._pending) + len(record._waiting) + len(record._refused),
        "listeners": len(parts.hub),
    }


async def one(parts, number):
    """A short session, ended in one way or another."""
    wish = Wish(
        max_exchanges=1 if number % 2 else 1_000,
        tuning=Tuning(delay_seconds=0 if number % 2 else 3_600, topics=("bees",)),
        topics=("bees",),
        limits=Limits(seconds=None if number % 3 else 3_600),
    )
    run = await parts.trainer.start(wish)
    task = parts.trainer._tasks[run.id]
    if number % 2 == 0:
        await parts.trainer.stop()
    await asyncio.wait({task})


@pytest.mark.slow
def test_a_hundred_sessions_leave_nothing_open(tmp_path):
    learner = StandInLearner()

    async def whole(urls):
        settings = Settings(data_dir=tmp_path, cerebrum_url=urls[0], llm_server_url=urls[1])
        parts, wire = await wiring.wire_up(settings)
        keeping = asyncio.create_task(parts.alerts.watch(parts.trainer.runs))
        for number in range(6):  # until what is made once is there
            await one(parts, number)
        before = left_over(parts)
        for number in range(SESSIONS):
            await one(parts, number)
        after = left_over(parts)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await wire.close()
        await parts.record.close()
        return before, after

    with served(learner) as learner_url, served(StandInLlm()) as llm_url:
        before, after = asyncio.run(whole((learner_url, llm_url)))
    heard = learner.heard()
    learner.close()

    assert len(heard) >= SESSIONS / 2
    assert {name: after[name] - before[name] for name in before if after[name] > before[name]} == {}
