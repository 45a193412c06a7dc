"""Who spoke stands with every exchange, and a change of speaker is told to everybody."""

from __future__ import annotations

from llm_trainer.middleware.standins import says
from tests.middleware.conftest import Scene


def speaks(speaker: str, text: str) -> object:
    return says(200, {"response": text, "model": "m", "speaker": speaker, "finish_reason": "stop"})


def test_a_change_of_speaker_is_in_the_record_and_among_the_events(at_work: Scene) -> None:
    at_work.llm.faults = [
        speaks("stand-in", "I have a cat."),
        speaks("tutor", "Do you like rain?"),
        speaks("tutor", "Snow is cold."),
    ]  # type: ignore[list-item]
    session = at_work.start(max_exchanges=3)
    at_work.until_over()

    told = at_work.events(f"{session}:0", lambda kind, _: kind == "end")
    changes = [body["detail"] for _, kind, body in told if kind == "note" and body["code"] == "speaker-changed"]
    assert changes == ["tutor speaks instead of stand-in"]
    log = at_work.log()
    assert [each["llm_to_cerebrum"] for each in log] == ["I have a cat.", "Do you like rain?", "Snow is cold."]


def test_a_pull_is_handed_on_with_the_model_that_was_asked_for(at_work: Scene) -> None:
    at_work.llm.faults = [says(202, {"pull": {"model": "gemma3:1b", "state": "pulling"}})]
    answer = at_work.post("/api/llm/pull", {"model": "gemma3:1b"}, expect=202)

    assert answer["pull"]["state"] == "pulling"
    (asked,) = [given for given in at_work.llm.requests if given.path == "/api/pull"]
    assert asked.body == {"model": "gemma3:1b"}


def test_another_speaker_is_asked_for_and_what_the_llm_server_says_comes_back(at_work: Scene) -> None:
    answer = at_work.http.put("/api/llm/speaker", json={"backend": "ollama", "model": "gemma3:1b"})

    assert (answer.status_code, answer.json()["model"]) == (200, "stand-in")
    (asked,) = [given for given in at_work.llm.requests if given.method == "PUT"]
    assert (asked.path, asked.body) == ("/api/speaker", {"backend": "ollama", "model": "gemma3:1b"})


def test_the_teacher_never_changes_while_a_session_runs(at_work: Scene) -> None:
    at_work.start(max_exchanges=100_000, delay=10)
    refused = at_work.http.put("/api/llm/speaker", json={"backend": "tutor"})
    at_work.post("/api/training/stop")

    assert (refused.status_code, refused.json()["code"]) == (409, "session-active")
    assert not [given for given in at_work.llm.requests if given.method == "PUT"]
