"""Models are fetched in the background, one at a time, and everybody can see how far."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from llm_trainer.errors import PeerRefused
from llm_trainer.llm_server.backends.base import Progress
from llm_trainer.llm_server.choice import Choice
from tests.llm_server.conftest import Asking
from tests.llm_server.stand_ins import Scripted
from tests.serving import wait_until


class Fetching(Scripted):
    """Pulls in the steps it is given: progress, an error, or HANG."""

    def __init__(self, *steps: object) -> None:
        super().__init__()
        self.steps, self.asked = steps, []  # type: ignore[var-annotated]

    async def pull(self, model: str, *, insecure: bool = False) -> AsyncIterator[Progress]:
        self.asked.append((model, insecure))
        for step in self.steps:
            if step is self.HANG:
                await asyncio.Event().wait()
            if isinstance(step, Exception):
                raise step
            assert isinstance(step, Progress)
            yield step


HALF, DONE = Progress("pulling abc", 5, 10), Progress("success")


def test_a_model_is_fetched_and_the_back_end_looked_at_again(served: Asking) -> None:
    backend = Fetching(HALF, DONE)
    with served(backend) as client:
        looks = backend.looks
        answer = client.post("/api/pull", json={"model": "gemma3:1b"})
        wait_until(lambda: client.get("/api/pull").json()["pull"]["state"] == "done")
        wait_until(lambda: backend.looks > looks)

    assert (answer.status_code, answer.json()["pull"]["model"]) == (202, "gemma3:1b")
    assert backend.asked == [("gemma3:1b", False)]


def test_without_a_name_it_is_the_model_that_the_settings_ask_for(served: Asking) -> None:
    backend = Fetching(DONE)
    with served(None, Choice(backend, "auto", "gemma3:1b")) as client:
        client.post("/api/pull", json={})

    assert backend.asked == [("gemma3:1b", False)]


def test_meanwhile_it_says_how_far_it_is_and_takes_no_other(served: Asking) -> None:
    with served(Fetching(HALF, Scripted.HANG)) as client:
        client.post("/api/pull", json={"model": "a"})
        wait_until(lambda: client.get("/api/pull").json()["pull"]["total"] == 10)
        same, other = client.post("/api/pull", json={"model": "a"}), client.post("/api/pull", json={"model": "b"})

    assert (same.json()["pull"]["completed"], same.json()["pull"]["status"]) == (5, "pulling abc")
    assert (other.status_code, other.json()["code"]) == (409, "conflict")


def test_it_can_be_called_off(served: Asking) -> None:
    with served(Fetching(HALF, Scripted.HANG)) as client:
        client.post("/api/pull", json={"model": "a"})

        assert client.delete("/api/pull").json()["pull"]["state"] == "cancelled"
        assert client.post("/api/pull", json={"model": "b"}).status_code == 202


@pytest.mark.parametrize(
    ("step", "detail"), [(PeerRefused("no such model", peer="p", remedy="see the list"), "no such model"), (HALF, "")]
)
def test_what_fails_says_why(step: object, detail: str, served: Asking) -> None:
    with served(Fetching(step)) as client:
        client.post("/api/pull", json={"model": "a"})
        wait_until(lambda: client.get("/api/pull").json()["pull"]["state"] == "failed")

        assert detail in client.get("/api/pull").json()["pull"]["detail"]


def test_nothing_asked_for_is_null(served: Asking) -> None:
    with served(Fetching()) as client:
        assert client.get("/api/pull").json() == {"pull": None}
        assert client.delete("/api/pull").json() == {"pull": None}


def test_where_nobody_fetches_models_it_says_so(served: Asking) -> None:
    with served(Scripted()) as client:
        assert client.post("/api/pull", json={"model": "a"}).status_code == 404


@pytest.mark.parametrize("name", ["", "a b", "x" * 301, "a\n", "$(x)"])
def test_a_name_that_is_none_is_refused(name: str, served: Asking) -> None:
    with served(Fetching()) as client:
        assert client.post("/api/pull", json={"model": name}).status_code == 422
