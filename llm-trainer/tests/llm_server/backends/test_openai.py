"""Any OpenAI-compatible server, by the shapes of real answers; ``test_gguf`` tries llama.cpp's own."""

from __future__ import annotations

import json

import pytest

from llm_trainer import errors
from llm_trainer.llm_server.backends.base import BackendStatus
from llm_trainer.llm_server.backends.openai import OpenAI
from llm_trainer.llm_server.speech import Deadlines, Spoken, whole
from llm_trainer.ports import bind
from tests.llm_server.stand_ins import Script, StandIn, ask, openai, openai_events, run, standing_in
from tests.serving import wait_until

EVENTS = "text/event-stream"


def make(url: str, model: str = "gemma", key: str = "sk-canary") -> OpenAI:
    return OpenAI(f"{url}/v1", model, key=key, key_variable="MY_KEY", stop=("<end>",))


async def spoken(backend: OpenAI, *texts: str, **fields: object) -> Spoken:
    try:
        return await whole(backend, ask(*(texts or ("hi",)), **fields), Deadlines())
    finally:
        await backend.aclose()


def speak(program: StandIn, *texts: str, **fields: object) -> Spoken:
    with standing_in(program) as url:
        return run(spoken(make(url), *texts, **fields))


def look(program: StandIn, model: str = "gemma") -> BackendStatus:
    async def looked(backend: OpenAI) -> BackendStatus:
        try:
            return await backend.status()
        finally:
            await backend.aclose()

    with standing_in(program) as url:
        return run(looked(make(url, model)))


def test_the_pieces_make_one_turn_with_counts_and_llama_cpps_times() -> None:
    turn = speak(openai())

    assert (turn.text, turn.finish.reason, turn.finish.model) == ("Hello there.", "stop", "gemma")
    assert (turn.finish.prompt_tokens, turn.finish.completion_tokens) == (26, 7)
    assert (turn.timings["prompt"], turn.timings["generation"]) == (12.5, 34.5)


def test_the_request_states_roles_limits_and_key() -> None:
    program = openai()
    speak(program, "moo", "A cow!", "", system="Be kind.", seed=7, temperature=0.5, max_tokens=40, stop=("\n",))

    (body,) = program.bodies
    assert [each["role"] for each in body["messages"]] == ["system", "user", "assistant", "user"]
    assert body["messages"][-1]["content"] == "…"
    given = {name: body[name] for name in ("model", "max_tokens", "seed", "temperature", "stop", "stream")}
    assert given == {
        "model": "gemma",
        "max_tokens": 40,
        "seed": 7,
        "temperature": 0.5,
        "stop": ["\n", "<end>"],
        "stream": True,
    }
    assert program.headers["authorization"] == "Bearer sk-canary"


REFUSALS = [
    (401, {}, errors.PeerRefused, "MY_KEY"),
    (403, {}, errors.PeerRefused, "MY_KEY"),
    (404, {}, errors.ModelMissing, "openai_model"),
    (400, {}, errors.PeerRefused, "log"),
    (429, {"retry-after": "9"}, errors.PeerBusy, "wait"),
    (503, {}, errors.PeerBusy, "wait"),
    (500, {}, errors.PeerAnswerInvalid, "log"),
    (302, {"location": "http://127.0.0.1:9/"}, errors.PeerRefused, ""),
]


@pytest.mark.parametrize(("status", "headers", "kind", "remedy"), REFUSALS)
def test_a_refusal_is_named_with_its_remedy_and_never_asked_again(
    status: int, headers: dict[str, str], kind: type[errors.PeerError], remedy: str
) -> None:
    said = json.dumps({"error": {"message": "no", "type": "t", "code": "c"}})
    program = openai(Script([said], status, headers, kind="application/json"))
    with pytest.raises(kind) as refusal:
        speak(program)

    assert type(refusal.value) is kind
    assert remedy in refusal.value.remedy
    assert "sk-canary" not in f"{refusal.value.problem()}"
    assert len(program.bodies) == 1


@pytest.mark.parametrize(("header", "seconds"), [("9", 9), ("100000", 60), ("0", 1), ("soon", 5), (None, 5)])
def test_retry_after_is_honoured_within_reason(header: str | None, seconds: float) -> None:
    headers = {} if header is None else {"retry-after": header}
    with pytest.raises(errors.PeerBusy) as refusal:
        speak(openai(Script(["{}"], 429, headers, kind="application/json")))

    assert refusal.value.retry_after_seconds == seconds


