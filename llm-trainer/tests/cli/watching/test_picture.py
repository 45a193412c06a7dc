from __future__ import annotations

from typing import Any

import pytest

from llm_trainer.cli.watching.picture import CURVE_POINTS, Curve, Lost, Measured, Opened, Picture, Said, Stands, note_of


def exchange(number: int, reply: str = "one two") -> dict[str, Any]:
    return {"number": number, "llm_to_cerebrum": "Hello.", "cerebrum_response": reply}


def test_an_exchange_told_twice_is_shown_once() -> None:
    picture = Picture()
    picture.apply(Opened({"session_id": "s"}, [exchange(1), exchange(2)]))

    assert not picture.apply(Said(exchange(2)))
    assert picture.apply(Said(exchange(3)))
    assert [each["number"] for each in picture.exchanges] == [1, 2, 3]


def test_another_session_is_another_picture() -> None:
    picture = Picture()
    picture.apply(Opened({"session_id": "a"}, [exchange(9)]))
    picture.apply(Measured([{"vocabulary": 7}]))
    picture.apply(Opened({"session_id": "b"}, [exchange(1)]))

    assert picture.last_number == 1
    assert picture.vocabulary.values == []


def test_a_lost_connection_is_said_once_and_over_with_the_next_word() -> None:
    picture = Picture()

    assert picture.apply(Lost("gone"))
    assert not picture.apply(Lost("gone"))
    picture.apply(Stands({"running": True}))
    assert picture.lost == ""


def test_what_the_learner_did_not_measure_makes_no_curve() -> None:
    picture = Picture()
    picture.apply(Measured([{"vocabulary": 3, "bits_per_character": None}, {"vocabulary": "many"}, {}]))

    assert picture.vocabulary.values == [3.0]
    assert picture.surprise.values == []


def test_a_long_curve_keeps_its_shape_in_bounded_room() -> None:
    curve = Curve()
    for value in range(100_000):
        curve.add(value)

    assert len(curve.values) < CURVE_POINTS
    assert curve.values == sorted(curve.values)
    assert curve.values[-1] > 99_000


@pytest.mark.parametrize(
    ("type_", "body", "said"),
    [
        ("topic", {"topic": "tea"}, "topic: tea"),
        ("note", {"code": "rejected", "detail": "empty"}, "rejected: empty"),
        ("phase", {"phase": "waiting_llm", "reason": "down"}, "waiting llm: down"),
        ("phase", {"phase": "running", "reason": None}, ""),
        ("end", {"reason": "completed"}, "ended: completed"),
    ],
)
def test_events_are_said_in_words(type_: str, body: dict[str, Any], said: str) -> None:
    assert note_of(type_, body) == said
