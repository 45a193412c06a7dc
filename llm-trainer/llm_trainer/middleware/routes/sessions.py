"""/api/sessions: what was recorded."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from llm_trainer.errors import NotFound
from llm_trainer.middleware import leases, queries
from llm_trainer.middleware.export import EXTENSIONS, FORMATS, summary
from llm_trainer.middleware.parts import Wired
from llm_trainer.middleware.queries import Row

router = APIRouter(prefix="/api", tags=["record"])
Status = Literal["running", "ended", "interrupted"]
Format = Literal["json", "jsonl", "csv", "chat", "sharegpt"]


@router.get("/sessions")
async def all_sessions(
    parts: Wired, limit: Annotated[int, Query(ge=1, le=queries.PAGE)] = 100, status: Status | None = None
) -> dict[str, Any]:
    """Sessions, newest first; those that a crash cut off are ``interrupted``."""
    ended = None if status is None else status == "ended"
    rows = await parts.record.read(queries.session_rows, limit, ended)
    held = await parts.record.read(leases.live, parts.clock.now())
    shown = [_shown(row, parts, held) for row in rows]
    return {"sessions": [each for each in shown if status is None or each["status"] == status]}


@router.get("/sessions/{session_id}")
async def one_session(session_id: str, parts: Wired) -> dict[str, Any]:
    """One session, by id or by name."""
    held = await parts.record.read(leases.live, parts.clock.now())
    return _shown(await _found(session_id, parts), parts, held)


@router.delete("/sessions/{session_id}")
async def delete(session_id: str, parts: Wired) -> dict[str, Any]:
    """Remove a session that does not run, by id or by name, with its exported file."""
    row = await parts.trainer.delete(session_id)
    parts.bodies.forget(row["id"])
    return {"status": "deleted", "session_id": row["id"], "name": row["name"]}


@router.get("/sessions/{session_id}/export")
async def export(session_id: str, parts: Wired, format: Format = "json") -> StreamingResponse:
    """A session in one of the formats, as a file."""
    row = await _found(session_id, parts)
    write, media_type = FORMATS[format]
    name = f"{row['name']}.{EXTENSIONS[format]}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(write(parts.record, row), media_type=media_type, headers=headers)


async def _found(session_id: str, parts: Wired) -> dict[str, Any]:
    row = await parts.record.read(queries.session_row, session_id)
    if row is None:
        raise NotFound(f"there is no session {session_id[:80]!r}", remedy="GET /api/sessions lists them")
    return row


def _shown(row: Row, parts: Wired, held: dict[str, Row]) -> Row:
    """A session as lists show it. ``owner``: the middleware that runs it, this one or another."""
    running = row["id"] in parts.trainer.runs or row["id"] in held
    status = "ended" if row["ended_at"] is not None and not running else "running" if running else "interrupted"
    owner = held[row["id"]]["owner"] if row["id"] in held else None
    spent = {"limits": row["limits"], "spent": row["spent"]}
    return {**summary(row), **spent, "status": status, "owner": owner}
