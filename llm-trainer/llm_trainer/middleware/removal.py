"""Taking a session out of the record: everything that was said in it, and its exported file.

The hash chain is the session's own, so the others stay whole. What the learner heard it still knows; only the record
of it is gone. Rows of calls stay: they hold no text, and every call that was made has one.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import Connection, bindparam, delete, func, select, update

from llm_trainer.middleware.queries import Row
from llm_trainer.middleware.store import Record
from llm_trainer.middleware.tables import events, exchanges, journal, learners, measurements, sessions

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
