"""/api/training/notes: what a session told of itself beside its exchanges: texts refused, remedies, doubts."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import Connection, select

from llm_trainer.middleware import queries
from llm_trainer.middleware.clock import iso
from llm_trainer.middleware.parts import Wired
from llm_trainer.middleware.tables import events

router = APIRouter(prefix="/api/training", tags=["training"])


@router.get("/notes")
async def notes(
    parts: Wired,
    session: Annotated[str | None, Query(max_length=80)] = None,
    session_id: Annotated[str | None, Query(max_length=80)] = None,
    limit: Annotated[int, Query(ge=1, le=queries.PAGE)] = 300,
) -> dict[str, Any]:
    """The newest notes of the latest session (or the one named), oldest first; ``number``: after which exchange."""
    return await parts.record.read(_notes, session_id or session, limit)


def _notes(connection: Connection, session: str | None, limit: int) -> dict[str, Any]:
    row = queries.session_row(connection, session) if session else next(iter(queries.session_rows(connection, 1)), None)
    if row is None:
        return {"session_id": None, "notes": []}
    query = select(events).where(events.c.session_id == row["id"], events.c.type == "note")
    found = connection.execute(query.order_by(events.c.seq.desc()).limit(limit)).mappings().all()[::-1]
    return {"session_id": row["id"], "notes": [_shown(connection, dict(note)) for note in found]}


def _shown(connection: Connection, note: queries.Row) -> dict[str, Any]:
    before = select(events.c.body).where(events.c.session_id == note["session_id"], events.c.type == "exchange")
    last = connection.execute(before.where(events.c.seq < note["seq"]).order_by(events.c.seq.desc()).limit(1)).scalar()
    number = 0 if last is None else last["number"]
    return {"id": f"{note['session_id']}:{note['seq']}", "at": iso(note["at"]), "number": number, **note["body"]}
