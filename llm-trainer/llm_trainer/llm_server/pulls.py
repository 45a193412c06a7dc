"""Fetching models that a back end does not have: in the background, so that no page has to stay open for it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from llm_trainer.errors import Conflict, NotFound, PeerError
from llm_trainer.llm_server.backends.base import CanPull

log = logging.getLogger(__name__)


@dataclass
class Pull:
    """One model on its way. ``state``: pulling, done, failed or cancelled; bytes of the part being fetched."""

    model: str
    state: str = "pulling"
    status: str = "asked for"
    completed: int = 0
    total: int = 0
    detail: str = ""
    remedy: str = ""
    began: float = 0.0


class Pulls:
    """One model at a time; what came of the last one stays to be read."""

    def __init__(self, source: CanPull | None, on_done: Callable[[], None]) -> None:
        self._source, self._on_done = source, on_done
        self._task: asyncio.Task[None] | None = None
        self.last: Pull | None = None

    def begin(self, model: str, *, insecure: bool = False) -> Pull:
        """Begin, or say how far the same one has come. Raises Conflict for another, NotFound where nothing can pull."""
        if self._source is None:
            raise NotFound("no back end here fetches models", remedy="set llm_backend to ollama or auto")
        if self.last is not None and self.last.state == "pulling":
            if self.last.model == model:
                return self.last
            raise Conflict(f"{self.last.model} is being pulled", remedy="wait for it, or cancel it first")
        self.last = Pull(model, began=time.time())
        self._task = asyncio.create_task(self._fetch(self._source, self.last, insecure))
        return self.last

    async def cancel(self) -> Pull | None:
        """Stop the one on its way; what it has fetched stays with the back end, which goes on from there."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        return self.last

    async def _fetch(self, source: CanPull, pull: Pull, insecure: bool) -> None:
        try:
            async for step in source.pull(pull.model, insecure=insecure):
                pull.status, pull.completed, pull.total = step.status, step.completed, step.total
            pull.state = "done" if pull.status == "success" else "failed"
            pull.detail = "" if pull.state == "done" else "it ended without saying that the model is there"
        except PeerError as error:
            pull.state, pull.detail, pull.remedy = "failed", error.detail, error.remedy
        except asyncio.CancelledError:
            pull.state = "cancelled"
            raise
        finally:
            log.info("pull model=%s state=%s detail=%s", pull.model, pull.state, pull.detail)
            self._on_done()
