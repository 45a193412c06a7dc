"""What a taught exchange costs from outside: answer, record and learn, over HTTP, by a mind that has heard much.

    python bench/exchange.py ../../shared/data --turns 1000 10000

Starts the service on a free port with an empty mind, lets it overhear dialogues until it has heard as many turns as
each mark says, then holds 300 exchanges over one kept connection. Prints the clock's percentiles, and the processor
time that the service spent on an exchange, which is steadier on a busy machine; then the time a start by snapshot
takes, from the command to the first answer. Run it with OMP_NUM_THREADS=1.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from overhead import processor_seconds  # noqa: E402
from speed import talk  # noqa: E402

_MEASURED = 300
_AT_ONCE = 50


class Service:
    """The service as a program of its own, and one kept connection to it."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder = folder
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [sys.executable, "-m", "cerebrum", "serve", "--port", str(self.port), "--data-dir", str(self.folder)]
        self.process = subprocess.Popen(command, cwd=HERE.parent, stderr=subprocess.DEVNULL)
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        while not self._is_awake():
            time.sleep(0.02)

    def _is_awake(self) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return bool(self.ask("GET", "/api/status")["status"] != "waking")
        self.connection.close()
        return False

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Return the answer's document."""
        self.connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        document = json.loads(answer.read())
        assert answer.status == 200, document
        return document

    def end(self) -> None:
        """End it as a terminal does; it saves its mind."""
        self.connection.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def overhear(service: Service, turns: Iterator[tuple[str, str]], count: int) -> None:
    """Let the service hear ``count`` turns of conversations between others."""
    for name, group in groupby(islice(turns, count), key=lambda turn: turn[0]):
        texts = [text for _, text in group]
        for at in range(0, len(texts), _AT_ONCE):
            spoken = [{"speaker": "AB"[(at + k) % 2], "text": text} for k, text in enumerate(texts[at : at + _AT_ONCE])]
            service.ask("POST", "/api/observe", {"turns": spoken, "conversation_id": name})


def exchanges(service: Service, turns: Iterator[tuple[str, str]]) -> str:
    """Hold the exchanges that are measured; return a row of milliseconds."""
    took, before = [], processor_seconds(service.process.pid)
    for conversation, text in islice(turns, _MEASURED):
        start = time.perf_counter()
        service.ask("POST", "/api/chat", {"message": text, "conversation_id": conversation})
        took.append((time.perf_counter() - start) * 1000)
    spent = (processor_seconds(service.process.pid) - before) * 1000 / _MEASURED
    p50, p95 = np.percentile(took, (50, 95))
    return f"{p50:7.1f} {p95:7.1f} {spent:10.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--turns", type=int, nargs="+", default=[1000, 10_000])
    given = parser.parse_args()
    turns, heard = talk(given.data, 0), 0
    print(f"{'turns':>8} {'p50 ms':>7} {'p95':>7} {'processor':>10} {'start s':>8}  load")
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder) / "mind")
        try:
            for mark in sorted(given.turns):
                overhear(service, turns, mark - heard - _MEASURED)
                row, heard = exchanges(service, turns), mark
                service.end()
                started = time.perf_counter()
                service.start()
                took = time.perf_counter() - started
                print(f"{mark:8d} {row} {took:8.2f}  {os.getloadavg()[0]:.1f}", flush=True)
        finally:
            service.end()


if __name__ == "__main__":
    main()
