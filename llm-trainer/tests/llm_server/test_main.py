"""The command itself, in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_trainer.ports import bind
from tests.serving import wait_until

HOME = Path(__file__).parents[2]
DIALOGUE = {"id": "d", "turns": [{"speaker": "A", "text": "Hi!"}, {"speaker": "B", "text": "Hello."}]}


def command(*flags: object) -> list[str]:
    return [sys.executable, str(HOME / "llm_server.py"), *map(str, flags)]


def run(*flags: object) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRAINER_")}
    return subprocess.run(command(*flags), capture_output=True, text=True, timeout=60, env=environment, check=False)


def free_port() -> int:
    with bind(0, "x") as probe:
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "d.jsonl"
    path.write_text(json.dumps(DIALOGUE) + "\n")
    return path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    path.write_text("{}")
    return path


def test_help_names_every_flag() -> None:
    answer = run("--help")

    assert answer.returncode == 0
    for flag in ("--backend", "--model", "--port", "--config", "--recorded", "--gguf", "--ollama-url"):
        assert flag in answer.stdout


def test_a_taken_port_ends_it_with_2_and_one_sentence(config: Path) -> None:
    with bind(0, "x") as other:
        other.listen()
        port = other.getsockname()[1]
        answer = run("--port", port, "--config", config)

    assert answer.returncode == 2
    assert answer.stderr.count("\n") == 1
    assert str(port) in answer.stderr
    assert "llm_server_port" in answer.stderr


@pytest.mark.parametrize(
    ("flags", "settings", "said"),
    [
        (("--backend", "recorded"), {}, "recorded_path"),
        (("--recorded", "absent.jsonl"), {}, "absent.jsonl"),
        (("--backend", "gguf"), {}, "gguf_path"),
        (("--gguf", "absent.gguf"), {}, "absent.gguf"),
        (("--backend", "ollama", "--ollama-url", "nonsense"), {}, "ollama_url"),
        ((), {"olama_model": "x"}, "ollama_model"),
        ((), {"llm_server_port": "many"}, "llm_server_port"),
        (("--port", "99999"), {}, "llm_server_port"),
    ],
    ids=str,
)
def test_settings_that_cannot_work_end_it_with_2_and_name_themselves(
    flags: tuple[str, ...], settings: dict[str, object], said: str, config: Path
) -> None:
    config.write_text(json.dumps(settings))
    port = () if "--port" in flags or settings else ("--port", free_port())
    answer = run("--config", config, *flags, *port)

    assert (answer.returncode, answer.stdout) == (2, "")
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.fixture
def started(recording: Path, config: Path, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str, Path]]:
    port, written = free_port(), tmp_path / "log"
    with written.open("wb") as log:
        process = subprocess.Popen(
            command("--recorded", recording, "--config", config, "--port", port), stdout=log, stderr=log
        )
    url = f"http://localhost:{port}"
    try:
        wait_until(lambda: is_up(url), 30)
        yield process, url, written
    finally:
        process.kill()
        process.wait()


def is_up(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def test_it_serves_says_who_speaks_and_ends_on_sigterm_at_once(
    started: tuple[subprocess.Popen[bytes], str, Path],
) -> None:
    process, url, written = started
    request = urllib.request.Request(
        f"{url}/api/chat", b'{"message": "Hello!"}', {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert json.load(answer)["response"] == "Hi!"

    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=10)
    assert time.monotonic() - began < 3
    lines = [json.loads(line) for line in written.read_text().splitlines()]
    assert any("recorded speaks (model recorded, ready)" in line["event"] for line in lines)
