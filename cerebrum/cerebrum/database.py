"""One SQLite file, opened the safe way and spoken to in our words.

Laws
- One process, one connection, one thread: the lock is exclusive from the first moment to the last.
- A transaction is confirmed by the disk when it ends (write-ahead log, synchronous FULL), or it left nothing behind.
- A failed sync leaves unknown what is on disk: StoreUnsafe, never retried; opening the file again tells.
- What is damaged is refused at once, naming the place: pages, tables that are not ours, a log that SQLite cut short.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from cerebrum import wal
from cerebrum.errors import MENDING, StoreCorrupt, StoreError, StoreLocked, StoreUnsafe

LOCK_SECONDS = 0.2
_LOCKED, _NOMEM, _READONLY, _IOERR, _CORRUPT, _FULL, _CANTOPEN, _NOTADB = 5, 7, 8, 10, 11, 13, 14, 26
_SYNC_ERRORS = {1034, 1290}  # SQLITE_IOERR_FSYNC, SQLITE_IOERR_DIR_FSYNC

Connect = Callable[[Path], sqlite3.Connection]


def connect(path: Path) -> sqlite3.Connection:
    """The standard library's connection; it leaves transactions to us, and shows what is no text as surrogates."""
    connection = sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None)
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    return connection


class Database:
    """The open file. ``application`` is the number that says whose file it is."""

    def __init__(self, path: Path, application: int, connecting: Connect = connect) -> None:
        """Open or create ``path``. StoreLocked, StoreCorrupt or StoreError say why it cannot be used."""
        self.path, self.application = path, application
        self._unsafe: StoreUnsafe | None = None
        with self.translated():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            log = path.with_name(path.name + "-wal")
            if (fault := wal.look(log).fault) and not is_in_use(path):  # opened, SQLite would drop what is behind
                raise self.corrupt(f"{log} is damaged: {fault}")
            self.connection = connecting(path)
        try:
            with self.translated():
                self._open()
        except BaseException:
            self.connection.close()
            raise

    def _open(self) -> None:
        for pragma in ("locking_mode=EXCLUSIVE", "mmap_size=0", "foreign_keys=ON", "secure_delete=ON"):
            self.connection.execute(f"PRAGMA {pragma}")
        if self.number("PRAGMA application_id") not in (0, self.application):
            remedy = "move it away, or name another data directory"
            raise StoreCorrupt(f"{self.path} is the database of another program", remedy=remedy)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=0"):
            self.connection.execute(f"PRAGMA {pragma}")
        self.connection.execute("BEGIN IMMEDIATE")  # takes the lock now, not at the first write
        self.connection.execute("ROLLBACK")
        with contextlib.suppress(OSError):
            self.path.chmod(0o600)

    def check(self, scripts: Iterable[str]) -> None:
        """Whether every page is sound and the tables are those that ``scripts`` make; StoreCorrupt if not."""
        with self.translated():
            faults = [row[0] for row in self.connection.execute("PRAGMA integrity_check(1)")]
            if faults != ["ok"]:
                raise self.corrupt(f"{self.path} is damaged: {faults[0]}")
            wanted, found = _tables_of(scripts), set(self.connection.execute(_TABLES))
            if found != wanted:
                names = sorted({row[1] for row in found ^ wanted})
                raise self.corrupt(f"{self.path} is damaged: the definition of {', '.join(names)} was changed")

    def execute(self, sql: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        """One statement; StoreError."""
        with self.translated():
            return self.connection.execute(sql, values)

    def rows(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Everything that a question finds; StoreError."""
        with self.translated():
            return self.connection.execute(sql, values).fetchall()

    def number(self, sql: str) -> int:
        """The one number that a question finds."""
        return int(self.rows(sql)[0][0])

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of what is done meanwhile, on disk at the end, or on StoreError nothing."""
        with self.translated():
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    with contextlib.suppress(sqlite3.Error):
                        self.connection.execute("ROLLBACK")
                raise

    def checkpoint(self) -> None:
        """Move the write-ahead log into the file. Only a failed sync is an error: the log keeps what did not fit."""
        try:
            self.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        except StoreUnsafe:
            raise
        except StoreError:
            pass

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        """SQLite's errors, and the system's, in our words. After a failed sync nothing is tried any more."""
        if self._unsafe is not None:
            raise self._unsafe
        try:
            yield
        except sqlite3.ProgrammingError:
            raise  # a bug
        except sqlite3.Error as error:
            ours = self._translate(error)
            self._unsafe = ours if isinstance(ours, StoreUnsafe) else None
            raise ours from error
        except UnicodeError as error:  # what SQLite quotes of a damaged file need not be text
            raise self.corrupt(f"{self.path} is damaged: {error}") from error
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
            return self.corrupt(f"{self.path} is damaged: {error}")
        return StoreError(f"{self.path}: {error}", remedy="check that the disk is there, has space, and may be written")

    @staticmethod
    def corrupt(detail: str) -> StoreCorrupt:
        """The error of a damaged file, with what can be done."""
        return StoreCorrupt(detail, remedy=MENDING)


def is_in_use(path: Path) -> bool:
    """Whether another process has the file open; changes nothing."""
    shared = path.with_name(path.name + "-shm")
    was_there = shared.exists()
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0)) as looking:
            looking.execute("SELECT 1 FROM sqlite_master").fetchall()
    except sqlite3.Error as error:
        return "locked" in str(error)
    finally:
        if not was_there:
            shared.unlink(missing_ok=True)
    return False


_TABLES = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"


def _tables_of(scripts: Iterable[str]) -> set[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(":memory:")) as model:
        for script in scripts:
            model.executescript(script)
        return set(model.execute(_TABLES))


def statements(script: str) -> Iterator[str]:
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
