"""Errors as RFC 9457 problem documents: a stable ``code``, the thing, the value, the remedy."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from llm_trainer.errors import PeerBusy, RequestError, TrainerError

PROBLEM = "application/problem+json"


def problem(error: TrainerError) -> JSONResponse:
    """The answer that tells a caller what went wrong."""
    return JSONResponse(error.problem(), error.status, _headers(error), media_type=PROBLEM)


def _headers(error: TrainerError) -> dict[str, str]:
    if isinstance(error, PeerBusy) and error.retry_after_seconds is not None:
        return {"Retry-After": str(max(1, round(error.retry_after_seconds)))}
    return {}


def bare_problem(status: int, code: str, detail: str, remedy: str = "") -> JSONResponse:
    """A problem document for what the framework or the door refuses, outside our own tree of errors."""
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "code": code}
    document |= {"detail": detail} | ({"remedy": remedy} if remedy else {})
    return JSONResponse(document, status, media_type=PROBLEM)


def malformed_request(error: RequestValidationError) -> RequestError:
    """What a caller is told whose request does not fit: each field that is wrong, and why."""
    faults = [{"at": ".".join(map(str, e["loc"])), "why": e["msg"]} for e in error.errors()]
    detail = "; ".join(f"{fault['at']}: {fault['why']}" for fault in faults)
    return RequestError(detail, remedy="send JSON as described in docs/http.md", faults=faults)


def add_problem_documents(app: FastAPI) -> None:
    """Make every foreseen error of ``app`` an RFC 9457 document; the ``Door`` answers for the unforeseen."""

    async def ours(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, TrainerError)
        return problem(error)

    async def malformed(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return problem(malformed_request(error))

    async def framework(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
        answer = bare_problem(error.status_code, code, str(error.detail))
        answer.headers.update(error.headers or {})
        return answer

    app.add_exception_handler(TrainerError, ours)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(HTTPException, framework)
