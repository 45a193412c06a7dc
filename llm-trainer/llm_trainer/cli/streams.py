"""Standard output and error that no character can break. Standard library only."""

from __future__ import annotations

import sys


def make_streams_safe() -> None:
    """Let no character that this terminal or file cannot hold end the program that prints it: it is replaced."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
