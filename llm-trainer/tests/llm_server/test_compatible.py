"""``/v1`` through the official OpenAI client: what an ordinary program sees."""

from __future__ import annotations

from collections.abc import Iterator

import openai
import pytest

from llm_trainer.errors import PeerAnswerInvalid, PeerBusy
from llm_trainer.llm_server.app import create_app
from llm_trainer.llm_server.backends.base import Message
from llm_trainer.llm_server.choice import Choice
from tests.llm_server.conftest import Asking
from tests.llm_server.stand_ins import Scripted
from tests.serving import serving

HELLO = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello!"}]
backend = Scripted()


@pytest.fixture
def client() -> Iterator[openai.OpenAI]:
    async def choose() -> Choice:
        return Choice(backend, "scripted", "m")

    def application(port: int) -> object:
        return create_app(choose, port)

    with serving(application) as url, openai.OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client:
        yield client


@pytest.fixture(autouse=True)
def as_new() -> None:
    backend.__init__()  # type: ignore[misc]


def test_a_completion(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model="any", messages=HELLO)  # type: ignore[arg-type]

    assert answer.choices[0].message.content == "Hello there."
    assert (answer.choices[0].finish_reason, answer.model, answer.object) == ("stop", "m", "chat.completion")
    assert answer.usage is not None
    assert answer.usage.total_tokens == 5
    assert backend.requests[0].system == "Be kind."
    assert backend.requests[0].messages == (Message("user", "Hello!"),)


def test_a_stream_with_usage(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="any",
        messages=HELLO,  # type: ignore[arg-type]
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)

    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "Hello there."
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices][-1] == "stop"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 2


def test_fields_that_mean_nothing_here_are_ignored(client: openai.OpenAI) -> None:
    client.chat.completions.create(
        model="any",
        messages=[{"role": "user", "content": [{"type": "text", "text": "Hello!"}]}],
        top_p=0.5,
        user="me",
        max_completion_tokens=7,
        stop="x",
        extra_body={"never_heard_of": True},
    )

    (request,) = backend.requests
    assert (request.max_tokens, request.stop) == (7, ("x",))
    assert request.messages == (Message("user", "Hello!"),)


def test_the_models(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["m", "n"]


def test_a_bad_request_is_one_in_openais_shape(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refusal:
        client.chat.completions.create(model="any", messages=[])

    assert refusal.value.code == "invalid-request"
    assert refusal.value.type == "invalid_request_error"
    assert "messages" in refusal.value.message


def test_a_busy_back_end_is_503_with_a_time_to_come_back(client: openai.OpenAI) -> None:
    backend.items = (PeerBusy("full", peer="p", remedy="wait", retry_after_seconds=4),)
    with pytest.raises(openai.InternalServerError) as refusal:
        client.chat.completions.create(model="any", messages=HELLO)  # type: ignore[arg-type]

    assert refusal.value.status_code == 503
    assert refusal.value.response.headers["retry-after"] == "4"
    assert refusal.value.code == "peer-busy"


def test_an_error_in_the_middle_of_a_stream_reaches_the_client(client: openai.OpenAI) -> None:
    backend.items = ("Hel", PeerAnswerInvalid("boom", peer="p"))
    stream = client.chat.completions.create(model="any", messages=HELLO, stream=True)  # type: ignore[arg-type]
    with pytest.raises(openai.APIError, match="boom"):
        list(stream)


def test_the_shape_is_openais_on_the_wire(served: Asking) -> None:
    with served(Scripted()) as plain:
        answer = plain.post("/v1/chat/completions", json={"messages": HELLO, "n": 2})

    assert answer.status_code == 400
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
