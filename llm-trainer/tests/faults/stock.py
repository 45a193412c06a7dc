"""APSW dressed as the standard library's sqlite3, so that a program's own store runs on a disk of ours.

Only what the stores and SQLAlchemy use. Errors are the standard library's, with SQLite's extended code.

The same file serves the tests of both programs; a test at the root of the repository compares the copies.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import apsw

_KINDS = {
    apsw.SQLITE_CONSTRAINT: sqlite3.IntegrityError,
    apsw.SQLITE_CORRUPT: sqlite3.DatabaseError,
    apsw.SQLITE_NOTADB: sqlite3.DatabaseError,
}


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except apsw.Error as error:
        code = getattr(error, "extendedresult", 0)
        ours = _KINDS.get(code & 0xFF, sqlite3.OperationalError)(str(error))
        ours.sqlite_errorcode = code
        raise ours from error


def connection(disk: Any, path: Any, instead: dict[str, str] | None = None) -> Connection:
    """Open ``path`` on ``disk``. ``instead`` replaces statements by others: mutants."""
    with _translated():
        return Connection(disk.connect(path), instead or {})


class Connection:
    """What ``sqlite3.connect`` gives, over APSW."""

    isolation_level = None

    def __init__(self, real: apsw.Connection, instead: dict[str, str]) -> None:
        self.real, self.instead = real, instead

    @property
    def in_transaction(self) -> bool:
        return self.real.in_transaction

    def cursor(self, *_: object) -> Cursor:
        return Cursor(self)

    def execute(self, sql: str, values: Any = ()) -> Cursor:
        return self.cursor().execute(sql, values)

    def executemany(self, sql: str, rows: Iterable[Any]) -> Cursor:
        return self.cursor().executemany(sql, rows)

    def create_function(self, *_: object, **__: object) -> None:
        """SQLAlchemy offers its regexp; nobody asks for it here."""

    def commit(self) -> None:
        if self.in_transaction:
            self.execute("COMMIT")

    def rollback(self) -> None:
        if self.in_transaction:
            self.execute("ROLLBACK")

    def close(self) -> None:
        with suppress(apsw.Error):  # SQLite itself tells nobody that the last checkpoint failed
            self.real.close(True)


class Cursor:
    """Fetches everything at once, so that no statement stays open."""

    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: list[tuple[Any, ...]] = []
        self.description: tuple[Any, ...] | None = None
        self.rowcount = -1

    def execute(self, sql: str, values: Any = ()) -> Cursor:
        real = self._connection.real
        sql = self._connection.instead.get(sql, sql)
        cursor, self.description = real.cursor(), None
        cursor.exec_trace = self._describe
        before = real.total_changes()
        with _translated():
            self._rows = list(cursor.execute(sql, values))
        is_change = sql.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE")
        self.rowcount = real.total_changes() - before if is_change else -1
        return self

    def executemany(self, sql: str, rows: Iterable[Any]) -> Cursor:
        real = self._connection.real
        before = real.total_changes()
        with _translated():
            self._rows = list(real.cursor().executemany(sql, rows))
        self.rowcount = real.total_changes() - before
        return self

    def _describe(self, cursor: Any, *_: object) -> bool:
        columns = cursor.get_description()
        self.description = tuple((*column, None, None, None, None, None)[:7] for column in columns) or None
        return True

    @property
    def lastrowid(self) -> int:
        return self._connection.real.last_insert_rowid()

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        taken, self._rows = self._rows[:size], self._rows[size:]
        return taken

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self.fetchmany(len(self._rows))

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.fetchall())

    def close(self) -> None:
        self._rows = []
