"""The record of everything heard and said: one SQLite file that only grows.

Laws
- One process, one connection, one thread: the lock is exclusive from the first moment to the last.
- ``append`` returns after the disk has confirmed (write-ahead log, synchronous FULL); on any error nothing was added.
- A failed sync leaves unknown what is on disk: StoreUnsafe, never retried; opening the file again tells.
- A row never changes, except that ``forget`` erases its content, in one transaction with the row that says so.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cerebrum.chain import Content, Kind, Record, Verifier, chained
from cerebrum.errors import Forgotten, NotFound, StoreCorrupt, StoreError, StoreLocked, StoreUnsafe

APPLICATION_ID = 0x43455245  # "CERE"
CHECKPOINT_EVERY = 256  # transactions; keeps the write-ahead log below 16 MB even with the longest utterances
BATCH = 500

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
)
_INSERT = "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_LOCKED, _FULL, _READONLY, _CANTOPEN, _NOMEM = 5, 13, 8, 14, 7
_IOERR = 10
_SYNC_ERRORS = {1034, 1290}  # SQLITE_IOERR_FSYNC, SQLITE_IOERR_DIR_FSYNC
_CORRUPT, _NOTADB = 11, 26


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be appended: content, when, and the key it can be found by."""

    kind: Kind
    at: str
    content: Content
    key: str | None = None


