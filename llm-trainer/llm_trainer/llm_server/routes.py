"""The LLM server's own routes: health, status, ``/api/chat``."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from llm_trainer import __version__
from llm_trainer.errors import PeerError
from llm_trainer.llm_server.backends.base import Chunk, HasTopics
from llm_trainer.llm_server.lean import LeanRoute
from llm_trainer.llm_server.pulls import Pull, Pulls
from llm_trainer.llm_server.roster import Member
from llm_trainer.llm_server.schemas import ChatBody, PullBody
from llm_trainer.llm_server.speech import Spoken
from llm_trainer.llm_server.talk import ClientGone, Talk, unless_gone
from llm_trainer.web import bare_problem

NOBODY_WAITS = 499  # what a proxy's log shows for a client that went away
router = APIRouter(route_class=LeanRoute)


def talk_of(request: Request) -> Talk:
    """The one ``Talk`` of this process."""
    talk: Talk = request.app.state.stage.talk
    return talk


@router.post("/api/chat", response_model=None)  # first: routes are tried in this order
async def chat(body: ChatBody, request: Request) -> Response:
    """Speak the next turn, whole or as JSON lines while it is being spoken."""
    talk = talk_of(request)
    try:
        if not body.stream:
            return JSONResponse(_answer(await unless_gone(request.receive, talk.whole(body.to_request()))))
        parts = talk.listen(body.to_request())
        first = await unless_gone(request.receive, parts.__anext__())
    except ClientGone:
        return Response(status_code=NOBODY_WAITS)
    return StreamingResponse(_lines(first, parts), media_type="application/x-ndjson")


@router.get("/")
async def root(request: Request) -> dict[str, str]:
    """Say who this is."""
    return {
        "service": "llm-server",
        "version": __version__,
        "status": "ok",
        "backend": talk_of(request).watch.roster.speaker.backend.name,
    }


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Say that the process is alive."""
    return {"status": "ok"}


@router.get("/readyz", response_model=None)
async def readyz(request: Request) -> Response:
    """Say whether a request sent now would be answered, from what was seen last."""
    reading = talk_of(request).watch.reading
    seen = {"ready": reading.status.is_ready, "state": reading.status.state, "age_seconds": _age(reading.age_seconds)}
    if reading.status.is_ready:
        return JSONResponse(seen)
    answer = bare_problem(503, reading.status.state, reading.status.detail, reading.status.remedy)
    document = json.loads(bytes(answer.body)) | seen
    return JSONResponse(document, 503, media_type=answer.media_type)


@router.get("/api/status")
async def status(request: Request) -> dict[str, Any]:
    """Say who speaks, how it is, since when, and why it is not what was asked for."""
    talk = talk_of(request)
    choice, reading = talk.choice, talk.watch.reading
    why = choice.reason if choice.passed_over is not None else talk.watch.roster.why_not_the_first
    return {
        "backend": talk.watch.roster.speaker.backend.name,
        "requested_backend": choice.requested_backend,
        "requested_model": choice.requested_model,
        "model": reading.status.model,
        "ready": reading.status.is_ready,
        "state": reading.status.state,
        "since": _iso(reading.status.since),
        "age_seconds": _age(reading.age_seconds),
        "detail": "; ".join(part for part in (why, reading.status.detail, reading.note) if part),
        "remedy": reading.status.remedy,
        "models": list(reading.status.models),
        "about": dict(reading.status.about),
        "warning": reading.status.warning,
        "backends": [_member(member) for member in talk.watch.roster.members],
        "usage": asdict(talk.usage),
        "in_flight": talk.in_flight,
        "spoken": talk.spoken,
        "failed": talk.failed,
    }


@router.get("/api/topics")
async def topics(request: Request) -> dict[str, Any]:
    """Name the topics that the back end can follow; none means that it follows any."""
    backend = talk_of(request).watch.roster.speaker.backend
    return {"backend": backend.name, "topics": list(backend.topics()) if isinstance(backend, HasTopics) else []}


@router.post("/api/pull", response_model=None, status_code=202)
async def pull(body: PullBody, request: Request) -> Response:
    """Have a model fetched; answers at once, and the same again while it is on its way."""
    wanted = body.model or talk_of(request).choice.requested_model
    return JSONResponse({"pull": asdict(_pulls_of(request).begin(wanted, insecure=body.insecure))}, 202)


@router.get("/api/pull")
async def pulling(request: Request) -> dict[str, Any]:
    """Say how far the model that was asked for last has come; null if none was."""
    return {"pull": _pull(_pulls_of(request).last)}


@router.delete("/api/pull")
async def pull_no_more(request: Request) -> dict[str, Any]:
    """Stop fetching; what has come stays, and the next try goes on from there."""
    return {"pull": _pull(await _pulls_of(request).cancel())}


@router.post("/api/reset")
async def reset() -> dict[str, str]:
    """Do nothing, kept for old callers: the conversation travels with each request."""
    return {"status": "ok", "detail": "nothing to forget: each request brings its own conversation"}


async def _lines(first: Chunk | Spoken, parts: AsyncGenerator[Chunk | Spoken, None]) -> AsyncGenerator[str, None]:
    """One JSON object a line: pieces, then the whole answer with ``"done": true``; or an error where it broke off."""
    async with aclosing(parts):
        yield _line(first)
        try:
            async for part in parts:
                yield _line(part)
        except PeerError as error:
            yield json.dumps({"error": error.problem()}) + "\n"


def _line(part: Chunk | Spoken) -> str:
    return json.dumps({"text": part.text} if isinstance(part, Chunk) else _answer(part) | {"done": True}) + "\n"


def _answer(spoken: Spoken) -> dict[str, Any]:
    finish = spoken.finish
    return {
        "response": spoken.text,
        "timestamp": datetime.now(timezone.utc).isoformat(),
        "model": finish.model,
        "tokens_used": finish.prompt_tokens + finish.completion_tokens,
        "prompt_tokens": finish.prompt_tokens,
        "completion_tokens": finish.completion_tokens,
        "timings": spoken.timings,
        "finish_reason": finish.reason,
        "speaker": spoken.speaker,
        "about": dict(spoken.about),
        "cost": finish.cost,
    } | ({} if finish.topic is None else {"topic": finish.topic})


def _pulls_of(request: Request) -> Pulls:
    pulls: Pulls = request.app.state.stage.pulls
    return pulls


def _pull(pull: Pull | None) -> dict[str, Any] | None:
    return None if pull is None else asdict(pull)


def _member(member: Member) -> dict[str, Any]:
    status, last = member.status, member.breaker.last
    return {
        "backend": member.backend.name,
        "state": status.state if status else "loading",
        "model": status.model if status else "",
        "breaker": "open" if member.breaker.is_open else "closed",
        "last_error": last.detail if last else "",
    }


def _age(seconds: float) -> float:
    return round(seconds, 3)


def _iso(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc).isoformat()
