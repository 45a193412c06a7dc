"""Power lost at any operation of the record: what was confirmed is there, and every session's chain and journal hold.

With less care than ours, it is not so: the same images of a record that is synced less lose what was confirmed.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from llm_trainer.errors import TrainerError
from llm_trainer.middleware import verification
from llm_trainer.middleware.database import open_database
from llm_trainer.middleware.store import Record
from llm_trainer.middleware.tables import exchanges
from tests.faults.disk import Disk, after_a_crash, lay_out
from tests.faults.life import Life
from tests.faults.stock import connection

CARE = "PRAGMA synchronous=FULL"
SURVIVALS = (0.0, 0.3, 0.7, 1.0)
EXCHANGES = 6
TOLD = {"sending": {"sending", "taught", "uncertain", "refused", "abandoned"}, "taught": {"taught"}}
"""What an exchange may be, at the least, once the session was told that it is on its way, or taught."""


@contextmanager
def recorded(seed: int, care: str) -> Iterator[Disk]:
    """A disk on which a session was recorded; the log ends without a goodbye, as at a kill."""
    disk = Disk()

    async def live() -> None:
        creator = partial(connection, disk, "record.sqlite3", {CARE: care})
        record = await Record.open("sqlite:///record.sqlite3", opener=partial(open_database, creator=creator))
        life = Life(record, EXCHANGES, seed, lambda what, key: disk.mark((what, key)))
        await life.begin()
        await life.go()
        disk.mark(("over", life.row["id"]))
        await record.close()

    asyncio.run(live())
    try:
        yield disk
    finally:
        disk.unplug()


def fault_of(folder: Path, told: list[tuple[str, str]]) -> str:
    """What is wrong with the record that a crash left, or nothing; opened with the standard library's SQLite."""
    try:
        opened = open_database(f"sqlite:///{folder / 'record.sqlite3'}")
    except TrainerError as error:
        return f"does not open: {error.detail}"
    try:
        with opened.begin():
            if found := list(verification.faults(opened)):
                return found[0]
            there = dict(opened.execute(select(exchanges.c.key, exchanges.c.status)).all())
        lost = [(what, key) for what, key in told if what in TOLD and there.get(key) not in TOLD[what]]
        return f"lost: {lost[0]}" if lost else ""
    finally:
        opened.close()
        opened.engine.dispose()


def faults(folder: Path, images: int, seed: int, care: str = CARE) -> list[str]:
    chance, found = random.Random(seed), []
    while images > 0:
        with recorded(chance.randrange(1, 1 << 30), care) as disk:
            for _ in range(min(images, 50)):
                at, survival = chance.randrange(len(disk.log) + 1), chance.choice(SURVIVALS)
                sector = chance.choice((512, 4096))
                files, told = after_a_crash(disk.log, at, chance, survival, sector)
                lay_out(files, folder)
                if fault := fault_of(folder, told):
                    found.append(f"{fault} (at {at} of {len(disk.log)}, survival {survival}, sector {sector})")
                images -= 1
    return found


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.promise("P2")
def test_power_lost_at_any_operation_takes_nothing_that_was_confirmed(tmp_path, figure, scale):
    images, control = scale(200, 6_000), scale(30, 500)
    found = faults(tmp_path / "image", images, seed=1)
    normal = faults(tmp_path / "image", control, seed=2, care="PRAGMA synchronous=NORMAL")
    off = faults(tmp_path / "image", control, seed=3, care="PRAGMA synchronous=OFF")
    controls = {"NORMAL_loses": f"{len(normal)} of {control}", "OFF_loses": f"{len(off)} of {control}"}
    figure("P2", store="record", images=images, lost_or_closed=len(found), **controls)

    assert found == []
    assert len(normal) > control / 10
    assert len(off) > control / 10
