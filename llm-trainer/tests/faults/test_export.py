"""The session's file holds what the record holds: whole at every instant, the same bytes each time."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import threading
import time
from pathlib import Path

import pytest

from llm_trainer.middleware import queries
from llm_trainer.middleware.export import write_session_file
from llm_trainer.middleware.store import Record
from tests.faults.crew import crew

OFTEN = "llm_trainer.middleware.exporter:EXPORT_SECONDS:0.01 llm_trainer.middleware.exporter:EXPORT_SHARE:1"


class Reader(threading.Thread):
    """Reads the files again and again; ``faults`` tells what was not a whole session document that only grows."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.folder, self.faults, self.reads, self.over = folder, list[str](), 0, threading.Event()

    def run(self) -> None:
        seen: list[str] = []
        while not self.over.is_set():
            for path in self.folder.glob("session_*.json"):
                try:
                    keys = [each["key"] for each in json.loads(path.read_bytes())["exchanges"]]
                except (ValueError, KeyError) as error:
                    self.faults.append(f"{path.name}: {error}")
                    continue
                if keys[: len(seen)] != seen:
                    self.faults.append(f"{path.name} went back from {len(seen)} to {len(keys)}")
                seen, self.reads = keys, self.reads + 1


async def made_twice(folder: Path, target: Path) -> tuple[bytes, bytes]:
    """The only session's file made anew, twice."""
    record = await Record.open(f"sqlite:///{folder / 'record.sqlite3'}")
    try:
        [row] = await record.read(queries.session_rows)
        made = []
        for _ in range(2):
            made.append((await write_session_file(record, row, target)).read_bytes())
        return made[0], made[1]
    finally:
        await record.close()


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
@pytest.mark.promise("P9")
def test_the_file_is_whole_at_every_instant_and_the_same_each_time(tmp_path, figure, scale):
    kills, chance = scale(20, 300), random.Random(9)
    (tmp_path / "again").mkdir()
    with crew(tmp_path) as running:
        running.middleware.environment["SET"] = OFTEN
        running.middleware.kill()
        running.begin()
        reader = Reader(tmp_path)
        reader.start()
        for number in range(kills):
            time.sleep(chance.uniform(0.0, 0.3))  # a random instant, not a wait for anything
            running.middleware.kill()
            if number % 5 == 4:
                running.goes_on(3)
        running.goes_on(3)
        running.stop()
        running.end()
        reader.over.set()
        reader.join(20)
        taught = running.taught()
    [path] = tmp_path.glob("session_*.json")
    exported = [
        (e["key"], e["llm_to_cerebrum"], e["cerebrum_response"]) for e in json.loads(path.read_bytes())["exchanges"]
    ]
    first, second = asyncio.run(made_twice(tmp_path, tmp_path / "again"))
    equal = path.read_bytes() == first == second
    figure("P9", kills=kills, reads=reader.reads, not_whole=len(reader.faults), exchanges=len(taught), equal=equal)

    assert reader.faults == []
    assert reader.reads > kills / 4
    assert exported == taught
    assert equal
