"""Who speaks under ``auto``, and that it is said aloud why."""

from __future__ import annotations

import pytest

from llm_trainer.llm_server.backends.base import BackendStatus
from llm_trainer.llm_server.choice import Choice, automatic
from tests.llm_server.stand_ins import Scripted, run


def choose(state: str) -> tuple[Choice, Scripted, Scripted]:
    first = Scripted(status=BackendStatus(state, "big", f"it is {state}", "do this"))  # type: ignore[arg-type]
    fallback = Scripted()
    return run(automatic(first, fallback, "big")), first, fallback


@pytest.mark.parametrize("state", ["ready", "loading"])
def test_the_first_speaks_if_it_can(state: str) -> None:
    choice, first, _ = choose(state)

    assert choice.backend is first
    assert choice.passed_over is None


@pytest.mark.parametrize("state", ["unreachable", "model-missing", "refused"])
def test_else_the_fallback_speaks_and_says_why_and_what_to_do(state: str) -> None:
    choice, first, fallback = choose(state)

    assert (choice.backend, choice.passed_over) == (fallback, first)
    assert (choice.requested_backend, choice.requested_model) == ("auto", "big")
    assert f"it is {state}" in choice.reason
    assert "do this" in choice.reason


def test_the_announcement_names_speaker_model_state_and_reason() -> None:
    line = choose("unreachable")[0].announcement(BackendStatus("ready", "m"))

    assert line.startswith("scripted speaks (model m, ready): ")
    assert "it is unreachable" in line


def test_the_announcement_of_one_that_cannot_speak_says_what_to_do() -> None:
    alone = Choice(Scripted(), "ollama", "m")

    line = alone.announcement(BackendStatus("unreachable", "m", "nobody answers at x", "start it"))

    assert line == "scripted speaks (model m, unreachable): nobody answers at x; start it"
