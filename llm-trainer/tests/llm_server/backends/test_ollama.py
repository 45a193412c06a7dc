"""Ollama as it really behaves: by recordings of its own answers (``recorded``), and by what it could still do.

``record_ollama`` makes the recordings, ``test_real_ollama`` asks the program itself where there is one.
"""

from __future__ import annotations

import asyncio
import json

import pytest

from llm_trainer import errors
from llm_trainer.llm_server.backends.base import Chunk, Progress
from llm_trainer.llm_server.backends.ollama import Ollama
from llm_trainer.llm_server.budget import tokens
from llm_trainer.llm_server.speech import Deadlines, whole
from tests.llm_server.asking_ollama import MODEL, look, speak
from tests.llm_server.stand_ins import Script, StandIn, ask, ollama, ollama_lines, recorded, run, standing_in
from tests.serving import wait_until


def test_the_pieces_make_one_turn_with_counts_and_times() -> None:
    turn = speak(ollama())

    assert turn.text == "Hello there."
    assert (turn.finish.reason, turn.finish.model) == ("stop", MODEL)
    assert (turn.finish.prompt_tokens, turn.finish.completion_tokens) == (26, 7)
    assert turn.timings["load"] == pytest.approx(1334.875)
    assert turn.timings["generation"] == pytest.approx(453.5)


def test_the_request_states_roles_context_and_every_option() -> None:
    program = ollama()
    speak(program, "moo", "A cow!", "cow", system="Be kind.", seed=7, temperature=0.5, max_tokens=40, stop=("\n",))

    (body,) = program.bodies
    assert body["messages"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "moo"},
        {"role": "assistant", "content": "A cow!"},
        {"role": "user", "content": "cow"},
    ]
    assert body["options"] == {"num_ctx": 4096, "num_predict": 40, "seed": 7, "temperature": 0.5, "stop": ["\n"]}
    assert (body["model"], body["stream"], body["think"]) == (MODEL, True, False)
    assert body["keep_alive"]


def test_a_silence_is_shown_to_the_model_as_one() -> None:
    program = ollama()
    speak(program, "")

    assert program.bodies[0]["messages"] == [{"role": "user", "content": "…"}]


def test_a_long_past_never_pushes_the_instructions_out() -> None:
    program = ollama()
    past = [f"turn {number} " + "words and more words " * 10 for number in range(201)]
    speak(program, *past, system="Be kind.")

    messages = program.bodies[0]["messages"]
    options = program.bodies[0]["options"]
    assert messages[0] == {"role": "system", "content": "Be kind."}
    assert messages[-1]["content"] == past[-1]
    assert 10 < len(messages) < 150
    assert sum(tokens(each["content"]) for each in messages) + options["num_predict"] <= options["num_ctx"]


def test_a_last_turn_that_cannot_fit_is_refused_before_anything_is_sent() -> None:
    program = ollama()
    with pytest.raises(errors.UtteranceError, match="4096"):
        speak(program, "word " * 5000)

    assert program.bodies == []


RECORDED_REFUSALS = [
    ("model-missing", errors.ModelMissing, "ollama pull gemma3:1b"),
    ("queue-full", errors.PeerBusy, "wait"),
    ("thinking-refused", errors.PeerRefused, "log"),
    ("bad-option", errors.PeerAnswerInvalid, "log"),
    ("engine-ended", errors.PeerAnswerInvalid, "log"),
]


@pytest.mark.parametrize(("name", "kind", "remedy"), RECORDED_REFUSALS)
def test_what_it_really_says_when_it_cannot_is_named_with_its_remedy(
    name: str, kind: type[errors.PeerError], remedy: str
) -> None:
    program = ollama(recorded(name))
    with pytest.raises(kind) as refusal:
        speak(program)

    assert type(refusal.value) is kind
    assert remedy in refusal.value.remedy
    assert len(program.bodies) == 1


def test_what_it_really_says_is_heard_whole() -> None:
    turn = speak(ollama(recorded("chat")))

    assert turn.text == "Yes, I want to play with my cat."
    assert (turn.finish.reason, turn.finish.prompt_tokens, turn.finish.completion_tokens) == ("stop", 27, 14)
    assert turn.timings["load"] > 0


def test_an_answer_ended_by_its_limit_says_so() -> None:
    assert speak(ollama(recorded("chat-length"))).finish.reason == "length"


@pytest.mark.parametrize("name", ["loaded", "unloaded"])
def test_an_answer_without_a_turn_is_empty(name: str) -> None:
    with pytest.raises(errors.PeerAnswerInvalid) as broken:
        speak(ollama(recorded(name)))

    assert broken.value.extra["kind"] == "empty"


