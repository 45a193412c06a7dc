"""What both services of the trainer do alike at the door: problem documents, size limits, who may knock, serving."""

from __future__ import annotations

import logging
import socket
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from llm_trainer.errors import PeerBusy, RequestError, SettingsError, TrainerError

BODY_LIMIT_BYTES = 1 << 20
PROBLEM = "application/problem+json"
log = logging.getLogger(__name__)


def problem(error: TrainerError) -> JSONResponse:
    """The answer that tells a caller what went wrong."""
    headers = {}
    if isinstance(error, PeerBusy) and error.retry_after_seconds is not None:
        headers["Retry-After"] = str(max(1, round(error.retry_after_seconds)))
    return JSONResponse(error.problem(), error.status, headers, media_type=PROBLEM)


def _bare_problem(status: int, code: str, detail: str, remedy: str = "") -> JSONResponse:
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "code": code}
    document |= {"detail": detail} | ({"remedy": remedy} if remedy else {})
    return JSONResponse(document, status, media_type=PROBLEM)


def add_problem_documents(app: FastAPI) -> None:
    """Make every error of ``app`` an RFC 9457 document."""

    async def ours(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, TrainerError)
        return problem(error)

    async def malformed(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        faults = [{"at": ".".join(map(str, e["loc"])), "why": e["msg"]} for e in error.errors()]
        detail = "; ".join(f"{fault['at']}: {fault['why']}" for fault in faults)
        return problem(RequestError(detail, remedy="send JSON as described in docs/http.md", faults=faults))

    async def framework(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
        answer = _bare_problem(error.status_code, code, str(error.detail))
        answer.headers.update(error.headers or {})
        return answer

    async def bug(request: Request, error: Exception) -> JSONResponse:
        log.error("bug path=%s", request.url.path, exc_info=error)
        return _bare_problem(500, "bug", "an error we did not foresee; the service's log has the details")

    app.add_exception_handler(TrainerError, ours)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(HTTPException, framework)
    app.add_exception_handler(Exception, bug)


class Door:
    """ASGI middleware: refuses foreign hosts, foreign origins and oversized bodies before anything reads them.

    A page on another site can make a browser knock here; a ``Host`` or ``Origin`` that is not ours gives it away.
    """

    def __init__(self, app: ASGIApp, port: int, body_limit: int = BODY_LIMIT_BYTES) -> None:
        self.app, self.body_limit = app, body_limit
        self.hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}
        self.origins = {f"http://{host}" for host in self.hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        refusal = self._refusal(headers)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self.app(scope, self._limited(receive), send)

    def _refusal(self, headers: list[tuple[str, str]]) -> JSONResponse | None:
        hosts = [value.lower() for name, value in headers if name == "host"]
        given = dict(headers)
        if len(hosts) != 1 or hosts[0] not in self.hosts:
            return _bare_problem(421, "foreign-host", f"this service is not {', '.join(hosts) or 'nameless'}")
        if given.get("origin", next(iter(self.origins))) not in self.origins:
            return _bare_problem(403, "foreign-origin", f"pages of {given['origin']} may not call this service")
        if given.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            return _bare_problem(403, "foreign-site", "pages of other sites may not call this service")
        if given.get("content-encoding", "identity") != "identity":
            return _bare_problem(415, "compressed-body", "compressed bodies are not accepted", "send it plain")
        length = given.get("content-length", "0")
        if length.isdigit() and int(length[:12]) > self.body_limit:
            return self._too_large()
        return None

    def _too_large(self) -> JSONResponse:
        return _bare_problem(413, "body-too-large", f"a body may hold at most {self.body_limit} bytes")

    def _limited(self, receive: Receive) -> Receive:
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.body_limit:
                raise HTTPException(413, f"a body may hold at most {self.body_limit} bytes")
            return message

        return counted


def check_url(name: str, url: str) -> str:
    """Return ``url`` without a trailing slash if it is one we may call; raise SettingsError naming the setting."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(f"{name} = {url!r} is not an http address", remedy=f"write {name} as http://host:port")
    return url.rstrip("/")


def check_port_free(port: int, setting: str, host: str = "127.0.0.1") -> None:
    """Raise SettingsError at once when somebody else listens on ``port``."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            remedy = f"stop the program that uses it, or set {setting} to another port"
            raise SettingsError(f"port {port} is taken or not allowed ({error.strerror})", remedy=remedy) from error


def serve(app: FastAPI, port: int, *, setting: str, host: str = "127.0.0.1", **options: Any) -> None:
    """Run ``app`` until a signal ends it; ``setting`` is the key that moves the port."""
    check_port_free(port, setting, host)
    uvicorn.run(app, host=host, port=port, log_config=None, access_log=False, server_header=False, **options)
