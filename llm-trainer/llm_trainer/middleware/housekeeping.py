"""What is done beside the sessions of one middleware while they run: leases renewed, the learner's growth noted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from llm_trainer.errors import LeaseLost, StoreError
from llm_trainer.middleware.clock import Clock
from llm_trainer.middleware.ends import learner_name
from llm_trainer.middleware.leases import LEASE_SECONDS, RENEW_SECONDS
from llm_trainer.middleware.removal import let_go_of_looks
from llm_trainer.middleware.run import Run
from llm_trainer.middleware.statements import MEASUREMENT, RENEW
from llm_trainer.middleware.status import growth
from llm_trainer.middleware.store import Record
from llm_trainer.session.transitions import EngineBreach

log = logging.getLogger(__name__)

MEASUREMENT_SECONDS = 2.0


class Housekeeping:
    """For the sessions in ``runs``, which others add to and take from."""

    def __init__(self, record: Record, clock: Clock, runs: Mapping[str, Run]) -> None:
        self._record, self._clock, self._runs = record, clock, runs
        self._measured: dict[str, tuple[float, int]] = {}

    async def go(self) -> None:
        """Again and again, until cancelled: say that our sessions are still ours, and let go of old looks."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            for run in tuple(self._runs.values()):
                await self._renew(run)
            with suppress(StoreError):
                await self._record.read(let_go_of_looks)

    async def _renew(self, run: Run) -> None:
        lease = {"the_learner": run.row["learner"]["url"], "the_token": run.row["fence"]}
        until = self._clock.now() + LEASE_SECONDS
        if run.is_over or self._record.trouble is not None:
            return
        self._record.write(RENEW, {**lease, "new_expires_at": until}, run.id)
        try:
            await self._record.commit(run.id)
        except (LeaseLost, EngineBreach) as reason:
            run.leave(reason)
        except StoreError as error:
            log.error("lease not renewed session=%s detail=%s", run.id, error.detail)

    async def measured(self, learner: str, body: dict[str, Any]) -> None:
        """A learner was seen: keep what it measures of itself beside the exchange it had come to."""
        for run in tuple(self._runs.values()):
            if learner_name(run.row) == learner and not run.is_over:
                self._measure(run, body)

    def _measure(self, run: Run, body: dict[str, Any]) -> None:
        at, number = self._measured.get(run.id, (0.0, -1))
        now, finished = self._clock.now(), run.session.state.finished
        if now - at < MEASUREMENT_SECONDS / 2 or finished == number:
            return
        self._measured[run.id] = (now, finished)
        row = {"session_id": run.id, "number": finished, "at": now, "body": growth(body)}
        self._record.write(MEASUREMENT, row, run.id)

    def forget(self, session_id: str) -> None:
        """A session is over."""
        self._measured.pop(session_id, None)
