"""Wires the middleware: its parts, its routes, its life from start to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from types import FrameType

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from llm_trainer import __version__
from llm_trainer.middleware import queries
from llm_trainer.middleware.bodies import Bodies
from llm_trainer.middleware.clock import Clock
from llm_trainer.middleware.dashboard import add_dashboard, page, wants_page
from llm_trainer.middleware.hub import Hub
from llm_trainer.middleware.learner import HttpLearner
from llm_trainer.middleware.mapping import mapping_of
from llm_trainer.middleware.monitor import Monitor, Watch
from llm_trainer.middleware.parts import Parts
from llm_trainer.middleware.routes import peers, service, sessions, traffic, training
from llm_trainer.middleware.store import Record
from llm_trainer.middleware.teacher import HttpTeacher
from llm_trainer.middleware.trainer import Trainer
from llm_trainer.middleware.wire import Wire
from llm_trainer.settings import Settings
from llm_trainer.web import Door, add_problem_documents, check_url

log = logging.getLogger(__name__)

CLOSING_SECONDS = 3.0


async def wire_up(settings: Settings) -> tuple[Parts, Wire]:
    """Open the record and make all parts; raises SettingsError or StoreError."""
    learner_url = check_url("cerebrum_url", settings.cerebrum_url)
    llm_url = check_url("llm_server_url", settings.llm_server_base_url)
    mapping = mapping_of(settings.learner)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    record = await Record.open(f"sqlite:///{settings.data_dir / 'record.sqlite3'}")
    clock, hub, bodies = Clock(), Hub(), Bodies()
    wire = Wire(record, await record.read(queries.last_wire_id), bodies)
    teacher = HttpTeacher(wire, llm_url, settings.llm_timeout_seconds)
    learner = HttpLearner(wire, learner_url, mapping, settings.learner_timeout_seconds)
    trainer = Trainer(record=record, teacher=teacher, learner=learner, hub=hub, clock=clock, folder=settings.data_dir)

    async def ask_learner() -> dict[str, object]:
        return (await learner.standing()).body

    monitor = Monitor(Watch(ask_learner, clock), Watch(teacher.status, clock), trainer.measured)
    trainer.monitor = monitor
    parts = Parts(
        clock=clock,
        record=record,
        bodies=bodies,
        teacher=teacher,
        learner=learner,
        hub=hub,
        monitor=monitor,
        trainer=trainer,
        delay_seconds=settings.conversation_delay,
        topic_switch_interval=settings.topic_switch_interval,
    )
    return parts, wire


def create_app(settings: Settings, wired: tuple[Parts, Wire] | None = None) -> FastAPI:
    """The service; what it holds is opened when it starts (or handed in ``wired``) and closed when it stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        parts, wire = wired or await wire_up(settings)
        app.state.parts = parts
        _end_streams_at_a_signal(parts.hub)
        watching = asyncio.create_task(parts.monitor.watch())
        if settings.resume_sessions:
            await parts.trainer.resume_unfinished()
        try:
            yield
        finally:
            await parts.trainer.close(CLOSING_SECONDS)
            parts.hub.close()
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            await wire.close()
            await parts.record.close()

    app = FastAPI(title="LLM Trainer middleware", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
    add_problem_documents(app)
    for each in (service, training, peers, sessions, traffic):
        app.include_router(each.router)
    _serve_page(app)
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
    for number in (signal.SIGINT, signal.SIGTERM):
        if callable(before := signal.getsignal(number)):
            signal.signal(number, _both(lambda: loop.call_soon_threadsafe(hub.close), before))


def _both(first: Callable[[], object], then: Callable[[int, FrameType | None], object]) -> Callable[..., None]:
    def handle(number: int, frame: FrameType | None) -> None:
        first()
        then(number, frame)

    return handle
