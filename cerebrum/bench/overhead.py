"""What an exchange costs around the mind: HTTP, validation, queue, store. The mind here answers at once.

    python bench/overhead.py [--exchanges 1000]

Prints percentiles in milliseconds of: the whole exchange over HTTP with one kept connection; the same asked of the
learner's thread without HTTP; the record alone (one append, confirmed by the disk).
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import uvicorn

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from cerebrum.api.app import create_app  # noqa: E402
from cerebrum.chain import Content  # noqa: E402
from cerebrum.learner import Learner  # noqa: E402
from cerebrum.saved import SavedMinds  # noqa: E402
from cerebrum.store import Entry, Store  # noqa: E402
from cerebrum.worker import Worker  # noqa: E402
from tests.stand_in import Parrot  # noqa: E402

TEXT = "I like to walk along the river in the morning, before the others are awake."


def percentiles(name: str, work: Callable[[int], object], count: int) -> None:
    for number in range(count // 10):
        work(-1 - number)
    took = []
    for number in range(count):
        started = time.perf_counter()
        work(number)
        took.append((time.perf_counter() - started) * 1000)
    cuts = statistics.quantiles(took, n=100)
    print(f"{name:44} p50 {cuts[49]:6.2f}  p95 {cuts[94]:6.2f}  p99 {cuts[98]:6.2f} ms", flush=True)


def record_alone(folder: Path, count: int) -> None:
    store = Store(folder / "store.sqlite3")
    append = lambda n: store.append([Entry("exchange", "now", Content("c", f"{n} {TEXT}", TEXT), f"k{n}")])  # noqa: E731
    percentiles("the record alone", append, count)
    store.close()


def worker_in(folder: Path) -> Worker:
    def opening() -> Learner:
        saved = SavedMinds(folder / "saved", "bench")
        return Learner(Store(folder / "mind.sqlite3"), saved, Parrot, Parrot.load)  # type: ignore[arg-type]

    worker = Worker(opening)
    worker.start()
    while worker.ask_status().result().state == "waking":
        pass
    return worker


def without_http(folder: Path, count: int) -> None:
    worker = worker_in(folder)
    percentiles("without HTTP", lambda n: worker.submit(lambda it: it.exchange(f"{n} {TEXT}", "c")).result(), count)
    worker.close()


def over_http(folder: Path, count: int) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    service = subprocess.Popen([sys.executable, __file__, "--serve", str(port), str(folder)])
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while True:
            try:
                connection.connect()
                break
            except OSError:
                time.sleep(0.05)
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def say(number: int) -> None:
            body = json.dumps({"message": f"{number} {TEXT}", "conversation_id": "c"})
            headers = {"Content-Type": "application/json", "Idempotency-Key": f"h{number}"}
            connection.request("POST", "/api/chat", body, headers)
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            answer.read()

        before = processor_seconds(service.pid)
        percentiles("a whole exchange over HTTP", say, count)
        spent = (processor_seconds(service.pid) - before) / (count + count // 10) * 1000
        print(f"{'  processor time of the service for it':44}     {spent:6.2f} ms", flush=True)
        connection.request("GET", "/healthz")
        connection.getresponse().read()

        def health(_: int) -> None:
            connection.request("GET", "/healthz")
            connection.getresponse().read()

        percentiles("GET /healthz (no work at all)", health, count)
    finally:
        service.terminate()
        service.wait()


def processor_seconds(pid: int) -> float:
    """User and system time of a process (Linux); steadier than the clock on a busy machine."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def serve(port: int, folder: Path) -> None:
    app = create_app(worker_in(folder), port, folder / "copies")
    uvicorn.run(app, port=port, log_config=None, access_log=False, server_header=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exchanges", type=int, default=1000)
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(int(given.serve[0]), Path(given.serve[1]))
        return
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}, mind: a stand-in")
    for measure in (record_alone, without_http, over_http):
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder), given.exchanges)


if __name__ == "__main__":
    main()
