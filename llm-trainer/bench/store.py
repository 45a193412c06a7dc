"""What the record costs: exchanges a second, bytes an exchange, and how long a long session takes to be gone on with.

    python bench/store.py rate [--seconds 20]         SQLite and PostgreSQL, 1 and 16 sessions
    python bench/store.py resume [--exchanges 1000 100000 999900] [--postgresql]

*rate*: the middleware's own parts (sessions, engine, wire, record) between peers that answer at once inside the
process, so that neither sockets nor a learner are measured; every exchange is on disk as in real use: SQLite with
synchronous FULL, PostgreSQL with fsync and synchronous_commit on. Rounds of the four take turns.

*resume*: a session cut off after that many exchanges, its rows made in bulk through the real tables; measured from
opening the record to the first new exchange taught. A session has a million exchanges at most, so that the longest is
cut off shortly before.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

import psutil  # noqa: E402
from sqlalchemy import insert, text  # noqa: E402

from llm_trainer.middleware import tables, wiring  # noqa: E402
from llm_trainer.middleware.http1 import Received  # noqa: E402
from llm_trainer.middleware.planning import Wish  # noqa: E402
from llm_trainer.middleware.store import GENESIS, Record, chained, sha256  # noqa: E402
from llm_trainer.session.dialogue import Plan, Speaker, Tuning, Turn, exchange_key  # noqa: E402
from llm_trainer.session.engine import Session  # noqa: E402
from llm_trainer.session.events import Drafted, Rested, Spoke, Taught, encode  # noqa: E402
from llm_trainer.session.state import Phase, encode_plan, encode_state  # noqa: E402
from llm_trainer.settings import Settings  # noqa: E402
from tests.postgresql import postgresql_server  # noqa: E402

SESSIONS = (1, 16)
TOPICS = ("bees", "tea", "rain", "the sea")
WORDS = ("the", "small", "old", "river", "bird", "tree", "walks", "sings", "near", "blue", "warm", "house", "song")


class AtOnce:
    """In the place of the HTTP client: both peers, answering in no time. Learners know every key they are asked for."""

    def __init__(self) -> None:
        self.turns, self.heard = 0, 0

    async def request(self, method, url, content, *_):
        return Received(200, {}, json.dumps(self.answer(method, url, content)).encode(), False)

    def answer(self, method, url, content):
        if url.startswith("http://llm"):
            return self.speak(method, url)
        if "/api/exchanges/" in url:
            return {"response": "known", "exchange": 1}
        if method == "GET":
            cursor = {"epoch": "e", "seq": 1, "head": GENESIS}
            return {"capabilities": ["idempotency", "cursor"], "stage": "words", "exchanges": 1, "cursor": cursor}
        self.heard += 1
        said = json.loads(content)["message"]
        return {"response": said[::-1], "stage": "words", "exchange": self.heard, "timestamp": "1970-01-01T00:00:00Z"}

    def speak(self, method, url):
        if method == "GET":
            return {"topics": []} if "topics" in url else {"backend": "bench", "ready": True, "state": "ready"}
        self.turns += 1
        return {"response": sentence(self.turns), "model": "bench", "tokens_used": 12, "finish_reason": "stop"}

    async def close(self):
        pass


def sentence(number):
    words = [WORDS[(number * step + step * step) % len(WORDS)] for step in (3, 5, 7, 11, 13)]
    return f"{' '.join(words).capitalize()} number {number}."


class Bench:
    """A middleware's parts on one record, between peers that answer at once."""

    def __init__(self, url, folder):
        learners = {f"l{n}": f"http://learner{n}" for n in range(max(SESSIONS))}
        self.settings = Settings(
            cerebrum_url="http://learner",
            llm_server_url="http://llm",
            learners=learners,
            data_dir=folder,
            record_url=url,
            max_sessions=64,
        )

    async def __aenter__(self):
        self.parts, self.wire = await wiring.wire_up(self.settings)
        self.wire._client = AtOnce()
        self.leases = asyncio.create_task(self.parts.trainer.housekeeping.go())
        return self

    async def __aexit__(self, *_):
        await self.parts.trainer.close(10)
        self.leases.cancel()
        await self.parts.record.close()


async def rate(url, folder, sessions, seconds):
    """Exchanges a second and processor milliseconds an exchange."""
    this = psutil.Process()
    async with Bench(url, folder) as bench:
        trainer = bench.parts.trainer
        for number in range(sessions):
            tuning = Tuning(delay_seconds=0, topics=TOPICS)
            wish = Wish(1_000_000, tuning, topics=TOPICS, seed=number, learner=f"l{number}")
            await trainer.start(wish)
        await asyncio.sleep(1)
        before, began, spent = taught(trainer), time.perf_counter(), processor(this)
        await asyncio.sleep(seconds)
        made, whole, spent = taught(trainer) - before, time.perf_counter() - began, processor(this) - spent
    return made / whole, spent * 1000 / made


