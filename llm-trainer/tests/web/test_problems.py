"""Every error is a problem document with a stable code and a remedy."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel

from llm_trainer import errors
from llm_trainer.web import PROBLEM, add_problem_documents

ALL = [
    errors.TrainerError("d", remedy="r"),
    errors.RequestError("d", remedy="r"),
    errors.NotFound("d", remedy="r"),
    errors.SessionActive("d", remedy="r"),
    errors.StoreError("d", remedy="r"),
    errors.PeerUnreachable("d", peer="p", remedy="r"),
    errors.PeerTimeout("d", peer="p", remedy="r"),
    errors.PeerAnswerInvalid("d", peer="p", remedy="r"),
    errors.ModelMissing("d", peer="p", remedy="r"),
]


class Body(BaseModel):
    count: int


def client(error: Exception | None = None) -> TestClient:
    app = FastAPI()
    add_problem_documents(app)

    @app.get("/fail")
    async def fail() -> None:
        assert error is not None
        raise error

    @app.post("/count")
    async def count(body: Body) -> int:
        return body.count

    return TestClient(app)


@pytest.mark.parametrize("error", ALL, ids=lambda error: type(error).__name__)
def test_each_error_of_ours_keeps_its_status_code_and_remedy(error: errors.TrainerError) -> None:
    answer = client(error).get("/fail")

    assert answer.status_code == error.status
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json() == error.problem()
    assert answer.json()["remedy"] == "r"


def test_a_busy_peer_says_when_to_come_back() -> None:
    answer = client(errors.PeerBusy("d", peer="p", retry_after_seconds=7.2)).get("/fail")

    assert answer.headers["retry-after"] == "7"


def test_a_body_that_does_not_fit_names_each_fault() -> None:
    answer = client().post("/count", json={"count": "many"})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert [fault["at"] for fault in answer.json()["faults"]] == ["body.count"]


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("GET", "/count", 405)])
def test_what_the_framework_refuses_is_a_problem_too(method: str, path: str, status: int) -> None:
    answer = client().request(method, path)

    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    assert answer.json()["status"] == status
