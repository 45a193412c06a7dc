"""The fixed files of the page, read once from the package and sent whole."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

from fastapi import APIRouter
from fastapi.responses import Response

KINDS = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Page:
    """One file and its kind."""

    content: bytes
    kind: str

    def response(self) -> Response:
        """The whole file."""
        return Response(self.content, media_type=f"{self.kind}; charset=utf-8")


def _read(name: str) -> Page:
    return Page(files("cerebrum.web").joinpath(name).read_bytes(), KINDS[name.rpartition(".")[2]])


PAGES = {"/": _read("page.html")} | {f"/{name}": _read(name) for name in ("page.css", "page.js", "icon.svg")}
router = APIRouter()


def _serve(path: str) -> None:
    async def page() -> Response:
        return PAGES[path].response()

    router.get(path, include_in_schema=False, name=path)(page)


for _path in PAGES:
    if _path != "/":
        _serve(_path)
