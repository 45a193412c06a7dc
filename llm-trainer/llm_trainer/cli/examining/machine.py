"""This machine: Python and packages, disk, clock, ports, the record's folder."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import sys
import time
from pathlib import Path

from llm_trainer.cli.finding import Finding
from llm_trainer.settings import HOME, Settings

LEAST_FREE_BYTES = 500_000_000
FIRST_OPEN_PORT = 1024
STAMP = HOME / ".venv" / "made-from.json"


def machine(settings: Settings) -> list[Finding]:
    """All of it."""
    return [
        _python(),
        _packages(),
        _disk(settings.data_dir),
        _clock(),
        _ports(settings),
        _folder(settings.data_dir),
    ]


def existing(folder: Path) -> Path:
    """The folder, or the nearest one above that is there."""
    return next(each for each in (folder, *folder.resolve().parents) if each.exists())


def _python() -> Finding:
    seen = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info < (3, 10):  # noqa: UP036 - the doctor examines what others take for granted
        return Finding("Python", "wrong", seen, "install Python 3.10 or newer")
    return Finding("Python", "right", seen)


def _packages() -> Finding:
    """Whether the environment is the one that the lock asks for; one made by hand cannot be told."""
    try:
        made = json.loads(STAMP.read_text("utf-8")).get("requirements.lock")
        wanted = hashlib.sha256((HOME / "requirements.lock").read_bytes()).hexdigest()
    except (OSError, ValueError, AttributeError):
        return Finding("packages", "right", f"from {sys.prefix}, an environment made by hand")
    if made != wanted:
        advice = "`python start_training.py` brings it up to date, or `pip install -r requirements.lock`"
        return Finding("packages", "doubtful", "the environment was made from another requirements.lock", advice)
    return Finding("packages", "right", "as requirements.lock lists them, each checked against its hash")


def _disk(data_dir: Path) -> Finding:
    place = existing(data_dir)
    free = shutil.disk_usage(place).free
    seen = f"{free / 1e9:.1f} GB free in {place}"
    record = sum(each.stat().st_size for each in data_dir.glob("record.sqlite3*")) if data_dir.is_dir() else 0
    seen += f"; the record takes {record / 1e6:.1f} MB" if record else ""
    if free < LEAST_FREE_BYTES:
        return Finding("disk", "wrong", seen, "make room, or let data_dir lie on another disk")
    return Finding("disk", "right", seen)


def _clock() -> Finding:
    written = Path(__file__).stat().st_mtime
    seen = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    if time.time() < written - 86_400:
        return Finding("clock", "wrong", f"{seen}, before this program was installed", "set the clock")
    return Finding("clock", "right", seen)


def _ports(settings: Settings) -> Finding:
    """Only what the settings say; who has a port is seen where the service is looked for."""
    ports = {"llm_server_port": settings.llm_server_port, "middleware_port": settings.middleware_port}
    seen = ", ".join(f"{name} {port}" for name, port in ports.items())
    if len(set(ports.values())) < len(ports):
        return Finding("ports", "wrong", seen, "give each service a port of its own")
    is_free_to_all = os.name != "posix" or os.geteuid() == 0 or min(ports.values()) >= FIRST_OPEN_PORT
    if not is_free_to_all:
        return Finding(
            "ports", "doubtful", seen, f"ports below {FIRST_OPEN_PORT} need special rights; take higher ones"
        )
    return Finding("ports", "right", seen)


def _folder(data_dir: Path) -> Finding:
    place = existing(data_dir)
    if not os.access(place, os.W_OK):
        return Finding("record", "wrong", f"{place} cannot be written", "own it, or set data_dir to a folder you own")
    return Finding("record", "right", f"{data_dir} can be written")
