"""The questions the record answers; each runs inside ``Record.read``.

Those that are asked while a session runs are put together once: the database's library knows them again at once.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select

from llm_trainer.middleware.tables import events, exchanges, journal, learners, measurements, sessions, wire

Row = dict[str, Any]
PAGE = 1_000
_SAID = ("taught", "uncertain")


_SESSION = select(sessions).where((sessions.c.id == bindparam("named")) | (sessions.c.name == bindparam("named")))
_UNFINISHED = select(sessions).where(sessions.c.ended_at.is_(None)).order_by(sessions.c.started_at)
_EXCHANGE = select(exchanges).where(exchanges.c.key == bindparam("the_key"))
_COUNTS = (
    select(exchanges.c.status, func.count())
    .where(exchanges.c.session_id == bindparam("the_session"))
    .group_by(exchanges.c.status)
)
_LAST_CALL, _LAST_ROW = select(func.max(wire.c.id)), select(func.max(exchanges.c.row))
_FIRST_ROW = select(learners.c.first_row).where(learners.c.url == bindparam("the_learner"))


def _rows(connection: Connection, query: Select[Any], **given: Any) -> list[Row]:
    return [dict(row) for row in connection.execute(query, given).mappings()]


def session_row(connection: Connection, session_id: str) -> Row | None:
    """One session by id or by name."""
    return next(iter(_rows(connection, _SESSION, named=session_id)), None)


def session_rows(connection: Connection, limit: int = PAGE, ended: bool | None = None) -> list[Row]:
    """Sessions, newest first; of those only that ended, or that did not."""
    query = select(sessions).order_by(sessions.c.started_at.desc()).limit(limit)
    if ended is not None:
        query = query.where(sessions.c.ended_at.is_not(None) if ended else sessions.c.ended_at.is_(None))
    return _rows(connection, query)


def unfinished(connection: Connection) -> list[Row]:
    """Sessions that no end was recorded for, oldest first."""
    return _rows(connection, _UNFINISHED)


def names_like(connection: Connection, name: str) -> set[str]:
    """Session names that begin with ``name``."""
    found = connection.execute(select(sessions.c.name).where(sessions.c.name.startswith(name, autoescape=True)))
    return set(found.scalars())


def said(connection: Connection, session_id: str, after: int = 0, limit: int = PAGE) -> list[Row]:
    """Exchanges that were said (taught or uncertain), from number ``after`` + 1 on, oldest first."""
    query = select(exchanges).where(exchanges.c.session_id == session_id, exchanges.c.status.in_(_SAID))
    return _rows(connection, query.where(exchanges.c.number > after).order_by(exchanges.c.number).limit(limit))


def latest(connection: Connection, session_id: str, limit: int) -> list[Row]:
    """The last ``limit`` exchanges that were said, oldest first."""
    query = select(exchanges).where(exchanges.c.session_id == session_id, exchanges.c.status.in_(_SAID))
    return _rows(connection, query.order_by(exchanges.c.number.desc()).limit(limit))[::-1]


def exchange_row(connection: Connection, key: str) -> Row | None:
    """One exchange by its key."""
    return next(iter(_rows(connection, _EXCHANGE, the_key=key)), None)


def counts(connection: Connection, session_id: str) -> dict[str, int]:
    """Exchanges of a session by status."""
    return {row[0]: row[1] for row in connection.execute(_COUNTS, {"the_session": session_id})}


def event_rows(connection: Connection, session_id: str, after: int, limit: int = 200) -> list[Row]:
    """What the world was told, in order, from ``after`` + 1 on."""
    query = select(events).where(events.c.session_id == session_id, events.c.seq > after)
    return _rows(connection, query.order_by(events.c.seq).limit(limit))


def exchanges_numbered(connection: Connection, session_id: str, numbers: list[int]) -> dict[int, Row]:
    """Some exchanges of a session, by number."""
    query = select(exchanges).where(exchanges.c.session_id == session_id, exchanges.c.number.in_(numbers))
    return {row["number"]: row for row in _rows(connection, query)}


def journal_rows(connection: Connection, session_id: str, after: int = 0, limit: int = PAGE) -> list[Row]:
    """The engine's events, in order."""
    query = select(journal).where(journal.c.session_id == session_id, journal.c.seq > after)
    return _rows(connection, query.order_by(journal.c.seq).limit(limit))


