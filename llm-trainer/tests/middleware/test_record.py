"""The record: its journal gives its state again, sessions can be taken out of it, and a disk that fails is survived."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from llm_trainer.errors import StoreError, StoreUnsafe
from llm_trainer.middleware import store, trouble
from llm_trainer.middleware.standins import says, served
from llm_trainer.session.engine import Session
from llm_trainer.session.events import decode
from llm_trainer.session.state import decode_plan, encode_state
from tests.serving import wait_until

from .conftest import scene
from .test_kills import free_ports

HOME = Path(__file__).resolve().parent.parent.parent


def test_the_journal_replayed_gives_the_state_that_is_stored(tmp_path, learner, llm):
    with scene(tmp_path, learner, llm, learner_timeout_seconds=0.5) as at_work:
        learner.faults = [says(500), says(422), says(raw=b"<html>"), says(503, Retry_After="0")]
        at_work.taught(max_exchanges=8, topics=["bees", "tea"], topic_switch_interval=3)
        at_work.start(max_exchanges=100_000)
        at_work.http.patch("/api/training", json={"topic": "rain"})
        at_work.post("/api/training/step", {"exchanges": 2})
        at_work.post("/api/training/stop")

    with closing(sqlite3.connect(tmp_path / "record.sqlite3")) as record:
        sessions = record.execute("SELECT id, plan, state FROM sessions").fetchall()
        assert len(sessions) == 2
        for session_id, plan, stored in sessions:
            replayed = Session(decode_plan(json.loads(plan)))
            for (body,) in record.execute("SELECT body FROM journal WHERE session_id = ? ORDER BY seq", (session_id,)):
                replayed.apply(decode(json.loads(body)))
            assert json.loads(json.dumps(encode_state(replayed.state))) == json.loads(stored)


def test_a_session_removed_leaves_no_word_and_the_others_whole(at_work):
    kept, gone = at_work.taught(max_exchanges=3), at_work.taught(max_exchanges=4)
    before, heard = at_work.file(kept["name"]), at_work.learner.heard()
    deleted = at_work.http.delete(f"/api/sessions/{gone['name']}")

    assert deleted.json() == {"status": "deleted", "session_id": gone["session_id"], "name": gone["name"]}
    assert [each["session_id"] for each in at_work.get("/api/sessions")["sessions"]] == [kept["session_id"]]
    assert at_work.http.get(f"/api/sessions/{gone['session_id']}").status_code == 404
    assert at_work.http.delete(f"/api/sessions/{gone['session_id']}").status_code == 404
    assert not (at_work.folder / f"{gone['name']}.json").exists()
    assert at_work.file(kept["name"]) == before
    assert at_work.status()["phase"] == "idle"
    assert at_work.taught(max_exchanges=2)["exchanges_completed"] == 2
    assert at_work.learner.heard()[: len(heard)] == heard


def test_a_session_that_runs_is_not_removed(at_work):
    session = at_work.start(max_exchanges=100_000)
    refused = at_work.http.delete(f"/api/sessions/{session}")

    assert (refused.status_code, refused.json()["code"]) == (409, "session-active")
    at_work.post("/api/training/stop")
    assert at_work.http.delete(f"/api/sessions/{session}").status_code == 200


def test_a_disk_that_does_not_confirm_a_write_ends_the_process(at_work, monkeypatch):
    ends = []
    monkeypatch.setattr(store.os, "_exit", ends.append)

    def unconfirmed(self):
        raise StoreUnsafe("the disk did not confirm a write", remedy="check the disk")

    at_work.start(max_exchanges=100_000)
    with monkeypatch.context() as broken:
        broken.setattr(store.Record, "_flush", unconfirmed)
        wait_until(lambda: ends)

    assert ends == [74]


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (1034, "disk I/O error", StoreUnsafe),
        (1290, "disk I/O error", StoreUnsafe),
        (None, "disk I/O error", StoreUnsafe),
        (778, "disk I/O error", StoreError),
        (13, "database or disk is full", StoreError),
    ],
)
def test_only_a_write_that_may_be_half_done_is_fatal(code, text, kind):
    error = sqlite3.OperationalError(text)
    if code is not None:
        error.sqlite_errorcode = code

    assert type(trouble._ours(error, "record.sqlite3")) is kind


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on file sizes that can be changed from outside")
def test_a_full_disk_holds_the_session_until_there_is_room(tmp_path, learner, llm):
    import resource

    (port,) = free_ports(1)
    with served(learner) as learner_url, served(llm) as llm_url:
        environment = os.environ | {"TRAINER_CEREBRUM_URL": learner_url, "TRAINER_LLM_SERVER_URL": llm_url}
        command = [sys.executable, "middleware.py", "--port", str(port), "--data-dir", str(tmp_path)]
        service = subprocess.Popen(command, cwd=HOME, env=environment, stderr=subprocess.DEVNULL)
        http = httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False)
        try:
            wait_until(lambda: _is_ready(http), 60)
            http.post("/api/training/start", json={"max_exchanges": 100_000, "delay": 0})
            wait_until(lambda: len(learner.heard()) > 5, 30)
            resource.prlimit(service.pid, resource.RLIMIT_FSIZE, (64_000, resource.RLIM_INFINITY))
            wait_until(lambda: http.get("/api/training/status").json()["phase"] == "paused", 30)
            status = http.get("/api/training/status").json()
            held = len(learner.heard())
            began = time.perf_counter()
            refused = http.post("/api/training/stop")
            assert time.perf_counter() - began < 1
            assert (refused.status_code, refused.json()["code"]) == (503, "store")
            assert "nothing is lost" in status["last_error"]["remedy"]
            assert len(learner.heard()) == held

            infinite = resource.RLIM_INFINITY
            resource.prlimit(service.pid, resource.RLIMIT_FSIZE, (infinite, infinite))
            wait_until(lambda: len(learner.heard()) > held + 5, 30)
            assert http.post("/api/training/stop").json()["uncertain"] == 0
            log = http.get("/api/training/log", params={"after": 0, "limit": 1000}).json()["exchanges"]
        finally:
            http.close()
            service.terminate()
            service.wait(15)

    assert [each["key"] for each in log] == [key for key, _ in learner.heard()][:1000]


def _is_ready(http):
    try:
        return http.get("/readyz").status_code == 200
    except httpx2.HTTPError:
        return False
