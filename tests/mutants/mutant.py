"""One deliberate fault in a copy of the sources, and the cheapest test that must notice it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.places import LEFT_OUT, ROOT, python_of

SECONDS = 600
Edit = tuple[str, str, str]
"""File, the exact text that stands there once, and what to put in its place."""


@dataclass(frozen=True)
class Mutant:
    """``test`` is what follows ``python -m`` in the project's folder and must end with an exit code that is not 0."""

    name: str
    promise: str
    project: str
    edits: tuple[Edit, ...]
    test: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """``outcome``: caught, SURVIVED, TOO SLOW, or STALE when the text to replace is not there any more."""

    mutant: Mutant
    outcome: str
    seconds: float
    told: str


def copied(project: str, target: Path) -> Path:
    """A copy of a project to be broken."""
    shutil.copytree(ROOT / project, target / project, ignore=LEFT_OUT)
    return target / project


def tried(mutant: Mutant, folder: Path) -> Verdict:
    """Apply the mutant in the copy ``folder``, run its test, take it back."""
    before = {name: (folder / name).read_text("utf-8") for name, _, _ in mutant.edits}
    after = dict(before)
    for name, old, new in mutant.edits:
        if after[name].count(old) != 1:
            return Verdict(mutant, "STALE", 0.0, f"{name} has {after[name].count(old)} times: {old!r}")
        after[name] = after[name].replace(old, new)
    began = time.monotonic()
    try:
        _write(folder, after)
        done = _tested(mutant, folder)
    finally:
        _write(folder, before)
    spent = time.monotonic() - began
    if done is None:
        return Verdict(mutant, "TOO SLOW", spent, "name a cheaper test")
    return Verdict(mutant, "caught" if done.returncode else "SURVIVED", spent, (done.stdout + done.stderr)[-600:])


def _write(folder: Path, files: dict[str, str]) -> None:
    """Source and nothing compiled from it: two writes within a second look alike to the compiler's cache."""
    for name, text in files.items():
        path = folder / name
        path.write_text(text, "utf-8")
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
            compiled.unlink()


def _tested(mutant: Mutant, folder: Path) -> subprocess.CompletedProcess[str] | None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PROMISES_")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        return subprocess.run(
            [python_of(mutant.project), "-m", *mutant.test],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return None
