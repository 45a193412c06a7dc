"""The commands that look after the record while no middleware runs: ``python middleware.py verify | repair``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from llm_trainer.errors import PeerError, SettingsError, StoreCorrupt
from llm_trainer.middleware import queries, salvage, verification, wiring
from llm_trainer.middleware.bodies import Bodies
from llm_trainer.middleware.learner import Learner
from llm_trainer.middleware.store import Record
from llm_trainer.middleware.trouble import MENDING
from llm_trainer.middleware.wire import Wire
from llm_trainer.settings import Settings

MOST_SHOWN = 50


def verify(settings: Settings) -> None:
    """Check the record, and compare it with the learner where that answers; StoreCorrupt if either is not as it was."""
    url = settings.record_url or f"sqlite:///{_there(settings)}"
    asyncio.run(_verify(settings, url))


async def _verify(settings: Settings, url: str) -> None:
    record = await Record.open(url)
    try:
        found = await record.read(lambda connection: list(verification.faults(connection)))
        for fault in found[:MOST_SHOWN]:
            _say(f"  {fault}")
        if found:
            raise StoreCorrupt(f"the record is damaged in {len(found)} places", remedy=MENDING)
        _say(f"the record is sound: {await record.read(verification.count)} exchanges, every session's chain holds")
        wire = Wire(record, await record.read(queries.last_wire_id), Bodies())
        try:
            for name, make in wiring.learners_of(settings).items():
                await _compare(record, name, make(wire))
        finally:
            await wire.close()
    finally:
        await record.close()


async def _compare(record: Record, name: str, learner: Learner) -> None:
    """Ask a learner for all that it was taught; StoreCorrupt if it knows otherwise."""
    try:
        if not (await learner.standing()).is_idempotent:
            _say(f"learner {name} keeps no keys, so it cannot be compared")
            return
        found = await verification.compare(record, learner)
    except PeerError as error:
        _say(f"not compared with learner {name}: {error.detail}")
        return
    for fault in found.faults[:MOST_SHOWN]:
        _say(f"  {fault}")
    if found.faults:
        remedy = "start a session: a learner that forgot is told again before anything new"
        raise StoreCorrupt(f"record and learner {name} disagree on {len(found.faults)} exchanges", remedy=remedy)
    _say(f"learner {name} knows the same: {found.same} exchanges, and {found.deleted} that it was asked to delete")


def repair(settings: Settings) -> None:
    """Make the record anew from what is provably good of it; StoreError says why not."""
    if settings.record_url:
        remedy = "restore it with the server's own tools"
        raise SettingsError("record_url names a server, whose data only that can repair", remedy=remedy)
    path = _there(settings)
    if _is_sound(path):
        _say("nothing to repair: the record is sound")
        return
    done = salvage.repair(path)
    for name, kept, why in done.cut:
        _say(f"  cut short after exchange {kept}: {why} (session {name} has ended)")
    for table, count in done.unread.items():
        _say(f"  {count} rows of {table} could not be read")
    _say(f"{done.whole} sessions are whole, {len(done.cut)} were cut short; the damaged record is kept in {done.kept}")


def _is_sound(path: Path) -> bool:
    async def look() -> bool:
        record = await Record.open(f"sqlite:///{path}")
        try:
            return not await record.read(lambda connection: list(verification.faults(connection)))
        finally:
            await record.close()

    try:
        return asyncio.run(look())
    except StoreCorrupt:
        return False


def _there(settings: Settings) -> Path:
    path = settings.data_dir / "record.sqlite3"
    if not path.exists():
        raise SettingsError(f"there is no record at {path}", remedy="name its folder with --data-dir")
    return path


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
