"""What lies between the middleware and its peers, in the place of ``http1.Client``: it loses, delays, doubles, cuts.

A request that was sent is on its way whatever becomes of who sent it: it may arrive after its time-out, after the
death of its sender, or twice. It does not survive the death of the process it is sent to.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from llm_trainer.middleware.http1 import Broken, Received, Renewed, Unreachable

from .learner import Answer
from .loop import LIFE, Life
from .weather import FAULTS, LEARNER_SECONDS

if TYPE_CHECKING:
    from .world import World

BODY = b"<html>what is this?</html>"


@dataclass(frozen=True)
class Call:
    """One request on its way. ``peer_life``: to which run of the peer it was sent."""

    life: Life
    peer: Peer
    method: str
    path: str
    headers: Mapping[str, str]
    content: bytes
    peer_life: int
    fault: str

    @property
    def key(self) -> str | None:
        """Under which key it teaches; None if it does not."""
        return self.headers.get("Idempotency-Key")

    @property
    def body(self) -> Any:
        """The JSON sent."""
        return json.loads(self.content) if self.content else None


@dataclass(eq=False)
class Peer:
    """A process that answers. Down it refuses; stuck it lets requests wait, and serves them late."""

    name: str
    answer: Callable[[Call], Answer]
    is_up: bool = True
    is_stuck: bool = False
    lives: int = 1
    waiting: list[Callable[[], None]] = field(default_factory=list)
    connections: dict[asyncio.Future[Received], Call] = field(default_factory=dict)

    def go_down(self) -> None:
        """Die: every connection breaks, what waits is lost."""
        self.is_up, self.is_stuck, self.lives = False, False, self.lives + 1
        self.waiting.clear()
        for answer in tuple(self.connections):
            _settle(answer, Broken("connection reset"))

    def get_unstuck(self) -> None:
        """Serve what waited."""
        self.is_stuck = False
        waiting, self.waiting = self.waiting, []
        for serve in waiting:
            serve()


class Network:
    """Carries requests to peers and answers back."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def carry(
        self, peer: Peer, method: str, path: str, headers: Mapping[str, str], content: bytes, since: int | None
    ) -> Received:
        """One request; raises as ``http1.Client.request`` does, or never answers."""
        world, life = self._world, LIFE.get()
        assert life is not None
        if not peer.is_up:
            world.said(f"{peer.name} <- nobody is there")
            await asyncio.sleep(world.soon())
            raise Unreachable("connection refused")
        generation = peer.lives
        if since is not None and since != generation:
            raise Renewed("the connection is a new one")
        call = Call(life, peer, method, path, headers, content, peer.lives, self._fault(peer, method))
        world.said(f"{peer.name} <- {method} {path} {call.key or ''} {call.fault}")
        world.watch.leaves(call)
        if call.fault == "refused":
            raise Unreachable("connection refused")
        answer: asyncio.Future[Received] = world.loop.create_future()
        peer.connections[answer] = call
        self._send(call, answer)
        try:
            return await answer
        finally:
            peer.connections.pop(answer, None)

    def _fault(self, peer: Peer, method: str) -> str:
        """What will happen to it; nothing, most of the time."""
        world = self._world
        if not world.goes_wrong(world.weather.calls):
            return ""
        fault = world.chance.choice(FAULTS)
        return "slow" if method == "GET" and fault.startswith("dies") else fault

    def _send(self, call: Call, answer: asyncio.Future[Received]) -> None:
        world, trip = self._world, self._world.soon()
        if call.fault == "lost request":
            return
        if call.fault == "late":
            trip += LEARNER_SECONDS + world.chance.random() * 40
        elif call.fault == "slow":
            trip += world.chance.random() * LEARNER_SECONDS * 0.8
        world.loop.call_later(trip, self._arrives, call, answer)
        if call.fault == "duplicate":
            world.loop.call_later(trip + world.chance.random() * 60, self._arrives, call, None)

    def _arrives(self, call: Call, answer: asyncio.Future[Received] | None) -> None:
        peer = call.peer
        if not peer.is_up or call.peer_life != peer.lives:
            _settle(answer, Broken("connection reset"))
        elif peer.is_stuck:
            peer.waiting.append(lambda: self._arrives(call, answer))
        else:
            self._served(call, answer)

    def _served(self, call: Call, answer: asyncio.Future[Received] | None) -> None:
        """The peer takes it in; faults *before* are without effect, faults *after* are not."""
        world, fault = self._world, call.fault
        if fault == "reset before":
            return _settle(answer, Broken("connection reset"))
        if fault == "500 before":
            return self._answers(call, answer, 500, {"detail": "it broke"})
        if fault.startswith("busy"):
            asked = {"retry-after": str(world.chance.randrange(1, 20))} if "later" in fault else {}
            return self._answers(call, answer, world.chance.choice((429, 503, 409)), {"detail": "busy"}, asked)
        if fault == "dies before":
            return world.peer_dies(call.peer)
        status, body = call.peer.answer(call)
        world.watch.heard(call)
        if fault == "dies after":
            return world.peer_dies(call.peer)
        if fault == "lost answer":
            return None
        if fault in ("reset after", "cut"):
            return _settle(answer, Broken(f"the answer was {fault}"))
        return self._answers(call, answer, 500 if fault == "500 after" else status, body)

    def _answers(
        self,
        call: Call,
        answer: asyncio.Future[Received] | None,
        status: int,
        body: Any,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        written = BODY if call.fault == "junk" else json.dumps(body).encode()
        received = Received(status, headers or {}, written, cut=False, generation=call.peer_life)
        self._world.loop.call_later(self._world.soon(), _settle, answer, received)


def _settle(answer: asyncio.Future[Received] | None, outcome: Received | Exception) -> None:
    if answer is None or answer.done():
        return
    if isinstance(outcome, Exception):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)


class SimulatedClient:
    """Stands where ``http1.Client`` stands."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def request(
        self, method: str, url: str, content: bytes, headers: Mapping[str, str], since: int | None = None
    ) -> Received:
        peer, path = self._world.peer_at(url)
        return await self._world.network.carry(peer, method, path, headers, content, since)

    async def close(self) -> None:
        pass
