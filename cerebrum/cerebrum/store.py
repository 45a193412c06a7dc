"""The record of everything heard and said: one SQLite file that only grows.

Laws
- ``append`` returns after the disk has confirmed; on any error nothing was added.
- A row never changes, except that ``forget`` erases its content, in one transaction with the row that says so.
- Each row carries the hash of the one before (``chain``); epoch and genesis are sealed.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cerebrum import rows
from cerebrum.chain import Content, Kind, Record, Verifier, chained
from cerebrum.database import Connect, Database, connect, statements
from cerebrum.errors import Forgotten, NotFound, StoreError, StoreLocked

APPLICATION_ID = 0x43455245  # "CERE"
CHECKPOINT_EVERY = 256  # transactions; keeps the write-ahead log below 16 MB even with the longest utterances
BATCH = 500
SEALED = 2  # the format in which a seal over the epoch and the genesis came

_MIGRATIONS = (
    """
    CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE records (
        seq INTEGER PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('exchange', 'overheard', 'forgotten')),
        at TEXT NOT NULL,
        key TEXT,
        target INTEGER REFERENCES records (seq),
        digest BLOB NOT NULL,
        head BLOB NOT NULL,
        salt BLOB,
        content TEXT,
        heard TEXT
    );
    CREATE UNIQUE INDEX record_by_key ON records (key) WHERE key IS NOT NULL;
    CREATE TRIGGER rows_stay BEFORE DELETE ON records
    BEGIN SELECT RAISE(ABORT, 'the record only grows'); END;
    CREATE TRIGGER rows_change_only_to_be_emptied BEFORE UPDATE ON records
    WHEN NEW.content IS NOT NULL OR NEW.heard IS NOT NULL OR NEW.salt IS NOT NULL
      OR (NEW.seq, NEW.kind, NEW.at, NEW.key, NEW.target, NEW.digest, NEW.head)
         IS NOT (OLD.seq, OLD.kind, OLD.at, OLD.key, OLD.target, OLD.digest, OLD.head)
    BEGIN SELECT RAISE(ABORT, 'the record only grows'); END;
    """,
    "",
)
_INSERT = "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be appended: content, when, and the key it can be found by."""

    kind: Kind
    at: str
    content: Content
    key: str | None = None


