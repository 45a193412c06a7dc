"""Wires the middleware and serves it on port 8002."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from llm_trainer import __version__
from llm_trainer.errors import NotFound, StoreError, StoreLocked, TrainerError
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
from llm_trainer.web import Door, add_problem_documents, check_port_free, check_url

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

    @app.get("/{path:path}", include_in_schema=False)
    async def missing(path: str) -> Response:
        raise NotFound(f"nothing here goes by /{path[:200]}", remedy="docs/http.md lists what does")


class _Server(uvicorn.Server):
    """Tells the event streams to end when a signal comes, so that they do not hold up the end of the service."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        parts = getattr(self.config.app.state, "parts", None)  # type: ignore[union-attr]
        if parts is not None:
            parts.hub.close()
        super().handle_exit(sig, frame)


def main() -> None:
    """``python middleware.py``: read the settings, serve, until a signal ends it."""
    parser = argparse.ArgumentParser(prog="middleware.py", description="Runs and records teaching sessions.")
    parser.add_argument("--config", type=Path, help="another config.json")
    parser.add_argument("--port", type=int, dest="middleware_port", help="port to serve on")
    parser.add_argument("--data-dir", type=Path, help="folder of the record and the exported sessions")
    given = vars(parser.parse_args())
    try:
        settings = load(given.pop("config"), **given)
        configure(settings.log_level)
        check_port_free(settings.middleware_port, "middleware_port")
        app = create_app(settings)
        asyncio.run(_probe(settings))
    except TrainerError as error:
        print(f"{error.detail}\n  → {error.remedy}" if error.remedy else error.detail, file=sys.stderr)  # noqa: T201
        locked = isinstance(error, StoreLocked)
        sys.exit(LOCKED_EXIT_CODE if locked else RECORD_EXIT_CODE if isinstance(error, StoreError) else 2)
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=settings.middleware_port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    _Server(config).run()


async def _probe(settings: Settings) -> None:
    """Everything that can be wrong before the port is opened, found before."""
    parts, wire = await wire_up(settings)
    await wire.close()
    await parts.record.close()
