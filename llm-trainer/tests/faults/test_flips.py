"""A bit flipped anywhere in the record: named by its place, or without effect on what was said and how it goes on."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from llm_trainer.errors import TrainerError
from llm_trainer.middleware import verification
from llm_trainer.middleware.database import open_database
from llm_trainer.middleware.store import Record
from llm_trainer.middleware.tables import exchanges, sessions
from tests.faults.life import Life

SAID = (
    "row",
    "session_id",
    "number",
    "key",
    "status",
    "topic",
    "text",
    "sha256",
    "closed_at",
    "reply",
    "stage",
    "odd",
    "hash",
)
STANDS = ("id", "state", "journal_seq", "head")
"""What the chain, the counters and the journal hold fast. Times of calls, token counts, events and the log of calls are
told by the record alone, so a flip there has nothing to be compared with."""


def seen(connection: Connection) -> tuple[list[Any], list[Any]]:
    said = select(*(exchanges.c[name] for name in SAID)).order_by(exchanges.c.row)
    stands = select(*(sessions.c[name] for name in STANDS)).order_by(sessions.c.id)
    return [tuple(row) for row in connection.execute(said)], [
        json.dumps(list(row)) for row in connection.execute(stands)
    ]


def outcome(path: Path, truth: tuple[list[Any], list[Any]], changed: str) -> str:
    try:
        connection = open_database(f"sqlite:///{path}")
    except TrainerError as error:
        return "refused" if "record.sqlite3" in error.detail and error.remedy else f"no place: {error.detail}"
    try:
        with connection.begin():
            found = list(verification.faults(connection))
            now = None if found else seen(connection)
    except Exception as error:
        found, now = [str(error)], None
    finally:
        connection.close()
        connection.engine.dispose()
    if found:
        return "refused"
    if now == truth:
        return "without effect"
    if changed.endswith("-wal") and len(truth[0]) - 1 <= len(now[0]) and now[0][:-1] == truth[0][: len(now[0]) - 1]:
        return "last write taken for a torn one"
    return "SILENTLY WRONG"


async def crashed(folder: Path, copy: Path) -> tuple[list[Any], list[Any]]:
    """A record with a session in it, copied while it was open, as a killed process leaves it."""
    record = await Record.open(f"sqlite:///{folder / 'record.sqlite3'}", opener=partial(open_database))
    life = Life(record, 15, 4)
    await life.begin()
    await life.go()
    truth = await record.read(seen)
    shutil.copytree(folder, copy)
    await record.close()
    return truth


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.promise("P8")
def test_a_flipped_bit_is_named_by_its_place_or_has_no_effect(tmp_path, figure, scale):
    flips, chance, found, wrong = scale(150, 5_000), random.Random(8), Counter[str](), []
    (tmp_path / "clean").mkdir()
    truth = asyncio.run(crashed(tmp_path / "clean", tmp_path / "crashed"))
    for _ in range(flips):
        source = tmp_path / chance.choice(("clean", "crashed"))
        shutil.rmtree(tmp_path / "flipped", ignore_errors=True)
        folder = Path(shutil.copytree(source, tmp_path / "flipped"))
        changed = chance.choice(sorted(folder.glob("record.sqlite3*")))
        whole = bytearray(changed.read_bytes())
        place, bit = chance.randrange(len(whole)), chance.randrange(8)
        whole[place] ^= 1 << bit
        changed.write_bytes(whole)
        result = outcome(folder / "record.sqlite3", truth, changed.name)
        found[result] += 1
        if result not in ("refused", "without effect", "last write taken for a torn one"):
            wrong.append(f"{source.name}/{changed.name} byte {place} bit {bit}: {result}")
    figure("P8", store="record", flips=flips, **{name.replace(" ", "_"): found[name] for name in sorted(found)})

    assert wrong == []
    assert found["refused"] > flips / 20
