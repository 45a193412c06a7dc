"""Every route of both services, as they list them themselves, refuses every stranger that a browser can bring."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from llm_trainer.llm_server.app import create_app as llm_server
from llm_trainer.llm_server.wiring import casting, chooser
from llm_trainer.middleware.app import create_app as middleware
from llm_trainer.settings import Settings
from llm_trainer.web import Door
from tests.promises import Figure

PORT = 28002
HERE = f"http://localhost:{PORT}"
HOSTILE: dict[str, dict[str, str]] = {
    "foreign host": {"host": f"evil.example:{PORT}"},
    "host without the port": {"host": "localhost"},
    "rebound host": {"host": f"127.0.0.1.evil.example:{PORT}"},
    "foreign origin": {"origin": "http://evil.example"},
    "null origin": {"origin": "null"},
    "another port's origin": {"origin": "http://localhost:3000"},
    "origin with our name in it": {"origin": f"{HERE}.evil.example"},
    "cross-site": {"sec-fetch-site": "cross-site"},
    "same-site": {"sec-fetch-site": "same-site"},
}
UNLISTED = [("GET", "/"), ("GET", "/static/main.js"), ("GET", "/openapi.json")]


@pytest.fixture(scope="module", params=["middleware", "llm-server"])
def app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    folder: Path = tmp_path_factory.mktemp("record")
    nobody = "http://127.0.0.1:9"
    settings = Settings(
        middleware_port=PORT, llm_server_port=PORT, data_dir=folder, cerebrum_url=nobody, llm_server_url=nobody,
        ollama_url=nobody, llm_backend="tutor",
    )  # fmt: skip
    if request.param == "middleware":
        return middleware(settings)
    return llm_server(chooser(settings), PORT, casting=casting(settings))


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url=HERE, raise_server_exceptions=False) as opened:
        yield opened


def routes(app: FastAPI) -> list[tuple[str, str]]:
    """Method and path of everything served; a path's parameters are filled in."""
    listed = [(method.upper(), path) for path, found in app.openapi()["paths"].items() for method in found]
    return [(method, re.sub(r"\{[^}]+\}", "1", path)) for method, path in listed] + UNLISTED


@pytest.mark.promise("P19")
def test_every_stranger_is_refused_at_every_route(app: FastAPI, client: TestClient, figure: Figure) -> None:
    admitted, sharing, asked = [], [], 0
    for method, path in routes(app):
        for name, headers in HOSTILE.items():
            answer = client.request(method, path, headers=headers, json={} if method in ("POST", "PUT") else None)
            asked += 1
            if answer.status_code not in (403, 421):
                admitted.append((method, path, name, answer.status_code))
            sharing += [header for header in answer.headers if header.startswith("access-control")]

    figure("P19", service=app.title, routes=len(routes(app)), asked=asked, admitted=len(admitted), cors=len(sharing))
    assert len(routes(app)) > 14
    assert (admitted, sharing) == ([], [])


@pytest.mark.promise("P19")
def test_where_a_token_is_set_nobody_comes_in_without_it(app: FastAPI, figure: Figure) -> None:
    """Refused before anything is looked at: the service behind the door is not even started."""
    client = TestClient(Door(app, PORT, token="a-long-secret"), base_url=HERE)
    admitted = [
        (method, path, given)
        for method, path in routes(app)
        for given in ({}, {"authorization": "Bearer guess"}, {"authorization": "a-long-secret"})
        if client.request(method, path, headers=given).status_code != 401
    ]

    figure("P19", service=app.title, without_token=3 * len(routes(app)), admitted=len(admitted))
    assert admitted == []


@pytest.mark.promise("P19")
def test_no_route_answers_a_question_before_the_flight(app: FastAPI, client: TestClient, figure: Figure) -> None:
    """A browser that may not ask first does not ask at all: no preflight is ever granted, not even to ourselves."""
    granted = [
        (path, origin)
        for path in {path for _, path in routes(app)}
        for origin in (HERE, "http://evil.example")
        for answer in [client.options(path, headers={"origin": origin, "access-control-request-method": "POST"})]
        if answer.status_code != 403 or "access-control-allow-origin" in answer.headers
    ]

    figure("P19", service=app.title, preflights=2 * len({path for _, path in routes(app)}), granted=len(granted))
    assert granted == []
