"""/api/sessions: what was recorded."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from llm_trainer.errors import NotFound
from llm_trainer.middleware import queries
from llm_trainer.middleware.export import EXTENSIONS, FORMATS, summary
from llm_trainer.middleware.parts import Wired

router = APIRouter(prefix="/api", tags=["record"])
Format = Literal["json", "jsonl", "csv", "chat", "sharegpt"]


@router.get("/sessions")
async def all_sessions(parts: Wired, limit: Annotated[int, Query(ge=1, le=queries.PAGE)] = 100) -> dict[str, Any]:
    """Sessions, newest first."""
    rows = await parts.record.read(queries.session_rows, limit)
    return {"sessions": [_shown(row, parts) for row in rows]}


@router.get("/sessions/{session_id}")
async def one_session(session_id: str, parts: Wired) -> dict[str, Any]:
    """One session, by id or by name."""
    return _shown(await _found(session_id, parts), parts)


@router.delete("/sessions/{session_id}")
async def delete(session_id: str, parts: Wired) -> dict[str, Any]:
    """Remove a session that does not run, by id or by name, with its exported file."""
    row = await parts.trainer.delete(session_id)
    parts.bodies.forget(row["id"])
    return {"status": "deleted", "session_id": row["id"], "name": row["name"]}


@router.post("/sessions/{session_id}/resume")
async def resume(session_id: str, parts: Wired) -> dict[str, Any]:
    """Go on with a session that a crash cut off."""
    run = await parts.trainer.resume_unfinished(session_id)
    assert run is not None
    return {"status": "resumed", "session_id": run.id, "exchanges_completed": run.session.state.taught}


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


def _shown(row: dict[str, Any], parts: Wired) -> dict[str, Any]:
    running = row["id"] in parts.trainer.runs
    status = "running" if running else "ended" if row["ended_at"] is not None else "interrupted"
    return {**summary(row), "status": status}
