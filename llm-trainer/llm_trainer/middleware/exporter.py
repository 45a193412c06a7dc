"""Keeps the exported file of each running session current, in a small share of the time."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from llm_trainer.errors import StoreError
from llm_trainer.middleware.export import write_session_file
from llm_trainer.middleware.run import Run
from llm_trainer.middleware.store import Record

log = logging.getLogger(__name__)

EXPORT_SECONDS = 2.0
EXPORT_SHARE = 0.05
"""Most of the time that may go into refreshing the exported file."""


class Exporter:
    """Writes ``<folder>/<session name>.json``; ``errors`` tells by session why that failed last."""

    def __init__(self, record: Record, folder: Path) -> None:
        self.errors: dict[str, str] = {}
        self._record, self._folder = record, folder

    async def export(self, run: Run) -> None:
        """Refresh the session's file; a disk that says no is reported, and tried again later."""
        try:
            await write_session_file(self._record, run.row, self._folder)
            self.errors.pop(run.id, None)
        except (OSError, StoreError) as error:
            self.errors[run.id] = f"{run.row['name']}.json could not be written: {error}"
            log.error("export failed session=%s error=%s", run.id, error)

    @asynccontextmanager
    async def keeping(self, run: Run) -> AsyncIterator[None]:
        """Refresh the file again and again meanwhile, and once more at the end."""
        exporting = asyncio.create_task(self._repeat(run), name=f"export {run.id}")
        try:
            yield
        finally:
            exporting.cancel()
            with suppress(asyncio.CancelledError):
                await exporting
            await self.export(run)

    async def _repeat(self, run: Run) -> None:
        shown, spent = -1, 0.0
        while True:
            await asyncio.sleep(max(EXPORT_SECONDS, spent / EXPORT_SHARE))
            began = time.perf_counter()
            if run.session.state.finished != shown:
                shown = run.session.state.finished
                await self.export(run)
            spent = time.perf_counter() - began

    def forget(self, session_id: str) -> None:
        """A session that is over and shown no more."""
        self.errors.pop(session_id, None)
