"""What the LLM server adds to the time of its back end: ``python bench/llm_overhead.py [--engines]``.

Each row asks the same thing in two ways, turn and turn about: the back end directly, and through a real
``llm_server.py`` in a process of its own, over HTTP with one kept connection a client. For the built-in back ends
*directly* means a function call, so that all of HTTP counts as added; for Ollama it means the official client on a
stand-in that answers at once with the real program's lines, so that what is added is one service in between.

With ``--engines`` the real engines are asked, as far as they are here: Ollama, and llama.cpp's own server, each with a
tiny model beside the project. There *directly* means the same request to the engine itself, by the same HTTP client,
for a whole answer, and the ratio is the LLM server's median over the engine's. The LLM server has its answers piece by
piece, so that it can tell silence from a long answer; in the row *streamed*, *directly* means that too, by the LLM
server's own code in this process. So the first row holds what streaming costs the engine, and the second only what the
LLM server adds.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

HOME = Path(__file__).parents[1]
sys.path.insert(0, str(HOME))

import httpx2  # noqa: E402
import psutil  # noqa: E402

from llm_trainer.llm_server.backends.base import Backend  # noqa: E402
from llm_trainer.llm_server.backends.dialogues import Dialogue  # noqa: E402
from llm_trainer.llm_server.backends.ollama import Ollama  # noqa: E402
from llm_trainer.llm_server.backends.openai import OpenAI  # noqa: E402
from llm_trainer.llm_server.backends.recorded import Recorded  # noqa: E402
from llm_trainer.llm_server.backends.tutor import Tutor, TutorData  # noqa: E402
from llm_trainer.llm_server.backends.tutoring import Tutoring  # noqa: E402
from llm_trainer.llm_server.schemas import ChatBody  # noqa: E402
from llm_trainer.llm_server.speech import Deadlines, whole  # noqa: E402
from tests.llm_server.real_ollama import MODEL, STORIES, real_ollama, why_not  # noqa: E402
from tests.llm_server.stand_ins import Script, ollama, ollama_lines, standing_in  # noqa: E402

BLOCKS = 5
Call = Callable[[], Awaitable[object]]
DIALOGUES = [
    Dialogue(f"d{n}", tuple(f"Turn {t} of {n}, said in so many words." for t in range(20))) for n in range(200)
]
PAST = [{"user": f"I heard {n}.", "assistant": f"Then I say {n}, and ask what you think."} for n in range(8)]
BODY: dict[str, object] = {
    "message": "What is rain?",
    "conversation_history": PAST,
    "level": 3,
    "topic": "the weather",
    "session": "s",
}
HELLO = [{"role": "user", "content": "Hello! Do you like cats?"}]
ENGINE_BODY: dict[str, object] = {"messages": HELLO, "max_tokens": 120, "seed": 3, "stop": ["<never>"]}
OLLAMA_OPTIONS = {"num_ctx": 512, "num_predict": 120, "seed": 3, "stop": ["<never>"]}
OLLAMA_BODY: dict[str, object] = {
    "model": MODEL,
    "messages": HELLO,
    "stream": False,
    "think": False,
    "options": OLLAMA_OPTIONS,
}
COMPLETION_BODY: dict[str, object] = ENGINE_BODY | {"model": "default"}


@contextlib.contextmanager
def llm_server(*flags: str, **environment: str) -> Iterator[tuple[str, psutil.Process]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.json"
        config.write_text("{}")
        command = [sys.executable, str(HOME / "llm_server.py"), "--config", str(config), "--port", str(port), *flags]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=os.environ | environment)
        try:
            url = f"http://127.0.0.1:{port}"
            while True:
                with contextlib.suppress(httpx2.HTTPError):
                    httpx2.get(f"{url}/readyz", timeout=2).raise_for_status()
                    break
                assert process.poll() is None, "the LLM server ended"
                time.sleep(0.05)
            yield url, psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(timeout=10)


async def compare(calls: list[Call], exchanges: int, clients: int) -> list[list[float]]:
    """Milliseconds of each call; in blocks turn and turn about, so that neither way works against the other."""
    times: list[list[float]] = [[] for _ in calls]

    async def client(call: Call, kept: list[float], count: int) -> None:
        for _ in range(count):
            began = time.perf_counter()
            await call()
            kept.append((time.perf_counter() - began) * 1000)

    for call in calls:
        await asyncio.gather(*(client(call, [], 5) for _ in range(clients)))
    for _ in range(BLOCKS):
        for kept, call in zip(times, calls, strict=True):
            share = max(1, exchanges // clients // BLOCKS)
            await asyncio.gather(*(client(call, kept, share) for _ in range(clients)))
    return times


async def measure(
    name: str,
    backend: Backend,
    served_by: tuple[str, psutil.Process],
    exchanges: int,
    clients: int,
    body: dict[str, object] = BODY,
    bare_call: tuple[str, dict[str, object]] | None = None,
) -> None:
    request = ChatBody.model_validate(body).to_request()
    url, process = served_by
    async with httpx2.AsyncClient(base_url=url, timeout=30) as http:

        async def called() -> object:
            return await whole(backend, request, Deadlines())

        async def asked() -> object:
            assert bare_call is not None
            return (await http.post(bare_call[0], json=bare_call[1])).raise_for_status()

        async def through() -> object:
            answer = await http.post("/api/chat", json=body)
            if answer.is_error:
                raise RuntimeError(answer.text)
            return answer

        ways = {name: called} if bare_call is None else {name: asked, f"{name}, streamed": called}
        *directly, served = await compare([*ways.values(), through], exchanges, clients)
        began, spent = time.perf_counter(), processor_seconds(process)
        for _ in range(exchanges):
            await through()
        rate = exchanges / (time.perf_counter() - began)
        cpu = (processor_seconds(process) - spent) / exchanges * 1000
    await backend.aclose()
    high, slow = statistics.median(served), statistics.quantiles(served, n=20)[18]
    for way, bare in zip(ways, directly, strict=True):
        low = statistics.median(bare)
        ratio = f"{high / low:.3f}" if low > 1 else "–"
        times = f"{low:.2f} | {high:.2f} | **{high - low:.2f}** | {ratio} | {slow:.2f} | {cpu:.2f} | {rate:.0f}"
        print(f"| {way} | {clients} | {times} |", flush=True)


def processor_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@contextlib.contextmanager
def ollama_elsewhere() -> Iterator[str]:
    """The stand-in for Ollama in a process of its own, as the real one is."""
    process = subprocess.Popen([sys.executable, __file__, "--stand-in"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(timeout=10)


def with_engines(exchanges: int) -> None:
    if reason := why_not():
        print(f"Ollama: {reason}")
    else:
        with tempfile.TemporaryDirectory() as folder, real_ollama(Path(folder)) as engine:
            flags = ("--backend", "ollama", "--ollama-url", engine.url, "--model", MODEL)
            with llm_server(*flags, TRAINER_CONTEXT_TOKENS="512") as served:
                for clients in (1, 8):
                    direct = Ollama(engine.url, MODEL, context_tokens=512)
                    bare = (f"{engine.url}/api/chat", OLLAMA_BODY)
                    asyncio.run(measure("ollama", direct, served, exchanges, clients, ENGINE_BODY, bare))
    with llama_cpp() as url:
        if not url:
            print("llama.cpp: needs the extra: pip install -r requirements-gguf.lock")
            return
        with llm_server("--backend", "openai", "--openai-url", url, TRAINER_CONTEXT_TOKENS="512") as served:
            for clients in (1, 8):
                direct_to = OpenAI(url, "default", context_tokens=512)
                bare = (f"{url}/chat/completions", COMPLETION_BODY)
                asyncio.run(measure("llama.cpp", direct_to, served, exchanges, clients, ENGINE_BODY, bare))


@contextlib.contextmanager
def llama_cpp() -> Iterator[str]:
    """llama.cpp's server in a process of its own; empty where the package is not installed."""
    process = subprocess.Popen([sys.executable, __file__, "--llama-cpp"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(timeout=10)


def serve_llama_cpp() -> None:
    with contextlib.suppress(ImportError):
        import xllamacpp  # noqa: PLC0415

        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(STORIES)
        parameters.n_ctx, parameters.n_parallel, parameters.port, parameters.verbosity = 512, 1, 0, -1
        parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
        server = xllamacpp.Server(parameters)
        print(f"{server.listening_address}/v1", flush=True)
        threading.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--exchanges", type=int, default=1000)
    parser.add_argument("--stand-in", action="store_true", help="serve the stand-in for Ollama and print its address")
    parser.add_argument("--llama-cpp", action="store_true", help="serve llama.cpp and print its address")
    parser.add_argument("--engines", action="store_true", help="ask real engines instead")
    flags = parser.parse_args()
    if flags.llama_cpp:
        serve_llama_cpp()
        return
    if flags.stand_in:
        with standing_in(ollama(Script(ollama_lines("Hello", " there.", prompt_eval_count=150)))) as url:
            print(url, flush=True)
            threading.Event().wait()
    exchanges, load = flags.exchanges, os.getloadavg()[0]
    machine = f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, load {load:.1f}"
    print(f"{exchanges} exchanges a row, {machine}\n")
    print(
        "| back end | clients | direct ms | served ms | added ms | ratio | served p95 ms | processor ms | exchanges/s |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    if flags.engines:
        with_engines(exchanges)
        return
    with tempfile.TemporaryDirectory() as folder:
        recording = Path(folder) / "d.jsonl"
        rows = ({"id": d.id, "turns": [{"speaker": "A", "text": text} for text in d.turns]} for d in DIALOGUES)
        recording.write_text("".join(json.dumps(row) + "\n" for row in rows))
        with llm_server("--recorded", str(recording)) as served:
            asyncio.run(measure("recorded", Recorded(DIALOGUES), served, exchanges, 1))
        with llm_server("--backend", "tutor") as served:
            asyncio.run(measure("tutor", Tutoring(Tutor(0, TutorData.load())), served, exchanges, 1))
        with ollama_elsewhere() as engine, llm_server("--backend", "ollama", "--ollama-url", engine) as served:
            for clients in (1, 8):
                asyncio.run(measure("ollama (stand-in)", Ollama(engine, "gemma3:1b"), served, exchanges, clients))


if __name__ == "__main__":
    main()
