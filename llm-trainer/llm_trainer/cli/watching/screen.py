"""The whole screen: transcript, curves, how the session stands, and keys to steer it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.events import Resize
from textual.message import Message
from textual.widgets import Footer, RichLog, Static

from llm_trainer.cli.client import Json, Middleware, Refused
from llm_trainer.cli.exits import Exit
from llm_trainer.cli.scene import printable
from llm_trainer.cli.watching.drawing import aside, growth, headline, spoken
from llm_trainer.cli.watching.listening import Listener
from llm_trainer.cli.watching.picture import News, Noted, Opened, Picture, Said
from llm_trainer.errors import PeerError

WIDE = 90
SIDE = 38


class Heard(Message):
    """Something was heard, in the listener's thread; handled in the screen's."""

    def __init__(self, news: News) -> None:
        super().__init__()
        self.news = news


class Screen(App[int]):
    """Watches ``session`` (the newest, whichever that is, when None) until q is pressed."""

    ENABLE_COMMAND_PALETTE = False
    CSS = f"""
    #head {{ height: auto; padding: 0 1; background: $panel; }}
    #words {{ width: 1fr; padding: 0 1; scrollbar-size-vertical: 1; overflow-x: hidden; }}
    #side {{ width: {SIDE}; padding: 0 1; border-left: solid $panel; scrollbar-size-vertical: 1; }}
    #note {{ height: 1; padding: 0 1; background: $panel; }}
    .narrow #side {{ display: none; }}
    .narrow.curves #side {{ display: block; width: 1fr; border-left: none; }}
    .narrow.curves #words {{ display: none; }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "steer('pause')", "pause"),
        Binding("r", "steer('resume')", "resume"),
        Binding("n", "steer('step')", "one more"),
        Binding("s", "stop", "stop"),
        Binding("c", "curves", "curves"),
        Binding("end", "newest", "newest"),
        Binding("q,ctrl+c,escape", "leave", "quit"),
    ]

    def __init__(self, middleware: Middleware, session: str | None) -> None:
        super().__init__()
        self._middleware = middleware
        self._listener = Listener(middleware.url, session, self._tell)
        self.picture = Picture()
        self._stop_asked = False
        self._drawn = self._width = 0

    def show(self) -> int:
        """Until a person leaves; the exit code."""
        code = self.run()
        return Exit.DONE if code is None and not self.return_code else (code or self.return_code or Exit.DONE)

    def compose(self) -> ComposeResult:
        yield Static(id="head")
        with Horizontal():
            yield RichLog(id="words", min_width=10, max_lines=6_000)
            with VerticalScroll(id="side"):
                yield Static(id="growth")
        yield Static(id="note")
        yield Footer()

    def on_mount(self) -> None:
        self.query_one("#words").focus()
        self._listener.start()

    def on_unmount(self) -> None:
        self._listener.end()

    def _tell(self, news: News) -> None:
        self.post_message(Heard(news))

    def on_heard(self, heard: Heard) -> None:
        if not self.picture.apply(heard.news):
            return
        if isinstance(heard.news, Opened):
            self._rewrite()
        elif isinstance(heard.news, Said):
            self._write(spoken(heard.news.exchange, self._room))
        elif isinstance(heard.news, Noted) and not heard.news.aside:
            self._write(aside(heard.news.text, self._room))
        self._draw()

    @property
    def _room(self) -> int:
        """Columns of the transcript: the whole width without the curves, the padding and the scroll bar."""
        return self._width - (3 if self.has_class("narrow") else 3 + SIDE)

    def on_resize(self, event: Resize) -> None:
        self._width = event.size.width  # ``size`` follows later
        self.set_class(self._width < WIDE, "narrow")
        if self._room != self._drawn:
            self._rewrite()
        self._draw()

    def _rewrite(self) -> None:
        """Break the transcript's lines anew."""
        self._drawn = self._room
        self.query_one("#words", RichLog).clear()
        for exchange in self.picture.exchanges:
            self._write(spoken(exchange, self._room), follow=True)

    def _write(self, lines: list[Text], *, follow: bool = False) -> None:
        log = self.query_one("#words", RichLog)
        at_end = follow or log.is_vertical_scroll_end
        for line in lines:
            log.write(line, scroll_end=at_end)

    def _draw(self) -> None:
        picture, room = self.picture, max(20, self._width - 2)
        self.query_one("#head", Static).update(headline(picture, room))
        side = self._width - 3 if self.has_class("narrow") else SIDE - 4
        self.query_one("#growth", Static).update(growth(picture, side))
        if picture.lost:
            note = Text(f"connection lost, trying again: {printable(picture.lost)}", style="bold yellow")
        else:
            note = Text(picture.notes[-1] if picture.notes else "", style="dim")
        self.query_one("#note", Static).update(note)

    def action_steer(self, verb: str) -> None:
        """Pause, resume or step; the answer comes when the session holds, so it is waited for elsewhere."""
        ask = {"pause": self._middleware.pause, "resume": self._middleware.resume, "step": self._middleware.step}
        self._ask(verb, ask[verb])

    def action_stop(self) -> None:
        """Stop the session, at the second press."""
        if not self._stop_asked:
            self._stop_asked = True
            self._tell(Noted("press s again to stop the session, any other key not to", aside=True))
            return
        self._stop_asked = False
        self._ask("stop", self._middleware.stop)

    def on_key(self, event: object) -> None:
        """Any other key takes the wish to stop back."""
        if getattr(event, "key", "") != "s":
            self._stop_asked = False

    def action_curves(self) -> None:
        """On a narrow screen: curves instead of the transcript, or back."""
        self.toggle_class("curves")
        self._draw()

    def action_newest(self) -> None:
        """Go to the end of the transcript."""
        self.query_one("#words", RichLog).scroll_end(animate=False)

    def action_leave(self) -> None:
        """End the watching, not the session."""
        self._listener.end()
        self.exit(int(Exit.DONE))

    def _ask(self, verb: str, question: Callable[[str], Json]) -> None:
        session = str(self.picture.status.get("session_id") or "")

        def ask() -> None:
            try:
                answer = question(session)
                self._tell(Noted(f"{verb}: {answer.get('status', 'done')}", aside=True))
            except (PeerError, Refused) as error:
                self._tell(Noted(f"{verb}: {error.detail}", aside=True))

        self._tell(Noted(f"{verb} …", aside=True))
        threading.Thread(target=ask, name=verb, daemon=True).start()
