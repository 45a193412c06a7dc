from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from llm_trainer.cli import follow as following
from llm_trainer.cli.orchestrator import app, main
from tests.cli.fake import SESSION, FakeMiddleware

HOME = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "LOOK_EVERY_SECONDS", 0.001)
    monkeypatch.setenv("COLUMNS", "100")


def test_without_a_verb_a_session_is_started_and_followed(
    middleware: FakeMiddleware, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["--exchanges", "4", "--delay", "0", "--topics", "a,b", "--seed", "3", "--url", middleware.url])

    assert code == 0
    assert middleware.plan == {"max_exchanges": 4, "delay": 0.0, "topics": ["a", "b"], "seed": 3}
    shown = capsys.readouterr().out
    assert "4/4" in shown
    assert "4 of 4 exchanges recorded" in shown


def test_json_is_all_that_a_program_gets(middleware: FakeMiddleware, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--exchanges", "2", "--url", middleware.url, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["exchanges_completed"] == 2


@pytest.mark.parametrize("verb", ["start", "stop", "status", "log", "sessions"])
def test_options_may_stand_before_or_behind_the_verb(
    verb: str, middleware: FakeMiddleware, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--json", "--url", middleware.url, verb]) == 0
    before = json.loads(capsys.readouterr().out)
    assert main([verb, "--json", "--url", middleware.url]) == 0
    assert json.loads(capsys.readouterr().out).keys() == before.keys()


def test_the_environment_names_the_middleware(
    middleware: FakeMiddleware, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRAINER_MIDDLEWARE_URL", middleware.url)

    assert main(["status"]) == 0
    assert "exactly-once" in capsys.readouterr().out


def test_the_log_shows_both_sides_and_steers_no_terminal(
    middleware: FakeMiddleware, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--exchanges", "3", "--url", middleware.url])
    capsys.readouterr()

    assert main(["log", "--limit", "2", "--url", middleware.url]) == 0

    shown = capsys.readouterr().out
    assert "#2" in shown
    assert "learner: (silent)" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("verb", ["stop", "pause", "step", "status", "log"])
def test_a_session_may_be_named_behind_the_verb(verb: str, middleware: FakeMiddleware) -> None:
    main([verb, "that one", "--url", middleware.url])

    assert middleware.named == ["that one"]


def test_a_named_session_goes_on_by_its_own_address_whether_paused_or_cut_off(middleware: FakeMiddleware) -> None:
    main(["resume", SESSION, "--url", middleware.url])
    main(["resume", "--url", middleware.url])

    assert middleware.calls == [("POST", f"/api/sessions/{SESSION}/resume"), ("POST", "/api/training/resume")]


def test_limits_learner_and_teacher_go_into_the_plan(middleware: FakeMiddleware) -> None:
    typed = "start --learner ada --teacher bob --max-seconds 60 --max-tokens 5 --max-failures 2"
    assert main([*typed.split(), "--url", middleware.url]) == 0

    assert middleware.plan == {
        "max_exchanges": 100, "learner": "ada", "teacher": "bob",
        "max_seconds": 60.0, "max_tokens": 5, "max_failures": 2,
    }  # fmt: skip


def test_a_change_of_nothing_and_topics_that_name_none_are_wrong_use(
    middleware: FakeMiddleware, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["change", "--url", middleware.url]) == 2
    assert main(["start", "--topics", " , ", "--url", middleware.url]) == 2
    assert "names no topic" in capsys.readouterr().err
    assert middleware.calls == []


def test_that_no_session_is_of_a_status_is_told_so(
    middleware: FakeMiddleware, capsys: pytest.CaptureFixture[str]
) -> None:
    middleware.route = lambda *_: (200, "application/json", {"sessions": []})  # type: ignore[method-assign]
    main(["sessions", "--status", "interrupted", "--url", middleware.url])
    main(["sessions", "--url", middleware.url])

    assert capsys.readouterr().out.splitlines() == [
        "No session is interrupted.",
        "There is no session yet; --exchanges 100 starts one.",
    ]


def test_a_session_is_not_removed_where_nobody_can_be_asked(
    middleware: FakeMiddleware, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["delete", SESSION, "--url", middleware.url]) == 1
    assert "--yes" in capsys.readouterr().err
    assert not any(method == "DELETE" for method, _ in middleware.calls)


def test_a_remedy_that_names_a_route_names_the_verb(
    middleware: FakeMiddleware, capsys: pytest.CaptureFixture[str]
) -> None:
    document = {
        "detail": "no session is running",
        "remedy": "POST /api/training/start begins one, GET /api/sessions lists",
    }
    middleware.route = lambda *_: (409, "application/problem+json", document)  # type: ignore[method-assign]

    assert main(["stop", "--url", middleware.url]) == 4
    assert "`start` begins one, `sessions` lists" in capsys.readouterr().err


def test_a_field_that_is_refused_is_called_by_its_option(
    middleware: FakeMiddleware, capsys: pytest.CaptureFixture[str]
) -> None:
    document = {
        "detail": "body.strategy: no; body.max_exchanges: no; body.max_tokens: no",
        "remedy": "x",
        "faults": [1],
    }
    middleware.route = lambda *_: (422, "application/problem+json", document)  # type: ignore[method-assign]

    assert main(["start", "--url", middleware.url]) == 2
    assert capsys.readouterr().err.startswith("--strategy: no; --exchanges: no; --max-tokens: no\n--help")


def test_a_service_without_such_a_route_is_not_the_middleware(
    middleware: FakeMiddleware, capsys: pytest.CaptureFixture[str]
) -> None:
    middleware.route = lambda *_: (404, "application/problem+json", {"detail": "Not Found"})  # type: ignore[method-assign]

    assert main(["status", "--url", middleware.url]) == 3
    assert "another program" in capsys.readouterr().err


def test_an_address_that_is_none_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--url", "localhost:8002"]) == 2
    assert "http://localhost:8002" in capsys.readouterr().err


@pytest.mark.parametrize("width", ["40", "80", "200"])
def test_no_line_of_a_table_is_wider_than_the_terminal(
    width: str, middleware: FakeMiddleware, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    main(["--exchanges", "3", "--url", middleware.url])
    capsys.readouterr()
    monkeypatch.setenv("COLUMNS", width)
    for verb in ("status", "sessions", "log"):
        assert main([verb, "--url", middleware.url]) == 0
    lines = capsys.readouterr().out.splitlines()

    assert len(lines) > 10
    assert max(map(len, lines)) <= int(width)


def test_export_writes_the_newest_session(
    middleware: FakeMiddleware, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.csv"

    assert main(["export", "--format", "csv", "--out", str(out), "--url", middleware.url]) == 0

    assert out.read_text() == "format,csv\n"
    assert ("GET", f"/api/sessions/{SESSION}/export") in middleware.calls


def test_a_place_that_cannot_be_written_is_a_sentence(
    middleware: FakeMiddleware, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "--out", str(tmp_path / "no" / "file"), "--url", middleware.url]) == 1
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(("status", "code"), [(409, 4), (503, 3), (422, 2), (500, 1)])
def test_a_refusal_is_its_detail_its_remedy_and_an_exit_code(
    status: int, code: int, middleware: FakeMiddleware, capsys: pytest.CaptureFixture[str]
) -> None:
    middleware.refuse_start = (status, "the sea is closed")

    assert main(["start", "--url", middleware.url]) == code
    assert capsys.readouterr().err == "the sea is closed\ndo otherwise\n"


@pytest.mark.parametrize("typed", ["--exchanges 0", "--exchanges x", "nonsense", "start --delay -1"])
def test_wrong_use_is_exit_code_2(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(typed.split()) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("log --limit many", "'many' is not a whole number from 1 to 1000"),
        ("start --max-tokens 0", "'0' is not a whole number of 1 or more"),
        ("change --delay 99999", "'99999' is not a number of seconds from 0 to 3600"),
    ],
)
def test_a_number_that_is_none_is_told_with_what_is_meant(
    typed: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(typed.split()) == 2
    assert meant in " ".join(capsys.readouterr().err.split())


def test_nobody_at_the_door_is_exit_code_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--url", "http://127.0.0.1:9"]) == 3
    assert "python middleware.py" in capsys.readouterr().err


def test_a_stranger_at_the_door_is_told_from_the_middleware(capsys: pytest.CaptureFixture[str]) -> None:
    fake = FakeMiddleware()
    fake.route = lambda *_: (200, "text/html", b"<p>hello")  # type: ignore[method-assign]

    assert main(["status", "--url", fake.url]) == 3
    fake.close()
    assert "another program" in capsys.readouterr().err


def test_every_verb_and_option_is_in_the_manual(capsys: pytest.CaptureFixture[str]) -> None:
    manual = (HOME / "docs" / "cli.md").read_text("utf-8")
    verbs = [command.name or command.callback.__name__ for command in app.registered_commands if command.callback]

    assert len(verbs) > 10
    for verb in verbs:
        assert f"`{verb}`" in manual, verb
        main([verb, "--help"])
    for option in set(re.findall(r"--[a-z-]{3,}", capsys.readouterr().out)) - {"--help"}:
        assert option in manual, option
