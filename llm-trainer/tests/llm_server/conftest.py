"""The LLM server over back ends that do what they are told."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient

from llm_trainer.llm_server.app import create_app
from llm_trainer.llm_server.choice import Choice
from llm_trainer.llm_server.speech import Deadlines

PORT = 8001
Asking = Callable[..., "contextlib.AbstractContextManager[TestClient]"]


@contextlib.contextmanager
def _served(backend: object, choice: Choice | None = None, deadlines: Deadlines | None = None) -> Iterator[TestClient]:
    async def choose() -> Choice:
        return choice or Choice(backend, "scripted", "m")  # type: ignore[arg-type]

    with TestClient(
        create_app(choose, PORT, deadlines, look_seconds=1000), base_url=f"http://localhost:{PORT}"
    ) as client:
        yield client


@pytest.fixture
def served() -> Asking:
    return _served
