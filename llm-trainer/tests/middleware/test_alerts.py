"""Outages, standstills and ends are told to somebody outside, and telling holds up nobody."""

from __future__ import annotations

import json
import sys

import pytest

from llm_trainer.errors import SettingsError
from llm_trainer.middleware import alerts
from llm_trainer.middleware.alerts import address
from llm_trainer.middleware.standins import Reply, StandIn, says, served, waits
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


def test_an_outage_is_told_once_and_the_end_too(tmp_path, learner, llm, outside, monkeypatch):
    monkeypatch.setattr(alerts, "LOOK_SECONDS", 0.05)
    monkeypatch.setenv("HOOK", outside.url)
    with scene(tmp_path, learner, llm, alert_url="$HOOK", alert_after_seconds=0.3) as at_work:
        learner.always = says(503, {"detail": "out to lunch"})
        session = at_work.start(max_exchanges=2)
        wait_until(outside.told)
        wait_until(lambda: notes(at_work, "alert"))
        learner.always = None
        at_work.until_over()
        wait_until(lambda: len(outside.told()) == 2)
        wait_until(lambda: len(notes(at_work, "alert")) == 2)
        told, recorded = outside.told(), notes(at_work, "alert")

    assert [(each["alert"], each["session_id"], each["learner"]) for each in told] == [
        ("outage", session, "default"),
        ("end", session, "default"),
    ]
    assert "out to lunch" in told[0]["detail"]
    assert (told[1]["detail"], told[1]["exchanges_completed"]) == ("completed", 2)
    assert recorded == ["outage told by web: arrived", "end told by web: arrived"]


def test_a_teacher_that_hangs_is_a_stall_and_a_delay_or_a_pause_is_none(tmp_path, learner, llm, outside, monkeypatch):
    monkeypatch.setattr(alerts, "LOOK_SECONDS", 0.05)
    with scene(tmp_path, learner, llm, alert_url=outside.url, alert_after_seconds=0.3) as at_work:
        at_work.start(max_exchanges=2, delay=3600)
        at_work.until_phase("resting")
        at_work.post("/api/training/pause")
        llm.always = waits(1.0)
        at_work.http.patch("/api/training", json={"delay": 0})
        assert outside.told() == []
        at_work.post("/api/training/resume")
        wait_until(outside.told)
        at_work.until_over()

    assert outside.told()[0]["alert"] == "stall"


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
