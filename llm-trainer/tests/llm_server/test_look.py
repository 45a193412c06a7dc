"""A look always ends, also at the start, when a program accepts and never answers."""

from __future__ import annotations

import asyncio

import pytest

from llm_trainer.llm_server import look
from llm_trainer.llm_server.backends.base import BackendStatus
from llm_trainer.llm_server.backends.ollama import Ollama
from llm_trainer.llm_server.choice import Choice, automatic
from tests.llm_server.stand_ins import Script, Scripted, StandIn, run, standing_in


class Hanging(Scripted):
    async def status(self) -> BackendStatus:
        await asyncio.Event().wait()
        raise AssertionError


class Broken(Scripted):
    async def status(self) -> BackendStatus:
        raise ZeroDivisionError


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "STATUS_DEADLINE_SECONDS", 0.05)


@pytest.mark.parametrize("backend", [Hanging(), Broken()], ids=["hangs", "has a bug"])
def test_a_back_end_that_cannot_say_how_it_is_counts_as_unreachable(backend: Scripted) -> None:
    assert run(look.look_at(backend)).state == "unreachable"


def test_the_choice_is_made_although_ollama_hangs() -> None:
    fallback = Scripted()

    async def choose(url: str) -> Choice:
        first = Ollama(url, "gemma3:1b")
        try:
            return await automatic(first, fallback, "gemma3:1b")
        finally:
            await first.aclose()

    with standing_in(StandIn(pages={"/api/tags": Script(ending="hang")})) as url:
        assert run(choose(url)).backend is fallback
