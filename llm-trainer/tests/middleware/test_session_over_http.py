"""A session from start to end, over HTTP, with peers that behave."""

import time

import pytest


def test_a_session_teaches_what_was_planned_and_record_and_learner_agree(at_work):
    status = at_work.taught(max_exchanges=25)

    assert (status["phase"], status["end_reason"], status["exchanges_completed"]) == ("ended", "completed", 25)
    assert status["guarantee"] == "exactly-once"
    log = at_work.log(limit=1000)
    assert [entry["number"] for entry in log] == list(range(1, 26))
    assert [(entry["key"], entry["llm_to_cerebrum"]) for entry in log] == at_work.learner.heard()
    assert all(entry["cerebrum_response"] == entry["llm_to_cerebrum"] for entry in log)


def test_the_exported_file_says_what_the_record_says(at_work):
    status = at_work.taught(max_exchanges=12)
    document = at_work.file(status["name"])

    assert document["end_reason"] == "completed"
    assert document["exchanges"] == at_work.log(limit=1000)
    exported = at_work.http.get(f"/api/sessions/{status['session_id']}/export")
    assert exported.json() == document


def test_each_topic_is_a_conversation_of_its_own_to_the_learner(at_work):
    at_work.taught(max_exchanges=6, topic_switch_interval=2, topics=["bees", "tea", "rain"])

    assert [entry["topic"] for entry in at_work.log()] == ["bees", "bees", "tea", "tea", "rain", "rain"]
    told = [given.body["conversation_id"] for given in at_work.learner.requests if given.method == "POST"]
    assert [told.count(each) for each in dict.fromkeys(told)] == [2, 2, 2]


def test_neither_end_is_told_of_the_other(at_work):
    at_work.taught(max_exchanges=3)
    to_llm = str([given.body for given in at_work.llm.requests]).lower()
    to_learner = str([(given.body, given.headers) for given in at_work.learner.requests]).lower()

    assert "cerebrum" not in to_llm
    assert "learner" not in to_llm
    for word in ("llm", "model", "prompt", "teacher", "trainer", "ollama", "stand-in"):
        assert word not in to_learner.replace("/api/chat", "")


def test_a_second_start_is_refused_while_one_runs_and_stop_stops_it(at_work):
    at_work.start(max_exchanges=100_000)
    refused = at_work.post("/api/training/start", {}, expect=409)
    assert refused["code"] == "session-active"

    stopped = at_work.post("/api/training/stop")
    assert stopped["status"] == "stopped"
    heard = len(at_work.learner.heard())
    assert stopped["exchanges_completed"] == heard
    assert at_work.status()["running"] is False
    assert at_work.file(at_work.status()["name"])["exchanges_completed"] == heard
    assert at_work.post("/api/training/stop", expect=409)["code"] == "conflict"


def test_pause_holds_step_makes_one_and_resume_goes_on(at_work):
    at_work.start(max_exchanges=100_000)
    paused = at_work.post("/api/training/pause")
    held = len(at_work.learner.heard())
    assert (paused["status"], paused["exchanges_completed"]) == ("paused", held)
    assert at_work.post("/api/training/step")["exchanges_completed"] == held + 1
    assert at_work.post("/api/training/step", {"exchanges": 3})["exchanges_completed"] == held + 4
    assert len(at_work.learner.heard()) == held + 4

    assert at_work.post("/api/training/resume")["status"] == "running"
    at_work.post("/api/training/stop")
    assert len(at_work.learner.heard()) >= held + 4


def test_the_delay_can_be_changed_while_a_session_rests(at_work):
    at_work.start(max_exchanges=3, delay=3600)
    at_work.until_phase("resting")
    tuned = at_work.http.patch("/api/training", json={"delay": 0, "topic": "wasps"}).json()

    assert tuned["delay"] == 0
    assert at_work.until_over()["exchanges_completed"] == 3
    assert at_work.log()[-1]["topic"] == "wasps"


def test_stop_in_a_rest_does_not_wait_for_its_end(at_work):
    at_work.start(max_exchanges=3, delay=3600)
    at_work.until_phase("resting")
    began = time.perf_counter()

    assert at_work.post("/api/training/stop")["exchanges_completed"] == 1
    assert time.perf_counter() - began < 5


def test_events_can_be_read_from_any_place_without_gap_or_repetition(at_work):
    session = at_work.start(max_exchanges=30, topic_switch_interval=7)
    live = at_work.events(f"{session}:0", lambda name, _: name == "end")
    again = at_work.events(f"{session}:0", lambda name, _: name == "end")
    later = at_work.events(live[20][0], lambda name, _: name == "end")

    assert live == again
    assert later == live[21:]
    assert [int(number.split(":")[1]) for number, _, _ in live] == list(range(1, len(live) + 1))
    assert [body["number"] for _, name, body in live if name == "exchange"] == list(range(1, 31))
    assert [body for _, name, body in live if name == "exchange"] == at_work.log(limit=1000)
    assert sum(name == "topic" for _, name, _ in live) == 5


def test_every_call_stands_in_the_traffic(at_work):
    at_work.taught(max_exchanges=9)
    calls = at_work.get("/api/traffic", limit=1000)["calls"]

    for peer, stand_in in (("learner", at_work.learner), ("llm", at_work.llm)):
        made = [call for call in calls if call["peer"] == peer and call["method"] == "POST"]
        assert len(made) == sum(given.method == "POST" for given in stand_in.requests) == 9
        assert all(call["status"] == 200 and call["milliseconds"] > 0 for call in made)


def test_what_the_learner_measures_is_kept_with_the_exchange_it_had_come_to(at_work):
    from tests.serving import wait_until

    at_work.start(max_exchanges=2, delay=3600)
    wait_until(lambda: at_work.get("/api/training/measurements")["measurements"], 10)
    first = at_work.get("/api/training/measurements")["measurements"][0]

    assert first["stage"] == "words"
    assert first["vocabulary"] >= 0
    assert first["number"] <= 1
    at_work.post("/api/training/stop")


@pytest.mark.parametrize("form", ["jsonl", "csv", "chat", "sharegpt"])
def test_a_session_can_be_had_in_other_forms(at_work, form):
    session = at_work.taught(max_exchanges=4, topic_switch_interval=2)["session_id"]
    answer = at_work.http.get(f"/api/sessions/{session}/export", params={"format": form})

    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]
    lines = answer.text.splitlines()
    expected = {"jsonl": 4, "csv": 5, "sharegpt": 2, "chat": 6 + 2 + 8 + 1}[form]
    assert len(lines) == expected
    assert answer.text.count("This is sentence number 3") >= 1


def test_health_calls_nobody(at_work):
    from tests.serving import wait_until

    wait_until(lambda: at_work.http.get("/readyz").status_code == 200)
    posts = [len(stand_in.requests) for stand_in in (at_work.learner, at_work.llm)]
    began = time.perf_counter()
    for _ in range(30):
        for path in ("/healthz", "/readyz", "/metrics", "/api/status", "/api/cerebrum/status", "/api/llm/status"):
            assert at_work.http.get(path).status_code == 200
    looks = (time.perf_counter() - began) / 2.0 + 2

    for before, stand_in in zip(posts, (at_work.learner, at_work.llm), strict=True):
        assert len(stand_in.requests) - before <= looks


def test_both_ends_can_be_talked_with_by_hand(at_work):
    assert at_work.post("/api/llm/chat", {"message": "Test"})["response"].startswith("This is sentence")
    assert at_work.post("/api/cerebrum/chat", {"message": "Hello", "learn": True})["response"] == "Hello"
    assert at_work.learner.requests[-1].body["message"] == "Hello"
