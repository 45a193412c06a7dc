"""Every route, on one screen. Each hands over to the learner's thread and returns what it says."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from cerebrum import __version__
from cerebrum.api import answers, schemas
from cerebrum.api.copies import SQLITE, make_copy
from cerebrum.api.desk import AtDesk
from cerebrum.api.pages import PAGES
from cerebrum.api.schemas import Problem
from cerebrum.api.strict import StrictRoute

DOCUMENTED = {400: "not JSON", 403: "foreign origin", 413: "too large", 415: "not a JSON type", 421: "foreign host"}
ERRORS: dict[int | str, Any] = {
    **{code: {"model": Problem, "description": text} for code, text in DOCUMENTED.items()},
    422: {"model": Problem, "description": "the request makes no sense"},
    503: {"model": Problem, "description": "waking, busy, closing, or the record cannot be written"},
}
NOT_FOUND: dict[int | str, Any] = {
    404: {"model": Problem, "description": "nothing goes by that name"},
    410: {"model": Problem, "description": "deleted on request"},
}
IN_FLIGHT: dict[int | str, Any] = {409: {"model": Problem, "description": "the same request is being answered"}}
GONE: dict[int | str, Any] = {410: NOT_FOUND[410]}
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=255, pattern=r"^[!-~]+$")]
Seq = Annotated[int, Path(ge=1, lt=1 << 62)]
Limit = Annotated[int, Query(ge=1, le=1000)]
REPLAYED = {"Idempotent-Replayed": "true"}

router = APIRouter(route_class=StrictRoute, responses=ERRORS)


@router.get("/", response_model=schemas.Service, responses={200: {"content": {"text/html": {}}}})
async def root(request: Request, desk: AtDesk) -> Response:
    """Who answers here; for a browser, the page."""
    if "text/html" in request.headers.get("accept", ""):
        return PAGES["/"].response()
    return JSONResponse({"service": "cerebrum", "version": __version__, "status": answers.state(desk.worker.latest)})


@router.get("/healthz", response_model=schemas.Health)
async def healthz() -> Response:
    """Alive."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz", response_model=schemas.Health)
async def readyz(desk: AtDesk) -> Response:
    """Ready to converse; 503 while waking or damaged."""
    state = answers.state(desk.worker.latest)
    return JSONResponse({"status": state}, 200 if state == "ok" else 503)


@router.get("/api/status", response_model=schemas.StatusOut)
async def status(desk: AtDesk) -> Response:
    """How CEREBRUM is, what it measured of itself, and where its record ends."""
    return JSONResponse(answers.status(await desk.status()))


@router.post("/api/chat", response_model=schemas.ChatAnswer, responses=IN_FLIGHT | GONE)
async def chat(body: schemas.ChatRequest, desk: AtDesk, key: Key = None) -> Response:
    """Say something; CEREBRUM answers and learns from what it heard."""
    conversation, partner = body.conversation_id or body.user_id or "", body.user_id or ""
    said = await desk.call_once(
        key,
        lambda learner: learner.exchange(body.message, conversation, partner, key, frozen=not body.learn),
    )
    return JSONResponse(answers.exchange(said), headers=REPLAYED if said.replayed else None)


@router.get("/api/exchanges/{key}", response_model=schemas.ExchangeOut, responses=NOT_FOUND)
async def exchange(key: Annotated[str, Path(max_length=255)], desk: AtDesk) -> Response:
    """The exchange that was recorded under an idempotency key."""
    return JSONResponse(answers.recorded(await desk.call(lambda learner: learner.recorded(key))))


@router.post("/api/observe", response_model=schemas.Overheard, responses=IN_FLIGHT | GONE)
async def observe(body: schemas.ObserveRequest, desk: AtDesk, key: Key = None) -> Response:
    """Learn from a conversation between others, without answering."""
    turns = [(turn.speaker, turn.text) for turn in body.turns]
    heard = await desk.call_once(key, lambda learner: learner.observe(turns, body.conversation_id or "", key))
    answer = {"observed": len(turns), "first": heard.first, "last": heard.last}
    return JSONResponse(answer, headers=REPLAYED if heard.replayed else None)


@router.post("/api/score", response_model=schemas.ScoreOut)
async def score(body: schemas.ScoreRequest, desk: AtDesk) -> Response:
    """How surprising a text would be, token by token, in bits; nothing is learned."""
    context = [body.context] if isinstance(body.context, str) else body.context or []
    return JSONResponse(answers.score(body.text, await desk.call(lambda learner: learner.score(body.text, context))))


@router.get("/api/explain/{seq}", response_model=schemas.ExplanationOut, responses=NOT_FOUND)
async def explain(seq: Seq, desk: AtDesk) -> Response:
    """Which observations the reply of exchange ``seq`` was made of, word by word."""
    return JSONResponse(answers.explanation(await desk.call(lambda learner: learner.explain(seq))))


@router.get("/api/observations", response_model=schemas.ObservationsOut)
async def observations(
    desk: AtDesk,
    q: Annotated[str, Query(max_length=200)] = "",
    limit: Limit = 100,
    before: Annotated[int | None, Query(ge=1, lt=1 << 62)] = None,
) -> Response:
    """What was heard, newest first; ``q`` must occur in it."""
    found = await desk.call(lambda learner: learner.observations(q, limit, before))
    more = found[-1].seq if len(found) == limit else None
    return JSONResponse({"observations": [answers.observation(record) for record in found], "before": more})


@router.delete("/api/observations/{seq}", response_model=schemas.ForgottenOut, responses=NOT_FOUND)
async def forget(seq: Seq, desk: AtDesk) -> Response:
    """Unlearn an observation exactly: gone at once, then the mind is rebuilt without it."""
    cursor = await desk.call(lambda learner: learner.forget(seq))
    return JSONResponse({"seq": seq, "forgotten": True, "cursor": asdict(cursor)})


@router.get("/api/vocabulary", response_model=schemas.VocabularyOut)
async def vocabulary(desk: AtDesk, q: Annotated[str, Query(max_length=200)] = "", limit: Limit = 100) -> Response:
    """Words heard."""
    words = await desk.call(lambda learner: learner.vocabulary(q, limit))
    total = int(desk.worker.latest.measurements.get("vocabulary", 0))
    return JSONResponse({"total": max(total, len(words)), "words": [asdict(word) for word in words]})


@router.get("/api/patterns", response_model=schemas.PatternsOut)
async def patterns(desk: AtDesk, limit: Limit = 100) -> Response:
    """Words often heard together."""
    found = await desk.call(lambda learner: learner.patterns(limit))
    return JSONResponse({"patterns": [asdict(pattern) for pattern in found]})


@router.post("/api/snapshot", response_model=schemas.SnapshotOut, responses={200: {"content": {SQLITE: {}}}})
async def snapshot(request: Request, desk: AtDesk) -> Response:
    """A consistent copy of the whole mind in one file; the file itself for ``Accept: application/vnd.sqlite3``."""
    copy = await desk.call(lambda learner: make_copy(learner, request.app.state.copies))
    if SQLITE in request.headers.get("accept", ""):
        return copy.response()
    return JSONResponse(copy.document())
