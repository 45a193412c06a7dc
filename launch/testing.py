"""``run_tests.py``: installs what the tests need, runs every check of every project that is here, sums up."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from .environment import Project, ensure
from .installer import EnvironmentUnavailable, clean, run
from .promises import figures, table, telling
from .starting import CEREBRUM, ROOT, say

TRAINER = Project(ROOT / "llm-trainer", "llm_trainer", "llm_trainer.cli", "llm-trainer")
LOCK = "requirements.lock"
TEST_LOCK = "requirements-test.lock"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Check:
    """One command in one folder; it passes with exit code 0."""

    name: str
    command: Sequence[str]
    folder: Path


@dataclass(frozen=True)
class Outcome:
    """How a check went."""

    name: str
    passed: bool
    seconds: float


def main(arguments: Sequence[str]) -> int:
    """Run what was asked for; 0 when all passed, 1 when something failed, 2 when nothing could be run."""
    wish = _read(arguments)
    here = [project for project in (CEREBRUM, TRAINER) if (project.folder / "pyproject.toml").exists()]
    if not here:
        print("Neither cerebrum/ nor llm-trainer/ is here, so there is nothing to test.", file=sys.stderr)
        return 2
    try:
        projects = [_at_version(project, wish.python) for project in here]
        for project in projects:
            ensure(project, LOCK, ROOT / ".tools", say, wish.python)
            ensure(project, TEST_LOCK, ROOT / ".tools", say, wish.python)
        if wish.sim is not None:
            return _replay(projects[-1], wish.sim)
        if wish.promises:
            checks = [promise_check(project) for project in projects] + [mutants_check(projects[-1])]
        else:
            checks = [check for project in projects for check in project_checks(project, wish.fast, wish.only)]
            checks += root_checks(projects[-1], wish.fast, wish.only)
        with telling(wish.full) as place:
            outcomes = _perform_all(checks, at_once=1 if wish.promises else os.cpu_count() or 1)
            say("\n" + table(figures(place), missing=wish.promises))
        return _sum_up(outcomes)
    except EnvironmentUnavailable as why:
        print(why, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _read(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="run_tests.py",
        description="Install what the tests need and run all checks: ruff, mypy, import contracts, pytest.",
        epilog="Exit codes: 0 all passed, 1 something failed, 2 nothing could be run, 130 interrupted.",
    )
    parser.add_argument("--fast", action="store_true", help="leave out the tests marked slow")
    parser.add_argument("--python", default=sys.executable, metavar="X", help="test with another interpreter")
    parser.add_argument(
        "--only", choices=["style", "tests"], default="", help="only ruff, mypy and imports; only pytest"
    )
    parser.add_argument("--promises", action="store_true", help="only the tests of the promises, and their figures")
    parser.add_argument("--full", action="store_true", help="the long forms of the tests of the promises; takes hours")
    parser.add_argument("--sim", type=int, metavar="SEED", help="replay one seed of the simulator, step by step")
    return parser.parse_args(list(arguments))


def _at_version(project: Project, python: str) -> Project:
    """Another interpreter gets environments of its own, so that the daily ones stay."""
    if python == sys.executable:
        return project
    ran = run([python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]) if _runs(python) else None
    if ran is None or ran.returncode:
        raise EnvironmentUnavailable(f"--python {python} cannot be run; name a Python that exists")
    return replace(project, venv_name=f".venv-{ran.stdout.strip()}")


def _runs(python: str) -> bool:
    try:
        return run([python, "--version"]).returncode == 0
    except OSError:
        return False


def project_checks(project: Project, fast: bool, only: str) -> list[Check]:
    """Style, types, imports and tests of one project, in its own environment."""
    python, name = str(project.python), project.folder.name

    def check(what: str, *command: str) -> Check:
        return Check(f"{name}: {what}", [python, *command], project.folder)

    style = [
        check("ruff", "-m", "ruff", "check", "."),
        check("format", "-m", "ruff", "format", "--check", "."),
        check("mypy", "-m", "mypy"),
        check("imports", "-c", "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"),
    ]
    return ([] if only == "tests" else style) + ([] if only == "style" else [check("tests", *_pytest(fast))])


def promise_check(project: Project) -> Check:
    """Only the tests that tell figures of promises."""
    command = [str(project.python), "-m", "pytest", "-q", "-m", "promise"]
    return Check(f"{project.folder.name}: promises", command, project.folder)


def mutants_check(project: Project) -> Check:
    """The same at the root, in the environment of ``project``."""
    command = [str(project.python), "-m", "pytest", "-q", "-m", "promise", "-c", "tests/pytest.ini", "tests"]
    return Check("repository: promises", command, ROOT)


def _replay(project: Project, seed: int) -> int:
    if not (project.folder / "tests" / "simulator").exists():
        print("The simulator lies in llm-trainer/, which is not here.", file=sys.stderr)
        return 2
    command = [str(project.python), "-m", "tests.simulator", str(seed)]
    return subprocess.call(command, cwd=project.folder, env=clean(os.environ), stdin=subprocess.DEVNULL)  # noqa: S603


def root_checks(project: Project, fast: bool, only: str) -> list[Check]:
    """The same for what lies at the root, in the environment of ``project``."""
    python = str(project.python)
    files = ["start.py", "run_tests.py", "launch", "tests"]
    style = [
        Check("repository: ruff", [python, "-m", "ruff", "check", *files], ROOT),
        Check("repository: format", [python, "-m", "ruff", "format", "--check", *files], ROOT),
        Check("repository: mypy", [python, "-m", "mypy", "--strict", "start.py", "run_tests.py", "launch"], ROOT),
    ]
    tests = Check("repository: tests", [python, *_pytest(fast), "-c", "tests/pytest.ini", "tests"], ROOT)
    return ([] if only == "tests" else style) + ([] if only == "style" else [tests])


def _pytest(fast: bool) -> list[str]:
    return ["-m", "pytest", "-q", *(["-m", "not slow"] if fast else [])]


def _perform_all(checks: Sequence[Check], at_once: int) -> list[Outcome]:
    """Each project's checks one after another, the projects beside each other; then those of the repository, alone."""
    folders = dict.fromkeys(check.folder for check in checks if check.folder != ROOT)
    lanes = [[check for check in checks if check.folder == folder] for folder in folders]
    last = [check for check in checks if check.folder == ROOT]
    if at_once < 2 or len(lanes) < 2:
        return [_perform(check) for check in checks]
    interrupted = threading.Event()

    def perform_those_of(lane: Sequence[Check]) -> list[Outcome]:
        return [_perform(check, beside=True) for check in lane if not interrupted.is_set()]

    with ThreadPoolExecutor(at_once) as pool:
        try:
            outcomes = [outcome for done in pool.map(perform_those_of, lanes) for outcome in done]
        except KeyboardInterrupt:
            interrupted.set()
            raise
    return outcomes + [_perform(check) for check in last]


def _perform(check: Check, *, beside: bool = False) -> Outcome:
    """Run one check; ``beside`` others, so that each line of it says whose it is."""
    say(f"\n== {check.name}")
    began = time.monotonic()
    told = subprocess.PIPE if beside else None
    environment = clean(os.environ) | ONE_THREAD
    with subprocess.Popen(  # noqa: S603
        check.command,
        cwd=check.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=told,
        stderr=subprocess.STDOUT if beside else None,
        encoding="utf-8",
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            say(f"{check.folder.name:11} | {line.rstrip()}")
    return Outcome(check.name, process.returncode == 0, time.monotonic() - began)


def _sum_up(outcomes: Sequence[Outcome]) -> int:
    say("\n" + "\n".join(f"{'ok  ' if o.passed else 'FAIL'}  {o.seconds:6.1f} s  {o.name}" for o in outcomes))
    failed = [outcome.name for outcome in outcomes if not outcome.passed]
    say(
        f"\n{len(outcomes) - len(failed)} of {len(outcomes)} checks passed"
        + (f"; failed: {', '.join(failed)}" if failed else "")
    )
    return 1 if failed else 0
