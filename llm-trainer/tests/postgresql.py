"""A PostgreSQL server of the tests' own: in a temporary folder, on a free port, gone when they are.

Also when they are killed: a process of its own, which nobody's signals reach, waits for their end and ends the server.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

GUARD = """
import shutil, subprocess, sys
folder, *stop = sys.argv[1:]
sys.stdin.read()
subprocess.run(stop, cwd=folder, capture_output=True)
shutil.rmtree(folder, ignore_errors=True)
"""
FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/local/opt/postgresql*/bin", "/opt/homebrew/opt/postgresql*/bin")


def program(name: str) -> str | None:
    """Where one of PostgreSQL's programs is; distributions keep them out of the path."""
    if (found := shutil.which(name)) is not None:
        return found
    folders = sorted((folder for pattern in FOLDERS for folder in Path("/").glob(pattern[1:])), reverse=True)
    return next((str(folder / name) for folder in folders if (folder / name).exists()), None)


class Server:
    """A running server; ``url`` is that of its first database."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._as = ["runuser", "-u", "postgres", "--"] if sys.platform != "win32" and os.geteuid() == 0 else []
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.port = listening.getsockname()[1]

    def run(self, *arguments: str) -> None:
        command = self.command(*arguments)
        done = subprocess.run(command, cwd=self._folder, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, f"{arguments[0]}: {done.stdout}{done.stderr}"

    def command(self, name: str, *arguments: str) -> list[str]:
        """One of PostgreSQL's programs, as the user that may run it."""
        return [*self._as, program(name) or name, *arguments]

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        log = str(self._folder / "log")
        self.run("pg_ctl", "-D", str(self._folder / "data"), "-w", "-l", log, "-o", options, "start")

    def stop(self, how: str = "fast") -> None:
        self.run(*self.stopping(how))

    def stopping(self, how: str) -> tuple[str, ...]:
        return ("pg_ctl", "-D", str(self._folder / "data"), "-w", "-m", how, "stop")

    def make(self) -> None:
        if self._as:
            shutil.chown(self._folder, "postgres")
        self.run(
            "initdb",
            "-D",
            str(self._folder / "data"),
            "-A",
            "trust",
            "-U",
            "postgres",
            "--no-sync",
            "--no-instructions",
        )

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The URL of an empty database."""
        name = f"test_{secrets.token_hex(6)}"
        self.ask(f"CREATE DATABASE {name}")
        return self.url(name)

    def ask(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Have the server do something, as somebody else would."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            asked = connection.execute(statement)
            return asked.fetchall() if asked.description else []


@contextmanager
def postgresql_server() -> Iterator[Server]:
    """Skips with the reason where PostgreSQL or its driver is not installed."""
    pytest.importorskip("psycopg", reason="needs the driver: pip install -r requirements-postgresql.lock")
    if program("initdb") is None or program("pg_ctl") is None:
        pytest.skip("needs PostgreSQL's programs: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    folder.chmod(0o755)
    server = Server(folder)
    ending = [sys.executable, "-c", GUARD, str(folder), *server.command(*server.stopping("immediate"))]
    guard = subprocess.Popen(ending, stdin=subprocess.PIPE, start_new_session=True)
    try:
        server.make()
        server.start()
        yield server
    finally:
        guard.communicate(timeout=300)
