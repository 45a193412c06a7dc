"""What the middleware adds to an exchange, and how many it makes in a second.

    python bench/overhead.py [--exchanges 300] [--rounds 5] [--teacher tutor|stand-in] [--folder /dev/shm]

Four processes as in real use: the LLM server (with the tutor), a learner that answers at once, the middleware, and
this one. *Directly* means one ``POST /api/chat`` to each end over one kept connection, as the middleware makes them.
Rounds alternate between both, so that whatever else the machine does hits both alike. *Processor* is what the
middleware's process (directly: this one) spent, user and system, with all it does beside the exchanges: on a busy
machine it says more than the clock. Before each ``Teach`` and each question to the teacher a transaction goes to disk,
so that two commits are in every exchange; what one takes here is printed beside, and ``--folder`` puts the record
where it takes nothing (a folder in memory), which tells the rest. The record's times are whole milliseconds, so that
the mean says more than the median.
"""

from __future__ import annotations

import argparse
import itertools
import os
import platform
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import httpx2
import psutil

HOME = Path(__file__).resolve().parent.parent


@contextmanager
def process(arguments, url, environment):
    """A service from its start until it is no longer needed."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = subprocess.Popen([sys.executable, *arguments], cwd=HOME, env=environment, **quiet)
    try:
        deadline = time.monotonic() + 60
        while not answers(url):
            if running.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{arguments[0]} did not start")
            time.sleep(0.05)
        yield psutil.Process(running.pid)
    finally:
        running.terminate()
        running.wait(15)


def answers(url):
    try:
        return httpx2.get(f"{url}/api/status", timeout=2, trust_env=False).status_code == 200
    except httpx2.HTTPError:
        return False


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def directly(client, llm, learner, count):
    """Milliseconds of each exchange made without the middleware."""
    spent, turns = [], []
    for _ in range(count):
        began = time.perf_counter()
        messages = [{"role": "user", "content": ""}, *turns[-12:]]
        body = {"messages": messages, "topic": "animals", "level": 0, "session": "direct"}
        said = client.post(f"{llm}/api/chat", json=body).json()["response"]
        asked = {"message": said, "user_id": "partner", "conversation_id": "direct"}
        heard = client.post(f"{learner}/api/chat", json=asked).json()["response"]
        spent.append((time.perf_counter() - began) * 1000)
        turns += [{"role": "assistant", "content": said}, {"role": "user", "content": heard}]
    return spent


def through(client, middleware, count):
    """Milliseconds from one exchange's end to the next's, in a session of ``count``; and exchanges a second."""
    began = time.perf_counter()
    started = client.post(f"{middleware}/api/training/start", json={"max_exchanges": count, "delay": 0, "seed": 1})
    if started.status_code != 200:
        raise SystemExit(started.text)
    while client.get(f"{middleware}/api/training/status").json()["running"]:
        time.sleep(0.1)
    whole = time.perf_counter() - began
    url = f"{middleware}/api/sessions/{started.json()['session_id']}/export"
    entries = client.get(url, timeout=60).json()["exchanges"]
    assert len(entries) == count, len(entries)
    ends = [seconds(entry["timestamp"]) for entry in entries]
    gaps = [(later - earlier) * 1000 for earlier, later in itertools.pairwise(ends)]
    return gaps, (count - 1) / (ends[-1] - ends[0]), whole


def seconds(timestamp):
    hours, minutes, rest = timestamp[11:-1].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--exchanges", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--teacher", choices=("tutor", "stand-in"), default="tutor")
    parser.add_argument("--folder", help="where the record lies meanwhile (the system's temporary folder)")
    given = parser.parse_args()
    llm_port, learner_port, middleware_port = free_port(), free_port(), free_port()
    llm, learner, middleware = (f"http://127.0.0.1:{port}" for port in (llm_port, learner_port, middleware_port))
    stand_in = ["-m", "llm_trainer.middleware.standins"]
    teacher = ["llm_server.py", "--backend", "tutor", "--port", str(llm_port)]
    if given.teacher == "stand-in":
        teacher = [*stand_in, "llm", "--port", str(llm_port)]
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(dir=given.folder))
        syncing = synced(folder)
        environment = os.environ | {
            "TRAINER_CEREBRUM_URL": learner,
            "TRAINER_LLM_SERVER_URL": llm,
            "TRAINER_DATA_DIR": folder,
        }
        stack.enter_context(process(teacher, llm, environment))
        stack.enter_context(process([*stand_in, "learner", "--port", str(learner_port)], learner, environment))
        command = ["middleware.py", "--port", str(middleware_port)]
        service, this = stack.enter_context(process(command, middleware, environment)), psutil.Process()
        client = stack.enter_context(httpx2.Client(timeout=30, trust_env=False))
        directly(client, llm, learner, 50)
        through(client, middleware, 50)
        direct, via, rates, spent = [], [], [], ([], [])
        for _ in range(given.rounds):
            before = processor(this)
            direct += directly(client, llm, learner, given.exchanges)
            spent[0].append((processor(this) - before) * 1000 / given.exchanges)
            before = processor(service)
            gaps, rate, _ = through(client, middleware, given.exchanges)
            spent[1].append((processor(service) - before) * 1000 / given.exchanges)
            via += gaps
            rates.append(rate)
    report(given, direct, via, rates, spent)
    print(f"one commit of 6 KB in the record's folder: {syncing:.2f} ms at the median")


def synced(folder, times=200):
    """Median milliseconds that SQLite takes here to put a little on disk, as the record does: WAL, synchronous FULL."""
    spent = []
    with closing(sqlite3.connect(Path(folder, "synced.sqlite3"), isolation_level=None)) as database:
        for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL"):
            database.execute(f"PRAGMA {pragma}")
        database.execute("CREATE TABLE written (bytes BLOB)")
        for _ in range(times):
            database.execute("BEGIN IMMEDIATE")
            database.execute("INSERT INTO written VALUES (?)", (os.urandom(6_000),))
            began = time.perf_counter()
            database.execute("COMMIT")
            spent.append((time.perf_counter() - began) * 1000)
    return statistics.median(spent)


def processor(which):
    times = which.cpu_times()
    return times.user + times.system


def report(given, direct, via, rates, spent):
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    middle = statistics.median
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, load average {load:.1f}; teacher: {given.teacher}"
    )
    print(f"{given.rounds} rounds of {given.exchanges} exchanges\n")
    print("| | median ms an exchange | mean | p95 | processor ms an exchange |\n|---|--:|--:|--:|--:|")
    for name, waited, worked in (("directly", direct, spent[0]), ("through the middleware", via, spent[1])):
        p95 = statistics.quantiles(waited, n=20)[-1]
        mean = statistics.fmean(waited)
        print(f"| {name} | {middle(waited):.2f} | {mean:.2f} | {p95:.2f} | {middle(worked):.2f} |")
    medians, means = middle(via) - middle(direct), statistics.fmean(via) - statistics.fmean(direct)
    print(f"| added | {medians:.2f} | {means:.2f} | | {middle(spent[1]) - middle(spent[0]):.2f} |")
    print(f"\nexchanges a second: median of rounds {middle(rates):.0f}, best {max(rates):.0f}, worst {min(rates):.0f}")


if __name__ == "__main__":
    main()