class Store:
    """The open record. ``seq`` and ``head`` say where it ends; ``epoch`` changes when it is created or restored."""

    def __init__(self, path: Path, connecting: Connect = connect) -> None:
        """Open or create ``path``. StoreLocked, StoreCorrupt or StoreError say why it cannot be used."""
        self.path = path
        self._since_checkpoint = 0
        self._db = Database(path, APPLICATION_ID, connecting)
        try:
            self._open()
        except BaseException:
            self._db.close()
            raise

    def _open(self) -> None:
        with self._db.transaction():
            self._migrate()
        self._db.check(_MIGRATIONS)
        self._read()

    def _read(self) -> None:
        self._read_about()
        last = [self._record(row) for row in self._db.rows("SELECT * FROM records ORDER BY seq DESC LIMIT 1")]
        self.seq, self.head = (last[0].seq, last[0].head) if last else (0, self.genesis)
        self.exchanges = self._db.number("SELECT count(*) FROM records WHERE kind = 'exchange' AND salt IS NOT NULL")
        self.observations = self._db.number("SELECT count(*) FROM records WHERE salt IS NOT NULL")
        self.forgotten = self._db.number("SELECT count(*) FROM records WHERE kind = 'forgotten'")

    def _read_about(self) -> None:
        about = dict(self._db.rows("SELECT name, value FROM about"))
        try:
            self.epoch, self.genesis = str(about["epoch"]), bytes.fromhex(about["genesis"])
            if about["seal"] != _seal(self.epoch, about["genesis"]):
                raise ValueError("the seal is broken")
        except (KeyError, ValueError, TypeError) as error:
            raise self._db.corrupt(
                f"{self.path} is damaged: what stands in table about is not what was written"
            ) from error

    def _migrate(self) -> None:
        version = self._db.number("PRAGMA user_version")
        if version > len(_MIGRATIONS):
            remedy = "update CEREBRUM, or restore a copy made by this version"
            raise StoreError(f"{self.path} was written by a newer CEREBRUM (format {version})", remedy=remedy)
        if version == 0 and self._db.number("SELECT count(*) FROM sqlite_master"):
            raise self._db.corrupt(f"{self.path} is damaged: it does not tell its format")
        for number, script in enumerate(_MIGRATIONS[version:], version + 1):
            for statement in statements(script):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {number}")
        if version == 0:
            self._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            self._tell_about(epoch=secrets.token_hex(8), genesis=secrets.token_hex(32))
        if version < SEALED:
            about = dict(self._db.rows("SELECT name, value FROM about"))
            self._tell_about(seal=_seal(about["epoch"], about["genesis"]))

    def _tell_about(self, **values: str) -> None:
        self._db.connection.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", list(values.items()))

    # writing

    def append(self, entries: Sequence[Entry]) -> list[Record]:
        """Add all of ``entries``, or on StoreError none; they are on disk when this returns."""
        records: list[Record] = []
        head = self.head
        for seq, entry in enumerate(entries, self.seq + 1):
            salt = secrets.token_bytes(16)
            digest = entry.content.digest(salt)
            record = Record(seq, entry.kind, entry.at, entry.key, None, digest, b"", salt, entry.content)
            records.append(chained(head, record))
            head = records[-1].head
        with self._db.transaction() as connection:
            connection.executemany(_INSERT, [rows.packed(record) for record in records])
        self._advance(records)
        self.exchanges += sum(record.kind == "exchange" for record in records)
        self.observations += len(records)
        return records

    def forget(self, seq: int, at: str) -> Record:
        """Erase the content of observation ``seq`` and record that it was done; NotFound, Forgotten, StoreError."""
        found = self.record(seq)
        if found is None or found.kind == "forgotten":
            raise NotFound(f"there is no observation {seq}", remedy="GET /api/observations lists them", seq=seq)
        if found.content is None:
            raise Forgotten(f"observation {seq} was already deleted", seq=seq)
        tombstone = chained(self.head, Record(self.seq + 1, "forgotten", at, None, seq, bytes(32), b"", None, None))
        with self._db.transaction() as connection:
            connection.execute("UPDATE records SET salt = NULL, content = NULL, heard = NULL WHERE seq = ?", (seq,))
            connection.execute(_INSERT, rows.packed(tombstone))
        self._advance([tombstone])
        self.exchanges -= found.kind == "exchange"
        self.observations -= 1
        self.forgotten += 1
        self.checkpoint()  # the write-ahead log still held the text
        return tombstone

    def adopt(self, records: Iterable[Record], genesis: bytes) -> int:
        """Fill this empty record with ``records`` as they are; StoreCorrupt if they are no chain from ``genesis``."""
        verifier = Verifier(genesis)
        with self._db.transaction() as connection:
            self._tell_about(genesis=genesis.hex(), seal=_seal(self.epoch, genesis.hex()))
            for record in records:
                verifier.check(record)
                connection.execute(_INSERT, rows.packed(record))
            verifier.finish(verifier.seq, verifier.head)
        self._since_checkpoint += 1
        self._read()
        return self.seq

    def _advance(self, records: Sequence[Record]) -> None:
        if records:
            self.seq, self.head = records[-1].seq, records[-1].head
        self._since_checkpoint += 1
        if self._since_checkpoint >= CHECKPOINT_EVERY:
            with contextlib.suppress(StoreLocked):
                self.checkpoint()

    def checkpoint(self) -> None:
        """Move the write-ahead log into the file. Only a failed sync is an error: the log keeps what did not fit."""
        if not self._since_checkpoint:
            return
        self._since_checkpoint = 0
        self._db.checkpoint()

    # reading

    def recorded(self, key: str) -> Record | None:
        """The record that was made under ``key``, however long ago."""
        return self._one("SELECT * FROM records WHERE key = ?", key)

    def record(self, seq: int) -> Record | None:
        """Record ``seq``, or None."""
        return self._one("SELECT * FROM records WHERE seq = ?", seq) if 0 < seq < 1 << 62 else None

    def forgot_since(self, seq: int) -> bool:
        """Whether an observation up to ``seq`` was deleted after ``seq``."""
        sql = "SELECT 1 FROM records WHERE seq > ? AND kind = 'forgotten' AND target <= ? LIMIT 1"
        return bool(self._db.rows(sql, (seq, seq)))

    def records(self, after: int = 0) -> Iterator[Record]:
        """All records behind ``after`` in order, those appended meanwhile included; read in batches."""
        while True:
            found = self._db.rows("SELECT * FROM records WHERE seq > ? ORDER BY seq LIMIT ?", (after, BATCH))
            if not found:
                return
            for row in found:
                yield self._record(row)
            after = int(found[-1][0])

    def search(self, query: str = "", limit: int = 100, before: int | None = None) -> list[Record]:
        """The newest observations below ``before`` whose heard text contains ``query``, newest first."""
        escaped = query.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        sql = """SELECT * FROM records WHERE salt IS NOT NULL AND seq < ? AND heard LIKE ? ESCAPE '\\'
                 ORDER BY seq DESC LIMIT ?"""
        values = (self.seq + 1 if before is None else before, f"%{escaped}%", limit)
        return [self._record(row) for row in self._db.rows(sql, values)]

    def verify(self) -> int:
        """Check the whole chain and return its length; StoreCorrupt names the first bad record."""
        Verifier(self.genesis).check_all(self.records()).finish(self.seq, self.head)
        return self.seq

    def copy_to(self, path: Path) -> None:
        """Write a consistent, compact copy of the whole record to ``path``, which must not exist."""
        self._db.execute("VACUUM INTO ?", (str(path),))

    def begin_epoch(self) -> None:
        """Say that the record is not the continuation of what callers knew: it was restored."""
        fresh = secrets.token_hex(8)
        with self._db.transaction():
            self._tell_about(epoch=fresh, seal=_seal(fresh, self.genesis.hex()))
        self.epoch = fresh
        self._since_checkpoint += 1

    def close(self) -> None:
        """Empty the write-ahead log and let go of the file."""
        with contextlib.suppress(StoreError):
            self.checkpoint()
        self._db.close()

    def _one(self, sql: str, value: object) -> Record | None:
        found = self._db.rows(sql, (value,))
        return self._record(found[0]) if found else None

    def _record(self, row: tuple[object, ...]) -> Record:
        try:
            return rows.unpacked(row)
        except ValueError as error:
            raise self._db.corrupt(f"record {row[0]} of {self.path} cannot be read ({error})") from error


def _seal(epoch: str, genesis: str) -> str:
    return hashlib.sha256(f"{epoch} {genesis}".encode()).hexdigest()
