"""Logging set-up, called once by each entry point: JSON lines to a file or pipe, readable lines on a terminal.

On the standard library alone: a service starts often, and should not pay for importing a logging framework.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime, timezone

NOISY = ("httpx", "httpcore", "httpx2", "httpcore2", "openai", "uvicorn.access")
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


def configure(level: str = "INFO") -> None:
    """Send every log record, ours and the libraries', through one formatter on standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(ForPeople() if sys.stderr.isatty() else JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def _iso(created: float) -> str:
    return datetime.fromtimestamp(created, timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
