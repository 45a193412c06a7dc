from __future__ import annotations

import hashlib
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from cerebrum.store import Store
from cerebrum.worker import Worker


def say(client: TestClient, text: str, key: str | None = None, **more: Any) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post("/api/chat", json={"message": text, "conversation_id": "c", **more}, headers=headers)


def test_it_says_who_it_is(client: TestClient) -> None:
    answer = client.get("/")

    assert answer.status_code == 200
    assert answer.json() == {"service": "cerebrum", "version": answer.json()["version"], "status": "ok"}


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_it_is_alive_and_ready(client: TestClient, path: str) -> None:
    assert client.get(path).json() == {"status": "ok"}


def test_health_does_not_wait_for_the_mind(client: TestClient, worker: Worker) -> None:
    go, entered = threading.Event(), threading.Event()
    worker.submit(lambda _: (entered.set(), go.wait(20)))
    assert entered.wait(10)
    try:
        for path in ("/healthz", "/readyz", "/", "/api/status"):
            answer = client.get(path)
            assert answer.status_code == 200
            assert answer.elapsed.total_seconds() < 5
    finally:
        go.set()


def test_a_chat_answer_has_what_was_promised(client: TestClient) -> None:
    say(client, "hello there")

    answer = say(client, "how are you")

    document = answer.json()
    assert answer.status_code == 200
    assert {"response", "timestamp", "stage", "exchange", "why"} <= set(document)
    assert (document["response"], document["exchange"], document["stage"]) == ("hello there", 2, "words")
    assert document["why"]["sources"] == [{"start": 0, "end": 1, "seq": 1}]


def test_the_status_has_what_was_promised(client: TestClient) -> None:
    say(client, "hello")
    say(client, "hello again")

    status = client.get("/api/status").json()

    assert (status["status"], status["stage"], status["exchanges"], status["vocabulary"]) == ("ok", "words", 2, 2)
    assert status["measurements"] == {"vocabulary": 2, "order_gain": None}
    assert (set(status["cursor"]), status["cursor"]["seq"]) == ({"epoch", "seq", "head"}, 2)
    promised = ["idempotency", "cursor", "freeze", "observe", "score", "explain", "forget", "snapshot"]
    assert status["capabilities"] == promised


def test_the_same_key_again_gets_the_same_answer(client: TestClient) -> None:
    say(client, "before")
    first = say(client, "hello", "k:1")
    say(client, "between")

    again = say(client, "hello", "k:1")

    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert client.get("/api/status").json()["exchanges"] == 3
    recorded = client.get("/api/exchanges/k:1")
    assert recorded.json() == first.json() | {"message": "hello"}


def test_a_key_with_another_body_is_422(client: TestClient) -> None:
    say(client, "hello", "k")

    answer = say(client, "other", "k")

    assert (answer.status_code, answer.json()["code"]) == (422, "key-reused")


def test_a_key_in_flight_is_409_and_says_when_to_come_back(client: TestClient, worker: Worker) -> None:
    go, entered = threading.Event(), threading.Event()
    worker.submit(lambda _: (entered.set(), go.wait(20)))
    assert entered.wait(10)
    answers: list[Any] = []
    first = threading.Thread(target=lambda: answers.append(say(client, "hello", "k")))
    first.start()
    try:
        while worker._jobs.empty():
            pass
        second = say(client, "hello", "k")
    finally:
        go.set()
        first.join(20)

    assert (second.status_code, second.json()["code"]) == (409, "key-in-flight")
    assert int(second.headers["Retry-After"]) >= 1
    assert answers[0].status_code == 200
    assert say(client, "hello", "k").headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("key", ["", "a b", "é", "k" * 256, "\x7f"])
def test_a_key_that_cannot_be_is_422(client: TestClient, key: str) -> None:
    headers = {"Idempotency-Key": key.encode()}

    answer = client.post("/api/chat", json={"message": "hello"}, headers=headers)  # type: ignore[arg-type]

    assert answer.status_code == 422
    assert "idempotency-key" in answer.json()["detail"].lower()


def test_an_unknown_key_is_404(client: TestClient) -> None:
    answer = client.get("/api/exchanges/never")

    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_a_frozen_mind_stores_nothing(client: TestClient) -> None:
    say(client, "hello")
    before = client.get("/api/status").json()

    answer = say(client, "and you", learn=False)

    assert (answer.json()["response"], answer.json()["exchange"]) == ("hello", None)
    assert client.get("/api/status").json() == before


