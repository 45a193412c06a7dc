from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.places import ROOT

PAGES = ["README.md", "CONTRIBUTING.md", "STYLE.md"]
MISSING = [name for name in ("cerebrum", "llm-trainer") if not (ROOT / name).exists()]


def tree() -> dict[str, str]:
    """Path to purpose, as the README draws it."""
    drawn = (ROOT / "README.md").read_text("utf-8").split("```")
    block = next(part for part in drawn if part.startswith("\nREADME.md"))
    found: dict[str, str] = {}
    parent = ""
    for line in block.strip().splitlines():
        names, _, purpose = line.strip().partition("   ") if "   " in line.strip() else line.strip().partition(" ")
        for name in names.split():
            inside = parent if line.startswith("  ") else ""
            found[(inside + name).rstrip("/")] = purpose.strip()
        if not line.startswith("  "):
            parent = names if names.endswith("/") else ""
    return found


def in_a_project_that_is_missing(path: str) -> bool:
    return any(path == name or path.startswith(f"{name}/") for name in MISSING)


def test_what_the_tree_names_exists() -> None:
    absent = [path for path in tree() if not in_a_project_that_is_missing(path) and not (ROOT / path).exists()]

    assert len(tree()) > 30
    assert absent == []


def test_what_exists_at_the_root_is_in_the_tree() -> None:
    listed = subprocess.run(["git", "ls-files"], check=False, cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git working copy")
    tops = {path.split("/")[0] for path in listed.stdout.split()} - {".gitignore", ".ci"}
    launch = {path for path in listed.stdout.split() if path.startswith("launch/") and "__init__" not in path}

    assert sorted((tops | launch) - tree().keys()) == []


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text("utf-8"))

    absent = [each for each in targets if not in_a_project_that_is_missing(each) and not (ROOT / each).exists()]

    assert absent == []


@pytest.mark.parametrize("name", ["environment", "installer", "processes", "service"])
def test_what_is_written_twice_is_the_same_twice(name: str) -> None:
    theirs = ROOT / "llm-trainer" / "llm_trainer" / "cli" / f"{name}.py"
    if not theirs.exists():
        pytest.skip("the trainer is not here")

    assert (ROOT / "launch" / f"{name}.py").read_bytes() == theirs.read_bytes()


@pytest.mark.parametrize("script", ["start.py", "run_tests.py", "llm-trainer/start_training.py"])
def test_the_scripts_parse_on_pythons_too_old_to_run_them(script: str) -> None:
    """No annotation, f-string or keyword that an old parser stumbles over: the file must live to say so."""
    path = ROOT / script
    if not path.exists():
        pytest.skip(f"{script} is not here")
    text = path.read_text("ascii")

    assert not re.search(r"""\bf["']|->|:=|\bnonlocal\b|^\s*match |from __future__ import annotations""", text, re.M)


def test_the_licence_is_whole() -> None:
    assert len(Path(ROOT / "LICENSE").read_text("utf-8").splitlines()) > 200