class Store:
    """The open record. ``seq`` and ``head`` say where it ends; ``epoch`` changes when it is created or restored."""

    def __init__(self, path: Path) -> None:
        """Open or create ``path``. StoreLocked, StoreCorrupt or StoreError say why it cannot be used."""
        self.path = path
        self._since_checkpoint = 0
        with self._translated():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = sqlite3.connect(path, timeout=0.2, isolation_level=None)
        try:
            with self._translated():
                self._open()
        except BaseException:
            self._db.close()
            raise

    def _open(self) -> None:
        for pragma in ("locking_mode=EXCLUSIVE", "mmap_size=0", "foreign_keys=ON", "secure_delete=ON"):
            self._db.execute(f"PRAGMA {pragma}")
        application = self._number("PRAGMA application_id")
        if application not in (0, APPLICATION_ID):
            remedy = "move it away, or name another data directory"
            raise StoreCorrupt(f"{self.path} is the database of another program", remedy=remedy)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=0"):
            self._db.execute(f"PRAGMA {pragma}")
        with self._transaction():
            self._migrate()
        with contextlib.suppress(OSError):
            self.path.chmod(0o600)
        faults = [row[0] for row in self._db.execute("PRAGMA integrity_check(1)")]
        if faults != ["ok"]:
            raise self._corrupt(f"{self.path} is damaged: {faults[0]}")
        about = dict(self._db.execute("SELECT name, value FROM about"))
        self.epoch, self.genesis = str(about["epoch"]), bytes.fromhex(about["genesis"])
        last = self._db.execute("SELECT * FROM records ORDER BY seq DESC LIMIT 1").fetchone()
        self.seq = int(last[0]) if last else 0
        self.head = bytes(last[6]) if last else self.genesis
        self.exchanges = self._number("SELECT count(*) FROM records WHERE kind = 'exchange' AND salt IS NOT NULL")
        self.observations = self._number("SELECT count(*) FROM records WHERE salt IS NOT NULL")
        self.forgotten = self._number("SELECT count(*) FROM records WHERE kind = 'forgotten'")

    def _migrate(self) -> None:
        version = self._number("PRAGMA user_version")
        if version > len(_MIGRATIONS):
            remedy = "update CEREBRUM, or restore a copy made by this version"
            raise StoreError(f"{self.path} was written by a newer CEREBRUM (format {version})", remedy=remedy)
        for number, script in enumerate(_MIGRATIONS[version:], version + 1):
            for statement in _statements(script):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {number}")
        if version == 0:
            self._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            fresh = [("epoch", secrets.token_hex(8)), ("genesis", secrets.token_hex(32))]
            self._db.executemany("INSERT INTO about VALUES (?, ?)", fresh)

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
        with self._translated(), self._transaction():
            self._db.executemany(_INSERT, [_row(record) for record in records])
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
        with self._translated(), self._transaction():
            self._db.execute("UPDATE records SET salt = NULL, content = NULL, heard = NULL WHERE seq = ?", (seq,))
            self._db.execute(_INSERT, _row(tombstone))
        self._advance([tombstone])
        self.exchanges -= found.kind == "exchange"
        self.observations -= 1
        self.forgotten += 1
        self.checkpoint()  # the write-ahead log still held the text
        return tombstone

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
        try:
            with self._translated():
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except StoreUnsafe:
            raise
        except StoreError:
            pass

    # reading

    def recorded(self, key: str) -> Record | None:
        """The record that was made under ``key``, however long ago."""
        return self._one("SELECT * FROM records WHERE key = ?", key)

    def record(self, seq: int) -> Record | None:
        """Record ``seq``, or None."""
        return self._one("SELECT * FROM records WHERE seq = ?", seq) if 0 < seq < 1 << 62 else None

    def forgot_since(self, seq: int) -> bool:
        """Whether an observation up to ``seq`` was deleted after ``seq``."""
        with self._translated():
            sql = "SELECT EXISTS (SELECT 1 FROM records WHERE seq > ? AND kind = 'forgotten' AND target <= ?)"
            return bool(self._db.execute(sql, (seq, seq)).fetchone()[0])

    def records(self, after: int = 0) -> Iterator[Record]:
        """All records behind ``after`` in order, those appended meanwhile included; read in batches."""
        while True:
            sql = "SELECT * FROM records WHERE seq > ? ORDER BY seq LIMIT ?"
            with self._translated():
                rows = self._db.execute(sql, (after, BATCH)).fetchall()
            if not rows:
                return
            for row in rows:
                yield self._record(row)
            after = int(rows[-1][0])

    def search(self, query: str = "", limit: int = 100, before: int | None = None) -> list[Record]:
        """The newest observations below ``before`` whose heard text contains ``query``, newest first."""
        escaped = query.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        sql = """SELECT * FROM records WHERE salt IS NOT NULL AND seq < ? AND heard LIKE ? ESCAPE '\\'
                 ORDER BY seq DESC LIMIT ?"""
        values = (self.seq + 1 if before is None else before, f"%{escaped}%", limit)
        with self._translated():
            return [self._record(row) for row in self._db.execute(sql, values)]

    def verify(self) -> int:
        """Check the whole chain and return its length; StoreCorrupt names the first bad record."""
        Verifier(self.genesis).check_all(self.records()).finish(self.seq, self.head)
        return self.seq

    def copy_to(self, path: Path) -> None:
        """Write a consistent, compact copy of the whole record to ``path``, which must not exist."""
        with self._translated():
            self._db.execute("VACUUM INTO ?", (str(path),))

    def begin_epoch(self) -> None:
        """Say that the record is not the continuation of what callers knew: it was restored."""
        fresh = secrets.token_hex(8)
        with self._translated(), self._transaction():
            self._db.execute("UPDATE about SET value = ? WHERE name = 'epoch'", (fresh,))
        self.epoch = fresh
        self._since_checkpoint += 1

    def close(self) -> None:
        """Empty the write-ahead log and let go of the file."""
        with contextlib.suppress(sqlite3.Error):
            self.checkpoint()
        self._db.close()

    def _one(self, sql: str, value: object) -> Record | None:
        with self._translated():
            row = self._db.execute(sql, (value,)).fetchone()
        return self._record(row) if row else None

    def _record(self, row: tuple[object, ...]) -> Record:
        seq, kind, at, key, target, digest, head, salt, content, heard = row
        try:
            whole = None if content is None else _content(str(content), heard)
            return Record(int(seq), kind, at, key, target, digest, head, salt, whole)  # type: ignore[arg-type,call-overload]
        except (TypeError, ValueError) as error:
            raise self._corrupt(f"record {seq} of {self.path} cannot be read ({error})") from error

    def _number(self, sql: str) -> int:
        return int(self._db.execute(sql).fetchone()[0])

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.ProgrammingError:
            raise  # a bug
        except sqlite3.Error as error:
            raise self._translate(error) from error
        except OSError as error:
            raise StoreError(f"{self.path}: {error.strerror}", remedy="give the data directory to this user") from error

    def _translate(self, error: sqlite3.Error) -> StoreError:
        code = getattr(error, "sqlite_errorcode", None)
        primary = code & 0xFF if code is not None else _primary_code(str(error))
        if primary == _LOCKED:
            remedy = "stop the other process, or name another data directory"
            return StoreLocked(f"{self.path} is open in another process", remedy=remedy)
        if primary == _IOERR and (code is None or code in _SYNC_ERRORS):
            remedy = "check the disk; on the next start the record tells what was written"
            return StoreUnsafe(f"{self.path}: {error}", remedy=remedy)
        if primary == _FULL:
            return StoreError(f"no space left for {self.path}", remedy="free some disk space; nothing was lost")
        if primary in (_CORRUPT, _NOTADB):
            return self._corrupt(f"{self.path} is damaged: {error}")
        return StoreError(f"{self.path}: {error}", remedy="check that the disk is there, has space, and may be written")

    @staticmethod
    def _corrupt(detail: str) -> StoreCorrupt:
        remedy = "restore a copy with `cerebrum restore FILE`; keep the damaged file for inspection"
        return StoreCorrupt(detail, remedy=remedy)


def _row(record: Record) -> tuple[object, ...]:
    content, heard = record.content, None
    packed = None
    if content is not None:
        heard = content.heard
        packed = json.dumps([content.conversation, content.said, content.voice, content.notes, content.body])
    return (*(getattr(record, name) for name in _LASTING), record.salt, packed, heard)


_LASTING = ("seq", "kind", "at", "key", "target", "digest", "head")


def _content(packed: str, heard: object) -> Content:
    conversation, said, voice, notes, body = json.loads(packed)
    if not isinstance(heard, str):
        raise ValueError("its text is gone, its salt is not")
    return Content(conversation, heard, said, voice, notes, body)


def _statements(script: str) -> Iterator[str]:
    """Split at the semicolons that end a statement (a trigger holds some of its own)."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _primary_code(message: str) -> int:
    """Python 3.10 tells the message only."""
    known = {
        "locked": _LOCKED,
        "full": _FULL,
        "disk I/O": _IOERR,
        "malformed": _CORRUPT,
        "not a database": _NOTADB,
        "readonly": _READONLY,
        "unable to open": _CANTOPEN,
    }
    return next((code for part, code in known.items() if part in message), 1)
