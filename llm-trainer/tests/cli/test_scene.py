from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_trainer.cli.scene import ASCII_BLOCKS, BLOCKS, Scene, duration, ending, plain_line, printable, rate, sparkline

floats = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e9, max_value=1e9)


@given(st.lists(floats), st.integers(0, 60), st.sampled_from([BLOCKS, ASCII_BLOCKS]))
def test_a_sparkline_fits_and_keeps_its_alphabet(values: list[float], width: int, blocks: str) -> None:
    line = sparkline(values, width, blocks)

    assert len(line) <= width
    assert set(line) <= set(blocks)


@given(st.lists(floats, min_size=2, unique=True))
def test_a_sparkline_wide_enough_shows_lowest_and_highest(values: list[float]) -> None:
    line = sparkline(values, len(values))

    assert line[values.index(min(values))] == BLOCKS[0]
    assert line[values.index(max(values))] == BLOCKS[-1]


@given(st.text())
def test_nothing_printed_can_steer_the_terminal(text: str) -> None:
    assert printable(text).isprintable()


def test_the_rate_is_that_of_the_window() -> None:
    assert rate([(0.0, 0), (1.0, 30), (2.0, 40)]) == 20.0
    assert rate([(0.0, 0)]) == 0.0
    assert rate([(5.0, 3), (5.0, 9)]) == 0.0


def test_without_a_word_from_the_middleware_the_time_left_follows_the_rate() -> None:
    assert Scene(status={"exchanges_completed": 20, "max_exchanges": 100}, rate=4.0).eta_seconds == 20.0
    assert Scene(status={"exchanges_completed": 20, "max_exchanges": 100}).eta_seconds is None


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0 s"), (59.6, "1 min 00 s"), (3600, "1 h 00 min"), (None, "-")])
def test_durations_read_well(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words


def test_a_waiting_session_says_for_what() -> None:
    scene = Scene(status={"running": True, "phase": "waiting_learner", "last_error": {"detail": "nobody home"}})

    assert plain_line(scene).endswith("waiting learner: nobody home")


def test_uncertain_exchanges_are_never_passed_over() -> None:
    scene = Scene(status={"exchanges_completed": 9, "max_exchanges": 9, "uncertain": 2, "guarantee": "at-most-once"})

    assert any("2 of them may not have reached the learner" in line for line in ending(scene))


def test_the_end_says_how_long_it_took() -> None:
    times = {"started_at": "2026-01-02T03:04:05.000Z", "ended_at": "2026-01-02T03:05:10.250Z"}

    assert "9 of 9 exchanges recorded in 1 min 05 s" in "\n".join(
        ending(Scene(status={"exchanges_completed": 9, "max_exchanges": 9, **times}))
    )


def test_an_empty_answer_makes_an_empty_scene() -> None:
    assert plain_line(Scene()).startswith("0/?")
    assert ending(Scene())
