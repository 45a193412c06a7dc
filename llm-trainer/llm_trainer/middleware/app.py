"""Wires the middleware and serves it on port 8002."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import FrameType

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from llm_trainer import __version__
from llm_trainer.errors import StoreError, StoreLocked, TrainerError
from llm_trainer.log import configure
from llm_trainer.middleware import queries
from llm_trainer.middleware.clock import Clock
from llm_trainer.middleware.dashboard import add_dashboard, page, wants_page
from llm_trainer.middleware.hub import Hub
from llm_trainer.middleware.learner import HttpLearner
from llm_trainer.middleware.mapping import mapping_of
from llm_trainer.middleware.monitor import Monitor, Watch
from llm_trainer.middleware.parts import Parts
from llm_trainer.middleware.routes import peers, service, sessions, training
from llm_trainer.middleware.store import Record
from llm_trainer.middleware.teacher import HttpTeacher
from llm_trainer.middleware.trainer import Trainer
from llm_trainer.middleware.wire import Wire
from llm_trainer.settings import Settings, load
from llm_trainer.web import Door, add_problem_documents, check_port_free, check_url, serve

log = logging.getLogger(__name__)

CLOSING_SECONDS = 3.0
RECORD_EXIT_CODE, LOCKED_EXIT_CODE = 1, 75


async def wire_up(settings: Settings) -> tuple[Parts, Wire]:
    """Open the record and make all parts; raises SettingsError or StoreError."""
    learner_url = check_url("cerebrum_url", settings.cerebrum_url)
    llm_url = check_url("llm_server_url", settings.llm_server_base_url)
    mapping = mapping_of(settings.learner)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    record = await Record.open(f"sqlite:///{settings.data_dir / 'record.sqlite3'}")
    clock, hub = Clock(), Hub()
    wire = Wire(record, await record.read(queries.last_wire_id))
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
        teacher=teacher,
        learner=learner,
        hub=hub,
        monitor=monitor,
        trainer=trainer,
        delay_seconds=settings.conversation_delay,
        topic_switch_interval=settings.topic_switch_interval,
    )
    return parts, wire


def create_app(settings: Settings) -> FastAPI:
    """The service; everything it holds is opened when it starts and closed when it stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        parts, wire = await wire_up(settings)
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
    for each in (service, training, peers, sessions):
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


def main(arguments: Sequence[str] | None = None) -> int:
    """``python middleware.py``: read the settings, serve, until a signal ends it.

    Returns 2 when the settings cannot be used, 75 when another program has the record open, 1 when it cannot be read.
    """
    parser = argparse.ArgumentParser(prog="middleware.py", description="Runs and records teaching sessions.")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings file (config.json beside middleware.py)")
    parser.add_argument("--port", type=int, dest="middleware_port", help="port to listen on (8002)")
    parser.add_argument("--data-dir", type=Path, help="folder of the record and the exported sessions")
    given = vars(parser.parse_args(arguments))
    try:
        settings = load(given.pop("config"), **given)
        configure(settings.log_level)
        check_port_free(settings.middleware_port, "middleware_port")
        asyncio.run(_probe(settings))
        serve(create_app(settings), settings.middleware_port, setting="middleware_port")
    except TrainerError as error:
        sys.stderr.write(f"middleware: {error.detail}; {error.remedy}\n")
        if isinstance(error, StoreError):
            return LOCKED_EXIT_CODE if isinstance(error, StoreLocked) else RECORD_EXIT_CODE
        return 2
    return 0


async def _probe(settings: Settings) -> None:
    """Everything that can be wrong before the port is opened, found before."""
    parts, wire = await wire_up(settings)
    await wire.close()
    await parts.record.close()
