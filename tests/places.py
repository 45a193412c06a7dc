"""Where things lie, and copies of the repository to break."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv*", ".tools", "__pycache__", "memory", "training_logs", ".*_cache", ".hypothesis", "results"
)
SCRIPTS = "Scripts" if os.name == "nt" else "bin"


def copy(target: Path) -> Path:
    """The repository without what running leaves behind; each project's environment is the original's."""
    shutil.copytree(ROOT, target, ignore=LEFT_OUT)
    return target


def python_of(project: str) -> str:
    return str(ROOT / project / ".venv" / SCRIPTS / ("python.exe" if os.name == "nt" else "python"))


def lend_environment(project: Path) -> None:
    """Give the copy ``project`` an environment that is the original's in all but name, so that nothing is installed."""
    original = ROOT / project.name / ".venv"
    lent = project / ".venv"
    lent.mkdir()
    for entry in original.iterdir():
        if entry.name != "made-from.json":
            (lent / entry.name).symlink_to(entry, target_is_directory=entry.is_dir())
    stamp = (original / "made-from.json").read_text("utf-8")
    (lent / "made-from.json").write_text(stamp.replace(str(ROOT / project.name), str(project)), "utf-8")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def quick_tests(project: Path, *chosen: str) -> subprocess.CompletedProcess[str]:
    """Run quick tests of the copy ``project`` in the original's environment."""
    command = [python_of(project.name), "-m", "pytest", "-q", "-x", "-m", "not slow", "-p", "no:cacheprovider", *chosen]
    return subprocess.run(command, check=False, cwd=project, capture_output=True, text=True, stdin=subprocess.DEVNULL)


def start(root: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """``python start.py`` in ``root``, its output together in one pipe."""
    return subprocess.Popen(
        [sys.executable, "start.py", *arguments],
        cwd=root,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
