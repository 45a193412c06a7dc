"""kill -9 of any of the three real programs, started anew each time: the session goes on, and both records agree.

``tests/faults/test_kills.py`` does it hundreds of times, with processes that start in milliseconds.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.serving import wait_until

HOME = Path(__file__).resolve().parent.parent.parent
CEREBRUM = HOME.parent / "cerebrum"
INTERPRETER = CEREBRUM / ".venv" / "bin" / "python"
KILLS = 12
PROGRESS_SECONDS = 60
Line = tuple[str, str, str]
"""One exchange as either side recorded it: key, what the learner heard, what it said."""


class Service:
    """A process that is started again after each kill, as the launcher does it."""

    def __init__(self, command: list[str], folder: Path, port: int, environment: dict[str, str], log: Path) -> None:
        self.command, self.folder, self.environment, self.log = command, folder, environment, log
        self.url = f"http://127.0.0.1:{port}"
        self.process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(self.command, cwd=self.folder, env=self.environment, stdout=log, stderr=log)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process = self._started()

    def end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def says(self, path: str) -> dict | None:
        """The service's answer, or None while it cannot answer. One that ended by itself fails the test."""
        code = self.process.poll()
        assert code is None, f"{self.command[-4:]} ended with {code}: {self.log.read_text()[-2000:]}"
        try:
            answer = httpx2.get(self.url + path, timeout=2, trust_env=False)
        except httpx2.HTTPError:
            return None
        return answer.json() if answer.status_code == 200 else None


def stand_ins(folder: Path, ports: list[int]) -> dict[str, list[str]]:
    module = [sys.executable, "-m", "llm_trainer.middleware.standins"]
    memory = str(folder / "mind.sqlite3")
    return {
        "learner": [*module, "learner", "--port", str(ports[0]), "--memory", memory],
        "llm": [*module, "llm", "--port", str(ports[1])],
    }


def real(folder: Path, ports: list[int]) -> dict[str, list[str]]:
    mind = ["--port", str(ports[0]), "--data-dir", str(folder)]
    return {
        "learner": [str(INTERPRETER), "-m", "cerebrum", "serve", *mind],
        "llm": [sys.executable, "llm_server.py", "--backend", "tutor", "--port", str(ports[1])],
    }


@contextmanager
def running(folder: Path, peers: Callable[[Path, list[int]], dict[str, list[str]]]) -> Iterator[dict[str, Service]]:
    ports = free_ports(3)
    settings = {"CEREBRUM_URL": ports[0], "LLM_SERVER_URL": ports[1]}
    environment = os.environ | {f"TRAINER_{name}": f"http://127.0.0.1:{port}" for name, port in settings.items()}
    environment |= {"TRAINER_DATA_DIR": str(folder), "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # else each start compiles every module anew
    commands = peers(folder, ports) | {"middleware": [sys.executable, "middleware.py", "--port", str(ports[2])]}
    made = {}
    try:
        for port, (name, command) in zip(ports, commands.items(), strict=True):
            place = CEREBRUM if command[0] == str(INTERPRETER) else HOME
            made[name] = Service(command, place, port, environment, folder / f"{name}.log")
        yield made
    finally:
        for service in made.values():
            service.process.kill()
            service.process.wait()


def free_ports(count: int) -> list[int]:
    """Ports below those that systems lend to outgoing calls: a call of anybody's could take one while it is free."""
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(20_000, 32_000)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        found = sorted({*found, port})
    return found


def heard_by_the_stand_in(folder: Path) -> list[Line]:
    with closing(sqlite3.connect(folder / "mind.sqlite3")) as mind:
        return list(mind.execute("SELECT key, text, text FROM heard ORDER BY seq"))


def heard_by_cerebrum(folder: Path) -> list[Line]:
    with closing(sqlite3.connect(folder / "mind.sqlite3")) as mind:
        rows = mind.execute("SELECT key, heard, content FROM records WHERE kind = 'exchange' ORDER BY seq").fetchall()
    return [(key, text, json.loads(content)[1]) for key, text, content in rows]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is not a Windows signal")
@pytest.mark.parametrize(("peers", "heard"), [(real, heard_by_cerebrum)])
def test_after_many_kills_both_records_agree_line_by_line(tmp_path, peers, heard):
    if peers is real and not INTERPRETER.exists():
        pytest.skip(f"needs the learner's environment, {INTERPRETER}")
    chance, began = random.Random(20), time.monotonic()
    with running(tmp_path, peers) as services:
        wait_until(lambda: all(service.says("/api/status") for service in services.values()), PROGRESS_SECONDS)
        url = services["middleware"].url
        plan = {"max_exchanges": 100_000, "delay": 0}
        started = httpx2.post(f"{url}/api/training/start", json=plan, timeout=20, trust_env=False).json()
        assert started["guarantee"] == "exactly-once", started

        kills = dict.fromkeys(services, 0)
        for number in range(KILLS):
            name = "middleware" if number % 6 == 0 else chance.choice(("learner", "llm"))
            goes_on(services, chance.randrange(1, 4))
            time.sleep(chance.random() * 0.03)  # a random instant, not a wait for anything
            services[name].kill()
            kills[name] += 1
        goes_on(services, 5)
        stopped = httpx2.post(f"{url}/api/training/stop", timeout=60, trust_env=False).json()
        taught = recorded(url)
        for service in services.values():
            service.end()

    said = heard(tmp_path)
    seconds = time.monotonic() - began
    sys.stdout.write(f"{peers.__name__}: kills {kills}, exchanges {len(said)}, seconds {seconds:.0f}\n")
    assert taught == said
    assert (stopped["exchanges_completed"], stopped["uncertain"]) == (len(said), 0)


def goes_on(services: dict[str, Service], exchanges: int) -> None:
    """Wait until the learner has heard that many more; nobody helps."""
    learner = services["learner"]

    def count() -> int:
        body = learner.says("/api/status")
        return -1 if body is None else body["exchanges"]

    wait_until(lambda: count() >= 0, PROGRESS_SECONDS)
    before = count()
    wait_until(lambda: count() >= before + exchanges, PROGRESS_SECONDS)
    assert all(service.process.poll() is None for service in services.values())


def recorded(url: str) -> list[Line]:
    found: list[dict] = []
    while True:
        place = {"after": found[-1]["number"] if found else 0, "limit": 1000}
        answer = httpx2.get(f"{url}/api/training/log", params=place, timeout=30, trust_env=False)
        page = answer.json()["exchanges"]
        if not page:
            return [(each["key"], each["llm_to_cerebrum"], each["cerebrum_response"]) for each in found]
        found += page
