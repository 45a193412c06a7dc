"""A report of a real record, made by the command."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from llm_trainer.cli.orchestrator import main
from llm_trainer.middleware.standins import StandInLearner, StandInLlm, says
from tests.middleware.conftest import Scene, scene

PAYLOAD = '<script>alert(1)</script><img src=x onerror=alert(1)> "quoted" & \u202e\x1b[31m'


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A session of 60 in which one answer is odd, after one of 10 with the same learner."""
    learner = StandInLearner()
    with scene(tmp_path_factory.mktemp("recorded"), learner, StandInLlm()) as opened:
        opened.taught(max_exchanges=10)
        learner.faults = [says(200, {"response": PAYLOAD}), says(200, raw=b"<html>"), says(500)]
        opened.taught(max_exchanges=60, topics=[PAYLOAD, "tea"])
        yield opened
    learner.close()


def report(recorded: Scene, out: Path, session: str = "") -> str:
    arguments = ["report", *([session] if session else []), "--out", str(out), "--url", recorded.url]
    assert main(arguments) == 0
    return out.read_text("utf-8")


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "line", "polyline", "polygon", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass


def test_it_is_one_file_that_fetches_nothing_and_runs_nothing(recorded: Scene, tmp_path: Path) -> None:
    html = report(recorded, tmp_path / "r.html")
    tags = Tags()
    tags.feed(html)

    assert {tag for tag, _ in tags.seen} & {"script", "link", "img", "iframe", "object", "embed", "form"} == set()
    assert not [
        attrs
        for _, attrs in tags.seen
        if {"src", "href", "style"} & {*attrs} or any(name.startswith("on") for name in attrs)
    ]
    assert not re.search(r"url\(|@import|https?://", html)
    assert "default-src 'none'" in html
    assert tags.open == []


def test_what_was_said_is_shown_and_steers_nothing(recorded: Scene, tmp_path: Path) -> None:
    html = report(recorded, tmp_path / "r.html")

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert not {"\x1b", "\u202e"} & {*html}


def test_it_tells_verdict_curves_samples_incidents_settings_versions_and_hashes(
    recorded: Scene, tmp_path: Path
) -> None:
    html = report(recorded, tmp_path / "r.html")
    session = recorded.get("/api/sessions")["sessions"][0]

    assert "Did it learn?" in html
    assert html.count("<svg") >= 3
    assert all(title in html for title in ("At the start", "In the middle", "At the end"))
    assert "odd answer" in html
    assert "the answer is not JSON" in html
    assert session["head"] in html
    assert "10 lines of earlier sessions" in html
    assert str(session["seed"]) in html


def test_the_hash_is_that_of_the_export(recorded: Scene, tmp_path: Path) -> None:
    import hashlib

    html = report(recorded, tmp_path / "r.html")
    exported = recorded.http.get(f"/api/sessions/{recorded.status()['session_id']}/export").content

    assert hashlib.sha256(exported).hexdigest() in html


def test_the_same_record_gives_the_same_report(recorded: Scene, tmp_path: Path) -> None:
    def without_the_moment(html: str) -> str:
        return re.sub(r"Written [\d: -]+", "", html)

    first, second = (report(recorded, tmp_path / f"{n}.html") for n in (1, 2))
    assert without_the_moment(first) == without_the_moment(second)


def test_a_session_may_be_named_and_a_short_one_is_told_whole(recorded: Scene, tmp_path: Path) -> None:
    short = recorded.get("/api/sessions")["sessions"][-1]
    html = report(recorded, tmp_path / "r.html", short["name"])

    assert "Too early" in html or "too early" in html
    assert "All of it" in html
    assert "None;" in html


def test_a_program_gets_the_verdict_as_json(
    recorded: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "r.html"
    assert main(["report", "--out", str(out), "--url", recorded.url, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)

    assert answer["file"] == str(out)
    assert answer["bytes"] == out.stat().st_size
    assert answer["verdict"] in ("no evidence", "imitates", "memorises", "composes")


def test_no_such_session_leaves_no_file(recorded: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "nobody", "--out", str(tmp_path / "r.html"), "--url", recorded.url]) == 1
    assert "`sessions`" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
