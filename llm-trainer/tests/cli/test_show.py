from __future__ import annotations

import io
from typing import IO, cast

import pytest
from rich.console import Console

from llm_trainer.cli.scene import Scene
from llm_trainer.cli.show import Lasting, Lines, Panel, draw

SCENE = Scene(
    status={
        "running": True,
        "exchanges_completed": 3,
        "max_exchanges": 9,
        "current_topic": "snow ☃",
        "phase": "teaching",
    },
    latest={"llm_to_cerebrum": "Look: ☃ \x1b[2J" + "x" * 300, "cerebrum_response": "snow"},
    learner={"stage": "words", "vocabulary": 12},
    vocabulary=(1, 2, 3),
)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "cp437", "ascii"])
@pytest.mark.parametrize("width", [30, 80, 200])
def test_every_console_can_show_the_panel(encoding: str, width: int) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, errors="replace")
    console = Console(file=stream, width=width, force_terminal=True, legacy_windows=False)

    with Panel(console) as panel:
        panel.scene(SCENE, 0.0)
    stream.flush()

    shown = raw.getvalue().decode(encoding)
    assert "words" in shown
    assert "\x1b[2J" not in shown


def test_the_panel_fits_the_width() -> None:
    console = Console(width=60, record=True, file=io.StringIO())

    console.print(draw(SCENE, 60, unicode=True))

    assert all(len(line) <= 60 for line in console.export_text().splitlines())


def test_a_closed_terminal_ends_nothing() -> None:
    class Closed(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError("terminal is gone")

    with Panel(Console(file=cast("IO[str]", Lasting(Closed())), force_terminal=True)) as panel:
        panel.scene(SCENE, 0.0)
        panel.note("still here")


def test_plain_lines_come_once_a_second_and_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()

    for tenth in range(21):
        done = Scene(status={"running": tenth < 20, "exchanges_completed": tenth, "max_exchanges": 20})
        lines.scene(done, tenth / 10)

    shown = capsys.readouterr().out.splitlines()
    assert [line.split(" ")[0] for line in shown] == ["0/20", "10/20", "20/20"]
