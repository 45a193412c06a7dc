"""A record in PostgreSQL: the server may go away and come back, and several middlewares may share it."""

from __future__ import annotations

import pytest

from llm_trainer.middleware.standins import served
from llm_trainer.settings import load
from tests.serving import wait_until

from .conftest import Scene, middleware, scene

pytestmark = pytest.mark.postgresql


def agree(at_work, session, learner):
    log = at_work.get(f"/api/sessions/{session}/log", after=0, limit=1000)["exchanges"]
    return [(each["key"], each["llm_to_cerebrum"]) for each in log] == learner.heard()[: len(log)]


@pytest.mark.slow
def test_a_session_waits_for_a_server_that_went_away_and_goes_on_with_nothing_lost(
    tmp_path, learner, llm, own_postgresql
):
    with scene(tmp_path, learner, llm, record_url=own_postgresql.new_database()) as at_work:
        session = at_work.start(max_exchanges=100_000)
        wait_until(lambda: at_work.status()["exchanges_completed"] > 3, 30)
        own_postgresql.stop("immediate")
        status = at_work.until_phase("paused")
        held = len(learner.heard())
        assert "127.0.0.1" in status["reason"]
        assert at_work.post("/api/training/stop", expect=503)["code"] in ("store", "store-in-doubt")
        own_postgresql.start()
        wait_until(lambda: len(learner.heard()) > held + 3, 30)
        stopped = at_work.post("/api/training/stop")
        assert (stopped["uncertain"], stopped["end_reason"]) == (0, "stopped")
        assert agree(at_work, session, learner)
        assert stopped["exchanges_completed"] == len(learner.heard())


@pytest.mark.slow
def test_two_middlewares_on_one_record_keep_out_of_each_others_way_and_can_take_over(
    tmp_path, learner, llm, postgresql
):
    url = postgresql.new_database()
    with served(learner) as learner_url, served(llm) as llm_url:
        peers = {"cerebrum_url": learner_url, "llm_server_url": llm_url, "record_url": url}
        with middleware(tmp_path / "a", **peers) as first_url, middleware(tmp_path / "b", **peers) as second_url:
            first, second = (Scene(each, learner, llm, tmp_path) for each in (first_url, second_url))
            session = first.start(max_exchanges=40, delay=0.05)
            wait_until(lambda: first.status()["exchanges_completed"] > 3, 30)

            refused = second.post("/api/training/start", {}, expect=409)
            assert (refused["code"], refused["session_id"]) == ("session-active", session)
            assert refused["owner"].endswith(first_url.rpartition(":")[2])
            assert second.post(f"/api/sessions/{session}/resume", expect=409)["code"] == "session-active"
            assert second.http.delete(f"/api/sessions/{session}").status_code == 409
            (shown,) = second.get("/api/sessions")["sessions"]
            assert (shown["status"], shown["owner"]) == ("running", refused["owner"])

            postgresql.ask("UPDATE leases SET expires_at = 0", url.rpartition("/")[2])  # as if it had slept
            assert second.post(f"/api/sessions/{session}/resume")["status"] == "resumed"
            left = first.until_over()
            assert left["end_reason"] == "lease-lost"
            ended = second.until_over(90)
            assert (ended["end_reason"], ended["exchanges_completed"]) == ("completed", 40)
            keys = [key for key, _ in learner.heard()]
            assert keys == [f"{session}:{number:08d}" for number in range(1, 41)]
            assert agree(second, session, learner)
            first.http.close()
            second.http.close()


def test_a_password_is_refused_in_the_settings_file_and_taken_from_the_environment(tmp_path, monkeypatch):
    from llm_trainer import settings
    from llm_trainer.errors import SettingsError

    monkeypatch.setattr(settings._ConfigFile, "path", settings._ConfigFile.path)  # as before, for other tests
    file = tmp_path / "config.json"
    file.write_text('{"record_url": "postgresql://me:s3cret@host/db"}')
    with pytest.raises(SettingsError) as refused:
        load(file)
    assert "s3cret" not in refused.value.detail + refused.value.remedy
    file.write_text('{"record_url": "postgresql://me@host/db"}')
    assert load(file).record_url == "postgresql://me@host/db"
    monkeypatch.setenv("TRAINER_RECORD_URL", "postgresql://me:s3cret@host/db")
    assert load(file).record_url == "postgresql://me:s3cret@host/db"


@pytest.mark.parametrize("url", ["mysql://host/db", "nonsense", "http://host"])
def test_a_record_lies_nowhere_else(tmp_path, url):
    from llm_trainer.errors import SettingsError
    from llm_trainer.middleware.database import open_database

    with pytest.raises(SettingsError, match="record_url"):
        open_database(url)
