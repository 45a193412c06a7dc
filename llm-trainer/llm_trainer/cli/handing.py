"""Going on in the project's own environment, where the packages are. Standard library only.

The commands run in whatever Python the user typed. One that has the packages is used; else `.venv`, where a start has
made it. Kept so plain that an old Python can read it, to be told that it is old.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path

from .installer import clean, interpreter
from .streams import make_streams_safe

HOME = Path(__file__).resolve().parents[2]
NEEDED = (
    "alembic",
    "anyio",
    "fastapi",
    "h11",
    "httpx2",
    "ollama",
    "openai",
    "prometheus_client",
    "pydantic_settings",
    "rich",
    "sqlalchemy",
    "textual",
    "typer",
    "uvicorn",
)
REMEDY = "`python start_training.py` makes an environment of its own, `pip install -r requirements.txt` installs here."


def run(module: str) -> int:
    """Run the ``main`` of ``module`` in a Python that can; return its exit code, or 2 where none can."""
    make_streams_safe()
    if sys.version_info < (3, 10):  # noqa: UP036
        found = ".".join(map(str, sys.version_info[:2]))
        return _refuse("The trainer needs Python 3.10 or newer, and this is " + found + "; run it with a newer one.")
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if not missing:
        return int(importlib.import_module(module).main())
    own = HOME / ".venv"
    if interpreter(own).exists() and Path(sys.prefix).resolve() != own.resolve():
        return hand_over([str(interpreter(own)), *sys.argv])
    return _refuse("This Python lacks " + ", ".join(missing) + "; " + REMEDY)


def _refuse(why: str) -> int:
    sys.stderr.write(why + "\n")
    return 2


def hand_over(command: list[str]) -> int:
    """Become ``command``; where a process cannot, wait for it and return its exit code."""
    environment = clean(os.environ)
    if sys.platform != "win32":
        sys.stdout.flush()
        os.execve(command[0], command, environment)  # noqa: S606 - the same process goes on, so signals reach it
    for number in (signal.SIGINT, signal.SIGBREAK):
        signal.signal(number, signal.SIG_IGN)  # it gets them too, and ends in good order
    return subprocess.call(command, env=environment)  # noqa: S603
