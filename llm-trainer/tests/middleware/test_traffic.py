"""Every call can be looked up, with what was said in it; the list answers what is asked of it."""

import hashlib
import json

from llm_trainer.middleware import calls
from llm_trainer.middleware.standins import hears_but, says


def test_a_call_shows_both_bodies_and_they_have_the_digests_of_its_row(at_work):
    at_work.taught(max_exchanges=2)
    entry = at_work.log()[0]
    said = at_work.get("/api/traffic", peer="learner", method="POST")["calls"][-1]
    whole = at_work.get(f"/api/traffic/{said['id']}")

    assert whole.items() >= said.items()
    assert whole["bodies"] == "kept"
    assert json.loads(whole["sent"])["message"] == entry["llm_to_cerebrum"]
    assert json.loads(whole["received"])["response"] == entry["cerebrum_response"]
    for body, digest, size in (
        ("sent", "digest_sent", "bytes_sent"),
        ("received", "digest_received", "bytes_received"),
    ):
        assert hashlib.sha256(whole[body].encode()).hexdigest() == whole[digest]
        assert len(whole[body].encode()) == whole[size]


def test_the_teachers_instructions_can_be_read(at_work):
    at_work.taught(max_exchanges=1)
    asked = at_work.get("/api/traffic", peer="llm", method="POST")["calls"][0]

    assert json.loads(at_work.get(f"/api/traffic/{asked['id']}")["sent"])["messages"][0]["role"] == "system"


def test_a_call_that_failed_has_its_sent_body_and_no_other(at_work):
    at_work.learner.faults = [hears_but(at_work.learner, cut=True)]
    at_work.taught(max_exchanges=2)
    failed = at_work.get("/api/traffic", outcome="failed")["calls"]

    assert [(call["peer"], call["error"]) for call in failed] == [("learner", "broken")]
    whole = at_work.get(f"/api/traffic/{failed[0]['id']}")
    assert whole["sent"]
    assert whole["received"] is None


def test_the_list_is_narrowed_by_peer_session_path_status_outcome_and_time(at_work):
    first, second = at_work.taught(max_exchanges=3), at_work.taught(max_exchanges=2)
    at_work.learner.faults = [says(422)]
    at_work.taught(max_exchanges=1)

    def count(**wanted):
        return at_work.http.get("/api/traffic", params={"method": "POST"} | wanted).json()["showing"]

    assert count(session=first["session_id"]) == 6
    assert count(session=second["name"], peer="llm") == 2
    assert count(session="nobody") == 0
    assert count(status=422) == count(outcome="failed") == 1
    assert count(path="/api/ch", peer="learner") == 7
    assert count(path="%") == count(slower_than_ms=1e8) == 0
    assert at_work.get("/api/traffic", outcome="open")["showing"] == 0


def test_a_filter_looks_through_so_many_calls_and_says_where_it_stopped(at_work, monkeypatch):
    at_work.taught(max_exchanges=20)
    monkeypatch.setattr(calls, "_SCANNED", 10)
    found, pages = [], 0
    page = {"searched_to": None}
    while pages == 0 or page["searched_to"] is not None:
        more = {} if page["searched_to"] is None else {"before": page["searched_to"]}
        page = at_work.get("/api/traffic", peer="learner", method="POST", **more)
        found, pages = found + page["calls"], pages + 1

    assert pages > 3
    assert len({call["id"] for call in found}) == len(found) == 20


def test_a_call_nobody_made_and_a_number_that_is_none(idle):
    assert idle.http.get("/api/traffic/999999999").json()["code"] == "not-found"
    assert idle.http.get("/api/traffic/nonsense").status_code == 422


def test_a_session_removed_takes_its_words_out_of_the_bodies(at_work):
    gone = at_work.taught(max_exchanges=1)
    said = at_work.get("/api/traffic", session=gone["name"])["calls"][0]
    at_work.http.delete(f"/api/sessions/{gone['session_id']}")

    whole = at_work.get(f"/api/traffic/{said['id']}")
    assert (whole["bodies"], whole["sent"], whole["received"]) == ("let-go", None, None)


def test_headers_are_never_among_what_is_shown(at_work):
    at_work.taught(max_exchanges=1)
    shown = [at_work.get(f"/api/traffic/{call['id']}") for call in at_work.get("/api/traffic")["calls"]]

    assert shown
    assert not any("idempotency-key" in json.dumps(each).lower() for each in shown)