def test_overheard_turns_are_learned(client: TestClient) -> None:
    turns = [{"speaker": "a", "text": "good morning"}, {"speaker": "b", "text": "tea"}]

    answer = client.post("/api/observe", json={"turns": turns}, headers={"Idempotency-Key": "o"})
    again = client.post("/api/observe", json={"turns": turns}, headers={"Idempotency-Key": "o"})

    assert answer.json() == again.json() == {"observed": 2, "first": 1, "last": 2}
    assert again.headers["Idempotent-Replayed"] == "true"
    observations = client.get("/api/observations").json()["observations"]
    assert [(o["kind"], o["speaker"], o["heard"], o["said"]) for o in observations] == [
        ("overheard", "b", "tea", None),
        ("overheard", "a", "good morning", None),
    ]


@pytest.mark.parametrize("context", [None, "hello", ["hello", "you"]])
def test_scores_add_up(client: TestClient, context: object) -> None:
    answer = client.post("/api/score", json={"text": "hello", "context": context}).json()

    assert answer == {
        "bits": 5.0,
        "characters": 5,
        "bits_per_character": 1.0,
        "tokens": [{"text": "hello", "bits": 5.0}],
    }


def test_every_word_is_explained(client: TestClient) -> None:
    say(client, "hello you")
    say(client, "what")

    answer = client.get("/api/explain/2").json()

    assert answer["words"][0] == {"text": "hello", "sources": [{"seq": 1, "text": "hello you"}]}
    assert client.get("/api/explain/9").status_code == 404
    assert client.get("/api/explain/0").status_code == 422


def test_observations_come_in_pages(client: TestClient) -> None:
    for number in range(5):
        say(client, f"utterance {number}")

    first = client.get("/api/observations?limit=2").json()
    second = client.get(f"/api/observations?limit=2&before={first['before']}").json()

    assert [o["seq"] for o in first["observations"] + second["observations"]] == [5, 4, 3, 2]
    assert [o["seq"] for o in client.get("/api/observations?q=ance 3").json()["observations"]] == [4]


def test_a_deleted_observation_is_gone_everywhere(client: TestClient) -> None:
    for text in ("one", "secret", "three"):
        say(client, text, text)

    answer = client.delete("/api/observations/2")

    assert (answer.status_code, answer.json()["seq"], answer.json()["forgotten"]) == (200, 2, True)
    assert [w["text"] for w in client.get("/api/vocabulary").json()["words"]] == ["one", "three"]
    assert [o["heard"] for o in client.get("/api/observations").json()["observations"]] == ["three", "one"]
    for gone in (
        client.get("/api/exchanges/secret"),
        client.get("/api/explain/2"),
        client.delete("/api/observations/2"),
        say(client, "secret", "secret"),
    ):
        assert (gone.status_code, gone.json()["code"]) == (410, "forgotten")
    assert client.delete("/api/observations/77").status_code == 404


def test_vocabulary_and_patterns_can_be_looked_at(client: TestClient) -> None:
    say(client, "hello")
    say(client, "you")

    assert client.get("/api/vocabulary?q=hel").json()["words"] == [{"text": "hello", "count": 1, "first_seq": 1}]
    assert client.get("/api/patterns?limit=1").json() == {"patterns": [{"text": "hello", "count": 1}]}


def test_a_snapshot_is_one_file_that_holds_everything(client: TestClient, tmp_path: Path) -> None:
    say(client, "hello")

    answer = client.post("/api/snapshot").json()
    same = client.post("/api/snapshot", headers={"Accept": "application/vnd.sqlite3"})

    path = Path(answer["file"])
    assert (path.parent, path.stat().st_size) == ((tmp_path / "copies").resolve(), answer["bytes"])
    assert hashlib.sha256(same.content).hexdigest() == hashlib.sha256(path.read_bytes()).hexdigest()
    copy = Store(path)
    assert (copy.seq, copy.head.hex(), copy.epoch) == tuple(answer["cursor"][n] for n in ("seq", "head", "epoch"))
    copy.close()


def test_a_browser_gets_the_page(client: TestClient) -> None:
    page = client.get("/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for address in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert client.get(address).status_code == 200, address
