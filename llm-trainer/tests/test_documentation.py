"""Nothing that a user can type, set or meet is undocumented."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from llm_trainer import errors
from llm_trainer.cli.arguments import _parser
from llm_trainer.settings import Settings

HOME = Path(__file__).parents[1]
DOCS = HOME / "docs"
CODES = sorted(
    {kind.code for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.TrainerError)}
    | set(re.findall(r'bare_problem\(\s*\d{3},\s*"([a-z-]+)"', (HOME / "llm_trainer/web/door.py").read_text("utf-8")))
)


@pytest.mark.parametrize("key", Settings.model_fields)
def test_every_setting_stands_in_the_manual_with_its_default(key: str) -> None:
    rows = [line for line in (DOCS / "settings.md").read_text("utf-8").splitlines() if line.startswith(f"| `{key}` |")]
    default = Settings.model_fields[key].default
    shown = "none" if default is None else default.name if isinstance(default, Path) else default
    words = {True: "true", False: "false"}.get(shown, str(shown)) if isinstance(shown, bool) else str(shown)

    assert len(rows) == 1
    assert f"| {words} |" in rows[0].replace("`", "")


@pytest.mark.parametrize("code", CODES)
def test_every_error_code_stands_in_the_manual(code: str) -> None:
    assert len(CODES) > 20
    assert f"`{code}`" in (DOCS / "errors.md").read_text("utf-8")


def test_every_option_of_the_launcher_stands_in_the_manual() -> None:
    manual = (DOCS / "cli.md").read_text("utf-8").split("## conversation_orchestrator.py")[0]
    options = {option for action in _parser("x")._actions for option in action.option_strings} - {"-h", "--check"}

    assert len(options) > 8
    assert [option for option in options if f"`{option}" not in manual] == []


def test_links_between_the_documents_lead_somewhere() -> None:
    broken = [
        f"{page.name}: {target}"
        for page in [HOME / "README.md", HOME / "CHANGELOG.md", *DOCS.glob("*.md")]
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]

    assert broken == []


def nameless(text: str) -> str:
    """Paths with their parameters' names left out."""
    return re.sub(r"\{[a-z_:]+\}", "{}", text)


def routes() -> set[str]:
    """Every path that either service serves, as its source declares it."""
    found: set[str] = set()
    sources = [*(HOME / "llm_trainer/llm_server").glob("*.py"), *(HOME / "llm_trainer/middleware/routes").glob("*.py")]
    for source in sources:
        text = source.read_text("utf-8")
        prefix = re.search(r'APIRouter\([^)]*prefix="([^"]*)"', text)
        for path in re.findall(r'@router\.(?:get|post|patch|delete|put)\(\s*"([^"]*)"', text):
            found.add(nameless((prefix.group(1) if prefix else "") + path))
    return found


def test_every_route_stands_in_the_manual() -> None:
    manual = nameless((DOCS / "http.md").read_text("utf-8"))

    assert len(routes()) > 15
    assert [path for path in sorted(routes()) if path not in manual] == []
