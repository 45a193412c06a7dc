"""Every command that the trainer's README prints is typed, as printed, in a copy of the repository."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
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

from tests.places import ROOT, copy, lend_environment

BRIEF = ROOT.parent / "shared" / "seed" / "README.md"
PORTS = (8000, 8001, 8002)
PAGE = ROOT / "llm-trainer" / "README.md"
pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="the trainer is not here")


def commands(page: Path) -> list[str]:
    """The commands of a page's shell blocks, one string each, continued lines joined, comments left out."""
    blocks = re.findall(r"```bash\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [re.sub(r"\s+", " ", line).strip() for line in lines if line.strip() and not line.startswith("#")]


def taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_every_command_of_the_brief_stands_in_the_readme_as_printed() -> None:
    if not BRIEF.exists():
        pytest.skip("the brief is not beside the project (../shared/seed)")

    assert len(commands(BRIEF)) > 12
    assert [command for command in commands(BRIEF) if command not in commands(PAGE)] == []


class Shell:
    """A terminal in the copy, whose ``python`` and ``pip`` are those of an environment of its own."""

    def __init__(self, root: Path, venv: Path) -> None:
        self.root = root
        self.environment = {**os.environ, "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"}
        self.environment |= {"TRAINER_CONVERSATION_DELAY": "0", "TRAINER_LLM_BACKEND": "tutor"}
        self.open: list[subprocess.Popen[str]] = []

    def type(self, *lines: str, timeout: float = 400) -> str:
        """Type lines, wait for the end, return the output; the last one must succeed."""
        ran = subprocess.run(
            ["bash", "-c", "\n".join(lines)],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert ran.returncode == 0, f"{lines}: {ran.stdout[-1500:]}{ran.stderr[-1500:]}"
        return ran.stdout

    def leave_running(self, *lines: str, until: str) -> None:
        """Type lines in a terminal of its own, and wait until ``until`` answers."""
        program = "\n".join([*lines[:-1], f"exec {lines[-1]}"])
        process = subprocess.Popen(
            ["bash", "-c", program],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.open.append(process)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert process.poll() is None, f"{lines} ended with {process.returncode}"
            with contextlib.suppress(OSError), urllib.request.urlopen(until, timeout=2):
                return
            time.sleep(0.05)
        raise AssertionError(f"{until} does not answer")

    def close(self) -> None:
        for process in self.open:
            process.send_signal(signal.SIGINT)
        for process in self.open:
            process.wait(10)
        self.open.clear()


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    if sys.platform == "win32" or not shutil.which("curl"):
        pytest.skip("the commands are printed for a POSIX shell with curl")
    if not (ROOT / "cerebrum" / ".venv" / "made-from.json").exists():
        pytest.skip("CEREBRUM is not here, or run_tests.py has not made its environment")
    busy = [port for port in PORTS if taken(port)]
    if busy:
        pytest.skip(f"ports {busy} are taken; the commands are printed for them")
    root = copy(tmp_path / "copy")
    lend_environment(root / "cerebrum")
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    shell = Shell(root, tmp_path / "venv")
    learner = Shell(root, root / "cerebrum" / ".venv")
    learner.leave_running("cd cerebrum", "python -m cerebrum serve", until="http://127.0.0.1:8000/healthz")
    yield shell
    shell.close()
    learner.close()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_commands_do_what_the_page_says(shell: Shell) -> None:
    printed = commands(PAGE)
    enter = "cd llm-trainer"
    assert enter in printed

    def typed(pattern: str) -> str:
        found = [command for command in printed if re.search(pattern, command)]
        assert len(found) == 1, pattern
        return found[0]

    def said(pattern: str) -> dict[str, Any]:
        return dict(json.loads(shell.type(typed(pattern))))

    shell.type(enter, typed("^pip install"))
    shell.leave_running(enter, typed("llm_server.py$"), until="http://localhost:8001/healthz")
    shell.leave_running(enter, typed("middleware.py$"), until="http://localhost:8002/healthz")
    assert "100 of 100 exchanges recorded" in shell.type(enter, typed("conversation_orchestrator.py --exchanges"))

    started = said("training/start")
    assert (started["status"], started["max_exchanges"], started["delay"]) == ("started", 100, 2.0)
    assert said("training/status")["session_id"] == started["session_id"]
    assert said("training/log")["session_id"] == started["session_id"]
    assert said("training/stop")["status"] == "stopped"
    assert said("8001/api/chat")["response"]
    assert said("cerebrum/status")["exchanges"] >= 100
    assert said("8002/api/llm/chat")["response"]

    shell.type(enter, f"{typed('orchestrator.py export')} && test -s session.json")
    shell.close()
    assert "100 of 100 exchanges recorded" in shell.type(enter, typed("start_training.py$"))

    shell.type(typed("^rm -rf"))
    assert not (shell.root / "llm-trainer").exists()
    with urllib.request.urlopen("http://localhost:8000/api/status", timeout=5) as answer:
        assert json.load(answer)["exchanges"] >= 200
