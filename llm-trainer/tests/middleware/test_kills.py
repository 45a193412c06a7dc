"""kill -9 of any of the three processes at any moment: afterwards record and learner agree, and nothing was twice."""

from __future__ import annotations

import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from tests.serving import wait_until

HOME = Path(__file__).resolve().parent.parent.parent
KILLS = 51


class Service:
    """A process that is started again after each kill."""

    def __init__(self, command: list[str], url: str, environment: dict[str, str], log: Path) -> None:
        self.command, self.url, self.environment, self.log = command, url, environment, log
        self.process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *self.command], cwd=HOME, env=self.environment, stdout=log, stderr=log
            )

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process = self._started()

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(10)

    def answers(self) -> bool:
        try:
            return httpx2.get(f"{self.url}/api/status", timeout=1, trust_env=False).status_code == 200
        except httpx2.HTTPError:
            return False


@pytest.fixture
def services(tmp_path):
    ports = _free_ports(3)
    learner_url, llm_url, url = (f"http://127.0.0.1:{port}" for port in ports)
    settings = {"CEREBRUM_URL": learner_url, "LLM_SERVER_URL": llm_url, "DATA_DIR": str(tmp_path)}
    environment = os.environ | {f"TRAINER_{name}": value for name, value in settings.items()}
    stand_in = ["-m", "llm_trainer.middleware.standins"]
    made = {
        "learner": Service(
            [*stand_in, "learner", "--port", str(ports[0]), "--memory", str(tmp_path / "mind.sqlite3")],
            learner_url,
            environment,
            tmp_path / "learner.log",
        ),
        "llm": Service([*stand_in, "llm", "--port", str(ports[1])], llm_url, environment, tmp_path / "llm.log"),
        "middleware": Service(
            ["middleware.py", "--port", str(ports[2])], url, environment, tmp_path / "middleware.log"
        ),
    }
    yield made
    for service in made.values():
        service.process.kill()
        service.process.wait()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is not a Windows signal")
def test_after_many_kills_record_and_learner_agree_exactly(services, tmp_path):
    chance = random.Random(20)
    mind = tmp_path / "mind.sqlite3"
    wait_until(lambda: all(service.answers() for service in services.values()), 60)
    url = services["middleware"].url
    started = httpx2.post(f"{url}/api/training/start", json={"max_exchanges": 100_000, "delay": 0}, trust_env=False)
    assert started.json()["guarantee"] == "exactly-once"

    began, kills = time.monotonic(), dict.fromkeys(services, 0)
    for number in range(KILLS):
        name = "middleware" if number % 6 == 0 else chance.choice(("learner", "llm"))
        heard = _count(mind)
        wait_until(lambda heard=heard: _count(mind) > heard + chance.randrange(3), 60)  # at work again
        time.sleep(chance.random() * 0.03)  # a random instant, not a wait for anything
        services[name].kill()
        kills[name] += 1

    last = _count(mind)
    wait_until(lambda: _count(mind) > last + 5 and all(service.answers() for service in services.values()), 60)
    stopped = httpx2.post(f"{url}/api/training/stop", timeout=60, trust_env=False).json()
    log = _log(url)
    heard = _heard(mind)
    sys.stdout.write(f"kills {kills}, exchanges {len(heard)}, seconds {time.monotonic() - began:.0f}\n")

    assert [(entry["key"], entry["llm_to_cerebrum"]) for entry in log] == heard
    assert stopped["exchanges_completed"] == len(heard)
    assert stopped["uncertain"] == 0
    assert [entry["number"] for entry in log] == list(range(1, len(log) + 1))


def _count(mind: Path) -> int:
    return len(_heard(mind)) if mind.exists() else 0


def _heard(mind: Path) -> list[tuple[str, str]]:
    connection = sqlite3.connect(mind, timeout=10)
    try:
        return list(connection.execute("SELECT key, text FROM heard ORDER BY seq"))
    finally:
        connection.close()


def _log(url: str) -> list[dict]:
    found: list[dict] = []
    while True:
        after = found[-1]["number"] if found else 0
        page = httpx2.get(
            f"{url}/api/training/log", params={"after": after, "limit": 1000}, timeout=30, trust_env=False
        ).json()["exchanges"]
        if not page:
            return found
        found += page
