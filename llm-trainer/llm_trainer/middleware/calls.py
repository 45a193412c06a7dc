"""Questions about the calls that were made; each runs inside ``Record.read``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, false, func, select

from llm_trainer.middleware.queries import Row
from llm_trainer.middleware.tables import sessions, wire

Outcome = Literal["answered", "failed", "open"]
_SCANNED = 20_000
"""Newest rows looked through where a filter has no index, so that no question holds up a session for long."""


@dataclass(frozen=True)
class Filter:
    """Which calls are asked for; what is None does not matter. ``session`` is an id or a name."""

    before: int | None = None
    after: int = 0
    peer: str | None = None
    session: str | None = None
    method: str | None = None
    path: str | None = None
    status: int | None = None
    outcome: Outcome | None = None
    slower_than_ms: float | None = None

    @property
    def is_narrow(self) -> bool:
        """Whether rows must be looked at one by one to find those that fit."""
        given = (self.peer, self.method, self.path, self.status, self.outcome, self.slower_than_ms)
        return any(each is not None for each in given)


@dataclass(frozen=True)
class Found:
    """Calls, newest first. ``searched_to``: rows before this number were not looked through (None: all were)."""

    calls: list[Row]
    searched_to: int | None


def calls(connection: Connection, wanted: Filter, limit: int) -> Found:
    """The newest calls that fit."""
    query = select(wire).where(*_fitting(connection, wanted)).order_by(wire.c.id.desc()).limit(limit)
    if not wanted.is_narrow:
        return Found([dict(row) for row in connection.execute(query).mappings()], None)
    bounds = Filter(before=wanted.before, after=wanted.after, session=wanted.session)
    newest = connection.execute(select(func.max(wire.c.id)).where(*_fitting(connection, bounds))).scalar() or 0
    lowest = max(wanted.after + 1, newest - _SCANNED + 1)
    rows = [dict(row) for row in connection.execute(query.where(wire.c.id >= lowest)).mappings()]
    return Found(rows, lowest if len(rows) < limit and lowest > wanted.after + 1 else None)


def call(connection: Connection, number: int) -> Row | None:
    """One call by its number."""
    row = connection.execute(select(wire).where(wire.c.id == number)).mappings().first()
    return None if row is None else dict(row)


def _fitting(connection: Connection, wanted: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [wire.c.id > wanted.after]
    if wanted.before is not None:
        conditions.append(wire.c.id < wanted.before)
    if wanted.session is not None:
        named = select(sessions.c.id).where((sessions.c.id == wanted.session) | (sessions.c.name == wanted.session))
        found: Any = connection.execute(named).scalar()
        conditions.append(wire.c.session_id == found if found is not None else false())
    for column, value in ((wire.c.peer, wanted.peer), (wire.c.method, wanted.method), (wire.c.status, wanted.status)):
        if value is not None:
            conditions.append(column == value)
    if wanted.path is not None:
        conditions.append(wire.c.path.contains(wanted.path, autoescape=True))
    if wanted.slower_than_ms is not None:
        conditions.append(wire.c.milliseconds > wanted.slower_than_ms)
    if wanted.outcome is not None:
        conditions.append(_came_to(wanted.outcome))
    return conditions


def _came_to(outcome: Outcome) -> ColumnElement[bool]:
    if outcome == "answered":
        return wire.c.error.is_(None) & (wire.c.status < 400)
    if outcome == "failed":
        return wire.c.error.is_not(None) | (wire.c.status >= 400)
    return wire.c.status.is_(None) & wire.c.error.is_(None)
