"""The service itself: health, status, metrics. None of these calls anybody."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from llm_trainer import __version__
from llm_trainer.middleware.clock import iso
from llm_trainer.middleware.parts import Wired
from llm_trainer.web import PROBLEM

router = APIRouter(tags=["service"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Alive."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(parts: Wired) -> JSONResponse:
    """Whether a session could be taught, as last seen."""
    now = parts.clock.now()
    seen = {"learner": parts.monitor.learner.reading, "llm": parts.monitor.llm.reading}
    shown = {name: reading.shown(now) for name, reading in seen.items()}
    if all(reading.state == "up" for reading in seen.values()):
        return JSONResponse({"status": "ready", **shown})
    missing = ", ".join(name for name, reading in seen.items() if reading.state != "up")
    document = {"type": "about:blank", "title": "Not ready", "status": 503, "code": "not-ready"}
    detail = {"detail": f"not up: {missing}", "remedy": "see the reasons given for each"}
    return JSONResponse(document | detail | shown, 503, media_type=PROBLEM)


@router.get("/api/status")
async def status(parts: Wired) -> dict[str, Any]:
    """How the three services are, as last seen."""
    now = parts.clock.now()
    run = parts.trainer.run
    storage = None if run is None or run.storage_error is None else run.storage_error.detail
    return {
        "service": "middleware",
        "version": __version__,
        "middleware": {
            "state": "up" if storage is None else "degraded",
            "since": iso(parts.started_at),
            "reason": storage or "",
        },
        "learner": {**parts.monitor.learner.reading.shown(now), "url": parts.learner.url},
        "llm": {
            **parts.monitor.llm.reading.shown(now),
            "url": parts.teacher.url,
            "said": parts.monitor.llm.reading.body,
        },
        "training": parts.trainer.status(),
        "listeners": len(parts.hub),
    }


@router.get("/metrics")
async def metrics(parts: Wired) -> Response:
    """Figures for Prometheus."""
    from llm_trainer.middleware import metrics as figures  # noqa: PLC0415  a start does not need it

    return Response(figures.render(parts), media_type=figures.CONTENT_TYPE)
