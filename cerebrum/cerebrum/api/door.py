"""Who may knock, and with what: checked before anything is read, and the headers that every answer carries.

A page of another site can make a browser knock here. Its ``Host`` (a name that was re-bound to this machine), its
``Origin`` or its ``Sec-Fetch-Site`` gives it away. Programs that are not browsers send none of the last two.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cerebrum.api.problems import bare_problem

BODY_LIMIT_BYTES = 1 << 20
BODY_SECONDS = 10.0
SAFE = ("GET", "HEAD", "DELETE")
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Door:
    """ASGI middleware: refuses foreign hosts and origins, compressed, oversized and slow bodies."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self.app = app
        names = ("127.0.0.1", "localhost", "[::1]")
        self.hosts = {f"{name}:{port}" for name in names} | ({*names} if port == 80 else set())
        self.origins = {f"http://{host}" for host in self.hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, _dressed(send))
        else:
            await self.app(scope, _limited(receive), _dressed(send))

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        found: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        return self._stranger(scope["method"], found) or _unreadable(scope["method"], found)

    def _stranger(self, method: str, found: Mapping[str, list[str]]) -> JSONResponse | None:
        hosts = found.get("host", [])
        if len(hosts) != 1 or hosts[0].lower() not in self.hosts:
            return bare_problem(421, "this service does not go by that name", "call it by localhost and its port")
        if not all(origin in self.origins for origin in found.get("origin", [])):
            return bare_problem(403, "pages of other sites may not call this service", "open its own page")
        if not all(site in ("same-origin", "none") for site in found.get("sec-fetch-site", [])):
            return bare_problem(403, "pages of other sites may not call this service", "open its own page")
        if method == "OPTIONS" and "access-control-request-method" in found:
            return bare_problem(403, "pages of other sites may not call this service", "open its own page")
        return None


def _unreadable(method: str, found: Mapping[str, list[str]]) -> JSONResponse | None:
    length = found.get("content-length", ["0"])[-1]
    if length.isdigit() and (len(length) > 12 or int(length) > BODY_LIMIT_BYTES):
        return bare_problem(413, _too_large(), "send less at once")
    if any(coding.lower() != "identity" for coding in found.get("content-encoding", [])):
        return bare_problem(415, "compressed bodies are not accepted", "send it plain")
    has_body = length != "0" or "transfer-encoding" in found
    kind = found.get("content-type", [""])[-1].partition(";")[0].strip().lower()
    if has_body and method not in SAFE and kind != "application/json":
        return bare_problem(415, f"a body must be JSON, not {kind[:60] or 'of no type'!r}", JSON_REMEDY)
    return None


JSON_REMEDY = "send the header Content-Type: application/json"


def _too_large() -> str:
    return f"a body may hold at most {BODY_LIMIT_BYTES} bytes"


def _limited(receive: Receive) -> Receive:
    seen, complete = 0, False

    async def counted() -> Message:
        nonlocal seen, complete
        if complete:
            return await receive()  # waits for the caller to go away
        try:
            message = await asyncio.wait_for(receive(), BODY_SECONDS)
        except asyncio.TimeoutError:
            raise HTTPException(408, f"the body did not come within {BODY_SECONDS:.0f} s") from None
        seen += len(message.get("body", b""))
        complete = not message.get("more_body", False)
        if seen > BODY_LIMIT_BYTES:
            raise HTTPException(413, _too_large())
        return message

    return counted


def _dressed(send: Send) -> Send:
    async def dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return dressed
