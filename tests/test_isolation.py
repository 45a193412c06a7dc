"""Either project lives without the other; and what goes over the wire gives neither away."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.places import ROOT, copy, free_port, lend_environment, python_of, quick_tests, start

both_here = pytest.mark.skipif(
    not ((ROOT / "cerebrum" / ".venv").exists() and (ROOT / "llm-trainer" / ".venv").exists()),
    reason="needs both projects with their environments",
)


def imports_only_from(project: Path, ran: subprocess.CompletedProcess[str]) -> None:
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-1000:]
    assert re.search(r"\d+ passed", ran.stdout), ran.stdout[-1000:]
    assert str(ROOT / project.name) + os.sep not in ran.stdout.replace(str(ROOT / project.name / ".venv"), "")


@both_here
@pytest.mark.slow
@pytest.mark.timeout(900)  # a whole suite runs inside
def test_cerebrum_passes_its_tests_and_starts_where_the_trainer_was_deleted(tmp_path: Path) -> None:
    root = copy(tmp_path / "copy")
    shutil.rmtree(root / "llm-trainer")
    lend_environment(root / "cerebrum")

    imports_only_from(root / "cerebrum", quick_tests(root / "cerebrum"))

    port = free_port()
    process = start(root, CEREBRUM_PORT=str(port), CEREBRUM_DATA_DIR=str(tmp_path / "memory"))
    try:
        assert process.stdout is not None
        said = next((line for line in process.stdout if "runs alone" in line), "nothing of the kind")
        answer = _ask_until(f"http://127.0.0.1:{port}/api/status")
    finally:
        process.send_signal(signal.SIGINT if os.name != "nt" else signal.SIGTERM)
        output, _ = process.communicate(timeout=20)
    assert "runs alone" in said, output
    assert answer["exchanges"] == 0
    assert process.returncode == 130, output


@both_here
@pytest.mark.slow
@pytest.mark.timeout(900)  # a whole suite runs inside
def test_the_trainer_passes_its_tests_where_cerebrum_was_deleted(tmp_path: Path) -> None:
    root = copy(tmp_path / "copy")
    shutil.rmtree(root / "cerebrum")
    lend_environment(root / "llm-trainer")

    imports_only_from(root / "llm-trainer", quick_tests(root / "llm-trainer", "--ignore=tests/browser"))


@pytest.mark.parametrize("gone", ["cerebrum", "llm-trainer"])
def test_the_tests_say_what_they_can_run_without_the_other(gone: str, tmp_path: Path) -> None:
    root = copy(tmp_path / "copy")
    shutil.rmtree(root / gone, ignore_errors=True)
    code = (
        "from launch.testing import CEREBRUM, TRAINER;"
        "print([p.folder.name for p in (CEREBRUM, TRAINER) if (p.folder / 'pyproject.toml').exists()])"
    )

    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == str([name for name in ("cerebrum", "llm-trainer") if name != gone])


@pytest.mark.skipif(not (ROOT / "cerebrum").exists(), reason="CEREBRUM is not here")
def test_inside_cerebrum_nobody_has_heard_of_teachers_or_language_models() -> None:
    forbidden = re.compile(r"teacher|trainer|ollama|openai|\bllm\b|language model server|8001|8002", re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in sorted((ROOT / "cerebrum" / "cerebrum").rglob("*"))
        if path.suffix in {".py", ".html", ".js", ".css"}
        for line in path.read_text("utf-8").splitlines()
        if forbidden.search(line)
    ]

    assert found == []


class Recorder:
    """An HTTP server that answers everything alike and keeps every request whole."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.requests: list[str] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.do_POST()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                recorder.requests.append(f"{self.command} {self.path}\n{self.headers}\n{body}")
                payload = json.dumps(answer).encode()
                self.send_response(200 if "/exchanges/" not in self.path else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def bodies(self) -> list[str]:
        return [each for each in self.requests if each.startswith("POST")]


LEARNER = {"response": "hm", "stage": "words", "exchange": 1, "status": "ok", "exchanges": 0, "capabilities": []}
MODEL = "secret-model:7b"
LLM = {"response": "Look, a boat.", "model": MODEL, "requested_model": MODEL, "backend": "ollama", "ready": True} | {
    "state": "ready",
    "models": [MODEL],
    "topics": ["boats"],
}


@pytest.fixture
def ends() -> Iterator[tuple[Recorder, Recorder]]:
    learner, llm = Recorder(LEARNER), Recorder(LLM)
    yield learner, llm
    for each in (learner, llm):
        each.server.shutdown()
        each.server.server_close()


@both_here
@pytest.mark.slow
@pytest.mark.timeout(900)  # a whole suite runs inside
def test_neither_end_is_told_of_the_other(ends: tuple[Recorder, Recorder], tmp_path: Path) -> None:
    learner, llm = ends
    port = free_port()
    told = {
        "TRAINER_CEREBRUM_URL": f"http://127.0.0.1:{learner.port}",
        "TRAINER_LLM_SERVER_URL": f"http://127.0.0.1:{llm.port}",
        "TRAINER_MIDDLEWARE_PORT": str(port),
        "TRAINER_DATA_DIR": str(tmp_path),
        "TRAINER_OLLAMA_MODEL": MODEL,
    }
    process = subprocess.Popen(
        [python_of("llm-trainer"), "middleware.py"],
        cwd=ROOT / "llm-trainer",
        env={**os.environ, **told},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _ask_until(f"http://127.0.0.1:{port}/")
        plan = json.dumps({"max_exchanges": 6, "delay": 0}).encode()
        asked = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/training/start", plan, {"Content-Type": "application/json"}
        )
        urllib.request.urlopen(asked, timeout=20).close()
        _ask_until(f"http://127.0.0.1:{port}/api/training/status", lambda status: not status["running"])
    finally:
        process.terminate()
        process.wait(10)

    assert len(learner.bodies) >= 6
    assert len(llm.bodies) >= 6
    to_learner = "\n".join(learner.requests).lower()
    to_llm = "\n".join(llm.requests).lower()
    for word in (MODEL, "ollama", str(llm.port), "prompt", "system", "temperature", "llm", "teacher", "persona"):
        assert word not in to_learner, word
    for word in ("cerebrum", str(learner.port), "/api/exchanges"):
        assert word not in to_llm, word


def _ask_until(url: str, enough: Any = lambda _: True) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                found = dict(json.load(answer))
            if enough(found):
                return found
        except OSError:
            pass
        assert time.monotonic() < deadline, url
        time.sleep(0.05)
