from __future__ import annotations

from pathlib import Path

import pytest

from llm_trainer.cli.finding import Finding
from llm_trainer.cli.isolation.examining import PACKAGE, recorded, sources
from tests.cli.fake import FakeMiddleware


def found(package: Path) -> dict[str, Finding]:
    return {each.subject: each for each in sources(package)}


def test_our_code_as_it_is_passes() -> None:
    assert {each.verdict for each in sources(PACKAGE)} == {"right"}


@pytest.mark.parametrize(
    ("subject", "file", "line"),
    [
        ("no shared code: imports", "session/guard.py", "import cerebrum.mind"),
        ("no shared code: imports", "cli/show.py", "from cerebrum import store"),
        ("no injection: our code", "middleware/run.py", "eval('1')"),
        ("no injection: our code", "llm_server/talk.py", "import os; os.system('true')"),
        ("no injection: our code", "session/state.py", "import pickle"),
        ("no injection: our code", "session/state.py", "\uff45val('1')"),
        ("monitorable: one door", "middleware/learner.py", "import httpx2"),
        ("monitorable: one door", "middleware/teacher.py", "import socket; socket.create_connection(('h', 1))"),
    ],
)
def test_one_line_too_many_is_found(subject: str, file: str, line: str, tmp_path: Path) -> None:
    source = tmp_path / file
    source.parent.mkdir()
    source.write_text("import json\nimport socket\n\nNAME = socket.gethostname()\n")
    assert {each.verdict for each in sources(tmp_path)} == {"right"}
    source.write_text(line)

    assert found(tmp_path)[subject].verdict == "wrong"
    assert source.name in found(tmp_path)[subject].seen


@pytest.mark.parametrize(("rows", "verdict"), [(3, "right"), (2, "wrong")])
def test_a_call_without_a_row_is_found(rows: int, verdict: str, middleware: FakeMiddleware) -> None:
    def route(method: str, path: str, query: dict[str, list[str]], body: object) -> tuple[int, str, object]:
        answers: dict[str, object] = {
            "/api/sessions": {"sessions": [{"session_id": "s", "name": "n"}]},
            "/api/training/log": {"exchanges": [{"attempts": 1}, {"attempts": 2}]},
            "/api/traffic": {"calls": [] if "before" in query else [{"id": n + 1} for n in reversed(range(rows))]},
        }
        return 200, "application/json", answers[path]

    middleware.route = route  # type: ignore[method-assign,assignment]

    assert recorded(middleware.url).verdict == verdict


def test_without_a_middleware_the_rows_are_unknown() -> None:
    assert recorded("http://127.0.0.1:9").seen.startswith("unknown")