def measurement_rows(connection: Connection, session_id: str, after: int = 0, limit: int = PAGE) -> list[Row]:
    """What the learner measured of itself, in order; ``after`` is a row number."""
    query = select(measurements).where(measurements.c.session_id == session_id, measurements.c.row > after)
    return _rows(connection, query.order_by(measurements.c.row).limit(limit))


def last_wire_id(connection: Connection) -> int:
    """The number of the last call made."""
    return connection.execute(_LAST_CALL).scalar() or 0


def first_row_of(connection: Connection, learner_url: str) -> int:
    """The first exchange that this learner, as it is now, can know."""
    return connection.execute(_FIRST_ROW, {"the_learner": learner_url}).scalar() or 0


def last_row(connection: Connection) -> int:
    """The number of the newest exchange."""
    return connection.execute(_LAST_ROW).scalar() or 0


_OF_LEARNER = sessions.c.learner["url"].as_string() == bindparam("the_learner")


def _taught(query: Select[Any]) -> Select[Any]:
    """What a learner was taught from a row on, to be gone through row by row.

    ``coalesce`` changes nothing, but keeps the database from sorting all exchanges of a session to find one.
    """
    mine = select(sessions.c.id).where(_OF_LEARNER)
    whose = func.coalesce(exchanges.c.session_id, "")
    from_there = exchanges.c.row >= bindparam("from_row")
    return query.where(exchanges.c.status == "taught", from_there, whose.in_(mine))


_TAUGHT_COUNT = _taught(select(func.count()))
_TAUGHT = _taught(select(exchanges)).order_by(exchanges.c.row).offset(bindparam("passed")).limit(1)
_LAST_COUNTED = (
    _taught(select(exchanges.c.row, exchanges.c.learner_seq))
    .where(exchanges.c.learner_seq.is_not(None), exchanges.c.row <= bindparam("the_row"))
    .order_by(exchanges.c.row.desc())
    .limit(1)
)
_TAUGHT_UNTIL = _TAUGHT_COUNT.where(exchanges.c.row <= bindparam("the_row"))
_LAST_OF_EACH = (
    select(exchanges.c.row)
    .where(exchanges.c.session_id == sessions.c.id, exchanges.c.status == "taught")
    .order_by(exchanges.c.number.desc())
    .limit(1)
    .scalar_subquery()
)
_LASTS = select(_LAST_OF_EACH.label("last")).where(_OF_LEARNER).subquery()
_LAST_TAUGHT = select(func.max(_LASTS.c.last))
_AT_ROW = select(exchanges).where(exchanges.c.row == bindparam("the_row"))


def taught_count(connection: Connection, learner_url: str, first_row: int) -> int:
    """How many exchanges this learner was taught."""
    return connection.execute(_TAUGHT_COUNT, {"the_learner": learner_url, "from_row": first_row}).scalar() or 0


def taught_at(connection: Connection, learner_url: str, first_row: int, index: int) -> Row | None:
    """The ``index``-th exchange (from 0, in the order taught) that this learner was taught."""
    found = _rows(connection, _TAUGHT, the_learner=learner_url, from_row=first_row, passed=index)
    return next(iter(found), None)


def taught_last(connection: Connection, learner_url: str, first_row: int) -> Row | None:
    """The newest exchange that this learner was taught: the newest of each of its sessions' last ones."""
    newest = connection.execute(_LAST_TAUGHT, {"the_learner": learner_url}).scalar()
    if newest is None or newest < first_row:
        return None
    return _rows(connection, _AT_ROW, the_row=newest)[0]


def least_seq(connection: Connection, learner_url: str, first_row: int, row: int) -> int:
    """How many entries this learner has at least, once it was taught the exchange in ``row``.

    The last count that it told until then, and one for each exchange taught since whose answer told none.
    """
    given = {"the_learner": learner_url, "from_row": first_row, "the_row": row}
    counted = connection.execute(_LAST_COUNTED, given).first()
    seq, after = (0, first_row) if counted is None else (counted.learner_seq, counted.row + 1)
    return int(seq + connection.execute(_TAUGHT_UNTIL, {**given, "from_row": after}).scalar_one())


def taught_after(connection: Connection, learner_url: str, first_row: int, row: int) -> Row | None:
    """The exchange that this learner was taught next after ``row``."""
    return taught_at(connection, learner_url, max(first_row, row + 1), 0)
