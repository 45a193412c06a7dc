"""An event loop whose clock is moved on instead of waited for, and which says when nothing can ever happen again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

EPOCH = 1_800_000_000.0
"""What the wall's clock says when a simulated world begins."""
STEP_BUDGET = 400_000


class Hang(AssertionError):
    """Everybody waits and no deadline is set, or the world goes on and on without coming to an end."""


class _Selector:
    """Waits for nothing: moves the clock on to the next deadline."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        self._loop.turns += 1
        if timeout is None:
            raise Hang("everybody waits and no deadline is set")
        if self._loop.turns > self._loop.budget:
            raise Hang(f"no end after {self._loop.budget} turns of the loop")
        self._loop.now += timeout
        return []

    def close(self) -> None:
        pass


class VirtualLoop(asyncio.BaseEventLoop):
    """One world's loop. ``executor`` does what would be done in threads, unless the caller names one."""

    def __init__(self, budget: int = STEP_BUDGET) -> None:
        super().__init__()
        self.now, self.turns, self.budget = 0.0, 0, budget
        self._selector = _Selector(self)
        self._clock_resolution = 1e-6
        self._inline = VirtualExecutor(self)

    def time(self) -> float:
        return self.now

    def run_in_executor(self, executor: Any, work: Any, *arguments: Any) -> Any:
        return (self._inline if executor is None else executor).promised(work, *arguments)

    def _process_events(self, event_list: list[Any]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass


class VirtualExecutor:
    """A thread that takes ``latency()`` virtual seconds for each piece of work."""

    def __init__(self, loop: VirtualLoop, latency: Callable[[], float] = lambda: 0.0) -> None:
        self._loop, self._latency = loop, latency

    def promised(self, work: Callable[..., Any], *arguments: Any) -> asyncio.Future[Any]:
        """What will have come of it; done also if nobody waits for it any more."""
        future: asyncio.Future[Any] = self._loop.create_future()
        self._loop.call_later(self._latency(), self._perform, future, work, *arguments)
        return future

    def _perform(self, future: asyncio.Future[Any], work: Callable[..., Any], *arguments: Any) -> None:
        try:
            result = self.around(work, *arguments)
        except Died:
            return
        except BaseException as error:
            if not future.done():
                future.set_exception(error)
            return
        if not future.done():
            future.set_result(result)

    def around(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Do it; a subclass may let the process die before or after."""
        return work(*arguments)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        pass


class Died(BaseException):
    """The process that wanted this done is no more: nobody ever hears of it."""


class Life:
    """One run of the middleware's process, from its start to its end or its death."""

    def __init__(self, number: int) -> None:
        self.number, self.is_dead = number, False
        self.tasks: set[asyncio.Task[Any]] = set()

    def die(self) -> None:
        """As by ``kill -9``: nothing of it ever acts again."""
        self.is_dead = True
        for task in tuple(self.tasks):
            task.cancel()


LIFE: ContextVar[Life | None] = ContextVar("life", default=None)
"""Whose code is running; tasks inherit it from whoever made them."""


def tagging(loop: asyncio.AbstractEventLoop, coroutine: Any, **more: Any) -> asyncio.Task[Any]:
    """A task factory that knows whose task it is, so that it dies with its process."""
    task: asyncio.Task[Any] = asyncio.Task(coroutine, loop=loop, **more)
    life = LIFE.get()
    if life is not None:
        life.tasks.add(task)
        task.add_done_callback(life.tasks.discard)
    return task
