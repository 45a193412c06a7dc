"""The recorded teacher keeps its place: whole dialogues in order, none twice before all were spoken."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_trainer.llm_server.backends.base import ChatRequest, Message
from llm_trainer.llm_server.backends.dialogues import Dialogue
from llm_trainer.llm_server.backends.recorded import Recorded
from tests.llm_server.stand_ins import ask

THREE = [
    Dialogue("cats", ("Hi!", "I like cats.", "They purr.")),
    Dialogue("rain", ("Hi!", "It rains.", "Take a coat.", "Bye.")),
    Dialogue("food", ("Hungry?", "Bread!")),
]
IN_ORDER = [text for dialogue in THREE for text in dialogue.turns]


def conversation(teacher: Recorded, count: int, *, window: int = 20, **fields: object) -> list[str]:
    """Talk as the middleware does: the past travels with each request, cut to the last ``window`` turns."""
    past: list[Message] = []
    said = []
    for number in range(count):
        past.append(Message("user", f"answer {number}"))
        text = teacher.speak(ChatRequest(tuple(past[-window:]), **fields))
        said.append(text)
        past.append(Message("assistant", text))
    return said


@pytest.mark.parametrize("window", [1, 2, 3, 20])
def test_dialogues_are_spoken_whole_and_in_order_and_then_again(window: int) -> None:
    assert conversation(Recorded(THREE), 12, window=window, session="s") == IN_ORDER + IN_ORDER[:3]


def test_without_any_past_it_goes_on_all_the_same() -> None:
    teacher = Recorded(THREE)
    again = ChatRequest((Message("user", "Hello!"),))

    assert [teacher.speak(again) for _ in range(9)] == IN_ORDER


@settings(deadline=None)
@given(st.integers(1, 8))
def test_after_a_restart_it_goes_on_where_the_conversation_is(before: int) -> None:
    past = [
        m for n, text in enumerate(IN_ORDER[:before]) for m in (Message("user", str(n)), Message("assistant", text))
    ]
    request = ChatRequest((*past, Message("user", "x")), session="s")

    assert Recorded(THREE).speak(request) == IN_ORDER[before]


@settings(deadline=None)
@given(st.integers(1, 8))
def test_the_same_request_again_gets_the_same_answer(before: int) -> None:
    teacher = Recorded(THREE)
    conversation(teacher, before, session="s")
    past = [
        m for n, text in enumerate(IN_ORDER[:before]) for m in (Message("user", str(n)), Message("assistant", text))
    ]
    request = ChatRequest((*past, Message("user", "x")), session="s")

    assert [teacher.speak(request) for _ in range(3)] == [IN_ORDER[before]] * 3


def test_a_cut_or_tidied_turn_is_still_recognised() -> None:
    past = (Message("assistant", "  it RAINS"), Message("user", "x"))

    assert Recorded(THREE).speak(ChatRequest(past)) == "Take a coat."


def test_a_topic_that_is_a_dialogue_chooses_it() -> None:
    teacher = Recorded(THREE)

    assert conversation(teacher, 2, topic="food", session="s") == ["Hungry?", "Bread!"]
    assert conversation(teacher, 1, topic="rain", session="s") == ["Hi!"]


def test_any_other_change_of_topic_means_the_next_dialogue() -> None:
    teacher = Recorded(THREE)
    first = conversation(teacher, 2, topic="weather", session="s")
    second = conversation(teacher, 2, topic="dinner", session="s")

    assert (first, second) == (["Hi!", "I like cats."], ["Hi!", "It rains."])


def test_sessions_share_the_recording_so_that_none_hears_what_another_heard() -> None:
    teacher = Recorded(THREE)

    assert conversation(teacher, 3, session="a") == list(THREE[0].turns)
    assert conversation(teacher, 4, session="b") == list(THREE[1].turns)
    assert conversation(teacher, 2, session="c") == list(THREE[2].turns)


def test_two_sessions_at_once_keep_their_own_places() -> None:
    teacher = Recorded(THREE)
    a, b = (ChatRequest((Message("user", "x"),), session=name) for name in "ab")

    heard = [teacher.speak(each) for each in (a, b, a, b, a)]
    assert heard == ["Hi!", "Hi!", "I like cats.", "It rains.", "They purr."]


def test_the_back_end_says_what_it_speaks_from() -> None:
    status = asyncio.run(Recorded(THREE, "d.jsonl").status())

    assert (status.state, status.model) == ("ready", "recorded")
    assert "3 recorded dialogues of d.jsonl" in status.detail
    assert Recorded(THREE).topics() == ("cats", "rain", "food")


def test_a_turn_that_could_not_be_used_is_followed_by_the_next_and_asking_again_for_that_brings_the_same() -> None:
    recorded = Recorded([Dialogue("d", ("One is here.", "Two is here.", "Three is here."))])
    assert recorded.speak(ask("", session="s", turn=0)) == "One is here."
    after_one = {"session": "s", "turn": 1}
    assert recorded.speak(ask("", "One is here.", "so", **after_one)) == "Two is here."

    again = [recorded.speak(ask("", "One is here.", "so", **after_one, attempt=1)) for _ in range(2)]

    assert again == ["Three is here.", "Three is here."]
