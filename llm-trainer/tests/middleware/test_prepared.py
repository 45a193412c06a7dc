"""The short way to SQLite writes what the long way writes, byte by byte."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Executable

from llm_trainer.middleware import prepared
from llm_trainer.middleware import statements as known
from llm_trainer.middleware.database import open_database
from llm_trainer.middleware.tables import metadata

Row = dict[str, Any]
SESSION: Row = {
    "id": "s", "name": "s", "started_at": 1.5, "plan": {"a": [1]}, "state": {}, "teacher": {"ä": None}, "learner": {},
    "journal_seq": 0, "event_seq": 0, "head": "0", "fence": 1, "limits": None, "spent": None,
}  # fmt: skip
DRAFT: Row = {
    "session_id": "s", "number": 1, "key": "s:1", "status": "drafted", "topic": None, "conversation": 1, "level": 0,
    "text": "Is this “new”?", "sha256": "0", "attempts": 0, "drafted_at": 2.0, "teacher": {"model": "m"},
}  # fmt: skip
OUTCOME: Row = {
    "status": "taught", "closed_at": 3, "reply": "no", "stage": None, "learner_seq": 7, "learner_ms": 1.25, "odd": "",
    "extra": None, "previous": "0", "hash": "1",
}  # fmt: skip
CALL: Row = {"session_id": None, "at": 1, "peer": "llm", "method": "GET", "path": "/", "bytes_sent": 0}
ANSWER: Row = {"status": 200, "milliseconds": 1, "bytes_received": 2, "digest_received": "0", "error": None}
MOVED: Row = {"state": {"n": 1.0}, "journal_seq": 3, "event_seq": 4, "head": "2", "spent": {"tokens": 0}}
MINE: Row = {"the_id": "s", "the_fence": 1}


def new(values: Row) -> Row:
    return {f"new_{name}": value for name, value in values.items()}


WRITES: tuple[tuple[Executable, list[Row]], ...] = (
    (known.NEW_SESSION, [SESSION, {**SESSION, "id": "t", "name": "t"}]),
    (known.DRAFT, [DRAFT]),
    (known.SEND, [{"the_key": "s:1", "the_sha256": "0", "now": 2.5, "attempt": 1}]),
    (known.CLOSE, [known.closing("s:1", OUTCOME)]),
    (known.RETOLD, [{"the_key": "s:1", "new_learner_seq": None}]),
    (known.JOURNAL, [{"session_id": "s", "seq": seq, "body": {"clock": 1.0, "seq": seq}} for seq in (1, 2, 3)]),
    (known.EVENT, [{"session_id": "s", "seq": 1, "at": 1.0, "type": "note", "body": {"detail": "\u2028"}}]),
    (known.MEASUREMENT, [{"session_id": "s", "number": 1, "at": 1.0, "body": [None, True]}]),
    (known.CALL_BEGUN, [{**CALL, "id": number, "digest_sent": str(number)} for number in (1, 2)]),
    (known.CALL_FINISHED, [{"the_id": 1, **new(ANSWER)}]),
    (known.SESSION, [{**MINE, **new(MOVED)}]),
    (known.HOLD, [MINE]),
    (known.TEACHER, [{**MINE, "new_teacher": {"speakers": []}}]),
    (known.END, [{**MINE, "new_ended_at": 9.0, "new_end_reason": "stopped"}]),
    (known.RENEW, [{"the_learner": "u", "the_token": 1, "new_expires_at": 1.0}]),
    (known.RELEASE, [{"the_learner": "u", "the_token": 1}]),
)


@pytest.fixture
def connection() -> Iterator[Connection]:
    made = open_database("sqlite://")
    yield made
    made.close()
    made.engine.dispose()


def written(connection: Connection) -> dict[str, list[Any]]:
    """Everything in the database, as SQLite keeps it."""
    raw: Any = connection.connection.dbapi_connection
    return {table.name: raw.execute(f"SELECT * FROM {table.name}").fetchall() for table in metadata.sorted_tables}


def test_every_write_of_a_session_comes_out_the_same(connection: Connection) -> None:
    with connection.begin() as transaction:
        counts = [connection.execute(statement, rows).rowcount for statement, rows in WRITES]
        expected = written(connection)
        transaction.rollback()
    with connection.begin():
        changed = [prepared.execute(connection, statement, rows) for statement, rows in WRITES]

        assert changed == counts
        assert written(connection) == expected
    assert sum(len(rows) for rows in expected.values()) == 10


def test_rows_that_name_other_columns_are_written_too(connection: Connection) -> None:
    rows = [{**CALL, "id": 1, "digest_sent": "1"}, {**CALL, "id": 2, "digest_sent": "2", "status": 200}]
    with connection.begin():
        assert prepared.execute(connection, known.CALL_BEGUN, rows) == 2

        assert [row[0] for row in written(connection)["wire"]] == [1, 2]


def test_a_row_that_is_there_already_is_refused_in_the_drivers_own_words(connection: Connection) -> None:
    with connection.begin():
        prepared.execute(connection, known.DRAFT, [DRAFT])
        with pytest.raises(sqlite3.IntegrityError):
            prepared.execute(connection, known.DRAFT, [DRAFT])
