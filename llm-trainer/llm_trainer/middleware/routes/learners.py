"""/api/learners: whom the settings name, how they are, and who teaches them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from llm_trainer.middleware import leases
from llm_trainer.middleware.clock import iso
from llm_trainer.middleware.parts import Wired

router = APIRouter(prefix="/api", tags=["peers"])


@router.get("/learners")
async def learners(parts: Wired) -> dict[str, Any]:
    """Every learner and every teacher by name, as last seen; ``lease`` tells which session teaches a learner."""
    now = parts.clock.now()
    held = {row["learner"]: row for row in (await parts.record.read(leases.live, now)).values()}
    taught, speaking = parts.trainer.ends.learners, parts.trainer.ends.teachers
    watched = parts.monitor
    return {
        "learners": [
            {
                "name": name,
                "url": learner.url,
                **watched.learners[name].reading.shown(now),
                "lease": _shown(held.get(learner.url)),
            }
            for name, learner in taught.items()
        ],
        "teachers": [{"name": name, **watched.teachers[name].reading.shown(now)} for name in speaking],
    }


def _shown(lease: dict[str, Any] | None) -> dict[str, Any] | None:
    if lease is None:
        return None
    return {
        "session_id": lease["session_id"],
        "owner": lease["owner"],
        "token": lease["token"],
        "acquired_at": iso(lease["acquired_at"]),
        "expires_at": iso(lease["expires_at"]),
    }
