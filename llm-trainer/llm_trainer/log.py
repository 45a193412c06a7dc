"""Logging set-up, called once by each entry point: JSON lines to a file or pipe, readable lines on a terminal.

On the standard library alone: a service starts often, and should not pay for importing a logging framework.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import stat
import sys
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path

NOISY = ("httpx", "httpcore", "httpx2", "httpcore2", "openai", "uvicorn.access")
LIMIT_BYTES = 8 << 20
"""Of a log file; one older of the same size is kept beside it."""
LINES_BETWEEN_LOOKS = 100
_COLOURS = {"DEBUG": "2", "INFO": "32", "WARNING": "33", "ERROR": "31", "CRITICAL": "1;31"}


class JsonLines(logging.Formatter):
    """One JSON object a line, in ASCII: no text in a record can forge a second line or paint a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        shown = {
            "event": record.getMessage(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "timestamp": _iso(record.created),
        }
        if record.exc_info and record.exc_info[0] is not None:
            shown["exception"] = self.formatException(record.exc_info)
        return json.dumps(shown)


class ForPeople(logging.Formatter):
    """Time, level and message in colour; what a terminal would obey is shown escaped."""

    def format(self, record: logging.LogRecord) -> str:
        level = f"\x1b[{_COLOURS.get(record.levelname, '0')}m{record.levelname.lower():8}\x1b[0m"
        said = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in record.getMessage())
        line = f"{_iso(record.created)[11:19]} {level} {said}  \x1b[2m{record.name}\x1b[0m"
        if record.exc_info and record.exc_info[0] is not None:
            line += "\n" + self.formatException(record.exc_info)
        return line


class Capped(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to standard error. Where that is a file, it never grows for long beyond the limit.

    What was in it is kept as ``<name>.1``. The file itself stays the same, so whoever started us still finds it.
    """

    def __init__(self, descriptor: int = 2) -> None:
        super().__init__(sys.stderr)
        self._descriptor, self._lines = descriptor, 0

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        self._lines += 1
        if self._lines % LINES_BETWEEN_LOOKS == 0:
            with suppress(OSError):
                self._cap()

    def _cap(self) -> None:
        found = os.fstat(self._descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size <= LIMIT_BYTES:
            return
        if (path := _path_of(self._descriptor)) is not None and path.exists():
            with suppress(OSError):
                shutil.copyfile(path, path.with_name(path.name + ".1"))
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)


def _path_of(descriptor: int) -> Path | None:
    """The file behind a descriptor, where the system tells."""
    if sys.platform == "linux":
        return Path(f"/proc/self/fd/{descriptor}").readlink()
    if sys.platform == "darwin":
        import fcntl  # noqa: PLC0415  not on Windows

        return Path(fcntl.fcntl(descriptor, fcntl.F_GETPATH, bytes(1024)).rstrip(b"\0").decode())
    return None


def configure(level: str = "INFO") -> None:
    """Send every log record, ours and the libraries', through one formatter on standard error."""
    handler = Capped()
    handler.setFormatter(ForPeople() if sys.stderr.isatty() else JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def _iso(created: float) -> str:
    return datetime.fromtimestamp(created, timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
