"""Statements as SQLite's own driver takes them, made once from what SQLAlchemy makes of them.

Every exchange is some twenty small writes, and SQLAlchemy's way to the driver costs ten times what the driver itself
does. The text, the order of the parameters and how each is turned into what the database keeps are SQLAlchemy's; only
the way is shorter. What goes wrong is the driver's own exception.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.sql.compiler import SQLCompiler

Row = dict[str, Any]
Turn = Callable[[Any], Any]


class Prepared:
    """One statement for rows that name these columns."""

    def __init__(self, statement: Executable, names: tuple[str, ...], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(names))  # type: ignore[attr-defined]
        assert isinstance(compiled, SQLCompiler)
        assert compiled.positiontup is not None
        self._text = compiled.string
        self._order = [(name, _turn(compiled, name, dialect)) for name in compiled.positiontup]
        self._fixed = {name: value for name, value in compiled.params.items() if name not in names}

    def execute(self, connection: Connection, rows: Sequence[Row]) -> int:
        """Execute for each row; returns how many rows of the table changed."""
        cursor = connection.connection.cursor()
        try:
            if len(rows) == 1:
                cursor.execute(self._text, self._values(rows[0]))
            else:
                cursor.executemany(self._text, [self._values(row) for row in rows])
            return int(cursor.rowcount)
        finally:
            cursor.close()

    def _values(self, row: Row) -> list[Any]:
        given = {**self._fixed, **row} if self._fixed else row
        return [given[name] if turn is None else turn(given[name]) for name, turn in self._order]


def _turn(compiled: SQLCompiler, name: str, dialect: Dialect) -> Turn | None:
    """How a value becomes what the database keeps; None if it is kept as it is."""
    return compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)


@lru_cache(maxsize=256)
def _prepared(statement: Executable, names: tuple[str, ...], dialect: Dialect) -> Prepared:
    return Prepared(statement, names, dialect)


def can_execute(connection: Connection) -> bool:
    """Whether this database is spoken to in this way."""
    return connection.dialect.name == "sqlite"


def execute(connection: Connection, statement: Executable, rows: Sequence[Row]) -> int:
    """Execute ``statement`` for rows that all name the same columns; returns how many rows of the table changed."""
    names = tuple(rows[0])
    if any(tuple(row) != names for row in rows[1:]):
        return sum(execute(connection, statement, [row]) for row in rows)
    return _prepared(statement, names, connection.dialect).execute(connection, rows)
