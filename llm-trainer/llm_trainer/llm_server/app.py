"""The LLM server as an application: the back end is chosen and watched for as long as it runs."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI

from llm_trainer import __version__
from llm_trainer.llm_server import compatible, routes, speakers
from llm_trainer.llm_server.speech import Deadlines
from llm_trainer.llm_server.stage import Casting, Chooser, Stage
from llm_trainer.web import Door, add_problem_documents


def create_app(
    choose: Chooser,
    port: int,
    deadlines: Deadlines | None = None,
    look_seconds: float = 15.0,
    casting: Casting | None = None,
) -> FastAPI:
    """Build the application; ``choose`` is awaited when it starts, and what it chose is closed when it ends.

    ``casting`` names those who may take its place while it runs.
    """

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        stage = app.state.stage = Stage(await choose(), deadlines or Deadlines(), look_seconds)
        app.state.casting = casting
        await stage.begin()
        try:
            yield
        finally:
            await stage.end()

    app = FastAPI(title="LLM server", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
    for each in (routes, speakers, compatible):
        app.include_router(each.router)
    add_problem_documents(app)
    app.add_middleware(Door, port=port)
    return app
