"""Tells somebody outside when a session is in an outage, stands still, or has ended.

To a web address, to a command, or to both; each has a deadline, and no session ever waits for either. What was told,
and whether it arrived, is a note in the session's record.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass

import anyio

from llm_trainer.errors import SettingsError, StoreError
from llm_trainer.middleware.clock import Clock, iso
from llm_trainer.middleware.ends import learner_name
from llm_trainer.middleware.http1 import Broken, Client, Unreachable
from llm_trainer.middleware.run import Run
from llm_trainer.middleware.store import Record
from llm_trainer.session.state import Phase
from llm_trainer.web import check_url

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
WEB_SECONDS, COMMAND_SECONDS = 5.0, 10.0
CLOSING_SECONDS = 1.0
WAITING = 64
"""Alerts that may wait to be told; what comes on top is dropped, and the log says so."""
_HEADERS = {"Content-Type": "application/json", "Accept-Encoding": "identity", "User-Agent": "llm-trainer"}


@dataclass(frozen=True)
class Alert:
    """What is told, as JSON. ``alert``: ``outage`` (a peer does not answer), ``stall`` (anything else), ``end``."""

    alert: str
    session_id: str
    name: str
    learner: str
    detail: str
    exchanges_completed: int
    at: str | None


@dataclass
class _Watched:
    """Since when a session has made no exchange although it should, and what was told of that."""

    finished: int
    since: float
    is_told: bool = False


class Alerts:
    """Watches the sessions and tells. ``url`` and ``command`` come from the settings, never from outside."""

    def __init__(
        self, record: Record, clock: Clock, *, url: str | None, command: Sequence[str], after_seconds: float
    ) -> None:
        self._record, self._clock, self._after_seconds = record, clock, after_seconds
        self._url, self._command = address(url), tuple(command)
        self._watched: dict[str, _Watched] = {}
        self._waiting: asyncio.Queue[tuple[Run, Alert]] = asyncio.Queue(WAITING)
        self._client = Client(_HEADERS, connect_seconds=2.0, idle_seconds=0.0, limit_bytes=1 << 16)

    async def watch(self, runs: dict[str, Run]) -> None:
        """Look at the sessions and tell what is to be told, until cancelled."""
        telling = asyncio.create_task(self._tell_all())
        try:
            while True:
                self.look(tuple(runs.values()))
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._waiting.join(), CLOSING_SECONDS)
            telling.cancel()
            with suppress(asyncio.CancelledError):
                await telling
            await self._client.close()

    def look(self, runs: Iterable[Run]) -> None:
        """Look once, and remember what is to be told."""
        now, seen = self._clock.now(), {}
        for run in runs:
            finished = run.session.state.finished
            watched = self._watched.get(run.id)
            if watched is None or watched.finished != finished or is_at_rest(run):
                watched = _Watched(finished, now)
            seen[run.id] = watched
            if now - watched.since >= self._after_seconds and not watched.is_told:
                watched.is_told = True
                self._remember(run, *standstill(run))
        self._watched = seen

    def ended(self, run: Run) -> None:
        """A session is over."""
        self._remember(run, "end", str(run.row["end_reason"] if run.lost is None else run.lost.code))

    def _remember(self, run: Run, kind: str, detail: str) -> None:
        if self._url is None and not self._command:
            return
        state, now = run.session.state, iso(self._clock.now())
        alert = Alert(kind, run.id, run.row["name"], learner_name(run.row), detail, state.taught, now)
        try:
            self._waiting.put_nowait((run, alert))
        except asyncio.QueueFull:
            log.error("alert dropped, too many wait session=%s alert=%s", run.id, kind)

    # ------------------------------------------------------------ telling

    async def _tell_all(self) -> None:
        while True:
            run, alert = await self._waiting.get()
            try:
                for way, failed in await self._tell(json.dumps(asdict(alert)).encode()):
                    await self._note(run, alert, way, failed)
            finally:
                self._waiting.task_done()

    async def _tell(self, body: bytes) -> list[tuple[str, str | None]]:
        """Each way that was tried, and what went wrong with it."""
        told: list[tuple[str, str | None]] = []
        if self._url is not None:
            told.append(("web", await self._post(self._url, body)))
        if self._command:
            told.append(("command", await self._run(body)))
        return told

    async def _post(self, url: str, body: bytes) -> str | None:
        try:
            with anyio.fail_after(WEB_SECONDS):
                answer = await self._client.request("POST", url, body, {})
        except TimeoutError:
            return f"no answer within {WEB_SECONDS:g} s"
        except (Unreachable, Broken) as error:
            return type(error).__name__.lower()  # its words might hold the address, and that a secret
        return None if answer.status < 300 else f"answered {answer.status}"

    async def _run(self, body: bytes) -> str | None:
        try:
            process = await asyncio.to_thread(self._begin)
        except (OSError, ValueError) as error:
            return f"cannot be started: {getattr(error, 'strerror', None) or type(error).__name__}"
        try:
            await asyncio.to_thread(process.communicate, body, COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            return f"did not end within {COMMAND_SECONDS:g} s"
        finally:
            if process.poll() is None:
                process.kill()
                await asyncio.shield(asyncio.to_thread(process.communicate))
        return None if process.returncode == 0 else f"ended with {process.returncode}"

    def _begin(self) -> subprocess.Popen[bytes]:
        quiet = subprocess.DEVNULL
        return subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet)  # noqa: S603

    async def _note(self, run: Run, alert: Alert, way: str, failed: str | None) -> None:
        said = "arrived" if failed is None else failed
        log.log(
            logging.INFO if failed is None else logging.ERROR,
            "alert session=%s alert=%s way=%s outcome=%s", run.id, alert.alert, way, said,
        )  # fmt: skip
        run.note("alert" if failed is None else "alert-failed", f"{alert.alert} told by {way}: {said}")
        with suppress(StoreError):
            await self._record.commit()


def is_at_rest(run: Run) -> bool:
    """Whether the session makes no exchange because it is meant not to: a delay, or somebody's pause."""
    return run.storage_error is None and run.session.state.phase in (Phase.RESTING, Phase.PAUSED)


def standstill(run: Run) -> tuple[str, str]:
    """What keeps a session that stands still: the alert's name, and in words."""
    state = run.session.state
    if run.storage_error is not None:
        return "stall", run.storage_error.detail
    if state.failures or state.bad_exchanges or state.phase in (Phase.WAITING_LLM, Phase.WAITING_LEARNER):
        return "outage", state.reason or (run.last_error or {}).get("detail", "")
    return "stall", f"no exchange is made; it is {state.phase.value}"


def address(url: str | None) -> str | None:
    """The address to post to, with ``$NAME`` taken from the environment; SettingsError, without showing a secret."""
    if url is None:
        return None
    if not url.startswith("$"):
        return check_url("alert_url", url)
    if not (found := os.environ.get(url[1:])):
        raise SettingsError(f"alert_url needs the environment variable {url[1:]}", remedy="set it")
    try:
        return check_url("alert_url", found)
    except SettingsError:
        remedy = f"write http://host:port/path into {url[1:]}"
        raise SettingsError("alert_url is not an http address", remedy=remedy) from None
