"""Peers that misbehave: nothing ends a session, nothing is taught twice, nothing is lost, everything is said."""

import sqlite3
import time

import pytest

from llm_trainer.middleware.standins import StandInLearner, hears_but, says, waits

from .conftest import middleware, scene

ODD = {
    "HTML": (says(raw=b"<html>oops</html>"), "not JSON"),
    "nothing": (says(raw=b""), "empty"),
    "a list": (says(body=["hello"]), "no text"),
    "a number": (says(body={"response": 42}), "int"),
    "null": (says(body={"response": None}), "no text"),
    "an object": (says(body={"response": {"a": 1}}), "dict"),
    "a lone surrogate": (says(raw=b'{"response": "\\ud800 hi", "more": "\\udfff"}'), None),
    "NUL": (says(raw=b'{"response": "a\\u0000b"}'), None),
    "not a number": (says(raw=b'{"response": "x", "n": NaN, "i": 1e999}'), None),
    "deep nesting": (says(raw=b'{"response": ' + b"[" * 50_000 + b"]" * 50_000 + b"}"), "not JSON"),
    "a million letters": (says(raw=b'{"response": "' + b"x" * 900_000 + b'"}'), "cut"),
    "two million letters": (says(raw=b'{"response": "' + b"x" * 2_000_000 + b'"}'), "too large"),
}


def test_no_odd_answer_ends_a_session_and_each_is_recorded(at_work):
    at_work.learner.faults = [fault for fault, _ in ODD.values()]
    status = at_work.taught(max_exchanges=len(ODD) + 1)

    assert (status["end_reason"], status["exchanges_completed"]) == ("completed", len(ODD) + 1)
    log = at_work.log()
    for entry, (name, (_, odd)) in zip(log, ODD.items(), strict=False):
        assert (entry["odd"] is None) is (odd is None), name
        assert odd is None or odd in entry["odd"], name
    assert at_work.file(status["name"])["exchanges"] == log


def test_fields_nobody_knows_are_kept(at_work):
    at_work.learner.faults = [says(body={"response": "hi", "mood": {"joy": 0.5}, "stage": "phrases"})]
    at_work.taught(max_exchanges=1)

    assert at_work.log()[0]["extra"] == {"mood": {"joy": 0.5}, "stage": "phrases"}
    assert at_work.log()[0]["stage"] == "phrases"


UNCERTAIN = {
    "500 after it heard": lambda learner: hears_but(learner, status=500),
    "an answer cut short": lambda learner: hears_but(learner, cut=True),
    "500": lambda _: says(500),
    "a busy sign": lambda _: says(503, Retry_After="0"),
    "too slow": lambda _: waits(1.0),
}


@pytest.mark.parametrize("name", UNCERTAIN)
def test_an_idempotent_learner_hears_everything_exactly_once(at_work, name):
    at_work.learner.faults = [UNCERTAIN[name](at_work.learner)]
    status = at_work.taught(max_exchanges=4)

    assert (status["exchanges_completed"], status["uncertain"]) == (4, 0)
    assert [(each["key"], each["llm_to_cerebrum"]) for each in at_work.log()] == at_work.learner.heard()
    assert at_work.log()[0]["attempts"] == 2


@pytest.mark.parametrize("name", ["500 after it heard", "an answer cut short", "too slow"])
def test_any_other_learner_is_told_nothing_twice_and_every_doubt_is_shown(tmp_path, llm, name):
    learner = StandInLearner(capabilities=())
    with scene(tmp_path, learner, llm, learner_timeout_seconds=0.5) as at_work:
        learner.faults = [UNCERTAIN[name](learner)]
        status = at_work.taught(max_exchanges=4)
        log = at_work.log()

    texts = [text for _, text in learner.heard()]
    learner.close()
    assert (status["guarantee"], status["exchanges_completed"], status["uncertain"]) == ("at-most-once", 3, 1)
    assert [entry["status"] for entry in log] == ["uncertain", "taught", "taught", "taught"]
    assert sorted(texts) == sorted(entry["llm_to_cerebrum"] for entry in log)  # a late request is heard late


def test_a_text_the_learner_refuses_is_left_and_the_session_goes_on(at_work):
    at_work.learner.faults = [says(422, {"detail": "too rude"})]
    status = at_work.taught(max_exchanges=3)

    assert (status["exchanges_completed"], status["refused"]) == (3, 1)
    notes = at_work.events(f"{status['session_id']}:0", lambda name, _: name == "end")
    assert any("too rude" in body["detail"] for _, name, body in notes if name == "note")


def test_a_poisonous_utterance_is_given_up_and_counted(at_work):
    async def poison(given):
        return await says(500)(given) if "number 2." in given.body["message"] else None

    at_work.learner.always = poison
    status = at_work.taught(max_exchanges=3)

    assert (status["exchanges_completed"], status["uncertain"]) == (2, 1)
    assert [entry["status"] for entry in at_work.log()] == ["taught", "uncertain", "taught"]


def test_a_teacher_that_fails_is_waited_for(at_work):
    at_work.llm.faults = [says(500), says(503, {"detail": "loading"}), says(raw=b"<html>"), says(body={"response": ""})]
    status = at_work.taught(max_exchanges=2)

    assert (status["end_reason"], status["exchanges_completed"]) == ("completed", 2)
    assert set(status["last_error"]) == {"detail", "remedy"}


def test_a_waiting_session_says_why_and_when_it_tries_next_and_goes_on_by_itself(at_work):
    at_work.llm.always = says(503, {"detail": "the model is loading"})
    at_work.start(max_exchanges=2)
    status = at_work.until_phase("waiting_llm")
    assert "the model is loading" in status["reason"]
    assert status["next_try_at"]

    at_work.llm.always = None
    assert at_work.until_over()["exchanges_completed"] == 2


