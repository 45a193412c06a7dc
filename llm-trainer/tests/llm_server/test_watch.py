"""One watcher looks; everybody else reads what it saw."""

from __future__ import annotations

import asyncio

from llm_trainer.llm_server.backends.base import BackendStatus
from llm_trainer.llm_server.choice import Choice
from llm_trainer.llm_server.watch import Watch
from tests.llm_server.stand_ins import Scripted, run

DOWN = BackendStatus("unreachable", "m", "gone", "start it")
UP = BackendStatus("ready", "m", "well")


def test_since_is_kept_while_the_state_is() -> None:
    backend = Scripted(status=UP)
    watch = Watch(Choice(backend, "x", "m"))

    async def sinces() -> list[float | None]:
        first, second = (await watch.look()).status.since, (await watch.look()).status.since
        backend.now = DOWN
        return [first, second, (await watch.look()).status.since]

    first, second, third = run(sinces())
    assert first == second
    assert first is not None
    assert third is not None
    assert third > first


def test_one_passed_over_that_comes_back_is_noted_but_does_not_speak() -> None:
    passed_over, speaker = Scripted(status=DOWN), Scripted(status=UP)
    watch = Watch(Choice(speaker, "auto", "m", "because", passed_over))

    assert run(watch.look()).note == ""
    passed_over.now = UP
    assert "available now" in run(watch.look()).note
    assert "start this server again" in watch.reading.note


def test_a_doubt_makes_it_look_soon() -> None:
    backend = Scripted(status=UP)
    watch = Watch(Choice(backend, "x", "m"), look_seconds=1000)

    async def looks_after_a_doubt() -> int:
        await watch.look()
        task = asyncio.create_task(watch.run())
        backend.now = DOWN
        watch.doubt()
        while watch.reading.status.is_ready:
            await asyncio.sleep(0.005)
        task.cancel()
        return backend.looks

    assert run(looks_after_a_doubt()) == 2
