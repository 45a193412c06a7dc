"""The middleware as a service: its routes, its life from start to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import FrameType

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from llm_trainer import __version__
from llm_trainer.middleware.dashboard import add_dashboard, page, wants_page
from llm_trainer.middleware.hub import Hub
from llm_trainer.middleware.parts import Parts
from llm_trainer.middleware.routes import learners, notes, peers, service, sessions, steering, traffic, training
from llm_trainer.middleware.wire import Wire
from llm_trainer.middleware.wiring import wire_up
from llm_trainer.settings import Settings
from llm_trainer.web import Crowd, Door, add_problem_documents

log = logging.getLogger(__name__)

CLOSING_SECONDS = 3.0
ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name))
"""What asks a process to end; the last one on Windows only."""


def create_app(settings: Settings, wired: tuple[Parts, Wire] | None = None) -> FastAPI:
    """The service; what it holds is opened when it starts (or handed in ``wired``) and closed when it stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        parts, wire = wired or await wire_up(settings)
        app.state.parts = parts
        _end_streams_at_a_signal(parts.hub)
        trainer = parts.trainer
        kept = (parts.monitor.watch(), trainer.housekeeping.go(), parts.alerts.watch(trainer.runs))
        keeping = [asyncio.create_task(each) for each in kept]
        if settings.resume_sessions:
            await trainer.resume_all()
        try:
            yield
        finally:
            await trainer.close(CLOSING_SECONDS)
            parts.hub.close()
            for task in keeping:
                task.cancel()
            await asyncio.gather(*keeping, return_exceptions=True)
            await wire.close()
            await parts.record.close()

    app = FastAPI(title="LLM Trainer middleware", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
    add_problem_documents(app)
    for each in (service, training, steering, notes, learners, peers, sessions, traffic):
        app.include_router(each.router)
    _serve_page(app)
    app.add_middleware(Crowd)
    app.add_middleware(Door, port=settings.middleware_port)
    return app


def _serve_page(app: FastAPI) -> None:
    """The dashboard for browsers; a short answer for programs."""
    add_dashboard(app)

    @app.get("/", include_in_schema=False)
    async def root(request: Request) -> Response:
        if wants_page(request.headers.get("accept", "")):
            return page(request)
        return JSONResponse({"service": "middleware", "version": __version__, "status": "ok"})


def _end_streams_at_a_signal(hub: Hub) -> None:
    """Streams of events never end by themselves; at a signal they must, or they would hold up the service's end."""
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in ENDING:
        if callable(before := signal.getsignal(number)):
            signal.signal(number, _both(lambda: loop.call_soon_threadsafe(hub.close), before))


def _both(first: Callable[[], object], then: Callable[[int, FrameType | None], object]) -> Callable[..., None]:
    def handle(number: int, frame: FrameType | None) -> None:
        first()
        then(number, frame)

    return handle