def test_status_and_stop_answer_at_once_while_the_teacher_hangs(at_work):
    at_work.llm.always = waits(30)
    at_work.start(max_exchanges=5)
    at_work.until_phase("asking")

    spent = []
    for _ in range(40):
        began = time.perf_counter()
        assert at_work.http.get("/api/training/status").status_code == 200
        spent.append(time.perf_counter() - began)
    assert sorted(spent)[20] < 0.05
    began = time.perf_counter()
    assert at_work.post("/api/training/stop")["exchanges_completed"] == 0
    assert time.perf_counter() - began < 2
    at_work.llm.always = None


def test_a_stop_is_seen_at_once_and_does_not_wait_for_a_learner_that_hangs(tmp_path, learner, llm, monkeypatch):
    from concurrent.futures import ThreadPoolExecutor

    from llm_trainer.middleware import performing
    from tests.serving import wait_until

    monkeypatch.setattr(performing, "STOP_GRACE_SECONDS", 1.0)
    learner.always = waits(60)
    with scene(tmp_path, learner, llm) as at_work, ThreadPoolExecutor(1) as other:
        at_work.start(max_exchanges=10)
        wait_until(lambda: any(given.method == "POST" for given in learner.requests))
        stopping = other.submit(at_work.post, "/api/training/stop")
        began = time.perf_counter()
        at_work.until_phase("stopping")
        is_answered = stopping.done()
        stopped = stopping.result(10)
        whole = time.perf_counter() - began

    assert not is_answered  # how soon it is seen, in virtual time: tests/simulator/test_steering.py
    assert whole < 5
    assert (stopped["exchanges_completed"], stopped["uncertain"], stopped["end_reason"]) == (0, 1, "stopped")


def test_a_learner_that_forgot_is_told_again_before_anything_new(at_work):
    at_work.taught(max_exchanges=20)
    heard = at_work.learner.heard()
    at_work.learner.forget(7)
    status = at_work.taught(max_exchanges=2)

    assert status["exchanges_completed"] == 2
    assert at_work.learner.heard()[:20] == heard
    assert len(at_work.learner.heard()) == 22
    notes = at_work.events(f"{status['session_id']}:0", lambda name, _: name == "end")
    assert any(body.get("code") == "learner-forgot" and "7" in body["detail"] for _, _, body in notes)


def test_a_new_learner_is_not_told_what_the_old_one_knew(at_work):
    at_work.taught(max_exchanges=5)
    at_work.learner.forget(5)
    at_work.taught(max_exchanges=2)

    assert len(at_work.learner.heard()) == 2


def test_a_session_cut_off_goes_on_where_it_was_when_the_middleware_comes_back(tmp_path, learner, llm):
    with scene(tmp_path, learner, llm) as first:
        session = first.start(max_exchanges=30, delay=3600)
        first.until_phase("resting")
        first.post("/api/training/pause")
        peers = {
            "cerebrum_url": first.get("/api/status")["learner"]["url"],
            "llm_server_url": first.get("/api/status")["llm"]["url"],
        }
        copy = tmp_path / "copy"
        copy.mkdir()
        for file in tmp_path.glob("record.sqlite3*"):  # what a crash leaves behind
            (copy / file.name).write_bytes(file.read_bytes())
        with middleware(copy, **peers) as url:
            second = type(first)(url, learner, llm, copy)
            status = second.status()
            assert (status["session_id"], status["phase"], status["exchanges_completed"]) == (session, "paused", 1)
            second.http.patch("/api/training", json={"delay": 0})
            second.post("/api/training/resume")
            assert second.until_over()["exchanges_completed"] == 30
            assert [(each["key"], each["llm_to_cerebrum"]) for each in second.log(limit=1000)] == learner.heard()
            second.http.close()


def test_a_record_that_another_middleware_has_open_is_refused(tmp_path, capsys):
    from llm_trainer.middleware.main import LOCKED_EXIT_CODE, main

    other = sqlite3.connect(tmp_path / "record.sqlite3", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert main(["--data-dir", str(tmp_path), "--port", "28790"]) == LOCKED_EXIT_CODE
    other.close()
    assert "in use by another program" in capsys.readouterr().err


def test_a_damaged_record_is_refused_by_name(tmp_path, capsys):
    from llm_trainer.middleware.main import main

    (tmp_path / "record.sqlite3").write_bytes(b"not a database, certainly " * 200)
    assert main(["--data-dir", str(tmp_path), "--port", "28791"]) == 65
    assert "record.sqlite3 is damaged" in capsys.readouterr().err


def test_a_disk_without_room_pauses_the_session_which_goes_on_when_there_is_room(at_work, monkeypatch):
    from llm_trainer.errors import StoreError
    from llm_trainer.middleware import store

    at_work.start(max_exchanges=100_000)
    honest = store.Record._flush

    def full(self):
        raise StoreError("the disk is full", remedy="make room")

    monkeypatch.setattr(store.Record, "_flush", full)
    assert "full" in at_work.until_phase("paused")["reason"]
    assert at_work.post("/api/training/stop", expect=503)["code"] == "store"

    monkeypatch.setattr(store.Record, "_flush", honest)
    from tests.serving import wait_until

    before = len(at_work.learner.heard())
    wait_until(lambda: len(at_work.learner.heard()) > before + 3)
    at_work.post("/api/training/stop")
    assert [each["key"] for each in at_work.log(after=0, limit=1000)] == [key for key, _ in at_work.learner.heard()][
        :1000
    ]
