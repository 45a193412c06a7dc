"""start.py with everything real: environments, three services, a session; on free ports, with the tutor."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.places import ROOT, start

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (ROOT / "llm-trainer").exists(), reason="the trainer is not here"),
    pytest.mark.skipif(not (ROOT / "cerebrum").exists(), reason="CEREBRUM is not here"),
]
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
TUTOR = ("--teacher", "tutor", "--delay", "0", "--seed", "1")


@pytest.fixture
def running() -> Iterator[list[subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=20)


def ask(here: dict[str, str], path: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{here['TRAINER_MIDDLEWARE_PORT']}{path}", timeout=5) as answer:
        return dict(json.load(answer))


def until_taught(here: dict[str, str], exchanges: int) -> str:
    """Wait until the session has so many exchanges; return its id."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            status = ask(here, "/api/training/status")
            if (status.get("exchanges_completed") or 0) >= exchanges:
                return str(status["session_id"])
        time.sleep(0.05)
    raise AssertionError(f"no {exchanges} exchanges within two minutes")


def session_log(here: dict[str, str]) -> dict[str, Any]:
    written = sorted(Path(here["TRAINER_DATA_DIR"]).glob("session_*.json"))
    assert len(written) == 1
    return dict(json.loads(written[0].read_text("utf-8")))


def nobody_listens(here: dict[str, str]) -> bool:
    def free(port: str) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", int(port))) != 0

    return all(free(port) for name, port in here.items() if name.endswith("_PORT"))


def services(here: dict[str, str]) -> dict[str, int]:
    """Name and number of every process that was started."""
    records = [Path(here["CEREBRUM_DATA_DIR"]), Path(here["TRAINER_DATA_DIR"])]
    found = [json.loads((folder / "services" / "started.json").read_text("utf-8"))["services"] for folder in records]
    return {each["name"]: each["pid"] for each in found[0] + found[1]}


def test_a_session_is_taught_whole_and_everything_ends(here: dict[str, str]) -> None:
    process = start(ROOT, "--exchanges", "12", *TUTOR, **here)
    output, _ = process.communicate(timeout=200)

    assert process.returncode == 0, output
    assert "12 of 12 exchanges recorded" in output
    assert nobody_listens(here)
    assert [each["number"] for each in session_log(here)["exchanges"]] == list(range(1, 13))
    assert re.search(r"from 12 exchanges", output), output


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_all_within_five_seconds_with_the_record_complete(
    number: signal.Signals, here: dict[str, str], running: list[subprocess.Popen[str]]
) -> None:
    innocent = subprocess.Popen([sys.executable, "-c", "input()", "middleware.py"], stdin=subprocess.PIPE, text=True)
    running.append(innocent)
    process = start(ROOT, "--exchanges", "100000", *TUTOR, **here)
    running.append(process)
    until_taught(here, 3)

    began = time.monotonic()
    process.send_signal(number)
    output, _ = process.communicate(timeout=20)
    took = time.monotonic() - began

    assert took < 5, output
    assert process.returncode == 128 + number, output
    assert nobody_listens(here)
    assert innocent.poll() is None
    log = session_log(here)
    assert log["end_reason"] == "stopped", output
    assert f"{len(log['exchanges'])} of 100000 exchanges recorded" in output


@posix
def test_a_service_that_is_killed_comes_back_and_the_session_goes_on(
    here: dict[str, str], running: list[subprocess.Popen[str]]
) -> None:
    process = start(ROOT, "--exchanges", "40", *TUTOR, **here)
    running.append(process)
    session = until_taught(here, 2)
    for name in ("CEREBRUM", "LLM server", "middleware"):
        os.kill(services(here)[name], signal.SIGKILL)
        done = session_log(here)["exchanges"][-1]["number"] if name == "middleware" else None
        until_taught(here, (done or ask(here, "/api/training/status")["exchanges_completed"]) + 2)

    output, _ = process.communicate(timeout=200)

    assert process.returncode == 0, output
    assert output.count("had died and was started again") == 3
    log = session_log(here)
    assert log["session_id"] == session
    assert [each["number"] for each in log["exchanges"]] == list(range(1, 41))
    assert "from 40 exchanges" in output, output


@posix
def test_what_a_killed_start_left_behind_is_ended_by_the_next(
    here: dict[str, str], running: list[subprocess.Popen[str]]
) -> None:
    first = start(ROOT, "--no-train", "--teacher", "tutor", **here)
    running.append(first)
    until_taught(here, 0)
    left = services(here)
    for record in (Path(here["TRAINER_DATA_DIR"]), Path(here["CEREBRUM_DATA_DIR"])):
        launcher = json.loads((record / "services" / "started.json").read_text("utf-8"))["launcher"]
        os.kill(launcher["pid"], signal.SIGKILL)
    first.wait(10)
    assert not nobody_listens(here)

    second = start(ROOT, "--exchanges", "2", *TUTOR, **here)
    output, _ = second.communicate(timeout=120)

    assert second.returncode == 0, output
    assert all(f"process {pid}" in output for pid in left.values()), output
    assert nobody_listens(here)


@pytest.mark.parametrize("name", ["CEREBRUM_PORT", "TRAINER_LLM_SERVER_PORT", "TRAINER_MIDDLEWARE_PORT"])
def test_a_port_that_is_taken_is_one_sentence_and_exit_code_2(name: str, here: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", int(here[name]))):
        process = start(ROOT, **here)
        output, _ = process.communicate(timeout=30)

    assert process.returncode == 2
    assert here[name] in output
    assert len(output.strip().splitlines()) == 1
    assert name.removeprefix("TRAINER_").lower() in output.lower()


@pytest.mark.parametrize("wrong", [["--exchanges", "none"], ["--teacher", "nobody"], ["--what"]])
def test_a_wrong_option_is_refused_before_anything_is_made(wrong: list[str], here: dict[str, str]) -> None:
    process = start(ROOT, *wrong, **here)
    output, _ = process.communicate(timeout=30)

    assert process.returncode == 2
    assert wrong[0] in output
    assert "Traceback" not in output
    assert not Path(here["TRAINER_DATA_DIR"]).exists()


def test_help_needs_nothing_and_names_every_option(here: dict[str, str]) -> None:
    process = start(ROOT, "--help", **here)
    output, _ = process.communicate(timeout=30)

    assert process.returncode == 0
    for option in ("--exchanges", "--delay", "--no-train", "--teacher", "--topics", "--seed", "--help"):
        assert option in output


def test_a_second_start_skips_the_environments_in_under_a_second(here: dict[str, str]) -> None:
    began = time.monotonic()
    code = (
        "from launch.environment import ensure; from launch.testing import CEREBRUM, ROOT, TRAINER;"
        "print([ensure(p, 'requirements.lock', ROOT / '.tools', print) for p in (CEREBRUM, TRAINER)])"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "[False, False]"
    assert time.monotonic() - began < 1
