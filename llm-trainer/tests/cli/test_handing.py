from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from llm_trainer.cli import handing
from llm_trainer.cli.installer import interpreter

PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"


@pytest.fixture
def handed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """A trainer's folder without an environment, in a Python that lacks a package; commands that were handed over."""
    taken: list[list[str]] = []
    monkeypatch.setattr(handing, "HOME", tmp_path)
    monkeypatch.setattr(handing, "NEEDED", ("sys", "no_such_package"))
    monkeypatch.setattr(handing, "hand_over", lambda command: taken.append(command) or 7)
    monkeypatch.setattr(sys, "argv", ["middleware.py", "--port", "1"])
    return taken


def own_python(home: Path) -> Path:
    python = interpreter(home / ".venv")
    python.parent.mkdir(parents=True)
    python.write_text("")
    return python


def test_a_python_with_the_packages_runs_the_command_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["middleware.py", "--help"])

    with pytest.raises(SystemExit) as ended:
        handing.run("llm_trainer.middleware.main")

    assert ended.value.code == 0


def test_a_python_without_them_hands_over_to_the_environment_that_a_start_made(
    handed: list[list[str]], tmp_path: Path
) -> None:
    python = own_python(tmp_path)

    assert handing.run("nothing.is.imported") == 7
    assert handed == [[str(python), "middleware.py", "--port", "1"]]


def test_where_no_python_has_them_the_remedy_is_told(
    handed: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert handing.run("nothing.is.imported") == 2

    told = capsys.readouterr().err
    assert told.startswith("This Python lacks no_such_package; `python start_training.py` ")
    assert "requirements.txt" in told
    assert handed == []


def test_a_half_made_environment_does_not_hand_over_to_itself(
    handed: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_python(tmp_path)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))

    assert handing.run("nothing.is.imported") == 2
    assert handed == []


def test_an_old_python_is_told_that_it_is_old(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))

    assert handing.run("nothing.is.imported") == 2
    assert "needs Python 3.10 or newer, and this is 3.9;" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["start_training", "llm_server", "middleware", "conversation_orchestrator"])
def test_help_is_shown_where_the_terminal_knows_few_characters(command: str) -> None:
    called = [sys.executable, str(PROJECT.with_name(f"{command}.py")), "--help"]

    ran = subprocess.run(called, env=os.environ | {"PYTHONIOENCODING": "ascii"}, capture_output=True, check=False)

    assert (ran.returncode, ran.stderr) == (0, b"")
    assert ran.stdout.lower().startswith(b"usage: ")


def test_every_package_that_the_project_needs_everywhere_is_looked_for() -> None:
    listed = PROJECT.read_text("utf-8").split("\ndependencies = [")[1].split("\n]")[0]
    everywhere = [line for line in listed.splitlines() if line.strip() and ";" not in line]

    names = {re.split(r"[>=]", line.strip(' ",'))[0].replace("-", "_") for line in everywhere}

    assert names == set(handing.NEEDED)