def taught(trainer):
    return sum(run.session.state.taught for run in trainer.runs.values())


def processor(process):
    times = process.cpu_times()
    return times.user + times.system


def size(url, server):
    """Bytes that the record takes on disk."""
    if url.startswith("sqlite"):
        path = url.removeprefix("sqlite:///")
        with sqlite3.connect(path) as file:
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            file.execute("VACUUM")  # what is left of pages half filled would otherwise count by chance
        file.close()
        return Path(path).stat().st_size
    database = url.rpartition("/")[2]
    named = [f"pg_total_relation_size('{table}')" for table in tables.metadata.tables]
    return server.ask(f"SELECT {' + '.join(named)}", database)[0][0]


async def growth(url, folder, exchanges):
    """Make that many exchanges in one session."""
    async with Bench(url, folder) as bench:
        tuning = Tuning(delay_seconds=0)
        run = await bench.parts.trainer.start(Wish(exchanges, tuning, topics=TOPICS, seed=1, learner="l0"))
        await run.until(lambda: run.is_over)


# ---------------------------------------------------------------- a long session, made in bulk


def cut_off(exchanges):
    """The rows of a session that rests after so many exchanges: session, then batches by table."""
    plan = Plan("0" * 26, max_exchanges=1_000_000, tuning=Tuning(0, 10, TOPICS), idempotent=True)
    session, head, began = Session(plan), GENESIS, time.time() - exchanges

    def batches():
        nonlocal head
        for first in range(1, exchanges + 1, 2_000):
            rows = {"exchanges": [], "journal": [], "events": [], "wire": []}
            for number in range(first, min(first + 2_000, exchanges + 1)):
                head = add(rows, plan, number, head, began + number)
            yield rows

    def row():
        turns = tuple(Turn((Speaker.TEACHER, Speaker.LEARNER)[n % 2], sentence(n)) for n in range(12))
        state = session.state.__class__(
            **{
                **vars(session.state),
                "phase": Phase.RESTING,
                "number": exchanges,
                "taught": exchanges,
                "turns": turns,
                "watched": turns,
                "topic": "bees",
                "topic_index": 0,
                "conversation": exchanges // 10 + 1,
                "learner_seq": 1,
                "idempotent": True,
                "until": time.time(),
            }
        )
        return {
            "id": plan.session_id,
            "name": "session_19700101_000000",
            "started_at": began,
            "plan": encode_plan(plan),
            "state": encode_state(state),
            "teacher": {"name": "default", "backend": "bench"},
            "learner": {"name": "l0", "url": "http://learner0", "cursor": None},
            "journal_seq": 4 * exchanges,
            "event_seq": exchanges,
            "head": head,
            "limits": None,
            "spent": {"tokens": 12 * exchanges, "failures": 0},
        }

    return batches(), row


def add(rows, plan, number, previous, at):
    said, key = sentence(number), exchange_key(plan.session_id, number)
    place = {"session_id": plan.session_id}
    head = chained(previous, key=key, text_sha256=sha256(said), status="taught", topic="bees", reply=said[::-1])
    rows["exchanges"].append(
        {
            **place, "number": number, "key": key, "status": "taught", "topic": "bees",
            "conversation": number // 10 + 1, "level": 1, "text": said, "sha256": sha256(said),
            "attempts": 1, "drafted_at": at, "sent_at": at,
            "closed_at": at, "reply": said[::-1], "stage": "words", "learner_seq": number, "learner_ms": 1.0,
            "odd": None, "extra": {"timestamp": "1970-01-01T00:00:00Z", "stage": "words", "exchange": number},
            "teacher": {"model": "bench", "tokens_used": 12, "milliseconds": 1.0}, "previous": previous, "hash": head,
        }
    )  # fmt: skip
    happened = (Spoke(at, said), Drafted(at), Taught(at, said[::-1], "words", number), Rested(at))
    rows["journal"] += [
        {**place, "seq": 4 * (number - 1) + n, "body": encode(event)} for n, event in enumerate(happened, 1)
    ]
    rows["events"].append({**place, "seq": number, "at": at, "type": "exchange", "body": {"number": number}})
    for n, peer in enumerate(("llm", "learner")):
        rows["wire"].append(
            {
                **place, "id": 2 * number - 1 + n, "at": at, "peer": peer, "method": "POST", "path": "/api/chat",
                "bytes_sent": 900, "digest_sent": sha256(said), "status": 200, "milliseconds": 1.0,
                "bytes_received": 200, "digest_received": sha256(said), "error": None,
            }
        )  # fmt: skip
    return head


