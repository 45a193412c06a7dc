"""The real service: killed, ended, crowded and starved."""

from __future__ import annotations

import contextlib
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cerebrum.store import Store
from tests.serving import Service, environment, free_port, run

KILLS = {"the learner's thread": 25, "the whole service": 2}
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")

LINES = """
import sys
from functools import partial
from pathlib import Path
from cerebrum.learner import Learner
from cerebrum.mind import Mind
from cerebrum.saved import SavedMinds
from cerebrum.store import Store
from cerebrum.worker import Worker

folder = Path(sys.argv[1])
worker = Worker(lambda: Learner(Store(folder / "mind.sqlite3"), SavedMinds(folder / "saved", "t"), Mind))
worker.start()
while worker.ask_status().result().state == "waking":
    pass
for line in sys.stdin:
    key, _, text = line.rstrip("\\n").partition(" ")
    print(worker.submit(partial(Learner.exchange, heard=text, conversation="c", key=key)).result().seq, flush=True)
"""


class Lines:
    """The learner in its thread, asked line by line: starts in a third of the time."""

    def __init__(self, folder: Path) -> None:
        pipe = subprocess.PIPE
        arguments = [sys.executable, "-c", LINES, str(folder)]
        self.process = subprocess.Popen(arguments, stdin=pipe, stdout=pipe, env=environment(), text=True, bufsize=1)

    def __enter__(self) -> Lines:
        self.say("x", "0:0")
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def say(self, text: str, key: str) -> tuple[int, dict[str, int]]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{key} {text}\n")
        answer = self.process.stdout.readline()
        if not answer.endswith("\n"):
            raise ConnectionError("it was killed")
        return 200, {"exchange": int(answer)}


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("what", KILLS)
def test_kills_at_random_instants_lose_nothing_and_repeat_nothing(tmp_path: Path, what: str) -> None:
    """After each kill the exchange in doubt is sent again with its key, as a caller would."""
    chance, folder = random.Random(5), tmp_path / "memory"
    acknowledged: list[tuple[str, str]] = []
    for _ in range(KILLS[what]):
        with Service(folder) if what == "the whole service" else Lines(folder) as service:
            killer = threading.Timer(chance.uniform(0.0, 0.12), service.process.kill)
            killer.start()
            with contextlib.suppress(OSError):
                while True:
                    number = len(acknowledged)
                    key, text = f"s:{number:08d}", f"This is utterance {number}, and {number % 7} more."
                    status, document = service.say(text, key)
                    assert status == 200, document
                    acknowledged.append((key, text))
            killer.join()
    store = Store(folder / "mind.sqlite3")
    heard = [(record.key, record.content.heard) for record in store.records() if record.content]
    assert store.verify() == len(heard)
    store.close()
    heard = [exchange for exchange in heard if exchange[0] != "0:0"]
    assert heard[: len(acknowledged)] == acknowledged
    assert len(heard) <= len(acknowledged) + 1
    print(f"\n{KILLS[what]} kills of {what}, {len(acknowledged)} acknowledged, 0 lost, 0 twice")  # noqa: T201


@posix
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_time_with_its_mind_saved(tmp_path: Path, number: int) -> None:
    folder = tmp_path / "memory"
    with Service(folder) as service:
        for text in ("hello", "you"):
            service.say(text)
        code, seconds = service.end(number)

    assert (code, seconds < 5) == (0, True)
    assert [path.name for path in (folder / "saved").iterdir()] == ["000000000002"]
    assert sorted(path.name for path in folder.iterdir()) == ["mind.sqlite3", "saved"]
    with sqlite3.connect(folder / "mind.sqlite3") as stock:
        assert stock.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert stock.execute("SELECT count(*) FROM records").fetchone() == (2,)
    stock.close()


@pytest.mark.slow
def test_one_record_has_one_process_and_one_port_one_program(tmp_path: Path) -> None:
    with Service(tmp_path / "memory") as service:
        locked = run("serve", "--data-dir", tmp_path / "memory", "--port", _other(service.port))
        taken = run("serve", "--data-dir", tmp_path / "elsewhere", "--port", service.port)
        replay = run("replay", "--data-dir", tmp_path / "memory", "--port", service.port)

    assert (locked.returncode, locked.stderr.count("\n")) == (75, 1), locked.stderr
    assert "open in another process" in locked.stderr
    assert (taken.returncode, taken.stderr.count("\n")) == (2, 1), taken.stderr
    assert str(service.port) in taken.stderr
    assert "CEREBRUM_PORT" in taken.stderr
    assert replay.returncode == 75


def _other(port: int) -> int:
    found = free_port()
    return found if found != port else free_port()


@pytest.mark.slow
def test_a_crowd_is_answered_or_told_when_to_come_back(tmp_path: Path) -> None:
    with Service(tmp_path / "memory") as service:
        answers: list[int] = []

        def talk(number: int) -> None:
            for turn in range(2):
                answers.append(service.say(f"I am number {number}, turn {turn}.")[0])

        crowd = [threading.Thread(target=talk, args=(number,)) for number in range(80)]
        for one in crowd:
            one.start()
        slowest = 0.0
        while any(one.is_alive() for one in crowd):
            started = time.monotonic()
            assert service.ask("GET", "/healthz")[0] == 200
            slowest = max(slowest, time.monotonic() - started)
        status = service.ask("GET", "/api/status")[1]

    assert set(answers) <= {200, 503}
    assert status["exchanges"] == answers.count(200) > 0
    assert slowest < 2


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2)
from cerebrum.__main__ import main
sys.exit(main())
"""


@posix
@pytest.mark.slow
@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 does not tell a full disk from a failed sync")
def test_a_full_disk_is_said_and_nothing_of_it_is_learned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tests.serving as serving

    limited = lambda *arguments: [sys.executable, "-c", LIMITED, "120000", *map(str, arguments)]  # noqa: E731
    monkeypatch.setattr(serving, "command", limited)
    with Service(tmp_path / "memory") as service:
        acknowledged = 0
        for number in range(200):
            status, document = service.say(f"{number} " + "long " * 200, f"k{number}")
            if status != 200:
                break
            acknowledged += 1
        full = service.ask("GET", "/api/status")[1]
        frozen = service.ask("POST", "/api/chat", {"message": "are you there", "learn": False})[0]
        service.end()

    assert (status, document["code"]) == (503, "store"), document
    assert document["remedy"]
    assert 0 < acknowledged < 200
    assert (full["exchanges"], full["cursor"]["seq"], full["observations"]) == (acknowledged,) * 3
    assert frozen == 200
    monkeypatch.undo()
    with Service(tmp_path / "memory") as again:
        assert again.ask("GET", "/api/status")[1]["exchanges"] == acknowledged
        assert again.say("there is space again", f"k{acknowledged}")[0] == 200


@pytest.mark.slow
def test_a_damaged_record_is_refused_naming_the_place_and_the_remedy(tmp_path: Path) -> None:
    folder = tmp_path / "memory"
    store = Store(folder / "mind.sqlite3")
    store.close()
    path = folder / "mind.sqlite3"
    path.write_bytes(b"\0" * 4096 + path.read_bytes()[4096:])

    refused = run("serve", "--data-dir", folder, "--port", _other(0))

    assert refused.returncode == 65
    assert "mind.sqlite3" in refused.stderr
    assert "cerebrum restore" in refused.stderr
