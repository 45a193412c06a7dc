"""doctor and check-learner: what is wrong is called wrong, with what to do; nobody is taught."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from llm_trainer.cli.checklearner import CAPABILITIES, check_learner
from llm_trainer.cli.doctor import examine
from llm_trainer.errors import SettingsError
from llm_trainer.settings import Settings
from tests.cli.fake import FakeMiddleware

NOBODY = "http://127.0.0.1:9"


def learner(
    fake: FakeMiddleware, *, learns_anyway: bool = False, capabilities: tuple[str, ...] = tuple(CAPABILITIES)
) -> None:
    """Let ``fake`` be a learner with what the contract asks for."""
    heard: list[Any] = []

    def route(method: str, path: str, query: Any, body: Any) -> tuple[int, str, Any]:
        if path == "/api/chat":
            assert body["learn"] is False
            heard.extend([body] if learns_anyway else [])
            return 200, "application/json", {"response": "hello"}
        if path == "/api/status":
            status = {"stage": "words", "exchanges": len(heard), "capabilities": list(capabilities)}
            return 200, "application/json", status
        return 404, "application/problem+json", {}

    fake.route = route  # type: ignore[method-assign]


def test_a_learner_with_the_whole_contract_is_right_in_everything(middleware: FakeMiddleware) -> None:
    learner(middleware)

    assert {finding.verdict for finding in check_learner(middleware.url)} == {"right"}


def test_a_learner_that_learns_what_it_should_not_is_found_out(middleware: FakeMiddleware) -> None:
    learner(middleware, learns_anyway=True)

    assert [f.subject for f in check_learner(middleware.url) if f.verdict == "wrong"] == ["frozen chat"]


def test_a_learner_that_cannot_be_asked_without_teaching_it_is_not_asked(middleware: FakeMiddleware) -> None:
    learner(middleware, capabilities=("idempotency",))

    findings = check_learner(middleware.url)

    assert ("POST", "/api/chat") not in middleware.calls
    assert "freeze" in [finding.subject for finding in findings if finding.verdict == "doubtful"]


def test_what_tells_nothing_of_a_learner_is_doubted(middleware: FakeMiddleware) -> None:
    middleware.route = lambda *_: (200, "application/json", {"ready": True})  # type: ignore[method-assign]

    told = next(finding for finding in check_learner(middleware.url) if finding.subject == "status")

    assert told.verdict == "doubtful"
    assert "None" not in told.seen
    assert "is it a learner" in told.advice


def test_what_is_no_address_is_a_settings_error() -> None:
    with pytest.raises(SettingsError, match="not an http address"):
        check_learner("localhost:8000")


def test_the_doctor_says_what_to_do_about_everything_that_is_not_right(tmp_path: Path) -> None:
    settings = Settings(cerebrum_url=NOBODY, llm_server_url=NOBODY, ollama_url=NOBODY, data_dir=tmp_path / "new")

    findings = examine(settings, NOBODY)

    ill = {finding.subject: finding for finding in findings if finding.verdict != "right"}
    assert {"learner", "LLM server", "middleware", "Ollama"} <= ill.keys()
    assert ill["learner"].verdict == "wrong"
    assert all(finding.advice for finding in ill.values())
    assert not (tmp_path / "new").exists()


def test_an_old_ollama_and_a_missing_model_are_noticed(middleware: FakeMiddleware, tmp_path: Path) -> None:
    answers = {"/api/version": {"version": "0.17.0"}, "/api/tags": {"models": [{"name": "other:1b"}]}}
    middleware.route = lambda _, path, *__: (200, "application/json", answers.get(path, {}))  # type: ignore[method-assign]
    settings = Settings(
        cerebrum_url=NOBODY,
        ollama_url=middleware.url,
        llm_backend="ollama",
        ollama_model="gemma3:1b",
        data_dir=tmp_path,
    )

    found = {finding.subject: finding for finding in examine(settings, NOBODY)}

    assert found["Ollama"].verdict == "doubtful"
    assert found["model"].verdict == "wrong"
    assert found["model"].advice == "ollama pull gemma3:1b"
