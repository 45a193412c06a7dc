"""The page on ``/``: plain files, served from memory, that use nothing but the public API of the middleware.

The door of the service adds the headers that every answer carries; the policy here is stricter than the door's.

Laws: text from models, learners and people reaches the page as text only (the policy forbids script and style that we
did not ship, and markup made from strings); nothing is fetched from another host; a path is looked up, never joined.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
_MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "woff2": "font/woff2",
    "svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the page as it goes over the wire."""

    body: bytes
    media_type: str
    etag: str

    def answer(self, request: Request) -> Response:
        """The file, or 304 when the caller holds this very version."""
        headers = {"Content-Security-Policy": POLICY, "Cross-Origin-Opener-Policy": "same-origin"}
        headers |= {"ETag": self.etag, "Cache-Control": "no-cache"}
        if self.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(self.body, media_type=self.media_type, headers=headers)


def wants_page(accept: str) -> bool:
    """Whether a caller with this ``Accept`` header is a browser asking for the page rather than for JSON."""
    return "text/html" in accept.lower()


def page(request: Request) -> Response:
    """The page itself."""
    return _ASSETS["index.html"].answer(request)


def add_dashboard(app: FastAPI) -> None:
    """Serve the page's files under ``/static/``; what ``/`` answers is for the caller to decide (``wants_page``)."""

    @app.get("/static/{name:path}", include_in_schema=False)
    def static(name: str, request: Request) -> Response:
        if name not in _ASSETS:
            raise HTTPException(404, f"the page has no file named {name[:80]!r}")
        return _ASSETS[name].answer(request)


def _assets(folder: Path) -> dict[str, Asset]:
    found = {}
    for file in folder.rglob("*"):
        if file.is_file():
            body = file.read_bytes()
            media_type = _MEDIA_TYPES.get(file.suffix[1:], "text/plain; charset=utf-8")
            etag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
            found[file.relative_to(folder).as_posix()] = Asset(body, media_type, etag)
    return found


_ASSETS = _assets(Path(__file__).parent / "static")
