"""Who may knock, and what is told to those who may not."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from pydantic import BaseModel
from starlette.responses import PlainTextResponse

from llm_trainer.web import Door, add_problem_documents
from llm_trainer.web.door import SECURITY_HEADERS

PORT = 8002
HERE = f"http://localhost:{PORT}"


class Body(BaseModel):
    text: str


def make(**options: object) -> TestClient:
    app = FastAPI()
    app.add_middleware(Door, port=PORT, **options)  # type: ignore[arg-type]
    add_problem_documents(app)

    @app.get("/page")
    async def page() -> dict[str, str]:
        return {"secret": "words"}

    @app.get("/own")
    async def own() -> PlainTextResponse:
        return PlainTextResponse("x", headers={"content-security-policy": "default-src 'self'"})

    @app.get("/bug")
    async def bug() -> None:
        raise ZeroDivisionError

    @app.post("/stop")
    async def stop() -> dict[str, str]:
        return {"status": "stopped"}

    @app.post("/say")
    async def say(body: Body) -> dict[str, str]:
        return {"text": body.text}

    @app.post("/raw")
    async def raw(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    return TestClient(app, base_url=HERE, raise_server_exceptions=False)


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with make() as client:
        yield client


HOSTS = [
    "evil.example:8002",
    "evil.example",
    "localhost",
    "localhost:8003",
    "localhost.:8002",
    "localhost.evil:8002",
    "localhost:8002.evil",
    "evil-localhost:8002",
    "user@localhost:8002",
    "http://localhost:8002",
    "127.0.0.1",
    "127.0.0.2:8002",
    "0.0.0.0:8002",
    "[::]:8002",
    "192.168.1.7:8002",
    "machine.local:8002",
    "",
]
ROUTES = [("GET", "/page"), ("GET", "/nowhere"), ("POST", "/say"), ("POST", "/stop"), ("OPTIONS", "/page")]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_foreign_host_gets_421_and_not_a_word(client: TestClient, method: str, path: str, host: str) -> None:
    answer = client.request(method, path, headers={"host": host})

    assert (answer.status_code, answer.content) == (421, b"")


def test_two_hosts_are_none(client: TestClient) -> None:
    answer = client.get("/page", headers=[("host", "localhost:8002"), ("host", "localhost:8002")])

    assert answer.status_code == 421


@pytest.mark.parametrize("host", ["localhost:8002", "LOCALHOST:8002", "127.0.0.1:8002", "[::1]:8002"])
def test_our_own_names_are_served(client: TestClient, host: str) -> None:
    assert client.get("/page", headers={"host": host}).status_code == 200


FOREIGN = [
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"origin": ""},
    {"origin": "https://localhost:8002"},
    {"origin": "http://localhost"},
    {"origin": "http://localhost:3000"},
    {"origin": "http://localhost:8002.evil.example"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": "http://localhost:8002", "sec-fetch-site": "cross-site"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_page_of_another_site_is_refused(client: TestClient, method: str, path: str, headers: dict[str, str]) -> None:
    answer = client.request(method, path, headers=headers)

    assert answer.status_code == 403
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    "headers", [{}, {"origin": HERE}, {"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}]
)
def test_our_own_page_and_plain_programs_are_served(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/say", json={"text": "a"}, headers=headers).status_code == 200


@pytest.mark.parametrize("origin", [HERE, "http://evil.example"])
def test_no_answer_ever_shares_with_other_origins(client: TestClient, origin: str) -> None:
    asked = {"origin": origin, "access-control-request-method": "POST"}
    for method, path in ROUTES:
        answer = client.request(method, path, headers=asked)
        assert not [name for name in answer.headers if name.startswith("access-control")]
    assert client.options("/say", headers=asked).status_code == 403


@pytest.mark.parametrize("path", ["/page", "/nowhere", "/bug"])
def test_every_answer_carries_the_security_headers(client: TestClient, path: str) -> None:
    answer = client.get(path)

    assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_a_service_may_set_its_own_policy(client: TestClient) -> None:
    assert client.get("/own").headers["content-security-policy"] == "default-src 'self'"


def test_a_bug_is_a_problem_document_and_tells_nothing(client: TestClient) -> None:
    answer = client.get("/bug")

    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert answer.json()["code"] == "bug"
    assert "ZeroDivision" not in answer.text


def test_a_post_without_a_body_is_served(client: TestClient) -> None:
    assert client.post("/stop").json() == {"status": "stopped"}


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data", ""])
def test_a_body_that_does_not_call_itself_json_is_415(client: TestClient, kind: str) -> None:
    answer = client.post("/say", content=b'{"text": "a"}', headers={"content-type": kind})

    assert (answer.status_code, answer.json()["code"]) == (415, "not-json")


def test_json_may_state_its_charset(client: TestClient) -> None:
    headers = {"content-type": "application/json; charset=utf-8"}

    assert client.post("/say", content=b'{"text": "a"}', headers=headers).status_code == 200


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate, gzip"])
def test_a_compressed_body_is_415(client: TestClient, coding: str) -> None:
    headers = {"content-type": "application/json", "content-encoding": coding}

    assert client.post("/say", content=b"x", headers=headers).status_code == 415


@pytest.mark.parametrize("content", [b"{", b'{"text": NaN}', b"[" * 1000, b'{"text": "a", "text": "b"}', b"\xff"])
def test_bad_json_is_400_and_says_why(client: TestClient, content: bytes) -> None:
    answer = client.post("/say", content=content, headers={"content-type": "application/json"})

    assert (answer.status_code, answer.json()["code"]) == (400, "bad-json")
    assert answer.json()["remedy"]


def chunked(size: int) -> Iterator[bytes]:
    yield b'{"text": "'
    for _ in range(size // 1000):
        yield b"a" * 1000
    yield b'"}'


def test_a_body_beyond_the_limit_is_413_announced_or_not() -> None:
    with make(body_limit=10_000) as client:
        kind = {"content-type": "application/json"}
        announced = client.post("/say", json={"text": "a" * 10_000})
        streamed = client.post("/say", content=chunked(10_000), headers=kind)
        fitting = client.post("/say", content=chunked(9_000), headers=kind)

    assert [announced.status_code, streamed.status_code, fitting.status_code] == [413, 413, 200]
    assert announced.json()["code"] == "body-too-large"


def test_the_service_reads_the_same_bytes(client: TestClient) -> None:
    kind = {"content-type": "application/json"}

    assert client.post("/raw", content=b'{"a": 1} ', headers=kind).json() == {"bytes": 9}


@pytest.mark.parametrize("shown", [None, "Bearer wrong", "Basic dG9rZW4=", "bearer t0ken", "Bearer t0ken "])
def test_where_a_token_is_set_it_is_needed(shown: str | None) -> None:
    with make(token="t0ken") as client:
        answer = client.get("/page", headers={"authorization": shown} if shown else {})

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert "t0ken" not in answer.text


def test_the_token_opens() -> None:
    with make(token="t0ken") as client:
        assert client.get("/page", headers={"authorization": "Bearer t0ken"}).status_code == 200


def test_other_names_may_be_given() -> None:
    with make(names=["trainer.lan"]) as client:
        assert client.get("/page", headers={"host": "trainer.lan:8002"}).status_code == 200
        assert client.get("/page", headers={"host": "localhost:8002"}).status_code == 421
