from __future__ import annotations

from typing import Any

import httpx2
import pytest

from llm_trainer.cli.examining import ollama
from llm_trainer.cli.examining.services import services
from llm_trainer.cli.finding import Finding
from llm_trainer.settings import Settings
from tests.cli.fake import FakeMiddleware

NOBODY = "http://127.0.0.1:9"


def looked_at(**settings: Any) -> dict[str, Finding]:
    given: dict[str, Any] = {"cerebrum_url": NOBODY, "llm_server_url": NOBODY} | settings
    with httpx2.Client(timeout=3, trust_env=False) as http:
        return {each.subject: each for each in services(http, Settings(**given), NOBODY)}


def says(fake: FakeMiddleware, **answers: Any) -> None:
    fake.route = lambda _, path, *__: (  # type: ignore[method-assign]
        (200, "application/json", answers[path]) if path in answers else (404, "application/json", {})
    )


def test_a_learner_that_says_it_is_unwell_is_wrong(middleware: FakeMiddleware) -> None:
    says(middleware, **{"/api/status": {"stage": "words", "exchanges": 3, "problem": "its disk is full"}})
    learner = looked_at(cerebrum_url=middleware.url)["learner"]

    assert learner.verdict == "wrong"
    assert "its disk is full" in learner.seen


def test_a_learner_without_keys_means_at_most_once(middleware: FakeMiddleware) -> None:
    says(middleware, **{"/api/status": {"stage": "words", "exchanges": 3, "capabilities": ["cursor"]}})
    contract = looked_at(cerebrum_url=middleware.url)["contract"]

    assert contract.verdict == "doubtful"
    assert "at-most-once" in contract.seen


def test_a_learner_of_another_kind_only_has_to_open(middleware: FakeMiddleware) -> None:
    found = looked_at(cerebrum_url=middleware.url, learner="rasa")

    assert found["learner"].verdict == "right"
    assert "contract" not in found


def test_an_llm_server_that_is_not_ready_says_what_to_do(middleware: FakeMiddleware) -> None:
    status = {"backend": "ollama", "state": "model-missing", "ready": False, "remedy": "ollama pull gemma3:1b"}
    says(middleware, **{"/api/status": status})
    server = looked_at(llm_server_url=middleware.url)["LLM server"]

    assert (server.verdict, server.advice) == ("doubtful", "ollama pull gemma3:1b")


@pytest.mark.parametrize(("answering", "verdict"), [(["192.0.2.7"], "doubtful"), ([], "right")])
def test_an_ollama_that_answers_strangers_is_noticed(
    answering: list[str], verdict: str, middleware: FakeMiddleware, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(middleware, **{"/api/version": {"version": "0.17.1"}, "/api/tags": {"models": []}})
    monkeypatch.setattr(ollama, "_own_addresses", lambda: ["192.0.2.7"])
    monkeypatch.setattr(ollama, "_knock", lambda address, _: address in answering)
    with httpx2.Client(timeout=3, trust_env=False) as http:
        found = {
            each.subject: each for each in ollama.ollama(http, Settings(ollama_url=middleware.url, llm_backend="auto"))
        }

    assert found["Ollama"].verdict == "right"
    assert found["Ollama's door"].verdict == verdict
