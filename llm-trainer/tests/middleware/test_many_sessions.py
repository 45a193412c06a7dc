"""Many sessions in one middleware: each with its own learner, steered by name, apart in state and in failures."""

from __future__ import annotations

import contextlib

import pytest

from llm_trainer.middleware.standins import StandInLearner, StandInLlm, says, served, waits
from tests.serving import wait_until

from .conftest import middleware, scene

NAMES = ("ada", "bob", "cleo")


class Many:
    """A middleware with several learners by name, ``default`` among them."""

    def __init__(self, opened, learners):
        self.at, self.learners = opened, learners

    def start(self, learner, **plan):
        return self.at.start(learner=learner, **plan)

    def status(self, session):
        return self.at.get(f"/api/sessions/{session}/status")

    def until_over(self, session):
        wait_until(lambda: not self.status(session)["running"], 30)
        return self.status(session)

    def until_phase(self, session, phase):
        wait_until(lambda: self.status(session)["phase"] == phase, 20)

    def texts(self, session):
        log = self.at.get(f"/api/sessions/{session}/log")["exchanges"]
        return [(each["key"], each["llm_to_cerebrum"]) for each in log]

    def heard(self, learner, session):
        return [(key, text) for key, text in self.learners[learner].heard() if key.startswith(session)]

    def calm_down(self):
        for stand_in in (*self.learners.values(), self.at.llm):
            stand_in.always = None
        for each in self.at.status()["sessions"]:
            self.at.http.post(f"/api/sessions/{each['session_id']}/stop")


