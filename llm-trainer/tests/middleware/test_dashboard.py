"""The page's files as they are served: known by name, guarded, small, and the others' files unchanged."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi import FastAPI, Request, Response
from fastapi.testclient import TestClient

from llm_trainer.middleware import dashboard
from llm_trainer.web import Door, add_problem_documents

STATIC = Path(dashboard.__file__).parent / "static"
NAMES = sorted(file.relative_to(STATIC).as_posix() for file in STATIC.rglob("*") if file.is_file())
OURS = [name for name in NAMES if not name.startswith("vendor/")]


@pytest.fixture
def client() -> Iterator[TestClient]:
    app = FastAPI()
    add_problem_documents(app)
    dashboard.add_dashboard(app)

    @app.get("/")
    def root(request: Request) -> Response:
        return dashboard.page(request)

    app.add_middleware(Door, port=8002)
    with TestClient(app, base_url="http://localhost:8002") as opened:
        yield opened


def test_every_file_is_served_with_its_type_and_a_policy_without_holes(client: TestClient) -> None:
    for name in NAMES:
        answer = client.get(f"/static/{name}")
        policy = answer.headers["Content-Security-Policy"]
        assert answer.status_code == 200
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'")
        assert "frame-ancestors 'none'" in policy
        assert not re.search(r"unsafe|\*|http:|https:", policy)
    assert client.get("/static/main.js").headers["Content-Type"] == "text/javascript; charset=utf-8"


@pytest.mark.parametrize("path", ["../__init__.py", "%2e%2e/__init__.py", "/etc/passwd", "a%00b", "", "views"])
def test_what_is_not_a_file_of_the_page_is_not_found(client: TestClient, path: str) -> None:
    answer = client.get(f"/static/{path}")

    assert answer.status_code == 404
    assert "def add_dashboard" not in answer.text


def test_a_browser_that_holds_this_very_version_gets_no_body(client: TestClient) -> None:
    etag = client.get("/").headers["ETag"]

    again = client.get("/", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [("text/html,application/xhtml+xml;q=0.9", True), ("application/json", False), ("*/*", False), ("", False)],
)
def test_only_browsers_want_the_page(accept: str, wanted: bool) -> None:
    assert dashboard.wants_page(accept) is wanted


def test_the_whole_page_weighs_less_than_half_a_megabyte() -> None:
    weight = sum((STATIC / name).stat().st_size for name in NAMES)
    assert weight < 500_000


def test_vendored_files_are_as_published() -> None:
    vendor = STATIC / "vendor"
    listed = dict(reversed(line.split()) for line in (vendor / "SHA256SUMS").read_text("utf-8").splitlines())
    found = {
        file.relative_to(vendor).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in vendor.glob("*/*")
    }
    assert found == listed
    assert all((folder / "LICENSE").exists() for folder in vendor.iterdir() if folder.is_dir())


class _Inline(HTMLParser):
    """Collects what a strict policy would refuse: inline scripts and styles, event attributes, foreign addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        for name, value in attrs:
            if name.startswith("on") or name == "style" or "//" in (value or ""):
                self.found.append(f"<{tag} {name}={value}>")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in ("script", "style") and data.strip():
            self.found.append(data)


def test_the_page_has_nothing_inline_and_names_no_other_host() -> None:
    parser = _Inline()
    parser.feed((STATIC / "index.html").read_text("utf-8"))
    assert parser.found == []


def test_our_scripts_never_make_markup_from_text_and_name_no_other_host() -> None:
    forbidden = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser")
    for name in OURS:
        if name.endswith(".js"):
            text = (STATIC / name).read_text("utf-8")
            assert not forbidden.search(text), name
            assert set(re.findall(r"https?://[^\s\"'`]+", text)) <= {"http://www.w3.org/2000/svg"}, name


def test_every_file_that_the_page_imports_is_there() -> None:
    for name in OURS:
        text = (STATIC / name).read_text("utf-8")
        here = (STATIC / name).parent
        if name.endswith(".js"):
            wanted = [here / path for path in re.findall(r'from "(\.[^"]+)"', text)]
        elif name.endswith((".html", ".css")):
            wanted = [STATIC / path for path in re.findall(r'(?:/static/|url\(")([^"#]+)"', text)]
        else:
            wanted = []
        for file in wanted:
            assert file.resolve().is_file(), f"{name} asks for {file}"
