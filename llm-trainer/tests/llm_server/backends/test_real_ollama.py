"""The real Ollama with a tiny model: status, pull, streaming, cancellation, loading, eviction, failing, a session.

Tried with 0.24.0. What it answered stands in ``tests/data/ollama`` for machines that have none.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import aclosing
from pathlib import Path

import httpx2
import psutil
import pytest

from llm_trainer import errors
from llm_trainer.llm_server.app import create_app
from llm_trainer.llm_server.backends.base import BackendStatus, Chunk, Progress
from llm_trainer.llm_server.backends.ollama import Ollama
from llm_trainer.llm_server.choice import Choice
from llm_trainer.llm_server.speech import Deadlines, Spoken, listen, whole
from tests.llm_server.real_ollama import CONTEXT_TOKENS, MODEL, RealOllama, real_ollama, why_not
from tests.llm_server.stand_ins import ask
from tests.serving import serving, wait_until

pytestmark = [pytest.mark.ollama, pytest.mark.slow, pytest.mark.skipif(bool(why_not()), reason=why_not())]
HELLO = "Hello! Do you like cats?"
ENDLESS = {"max_tokens": 100_000, "seed": 1}


@pytest.fixture(scope="module")
def ollama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealOllama]:
    with real_ollama(tmp_path_factory.mktemp("ollama"), OLLAMA_NUM_PARALLEL="1", OLLAMA_MAX_QUEUE="2") as running:
        yield running


def using(ollama: RealOllama, work: Callable[[Ollama], object], model: str = MODEL) -> object:
    """Run ``work`` with a back end on the real program."""

    async def worked() -> object:
        backend = Ollama(ollama.url, model, context_tokens=CONTEXT_TOKENS)
        try:
            return await asyncio.wait_for(work(backend), 60)  # type: ignore[arg-type]
        finally:
            await backend.aclose()

    return asyncio.run(worked())


def spoken(ollama: RealOllama, *texts: str, **fields: object) -> Spoken:
    turn = using(ollama, lambda backend: whole(backend, ask(*(texts or (HELLO,)), **fields), Deadlines()))
    assert isinstance(turn, Spoken)
    return turn


def looked(ollama: RealOllama, model: str = MODEL) -> BackendStatus:
    status = using(ollama, lambda backend: backend.status(), model)
    assert isinstance(status, BackendStatus)
    return status


def put_away(ollama: RealOllama) -> None:
    """Have the model put away, and wait until it is."""
    httpx2.post(f"{ollama.url}/api/generate", json={"model": MODEL, "keep_alive": 0}, timeout=10).raise_for_status()
    wait_until(lambda: httpx2.get(f"{ollama.url}/api/ps").json()["models"] == [])


def test_the_status_names_the_model_by_digest_and_parameters(ollama: RealOllama) -> None:
    status = looked(ollama)

    assert (status.state, status.models) == ("ready", (f"{MODEL}:latest",))
    assert len(str(status.about["digest"])) == 64
    assert (status.about["parameters"], status.about["family"]) == ("293K", "llama")


def test_a_turn_comes_with_counts_and_times(ollama: RealOllama) -> None:
    turn = spoken(ollama, seed=3, max_tokens=30)

    assert turn.text
    assert turn.finish.reason in ("stop", "length")
    assert turn.finish.prompt_tokens > 10
    assert 0 < turn.finish.completion_tokens <= 30
    assert set(turn.timings) == {"queue", "load", "prompt", "generation", "first", "total"}


def test_the_same_seed_says_the_same(ollama: RealOllama) -> None:
    assert spoken(ollama, seed=3, max_tokens=30).text == spoken(ollama, seed=3, max_tokens=30).text


def test_it_streams(ollama: RealOllama) -> None:
    async def pieces(backend: Ollama) -> list[Chunk | Spoken]:
        return [part async for part in listen(backend, ask(HELLO, seed=3, max_tokens=30), Deadlines())]

    *parts, last = using(ollama, pieces)  # type: ignore[misc]
    assert len(parts) > 3
    assert "".join(part.text for part in parts).strip() == last.text


def test_thinking_is_off_also_for_a_model_that_cannot_think(ollama: RealOllama) -> None:
    assert spoken(ollama, seed=3, max_tokens=5).finish.model == MODEL


def test_a_model_that_is_not_pulled_is_named_with_the_line_that_pulls_it(ollama: RealOllama) -> None:
    status = looked(ollama, "gemma3:1b")
    with pytest.raises(errors.ModelMissing) as refusal:
        using(ollama, lambda backend: whole(backend, ask(HELLO), Deadlines()), "gemma3:1b")

    assert (status.state, status.remedy) == ("model-missing", "ollama pull gemma3:1b")
    assert refusal.value.remedy == "ollama pull gemma3:1b"


def test_pulling_a_missing_model_tells_how_far_it_is_and_then_it_speaks(ollama: RealOllama) -> None:
    with serving(Registry(ollama.folder / "models")) as url:
        name = f"{url}/library/{MODEL}:latest"

        async def pulled(backend: Ollama) -> list[Progress]:
            return [step async for step in backend.pull(name, insecure=True)]

        steps = using(ollama, pulled)
    assert isinstance(steps, list)
    pulled_name = name.removeprefix("http://")

    assert steps[-1].status == "success"
    assert any(step.total > 0 for step in steps)
    assert looked(ollama, pulled_name).state == "ready"
    assert using(ollama, lambda backend: whole(backend, ask(HELLO, max_tokens=5), Deadlines()), pulled_name)


def test_a_model_that_nobody_has_cannot_be_pulled_and_it_says_why(ollama: RealOllama) -> None:
    async def pulled(backend: Ollama) -> list[Progress]:
        return [step async for step in backend.pull("http://127.0.0.1:9/library/absent:1b", insecure=True)]

    with pytest.raises(errors.PeerRefused, match="cannot pull"):
        using(ollama, pulled)


def test_who_stops_listening_stops_the_generation(ollama: RealOllama) -> None:
    async def listen_a_moment(backend: Ollama) -> None:
        async with aclosing(listen(backend, ask(HELLO, stop=("<never>",), **ENDLESS), Deadlines())) as parts:
            await parts.__anext__()

    with pytest.raises(errors.UtteranceError):  # an endless answer does not fit, so nothing is asked
        using(ollama, listen_a_moment)

    async def listen_within_the_context(backend: Ollama) -> None:
        request = ask(HELLO, stop=("<never>",), max_tokens=450)
        async with aclosing(listen(backend, request, Deadlines())) as parts:
            await parts.__anext__()

    using(ollama, listen_within_the_context)
    lines = ollama.log().count("| 200 |")
    assert spoken(ollama, max_tokens=5).text  # the only slot is free again
    wait_until(lambda: ollama.log().count("| 200 |") > lines)


def test_a_cold_model_is_loaded_by_the_first_request_and_the_time_is_told(ollama: RealOllama) -> None:
    put_away(ollama)
    assert "first request loads it" in looked(ollama).detail

    async def speak_and_look(backend: Ollama) -> tuple[Spoken, list[str]]:
        speaking = asyncio.create_task(whole(backend, ask(HELLO, seed=3, max_tokens=5), Deadlines()))
        states = []
        while not speaking.done():
            states.append((await backend.status()).state)
        return await speaking, states

    turn, states = using(ollama, speak_and_look)  # type: ignore[misc]
    assert turn.timings["load"] > 50
    assert "loading" in states
    assert "is loaded" in looked(ollama).detail


def test_a_model_evicted_between_two_turns_is_loaded_again(ollama: RealOllama) -> None:
    first = spoken(ollama, seed=3, max_tokens=10)
    put_away(ollama)

    assert spoken(ollama, seed=3, max_tokens=10).text == first.text


def test_the_model_stays_for_as_long_as_the_callers_turns_are_apart(ollama: RealOllama) -> None:
    def stays_until(delay: float) -> str:
        spoken(ollama, max_tokens=1, delay_seconds=delay)
        return str(httpx2.get(f"{ollama.url}/api/ps").json()["models"][0]["expires_at"])

    assert stays_until(0.0)[:16] < stays_until(3600.0)[:16]


def test_an_engine_that_dies_in_the_middle_is_an_error_and_the_next_turn_works(ollama: RealOllama) -> None:
    async def speak(backend: Ollama) -> None:
        async with aclosing(listen(backend, ask(HELLO, stop=("<never>",), max_tokens=450), Deadlines())) as parts:
            await parts.__anext__()
            for engine in ollama.engines():
                engine.kill()
            async for _ in parts:
                pass

    with pytest.raises(errors.PeerAnswerInvalid) as broken:
        using(ollama, speak)
    assert broken.value.extra["kind"] == "error"
    assert spoken(ollama, max_tokens=5).text


def test_a_full_queue_is_busy_and_says_when_to_come_back(ollama: RealOllama) -> None:
    async def crowd(backend: Ollama) -> list[object]:
        request = ask(HELLO, stop=("<never>",), max_tokens=200)
        return await asyncio.gather(*(whole(backend, request, Deadlines()) for _ in range(12)), return_exceptions=True)

    put_away(ollama)
    outcomes = using(ollama, crowd)
    assert isinstance(outcomes, list)
    busy = [each for each in outcomes if isinstance(each, errors.PeerBusy)]

    assert busy
    assert all(each.retry_after_seconds for each in busy)
    assert all(isinstance(each, (errors.PeerBusy, Spoken)) for each in outcomes)


def test_a_past_longer_than_the_context_never_costs_the_instructions(ollama: RealOllama) -> None:
    past = [f"turn {number} and some words more " * 3 for number in range(61)]

    async def converse(backend: Ollama) -> tuple[list[int], str]:
        counts = []
        for _ in range(3):
            turn = await whole(backend, ask(*past, system="Be kind.", max_tokens=40), Deadlines())
            counts.append(turn.finish.prompt_tokens)
        return counts, (await backend.status()).warning

    counts, warning = using(ollama, converse)  # type: ignore[misc]
    # This vocabulary has 512 entries, so the first estimate may be too low; it is corrected by what was counted.
    assert counts[-1] + 40 <= CONTEXT_TOKENS
    assert warning == ""


def test_an_engine_that_ends_is_unreachable_with_the_way_to_start_it(tmp_path: Path) -> None:
    with real_ollama(tmp_path) as running:
        running.process.kill()
        psutil.wait_procs([running.process], timeout=10)
        with pytest.raises(errors.PeerUnreachable) as nobody:
            spoken(running)

    assert "ollama serve" in nobody.value.remedy


def test_a_session_of_fifty_exchanges_through_the_llm_server(ollama: RealOllama) -> None:
    backend = Ollama(ollama.url, MODEL, context_tokens=CONTEXT_TOKENS)

    async def choose() -> Choice:
        return Choice(backend, "ollama", MODEL)

    def application(port: int) -> object:
        return create_app(choose, port)

    messages = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": HELLO}]
    with serving(application) as url, httpx2.Client(base_url=url, timeout=60) as http:
        for number in range(50):
            body = {"messages": messages[:1] + messages[1:][-12:], "max_tokens": 30, "seed": number, "delay": 0}
            answer = http.post("/api/chat", json=body)
            assert answer.status_code == 200, answer.text
            said = answer.json()
            assert (said["speaker"], said["model"]) == ("ollama", MODEL)
            messages += [{"role": "assistant", "content": said["response"]}, {"role": "user", "content": "Why?"}]
        status = http.get("/api/status").json()

    assert (status["spoken"], status["failed"]) == (50, 0)
    assert status["usage"]["completion_tokens"] >= 50


class Registry:
    """Serves the models of a folder of Ollama's as a registry does, so that a pull can be tried without a network."""

    def __init__(self, models: Path) -> None:
        self.models, self.lock = models, threading.Lock()

    async def __call__(self, scope: dict[str, object], receive: object, send: Callable[[object], object]) -> None:
        if scope["type"] != "http":
            return
        kind, name = str(scope["path"]).rsplit("/", 2)[-2:]
        found = self._manifest() if kind == "manifests" else self.models / "blobs" / name.replace(":", "-")
        content = found.read_bytes()
        wanted = dict(scope["headers"]).get(b"range", b"").decode()  # type: ignore[call-overload]
        first, last = 0, len(content) - 1
        if wanted:
            begin, _, end = wanted.removeprefix("bytes=").partition("-")
            first, last = int(begin), int(end or last)
        part = content[first : last + 1]
        headers = [(b"content-length", str(len(part)).encode()), (b"content-type", b"application/octet-stream")]
        if wanted:
            headers.append((b"content-range", f"bytes {first}-{last}/{len(content)}".encode()))
        await send({"type": "http.response.start", "status": 206 if wanted else 200, "headers": headers})  # type: ignore[misc]
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else part})  # type: ignore[misc]

    def _manifest(self) -> Path:
        return next(path for path in (self.models / "manifests").rglob("latest") if _names_layers(path))


def _names_layers(path: Path) -> bool:
    return bool(json.loads(path.read_text())["layers"])
