"""Executing what is pending, inside one transaction.

Within a transaction the order of writes to different rows means nothing, so alike ones of all sessions go to the
database together: a third of the statements for one session, far fewer for many. Whatever does not come out as it
must is done again one by one, which tells whose write it was.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Executable, Insert, select
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError

from llm_trainer.errors import LeaseLost
from llm_trainer.middleware import prepared
from llm_trainer.middleware import statements as known
from llm_trainer.session.transitions import EngineBreach

Row = dict[str, Any]

ORDER: dict[int, int] = {
    id(statement): place
    for place, statement in enumerate(
        (
            known.JOURNAL,
            known.EVENT,
            known.MEASUREMENT,
            known.CALL_BEGUN,
            known.CALL_FINISHED,
            known.DRAFT,
            known.SEND,
            known.CLOSE,
            known.RETOLD,
            known.HOLD,
            known.SESSION,
            known.TEACHER,
            known.RENEW,
            known.END,
            known.RELEASE,
        )
    )
}
"""Writes to the same row come in this order whenever they come in one transaction."""
_REFUSALS = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.InterfaceError, sqlite3.ProgrammingError)
"""SQLite's words for: this row cannot be had. Whatever else it says is its own trouble."""


@dataclass(frozen=True)
class Write:
    """One statement with its parameters, and the session that it belongs to (none: the middleware itself)."""

    statement: Executable
    row: Row
    session_id: str | None


class Refused(Exception):
    """The database understood one write and would not have it, or it changed nothing where it had to."""

    def __init__(self, write: Write, reason: EngineBreach | LeaseLost) -> None:
        super().__init__(str(reason))
        self.write, self.reason = write, reason


class Unlike(Exception):
    """Of writes executed together, one was not as it must be."""


def together(connection: Connection, writes: Sequence[Write]) -> None:
    """Execute alike writes at once; Unlike if that cannot be or did not come out right."""
    groups: dict[int, list[Write]] = {}
    execute = prepared.execute if prepared.can_execute(connection) else _execute
    for write in _superseded_left_out(writes):
        groups.setdefault(id(write.statement), []).append(write)
    if any(place not in ORDER for place in groups):
        raise Unlike
    for place in sorted(groups, key=ORDER.__getitem__):
        alike = groups[place]
        statement, rows = alike[0].statement, [write.row for write in alike]
        try:
            changed = execute(connection, statement, rows)
        except (StatementError, TypeError, ValueError, OverflowError, *_REFUSALS) as error:
            if _is_trouble(error):
                raise
            raise Unlike from error
        if changed != len(rows) and _must_change_one(statement):
            raise Unlike


def _execute(connection: Connection, statement: Executable, rows: Sequence[Row]) -> int:
    return connection.execute(statement, rows[0] if len(rows) == 1 else rows).rowcount


def _superseded_left_out(writes: Sequence[Write]) -> Iterable[Write]:
    """Of a session's state only the last counts; it proves what HOLD proves."""
    last = {write.row["the_id"]: write for write in writes if write.statement is known.SESSION}
    for write in writes:
        if write.statement is known.SESSION and last[write.row["the_id"]] is not write:
            continue
        if write.statement is known.HOLD and write.row["the_id"] in last:
            continue
        yield write


def one_by_one(connection: Connection, writes: Iterable[Write]) -> None:
    """Execute in the order in which they were remembered; Refused names the one that cannot be."""
    for write in writes:
        try:
            changed = connection.execute(write.statement, write.row).rowcount
        except (StatementError, TypeError, ValueError, OverflowError) as error:
            if _is_trouble(error):
                raise
            raise Refused(write, EngineBreach(f"the record refuses a write: {error}")) from error
        if changed != 1 and _must_change_one(write.statement):
            raise Refused(write, _why_unchanged(write, changed))


def _is_trouble(error: Exception) -> bool:
    """Whether the database is at fault, rather than what was written."""
    return isinstance(error, DBAPIError) and not isinstance(error, (IntegrityError, DataError))


def _must_change_one(statement: Executable) -> bool:
    return any(statement is single for single in known.ONE_ROW)


def _why_unchanged(write: Write, changed: int) -> EngineBreach | LeaseLost:
    if any(write.statement is fenced for fenced in known.FENCED):
        return LeaseLost(f"session {write.session_id} was taken over", remedy="it goes on where it was taken to")
    named = write.row.get("the_key", write.row)
    return EngineBreach(f"a write that must change one row changed {changed}: {named}")


def are_written(connection: Connection, writes: Iterable[Write]) -> bool:
    """Whether these writes, a transaction of old, are there: any row that has its whole key tells of all the others."""
    for write in writes:
        if isinstance(write.statement, Insert):
            columns = [column for column in write.statement.table.c if column.primary_key]
            if all(column.name in write.row for column in columns):
                named = [column == write.row[column.name] for column in columns]
                return connection.execute(select(1).where(*named)).first() is not None
    return False
