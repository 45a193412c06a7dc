"""llama.cpp's own server, as any OpenAI-compatible one is reached: by URL, with a key, through the official client."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import aclosing
from typing import Any

import httpx2
import pytest

from llm_trainer import errors
from llm_trainer.llm_server.app import create_app
from llm_trainer.llm_server.backends.openai import OpenAI
from llm_trainer.llm_server.choice import Choice
from llm_trainer.llm_server.speech import Deadlines, Spoken, listen, whole
from tests.llm_server.backends.test_gguf import STORIES, TEMPLATE, has_engine, has_model
from tests.llm_server.stand_ins import ask
from tests.serving import serving

pytestmark = [pytest.mark.slow, has_engine, has_model]
KEY = "sk-canary"
HELLO = "Hello! Do you like cats?"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(STORIES)
    parameters.model_alias = {"stories"}
    parameters.n_ctx, parameters.n_parallel, parameters.port, parameters.verbosity = 512, 1, 0, -1
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    parameters.chat_template, parameters.api_keys = TEMPLATE, [KEY]
    server = xllamacpp.Server(parameters)
    yield f"{server.listening_address}/v1"
    del server  # until here it must be held: a server that nobody holds ends


def backend(address: str, key: str = KEY) -> OpenAI:
    return OpenAI(address, "stories", key=key, key_variable="MY_KEY", context_tokens=512, stop=('"',))


def using(made: OpenAI, work: Any) -> Any:
    async def worked() -> Any:
        try:
            return await asyncio.wait_for(work(made), 60)
        finally:
            await made.aclose()

    return asyncio.run(worked())


def spoken(address: str, *texts: str, **fields: Any) -> Spoken:
    turn = using(backend(address), lambda made: whole(made, ask(*(texts or (HELLO,)), **fields), Deadlines()))
    assert isinstance(turn, Spoken)
    return turn


def test_it_is_ready_and_lists_its_model(address: str) -> None:
    status = using(backend(address), lambda made: made.status())

    assert (status.state, status.models) == ("ready", ("stories",))


def test_a_turn_comes_with_usage_and_the_engines_times(address: str) -> None:
    turn = spoken(address, seed=3, max_tokens=30)

    assert turn.text
    assert turn.finish.prompt_tokens > 10
    assert 0 < turn.finish.completion_tokens <= 30
    assert turn.timings["generation"] > 0
    assert spoken(address, seed=3, max_tokens=30).text == turn.text


def test_a_limit_ends_the_turn_and_says_so(address: str) -> None:
    assert spoken(address, max_tokens=3).finish.reason == "length"


def test_a_wrong_key_is_permanent_and_says_where_the_key_is_looked_for(address: str) -> None:
    with pytest.raises(errors.PeerRefused) as refusal:
        using(backend(address, "sk-wrong"), lambda made: whole(made, ask(HELLO), Deadlines()))

    assert "MY_KEY" in refusal.value.remedy
    assert "sk-wrong" not in str(refusal.value.problem())


def test_who_stops_listening_stops_the_generation(address: str) -> None:
    async def listen_a_moment(made: OpenAI) -> None:
        async with aclosing(listen(made, ask(HELLO, max_tokens=400), Deadlines())) as parts:
            await parts.__anext__()

    using(backend(address), listen_a_moment)
    assert spoken(address, max_tokens=3).text  # the only slot is free again


def test_what_its_vocabulary_makes_too_long_is_sent_shorter_at_once(address: str) -> None:
    past = [f"turn {number} and some words more " * 3 for number in range(61)]

    async def converse(made: OpenAI) -> list[int]:
        request = ask(*past, system="Be kind.", max_tokens=40)
        return [(await whole(made, request, Deadlines())).finish.prompt_tokens for _ in range(3)]

    assert all(100 < count + 40 <= 512 for count in using(backend(address), converse))


def test_a_session_of_fifty_exchanges_through_the_llm_server(address: str) -> None:
    made = backend(address)

    async def choose() -> Choice:
        return Choice(made, "openai", "stories")

    def application(port: int) -> object:
        return create_app(choose, port)

    messages = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": HELLO}]
    with serving(application) as url, httpx2.Client(base_url=url, timeout=60) as http:
        for number in range(50):
            body = {"messages": messages[:1] + messages[1:][-12:], "max_tokens": 30, "seed": number}
            answer = http.post("/api/chat", json=body)
            assert answer.status_code == 200, answer.text
            messages += [
                {"role": "assistant", "content": answer.json()["response"]},
                {"role": "user", "content": "Why?"},
            ]
        status = http.get("/api/status").json()

    assert (status["spoken"], status["failed"]) == (50, 0)
    assert KEY not in str(status)
    assert KEY not in str(dict(os.environ))
