from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_trainer.cli.processes import answers, born, end_leftovers, port_taken, remember
from tests.cli.fake import FakeMiddleware
from tests.serving import wait_until

SLEEP = [sys.executable, "-c", "input()"]


@pytest.fixture
def innocent() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(SLEEP, stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def record(path: Path, launcher: dict[str, object], service: dict[str, object]) -> Path:
    path.write_text(json.dumps({"launcher": launcher, "services": [{"name": "LLM server", **service}]}))
    return path


GONE: dict[str, object] = {"pid": 2**22 + 1, "born": "never"}


def test_birth_tells_processes_apart(innocent: subprocess.Popen[bytes]) -> None:
    assert born(os.getpid()) == born(os.getpid()) != ""
    assert born(2**22 + 1) == ""
    innocent.kill()
    innocent.wait()
    assert born(innocent.pid) == ""


OUTLIVED_BY_A_THREAD = """
import ctypes, threading
threading.Thread(target=input).start()
print("ready", flush=True)
ctypes.CDLL(None).syscall({"x86_64": 60, "aarch64": 93}[__import__("platform").machine()], 0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows a process whose first thread has ended")
def test_a_process_is_there_until_its_last_thread_has_ended() -> None:
    command = [sys.executable, "-c", OUTLIVED_BY_A_THREAD]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"ready\n"
        state = Path(f"/proc/{process.pid}/stat")
        wait_until(lambda: state.read_text().rpartition(")")[2].split()[0] == "Z")
        assert born(process.pid) != ""
    finally:
        process.kill()
        process.communicate()
    assert born(process.pid) == ""


def test_what_an_earlier_start_left_is_ended(innocent: subprocess.Popen[bytes], tmp_path: Path) -> None:
    said: list[str] = []
    left = record(tmp_path / "started.json", GONE, {"pid": innocent.pid, "born": born(innocent.pid)})

    end_leftovers(left, said.append)

    assert innocent.wait(5) != 0
    assert str(innocent.pid) in said[0]
    assert not left.exists()


def test_an_innocent_with_the_same_name_and_number_lives(innocent: subprocess.Popen[bytes], tmp_path: Path) -> None:
    left = record(tmp_path / "started.json", GONE, {"pid": innocent.pid, "born": "another moment"})

    end_leftovers(left, print)

    assert innocent.poll() is None


def test_a_start_that_still_runs_keeps_its_services(innocent: subprocess.Popen[bytes], tmp_path: Path) -> None:
    us: dict[str, object] = {"pid": os.getpid(), "born": born(os.getpid())}
    left = record(tmp_path / "started.json", us, {"pid": innocent.pid, "born": born(innocent.pid)})

    end_leftovers(left, print)

    assert innocent.poll() is None
    assert left.exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"launcher": {"pid": "x", "born": "y"}, "services": [{}]}'])
def test_a_damaged_record_ends_nothing(text: str, tmp_path: Path) -> None:
    (tmp_path / "started.json").write_text(text)

    end_leftovers(tmp_path / "started.json", print)
    end_leftovers(tmp_path / "absent.json", print)


def test_what_is_remembered_is_what_is_ended(innocent: subprocess.Popen[bytes], tmp_path: Path) -> None:
    path = tmp_path / "services" / "started.json"

    remember(path, [{"name": "middleware", "pid": innocent.pid, "born": born(innocent.pid)}])

    found = json.loads(path.read_text())
    assert found["launcher"]["pid"] == os.getpid()
    assert found["services"][0]["pid"] == innocent.pid


def test_a_listener_anywhere_on_this_machine_takes_the_port() -> None:
    for host in ("127.0.0.1", "0.0.0.0"):
        with socket.create_server((host, 0)) as server:
            port = server.getsockname()[1]
            assert port_taken(port)
        assert not port_taken(port)


def test_only_a_success_is_an_answer(middleware: FakeMiddleware) -> None:
    assert answers(f"{middleware.url}/api/status")
    assert not answers(f"{middleware.url}/nothing")
    assert not answers("http://127.0.0.1:9/")
