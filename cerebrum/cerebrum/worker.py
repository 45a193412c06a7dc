"""The one thread that the learner lives in, and the queue before it.

Requests are served in the order they came; between them, background work advances in small slices; after a quiet second
the write-ahead log is emptied, and the mind saved if that is worth it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from cerebrum.accounts import Status
from cerebrum.errors import Busy, Closing, StoreUnsafe
from cerebrum.learner import Learner

Result = TypeVar("Result")
Job = tuple["Future[Any]", Callable[[Learner], Any]]

QUEUE_LIMIT = 64
SLICE_SECONDS = 0.01  # the longest that background work makes a request wait, but for one record
QUIET_SECONDS = 1.0
UNSAFE_EXIT = 74
log = logging.getLogger(__name__)


class Worker:
    """Runs calls on the learner one at a time in its own thread."""

    def __init__(self, open_learner: Callable[[], Learner], die: Callable[[int], Any] = os._exit) -> None:
        self._open_learner, self._die = open_learner, die
        self._jobs: queue.Queue[Job | None] = queue.Queue(QUEUE_LIMIT)
        self._opened: Future[None] = Future()
        self._latest: Status | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="learner")

    def start(self) -> None:
        """Open the record, in the thread it belongs to. Raises what opening raises; waking goes on behind."""
        self._thread.start()
        self._opened.result()

    def submit(self, call: Callable[[Learner], Result]) -> Future[Result]:
        """Have ``call`` run in its turn. Busy or Closing when it will not be; then nothing was done."""
        if self._closing.is_set():
            raise _closing()
        future: Future[Result] = Future()
        try:
            self._jobs.put_nowait((future, call))
        except queue.Full:
            raise Busy(f"{QUEUE_LIMIT} requests are waiting", remedy="ask again in a second") from None
        if self._closing.is_set():
            self._refuse_the_rest()  # the thread may have looked for the last time before this came
        return future

    def ask_status(self) -> Future[Status]:
        """Have the learner say how it is; ``latest`` keeps the answer."""
        future = self.submit(Learner.status)
        future.add_done_callback(self._keep)
        return future

    @property
    def latest(self) -> Status:
        """What the learner last said of itself; never waits."""
        assert self._latest is not None, "not started"
        return self._latest

    def _keep(self, done: Future[Status]) -> None:
        if not done.cancelled() and done.exception() is None:
            self._publish(done.result())

    def _publish(self, status: Status) -> None:
        self._latest = status

    def close(self) -> None:
        """Finish the call that runs, refuse those that wait, save, and close the record."""
        self._closing.set()
        with contextlib.suppress(queue.Full):
            self._jobs.put_nowait(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            learner = self._open_learner()
        except BaseException as error:
            self._opened.set_exception(error)
            return
        self._publish(learner.status())
        self._opened.set_result(None)
        try:
            while not self._closing.is_set():
                self._serve(learner)
        finally:
            self._refuse_the_rest()
            self._guarded(learner.close)

    def _serve(self, learner: Learner) -> None:
        try:
            job = self._jobs.get(timeout=0) if learner.has_work else self._jobs.get(timeout=QUIET_SECONDS)
        except queue.Empty:
            if learner.has_work:
                self._advance(learner, SLICE_SECONDS)
            else:
                self._guarded(learner.rest)
            return
        if job is None:
            return
        future, call = job
        if future.set_running_or_notify_cancel():
            self._answer(future, learner, call)
        if learner.has_work:
            self._advance(learner, SLICE_SECONDS / 2)

    def _advance(self, learner: Learner, seconds: float) -> None:
        self._guarded(lambda: learner.advance(seconds))
        if not learner.has_work or not learner.is_awake:
            self._publish(learner.status())

    def _answer(self, future: Future[Any], learner: Learner, call: Callable[[Learner], Any]) -> None:
        try:
            future.set_result(call(learner))
        except StoreUnsafe as error:
            self._end(error)
            future.set_exception(error)
        except BaseException as error:
            future.set_exception(error)

    def _guarded(self, work: Callable[[], Any]) -> None:
        try:
            work()
        except StoreUnsafe as error:
            self._end(error)
        except Exception:
            log.exception("background work failed")

    def _end(self, error: StoreUnsafe) -> None:
        log.critical("ending: %s", error.detail)
        self._die(UNSAFE_EXIT)

    def _refuse_the_rest(self) -> None:
        while True:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return
            if job is not None and job[0].set_running_or_notify_cancel():
                job[0].set_exception(_closing())


def _closing() -> Closing:
    return Closing("the service is going down", remedy="start it again, then ask again")
