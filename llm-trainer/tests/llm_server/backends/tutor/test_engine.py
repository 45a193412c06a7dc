"""The tutor as a partner: what it says over whole sessions and to odd learners."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_trainer.llm_server.backends.base import Message
from llm_trainer.llm_server.backends.tutor import Tutor
from llm_trainer.llm_server.backends.tutor.engine import level_at
from tests.llm_server.backends.tutor.conversing import LEARNERS, converse, data, tutor

SPEAKABLE = re.compile(r"[A-Za-z0-9 ,.?!':;-]+")


def reply(heard: str, said: str = "Let's talk about cats.", topic: str = "cats", level: int = 2, turn: int = 5) -> str:
    return tutor().speak([Message("assistant", said), Message("user", heard)], topic, level, turn=turn)


@pytest.mark.slow
@pytest.mark.parametrize("learner", LEARNERS)
def test_five_thousand_turns_bring_no_whole_utterance_twice(learner: str) -> None:
    said = converse(5_000, LEARNERS[learner])

    assert len(set(said)) == 5_000


def test_the_same_arguments_give_the_same_text_in_another_tutor() -> None:
    said = converse(60, LEARNERS["remembering"])
    history = [Message("assistant", said[30]), Message("user", "dog run")]

    again = Tutor(1, data())

    assert again.speak(history, "dogs", 2, turn=31) == tutor().speak(history, "dogs", 2, turn=31)
    assert tutor(2).speak(history, "dogs", 2, turn=31) != again.speak(history, "dogs", 2, turn=31)


def test_a_turn_asked_for_anew_brings_other_words() -> None:
    history = [Message("assistant", "A dog says woof."), Message("user", "woof")]

    assert tutor().speak(history, "dogs", 2, 1230) != tutor().speak(history, "dogs", 2, 1231)


def test_its_own_question_is_answered_in_its_next_turn() -> None:
    assert "A cow says moo." in reply("", "What does a cow say?", "farm animals")
    assert "A cow says moo." in reply("blue", "What does a cow say?", "farm animals")


def test_most_turns_ask_but_not_all_and_most_tell_something() -> None:
    said = converse(560, LEARNERS["silent"])
    asking = sum(text.endswith("?") for text in said) / len(said)
    telling = sum(bool(re.search(r"[^?]\. |[.!]$", text)) for text in said) / len(said)

    assert 0.8 < asking < 0.99
    assert telling > 0.7


def test_utterances_grow_with_the_level() -> None:
    lengths = [
        sum(len(text.split()) for text in converse(100, LEARNERS["silent"], level=level)) / 100 for level in (0, 2, 4)
    ]

    assert lengths[0] < lengths[1] < lengths[2]
    assert [level_at(turn) for turn in (0, 20, 50, 150, 999)] == [0, 1, 2, 3, 4]


def test_a_learners_question_is_answered() -> None:
    assert "A banana is yellow." in reply("what color is a banana")
    assert "I'm fine, thank you." in reply("How are you?")
    assert "A dog says woof." in reply("what dog say?")


@pytest.mark.parametrize(("heard", "recast"), [("dog run park", "dog runs in the park"), ("bird fly", "bird can fly")])
def test_a_broken_sentence_comes_back_whole(heard: str, recast: str) -> None:
    assert recast in reply(heard)


def test_what_is_not_so_is_denied() -> None:
    assert "No, a dog can't fly." in reply("dog fly")


@pytest.mark.parametrize("heard", ["Are you a language model?", "are you human", "Are you an AI?", "you robot"])
def test_it_says_plainly_that_it_is_not_a_language_model(heard: str) -> None:
    assert "language model" in reply(heard)
    assert "not a language model" in tutor().describe()


def test_greetings_thanks_and_farewells_get_their_replies() -> None:
    assert "welcome" in reply("thank you")
    assert re.search("bye", reply("goodbye"), re.IGNORECASE)


def test_feelings_are_met() -> None:
    assert re.search("sorry|better soon", reply("I am sad"))
    assert re.search("glad|good to hear", reply("I'm happy"))


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300), st.integers(0, 10_000), st.integers(0, 4))
def test_whatever_is_heard_it_says_something_speakable(heard: str, turn: int, level: int) -> None:
    said = reply(heard, level=level, turn=turn)

    assert SPEAKABLE.fullmatch(said)
    assert len(said) < 600


@pytest.mark.parametrize("heard", ["", "asdf qwer zxcv", "Как дела?", "word " * 5_000, "What does a cat eat?"])
def test_odd_turns_do_not_stop_the_lesson(heard: str) -> None:
    assert 10 < len(reply(heard)) < 600


@pytest.mark.parametrize("topic", [None, "", "cats", "CATS", "my kitten", "quantum physics"])
def test_any_topic_can_be_wished_for(topic: str | None) -> None:
    assert tutor().speak([], topic)


def test_a_topic_is_found_by_words_near_it() -> None:
    assert re.search("cat|Pepper", tutor().speak([], "my kitten", 1))


def test_there_are_topics_enough_each_named_once() -> None:
    assert len(tutor().topics()) >= 50
    assert len(set(tutor().topics())) == len(tutor().topics())
