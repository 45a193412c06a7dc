"""/api/training: start, watch. Steering is a file of its own."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from llm_trainer.errors import NotFound
from llm_trainer.middleware import queries
from llm_trainer.middleware.clock import iso
from llm_trainer.middleware.export import entry
from llm_trainer.middleware.parts import Parts, Wired
from llm_trainer.middleware.planning import Wish
from llm_trainer.middleware.schemas import StartBody
from llm_trainer.middleware.stream import follow
from llm_trainer.session.dialogue import Tuning
from llm_trainer.session.limits import Limits

router = APIRouter(prefix="/api", tags=["training"])
Named = Annotated[str | None, Query(max_length=80)]
Limit = Annotated[int, Query(ge=1, le=queries.PAGE)]
After = Annotated[int | None, Query(ge=0, lt=2**62)]


@router.post("/training/start")
async def start(body: StartBody, parts: Wired) -> dict[str, Any]:
    """Begin a session."""
    tuning = Tuning(
        delay_seconds=parts.delay_seconds if body.delay is None else body.delay,
        topic_switch_interval=body.topic_switch_interval or parts.topic_switch_interval,
        strategy=body.strategy,
    )
    wish = Wish(
        body.max_exchanges,
        tuning,
        topics=None if body.topics is None else tuple(body.topics),
        seed=body.seed,
        limits=Limits(body.max_seconds, body.max_tokens, body.max_failures),
        learner=body.learner,
        teacher=body.teacher,
    )
    run = await parts.trainer.start(wish)
    plan = run.session.plan
    return {
        "status": "started",
        "session_id": run.id,
        "name": run.row["name"],
        "max_exchanges": plan.max_exchanges,
        "delay": plan.tuning.delay_seconds,
        "started_at": iso(run.row["started_at"]),
        "guarantee": plan.guarantee,
        "seed": plan.seed,
        "teacher": run.row["teacher"],
        "learner": run.row["learner"],
        "limits": vars(run.limits),
    }


@router.get("/training/status")
async def status(parts: Wired, session_id: Named = None) -> dict[str, Any]:
    """How the session stands; from memory, whatever else happens, unless it is one of old."""
    return await parts.trainer.status_of(session_id)


@router.get("/sessions/{session_id}/status")
async def status_of_one(session_id: str, parts: Wired) -> dict[str, Any]:
    """How this session stands."""
    return await parts.trainer.status_of(session_id)


@router.get("/training/log")
async def log(
    parts: Wired, limit: Limit = 100, after: After = None, session: Named = None, session_id: Named = None
) -> dict[str, Any]:
    """The exchanges of the latest session (or the one named): the newest ones, or those from ``after`` + 1 on."""
    return await _log(parts, session_id or session, limit, after)


@router.get("/sessions/{session_id}/log")
async def log_of_one(session_id: str, parts: Wired, limit: Limit = 100, after: After = None) -> dict[str, Any]:
    """The exchanges of this session: the newest ones, or those from ``after`` + 1 on."""
    return await _log(parts, session_id, limit, after)


async def _log(parts: Parts, session_id: str | None, limit: int, after: int | None) -> dict[str, Any]:
    row = await _session(parts, session_id)
    if row is None:
        return {"session_id": None, "total_exchanges": 0, "showing": 0, "exchanges": [], "last_event_id": None}
    if after is None:
        found = await parts.record.read(queries.latest, row["id"], limit)
    else:
        found = await parts.record.read(queries.said, row["id"], after, limit)
    state = row["state"]
    return {
        "session_id": row["id"],
        "total_exchanges": state["taught"] + state["uncertain"],
        "showing": len(found),
        "exchanges": [entry(each) for each in found],
        "last_event_id": f"{row['id']}:{row['event_seq']}",
    }


@router.get("/training/measurements")
async def measurements(
    parts: Wired, limit: Limit = queries.PAGE, after: After = None, session: Named = None, session_id: Named = None
) -> dict[str, Any]:
    """What the learner measured of itself in the course of the session, oldest first."""
    return await _measurements(parts, session_id or session, limit, after)


@router.get("/sessions/{session_id}/measurements")
async def measurements_of_one(
    session_id: str, parts: Wired, limit: Limit = queries.PAGE, after: After = None
) -> dict[str, Any]:
    """What the learner measured of itself in the course of this session, oldest first."""
    return await _measurements(parts, session_id, limit, after)


async def _measurements(parts: Parts, session_id: str | None, limit: int, after: int | None) -> dict[str, Any]:
    row = await _session(parts, session_id)
    found = [] if row is None else await parts.record.read(queries.measurement_rows, row["id"], after or 0, limit)
    return {
        "session_id": None if row is None else row["id"],
        "measurements": [
            {"row": each["row"], "number": each["number"], "timestamp": iso(each["at"]), **each["body"]}
            for each in found
        ],
    }


async def _session(parts: Parts, session: str | None) -> dict[str, Any] | None:
    """The named session; else the latest here, else the newest in the record."""
    if session is None and parts.trainer.run is not None:
        session = parts.trainer.run.id
    if session is None:
        return next(iter(await parts.record.read(queries.session_rows, 1)), None)
    row = await parts.record.read(queries.session_row, session)
    if row is None:
        raise NotFound(f"there is no session {session[:80]!r}", remedy="GET /api/sessions lists them")
    return row


@router.get("/training/events")
async def events(
    parts: Wired,
    last_event_id: Annotated[str | None, Header()] = None,
    after: str | None = None,
    session_id: Named = None,
) -> StreamingResponse:
    """Server-sent events; ``Last-Event-ID`` (or ``?after=``) goes on from there without a gap."""
    return await _events(parts, last_event_id or after, session_id)


@router.get("/sessions/{session_id}/events")
async def events_of_one(
    session_id: str, parts: Wired, last_event_id: Annotated[str | None, Header()] = None, after: str | None = None
) -> StreamingResponse:
    """Server-sent events of this session alone."""
    return await _events(parts, last_event_id or after, session_id)


async def _events(parts: Parts, after: str | None, session_id: str | None) -> StreamingResponse:
    only = None
    if session_id is not None and (row := await _session(parts, session_id)) is not None:
        only = row["id"]
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(follow(parts, after, only), media_type="text/event-stream", headers=headers)
