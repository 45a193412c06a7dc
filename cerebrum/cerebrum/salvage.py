"""What is provably good of a record that cannot be opened.

A record is good if it follows from the one before, from the genesis on. The first that does not ends what can be
proved: it and all behind it are given up. A text that was changed while its digest still stands is given up alone: the
row is emptied, and a deletion is recorded, as if somebody had asked for it.

Only a copy of the files is read; the damaged ones stay as they are.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cerebrum import rows, wal
from cerebrum.chain import Record, chained, link
from cerebrum.database import connect, is_in_use
from cerebrum.errors import StoreCorrupt, StoreError, StoreLocked

BATCH = 500
MOST_FAULTS = 100


class Wreck:
    """A record's files, sound or not. ``faults`` and ``emptied`` are complete once ``records`` is used up."""

    def __init__(self, path: Path, connection: sqlite3.Connection, at: str) -> None:
        self.path, self._connection, self._at = path, connection, at
        self.faults: list[str] = []
        self.emptied: list[int] = []
        self.kept = 0
        about = dict(self._rows("SELECT name, value FROM about"))
        try:
            self.genesis = bytes.fromhex(about["genesis"])
        except (KeyError, ValueError, TypeError) as error:
            remedy = "put back a copy with `cerebrum restore FILE`"
            raise StoreCorrupt(f"nothing in {path} can be proved: its genesis cannot be read", remedy=remedy) from error

    def records(self) -> Iterator[Record]:
        """The good records in order, and then the deletions of those that lost their text."""
        head, missing = self.genesis, set[int]()
        for row in self._from_the_first():
            record = self._proved(row, head)
            if record is None:
                break
            if record.is_forgotten:
                missing.add(record.seq)
            elif record.kind == "forgotten" and record.target is not None:
                missing.discard(record.target)
            self.kept, head = record.seq, record.head
            yield record
        self._note_what_is_behind()
        self.emptied = sorted(missing)
        for seq in self.emptied:
            bare = Record(self.kept + 1, "forgotten", self._at, None, seq, bytes(32), b"", None, None)
            record = chained(head, bare)
            self.kept, head = record.seq, record.head
            yield record

    def _from_the_first(self) -> Iterator[tuple[Any, ...]]:
        """Rows as long as they can be read one after the other."""
        seq = 0
        while True:
            try:
                found = self._rows("SELECT * FROM records WHERE seq > ? ORDER BY seq LIMIT ?", (seq, BATCH))
            except sqlite3.Error:
                found = self._one_by_one(seq)
            for row in found:
                seq += 1
                if row[0] != seq:
                    self.faults.append(f"record {seq} is missing; the next one is {row[0]}")
                    return
                yield row
            if len(found) < BATCH:
                return

    def _one_by_one(self, seq: int) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = []
        try:
            while rows_here := self._rows("SELECT * FROM records WHERE seq = ?", (seq + len(found) + 1,)):
                found += rows_here
        except sqlite3.Error as error:
            self.faults.append(f"record {seq + len(found) + 1} cannot be read: {error}")
        return found[: BATCH - 1]

    def _proved(self, row: tuple[Any, ...], head: bytes) -> Record | None:
        try:
            record = rows.unpacked(row)
        except ValueError as error:
            self.faults.append(f"record {row[0]} cannot be read: {error}")
            try:
                record = rows.unpacked(rows.emptied(row))
            except ValueError:
                return None
        if record.head != link(head, record):
            self.faults.append(f"record {record.seq} does not follow from the records before it")
            return None
        if record.content is not None and record.content.digest(record.salt or b"") != record.digest:
            self.faults.append(f"record {record.seq} has another text than was written")
            return rows.unpacked(rows.emptied(row))
        return record

    def _note_what_is_behind(self) -> None:
        with contextlib.suppress(sqlite3.Error, TypeError):
            last = self._rows("SELECT max(seq) FROM records")[0][0] or 0
            if last > self.kept:
                self.faults.append(f"records {self.kept + 1} to {last} cannot be proved")

    def pages(self) -> None:
        """Add what SQLite itself finds wrong."""
        try:
            said = [row[0] for row in self._rows(f"PRAGMA integrity_check({MOST_FAULTS})")]
        except sqlite3.Error as error:
            said = [str(error)]
        self.faults += [each for each in said if each != "ok"]

    def _rows(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, values).fetchall()


@contextlib.contextmanager
def wreck(path: Path, at: str) -> Iterator[Wreck]:
    """A look at a copy of ``path``. StoreLocked: it is in use; StoreCorrupt: nothing in it can be proved."""
    if is_in_use(path):
        raise StoreLocked(f"{path} is open in another process", remedy="stop the other process first")
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="looking-") as folder:
        copy = Path(folder) / path.name
        try:
            for ending in ("", "-wal"):
                part = path.with_name(path.name + ending)
                if part.exists():
                    shutil.copyfile(part, copy.with_name(part.name))
        except OSError as error:
            raise StoreError(f"{path} cannot be copied: {error}", remedy="see whether there is space for it") from error
        log_fault = wal.look(copy.with_name(copy.name + "-wal")).fault
        with contextlib.closing(connect(copy)) as connection:
            try:
                found = Wreck(path, connection, at)
                found.faults += [f"the write-ahead log is damaged: {log_fault}"] if log_fault else []
                yield found
            except sqlite3.Error as error:
                remedy = "put back a copy with `cerebrum restore FILE`"
                raise StoreCorrupt(f"nothing in {path} can be proved: {error}", remedy=remedy) from error


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to the disk (Windows cannot)."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
