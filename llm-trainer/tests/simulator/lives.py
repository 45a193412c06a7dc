"""The lives of the middleware, one after another on one record, wired up by its own code around simulated ports."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from llm_trainer.errors import StoreError
from llm_trainer.middleware import exporter, planning, wire, wiring
from llm_trainer.middleware.hub import Hub
from llm_trainer.middleware.parts import Parts
from llm_trainer.middleware.store import Record
from llm_trainer.settings import Settings

from .loop import LIFE, Life
from .network import SimulatedClient
from .weather import LEARNER_SECONDS, LLM_SECONDS
from .world import LEARNER_URL, LLM_URL, Disk, World


class Gone(Exception):
    """The process died before it answered."""


@cache
def _settings(folder: Path) -> Settings:
    """Read once for all worlds: that takes as long as three exchanges."""
    return Settings(
        cerebrum_url=LEARNER_URL,
        llm_server_url=LLM_URL,
        data_dir=folder,
        learner_timeout_seconds=LEARNER_SECONDS,
        llm_timeout_seconds=LLM_SECONDS,
    )


class Lives:
    """``parts`` are those of the process that runs now."""

    def __init__(self, world: World, folder: Path) -> None:
        self._world, self._count = world, 0
        self._settings = _settings(folder)
        self.life = Life(0)
        self.life.is_dead = True
        self.parts: Parts

    async def begin(self) -> None:
        """Start the process, again and again until it starts, and let it go on with what was cut off."""
        while self.life.is_dead:
            await asyncio.sleep(self._world.chance.random() * 3)
            self._count += 1
            self.life = Life(self._count)
            self._world.said(f"middleware starts, life {self._count}")
            try:
                self.parts, _ = await self.ask(wiring.wire_up(self._settings))
                await self.ask(self.parts.trainer.resume_unfinished())
            except (Gone, StoreError):
                self.life.die()

    async def ask(self, question: Coroutine[Any, Any, Any], seconds: float | None = None) -> Any:
        """Have the process do something; Gone if it dies meanwhile, TimeoutError if it takes too long."""
        life, context = self.life, contextvars.copy_context()
        context.run(LIFE.set, life)
        task = context.run(self._world.loop.create_task, question)
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            raise TimeoutError
        if life.is_dead or task.cancelled():
            raise Gone from (None if task.cancelled() else task.exception())
        return task.result()


class _Clock:
    def __init__(self, world: World) -> None:
        self.now = world.now


class _Secrets:
    """In the place of the module: what nobody could guess is drawn by the seed."""

    def __init__(self, world: World) -> None:
        self._chance = world.chance

    def randbits(self, bits: int) -> int:
        return self._chance.getrandbits(bits)

    def randbelow(self, bound: int) -> int:
        return self._chance.randrange(bound)

    def token_hex(self, count: int) -> str:
        return self._chance.getrandbits(8 * count).to_bytes(count, "big").hex()


class _Record(Record):
    """A process that lets go of its record leaves it to the next: all use one connection."""

    def _close(self) -> None:
        pass


async def _no_file(*_: Any) -> None:
    """The exported file has tests of its own."""


@contextmanager
def simulated_ports(world: World, connection: Any) -> Iterator[None]:
    """Clock, chance, disk and network of this world in the places of the real ones."""

    async def opened(_: str) -> Record:
        life = LIFE.get()
        assert life is not None
        return _Record(connection, Disk(world, life), "memory")  # type: ignore[arg-type]

    with (
        patch.object(Record, "open", opened),
        patch.object(wire, "Client", lambda *_, **__: SimulatedClient(world)),
        patch.object(wiring, "Clock", lambda: _Clock(world)),
        patch.object(planning, "secrets", _Secrets(world)),
        patch.object(exporter, "write_session_file", _no_file),
        patch.object(Hub, "tell", lambda _, told: world.watch.told(told)),
    ):
        yield
