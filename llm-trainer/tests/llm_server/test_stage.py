"""Another back end takes the place of the one that speaks, between two turns and never during one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from llm_trainer.errors import Conflict
from llm_trainer.llm_server.app import create_app
from llm_trainer.llm_server.choice import Choice
from llm_trainer.llm_server.speech import Deadlines
from llm_trainer.llm_server.stage import Stage
from llm_trainer.llm_server.wiring import casting, chooser
from llm_trainer.settings import Settings
from tests.llm_server.stand_ins import Scripted, run

PORT = 8001


def client(**settings: Any) -> TestClient:
    given = Settings(ollama_url="http://127.0.0.1:9", llm_server_port=PORT, **settings)
    app = create_app(chooser(given), PORT, look_seconds=1000, casting=casting(given))
    return TestClient(app, base_url=f"http://localhost:{PORT}")


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    file = tmp_path / "talk.jsonl"
    file.write_text('{"id": "d", "turns": [{"speaker": "a", "text": "Good morning."}]}\n', "utf-8")
    return file


def test_who_could_speak_is_told_with_what_is_missing() -> None:
    with client(llm_backend="tutor") as http:
        told = http.get("/api/speaker").json()

    assert (told["backend"], told["model"]) == ("tutor", "tutor")
    offers = {offer["backend"]: offer for offer in told["offers"]}
    assert set(offers) == {"auto", "ollama", "openai", "gguf", "tutor", "recorded"}
    assert "recorded_path" in offers["recorded"]["remedy"]
    assert not offers["gguf"]["usable"]


def test_another_speaks_from_the_next_turn_on(recording: Path) -> None:
    with client(llm_backend="tutor", recorded_path=recording) as http:
        before = http.post("/api/chat", json={"message": "hi"}).json()
        status = http.put("/api/speaker", json={"backend": "recorded"}).json()
        after = http.post("/api/chat", json={"message": "hi"}).json()

    assert before["speaker"] == "tutor"
    assert (status["backend"], status["requested_backend"], status["ready"]) == ("recorded", "recorded", True)
    assert (after["speaker"], after["response"]) == ("recorded", "Good morning.")


def test_a_model_that_is_not_there_is_asked_for_all_the_same_and_the_status_says_so() -> None:
    with client(llm_backend="tutor") as http:
        status = http.put("/api/speaker", json={"backend": "ollama", "model": "other:1b"}).json()

    assert (status["requested_model"], status["state"], status["ready"]) == ("other:1b", "unreachable", False)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"backend": "parrot"}, 404),
        ({"backend": "recorded"}, 409),
        ({"backend": "tutor", "model": "gemma3:1b"}, 422),
        ({"backend": "ollama", "model": "../../etc/passwd;"}, 422),
        ({}, 422),
    ],
)
def test_what_cannot_be_is_refused_and_the_speaker_stays(body: dict[str, str], status: int) -> None:
    with client(llm_backend="tutor") as http:
        refused = http.put("/api/speaker", json=body)
        still = http.get("/api/status").json()["backend"]

    assert (refused.status_code, still) == (status, "tutor")
    assert refused.json()["remedy"]


def test_nobody_takes_over_in_the_middle_of_a_turn_and_the_one_who_came_in_vain_is_closed() -> None:
    first, second, late = Scripted(), Scripted(), Scripted()

    async def play() -> list[str]:
        stage = Stage(Choice(first, "first", "m"), Deadlines(), 1000)
        await stage.begin()
        refused = []
        stage.talk.in_flight = 1
        for choose in (chosen(second), chosen(late, lambda: setattr(stage.talk, "in_flight", 1))):
            try:
                await stage.turn_to(choose)
            except Conflict as error:
                refused.append(error.detail)
            stage.talk.in_flight = 0
        await stage.end()
        return refused

    refused = run(play())

    assert refused == ["a turn is being spoken"] * 2
    assert (first.closed, second.closed, late.closed) == (True, False, True)


def chosen(backend: Scripted, meanwhile: Callable[[], None] = lambda: None) -> Callable[[], Awaitable[Choice]]:
    async def choose() -> Choice:
        meanwhile()
        return Choice(backend, "second", "m")

    return choose
