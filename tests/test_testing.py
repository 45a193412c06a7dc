"""``run_tests.py`` tests the projects beside each other, and the repository when both are done."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from launch import testing
from launch.testing import Check

MEETS = """
import pathlib, sys, time
mine, other = map(pathlib.Path, sys.argv[1:])
mine.touch()
until = time.monotonic() + 60
while not other.exists():
    assert time.monotonic() < until
    time.sleep(0.01)
print("met")
"""


def python(*arguments: str) -> list[str]:
    return [sys.executable, "-c", *arguments]


def test_two_projects_are_tested_at_once_and_the_repository_after_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(testing, "ROOT", tmp_path)
    a, b = tmp_path / "a", tmp_path / "b"
    a.mkdir()
    b.mkdir()
    met = [str(tmp_path / "of a"), str(tmp_path / "of b")]
    checks = [
        Check("a: meets", python(MEETS, *met), a),
        Check("a: fails", python("raise SystemExit(3)"), a),
        Check("both", python("print('last')"), tmp_path),
        Check("b: meets", python(MEETS, *reversed(met)), b),
    ]
    outcomes = testing._perform_all(checks, at_once=2)

    assert [(each.name, each.passed) for each in outcomes] == [
        ("a: meets", True),
        ("a: fails", False),
        ("b: meets", True),
        ("both", True),
    ]
    said = capfd.readouterr().out.split("\n")
    assert {"a           | met", "b           | met"} < set(said)
    assert [line for line in said if line][-1] == "last"
