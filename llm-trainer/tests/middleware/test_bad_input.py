"""What makes no sense is refused with a problem document, and changes nothing."""

import pytest

from llm_trainer.middleware.standins import StandInLearner, StandInLlm

from .conftest import Scene, middleware

BAD_STARTS = [
    {"max_exchanges": 0},
    {"max_exchanges": 1_000_001},
    {"max_exchanges": 1.5},
    {"max_exchanges": "ten"},
    {"max_exchanges": True},
    {"delay": -1},
    {"delay": 3601},
    {"delay": "fast"},
    {"topics": "bees"},
    {"topics": [""]},
    {"topics": ["x" * 201]},
    {"topic_switch_interval": 0},
    {"strategy": "shout"},
    {"seed": -1},
    {"unknown": 1},
    [],
    "start",
]


@pytest.mark.parametrize("body", BAD_STARTS, ids=str)
def test_a_start_that_makes_no_sense_is_refused(idle, body):
    problem = idle.post("/api/training/start", body, expect=422)

    assert problem["code"] == "invalid-request"
    assert problem["detail"]
    assert idle.status()["phase"] == "idle"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/training/start", b"{", 400),
        ("/api/training/start", b"\xff\xfe", 400),
        ("/api/training/start", b'{"delay": NaN}', 400),
        ("/api/llm/chat", b'{"message": ""}', 422),
        ("/api/llm/chat", b'{"message": 3}', 422),
        ("/api/cerebrum/chat", b'{"message": "x", "user": "me"}', 422),
        ("/api/training/start", b'{"topics": ["' + b"x" * 1_100_000 + b'"]}', 413),
    ],
)
def test_a_body_that_makes_no_sense_is_refused(idle, path, body, status):
    answer = idle.http.post(path, content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/sessions/none",
        "/api/sessions/..%2f..%2fetc/export",
        "/api/training/log?session=none",
        "/nothing",
    ],
)
def test_what_is_not_there_is_not_found(idle, path):
    answer = idle.http.get(path)

    assert answer.status_code == 404
    assert answer.json()["code"] == "not-found"


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "after=-1"])
def test_a_log_query_out_of_bounds_is_refused(idle, query):
    assert idle.http.get(f"/api/training/log?{query}").status_code == 422


@pytest.mark.parametrize("verb", ["stop", "pause", "resume", "step"])
def test_there_is_nothing_to_steer_when_nothing_runs(idle, verb):
    assert idle.post(f"/api/training/{verb}", expect=409)["remedy"]


def test_a_start_without_a_learner_says_which_end_is_down_and_why(tmp_path):
    nobody = "http://127.0.0.1:9"
    with middleware(tmp_path, cerebrum_url=nobody, llm_server_url=nobody) as url:
        scene = Scene(url, StandInLearner(), StandInLlm(), tmp_path)
        problem = scene.post("/api/training/start", {}, expect=503)
        status = scene.http.get("/api/cerebrum/status")
        scene.http.close()
        scene.learner.close()

    assert (problem["code"], problem["peer"]) == ("peer-unreachable", "learner")
    assert nobody in problem["detail"]
    assert status.status_code == 503