@contextlib.contextmanager
def many(folder, llm, **settings):
    with contextlib.ExitStack() as stack:
        learners = {name: StandInLearner() for name in (*NAMES, "default")}
        for learner in learners.values():
            stack.callback(learner.close)
        urls = {name: stack.enter_context(served(learners[name])) for name in NAMES}
        opened = stack.enter_context(
            scene(folder, learners["default"], llm, learners=urls, learner_timeout_seconds=0.5, **settings)
        )
        yield Many(opened, learners)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def shared(request, tmp_path_factory):
    """One middleware on each kind of record, for all tests here; each leaves it calm."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgresql").new_database()
    with many(tmp_path_factory.mktemp("many"), StandInLlm(), record_url=url) as opened:
        yield opened


@pytest.fixture
def at_work(shared):
    yield shared
    shared.calm_down()


def test_sessions_run_at_once_and_each_learner_hears_its_own_and_nothing_else(at_work):
    sessions = {name: at_work.start(name, max_exchanges=8, seed=number) for number, name in enumerate(NAMES)}
    ended = {name: at_work.until_over(session) for name, session in sessions.items()}

    for name, session in sessions.items():
        assert (ended[name]["end_reason"], ended[name]["exchanges_completed"]) == ("completed", 8), name
        assert ended[name]["learner_name"] == name
        assert at_work.texts(session) == at_work.heard(name, session)
        assert at_work.at.file(ended[name]["name"])["session_id"] == session
    assert at_work.learners["default"].heard() == []


def test_no_two_sessions_teach_the_same_learner(at_work):
    session = at_work.start("ada", max_exchanges=100_000)
    refused = at_work.at.post("/api/training/start", {"learner": "ada"}, expect=409)

    assert (refused["code"], refused["session_id"]) == ("session-active", session)
    lease = next(each for each in at_work.at.get("/api/learners")["learners"] if each["name"] == "ada")["lease"]
    assert lease["session_id"] == session
    other = at_work.start("bob", max_exchanges=1)
    at_work.until_over(other)
    at_work.at.post(f"/api/sessions/{session}/stop")
    assert at_work.at.post("/api/training/start", {"learner": "ada", "max_exchanges": 1})["session_id"] != session


def test_one_that_fails_leaves_the_others_alone(at_work):
    at_work.learners["ada"].always = says(503, {"detail": "not now"})
    troubled = at_work.start("ada", max_exchanges=3)
    at_work.until_phase(troubled, "waiting_learner")
    well = at_work.start("bob", max_exchanges=6)

    assert at_work.until_over(well)["last_error"] is None
    at_work.until_phase(troubled, "waiting_learner")
    at_work.learners["ada"].always = None
    at_work.at.post(f"/api/sessions/{troubled}/resume")
    assert at_work.until_over(troubled)["exchanges_completed"] == 3


def test_each_can_be_steered_by_path_query_or_body_and_the_others_go_on(at_work):
    one, two, three = (at_work.start(name, max_exchanges=100_000) for name in NAMES)
    assert at_work.at.post(f"/api/sessions/{one}/pause")["session_id"] == one
    assert at_work.at.post("/api/training/pause", {"session_id": two})["session_id"] == two
    assert at_work.at.http.patch("/api/training", json={"delay": 7, "session_id": one}).json()["session_id"] == one
    assert at_work.at.http.patch(f"/api/sessions/{two}", json={"delay": 8}).json()["delay"] == 8
    before = at_work.status(one)["exchanges_completed"]
    assert at_work.at.post(f"/api/sessions/{one}/step", {"exchanges": 1})["exchanges_completed"] == before + 1

    assert at_work.status(two)["delay"] == 8
    running = at_work.status(three)["exchanges_completed"]
    wait_until(lambda: at_work.status(three)["exchanges_completed"] > running + 2)
    assert {each["session_id"] for each in at_work.at.status()["sessions"]} == {one, two, three}
    assert at_work.at.status()["session_id"] == three
    stopped = at_work.at.http.post("/api/training/stop", params={"session_id": two}).json()
    assert (stopped["session_id"], stopped["status"]) == (two, "stopped")
    clash = at_work.at.http.post("/api/training/stop", params={"session_id": one}, json={"session_id": three})
    assert clash.status_code == 422
    gone = at_work.at.post("/api/training/stop", {"session_id": two}, expect=409)
    assert gone["code"] == "conflict"
    assert at_work.at.post("/api/sessions/nobody/stop", expect=404)["code"] == "not-found"


def test_a_stream_tells_of_one_session(at_work):
    one = at_work.start("ada", max_exchanges=4, delay=0.01)
    two = at_work.start("bob", max_exchanges=4, delay=0.01)
    told = at_work.at.events(f"{one}:0", lambda name, _: name == "end", path=f"/api/sessions/{one}/events")
    latest = at_work.at.events(f"{two}:0", lambda name, _: name == "end")

    assert {number.partition(":")[0] for number, _, _ in told} == {one}
    assert {number.partition(":")[0] for number, _, _ in latest} == {two}
    assert sum(name == "exchange" for _, name, _ in told) == 4


def test_only_names_from_the_settings_can_be_taught(at_work):
    for learner in ("http://localhost:22", "nobody"):
        refused = at_work.at.post("/api/training/start", {"learner": learner}, expect=404)
        assert "ada" in refused["remedy"]
    assert at_work.at.post("/api/training/start", {"teacher": "http://localhost:22"}, expect=404)["code"] == "not-found"


def test_sessions_are_listed_by_how_they_stand(at_work):
    ended = at_work.start("ada", max_exchanges=1)
    at_work.until_over(ended)
    running = at_work.start("bob", max_exchanges=100_000)

    def listed(status):
        return [each["session_id"] for each in at_work.at.get("/api/sessions", status=status)["sessions"]]

    assert ended in listed("ended")
    assert (listed("running"), listed("interrupted")) == ([running], [])
    assert at_work.at.get(f"/api/sessions/{running}")["learner"]["name"] == "bob"


def test_as_many_run_as_may(tmp_path, llm):
    with many(tmp_path, llm, max_sessions=2) as at_work:
        for name in ("ada", "bob"):
            at_work.start(name, max_exchanges=100_000)
        refused = at_work.at.post("/api/training/start", {"learner": "cleo"}, expect=409)

    assert refused["code"] == "too-many-sessions"


def test_a_teacher_of_ones_own_speaks(tmp_path, llm):
    other = StandInLlm(backend="other")
    with served(other) as url, many(tmp_path, llm, teachers={"other": url}) as at_work:
        session = at_work.start("ada", teacher="other", max_exchanges=3)
        status = at_work.until_over(session)

    assert (status["teacher_name"], status["llm"]["backend"]) == ("other", "other")
    assert not [given for given in llm.requests if given.method == "POST"]


def test_all_sessions_that_a_crash_cut_off_go_on(tmp_path, llm):
    with many(tmp_path, llm) as at_work:
        sessions = {name: at_work.start(name, max_exchanges=9, delay=3600) for name in NAMES}
        for session in sessions.values():
            at_work.until_phase(session, "resting")
        learners = {each["name"]: each["url"] for each in at_work.at.get("/api/learners")["learners"]}
        copy = tmp_path / "copy"
        copy.mkdir()
        for file in tmp_path.glob("record.sqlite3*"):  # what a crash leaves behind
            (copy / file.name).write_bytes(file.read_bytes())
        peers = {
            "cerebrum_url": learners.pop("default"),
            "llm_server_url": at_work.at.get("/api/status")["llm"]["url"],
            "learners": learners,
        }
        with middleware(copy, **peers, resume_sessions=False) as url:
            second = Many(type(at_work.at)(url, None, llm, copy), at_work.learners)
            waiting = second.at.get("/api/sessions", status="interrupted")["sessions"]
            assert {each["session_id"] for each in waiting} == set(sessions.values())
            assert second.status(sessions["ada"])["phase"] == "interrupted"
            resumed = second.at.post(f"/api/sessions/{sessions['ada']}/resume")
            assert (resumed["status"], resumed["session_id"]) == ("resumed", sessions["ada"])
            second.at.http.close()
        copied = {file.name: file.read_bytes() for file in copy.glob("record.sqlite3*")}
        assert copied
        with middleware(copy, **peers) as url:
            third = Many(type(at_work.at)(url, None, llm, copy), at_work.learners)
            wait_until(lambda: len(third.at.status()["sessions"]) == 2)  # the third was ended by the shutdown
            for name in ("bob", "cleo"):
                third.at.http.patch(f"/api/sessions/{sessions[name]}", json={"delay": 0})
                assert third.until_over(sessions[name])["exchanges_completed"] == 9
                assert third.texts(sessions[name]) == at_work.learners[name].heard()
            third.at.http.close()


LIMITS = {
    "limit-tokens": {"max_tokens": 23},
    "limit-seconds": {"max_seconds": 0.3, "delay": 3600},
    "limit-failures": {"max_failures": 4},
}


@pytest.mark.parametrize("reason", LIMITS)
def test_a_limit_ends_a_session_with_its_reason(at_work, reason):
    if reason == "limit-failures":
        at_work.learners["ada"].always = says(503, {"detail": "not now"}, Retry_After="0")
    session = at_work.start("ada", max_exchanges=100_000, **LIMITS[reason])
    status = at_work.until_over(session)

    assert status["end_reason"] == reason
    if reason == "limit-tokens":  # five a turn: the fifth goes beyond, and what was paid for is taught
        assert (status["exchanges_completed"], status["spent"]["tokens"]) == (5, 25)
    if reason == "limit-failures":
        assert (status["exchanges_completed"], status["spent"]["failures"]) == (0, 4)
    assert status["spent"]["seconds"] >= (0.3 if reason == "limit-seconds" else 0)


def test_a_limit_of_time_holds_while_the_teacher_hangs(at_work):
    at_work.at.llm.always = waits(30)
    session = at_work.start("ada", max_exchanges=10, max_seconds=0.3)

    assert at_work.until_over(session)["end_reason"] == "limit-seconds"


def test_a_session_without_limits_says_so(at_work):
    session = at_work.start("ada", max_exchanges=1)

    assert at_work.until_over(session)["limits"] == {"seconds": None, "tokens": None, "failures": None}
