from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from llm_trainer.cli.service import MOST_DEATHS, Service, end, pause_before_restart
from tests.cli.fake import FakeMiddleware

LIVE = "import sys; print('up', flush=True); import threading; threading.Event().wait()"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {LIVE}"


@pytest.fixture
def make(tmp_path: Path, middleware: FakeMiddleware) -> Iterator[Callable[[str], Service]]:
    made: list[Service] = []

    def service(program: str, url: str = f"{middleware.url}/api/status") -> Service:
        command = [sys.executable, "-c", program]
        made.append(Service("thing", command, tmp_path, tmp_path / "logs" / "thing.log", url))
        made[-1].start()
        return made[-1]

    yield service
    for each in made:
        each.kill()


def until(true: Callable[[], object], service: Service) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, service.tail()
        service.tend(time.monotonic())
        time.sleep(0.01)


def test_a_service_is_ready_when_it_says_so(make: Callable[[str], Service]) -> None:
    service = make(LIVE)
    assert not service.ready

    until(lambda: service.ready, service)


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")
def test_a_service_that_dies_is_started_again_as_another_process(make: Callable[[str], Service]) -> None:
    service = make(LIVE)
    until(lambda: service.ready, service)
    before = service.identity

    os.kill(service.pid, signal.SIGKILL)
    until(lambda: service.restarts == 1 and service.ready, service)

    assert service.identity != before
    assert not service.failed


def test_a_service_that_cannot_start_is_given_up_with_its_last_words(make: Callable[..., Service]) -> None:
    service = make("import sys; sys.exit('port 1 is taken \\x1b[31m')", "http://127.0.0.1:9/")

    until(lambda: service.failed, service)

    assert "exit code 1" in service.failed
    assert "port 1 is taken" in service.tail()
    assert "\x1b" not in service.tail()
    assert service.restarts == 0


def test_restarts_wait_longer_each_time_up_to_a_limit() -> None:
    pauses = [pause_before_restart(n) for n in range(1, MOST_DEATHS + 1)]

    assert pauses[:4] == [0.5, 1, 2, 4]
    assert max(pauses) == 8


def test_the_end_is_asked_for_first(make: Callable[[str], Service]) -> None:
    service = make(LIVE)
    until(lambda: "up" in service.tail(), service)

    assert end([service], time.monotonic() + 10) == []
    assert service.gone()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to ignore")
def test_who_does_not_listen_is_ended_at_the_deadline(make: Callable[[str], Service]) -> None:
    service = make(DEAF)
    until(lambda: "up" in service.tail(), service)
    began = time.monotonic()

    assert end([service], began + 0.2) == ["thing"]

    assert service.gone()
    assert time.monotonic() - began < 2


def test_a_long_log_is_put_aside_at_the_next_start(
    make: Callable[[str], Service], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llm_trainer.cli.service.LOG_LIMIT_BYTES", 10)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "thing.log").write_text("x" * 11)

    make(LIVE)

    assert (tmp_path / "logs" / "thing.log.1").read_text() == "x" * 11