@pytest.mark.parametrize("name", ["chat-too-long-a-past", "chat-too-long-a-message"])
def test_a_prompt_that_it_cut_is_warned_of_in_the_status(name: str) -> None:
    program = ollama(recorded(name))

    async def speak_and_look(url: str) -> str:
        backend = Ollama(url, MODEL, context_tokens=512)
        await whole(backend, ask("hi"), Deadlines())
        warning = (await backend.status()).warning
        await backend.aclose()
        return warning

    with standing_in(program) as url:
        assert "may have cut" in run(speak_and_look(url))


def test_the_model_is_identified_by_what_it_really_lists() -> None:
    program = StandIn(recorded("chat"), pages={f"/api/{page}": recorded(page) for page in ("tags", "ps")})
    status = look(program, "stories")

    assert (status.state, status.detail) == ("ready", "stories is loaded")
    assert len(str(status.about["digest"])) == 64
    assert (status.about["parameters"], status.about["context_tokens"]) == ("293K", 4096)


def pulled(program: StandIn) -> list[Progress]:
    async def steps(url: str) -> list[Progress]:
        backend = Ollama(url, MODEL)
        try:
            return [step async for step in backend.pull(MODEL)]
        finally:
            await backend.aclose()

    with standing_in(program) as url:
        return run(steps(url))


def test_a_pull_tells_how_far_it_is() -> None:
    lines = [
        {"status": "pulling manifest"},
        {"status": "pulling aabbcc", "digest": "sha256:aabbcc", "total": 10, "completed": 4},
        {"status": "success"},
    ]
    steps = pulled(ollama(Script([json.dumps(line) for line in lines])))

    assert [(step.status, step.completed, step.total) for step in steps] == [
        ("pulling manifest", 0, 0),
        ("pulling aabbcc", 4, 10),
        ("success", 0, 0),
    ]


def test_a_pull_that_reaches_nobody_says_so_in_its_words() -> None:
    with pytest.raises(errors.PeerRefused, match="no such host"):
        pulled(ollama(recorded("pull-without-a-network")))


@pytest.mark.parametrize(("delay", "seconds"), [(None, 1800), (0.0, 300), (2.0, 300), (600.0, 1860)])
def test_the_model_is_kept_loaded_until_the_next_turn(delay: float | None, seconds: int) -> None:
    program = ollama()
    speak(program, delay_seconds=delay)

    assert program.bodies[0]["keep_alive"] == seconds


def test_closing_the_stream_stops_the_generation() -> None:
    program = ollama(Script(ollama_lines("Hel")[:1], ending="hang"))

    async def listen_a_moment(url: str) -> Chunk:
        backend = Ollama(url, MODEL)
        chunks = backend.chat(ask("hi"))
        first = await chunks.__anext__()
        await chunks.aclose()  # type: ignore[attr-defined]
        await backend.aclose()
        return first

    with standing_in(program) as url:
        assert run(listen_a_moment(url)).text == "Hel"
        wait_until(program.client_gone.is_set)


def test_a_model_that_is_pulled_is_ready() -> None:
    status = look(ollama(models=("gemma3:1b", "qwen3:0.6b")))

    assert (status.state, status.models) == ("ready", ("gemma3:1b", "qwen3:0.6b"))
    assert "first request loads it" in status.detail


def test_a_model_that_is_loaded_says_so() -> None:
    assert "is loaded" in look(ollama(resident=("gemma3:1b",))).detail


def test_a_model_without_a_tag_is_the_latest() -> None:
    assert look(ollama(models=("llama3:latest",)), "llama3").is_ready


def test_a_model_that_is_not_pulled_is_named_with_the_line_that_pulls_it() -> None:
    status = look(ollama(models=("gemma3:4b",)))

    assert (status.state, status.remedy) == ("model-missing", "ollama pull gemma3:1b")


@pytest.mark.parametrize(
    "page", [None, Script(["<html>"]), Script(['{"error": "x"}'], 500)], ids=["404", "html", "500"]
)
def test_a_program_that_is_not_ollama_is_unreachable(page: object) -> None:
    status = look(StandIn(pages={"/api/tags": page}))

    assert (status.state, bool(status.remedy)) == ("unreachable", True)


def test_a_waiting_request_on_a_model_not_in_memory_means_loading() -> None:
    program = ollama(Script(ending="hang"))

    async def states(url: str) -> list[str]:
        backend = Ollama(url, MODEL)
        seen = [(await backend.status()).state]
        waiting = asyncio.create_task(whole(backend, ask("hi"), Deadlines()))
        while not program.bodies:
            await asyncio.sleep(0.005)
        seen.append((await backend.status()).state)
        waiting.cancel()
        await asyncio.wait({waiting})
        seen.append((await backend.status()).state)
        await backend.aclose()
        return seen

    with standing_in(program) as url:
        assert run(states(url)) == ["ready", "loading", "ready"]
