"""/api/training: start, steer, watch."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from llm_trainer.errors import NotFound
from llm_trainer.middleware import queries
from llm_trainer.middleware.clock import iso
from llm_trainer.middleware.export import entry
from llm_trainer.middleware.parts import Wired
from llm_trainer.middleware.planning import Wish
from llm_trainer.middleware.run import Run
from llm_trainer.middleware.schemas import RetuneBody, StartBody, StepBody
from llm_trainer.middleware.stream import follow
from llm_trainer.session.dialogue import Tuning

router = APIRouter(prefix="/api/training", tags=["training"])


@router.post("/start")
async def start(body: StartBody, parts: Wired) -> dict[str, Any]:
    """Begin a session."""
    tuning = Tuning(
        delay_seconds=parts.delay_seconds if body.delay is None else body.delay,
        topic_switch_interval=body.topic_switch_interval or parts.topic_switch_interval,
        strategy=body.strategy,
    )
    topics = None if body.topics is None else tuple(body.topics)
    run = await parts.trainer.start(Wish(body.max_exchanges, tuning, topics, body.seed))
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
    }


@router.post("/stop")
async def stop(parts: Wired) -> dict[str, Any]:
    """End the session; answers when it has ended."""
    return _stands(await parts.trainer.stop(), "stopped")


@router.post("/pause")
async def pause(parts: Wired) -> dict[str, Any]:
    """Hold the session; answers when it holds."""
    return _stands(await parts.trainer.pause(), "paused")


@router.post("/resume")
async def resume(parts: Wired) -> dict[str, Any]:
    """Go on after a pause, or try again at once what waits."""
    return _stands(await parts.trainer.resume(), "running")


@router.post("/step")
async def step(parts: Wired, body: StepBody | None = None) -> dict[str, Any]:
    """Make one exchange (or some), then hold; answers when it holds."""
    return _stands(await parts.trainer.step((body or StepBody()).exchanges), "paused")


def _stands(run: Run, status: str) -> dict[str, Any]:
    state = run.session.state
    shown = "ended" if run.is_over and status != "stopped" else status
    said = {"status": shown, "session_id": run.id, "exchanges_completed": state.taught, "uncertain": state.uncertain}
    return said | {"end_reason": run.row["end_reason"]}


@router.patch("")
async def retune(body: RetuneBody, parts: Wired) -> dict[str, Any]:
    """Change delay, topics or strategy while a session runs."""

    def change(tuning: Tuning) -> Tuning:
        given: dict[str, Any] = {
            "delay_seconds": body.delay,
            "topic_switch_interval": body.topic_switch_interval,
            "topics": None if body.topics is None else tuple(body.topics),
            "strategy": body.strategy,
        }
        return replace(tuning, **{name: value for name, value in given.items() if value is not None})

    run = await parts.trainer.retune(change, body.topic)
    tuning = run.session.state.tuning
    return {
        "status": "retuned",
        "session_id": run.id,
        "delay": tuning.delay_seconds,
        "topic_switch_interval": tuning.topic_switch_interval,
        "topics": list(tuning.topics),
        "strategy": tuning.strategy,
    }


@router.get("/status")
async def status(parts: Wired) -> dict[str, Any]:
    """How the session stands; from memory, whatever else happens."""
    return parts.trainer.status()


@router.get("/log")
async def log(
    parts: Wired,
    limit: Annotated[int, Query(ge=1, le=queries.PAGE)] = 100,
    after: Annotated[int | None, Query(ge=0)] = None,
    session: str | None = None,
) -> dict[str, Any]:
    """The exchanges of the latest session (or of ``session``): the newest ones, or those from ``after`` + 1 on."""
    row = await _session(parts, session)
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


@router.get("/measurements")
async def measurements(
    parts: Wired,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=queries.PAGE)] = queries.PAGE,
    session: str | None = None,
) -> dict[str, Any]:
    """What the learner measured of itself in the course of the session, oldest first."""
    row = await _session(parts, session)
    found = [] if row is None else await parts.record.read(queries.measurement_rows, row["id"], after, limit)
    return {
        "session_id": None if row is None else row["id"],
        "measurements": [
            {"row": each["row"], "number": each["number"], "timestamp": iso(each["at"]), **each["body"]}
            for each in found
        ],
    }


async def _session(parts: Wired, session: str | None) -> dict[str, Any] | None:
    """The named session; else the current one, else the newest in the record."""
    if session is None and parts.trainer.run is not None:
        session = parts.trainer.run.id
    if session is None:
        return next(iter(await parts.record.read(queries.session_rows, 1)), None)
    row = await parts.record.read(queries.session_row, session)
    if row is None:
        raise NotFound(f"there is no session {session[:80]!r}", remedy="GET /api/sessions lists them")
    return row


@router.get("/events")
async def events(
    parts: Wired,
    last_event_id: Annotated[str | None, Header()] = None,
    after: str | None = None,
) -> StreamingResponse:
    """Server-sent events; ``Last-Event-ID`` (or ``?after=``) goes on from there without a gap."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(follow(parts, last_event_id or after), media_type="text/event-stream", headers=headers)