BROKEN = {
    "an error in the middle": (
        Script([openai_events("Hel")[1], 'data: {"error": {"message": "boom"}}\n'], kind=EVENTS),
        "error",
    ),
    "a cut connection": (Script(openai_events("Hel")[:2], ending="cut", kind=EVENTS), "cut"),
    "no finish reason": (Script(openai_events("Hel", reason=None), kind=EVENTS), "cut"),
    "nothing at all": (Script([], kind=EVENTS), "cut"),
    "an empty text": (Script(openai_events(), kind=EVENTS), "empty"),
    "not JSON": (Script(["data: <html>\n"], kind=EVENTS), "error"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_half_an_answer_is_an_error_that_says_how_it_broke(what: str) -> None:
    script, kind = BROKEN[what]
    with pytest.raises(errors.PeerAnswerInvalid) as broken:
        speak(openai(script))

    assert broken.value.extra["kind"] == kind


def test_a_page_instead_of_a_stream_is_an_error() -> None:
    with pytest.raises(errors.PeerAnswerInvalid):
        speak(openai(Script(["<html>hello</html>"], kind="text/html")))


def test_nobody_at_the_door_is_unreachable_by_address() -> None:
    with bind(0, "nobody") as gone:
        url = f"http://127.0.0.1:{gone.getsockname()[1]}"
    with pytest.raises(errors.PeerUnreachable, match=url):
        run(spoken(make(url)))


def test_closing_the_stream_stops_the_generation() -> None:
    program = openai(Script(openai_events("Hel")[:2], ending="hang", kind=EVENTS))

    async def listen_a_moment(backend: OpenAI) -> str:
        chunks = backend.chat(ask("hi"))
        first = await chunks.__anext__()
        await chunks.aclose()  # type: ignore[attr-defined]
        return first.text

    with standing_in(program) as url:
        assert run(listen_a_moment(make(url))) == "Hel"
        wait_until(program.client_gone.is_set)


def test_a_server_with_the_model_is_ready() -> None:
    assert look(openai(models=["a", "gemma"])).state == "ready"


def test_default_means_the_model_it_lists_first() -> None:
    assert look(openai(models=["a", "b"]), "default").model == "a"


def test_a_model_it_does_not_list_is_mentioned_but_tried() -> None:
    status = look(openai(models=["a"]))

    assert status.is_ready
    assert "does not list gemma" in status.detail


def test_a_server_without_a_list_is_ready() -> None:
    assert look(StandIn(pages={})).state == "ready"


def test_a_key_that_is_not_accepted_names_the_variable_and_never_the_key() -> None:
    status = look(StandIn(pages={"/v1/models": Script(['{"error": {"message": "bad key sk-…"}}'], 401)}))

    assert (status.state, "MY_KEY" in status.remedy) == ("refused", True)
    assert "sk-canary" not in repr(status)


OVERFLOW = {"error": {"code": 400, "message": "too long", "type": "exceed_context_size_error", "n_prompt_tokens": 9000}}


def test_what_the_engine_counts_as_too_long_is_sent_once_more_shorter() -> None:
    refused = Script([json.dumps(OVERFLOW)], 400, kind="application/json")
    program = openai(refused, Script(openai_events("Hello"), kind=EVENTS))
    speak(program, *["some words to be said " * 10] * 61)

    first, second = (len(body["messages"]) for body in program.bodies)
    assert 1 <= second < first


def test_what_stays_too_long_is_refused() -> None:
    program = openai(Script([json.dumps(OVERFLOW)], 400, kind="application/json"))
    with pytest.raises(errors.PeerRefused):
        speak(program, *["some words to be said " * 10] * 61)

    assert len(program.bodies) == 3


def test_a_model_made_for_a_smaller_context_is_believed() -> None:
    told = {"error": OVERFLOW["error"] | {"n_prompt_tokens": 600, "n_ctx": 512}}
    refused = Script([json.dumps(told)], 400, kind="application/json")
    program = openai(refused, Script(openai_events("Hello"), kind=EVENTS))
    speak(program, *["some words to be said"] * 61)

    assert sum(len(each["content"]) for each in program.bodies[1]["messages"]) < 512 * 3
    assert program.bodies[1]["max_tokens"] <= 256


def test_what_a_turn_cost_is_counted_where_it_is_told() -> None:
    events = openai_events("Hello")
    told = json.loads(events[-2].removeprefix("data: "))
    told["usage"]["cost"] = 0.002
    events[-2] = f"data: {json.dumps(told)}\n"

    assert speak(openai(Script(events, kind=EVENTS))).finish.cost == 0.002
    assert speak(openai()).finish.cost is None
