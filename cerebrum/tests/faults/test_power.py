"""Power lost at any operation: what was confirmed is there, and the store opens. With less care it is not."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cerebrum.chain import Content
from cerebrum.errors import StoreError
from cerebrum.store import Entry, Store
from tests.faults.disk import Disk, after_a_crash, lay_out
from tests.faults.stock import connection

HISTORY = 40
SURVIVALS = (0.0, 0.3, 0.7, 1.0)
CARE = "PRAGMA synchronous=FULL"
Told = tuple[str, int, str]
"""What the program was told to be safe: what was done, at which place, and the text or the record's head."""


@contextmanager
def recorded(seed: int, care: str) -> Iterator[Disk]:
    """A disk that a store was made on, filled and partly emptied again, each step marked when it was confirmed."""
    chance, disk = random.Random(seed), Disk()
    store = Store(Path("mind.sqlite3"), lambda path: connection(disk, path, {CARE: care}))
    disk.mark(("open", 0, ""))
    for number in range(HISTORY):
        text = f"utterance {number} " + "long " * chance.choice((0, 3, 900))
        [record] = store.append([Entry("exchange", "now", Content("c", text, "answer"), f"k{number}")])
        disk.mark(("said", record.seq, text))
        if chance.random() < 0.1:
            store.checkpoint()
        before = store.record(record.seq - 1)
        if chance.random() < 0.05 and before is not None and before.content is not None:
            store.forget(before.seq, "now")
            disk.mark(("forgotten", before.seq, ""))
    store._db.connection.close()
    try:
        yield disk
    finally:
        disk.unplug()


def fault_of(folder: Path, told: list[Told]) -> str:
    """What is wrong with the store that a crash left, or nothing; opened with the standard library's SQLite."""
    try:
        store = Store(folder / "mind.sqlite3")
    except StoreError as error:
        return f"does not open: {error.detail}"
    try:
        store.verify()
        gone = {seq for what, seq, _ in told if what == "forgotten"}
        for what, seq, text in told:
            record = store.record(seq) if what == "said" else None
            content = record.content if record else None
            if what == "said" and seq not in gone and (content is None or content.heard != text):
                emptied = record is not None and record.is_forgotten and store.forgot_since(seq)
                if not emptied:  # its deletion was on disk before anybody was told
                    return f"lost record {seq}"
            if what == "forgotten" and store.record(seq) and store.record(seq).content is not None:
                return f"record {seq} is back"
        return ""
    except StoreError as error:
        return f"cannot be read: {error.detail}"
    finally:
        store.close()


def faults(tmp_path: Path, images: int, seed: int, care: str = CARE) -> list[str]:
    chance, found = random.Random(seed), []
    while images > 0:
        with recorded(chance.randrange(1 << 30), care) as disk:
            for _ in range(min(images, 50)):
                at, survival, sector = chance.randrange(len(disk.log) + 1), chance.choice(SURVIVALS), 512
                sector = chance.choice((512, 4096))
                files, told = after_a_crash(disk.log, at, chance, survival, sector)
                lay_out(files, tmp_path / "image")
                fault = fault_of(tmp_path / "image", told)
                found += (
                    [f"{fault} (at {at} of {len(disk.log)}, survival {survival}, sector {sector})"] if fault else []
                )
                images -= 1
    return found


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.promise("P2")
def test_power_lost_at_any_operation_takes_nothing_that_was_confirmed(tmp_path, figure, scale) -> None:
    images, control = scale(500, 6_000), scale(60, 500)
    found = faults(tmp_path, images, seed=1)
    normal = faults(tmp_path, control, seed=2, care="PRAGMA synchronous=NORMAL")
    off = faults(tmp_path, control, seed=3, care="PRAGMA synchronous=OFF")
    figure(
        "P2", store="cerebrum", images=images, lost_or_closed=len(found),
        NORMAL_loses=f"{len(normal)} of {control}", OFF_loses=f"{len(off)} of {control}",
    )  # fmt: skip

    assert found == []
    assert len(normal) > control / 10
    assert len(off) > control / 10
