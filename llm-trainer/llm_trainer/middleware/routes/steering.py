"""Stop, pause, step, resume and retune: the latest session, or the one that is named in path, query or body."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query

from llm_trainer.errors import RequestError
from llm_trainer.middleware.parts import Parts, Wired
from llm_trainer.middleware.run import Run
from llm_trainer.middleware.schemas import RetuneBody, SessionBody, StepBody
from llm_trainer.session.dialogue import Tuning

router = APIRouter(prefix="/api", tags=["training"])
Named = Annotated[str | None, Query(max_length=80)]
"""Which session is meant, by id or by name."""


@router.post("/training/stop")
async def stop(parts: Wired, body: SessionBody | None = None, session_id: Named = None) -> dict[str, Any]:
    """End a session; answers when it has ended."""
    return _stands(await parts.trainer.stop(session_id=_one(session_id, body)), "stopped")


@router.post("/training/pause")
async def pause(parts: Wired, body: SessionBody | None = None, session_id: Named = None) -> dict[str, Any]:
    """Hold a session; answers when it holds."""
    return _stands(await parts.trainer.pause(_one(session_id, body)), "paused")


@router.post("/training/resume")
async def resume(parts: Wired, body: SessionBody | None = None, session_id: Named = None) -> dict[str, Any]:
    """Go on after a pause, or try again at once what waits."""
    return _stands(await parts.trainer.resume(_one(session_id, body)), "running")


@router.post("/training/step")
async def step(parts: Wired, body: StepBody | None = None, session_id: Named = None) -> dict[str, Any]:
    """Make one exchange (or some), then hold; answers when it holds."""
    steps = (body or StepBody()).exchanges
    return _stands(await parts.trainer.step(steps, _one(session_id, body)), "paused")


@router.patch("/training")
async def retune(body: RetuneBody, parts: Wired, session_id: Named = None) -> dict[str, Any]:
    """Change delay, topics or strategy while a session runs."""
    return await _retune(parts, body, _one(session_id, body))


@router.post("/sessions/{session_id}/stop")
async def stop_one(session_id: str, parts: Wired) -> dict[str, Any]:
    """End this session; answers when it has ended."""
    return _stands(await parts.trainer.stop(session_id=session_id), "stopped")


@router.post("/sessions/{session_id}/pause")
async def pause_one(session_id: str, parts: Wired) -> dict[str, Any]:
    """Hold this session; answers when it holds."""
    return _stands(await parts.trainer.pause(session_id), "paused")


@router.post("/sessions/{session_id}/step")
async def step_one(session_id: str, parts: Wired, body: StepBody | None = None) -> dict[str, Any]:
    """Make one exchange (or some) in this session, then hold; answers when it holds."""
    named = _one(session_id, body)
    return _stands(await parts.trainer.step((body or StepBody()).exchanges, named), "paused")


@router.post("/sessions/{session_id}/resume")
async def resume_one(session_id: str, parts: Wired) -> dict[str, Any]:
    """Go on with this session: after a pause, or after a crash cut it off."""
    if parts.trainer.running(session_id) is not None:
        return _stands(await parts.trainer.resume(session_id), "running")
    run = await parts.trainer.resume_unfinished(session_id)
    assert run is not None
    return {"status": "resumed", "session_id": run.id, "exchanges_completed": run.session.state.taught}


@router.patch("/sessions/{session_id}")
async def retune_one(session_id: str, body: RetuneBody, parts: Wired) -> dict[str, Any]:
    """Change delay, topics or strategy while this session runs."""
    return await _retune(parts, body, _one(session_id, body))


def _one(named: str | None, body: SessionBody | None) -> str | None:
    """The session that is meant; RequestError if two are named."""
    also = None if body is None else body.session_id
    if named is not None and also is not None and named != also:
        raise RequestError(f"two sessions are named, {named} and {also}", remedy="name one")
    return also if named is None else named


def _stands(run: Run, status: str) -> dict[str, Any]:
    state = run.session.state
    shown = "ended" if run.is_over and status != "stopped" else status
    said = {"status": shown, "session_id": run.id, "exchanges_completed": state.taught, "uncertain": state.uncertain}
    return said | {"end_reason": run.row["end_reason"]}


async def _retune(parts: Parts, body: RetuneBody, session_id: str | None) -> dict[str, Any]:
    def change(tuning: Tuning) -> Tuning:
        given: dict[str, Any] = {
            "delay_seconds": body.delay,
            "topic_switch_interval": body.topic_switch_interval,
            "topics": None if body.topics is None else tuple(body.topics),
            "strategy": body.strategy,
        }
        return replace(tuning, **{name: value for name, value in given.items() if value is not None})

    run = await parts.trainer.retune(change, body.topic, session_id)
    tuning = run.session.state.tuning
    return {
        "status": "retuned",
        "session_id": run.id,
        "delay": tuning.delay_seconds,
        "topic_switch_interval": tuning.topic_switch_interval,
        "topics": list(tuning.topics),
        "strategy": tuning.strategy,
    }
