"""Hears a session in a thread of its own: the past first, then each event; after a break, what was missed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from llm_trainer.cli.client import Middleware, Refused
from llm_trainer.cli.events import Event
from llm_trainer.cli.watching.picture import Lost, Measured, News, Noted, Opened, Said, Stands, note_of
from llm_trainer.errors import PeerError

PAST = 300
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.2, 3.0
LOOK_EVERY = 2
"""Statuses (one a second) between two looks at what the learner measured."""


class Listener:
    """Tells ``tell`` what is heard of ``session``; of the newest one, whichever that is, when none is named."""

    def __init__(self, url: str, session: str | None, tell: Callable[[News], None]) -> None:
        self._url, self._named, self._tell = url, session, tell
        self._session = session or ""
        self._after, self._row, self._looks = "", 0, 0
        self._is_open = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="listener", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def end(self) -> None:
        """Hear no more."""
        self._ended.set()

    def _listen(self) -> None:
        wait = FIRST_WAIT_SECONDS
        while not self._ended.is_set():
            try:
                with closing(Middleware(self._url)) as middleware:
                    if not self._is_open:
                        self._open(middleware)
                    wait = FIRST_WAIT_SECONDS
                    self._hear(middleware)
            except (PeerError, Refused) as error:
                self._say(Lost(error.detail))
            self._ended.wait(wait)
            wait = min(LONGEST_WAIT_SECONDS, 2 * wait)

    def _open(self, middleware: Middleware) -> None:
        """Begin with a session: its past, and the event from which on it is followed."""
        status = middleware.status(self._named or "")
        self._session = self._named or str(status.get("session_id") or "")
        log = middleware.log(PAST, session=self._session) if self._session else {}
        self._say(Opened(status, [each for each in log.get("exchanges") or [] if isinstance(each, dict)]))
        self._after, self._row, self._looks = str(log.get("last_event_id") or ""), 0, 0
        self._is_open = True
        self._measure(middleware)

    def _hear(self, middleware: Middleware) -> None:
        for event in middleware.events(self._after, self._named or ""):
            if self._ended.is_set():
                return
            if event.type == "status":
                if self._is_another(event.body):
                    self._is_open = False
                    return
                if not self._named or event.session_id == self._session:
                    self._say(Stands(event.body))
                self._looks += 1
                if self._looks % LOOK_EVERY == 0:
                    self._measure(middleware)
            elif event.session_id == self._session:
                self._after = event.id
                self._happened(event)

    def _is_another(self, status: Mapping[str, Any]) -> bool:
        """Whether a new session began, where none was named."""
        return not self._named and str(status.get("session_id") or "") not in ("", self._session)

    def _happened(self, event: Event) -> None:
        if event.type == "exchange":
            self._say(Said(event.body))
        elif text := note_of(event.type, event.body):
            self._say(Noted(text))

    def _measure(self, middleware: Middleware) -> None:
        if not self._session:
            return
        while found := middleware.measurements(self._row, self._session):
            self._row = max(int(each["row"]) for each in found)
            self._say(Measured(found))

    def _say(self, news: News) -> None:
        if not self._ended.is_set():
            self._tell(news)
