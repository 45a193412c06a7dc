"""The LLM server's own interface, field by field."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from llm_trainer.errors import ModelMissing, PeerAnswerInvalid, PeerBusy, PeerUnreachable
from llm_trainer.llm_server.backends.base import BackendStatus, Finish, Message
from llm_trainer.llm_server.choice import Choice
from tests.llm_server.conftest import Asking
from tests.llm_server.stand_ins import Scripted


def test_a_message_gets_an_answer_with_every_promised_field(served: Asking) -> None:
    with served(Scripted()) as client:
        answer = client.post("/api/chat", json={"message": "Hello!"})

    document = answer.json()
    assert answer.status_code == 200
    assert document["response"] == "Hello there."
    assert (document["model"], document["finish_reason"]) == ("m", "stop")
    assert (document["tokens_used"], document["prompt_tokens"], document["completion_tokens"]) == (5, 3, 2)
    assert set(document["timings"]) >= {"first", "total"}
    assert datetime.fromisoformat(document["timestamp"]).utcoffset() is not None


def test_every_field_reaches_the_back_end(served: Asking) -> None:
    backend = Scripted()
    given = {"temperature": 0.5, "max_tokens": 9, "seed": 4, "topic": "cats", "level": 2, "session": "s"}
    past = [{"user": "moo", "assistant": "A cow!"}]
    with served(backend) as client:
        client.post(
            "/api/chat",
            json={"message": "cow", "system": "Be kind.", "conversation_history": past, "stop": ["x"], **given},
        )

    (request,) = backend.requests
    assert request.messages == (Message("user", "moo"), Message("assistant", "A cow!"), Message("user", "cow"))
    assert (request.system, request.stop) == ("Be kind.", ("x",))
    assert {name: getattr(request, name) for name in given} == given


def test_messages_say_the_same_as_a_history(served: Asking) -> None:
    backend = Scripted()
    messages = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "moo"},
        {"role": "assistant", "content": "A cow!"},
        {"role": "user", "content": ""},
    ]
    with served(backend) as client:
        assert client.post("/api/chat", json={"messages": messages}).status_code == 200

    (request,) = backend.requests
    assert request.system == "Be kind."
    assert request.messages == (Message("user", "moo"), Message("assistant", "A cow!"), Message("user", ""))


BAD = [
    {},
    {"message": ""},
    {"message": "  \n"},
    {"message": 5},
    {"message": None},
    {"message": "x" * 100_000},
    {"message": "x", "unknown": 1},
    {"message": "x", "temperature": -1},
    {"message": "x", "temperature": 1e300},
    {"message": "x", "max_tokens": 0},
    {"message": "x", "max_tokens": 10**30},
    {"message": "x", "level": 5},
    {"message": "x", "seed": -1},
    {"message": "x", "messages": [{"role": "tool", "content": "x"}]},
    {"message": "x", "messages": [{"role": "user"}]},
    {"messages": [{"role": "system", "content": "x"}]},
    {
        "message": "x",
        "messages": [{"role": "user", "content": "y"}],
        "conversation_history": [{"user": "a", "assistant": "b"}],
    },
    {"message": "x", "conversation_history": [{"user": "a"}]},
    {"message": "x", "conversation_history": "none"},
    [],
]


@pytest.mark.parametrize("body", BAD, ids=lambda body: json.dumps(body)[:60])
def test_what_makes_no_sense_is_422_with_its_faults(body: object, served: Asking) -> None:
    backend = Scripted()
    with served(backend) as client:
        answer = client.post("/api/chat", json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert answer.json()["faults"]
    assert backend.requests == []


def test_a_stream_is_json_lines_and_ends_with_the_whole_answer(served: Asking) -> None:
    with served(Scripted()) as client:
        answer = client.post("/api/chat", json={"message": "x", "stream": True})

    *pieces, last = map(json.loads, answer.text.splitlines())
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [piece["text"] for piece in pieces] == ["Hello", " there."]
    assert (last["done"], last["response"], last["finish_reason"]) == (True, "Hello there.", "stop")


def test_a_stream_that_breaks_ends_with_the_error(served: Asking) -> None:
    with served(Scripted("Hel", PeerAnswerInvalid("cut", peer="scripted", kind="cut"))) as client:
        answer = client.post("/api/chat", json={"message": "x", "stream": True})

    assert [*map(json.loads, answer.text.splitlines())][-1]["error"]["code"] == "peer-answer-invalid"


ERRORS = [
    (PeerUnreachable("d", peer="p", remedy="r"), 503),
    (ModelMissing("d", peer="p", remedy="ollama pull gemma3:1b"), 503),
    (PeerBusy("d", peer="p", remedy="r", retry_after_seconds=5), 503),
    (PeerAnswerInvalid("d", peer="p", remedy="r"), 502),
]


@pytest.mark.parametrize(("error", "status"), ERRORS, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("stream", [False, True])
def test_a_back_end_that_fails_at_once_is_a_problem_document(
    error: PeerUnreachable, status: int, stream: bool, served: Asking
) -> None:
    with served(Scripted(error)) as client:
        answer = client.post("/api/chat", json={"message": "x", "stream": stream})

    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert (answer.json()["code"], answer.json()["remedy"]) == (error.code, error.remedy)


def test_the_status_says_who_speaks_and_how_it_is(served: Asking) -> None:
    with served(Scripted()) as client:
        client.post("/api/chat", json={"message": "x"})
        status = client.get("/api/status").json()

    assert (status["backend"], status["requested_backend"], status["requested_model"]) == ("scripted", "scripted", "m")
    assert (status["model"], status["models"], status["ready"], status["state"]) == ("m", ["m", "n"], True, "ready")
    assert datetime.fromisoformat(status["since"]).utcoffset() is not None
    assert status["age_seconds"] >= 0
    assert (status["spoken"], status["failed"], status["in_flight"]) == (1, 0, 0)


def test_a_fallback_says_in_the_status_why_it_speaks(served: Asking) -> None:
    choice = Choice(Scripted(), "auto", "gemma3:1b", "scripted speaks instead of ollama: gone", passed_over=Scripted())
    with served(None, choice) as client:
        status = client.get("/api/status").json()

    assert (status["requested_model"], status["model"]) == ("gemma3:1b", "m")
    assert "instead of ollama: gone" in status["detail"]
    assert "available now" in status["detail"]


def test_no_number_of_health_requests_looks_at_the_back_end(served: Asking) -> None:
    backend = Scripted()
    with served(backend) as client:
        looks = backend.looks
        for path in ("/", "/healthz", "/readyz", "/api/status", "/v1/models") * 20:
            assert client.get(path).status_code == 200

    assert backend.looks == looks
    assert backend.requests == []


def test_not_ready_is_503_with_state_reason_and_remedy(served: Asking) -> None:
    missing = BackendStatus("model-missing", "m", "m is not pulled", "ollama pull m")
    with served(Scripted(status=missing)) as client:
        answer = client.get("/readyz")
        alive = client.get("/healthz")

    assert (answer.status_code, alive.status_code) == (503, 200)
    document = answer.json()
    assert (document["code"], document["remedy"]) == ("model-missing", "ollama pull m")
    assert (document["ready"], document["state"]) == (False, "model-missing")


def test_old_callers_may_reset(served: Asking) -> None:
    with served(Scripted()) as client:
        assert client.post("/api/reset").json()["status"] == "ok"


def test_topics_are_named_where_there_are_some(served: Asking) -> None:
    class WithTopics(Scripted):
        def topics(self) -> tuple[str, ...]:
            return ("cats",)

    with served(Scripted()) as free, served(WithTopics()) as bound:
        assert free.get("/api/topics").json()["topics"] == []
        assert bound.get("/api/topics").json()["topics"] == ["cats"]


def test_what_was_opened_is_closed_at_the_end(served: Asking) -> None:
    speaking, passed_over = Scripted(), Scripted()
    with served(None, Choice(speaking, "auto", "m", "r", passed_over)):
        pass

    assert (speaking.closed, passed_over.closed) == (1, 1)


def test_strangers_are_refused_here_too(served: Asking) -> None:
    with served(Scripted()) as client:
        assert client.get("/api/status", headers={"host": "evil.example:8001"}).status_code == 421
        assert client.post("/api/chat", json={"message": "x"}, headers={"origin": "null"}).status_code == 403


def test_the_routes_are_these_and_no_others(served: Asking) -> None:
    with served(Scripted()) as client:
        routes = client.get("/openapi.json").json()["paths"]
        assert client.get("/docs").status_code == 404

    assert {f"{method.upper()} {path}" for path, methods in routes.items() for method in methods} == {
        "GET /",
        "GET /healthz",
        "GET /readyz",
        "GET /api/status",
        "GET /api/topics",
        "POST /api/chat",
        "POST /api/reset",
        "GET /api/pull",
        "POST /api/pull",
        "DELETE /api/pull",
        "GET /api/speaker",
        "PUT /api/speaker",
        "GET /v1/models",
        "POST /v1/chat/completions",
    }


def test_a_length_stop_is_told(served: Asking) -> None:
    with served(Scripted("Hel", Finish("length", "m"))) as client:
        assert client.post("/api/chat", json={"message": "x"}).json()["finish_reason"] == "length"
