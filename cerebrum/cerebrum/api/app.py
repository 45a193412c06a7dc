"""The web application: routes behind a door, every error a problem document."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from cerebrum import __version__
from cerebrum.api import pages, routes
from cerebrum.api.desk import Desk
from cerebrum.api.door import Door
from cerebrum.api.problems import PROBLEM, add_problem_documents
from cerebrum.worker import Worker


def create_app(worker: Worker, port: int, copies: Path) -> FastAPI:
    """CEREBRUM on ``port`` around a started ``worker``, which is closed with the app; copies go to ``copies``."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(worker.close)

    app = FastAPI(
        title="CEREBRUM",
        version=__version__,
        description="A learner that starts empty, hears conversation, and says only what it made from what it heard.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.desk, app.state.copies = Desk(worker), copies
    app.include_router(routes.router)
    app.include_router(pages.router)
    add_problem_documents(app)
    app.add_middleware(Door, port=port)
    _describe_problems(app)
    return app


def _describe_problems(app: FastAPI) -> None:
    """Let the API's description tell the media type that errors really have."""
    for methods in app.openapi()["paths"].values():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                if int(status) >= 400 and "application/json" in answer.get("content", {}):
                    answer["content"] = {PROBLEM: answer["content"]["application/json"]}
