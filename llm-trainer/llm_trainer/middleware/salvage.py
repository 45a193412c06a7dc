"""A damaged record made anew from what is provably good of it.

Every row that can be read is copied; then each session is kept up to the last exchange that its chain proves. A session
that lost nothing goes on as before. One that did has ended, with the reason ``repaired``: what its learner may have
heard since cannot be told from the record. Only a copy of the damaged file is read.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from llm_trainer.errors import StoreCorrupt, StoreError, StoreLocked
from llm_trainer.middleware import verification
from llm_trainer.middleware.database import is_in_use, open_database
from llm_trainer.middleware.queries import Row
from llm_trainer.middleware.store import chained
from llm_trainer.middleware.tables import exchanges, journal, leases, metadata, sessions

BATCH = 500
EMPTY_BATCHES = 20
UNKNOWN = 1 << 60
REASON = "repaired"


@dataclass
class Salvage:
    """What came of it: sessions whole, sessions cut short (name, exchanges kept, why), rows that could not be read."""

    kept: Path
    whole: int = 0
    cut: list[tuple[str, int, str]] = field(default_factory=list)
    unread: dict[str, int] = field(default_factory=dict)


def repair(path: Path) -> Salvage:
    """Replace the record at ``path`` by what is good of it; the damaged one is kept beside it under another name.

    StoreLocked: it is in use. StoreCorrupt: nothing of it can be read. StoreError: the disk says no.
    """
    if is_in_use(path):
        raise StoreLocked(f"{path} is in use by another program", remedy="stop the middleware first")
    draft = path.with_name(f"repairing-{os.getpid()}.sqlite3")
    stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    salvage = Salvage(path.with_name(f"{path.stem}-damaged-{stamp}{path.suffix}"))
    try:
        connection = open_database(f"sqlite:///{draft}")
        try:
            _copy_rows(path, connection, salvage)
            _keep_the_proved(connection, salvage)
        finally:
            connection.close()
            connection.engine.dispose()
        _put_in_place(draft, path, salvage.kept)
    except OSError as error:
        raise StoreError(f"{path} could not be repaired: {error}", remedy="check the disk, then try again") from error
    finally:
        for leftover in path.parent.glob(f"{draft.name}*"):
            leftover.unlink()
    return salvage


def _put_in_place(draft: Path, path: Path, kept: Path) -> None:
    try:
        os.link(path, kept)  # so that a record stands here at every instant
    except OSError:
        shutil.copyfile(path, kept)
    log = path.with_name(path.name + "-wal")
    if log.exists():
        log.rename(kept.with_name(kept.name + "-wal"))
    draft.replace(path)
    with suppress(OSError):  # Windows does not open folders
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


# ---------------------------------------------------------------- reading what can be read


def _copy_rows(path: Path, connection: Connection, salvage: Salvage) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="looking-") as folder:
        copy = Path(folder) / path.name
        for ending in ("", "-wal"):
            part = path.with_name(path.name + ending)
            if part.exists():
                shutil.copyfile(part, copy.with_name(part.name))
        with closing(sqlite3.connect(copy, isolation_level=None)) as damaged:
            damaged.row_factory = sqlite3.Row
            for table in metadata.sorted_tables:
                with connection.begin():
                    for row in _rows(damaged, table, salvage):
                        _insert(connection, table, row, salvage)


def _rows(damaged: sqlite3.Connection, table: Table, salvage: Salvage) -> Iterator[sqlite3.Row]:
    """Every row of a table that can be read, in the order written."""
    at, empty, last = 0, 0, _last(damaged, table)
    while at < last and empty < EMPTY_BATCHES:
        found = list(_batch(damaged, table, at, min(at + BATCH, last), salvage))
        yield from found
        at, empty = at + BATCH, 0 if found or last < UNKNOWN else empty + 1


def _batch(damaged: sqlite3.Connection, table: Table, after: int, upto: int, salvage: Salvage) -> Iterator[sqlite3.Row]:
    try:
        yield from _between(damaged, table, after, upto)
        return
    except sqlite3.Error:
        pass  # one by one, then
    for number in range(after, upto):
        try:
            yield from _between(damaged, table, number, number + 1)
        except sqlite3.Error:
            salvage.unread[table.name] = salvage.unread.get(table.name, 0) + 1


def _between(damaged: sqlite3.Connection, table: Table, after: int, upto: int) -> list[sqlite3.Row]:
    query = f"SELECT * FROM {table.name} WHERE rowid > ? AND rowid <= ? ORDER BY rowid"  # noqa: S608
    return damaged.execute(query, (after, upto)).fetchall()


def _last(damaged: sqlite3.Connection, table: Table) -> int:
    """The number of the last row, or ``UNKNOWN`` where the page that tells cannot be read."""
    try:
        return damaged.execute(f"SELECT max(rowid) FROM {table.name}").fetchone()[0] or 0  # noqa: S608
    except sqlite3.Error as error:
        if "malformed" in str(error):
            return UNKNOWN
        if table is sessions:
            remedy = "put back a copy, or move it away to begin anew"
            raise StoreCorrupt(f"nothing of the record can be read: {error}", remedy=remedy) from error
        return 0  # an older record has no such table


def _insert(connection: Connection, table: Table, row: sqlite3.Row, salvage: Salvage) -> None:
    names = set(row.keys()) & set(table.c.keys())
    try:
        values = {name: _value(table, name, row[name]) for name in names}
        with connection.begin_nested():
            connection.execute(insert(table), values)
    except (SQLAlchemyError, ValueError, TypeError):
        salvage.unread[table.name] = salvage.unread.get(table.name, 0) + 1


def _value(table: Table, name: str, value: Any) -> Any:
    is_json = table.c[name].type.__class__.__name__ == "JSON"
    return json.loads(value) if is_json and value is not None else value


# ---------------------------------------------------------------- keeping what is proved


def _keep_the_proved(connection: Connection, salvage: Salvage) -> None:
    with connection.begin():
        rows = [dict(row) for row in connection.execute(select(sessions)).mappings()]
        if not rows:
            remedy = "put back a copy, or move it away to begin anew"
            raise StoreCorrupt("no session of the record can be read", remedy=remedy)
        for row in rows:
            try:
                found = verification.session_faults(connection, row)
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                found = [f"session {row['name']}: its row cannot be understood: {error}"]
            if found:
                _cut(connection, row, found[0], salvage)
            else:
                salvage.whole += 1
        connection.execute(update(leases).values(session_id=None, expires_at=0.0))


def _cut(connection: Connection, row: Row, why: str, salvage: Salvage) -> None:
    """End a session at the last exchange that its chain proves."""
    chain = verification.chain_of(connection, row["id"])
    mine = exchanges.c.session_id == row["id"]
    connection.execute(delete(exchanges).where(mine, exchanges.c.number > chain.good))
    head, uncertain = chain.head, chain.counts["uncertain"]
    if chain.open is not None:  # it may have been heard
        head, uncertain = _close(connection, chain.open, head), uncertain + 1
    connection.execute(delete(journal).where(journal.c.session_id == row["id"]))
    state = row["state"] if isinstance(row["state"], dict) else {}
    counted = {"taught": chain.counts["taught"], "uncertain": uncertain, "number": chain.good}
    lost = chain.counts["refused"] + chain.counts["abandoned"]
    ended = {"phase": "ended", "draft": None, "end_reason": REASON, "refused": lost, "turns": (), "watched": ()}
    values = {"state": {**state, **counted, **ended}, "head": head, "journal_seq": 0, "end_reason": REASON}
    ended_at = row["ended_at"] or datetime.now(timezone.utc).timestamp()
    connection.execute(update(sessions).where(sessions.c.id == row["id"]).values(**values, ended_at=ended_at))
    salvage.cut.append((row["name"], chain.good, why))


def _close(connection: Connection, row: Row, head: str) -> str:
    said = {"key": row["key"], "text_sha256": row["sha256"], "topic": row["topic"]}
    made = chained(head, **said, status="uncertain", reply=None)
    values = {"status": "uncertain", "previous": head, "hash": made, "closed_at": row["sent_at"] or row["drafted_at"]}
    connection.execute(update(exchanges).where(exchanges.c.key == row["key"]).values(**values))
    return made
