"""A process kept alive, and its end. Standard library only.

Written twice, like ``environment.py``; a test at the root compares the copies.

Laws: what is ready says so itself; what died is started again with back-off; what cannot live is given up with its
last words; the end has a deadline.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .processes import KILL, answers, born

LOG_LIMIT_BYTES = 5_000_000
STEADY_SECONDS = 5.0
MOST_DEATHS = 8
if sys.platform == "win32":
    OWN_GROUP = subprocess.CREATE_NEW_PROCESS_GROUP
else:
    OWN_GROUP = 0  # there, start_new_session does it


def pause_before_restart(deaths: int) -> float:
    """Seconds to wait after the n-th death in a row: 0.5, 1, 2, 4, 8, 8 …"""
    return min(0.5 * 2.0 ** max(0, deaths - 1), 8.0)


@dataclass
class Service:
    """One process, kept alive: ``tend`` starts it again, with back-off, when it has died.

    ``ready`` turns true when ``ready_url`` answers. ``failed`` says, in words, why it is given up: it died before it
    was ever ready, refused its settings (exit code 2), or died ``MOST_DEATHS`` times in a row.
    """

    name: str
    command: Sequence[str]
    folder: Path
    log: Path
    ready_url: str
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: bool = False
    failed: str = ""
    restarts: int = 0
    _process: subprocess.Popen[bytes] | None = None
    _born: str = ""
    _deaths: int = 0
    _ever_ready: bool = False
    _ready_since: float = 0.0
    _again_at: float = 0.0

    def start(self) -> None:
        """Start the process in a group of its own, so that the terminal's Ctrl+C reaches only us."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as sink:
            self._process = subprocess.Popen(  # noqa: S603
                list(self.command),
                cwd=self.folder,
                env={**os.environ, "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1", **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                creationflags=OWN_GROUP,
                start_new_session=True,
            )
        self.ready, self._born = False, born(self._process.pid)

    @property
    def pid(self) -> int:
        """The process's number, 0 while there is none."""
        return self._process.pid if self._process and self._process.returncode is None else 0

    @property
    def identity(self) -> dict[str, object]:
        """What a later start needs to recognise this very process."""
        return {"name": self.name, "pid": self.pid, "born": self._born}

    def tend(self, now: float) -> bool:
        """Look after the process once; return whether a new one was started. Never waits more than a second."""
        if self.failed or self._process is None:
            return False
        code = self._process.poll()
        if code is None:
            self._look(now)
            return False
        if self._again_at == 0.0:
            self._bury(code, now)
            return False
        if now < self._again_at:
            return False
        self._again_at = 0.0
        self.restarts += 1
        self.start()
        return True

    def _look(self, now: float) -> None:
        if not self.ready and answers(self.ready_url):
            self.ready, self._ever_ready, self._ready_since = True, True, now
        if self.ready and now - self._ready_since > STEADY_SECONDS:
            self._deaths = 0

    def _bury(self, code: int, now: float) -> None:
        self.ready = False
        self._deaths += 1
        if not self._ever_ready or code == 2 or self._deaths >= MOST_DEATHS:
            often = f" {self._deaths} times in a row" if self._deaths > 1 else ""
            self.failed = f"{self.name} ended{often} with exit code {code}"
        self._again_at = now + pause_before_restart(self._deaths)

    def ask_to_end(self) -> None:
        """Ask the process to end; harmless where it has."""
        if self._process is not None and self._process.poll() is None:
            ask_to_end(self._process)

    def gone(self) -> bool:
        """Whether the process has ended."""
        return self._process is None or self._process.poll() is not None

    def kill(self) -> None:
        """End the process and its group now."""
        if self._process is None or self._process.poll() is not None:
            return
        if sys.platform == "win32":
            self._process.kill()
        else:
            os.killpg(self._process.pid, KILL)  # not reaped yet, so the number is still its own
        self._process.wait()

    def tail(self, lines: int = 12) -> str:
        """The last lines of the log, without anything that could steer a terminal."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, self.log.stat().st_size - 16_384))
                text = log.read().decode("utf-8", "replace")
        except OSError:
            return ""
        shown = "".join(c if c.isprintable() or c == "\n" else " " for c in text)
        return "\n".join(shown.splitlines()[-lines:])


def ask_to_end(process: subprocess.Popen[bytes]) -> None:
    """Ask one process of ours, by its handle, to end."""
    try:
        if sys.platform == "win32":
            process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            process.terminate()
    except OSError:
        process.kill()


def end(services: Iterable[Service], deadline: float) -> list[str]:
    """Ask all to end, wait until ``deadline`` (time.monotonic), kill the rest; return the names of those killed."""
    started = list(services)
    for service in started:
        service.ask_to_end()
    while not all(service.gone() for service in started) and time.monotonic() < deadline:
        time.sleep(0.02)
    late = [service for service in started if not service.gone()]
    for service in late:
        service.kill()
    return [service.name for service in late]