async def made(url, exchanges):
    """Write such a session into an empty record."""
    record = await Record.open(url)
    batches, row = cut_off(exchanges)

    def write(connection, batch):
        for name, rows in batch.items():
            connection.execute(insert(tables.metadata.tables[name]), rows)

    for batch in batches:
        await record.read(write, batch)
    await record.read(lambda connection: connection.execute(insert(tables.sessions), row()))
    if not record.is_exclusive:
        await record.read(lambda connection: connection.execute(text("ANALYZE")))
    await record.close()


async def resumed(url, folder):
    """Seconds to the session's awakening, and to its first new exchange, from before the record is opened."""
    began = time.perf_counter()
    async with Bench(url, folder) as bench:
        opened = time.perf_counter() - began
        bench.parts.trainer._exporter.export = no_export  # at the end, and every two seconds in a share of the time
        run = await bench.parts.trainer.resume_unfinished()
        awake = time.perf_counter() - began
        before = run.session.state.taught
        await run.until(lambda: run.session.state.taught > before)
        first = time.perf_counter() - began
        bench.parts.trainer.runs.clear()  # leave it as it was: cut off
        for task in bench.parts.trainer._tasks.values():
            task.cancel()
        await asyncio.gather(*bench.parts.trainer._tasks.values(), return_exceptions=True)
    return opened, awake, first


async def no_export(run):
    pass


def measure_rates(given, server):
    print(f"| rounds of {given.seconds:g} s | sessions | exchanges/s, median | of rounds | processor ms an exchange |")
    print("|---|--:|--:|---|--:|")
    found = {(kind, sessions): [] for kind in ("SQLite FULL", "PostgreSQL") for sessions in SESSIONS}
    for _ in range(given.rounds):
        for (kind, sessions), rounds in found.items():
            with tempfile.TemporaryDirectory(dir=given.folder) as folder:
                url = f"sqlite:///{folder}/record.sqlite3" if kind.startswith("SQLite") else server.new_database()
                rounds.append(asyncio.run(rate(url, Path(folder), sessions, given.seconds)))
    for (kind, sessions), rounds in found.items():
        rates = [each for each, _ in rounds]
        shown = ", ".join(f"{each:.0f}" for each in rates)
        worked = statistics.median(each for _, each in rounds)
        print(f"| {kind} | {sessions} | {statistics.median(rates):.0f} | {shown} | {worked:.2f} |")
    for kind in ("SQLite", "PostgreSQL"):
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            url = f"sqlite:///{folder}/record.sqlite3" if kind == "SQLite" else server.new_database()
            asyncio.run(growth(url, Path(folder), 200))
            few = size(url, server)
            asyncio.run(growth(url, Path(folder), 1_000))
            print(f"{kind}: {(size(url, server) - few) / 1_000:.0f} bytes an exchange")


def measure_resumes(given, server):
    print("| record | exchanges | bytes | opened s | awake s | first new exchange s |\n|---|--:|--:|--:|--:|--:|")
    for exchanges in given.exchanges:
        for kind in ("SQLite", "PostgreSQL") if given.postgresql else ("SQLite",):
            with tempfile.TemporaryDirectory(dir=given.folder) as folder:
                url = f"sqlite:///{folder}/record.sqlite3" if kind == "SQLite" else server.new_database()
                asyncio.run(made(url, exchanges))
                rounds = [asyncio.run(resumed(url, Path(folder))) for _ in range(given.rounds)]
                opened, awake, first = (statistics.median(each) for each in zip(*rounds, strict=True))
                weight = size(url, server) if kind == "PostgreSQL" else Path(folder, "record.sqlite3").stat().st_size
                print(f"| {kind} | {exchanges} | {weight} | {opened:.3f} | {awake:.3f} | {first:.3f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("rate", "resume"))
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--exchanges", type=int, nargs="+", default=[1_000, 100_000, 999_900])
    parser.add_argument("--postgresql", action="store_true", help="resume from PostgreSQL, too")
    parser.add_argument("--folder", type=Path, help="where the records lie meanwhile (the system's temporary folder)")
    given = parser.parse_args()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f} at the start\n")
    with ExitStack() as stack:
        needed = given.what == "rate" or given.postgresql
        server = stack.enter_context(postgresql_server()) if needed else None
        (measure_rates if given.what == "rate" else measure_resumes)(given, server)
    print(f"\nload {os.getloadavg()[0] if hasattr(os, 'getloadavg') else float('nan'):.1f} at the end")


if __name__ == "__main__":
    main()
