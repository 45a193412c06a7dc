"""Taking things out of the record: a session, and looks of long ago.

Of a session goes everything that was said in it, and its exported file. The hash chain is the session's own, so the
others stay whole. What the learner heard it still knows; only the record of it is gone. Rows of calls stay: they hold
no text. Of calls only looks are ever let go, those that asked a peer how it is outside of any session: they come every
two seconds for as long as the middleware runs, and would in the end be most of the record.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import Connection, bindparam, delete, func, select, update

from llm_trainer.middleware.queries import Row
from llm_trainer.middleware.store import Record
from llm_trainer.middleware.tables import events, exchanges, journal, learners, measurements, sessions, wire

LOOKS_KEPT = 100_000
LOOKS_AT_ONCE = 2_000
_SAID = tuple(
    delete(table).where(table.c.session_id == bindparam("the_id"))
    for table in (exchanges, journal, events, measurements)
)
_SESSION = delete(sessions).where(sessions.c.id == bindparam("the_id"))
_FIRST_ROW = update(learners).values(first_row=bindparam("free")).where(learners.c.first_row > bindparam("free"))


async def remove(record: Record, session: Row, folder: Path) -> None:
    """Remove a session that does not run. StoreError, OSError: it is still there, or only its file is."""
    await record.read(_remove, session["id"])
    await asyncio.to_thread((folder / f"{session['name']}.json").unlink, missing_ok=True)


def _remove(connection: Connection, session_id: str) -> None:
    for statement in (*_SAID, _SESSION):
        connection.execute(statement, {"the_id": session_id})
    newest = connection.execute(select(func.max(exchanges.c.row))).scalar() or 0
    connection.execute(_FIRST_ROW, {"free": newest + 1})  # numbers of rows are given out again


def let_go_of_looks(connection: Connection) -> int:
    """Let go of some of the looks that are older than the newest LOOKS_KEPT calls; returns how many there were."""
    newest = connection.execute(select(func.max(wire.c.id))).scalar() or 0
    old = select(wire.c.id).where(wire.c.session_id.is_(None), wire.c.method == "GET", wire.c.id <= newest - LOOKS_KEPT)
    return connection.execute(delete(wire).where(wire.c.id.in_(old.limit(LOOKS_AT_ONCE)))).rowcount
