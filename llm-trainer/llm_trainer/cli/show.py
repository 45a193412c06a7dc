"""Where scenes are shown: a live panel on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import io
import sys
from contextlib import suppress
from types import TracebackType
from typing import IO, Protocol, TextIO, cast

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from llm_trainer.cli.scene import (
    ASCII_BLOCKS,
    BLOCKS,
    Scene,
    duration,
    exchange_lines,
    needs_saying,
    phase,
    plain_line,
    sparkline,
)

PLAIN_EVERY_SECONDS = 1.0


class Show(Protocol):
    """A place where scenes are shown."""

    def scene(self, scene: Scene, now: float) -> None: ...

    def note(self, text: str) -> None: ...

    def __enter__(self) -> Show: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...


def say(text: str, *, problem: bool = False) -> None:
    """Print lines; where nobody reads any more, be silent from then on."""
    name = "stderr" if problem else "stdout"
    try:
        print(text, file=getattr(sys, name), flush=True)
    except (OSError, ValueError):
        setattr(sys, name, _Nobody())


class _Nobody(io.StringIO):
    """Where words go when nobody reads any more."""

    def write(self, text: str) -> int:
        return len(text)


class Lasting(io.TextIOBase):
    """A stream that outlives its terminal: what cannot be written is dropped."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


def _console() -> Console:
    return Console(file=cast("IO[str]", Lasting(sys.stdout)), highlight=False)


def is_screen() -> bool:
    """Whether standard output is a terminal that can be drawn on."""
    console = _console()
    return console.is_terminal and not console.is_dumb_terminal


def open_show() -> Show:
    """The live panel where standard output is a terminal, else plain lines."""
    return Panel(_console()) if is_screen() else Lines()


class Lines:
    """One line a second at most, and none where neither count nor phase changed."""

    def __init__(self) -> None:
        self._shown: tuple[object, ...] = ()
        self._at = -PLAIN_EVERY_SECONDS

    def scene(self, scene: Scene, now: float) -> None:
        """Print the scene's line when it is due and new."""
        news = (scene.done, scene.running, phase(scene.status) if needs_saying(scene) else "", scene.note)
        if news != self._shown and (now - self._at >= PLAIN_EVERY_SECONDS or not scene.running):
            self._shown, self._at = news, now
            say(plain_line(scene))

    def note(self, text: str) -> None:
        """Print a remark."""
        say(text)

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        return None


class Panel:
    """A few lines of the terminal, drawn again in place; remarks scroll by above them."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._live = Live(console=console, auto_refresh=False, transient=False)

    def scene(self, scene: Scene, now: float) -> None:
        """Draw the scene."""
        self._live.update(draw(scene, self.console.width, self._unicode), refresh=True)

    def note(self, text: str) -> None:
        """Print a remark above the panel."""
        self.console.print(Text(text))

    @property
    def _unicode(self) -> bool:
        return not self.console.options.ascii_only and not self.console.legacy_windows

    def __enter__(self) -> Panel:
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._live.stop()


def draw(scene: Scene, width: int, unicode: bool) -> RenderableType:
    """The panel: bar, figures, the last exchange, and how the vocabulary grew."""
    room = max(20, width - 14)
    bar = Table.grid(padding=(0, 1))
    counts = f"{scene.done}/{scene.total or '?'}"
    bar.add_row(
        Text(counts, style="bold"),
        ProgressBar(total=max(1, scene.total), completed=scene.done, width=max(10, min(50, width - 45))),
        Text(f"{scene.rate:.1f}/s  eta {duration(scene.eta_seconds)}"),
    )
    rows = Table.grid(padding=(0, 1))
    rows.add_column(style="dim", no_wrap=True)
    rows.add_column(no_wrap=True, overflow="ellipsis" if unicode else "crop", max_width=room)
    topic = scene.status.get("current_topic") or "-"
    rows.add_row("topic", Text(f"{topic}   ({phase(scene.status)})"))
    if scene.latest:
        for line in exchange_lines(scene.latest):
            who, _, words = line.partition(": ")
            rows.add_row(who, Text(words))
    if scene.learner:
        shape = sparkline(scene.vocabulary, max(8, room - 34), BLOCKS if unicode else ASCII_BLOCKS)
        rows.add_row("stage", Text(str(scene.learner.get("stage", "-"))))
        rows.add_row("vocabulary", Text(f"{scene.learner.get('vocabulary', '-')} words  {shape}"))
    if scene.note:
        rows.add_row("note", Text(scene.note, style="yellow"))
    return Group(bar, rows)
