"""A turn, or a look, over a program that answers like Ollama."""

from __future__ import annotations

from llm_trainer.llm_server.backends.base import BackendStatus
from llm_trainer.llm_server.backends.ollama import Ollama
from llm_trainer.llm_server.speech import Deadlines, Spoken, whole
from tests.llm_server.stand_ins import StandIn, ask, run, standing_in

MODEL = "gemma3:1b"


def speak(program: StandIn, *texts: str, **fields: object) -> Spoken:
    with standing_in(program) as url:
        return run(spoken(url, *(texts or ("hi",)), **fields))


async def spoken(url: str, *texts: str, **fields: object) -> Spoken:
    backend = Ollama(url, MODEL)
    try:
        return await whole(backend, ask(*texts, **fields), Deadlines())
    finally:
        await backend.aclose()


def look(program: StandIn, model: str = MODEL) -> BackendStatus:
    async def looked(url: str) -> BackendStatus:
        backend = Ollama(url, model)
        try:
            return await backend.status()
        finally:
            await backend.aclose()

    with standing_in(program) as url:
        return run(looked(url))
