"""The real Ollama in a process of its own: free port, own folder, one tiny model from a file beside the project."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil

MODELS = Path(__file__).parents[3].parent / "shared" / "models"
STORIES = MODELS / "stories260K-f32.gguf"
MODEL = "stories"
CONTEXT_TOKENS = 512
TEMPLATE = (
    '{{ range .Messages }}{{ if eq .Role "user" }}Mom said, "{{ .Content }}" '
    '{{ else if eq .Role "assistant" }}Tom said, "{{ .Content }}" {{ end }}{{ end }}Tom said, "'
)
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "llm-trainer-ci"
PASSED_ON = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LD_LIBRARY_PATH")


def binary() -> str | None:
    """The program, by ``OLLAMA_BINARY``, on the path, or where ``.ci/ollama`` builds it."""
    found = os.environ.get("OLLAMA_BINARY") or shutil.which("ollama") or str(CACHE / "ollama")
    return found if Path(found).is_file() else None


def why_not() -> str:
    """Why it cannot be tried here; empty if it can."""
    if binary() is None:
        return "needs an ollama binary (on PATH, in OLLAMA_BINARY, or built by .ci/ollama)"
    return "" if STORIES.exists() else "needs the small models beside the project (../shared/models)"


@dataclass
class RealOllama:
    """A running Ollama that has the model ``stories``."""

    url: str
    process: psutil.Process
    folder: Path

    def make_model(self, name: str = MODEL, context_tokens: int = CONTEXT_TOKENS) -> None:
        """Create a model from the stories' file, with a template that makes a conversation of it."""
        content = STORIES.read_bytes()
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        httpx2.post(f"{self.url}/api/blobs/{digest}", content=content, timeout=30).raise_for_status()
        body = {
            "model": name,
            "files": {"stories.gguf": digest},
            "template": TEMPLATE,
            "parameters": {"stop": ['"'], "num_ctx": context_tokens, "num_thread": 1},  # two would wait for each other
            "stream": False,
        }
        httpx2.post(f"{self.url}/api/create", json=body, timeout=30).raise_for_status()

    def engines(self) -> list[psutil.Process]:
        """The processes in which it runs models."""
        return self.process.children()

    def log(self) -> str:
        """What it has written so far."""
        return (self.folder / "ollama.log").read_text("utf-8", "replace")


@contextlib.contextmanager
def real_ollama(folder: Path, **environment: str) -> Iterator[RealOllama]:
    """Start it, wait until it answers, give it the model, and end it."""
    program = binary()
    assert program is not None, "see why_not()"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    own = {"HOME": str(folder), "OLLAMA_MODELS": str(folder / "models"), "OLLAMA_HOST": address}
    with (folder / "ollama.log").open("wb") as log:
        process = subprocess.Popen([program, "serve"], env=kept | own | environment, stdout=log, stderr=log)
    try:
        _wait_until_it_answers(f"http://{address}", process)
        running = RealOllama(f"http://{address}", psutil.Process(process.pid), folder)
        running.make_model()
        yield running
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
        process.kill()


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while True:
        with contextlib.suppress(httpx2.HTTPError):
            if httpx2.get(f"{url}/api/version", timeout=2).status_code == 200:
                return
        assert process.poll() is None, "ollama ended"
        assert time.monotonic() < deadline, "ollama did not answer"
        time.sleep(0.05)
