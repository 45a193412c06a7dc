"""The door of a service: refuses strangers and what nobody should have to read, before anything reads it.

A page on another site can make a visitor's browser knock here (DNS rebinding, cross-site requests); a ``Host`` or
``Origin`` that is not ours gives it away. Nothing is ever shared with other origins, so no CORS header is ever sent.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Iterable

from fastapi.responses import JSONResponse, Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from llm_trainer.web import body as bodies
from llm_trainer.web.problems import bare_problem

BODY_LIMIT_BYTES = 1 << 20
BODY_DEADLINE_SECONDS = 10.0
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "content-security-policy": CONTENT_POLICY,
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
log = logging.getLogger(__name__)


class Door:
    """ASGI middleware around a service on ``port``.

    ``names`` are the hosts it answers to, exactly; a service bound elsewhere than to loopback is given its names and
    a ``token``, which every request must then carry as ``Authorization: Bearer …``.
    """

    def __init__(
        self,
        app: ASGIApp,
        port: int,
        *,
        body_limit: int = BODY_LIMIT_BYTES,
        names: Iterable[str] = LOOPBACK_NAMES,
        token: str = "",
        body_deadline_seconds: float = BODY_DEADLINE_SECONDS,
    ) -> None:
        self.app, self.body_limit, self.body_deadline_seconds = app, body_limit, body_deadline_seconds
        self.hosts = {f"{name}:{port}" for name in names} | ({*names} if port == 80 else set())
        self.origins = {f"http://{host}" for host in self.hosts}
        self.authorization = f"Bearer {token}" if token else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._admit(scope, receive, _Sender(send))
        # Anything else (WebSockets) is spoken by neither service: returning at once refuses it.

    async def _admit(self, scope: Scope, receive: Receive, send: _Sender) -> None:
        headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        refusal = self._refusal(scope["method"], headers)
        if refusal is None and _has_body(headers):
            read = await self._read_body(headers, receive)
            if isinstance(read, Response):
                refusal = read
            else:
                receive = bodies.replay(read, receive)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        try:
            await self.app(scope, receive, send)
        except Exception:
            log.exception("bug path=%s", scope["path"])
            if send.has_started:
                raise  # half an answer is out: only a broken connection tells the caller so
            detail = "an error we did not foresee; the service's log has the details"
            await bare_problem(500, "bug", detail)(scope, receive, send)

    def _refusal(self, method: str, headers: list[tuple[str, str]]) -> Response | None:
        given = dict(headers)
        return self._foreign(headers, given) or self._unwelcome(method, given)

    def _foreign(self, headers: list[tuple[str, str]], given: dict[str, str]) -> Response | None:
        hosts = [value.lower() for name, value in headers if name == "host"]
        if len(hosts) != 1 or hosts[0] not in self.hosts:
            log.warning("refused: foreign host %r, known are %s", hosts, sorted(self.hosts))
            return Response(status_code=421)  # no body: nothing here is meant for that page
        if given.get("origin", next(iter(self.origins))) not in self.origins:
            return bare_problem(403, "foreign-origin", f"pages of {given['origin']!r} may not call this service")
        if given.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            return bare_problem(403, "foreign-site", "pages of other sites may not call this service")
        return None

    def _unwelcome(self, method: str, given: dict[str, str]) -> Response | None:
        if method == "OPTIONS":
            return bare_problem(403, "no-cors", "this service is not shared with pages of other sites")
        shown = given.get("authorization", "").encode("latin-1")
        if self.authorization and not hmac.compare_digest(shown, self.authorization.encode()):
            answer = bare_problem(401, "token", "this service asks for its token", "send Authorization: Bearer TOKEN")
            answer.headers["WWW-Authenticate"] = "Bearer"
            return answer
        if given.get("content-encoding", "identity") != "identity":
            return bare_problem(415, "compressed-body", "compressed bodies are not accepted", "send it plain")
        length = given.get("content-length", "0")
        return self._too_large() if length.isdigit() and int(length[:12]) > self.body_limit else None

    async def _read_body(self, headers: list[tuple[str, str]], receive: Receive) -> bytes | Response:
        try:
            body = await bodies.read(receive, self.body_limit, self.body_deadline_seconds)
            kind = dict(headers).get("content-type", "").partition(";")[0].strip().lower()
            if body and kind != "application/json":
                detail = f"the body is {kind or 'of no stated type'}, not JSON"
                return bare_problem(415, "not-json", detail, "send Content-Type: application/json")
            if body:
                bodies.check_json(body)
        except bodies.BodyTooLarge:
            return self._too_large()
        except bodies.BodyTooSlow:
            detail = f"the body did not arrive within {self.body_deadline_seconds:g} s"
            return bare_problem(408, "body-too-slow", detail, "send the request again")
        except bodies.BodyNotJson as error:
            return bare_problem(400, "bad-json", f"the body cannot be used: {error}", "send one JSON object in UTF-8")
        return body

    def _too_large(self) -> JSONResponse:
        detail = f"a body may hold at most {self.body_limit} bytes"
        answer = bare_problem(413, "body-too-large", detail, "send less at once")
        answer.headers["Connection"] = "close"  # the rest of it is not worth reading
        return answer


class _Sender:
    """Adds the security headers to every answer, leaving those alone that the service set itself."""

    def __init__(self, send: Send) -> None:
        self.send, self.has_started = send, False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_started = True
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        await self.send(message)


def _has_body(headers: list[tuple[str, str]]) -> bool:
    return any((name == "content-length" and value != "0") or name == "transfer-encoding" for name, value in headers)
