from __future__ import annotations

from rich.console import Console

from llm_trainer.cli.watching.drawing import growth, headline, plot, spoken
from llm_trainer.cli.watching.picture import Measured, Opened, Picture


def test_a_curve_is_low_where_the_values_are_and_high_where_they_are() -> None:
    lines = plot([1, 2, 3, 4], 4, 2)

    assert len(lines) == 2
    assert lines[0][0] == lines[0][1] == " "
    assert lines[0][3] == lines[1][3] == "█"
    assert plot([], 10, 3) == ["", "", ""]
    assert len(plot(list(range(1000)), 30)[0]) == 30


def test_no_line_is_wider_than_its_place_and_no_word_is_lost() -> None:
    said = "a rather long sentence about the sea and the wind " * 3
    lines = spoken({"number": 12345, "llm_to_cerebrum": said, "cerebrum_response": "yes", "status": "uncertain"}, 40)

    assert all(line.cell_len <= 40 for line in lines)
    assert " ".join(line.plain for line in lines).split()[1:] == [
        *said.split(),
        "yes",
        *["may", "not", "have", "been", "heard"],
    ]


def test_what_is_said_steers_no_terminal() -> None:
    lines = spoken({"number": 1, "llm_to_cerebrum": "\x1b[2J\x9b31m\u202egone", "cerebrum_response": "\x07"}, 80)

    assert not {"\x1b", "\x9b", "\u202e", "\x07"} & set("".join(line.plain for line in lines))
    assert lines[1].plain.strip() == "(silent)"


def test_the_screen_is_drawn_from_nothing_from_little_and_from_odd_answers() -> None:
    console = Console(width=60, record=True, file=None)
    for status in (
        {},
        {"session_id": "s"},
        {"session_id": "s", "learner": "odd", "rate_per_second": "fast", "delay": None},
    ):
        picture = Picture()
        picture.apply(Opened(status, []))
        picture.apply(Measured([{"vocabulary": 5, "bits_per_character": 2.5}]))
        with console.capture() as captured:
            console.print(headline(picture, 60))
            console.print(growth(picture, 30))
        assert "5 words known" in captured.get()
