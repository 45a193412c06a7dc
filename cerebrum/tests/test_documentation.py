"""Everything that can be asked, set, run or go wrong is in the documentation."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from cerebrum import errors
from cerebrum.__main__ import COMMANDS
from cerebrum.api.problems import CODES
from cerebrum.settings import PREFIX, Settings
from tests.api.test_openapi import ROUTES

HOME = Path(__file__).resolve().parent.parent
HTTP, SETTINGS, README = (
    (HOME / name).read_text("utf-8") for name in ("docs/http.md", "docs/settings.md", "README.md")
)
TREE = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.CerebrumError)]


@pytest.mark.parametrize("route", sorted(ROUTES))
def test_every_route_is_documented(route: str) -> None:
    headings = [part.strip("# ") for line in HTTP.splitlines() if line.startswith("### ") for part in line.split("·")]
    assert route in [heading.strip() for heading in headings]


@pytest.mark.parametrize("code", sorted({kind.code for kind in TREE} | set(CODES.values())))
def test_every_error_code_is_documented(code: str) -> None:
    assert f"`{code}`" in HTTP


@pytest.mark.parametrize("setting", list(Settings.model_fields))
def test_every_setting_is_documented_with_its_default_and_meaning(setting: str) -> None:
    [row] = [line for line in SETTINGS.splitlines() if line.startswith(f"| `{setting}` |")]
    field = Settings.model_fields[setting]
    assert f"`{PREFIX}{setting.upper()}`" in row
    assert f"`--{setting.replace('_', '-')}`" in row
    assert (field.description or "?").split(";")[0] in row
    assert setting == "data_dir" or f"| {field.default} |" in row


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_command_is_documented(command: str) -> None:
    assert f"`cerebrum {command}" in README


def test_every_exit_code_is_documented() -> None:
    for kind in TREE:
        assert re.search(rf"\b{kind.exit_code}\b", README), kind


def test_every_file_of_the_package_is_in_the_tree() -> None:
    for path in (HOME / "cerebrum").iterdir():
        if path.suffix == ".py" and path.name != "__init__.py":
            assert f"  {path.name} " in README, path.name


def test_the_error_tree_is_drawn_as_it_is() -> None:
    drawn = re.findall(r"[├└]── (\w+)", errors.__doc__ or "")
    assert sorted(drawn) == sorted(kind.__name__ for kind in TREE if kind is not errors.CerebrumError)


def test_the_words_of_the_other_side_are_not_ours() -> None:
    foreign = re.compile(r"\b(teacher|trainer|ollama|openai|llm|gpt|chatbot)s?\b", re.IGNORECASE)
    sources = [
        *(HOME / "cerebrum").rglob("*.py"),
        *(HOME / "cerebrum/web").glob("page.*"),
        *(HOME / "docs").glob("*.md"),
    ]
    found = [f"{path.name}: {m.group()}" for path in sources for m in foreign.finditer(path.read_text("utf-8"))]
    assert not found
