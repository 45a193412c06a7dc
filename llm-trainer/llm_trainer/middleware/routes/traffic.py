"""/api/traffic: every call made to the learner and to the LLM server, and what was said in it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query

from llm_trainer.errors import NotFound
from llm_trainer.middleware import calls, queries
from llm_trainer.middleware.clock import iso
from llm_trainer.middleware.parts import Wired

router = APIRouter(prefix="/api/traffic", tags=["record"])
Number = Annotated[int, Path(ge=0, lt=2**62)]


@router.get("")
async def traffic(
    parts: Wired,
    *,
    limit: Annotated[int, Query(ge=1, le=queries.PAGE)] = 100,
    before: Annotated[int | None, Query(ge=0, lt=2**62)] = None,
    after: Annotated[int, Query(ge=0, lt=2**62)] = 0,
    peer: Literal["learner", "llm"] | None = None,
    session: Annotated[str | None, Query(max_length=80)] = None,
    method: Literal["GET", "POST", "PUT", "DELETE"] | None = None,
    path: Annotated[str | None, Query(max_length=200)] = None,
    status: Annotated[int | None, Query(ge=100, le=999)] = None,
    outcome: calls.Outcome | None = None,
    slower_than_ms: Annotated[float | None, Query(ge=0, le=1e9, allow_inf_nan=False)] = None,
) -> dict[str, Any]:
    """Calls that fit all that is asked for, newest first."""
    wanted = calls.Filter(
        before=before,
        after=after,
        peer=peer,
        session=session,
        method=method,
        path=path,
        status=status,
        outcome=outcome,
        slower_than_ms=slower_than_ms,
    )
    found = await parts.record.read(calls.calls, wanted, limit)
    shown = [{**row, "at": iso(row["at"])} for row in found.calls]
    return {"showing": len(shown), "searched_to": found.searched_to, "calls": shown}


@router.get("/{number}")
async def one_call(number: Number, parts: Wired) -> dict[str, Any]:
    """One call, with its bodies while they are kept."""
    row = await parts.record.read(calls.call, number)
    if row is None:
        raise NotFound(f"there is no call {number}", remedy="GET /api/traffic lists them")
    kept = parts.bodies.of(number)
    shown = {**row, "at": iso(row["at"]), "bodies": "let-go" if kept is None else "kept"}
    shown |= {"sent": None, "received": None, "sent_cut": False, "received_cut": False}
    if kept is not None:
        shown |= {"sent": _text(kept.sent), "sent_cut": kept.sent_cut}
        shown |= {"received": _text(kept.received), "received_cut": kept.received_cut}
    return shown


def _text(body: bytes | None) -> str | None:
    return None if body is None else body.decode("utf-8", "replace")
