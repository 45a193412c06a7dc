"""The LLM server as an application: the back end is chosen and watched for as long as it runs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from fastapi import FastAPI

from llm_trainer import __version__
from llm_trainer.llm_server import compatible, routes
from llm_trainer.llm_server.backends.base import CanPull
from llm_trainer.llm_server.choice import Choice
from llm_trainer.llm_server.pulls import Pulls
from llm_trainer.llm_server.speech import Deadlines
from llm_trainer.llm_server.talk import Talk
from llm_trainer.llm_server.watch import Watch
from llm_trainer.web import Door, add_problem_documents

log = logging.getLogger(__name__)


def create_app(
    choose: Callable[[], Awaitable[Choice]], port: int, deadlines: Deadlines | None = None, look_seconds: float = 15.0
) -> FastAPI:
    """Build the application; ``choose`` is awaited when it starts, and what it chose is closed when it ends."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        choice = await choose()
        watch = Watch(choice, look_seconds)
        app.state.talk = Talk(choice, watch, deadlines or Deadlines())
        everybody = [*filter(None, (choice.backend, choice.passed_over, *choice.successors))]
        pulls = app.state.pulls = Pulls(
            next((each for each in everybody if isinstance(each, CanPull)), None), watch.doubt
        )
        reading = await watch.look()
        loud = log.warning if choice.passed_over is not None or not reading.status.is_ready else log.info
        loud(choice.announcement(reading.status))
        watching = asyncio.create_task(watch.run())
        try:
            yield
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching
            await pulls.cancel()
            for backend in everybody:
                await backend.aclose()

    app = FastAPI(title="LLM server", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
    app.include_router(routes.router)
    app.include_router(compatible.router)
    add_problem_documents(app)
    app.add_middleware(Door, port=port)
    return app
