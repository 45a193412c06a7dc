"""Follows one session to its end by asking the middleware; survives the middleware's absence."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from llm_trainer.cli.client import Json, Middleware, Refused
from llm_trainer.cli.scene import Scene, rate
from llm_trainer.cli.show import Show
from llm_trainer.errors import PeerError, PeerUnreachable

LOOK_EVERY_SECONDS = 0.2
LEARNER_EVERY_SECONDS = 1.0
RATE_OVER_SECONDS = 15.0
CURVE_POINTS = 2_000


class Follower:
    """Looks at a session now and again, and remembers enough to draw its curve."""

    def __init__(self, middleware: Middleware, session: str | None = None) -> None:
        self.middleware = middleware
        self.session = session
        self.scene = Scene()
        self._looks: deque[tuple[float, int]] = deque()
        self._curve: list[float] = []
        self._row = 0
        self._learner_at = -LEARNER_EVERY_SECONDS
        self._seen = 0

    def look(self, now: float) -> Scene:
        """Ask the middleware once. Raises PeerError while it does not answer."""
        status = self.middleware.status(self.session or "")
        if self.session is None:
            self.session = status.get("session_id")
        self.scene = replace(self.scene, status=status, note="")
        self._looks.append((now, self.scene.done))
        while now - self._looks[0][0] > RATE_OVER_SECONDS:
            self._looks.popleft()
        self.scene = replace(self.scene, rate=rate(self._looks), latest=self._latest())
        if now - self._learner_at >= LEARNER_EVERY_SECONDS or not self.scene.running:
            self._learner_at = now
            self._ask_learner()
        return self.scene

    @property
    def over(self) -> bool:
        """Whether the session that is followed has ended, or another one took its place."""
        status = self.scene.status
        return bool(status) and (not status.get("running") or status.get("session_id", self.session) != self.session)

    def _latest(self) -> Json | None:
        if self.scene.done == self._seen:
            return dict(self.scene.latest) if self.scene.latest else None
        self._seen = self.scene.done
        shown = self.middleware.log(limit=1, session=self.session or "").get("exchanges") or []
        return shown[-1] if shown else None

    def settle(self, patience: float = 3.0) -> Scene:
        """Once the session is over: look until the learner, too, was seen after that, or ``patience`` ends."""
        over = time.monotonic()
        while (waited := time.monotonic() - over) < patience:
            age = (self.scene.status.get("learner") or {}).get("age_ms")
            if age is None or age < waited * 1000:
                break
            time.sleep(LOOK_EVERY_SECONDS / 4)
            self.look(time.monotonic())
        return self.scene

    def _ask_learner(self) -> None:
        try:
            learner, measured = self.middleware.learner(), self.middleware.measurements(self._row, self.session or "")
        except (PeerError, Refused):
            return  # the session's phase says what is wrong with the learner
        self._row = max([self._row, *(each["row"] for each in measured if isinstance(each.get("row"), int))])
        self._curve += [each["vocabulary"] for each in measured if isinstance(each.get("vocabulary"), int | float)]
        if len(self._curve) > CURVE_POINTS:
            del self._curve[::2]
        self.scene = replace(self.scene, learner=learner, vocabulary=tuple(self._curve))


def follow(
    follower: Follower,
    show: Show,
    *,
    interrupted: Callable[[], bool] = lambda: False,
    tend: Callable[[], None] = lambda: None,
    patience: float = 30.0,
) -> Scene:
    """Show the session until it is over or ``interrupted``; ``tend`` is called at each look.

    Raises PeerUnreachable once the middleware has not answered for ``patience`` seconds.
    """
    answered = time.monotonic()
    while not interrupted():
        tend()
        now = time.monotonic()
        try:
            show.scene(follower.look(now), now)
            answered = now
        except PeerError as error:
            if now - answered > patience:
                raise PeerUnreachable(error.detail, peer=error.peer, remedy=error.remedy) from error
            show.scene(replace(follower.scene, note=f"waiting: {error.detail}"), now)
        if follower.over:
            break
        time.sleep(LOOK_EVERY_SECONDS)
    if not interrupted():
        with suppress(PeerError):
            show.scene(follower.settle(), time.monotonic())
    return follower.scene
