"""Strangers, and what they bring, are refused before anything reads it; generated from the API's own description."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from fastapi.testclient import TestClient

from cerebrum.api.door import BODY_LIMIT_BYTES
from tests.api.conftest import PORT

HOSTILE: list[tuple[dict[str, str], int]] = [
    ({"Host": "evil.example:8000"}, 421),
    ({"Host": "localhost"}, 421),
    ({"Host": f"localhost:{PORT + 1}"}, 421),
    ({"Host": f"localhost.evil.example:{PORT}"}, 421),
    ({"Host": f"localhost.:{PORT}"}, 421),
    ({"Host": f"me@localhost:{PORT}"}, 421),
    ({"Host": f"http://localhost:{PORT}"}, 421),
    ({"Host": f"mylocalhost:{PORT}"}, 421),
    ({"Host": f"0.0.0.0:{PORT}"}, 421),
    ({"Host": ""}, 421),
    ({"Origin": "http://evil.example"}, 403),
    ({"Origin": "null"}, 403),
    ({"Origin": f"https://localhost:{PORT}"}, 403),
    ({"Origin": f"http://localhost:{PORT}.evil.example"}, 403),
    ({"Origin": f"http://localhost:{PORT + 1}"}, 403),
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "same-site"}, 403),
]
FRIENDLY: list[dict[str, str]] = [
    {},
    {"Host": f"127.0.0.1:{PORT}"},
    {"Host": f"LOCALHOST:{PORT}"},
    {"Host": f"[::1]:{PORT}"},
    {"Origin": f"http://localhost:{PORT}", "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
]


def operations(client: TestClient) -> list[tuple[str, str]]:
    paths = client.get("/openapi.json").json()["paths"]
    found = [(method.upper(), path) for path, methods in paths.items() for method in methods]
    found += [("GET", path) for path in ("/page.css", "/page.js", "/nowhere", "/openapi.json", "/docs", "/redoc")]
    return [(method, path.replace("{seq}", "1").replace("{key}", "k")) for method, path in found]


def test_strangers_are_refused_on_every_route(client: TestClient) -> None:
    refused = 0
    for method, path in operations(client):
        for headers, status in HOSTILE:
            answer = client.request(method, path, headers=headers)
            assert answer.status_code == status, (method, path, headers)
            assert not [name for name in answer.headers if name.lower().startswith("access-control")]
            refused += 1
    assert refused >= 300


@pytest.mark.parametrize("headers", FRIENDLY)
def test_friends_are_served(client: TestClient, headers: dict[str, str]) -> None:
    assert client.get("/api/status", headers=headers).status_code == 200


def test_a_host_named_twice_is_refused(client: TestClient) -> None:
    twice = [("Host", f"localhost:{PORT}"), ("Host", "evil.example")]

    assert client.get("/", headers=twice).status_code == 421


def test_no_page_may_ask_whether_it_may(client: TestClient) -> None:
    preflight = {"Origin": f"http://localhost:{PORT}", "Access-Control-Request-Method": "POST"}

    assert client.options("/api/chat", headers=preflight).status_code == 403


def test_every_answer_carries_the_safety_headers(client: TestClient) -> None:
    for path, wanted in (("/", 200), ("/page.js", 200), ("/nowhere", 404), ("/api/explain/x", 422)):
        answer = client.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == wanted
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_there_are_no_generated_documentation_pages(client: TestClient) -> None:
    assert client.get("/docs").status_code == client.get("/redoc").status_code == 404


def chat(client: TestClient, content: bytes | str, **headers: str) -> Any:
    return client.post("/api/chat", content=content, headers={"Content-Type": "application/json"} | headers)


DEEP = '{"message":' + "[" * 100_000 + "]" * 100_000 + "}"
BAD_INPUT: list[tuple[str, bytes | str, int, str]] = [
    ("not JSON", "hello", 400, "not-json"),
    ("nothing", "", 422, "invalid-request"),
    ("cut", '{"message": "he', 400, "not-json"),
    ("not UTF-8", b'{"message": "\xff\xfe"}', 400, "not-json"),
    ("NaN", '{"message": NaN}', 400, "not-json"),
    ("infinity", '{"message": -Infinity}', 400, "not-json"),
    ("a name twice", '{"message": "a", "message": "b"}', 400, "not-json"),
    ("nested deeply", DEEP, 400, "not-json"),
    ("nested a little too deeply", '{"message":' + "[" * 70 + "]" * 70 + "}", 400, "not-json"),
    ("a number of a million digits", '{"message": ' + "9" * 1_000_000 + "}", 400, "not-json"),
    ("a list", "[]", 422, "invalid-request"),
    ("null", "null", 422, "invalid-request"),
    ("a number", "7", 422, "invalid-request"),
    ("no message", "{}", 422, "invalid-request"),
    ("an unknown field", '{"message": "hello", "mesage": "x"}', 422, "invalid-request"),
    ("a number for a message", '{"message": 7}', 422, "invalid-utterance"),
    ("null for a message", '{"message": null}', 422, "invalid-utterance"),
    ("a word for a truth value", '{"message": "hello", "learn": "no"}', 422, "invalid-request"),
    ("a long name", json.dumps({"message": "hello", "user_id": "u" * 201}), 422, "invalid-request"),
    ("an empty message", '{"message": ""}', 422, "invalid-utterance"),
    ("blanks", '{"message": " \\n\\t\\u00a0"}', 422, "invalid-utterance"),
    ("a lone surrogate", '{"message": "\\ud800"}', 422, "invalid-utterance"),
    ("100 kB", json.dumps({"message": "word " * 20_000}), 422, "invalid-utterance"),
    ("2 MB", json.dumps({"message": "word " * 400_000}), 413, "body-too-large"),
]


@pytest.mark.parametrize(("content", "status", "code"), [case[1:] for case in BAD_INPUT], ids=[c[0] for c in BAD_INPUT])
def test_bad_input_has_its_problem_document(client: TestClient, content: bytes | str, status: int, code: str) -> None:
    started = time.perf_counter()

    answer = chat(client, content)

    document = answer.json()
    assert (answer.status_code, document["status"], document["code"]) == (status, status, code), document
    assert answer.headers["content-type"] == "application/problem+json"
    assert document["title"]
    assert document["detail"]
    assert document["remedy"]
    assert len(answer.content) < 4000
    assert time.perf_counter() - started < 5
    assert client.get("/api/status").json()["cursor"]["seq"] == 0


def test_the_fault_is_named(client: TestClient) -> None:
    document = chat(client, '{"message": "hello", "mesage": "x", "learn": 3}').json()

    assert [fault["at"] for fault in document["faults"]] == ["body.learn", "body.mesage"]
    assert "body.mesage" in document["detail"]


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_a_body_that_does_not_say_json_is_415(client: TestClient, kind: str) -> None:
    answer = client.post("/api/chat", content='{"message": "hello"}', headers={"Content-Type": kind})

    assert (answer.status_code, answer.json()["code"]) == (415, "not-json-type")


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "gzip, identity"])
def test_compressed_bodies_are_415(client: TestClient, coding: str) -> None:
    assert chat(client, b"\x1f\x8b", **{"Content-Encoding": coding}).status_code == 415


def test_the_limit_counts_what_comes_not_what_was_announced(client: TestClient) -> None:
    def endless() -> Any:
        for _ in range(40):
            yield b" " * 50_000

    answer = client.post("/api/chat", content=endless(), headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


def test_a_body_at_the_limit_is_read(client: TestClient) -> None:
    body = '{"message": "hello"}'

    assert chat(client, body + " " * (BODY_LIMIT_BYTES - len(body))).status_code == 200
    assert chat(client, body + " " * (BODY_LIMIT_BYTES - len(body) + 1)).status_code == 413


def test_any_text_that_is_text_is_heard(client: TestClient) -> None:
    for text in ("\x00", "مرحبا", "👩‍👩‍👧", "<script>alert(1)</script>", "a" * 16_000, "line\r\nline", "\u202ex"):
        answer = client.post("/api/chat", json={"message": text})
        assert answer.status_code == 200, text
        assert client.get("/api/observations?limit=1").json()["observations"][0]["heard"] == text


@pytest.mark.parametrize("path", ["/nowhere", "/api", "/api/explain/", "/%2e%2e/etc/passwd", "/.git"])
def test_other_paths_are_404(client: TestClient, path: str) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_other_methods_are_405(client: TestClient) -> None:
    answer = client.get("/api/chat")

    assert (answer.status_code, answer.json()["code"], answer.headers["Allow"]) == (405, "method-not-allowed", "POST")
