"""Every error over HTTP is an RFC 9457 problem document with a stable ``code``."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from cerebrum.errors import CerebrumError, RequestError, UtteranceError

PROBLEM = "application/problem+json"
CODES = {
    400: "not-json",
    403: "foreign-origin",
    404: "not-found",
    405: "method-not-allowed",
    408: "too-slow",
    413: "body-too-large",
    415: "not-json-type",
    421: "foreign-host",
    500: "bug",
}
UTTERANCE_FIELDS = {"message", "text"}
REMEDIES = {
    "string_too_short": "say something: at least one character that is not blank",
    "string_pattern_mismatch": "say something: at least one character that is not blank",
    "string_too_long": "say it in parts",
    "string_unicode": "send Unicode text without lone surrogates",
    "extra_forbidden": "leave the field out; docs/http.md lists the known ones",
}
log = logging.getLogger(__name__)


def problem(error: CerebrumError) -> JSONResponse:
    """The answer that tells a caller what went wrong."""
    headers = {} if error.retry_after_seconds is None else {"Retry-After": str(error.retry_after_seconds)}
    return JSONResponse(error.problem(), error.status, headers, media_type=PROBLEM)


def bare_problem(status: int, detail: str, remedy: str = "") -> JSONResponse:
    """The same for what goes wrong before our own code is reached."""
    document: dict[str, object] = {
        "type": f"urn:cerebrum:problem:{CODES.get(status, 'http')}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": CODES.get(status, "http"),
        "detail": detail,
    }
    return JSONResponse(document | ({"remedy": remedy} if remedy else {}), status, media_type=PROBLEM)


def add_problem_documents(app: FastAPI) -> None:
    """Make every error of ``app`` an RFC 9457 document."""

    async def ours(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, CerebrumError)
        return problem(error)

    async def malformed(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return problem(_explained(error.errors()))

    async def framework(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        detail = str(error.detail)
        if error.status_code in (404, 405):
            detail = f"{request.method} {request.url.path} is not part of this API"
        answer = bare_problem(error.status_code, detail, "see docs/http.md")
        answer.headers.update(error.headers or {})
        return answer

    async def bug(request: Request, error: Exception) -> JSONResponse:
        log.error("bug path=%r", request.url.path, exc_info=error)
        return bare_problem(500, "an error we did not foresee; the service's log has the details", "report it")

    app.add_exception_handler(CerebrumError, ours)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(HTTPException, framework)
    app.add_exception_handler(Exception, bug)


def _explained(errors: Sequence[Any]) -> RequestError:
    faults = [{"at": ".".join(map(_clean, e["loc"])), "why": e["msg"]} for e in errors[:20]]
    detail = "; ".join(f"{fault['at']}: {fault['why']}" for fault in faults)
    remedy = next((REMEDIES[e["type"]] for e in errors if e["type"] in REMEDIES), "see docs/http.md")
    of_text = all(e["type"].startswith("string_") and e["loc"][-1] in UTTERANCE_FIELDS for e in errors)
    return (UtteranceError if of_text else RequestError)(detail, remedy=remedy, faults=faults)


def _clean(part: object) -> str:
    """A place in the body as printable text: field names are the caller's."""
    return str(part)[:100].encode("ascii", "backslashreplace").decode()
