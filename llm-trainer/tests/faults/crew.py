"""The learner, the LLM server and the middleware as processes that are killed and started again in milliseconds."""

from __future__ import annotations

import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.middleware.test_kills import CEREBRUM, HOME, INTERPRETER, free_ports
from tests.serving import wait_until

PATIENCE_SECONDS = 120
SERVING = ("uvicorn.protocols.http.auto", "uvicorn.loops.auto")
WIRED = ("llm_trainer.middleware.app", "llm_trainer.middleware.wiring", "llm_trainer.web", "llm_trainer.log")
MIDDLEWARE = ("llm_trainer.middleware.main:main", *WIRED, *SERVING, "sqlalchemy.dialects.sqlite.pysqlite")
STAND_IN = ("llm_trainer.middleware.standins:main", *SERVING)
LEARNER = ("cerebrum.__main__:main", *SERVING)
Line = tuple[str, str, str]


class Zygote:
    """One process of ``zygote.py``, and the service that it runs."""

    def __init__(self, name: str, python: str, home: Path, modules: tuple[str, ...], folder: Path, port: int) -> None:
        self.name, self.port, self.log, self.pid = name, port, folder / f"{name}.log", 0
        self.arguments: list[str] = []
        self.environment: dict[str, str] = {}
        command = [python, str(Path(__file__).with_name("zygote.py")), *modules]
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("TRAINER_", "CEREBRUM_"))}
        clean |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(home)}
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=home, env=clean, stdin=pipe, stdout=pipe, text=True, bufsize=1)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "{}\n", f"{name} cannot be imported"

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        return dict(json.loads(self._process.stdout.readline()))

    def start(self, **environment: str) -> None:
        request = {"start": self.arguments, "log": str(self.log), "environment": self.environment | environment}
        self.pid = self._ask(request)["pid"]

    def wait(self, seconds: float) -> int | None:
        code = self._ask({"wait": self.pid, "seconds": seconds})["code"]
        self.pid = 0 if code is not None else self.pid
        return code

    def kill(self) -> None:
        """kill -9, and start again. A service that had ended by itself fails the test."""
        os.kill(self.pid, signal.SIGKILL)
        code = self.wait(30)
        assert code == -signal.SIGKILL, f"{self.name} had ended with {code}: {self.log.read_text()[-2000:]}"
        self.start()

    def ask(self, method: str, path: str, body: Any = None, seconds: float = 5) -> Any:
        """What the service answers, or None while it cannot."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request(
                method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"}
            )
            answer = connection.getresponse()
            document = json.loads(answer.read())
            return document if answer.status == 200 else None
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()

    def close(self) -> None:
        if self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        self._process.kill()
        self._process.communicate()


class Crew:
    """All three, over ``folder``."""

    def __init__(self, folder: Path, is_real: bool) -> None:
        ports = free_ports(3)
        self.folder, self.is_real = folder, is_real
        here = sys.executable
        learner = (str(INTERPRETER), CEREBRUM, LEARNER) if is_real else (here, HOME, STAND_IN)
        self.learner = Zygote("learner", *learner, folder, ports[0])
        self.llm = Zygote("llm", here, HOME, STAND_IN, folder, ports[1])
        self.middleware = Zygote("middleware", here, HOME, MIDDLEWARE, folder, ports[2])
        self.all = [self.learner, self.llm, self.middleware]
        place = ["--port", str(ports[0])]
        memory = folder / "mind.sqlite3"
        more = ["--data-dir", str(folder), "--log-level", "WARNING"] if is_real else ["--memory", str(memory)]
        self.learner.arguments = ["serve" if is_real else "learner", *place, *more]
        self.llm.arguments = ["llm", "--port", str(ports[1])]
        self.middleware.arguments = ["--port", str(ports[2])]
        self.middleware.environment = {
            "TRAINER_CEREBRUM_URL": f"http://127.0.0.1:{ports[0]}",
            "TRAINER_LLM_SERVER_URL": f"http://127.0.0.1:{ports[1]}",
            "TRAINER_DATA_DIR": str(folder),
        }

    def until(self, condition: Any) -> None:
        wait_until(condition, PATIENCE_SECONDS)

    def begin(self, **plan: Any) -> None:
        """Start a session as soon as both ends are there."""
        body = {"max_exchanges": 1_000_000, "delay": 0, **plan}
        self.until(lambda: self.middleware.ask("POST", "/api/training/start", body, 30))

    def count(self) -> int:
        found = self.learner.ask("GET", "/api/status")
        return -1 if found is None else int(found["exchanges"])

    def goes_on(self, exchanges: int) -> None:
        """Wait until the learner has heard that many more; nobody helps."""
        self.until(lambda: self.count() >= 0)
        before = self.count()
        self.until(lambda: self.count() >= before + exchanges)

    def stop(self) -> dict[str, Any]:
        self.until(lambda: self.middleware.ask("GET", "/api/training/status"))
        stopped = self.middleware.ask("POST", "/api/training/stop", seconds=60)
        return stopped or self.middleware.ask("GET", "/api/training/status")

    def end(self) -> list[int | None]:
        for service in (self.middleware, self.learner, self.llm):
            os.kill(service.pid, signal.SIGTERM)
        return [service.wait(20) for service in (self.middleware, self.learner, self.llm)]

    def taught(self) -> list[Line]:
        """What the record calls taught, in order, read with the standard library's SQLite."""
        with closing(sqlite3.connect(self.folder / "record.sqlite3")) as record:
            assert record.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            return list(record.execute("SELECT key, text, reply FROM exchanges WHERE status = 'taught' ORDER BY row"))

    def unsettled(self) -> list[tuple[str, str]]:
        """Exchanges that are neither taught nor never sent."""
        with closing(sqlite3.connect(self.folder / "record.sqlite3")) as record:
            return list(record.execute("SELECT key, status FROM exchanges WHERE status NOT IN ('taught', 'abandoned')"))

    def heard(self) -> list[Line]:
        with closing(sqlite3.connect(self.folder / "mind.sqlite3")) as mind:
            assert mind.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            if not self.is_real:
                return list(mind.execute("SELECT key, text, text FROM heard ORDER BY seq"))
            rows = mind.execute("SELECT key, heard, content FROM records WHERE kind = 'exchange' ORDER BY seq")
            return [(key, text, json.loads(content)[1]) for key, text, content in rows]


@contextmanager
def crew(folder: Path, is_real: bool = False) -> Iterator[Crew]:
    made = Crew(folder, is_real)
    try:
        for service in made.all:
            service.start()
        yield made
    finally:
        for service in made.all:
            service.close()
