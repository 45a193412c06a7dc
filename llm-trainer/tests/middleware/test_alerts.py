"""Outages, standstills and ends are told to somebody outside, and telling holds up nobody."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from llm_trainer.errors import SettingsError, StoreError
from llm_trainer.middleware import alerts
from llm_trainer.middleware.alerts import Alerts, address
from llm_trainer.middleware.standins import Reply, StandIn, says, served, waits
from llm_trainer.session.dialogue import Tuning
from llm_trainer.session.state import Phase, State
from tests.serving import wait_until

from .conftest import scene


class Outside(StandIn):
    """Whoever is told."""

    def answer(self, given):
        return Reply(204)

    def told(self):
        return [given.body for given in tuple(self.requests)]


@pytest.fixture
def outside():
    stand_in = Outside()
    with served(stand_in) as url:
        stand_in.url = f"{url}/hooks/s3cret"
        yield stand_in


def notes(at_work, code):
    found = at_work.get("/api/training/notes")["notes"]
    return [note["detail"] for note in found if note["code"] == code]


def test_an_end_is_told_and_that_it_was_is_recorded(tmp_path, learner, llm, outside, monkeypatch):
    monkeypatch.setenv("HOOK", outside.url)
    with scene(tmp_path, learner, llm, alert_url="$HOOK") as at_work:
        session = at_work.start(max_exchanges=2)
        at_work.until_over()
        wait_until(lambda: notes(at_work, "alert"))
        recorded = notes(at_work, "alert")

    (told,) = outside.told()
    assert (told["alert"], told["session_id"], told["learner"]) == ("end", session, "default")
    assert (told["detail"], told["exchanges_completed"]) == ("completed", 2)
    assert recorded == ["end told by web: arrived"]


class Standing:
    """A session as the watching sees it, at a time that the test chooses."""

    def __init__(self):
        self.now = 0.0
        self.state = State(tuning=Tuning(), phase=Phase.TEACHING)
        self.id, self.row, self.storage_error, self.last_error = "s", {"name": "n", "learner": {}}, None, None
        self.session = self
        self.alerts = Alerts(None, None, url="http://localhost:1", command=(), after_seconds=100)

    def after(self, seconds, **changes):
        """What is told when that much time has passed and these changes have come."""
        self.state = replace(self.state, **changes)
        for _ in range(seconds // 10):
            self.now += 10
            self.alerts.look([self])
        told = []
        while not self.alerts._waiting.empty():
            alert = self.alerts._waiting.get_nowait()[1]
            told.append((alert.alert, alert.detail))
        return told


@pytest.fixture
def standing():
    made = Standing()
    made.alerts._clock = SimpleNamespace(now=lambda: made.now)
    return made


def test_an_outage_is_told_once_and_again_only_after_an_exchange(standing):
    assert standing.after(90, phase=Phase.WAITING_LEARNER, failures=3, reason="out to lunch") == []
    assert standing.after(500) == [("outage", "out to lunch")]
    assert standing.after(500, phase=Phase.CHECKING) == []
    assert standing.after(90, taught=1) == []
    assert standing.after(90) == [("outage", "out to lunch")]


def test_a_call_that_hangs_and_a_disk_that_refuses_are_stalls(standing):
    assert standing.after(200) == [("stall", "no exchange is made; it is teaching")]
    assert standing.after(50, taught=1) == []
    standing.storage_error = StoreError("the disk is full")
    assert standing.after(200, phase=Phase.PAUSED) == [("stall", "the disk is full")]


def test_a_delay_or_a_pause_is_no_standstill(standing):
    assert standing.after(5_000, phase=Phase.RESTING) == []
    assert standing.after(5_000, phase=Phase.PAUSED) == []
    assert standing.after(90, phase=Phase.ASKING) == []
    assert standing.after(90) == [("stall", "no exchange is made; it is asking")]


def test_an_address_that_hangs_or_refuses_holds_up_nobody_and_is_recorded_without_its_secret(
    tmp_path, learner, llm, outside, monkeypatch, caplog
):
    monkeypatch.setattr(alerts, "WEB_SECONDS", 0.4)
    outside.faults = [waits(3), says(500)]
    with scene(tmp_path, learner, llm, alert_url=outside.url) as at_work:
        at_work.taught(max_exchanges=1)
        assert at_work.taught(max_exchanges=1)["exchanges_completed"] == 1
        wait_until(lambda: notes(at_work, "alert-failed"))
        assert notes(at_work, "alert-failed") == ["end told by web: answered 500"]
        assert "s3cret" not in at_work.http.get("/api/training/notes").text + at_work.http.get("/api/traffic").text

    assert "no answer within 0.4 s" in caplog.text
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize(
    ("program", "recorded"),
    [
        ("import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(sys.stdin.read())", "end told by command: arrived"),
        ("raise SystemExit(3)", "end told by command: ended with 3"),
        ("import time; time.sleep(60)", "end told by command: did not end within 1 s"),
        (None, "end told by command: cannot be started: No such file or directory"),
    ],
)
def test_a_command_gets_the_alert_on_its_standard_input(tmp_path, learner, llm, monkeypatch, program, recorded):
    seconds = 1.0 if program and "sleep" in program else 10.0
    monkeypatch.setattr(alerts, "COMMAND_SECONDS", seconds)
    given = tmp_path / "given.json"
    command = [sys.executable, "-c", program, str(given)] if program else [str(tmp_path / "no-such-program")]
    if program is None and sys.platform == "win32":
        pytest.skip("the system's words differ")
    with scene(tmp_path, learner, llm, alert_command=command) as at_work:
        session = at_work.taught(max_exchanges=1)["session_id"]
        wait_until(lambda: [*notes(at_work, "alert"), *notes(at_work, "alert-failed")], 15)
        found = [*notes(at_work, "alert"), *notes(at_work, "alert-failed")]

    assert found == [recorded]
    if "arrived" in recorded:
        assert json.loads(given.read_text())["session_id"] == session


def test_an_address_from_the_environment_is_never_shown(monkeypatch):
    monkeypatch.setenv("HOOK", "ftp://host/s3cret")
    with pytest.raises(SettingsError) as wrong:
        address("$HOOK")
    assert "s3cret" not in wrong.value.detail + wrong.value.remedy
    monkeypatch.delenv("HOOK")
    with pytest.raises(SettingsError, match="HOOK"):
        address("$HOOK")
