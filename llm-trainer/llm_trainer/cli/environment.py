"""Makes a project's own environment from its lock file, every hash checked. Standard library only.

Written twice, in ``launch/`` and in ``llm-trainer/llm_trainer/cli/``, because the two programs share nothing;
a test at the root compares the copies.

Laws: nothing but the lock decides what is installed; pip's index configuration is the user's; an environment that is
already right costs two small file reads; a broken or half-made one is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import stat
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .installer import EnvironmentUnavailable, install, interpreter, last_line, make, private_uv, run, scripts

STAMP = "made-from.json"


@dataclass(frozen=True)
class Project:
    """A folder with locks, the environment to make for it, and the command (running ``module``) that it offers."""

    folder: Path
    package: str
    module: str
    command: str
    venv_name: str = ".venv"

    @property
    def venv(self) -> Path:
        """Where the environment lies."""
        return self.folder / self.venv_name

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return interpreter(self.venv)


def ensure(project: Project, lock: str, tools: Path, say: Callable[[str], None], python: str = sys.executable) -> bool:
    """Make ``project``'s environment hold what ``lock`` lists; return whether anything had to be done.

    Raises EnvironmentUnavailable with one sentence: no such lock, no venv and no pip, index unreachable, hash mismatch.
    """
    path = project.folder / lock
    if not path.is_file():
        raise EnvironmentUnavailable(f"{path} does not exist; is this a whole copy of the project?")
    wanted = hashlib.sha256(path.read_bytes()).hexdigest()
    version = platform.python_version() if python == sys.executable else _version_of(python)
    origin = {"python": version, "folder": str(project.folder)}
    stamp = _stamp(project, origin)
    if stamp is not None and stamp.get(lock) == wanted:
        return False
    say(
        f"Making the environment of {project.folder.name} from {lock} (Python {version}; once, needs the package index)"
    )
    began = time.monotonic()
    if stamp is None and ((project.venv / STAMP).exists() or _made_with(project.venv) != version):
        shutil.rmtree(project.venv, ignore_errors=True)
    uv = private_uv(tools, python)
    make(project.venv, uv, tools, python)
    install(project.venv, path, uv, tools)
    _link(project, version)
    kept = {key: value for key, value in (stamp or {}).items() if key not in origin}
    text = json.dumps(origin | kept | {lock: wanted}, indent=2)
    (project.venv / STAMP).write_text(text, "utf-8")
    say(f"Made in {time.monotonic() - began:.0f} s")
    return True


def _stamp(project: Project, origin: Mapping[str, str]) -> dict[str, str] | None:
    """What the environment was made from, or None where it cannot be trusted."""
    try:
        stamp = json.loads((project.venv / STAMP).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    right = isinstance(stamp, dict) and project.python.exists() and all(stamp.get(k) == origin[k] for k in origin)
    return stamp if right else None


def _version_of(python: str) -> str:
    try:
        ran = run([python, "-c", "import platform; print(platform.python_version())"])
    except OSError as error:
        raise EnvironmentUnavailable(f"{python} cannot be run ({error.strerror}); name a Python that exists") from error
    if ran.returncode:
        raise EnvironmentUnavailable(f"{python} is not a Python that works: {last_line(ran.stdout)}")
    return ran.stdout.strip()


def _made_with(venv: Path) -> str:
    try:
        lines = (venv / "pyvenv.cfg").read_text("utf-8").splitlines()
    except OSError:
        return ""
    pairs = dict(line.replace(" ", "").split("=", 1) for line in lines if "=" in line)
    return pairs.get("version", pairs.get("version_info", "")).removesuffix(".final.0")


def _link(project: Project, version: str) -> None:
    """Let the environment import the package from its folder and offer its command: no build, no download."""
    minor = ".".join(version.split(".")[:2])
    site = project.venv / ("Lib" if os.name == "nt" else f"lib/python{minor}") / "site-packages"
    encoding = "mbcs" if os.name == "nt" else "utf-8"
    (site / f"{project.package}_folder.pth").write_text(f"{project.folder}\n", encoding)
    if os.name == "nt":
        text = f'@"%~dp0python.exe" -m {project.module} %*\r\n'
        (scripts(project.venv) / f"{project.command}.cmd").write_text(text, "utf-8")
        return
    script = scripts(project.venv) / project.command
    script.write_text(f'#!/bin/sh\nexec "$(dirname "$0")/python" -m {project.module} "$@"\n', "utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
