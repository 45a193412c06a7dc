"""The API's description of itself is true: generated requests, good and bad, get the answers that it promises."""

from __future__ import annotations

from pathlib import Path

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from starlette.types import Receive, Scope, Send

from cerebrum.api.app import create_app
from cerebrum.worker import Worker
from tests.api.conftest import PORT

EXAMPLES = 12
ROUTES = {
    "GET /",
    "GET /healthz",
    "GET /readyz",
    "GET /api/status",
    "POST /api/chat",
    "GET /api/exchanges/{key}",
    "POST /api/observe",
    "POST /api/score",
    "GET /api/explain/{seq}",
    "GET /api/observations",
    "DELETE /api/observations/{seq}",
    "GET /api/vocabulary",
    "GET /api/patterns",
    "POST /api/snapshot",
}


def test_the_routes_are_these(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]

    assert {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods} == ROUTES


@pytest.fixture
def described(worker: Worker, tmp_path: Path) -> schemathesis.BaseSchema:
    worker.submit(lambda learner: learner.exchange("hello")).result(10)
    app = create_app(worker, PORT, tmp_path / "copies")

    async def called_by_its_name(scope: Scope, receive: Receive, send: Send) -> None:
        others = [(name, value) for name, value in scope.get("headers", []) if name != b"host"]
        scope["headers"] = [*others, (b"host", f"localhost:{PORT}".encode())]
        await app(scope, receive, send)

    return schemathesis.openapi.from_asgi("/openapi.json", called_by_its_name)


def is_of_state(problem: dict[str, object]) -> bool:
    """A good request refused for what was said before, which no description can tell."""
    return problem["code"] in ("key-reused", "forgotten")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_generated_requests_get_the_promised_answers(described: schemathesis.BaseSchema, mode: GenerationMode) -> None:
    seen = 0
    for result in described.get_all_operations():
        operation = result.ok()
        if mode is GenerationMode.NEGATIVE and not (operation.body or operation.query or operation.path_parameters):
            continue

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def answers_as_promised(case: schemathesis.Case) -> None:
            nonlocal seen
            seen += 1
            answer = case.call()
            if answer.headers.get("content-type") != ["application/problem+json"] or not is_of_state(answer.json()):
                case.validate_response(answer)

        answers_as_promised()
    assert seen > EXAMPLES
