"""Writes ``tests/data/ollama/``: what the real Ollama answers, for the tests of machines that have none.

python -m tests.llm_server.record_ollama        (from llm-trainer/, with an ollama binary)
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

from tests.llm_server.real_ollama import MODEL, RealOllama, real_ollama, why_not

FOLDER = Path(__file__).parents[1] / "data" / "ollama"
VERSION = "0.24.0"
HELLO = [{"role": "user", "content": "Hello! Do you like cats?"}]
OPTIONS = {"num_ctx": 512, "num_predict": 30, "seed": 3, "temperature": 0.5}
ENDLESS = {"num_ctx": 512, "num_predict": 400, "stop": ["<never>"]}
LONG = [{"role": "user" if n % 2 == 0 else "assistant", "content": "word after word and more " * 4} for n in range(41)]


def _chat(**fields: Any) -> dict[str, Any]:
    return {"model": MODEL, "messages": HELLO, "think": False, "options": OPTIONS} | fields


ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/api/chat", _chat()),
    "chat-length": ("/api/chat", _chat(options=OPTIONS | {"num_predict": 4})),
    "chat-too-long-a-past": ("/api/chat", _chat(messages=LONG)),
    "chat-too-long-a-message": ("/api/chat", _chat(messages=[{"role": "user", "content": "word " * 1500}])),
    "model-missing": ("/api/chat", _chat(model="absent:1b")),
    "pull-without-a-network": ("/api/pull", {"model": "absent:1b"}),
    "thinking-refused": ("/api/chat", _chat(think=True)),
    "bad-option": ("/api/chat", _chat(options={"num_ctx": "x"})),
    "loaded": ("/api/chat", _chat(messages=[])),
    "unloaded": ("/api/chat", _chat(messages=[], keep_alive=0)),
}


def main() -> int:
    """Record everything anew."""
    if reason := why_not():
        sys.stderr.write(f"cannot record: {reason}\n")
        return 2
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        limits = {"OLLAMA_MAX_QUEUE": "1", "OLLAMA_NUM_PARALLEL": "1"}
        with real_ollama(Path(folder), **limits) as ollama:
            for name, (path, body) in ASKED.items():
                _write(name, "POST", path, body, *_asked(ollama, path, body))
            _write("queue-full", "POST", "/api/chat", _chat(options=ENDLESS), *_refused(ollama))
            asked = _asked(ollama, "/api/chat", _chat(options=ENDLESS), lambda: _end_engines(ollama))
            _write("engine-ended", "POST", "/api/chat", _chat(options=ENDLESS), *asked)
            _asked(ollama, "/api/chat", _chat())
            for page in ("tags", "ps", "version"):
                answer = httpx2.get(f"{ollama.url}/api/{page}")
                _write(page, "GET", f"/api/{page}", None, answer.status_code, dict(answer.headers), [answer.text])
            _write("show", "POST", "/api/show", {"model": MODEL}, *_asked(ollama, "/api/show", {"model": MODEL}))
    return 0


def _asked(
    ollama: RealOllama, path: str, body: dict[str, Any], after_two_lines: Callable[[], None] | None = None
) -> tuple[int, dict[str, str], list[str]]:
    lines = []
    with httpx2.stream("POST", ollama.url + path, json=body, timeout=60) as answer:
        for line in answer.iter_lines():
            lines.append(line)
            if after_two_lines is not None and len(lines) == 2:
                after_two_lines()
    return answer.status_code, dict(answer.headers), lines


def _refused(ollama: RealOllama) -> tuple[int, dict[str, str], list[str]]:
    """Ask eight times at once: one is answered, one waits, the others are told that it is busy."""
    found: list[tuple[int, dict[str, str], list[str]]] = []
    asking = [
        threading.Thread(target=lambda: found.append(_asked(ollama, "/api/chat", _chat(options=ENDLESS))))
        for _ in range(8)
    ]
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    return next(answer for answer in found if answer[0] == 503)


def _end_engines(ollama: RealOllama) -> None:
    for engine in ollama.engines():
        engine.kill()


def _write(
    name: str, method: str, path: str, body: object, status: int, headers: dict[str, str], lines: list[str]
) -> None:
    sent = json.dumps(body)
    answer = {
        "ollama": VERSION,
        "method": method,
        "path": path,
        "body": body if len(sent) < 2000 else f"{sent[:200]} ... ({len(sent)} bytes)",
        "status": status,
        "headers": {key: value for key, value in headers.items() if key in ("content-type", "retry-after")},
        "lines": [_scrubbed(line) for line in lines],
    }
    (FOLDER / f"{name}.json").write_text(json.dumps(answer, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _scrubbed(line: str) -> str:
    """Without the names of this machine's folders and of anybody's hosts."""
    line = re.sub(r"FROM /\S*?/blobs/", "FROM /models/blobs/", line)
    line = re.sub(r'"parent_model":"/[^"]*?/blobs/', '"parent_model":"/models/blobs/', line)
    return re.sub(r"\bregistry\.[a-z.]+", "registry.example", re.sub(r" on [\d.]+:53", "", line))


if __name__ == "__main__":
    sys.exit(main())
