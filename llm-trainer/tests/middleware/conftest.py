"""The middleware on a free port, between two stand-ins that do what a test asks of them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from llm_trainer.middleware.app import create_app
from llm_trainer.middleware.standins import StandIn, StandInLearner, StandInLlm, served
from llm_trainer.settings import Settings
from tests.postgresql import Server, postgresql_server
from tests.serving import serving, wait_until


class Scene:
    """A running middleware and its two peers."""

    def __init__(self, url: str, learner: Any, llm: Any, folder: Path) -> None:
        self.url, self.learner, self.llm, self.folder = url, learner, llm, folder
        self.http = httpx2.Client(base_url=url, timeout=20, trust_env=False)

    def get(self, path: str, **params: Any) -> Any:
        answer = self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, expect: int = 200) -> Any:
        answer = self.http.post(path, json=body) if body is not None else self.http.post(path)
        assert answer.status_code == expect, answer.text
        return answer.json()

    def start(self, **plan: Any) -> str:
        return self.post("/api/training/start", {"delay": 0, **plan})["session_id"]

    def status(self) -> Any:
        return self.get("/api/training/status")

    def log(self, **params: Any) -> list[dict[str, Any]]:
        return self.get("/api/training/log", **params)["exchanges"]

    def until_over(self, seconds: float = 20) -> Any:
        wait_until(lambda: not self.status()["running"], seconds)
        return self.status()

    def until_phase(self, phase: str) -> Any:
        """The first status seen in which it is so: the next may tell of another."""
        seen: list[Any] = []
        wait_until(lambda: seen.append(self.status()) or seen[-1]["phase"] == phase, 20)
        return seen[-1]

    def taught(self, **plan: Any) -> Any:
        """Run one session to its end."""
        self.start(**plan)
        return self.until_over()

    def file(self, name: str) -> Any:
        return json.loads((self.folder / f"{name}.json").read_text())

    def events(
        self, after: str, stop: Callable[[str, Any], bool], path: str = "/api/training/events"
    ) -> list[tuple[str, str, Any]]:
        """Recorded events (id, type, body) from ``after`` on, until ``stop``."""
        found = []
        with self.http.stream("GET", path, headers={"Last-Event-ID": after}) as answer:
            name = number = ""
            for line in answer.iter_lines():
                field, _, value = line.partition(": ")
                if field == "id":
                    number = value
                elif field == "event":
                    name = value
                elif field == "data" and name != "status":
                    found.append((number, name, json.loads(value)))
                    if stop(name, found[-1][2]):
                        break
        return found


@contextlib.contextmanager
def scene(folder: Path, learner: StandIn, llm: StandIn, /, **more: Any) -> Iterator[Scene]:
    """Serve all three."""
    with served(learner) as learner_url, served(llm) as llm_url:
        urls = {"cerebrum_url": learner_url, "llm_server_url": llm_url} | more
        with middleware(folder, **urls) as url:
            opened = Scene(url, learner, llm, folder)
            try:
                yield opened
            finally:
                opened.http.close()


@contextlib.contextmanager
def middleware(folder: Path, **settings: Any) -> Iterator[str]:
    """Serve the middleware alone."""

    def application(port: int) -> object:
        return create_app(Settings(middleware_port=port, data_dir=folder, **settings))

    with serving(application) as url:
        yield url


@pytest.fixture
def learner() -> Iterator[StandInLearner]:
    made = StandInLearner()
    yield made
    made.close()


@pytest.fixture
def llm() -> StandInLlm:
    return StandInLlm()


@pytest.fixture
def at_work(tmp_path: Path, learner: StandInLearner, llm: StandInLlm) -> Iterator[Scene]:
    with scene(tmp_path, learner, llm, learner_timeout_seconds=0.5) as opened:
        yield opened


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A middleware in which nothing runs; tests that share it leave it so."""
    learner = StandInLearner()
    with scene(tmp_path_factory.mktemp("idle"), learner, StandInLlm()) as opened:
        yield opened
    learner.close()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A PostgreSQL server; skips where there is none."""
    with postgresql_server() as server:
        yield server


@pytest.fixture
def own_postgresql() -> Iterator[Server]:
    """A server that a test may stop and start."""
    with postgresql_server() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def record_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty record may lie: the same test, on each database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'record.sqlite3'}"
    return str(request.getfixturevalue("postgresql").new_database())
