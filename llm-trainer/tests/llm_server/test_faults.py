"""Between the LLM server and Ollama everything goes wrong, by seed: what that costs in calls; and nothing hangs."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from llm_trainer.errors import PeerBusy, PeerError
from llm_trainer.llm_server.backends.ollama import Ollama
from llm_trainer.llm_server.choice import Choice
from llm_trainer.llm_server.speech import Deadlines
from llm_trainer.llm_server.talk import Talk
from llm_trainer.llm_server.watch import Watch
from tests.llm_server.stand_ins import Script, StandIn, ask, ollama, ollama_lines, recorded, run, standing_in

FAULTS = {
    "reset after effect": Script(ollama_lines("Hel", "lo")[:1], ending="cut"),
    "no done": Script(ollama_lines("Hel", "lo")[:2]),
    "error line": recorded("engine-ended"),
    "503": recorded("queue-full"),
    "503 with Retry-After": Script(['{"error": "busy"}'], 503, {"retry-after": "2"}),
    "429": Script(['{"error": "too many"}'], 429),
    "empty": Script(ollama_lines("")),
    "silence": Script(ollama_lines("Hel")[:1], ending="hang"),
}
DEADLINES = Deadlines(first_seconds=0.5, gap_seconds=0.05, whole_seconds=2)


class Seeded(StandIn):
    """Answers honestly, but for a share of the calls."""

    def __init__(self, script: Callable[[], Script | None]) -> None:
        honest = ollama()
        super().__init__(*honest.scripts, pages=honest.pages)
        self.honest, self.choose = self.scripts[0], script

    async def _play(self, script: Script, receive: object, send: object) -> None:
        await super()._play(script if script is not self.honest else self.choose() or script, receive, send)  # type: ignore[arg-type]


class Clock:
    """Time that passes only when somebody waits."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


async def conversed(url: str, exchanges: int) -> tuple[Talk, list[PeerError], Clock]:
    """Ask as the middleware does: again after each failure, a second later or when it is told to come back."""
    clock, errors = Clock(), []
    choice = Choice(Ollama(url, "gemma3:1b"), "ollama", "gemma3:1b")
    talk = Talk(choice, Watch(choice), DEADLINES)
    talk.watch.roster._clock = clock
    for _ in range(exchanges):
        while True:
            try:
                await talk.whole(ask("hi"))
                break
            except PeerError as error:
                errors.append(error)
                waits = error.retry_after_seconds if isinstance(error, PeerBusy) else None
                clock.now += waits or 1.0
    await choice.backend.aclose()
    return talk, errors, clock


@pytest.mark.parametrize("seed", range(3))
def test_a_tenth_of_the_calls_failing_in_every_way_costs_few_calls_and_no_exchange(seed: int) -> None:
    chance = random.Random(seed)
    program = Seeded(lambda: FAULTS[chance.choice([*FAULTS])] if chance.random() < 0.1 else None)
    with standing_in(program) as url:
        talk, errors, _ = run(conversed(url, 100))

    amplification = len(program.bodies) / talk.spoken
    print(f"seed {seed}: {talk.spoken} turns, {len(program.bodies)} calls, {amplification:.2f} a turn")  # noqa: T201 - the figure
    assert talk.spoken == 100
    assert errors
    assert amplification <= 1.2


@pytest.mark.parametrize("fault", ["503", "503 with Retry-After", "429", "error line", "no done"])
def test_a_back_end_that_fails_for_ten_minutes_is_asked_at_most_twelve_times_a_minute(fault: str) -> None:
    clock_now: list[float] = [0.0]
    program = Seeded(lambda: FAULTS[fault] if clock_now[0] < 600 else None)

    async def impatient(url: str) -> float:
        clock = Clock()
        choice = Choice(Ollama(url, "gemma3:1b"), "ollama", "gemma3:1b")
        talk = Talk(choice, Watch(choice), DEADLINES)
        talk.watch.roster._clock = clock
        while not talk.spoken:
            try:
                await talk.whole(ask("hi"))
            except PeerError:
                clock.now += 1.0  # somebody asks every second, whatever they are told
                clock_now[0] = clock.now
        await choice.backend.aclose()
        return clock.now

    with standing_in(program) as url:
        answered = run(impatient(url))
    per_minute = len(program.bodies) / (answered / 60)
    print(f"{fault}: {per_minute:.1f} calls a minute; answered {answered - 600:.0f} s after its return")  # noqa: T201 - the figure
    assert per_minute <= 12.5
    assert answered <= 620
