"""P10, P11 and P13 before a proxy of its own process that does harm by seed: what faults cost in calls and in time.

The LLM server's talk, its breakers and the official clients are the real ones; only the caller's and the breakers'
clock is virtual, so that ten minutes of trouble take a second.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from llm_trainer.errors import PeerBusy, PeerError
from llm_trainer.llm_server.backends.base import Backend
from llm_trainer.llm_server.backends.ollama import Ollama
from llm_trainer.llm_server.backends.openai import OpenAI
from llm_trainer.llm_server.breaker import FLOOR, REST_SECONDS, SHARE
from llm_trainer.llm_server.choice import Choice
from llm_trainer.llm_server.speech import Deadlines, Spoken, whole
from llm_trainer.llm_server.talk import Talk
from llm_trainer.llm_server.watch import Watch
from tests.llm_server.proxy import FAULTS, HARMLESS
from tests.llm_server.stand_ins import ask, ollama, openai, standing_in
from tests.llm_server.weather import Steered, between
from tests.promises import Figure, Scale, is_full

DEADLINES = Deadlines(first_seconds=1.0, cold_seconds=2.0, gap_seconds=0.5, whole_seconds=4)
LONGEST_SECONDS = 6.0  # what any fault may take beyond the deadlines above on a busy machine
HARMFUL = [name for name in FAULTS if name not in (*HARMLESS, "cold")]
MAKERS: dict[str, Callable[[str], Backend]] = {
    "ollama": lambda url: Ollama(url, "gemma3:1b"),
    "openai": lambda url: OpenAI(f"{url}/v1", "gemma"),
}
BOTH = pytest.mark.parametrize("kind", MAKERS)


@pytest.fixture(scope="module")
def proxies() -> Iterator[dict[str, Steered]]:
    with standing_in(ollama()) as one, standing_in(openai()) as other, between(one) as first, between(other) as second:
        yield {"ollama": first, "openai": second}


@dataclass
class Caller:
    """Asks as the middleware does, a second apart: again after a failure, then, or when it is told to come back."""

    talk: Talk
    now: float = 0.0
    calls: list[tuple[float, bool]] = field(default_factory=list)  # when, and whether in vain
    failures: list[PeerError] = field(default_factory=list)
    longest_seconds: float = 0.0

    def clock(self) -> float:
        return self.now

    async def ask(self, *, obedient: bool = True) -> bool:
        """Ask once; whether a turn came. Only what reached the back end counts as a call."""
        admitted = self.talk.watch.roster.members[0].breaker.wait_seconds(self.now) == 0
        began = time.perf_counter()
        try:
            await self.talk.whole(ask("hi"))
        except PeerError as error:
            if admitted:
                self.failures.append(error)
                self.calls.append((self.now, True))
            waits = error.retry_after_seconds if obedient and isinstance(error, PeerBusy) else None
            self.now += waits or 1.0
            return False
        finally:
            self.longest_seconds = max(self.longest_seconds, time.perf_counter() - began)
        self.calls.append((self.now, False))
        self.now += 1.0
        return True

    def worst_minute(self) -> float:
        """By how many the calls in vain of any minute exceed the budget, those made to find out left aside."""
        worst = -float(FLOOR)
        for begin, _ in self.calls:
            minute = [in_vain for at, in_vain in self.calls if begin <= at < begin + 60]
            worst = max(worst, sum(minute) - SHARE * len(minute) - 60 / REST_SECONDS)
        return worst


def calling(
    kind: str,
    proxy: Steered,
    work: Callable[[Caller], object],
    seconds: float = 100,
    deadlines: Deadlines = DEADLINES,
) -> Caller:
    async def call() -> Caller:
        backend = MAKERS[kind](proxy.url)
        choice = Choice(backend, kind, "m")
        caller = Caller(Talk(choice, Watch(choice), deadlines))
        caller.talk.watch.roster._clock = caller.clock
        try:
            await work(caller)  # type: ignore[misc]
        finally:
            await backend.aclose()
        return caller

    return asyncio.run(asyncio.wait_for(call(), seconds))


def show(line: str) -> None:
    sys.stdout.write(line + "\n")


@BOTH
@pytest.mark.parametrize("fault", HARMLESS)
def test_a_slow_way_costs_no_call_and_no_turn(kind: str, fault: str, proxies: dict[str, Steered]) -> None:
    proxies[kind].weather(fault)

    async def work(caller: Caller) -> None:
        for _ in range(5):
            assert await caller.ask()

    calling(kind, proxies[kind], work, deadlines=Deadlines())
    assert proxies[kind].counts()["calls"] == 5


@pytest.mark.promise("P10")
@pytest.mark.slow
@BOTH
def test_each_fault_in_a_tenth_of_the_calls_costs_at_most_a_fifth_more_of_them_and_no_turn(
    kind: str, proxies: dict[str, Steered], figure: Figure, scale: Scale
) -> None:
    turns, proxy, costs = scale(20, 300), proxies[kind], dict[str, float]()
    worst, longest = -100.0, 0.0
    for seed, fault in enumerate(HARMFUL):
        proxy.weather(fault, share=0.1, seed=seed)

        async def work(caller: Caller) -> None:
            while caller.talk.spoken < turns:
                await caller.ask()

        caller, counted = calling(kind, proxy, work, 1_000), proxy.counts()
        costs[fault] = round(counted["calls"] / turns, 3)
        worst, longest = max(worst, caller.worst_minute()), max(longest, caller.longest_seconds)
        show(
            f"{kind:7} {fault:22} {turns} turns, {counted['calls']} calls ({counted[fault]} met it): {costs[fault]:.2f}"
        )
    figure("P10", back_end=kind, turns_each=turns, worst_calls_a_turn=max(costs.values()), longest_seconds=longest)

    assert max(costs.values()) <= 1.2
    assert worst <= FLOOR
    assert longest < LONGEST_SECONDS


@pytest.mark.promise("P10")
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_when_half_of_all_calls_fail_in_every_way_the_repeated_ones_stay_within_the_budget(
    seed: int, proxies: dict[str, Steered], figure: Figure, scale: Scale
) -> None:
    quick = [name for name in HARMFUL if "silen" not in name]
    proxies["ollama"].weather(*quick, share=0.5, seed=seed)
    turns = scale(60, 1_000)

    async def work(caller: Caller) -> None:
        while caller.talk.spoken < turns:
            await caller.ask()

    caller = calling("ollama", proxies["ollama"], work, 2_000)
    minutes = caller.now / 60
    show(f"seed {seed}: {len(caller.calls)} calls, {len(caller.failures)} in vain, in {minutes:.1f} virtual minutes")
    figure("P10", seed=seed, half_fail_in_vain_a_minute=round(len(caller.failures) / minutes, 2))

    assert caller.worst_minute() <= FLOOR


@pytest.mark.promise("P11")
@BOTH
@pytest.mark.parametrize("fault", ["down", "503", "reset before effect", "cut", "error line"])
def test_ten_minutes_without_a_back_end(
    kind: str, fault: str, proxies: dict[str, Steered], figure: Figure, scale: Scale
) -> None:
    """Somebody asks every second, whatever they are told."""
    proxies[kind].weather(fault)

    async def work(caller: Caller) -> None:
        while caller.now < 600:
            await caller.ask(obedient=False)
        proxies[kind].weather()
        while not await caller.ask(obedient=False):
            pass

    caller = calling(kind, proxies[kind], work)
    at = [when for when, in_vain in caller.calls if in_vain]
    opened = next(number for number, when in enumerate(at, start=1) if number == len(at) or at[number] - when > 14)
    probes = max(sum(begin <= when < begin + 14.5 for when in at) for begin in at[opened:])
    resumed = caller.now - 1 - 600
    show(f"{kind} {fault}: open after {opened}, {probes} probe in 15 s, well {resumed:.0f} s after its return")
    figure("P11", back_end=kind, fault=fault, open_after=opened, probes_in_15_s=probes, resumed_after_s=resumed)

    assert opened <= 5
    assert probes <= 1
    assert resumed <= 20


@pytest.mark.promise("P13")
@BOTH
@pytest.mark.parametrize("fault", ["503", "503 with Retry-After", "429", "429 with Retry-After"])
def test_a_hundred_refusals_cost_at_most_twelve_calls_a_minute(
    kind: str, fault: str, proxies: dict[str, Steered], figure: Figure
) -> None:
    proxies[kind].weather(fault)

    async def work(caller: Caller) -> None:
        while len(caller.calls) < 100:
            await caller.ask(obedient=False)

    caller = calling(kind, proxies[kind], work)
    times = [when for when, _ in caller.calls]
    most = max(sum(begin <= when < begin + 60 for when in times) for begin in times)
    show(f"{kind} {fault}: {most} calls in the worst minute, {len(times) / (times[-1] / 60):.1f} a minute in all")
    figure("P13", back_end=kind, fault=fault, most_calls_a_minute=most)

    assert proxies[kind].counts()["calls"] == 100
    assert most <= 12


@pytest.mark.promise("P13")
@pytest.mark.slow
def test_a_cold_load_ends_in_an_answer_is_not_given_up_and_says_for_how_long_it_has_been_loading(
    proxies: dict[str, Steered], figure: Figure
) -> None:
    """A load of 300 s against the real deadlines in the long form; a hundredth of both in the short one."""
    deadlines, load = (Deadlines(), 300.0) if is_full() else (Deadlines(0.3, 3.3, 0.3, 1.2), 3.0)
    proxies["ollama"].weather("cold", cold_seconds=load)
    states: list[str] = []

    async def work() -> Spoken:
        backend = Ollama(proxies["ollama"].url, "gemma3:1b")
        turn = asyncio.ensure_future(whole(backend, ask("hi"), deadlines))
        while not turn.done():
            await asyncio.wait({turn}, timeout=load / 10)
            seen = await backend.status()
            states.extend([seen.detail] if seen.state == "loading" else [])
        await backend.aclose()
        return turn.result()

    began = time.monotonic()
    turn = asyncio.run(asyncio.wait_for(work(), load + 60))
    took, counted = time.monotonic() - began, proxies["ollama"].counts()
    show(f"a load of {load:g} s: an answer after {took:.1f} s, {counted['calls']} call, last seen: {states[-1]}")
    figure("P13", load_seconds=load, answered_after_s=round(took, 1), aborted=counted["gone before the end"])

    assert turn.text == "Hello there."
    assert (counted["calls"], counted["gone before the end"]) == (1, 0)
    assert len(states) >= 5
    assert all(" s; the first answer may take minutes" in state for state in states)


@BOTH
@pytest.mark.parametrize("fault", ["silence", "falls silent"])
def test_whoever_falls_silent_is_hung_up_on_within_the_deadline(
    kind: str, fault: str, proxies: dict[str, Steered]
) -> None:
    proxies[kind].weather(fault)

    async def work(caller: Caller) -> None:
        assert not await caller.ask()

    caller = calling(kind, proxies[kind], work)
    assert caller.failures[0].code == "peer-timeout"
    assert caller.longest_seconds < LONGEST_SECONDS
    deadline = time.monotonic() + 5
    while not proxies[kind].counts()["gone before the end"]:
        assert time.monotonic() < deadline, "the connection was kept"
