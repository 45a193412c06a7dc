"""Waiting for a turn: as long as its limits allow, and for a model that is loading as long as it is."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from llm_trainer.errors import PeerTimeout
from llm_trainer.middleware import teacher
from llm_trainer.middleware.teacher import HttpTeacher, Speech
from llm_trainer.middleware.wire import Answer
from llm_trainer.session.steps import AskTeacher


class Wire:
    """Answers a turn after ``looks`` looks at the status, which says one ``state`` after the other."""

    def __init__(self, looks: int, *states: str) -> None:
        self.states, self.looks = list(states), looks
        self.turn = asyncio.Event()
        self.asked = self.withdrawn = 0

    async def call(self, peer: str, method: str, url: str, **_: Any) -> Answer:
        if method == "GET":
            self.looks -= 1
            if self.looks <= 0:
                self.turn.set()
            return answered({"state": self.states.pop(0) if len(self.states) > 1 else self.states[0]})
        self.asked += 1
        try:
            await self.turn.wait()
        except asyncio.CancelledError:
            self.withdrawn += 1
            raise
        return answered({"response": "Hello.", "model": "m"})


def answered(body: dict[str, Any]) -> Answer:
    return Answer(200, {}, json.dumps(body).encode(), 1.0)


def speak(wire: Wire, timeout_seconds: float = 0.02) -> Speech:
    asked = HttpTeacher(wire, "http://llm", timeout_seconds).speak(AskTeacher(1, (), None, 0, 1, 0.0), "s")  # type: ignore[arg-type]
    return asyncio.run(asyncio.wait_for(asked, 10))


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teacher, "LOOK_SECONDS", 0.005)
    monkeypatch.setattr(teacher, "FIRST_SECONDS", 0.0)


def test_a_load_far_longer_than_any_turn_ends_in_an_answer_and_is_asked_for_once() -> None:
    wire = Wire(30, "loading")

    assert speak(wire).text == "Hello."
    assert (wire.asked, wire.withdrawn) == (1, 0)


def test_a_turn_that_hangs_is_withdrawn() -> None:
    wire = Wire(10_000, "ready")

    with pytest.raises(PeerTimeout, match=r"0\.02 s"):
        speak(wire)
    assert wire.withdrawn == 1


def test_once_loaded_the_limits_of_a_turn_hold_again() -> None:
    wire = Wire(10_000, *["loading"] * 5, "ready")

    with pytest.raises(PeerTimeout):
        speak(wire)
    assert wire.withdrawn == 1
