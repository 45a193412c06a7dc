"""What the LLM server adds to the time of its back end: ``python bench/llm_overhead.py [--exchanges 1000]``.

Each row asks the same thing in two ways, turn and turn about: the back end directly, and through a real
``llm_server.py`` in a process of its own, over HTTP with one kept connection a client. For the built-in back ends
*directly* means a function call, so that all of HTTP counts as added; for Ollama it means the official client on a
stand-in that answers at once with the real program's lines, so that what is added is one service in between.
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
from llm_trainer.llm_server.backends.recorded import Recorded  # noqa: E402
from llm_trainer.llm_server.backends.tutor import Tutor, TutorData  # noqa: E402
from llm_trainer.llm_server.backends.tutoring import Tutoring  # noqa: E402
from llm_trainer.llm_server.schemas import ChatBody  # noqa: E402
from llm_trainer.llm_server.speech import Deadlines, whole  # noqa: E402
from tests.llm_server.stand_ins import ollama, standing_in  # noqa: E402

Call = Callable[[], Awaitable[object]]
DIALOGUES = [
    Dialogue(f"d{n}", tuple(f"Turn {t} of {n}, said in so many words." for t in range(20))) for n in range(200)
]
PAST = [{"user": f"I heard {n}.", "assistant": f"Then I say {n}, and ask what you think."} for n in range(8)]
BODY = {"message": "What is rain?", "conversation_history": PAST, "level": 3, "topic": "the weather", "session": "s"}
REQUEST = ChatBody.model_validate(BODY).to_request()


@contextlib.contextmanager
def llm_server(*flags: str) -> Iterator[tuple[str, psutil.Process]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.json"
        config.write_text("{}")
        command = [sys.executable, str(HOME / "llm_server.py"), "--config", str(config), "--port", str(port), *flags]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
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


async def compare(direct: Call, through: Call, exchanges: int, clients: int) -> tuple[list[float], list[float]]:
    times: tuple[list[float], list[float]] = ([], [])

    async def client(count: int) -> None:
        for number in range(count + 20):
            for kept, call in zip(times, (direct, through), strict=True):
                began = time.perf_counter()
                await call()
                if number >= 20:
                    kept.append((time.perf_counter() - began) * 1000)

    await asyncio.gather(*(client(exchanges // clients) for _ in range(clients)))
    return times


async def measure(
    name: str, backend: Backend, served_by: tuple[str, psutil.Process], exchanges: int, clients: int
) -> None:
    url, process = served_by
    async with httpx2.AsyncClient(base_url=url, timeout=30) as http:

        async def direct() -> object:
            return await whole(backend, REQUEST, Deadlines())

        async def through() -> object:
            return (await http.post("/api/chat", json=BODY)).raise_for_status()

        bare, served = await compare(direct, through, exchanges, clients)
        began, spent = time.perf_counter(), processor_seconds(process)
        for _ in range(exchanges):
            await through()
        rate = exchanges / (time.perf_counter() - began)
        cpu = (processor_seconds(process) - spent) / exchanges * 1000
    await backend.aclose()
    low, high, slow = statistics.median(bare), statistics.median(served), statistics.quantiles(served, n=20)[18]
    times = f"{low:.2f} | {high:.2f} | **{high - low:.2f}** | {slow:.2f} | {cpu:.2f} | {rate:.0f}"
    print(f"| {name} | {clients} | {times} |", flush=True)


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--exchanges", type=int, default=1000)
    parser.add_argument("--stand-in", action="store_true", help="serve the stand-in for Ollama and print its address")
    flags = parser.parse_args()
    if flags.stand_in:
        with standing_in(ollama()) as url:
            print(url, flush=True)
            threading.Event().wait()
    exchanges, load = flags.exchanges, os.getloadavg()[0]
    print(f"{exchanges} exchanges a row, Python {sys.version.split()[0]}, {os.cpu_count()} cores, load {load:.1f}\n")
    print("| back end | clients | direct ms | served ms | added ms | served p95 ms | processor ms | exchanges/s |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
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
