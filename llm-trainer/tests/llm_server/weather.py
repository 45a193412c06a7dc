"""The proxy that does harm, from the side of a test: where to call it, and what it is to do."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HOME = Path(__file__).parents[2]


class Steered:
    """The proxy from the side of a test: the ``url`` to call, and the weather."""

    def __init__(self, port: int, steering: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._socket = socket.create_connection(("127.0.0.1", steering), timeout=10)
        self._file = self._socket.makefile("rw")

    def weather(self, *faults: str, share: float = 1.0, seed: int = 0, **more: float) -> None:
        self._told({"faults": faults, "share": share, "seed": seed, **more})

    def counts(self) -> dict[str, int]:
        return Counter(self._told({}))

    def _told(self, line: dict[str, Any]) -> dict[str, int]:
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        found: dict[str, int] = json.loads(self._file.readline())
        return found

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@contextlib.contextmanager
def between(url: str) -> Iterator[Steered]:
    """A proxy in a process of its own before the back end at ``url``."""
    command = [sys.executable, "-m", "tests.llm_server.proxy", "--to", url.removeprefix("http://")]
    process = subprocess.Popen(command, cwd=HOME, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        steered = Steered(*map(int, process.stdout.readline().split()))
        try:
            yield steered
        finally:
            steered.close()
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()
