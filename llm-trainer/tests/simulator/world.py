"""One simulated world: its clock, its chance, both peers, the network between, and the lives of the middleware."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from llm_trainer.errors import StoreError

from .invariants import Watch
from .learner import SimulatedLearner
from .loop import EPOCH, Died, Life, VirtualExecutor, VirtualLoop
from .network import Network, Peer
from .teacher import SimulatedTeacher
from .weather import Weather

SOON_SECONDS = 0.0045
"""The most that a way between two processes, or a write to the disk, takes when nothing goes wrong."""
LEARNER_URL, LLM_URL = "http://127.0.0.1:8000", "http://127.0.0.1:8001"


class World:
    """``trace`` tells what happened, for people; ``digest`` of it is the same whenever the seed is."""

    def __init__(self, seed: int, weather: Weather, database: Any, loop: VirtualLoop) -> None:
        self.seed, self.weather, self.loop = seed, weather, loop
        self.chance = random.Random(seed)
        self.learner = SimulatedLearner(weather.capabilities)
        self.teacher = SimulatedTeacher(random.Random(seed + 1), weather.useless, weather.topics)
        self.network = Network(self)
        self.watch = Watch(self, database)
        self.learner_peer = Peer("learner", self._learner_answers)
        self.llm_peer = Peer("llm", lambda call: self.teacher.answer(call.method, call.path))
        self.trace: list[str] = []
        self.failure: BaseException | None = None
        self.full_until = 0.0
        self.pace = 0.25 + weather.delay / 2
        self.restores = self.crashes = 0
        self.forgot_for_good = False

    @property
    def is_calm(self) -> bool:
        """Whether nothing goes wrong any more."""
        return self.loop.now >= self.weather.calm_at

    async def calm(self) -> None:
        """Wait until nothing goes wrong any more."""
        await asyncio.sleep(max(0.0, self.weather.calm_at - self.loop.now))

    def goes_wrong(self, share: float) -> bool:
        """Whether this time something does."""
        return share > 0 and not self.is_calm and self.chance.random() < share

    def soon(self) -> float:
        """A few virtual milliseconds."""
        return 0.0005 + (SOON_SECONDS - 0.0005) * self.chance.random()

    def said(self, what: str) -> None:
        self.trace.append(f"{self.loop.now:10.4f} {what}")

    def now(self) -> float:
        """What the wall's clock says."""
        return EPOCH + self.loop.now

    def fail(self, error: BaseException) -> None:
        """The first thing that must not be."""
        if self.failure is None:
            self.failure = error
            self.said(f"FAILED {error}")

    def _learner_answers(self, call: Any) -> tuple[int, Any]:
        return self.learner.answer(call.method, call.path, call.headers, call.body)

    def peer_at(self, url: str) -> tuple[Peer, str]:
        """Who is reached there, and the path."""
        parts = urlsplit(url)
        return self.learner_peer if parts.port == 8000 else self.llm_peer, parts.path

    def peer_dies(self, peer: Peer) -> None:
        """Down for a while, then up again by itself; a learner perhaps with an older mind."""
        seconds = self.chance.random() * self.weather.outage_seconds
        self.said(f"{peer.name} is down for {seconds:.3f} s")
        peer.go_down()
        self.loop.call_later(seconds, self._rises, peer, self.goes_wrong(self.weather.restores))

    def _rises(self, peer: Peer, older: bool) -> None:
        """Back with the newest mind, or with an ``older`` one."""
        peer.is_up = True
        if older and peer is self.learner_peer and self.learner.is_restorable:
            self.learner.restore(self.chance.random() < 0.5)
            lost = self.watch.lost()
            self.restores += bool(lost)
            self.forgot_for_good |= bool(lost) and not self.learner.is_idempotent
            self.said(f"learner is back with an older mind, {len(lost)} forgotten")
        else:
            self.said(f"{peer.name} is back")

    def peer_sticks(self, peer: Peer) -> None:
        """Takes requests and does not serve them for a while."""
        if not peer.is_up or peer.is_stuck:
            return
        seconds = self.chance.random() * self.weather.outage_seconds
        self.said(f"{peer.name} is stuck for {seconds:.3f} s")
        peer.is_stuck, life = True, peer.lives
        self.loop.call_later(seconds, lambda: peer.get_unstuck() if peer.lives == life else None)

    def foresee(self) -> None:
        """The one long absence that the weather names."""
        if self.weather.away_seconds:
            self.loop.call_later(self.weather.away_at, self.learner_peer.go_down)
            self.loop.call_later(
                self.weather.away_at + self.weather.away_seconds, self._rises, self.learner_peer, False
            )

    async def storms(self) -> None:
        """Outages of either end, backups of the learner, until it is calm."""
        if not self.weather.outages:
            await self.calm()
        while not self.is_calm:
            await asyncio.sleep(0.02 + self.chance.random() * self.pace)
            if self.goes_wrong(0.15 if self.learner.backup else 0.6):
                self.learner.backup = tuple(self.learner.heard)
            if self.goes_wrong(self.weather.outages):
                peer = self.chance.choice((self.learner_peer, self.learner_peer, self.llm_peer))
                (self.peer_dies if self.chance.random() < 0.6 and peer.is_up else self.peer_sticks)(peer)


class Disk(VirtualExecutor):
    """The thread that writes the record: the process may die before or after, and the disk may be full."""

    def __init__(self, world: World, life: Life) -> None:
        super().__init__(world.loop, world.soon)
        self._world, self._life = world, life

    def promised(self, work: Callable[..., Any], *arguments: Any) -> asyncio.Future[Any]:
        if self._life.is_dead:
            raise RuntimeError("this process is dead")  # what it would do on its way out, it does not do any more
        return super().promised(work, *arguments)

    def around(self, work: Callable[..., Any], *arguments: Any) -> Any:
        world = self._world
        self._perhaps_dies("before")
        if world.goes_wrong(world.weather.full):
            world.full_until = world.loop.now + world.chance.random() * 10
        if world.loop.now < world.full_until and not world.is_calm:
            raise StoreError("the disk is full", remedy="make room")
        result = work(*arguments)
        world.watch.committed()
        self._perhaps_dies("after")
        return result

    def _perhaps_dies(self, when: str) -> None:
        if self._life.is_dead:
            raise Died
        if self._world.goes_wrong(self._world.weather.commits):
            self._world.crashes += 1
            self._world.said(f"the middleware dies {when} a commit")
            self._life.die()
            raise Died
