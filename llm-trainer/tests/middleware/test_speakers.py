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


def test_what_was_mended_and_who_said_it_stand_with_the_exchange_and_a_model_known_late_with_the_session(
    at_work: Scene,
) -> None:
    said = {"response": "*waves* I have a **cat**.", "model": "m", "speaker": "gguf", "finish_reason": "stop"}
    counted = {"tokens_used": 30, "prompt_tokens": 20, "completion_tokens": 10, "cost": 0.25}
    digest = {"digest": "ab12", "context_tokens": 512}
    at_work.llm.faults = [
        says(200, {**said, **counted, "timings": {"queue": 1.5, "load": 3.0}, "about": {}}),
        says(200, {**said, "response": "Snow is cold.", "about": digest}),
        says(200, {**said, "response": "Rain is wet.", "about": digest}),
    ]  # type: ignore[list-item]
    session = at_work.start(max_exchanges=3, seed=7)
    at_work.until_over()

    first, second, _ = at_work.log()
    assert (first["llm_to_cerebrum"], first["mended"]) == ("I have a cat.", ["stage", "markdown"])
    assert (first["speaker"], first["cost"], first["timings"]) == ("gguf", 0.25, {"queue": 1.5, "load": 3.0})
    assert second["mended"] == []
    teacher = at_work.get(f"/api/sessions/{session}")["teacher"]
    assert teacher["about"] == digest
    assert [(each["from"], each["about"]) for each in teacher["speakers"]] == [(1, {}), (2, digest)]
    assert all(each["prompt"].startswith("You are") and each["seed"] >= 7 for each in teacher["speakers"])
