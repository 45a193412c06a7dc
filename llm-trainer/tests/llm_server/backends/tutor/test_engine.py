"""The tutor as a partner: what it says over whole sessions and to odd learners."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_trainer.llm_server.backends.base import Message
from llm_trainer.llm_server.backends.tutor import Tutor
from llm_trainer.llm_server.backends.tutor.engine import level_at
from llm_trainer.llm_server.backends.tutor.listening import question_in, sentences
from tests.llm_server.backends.tutor.conversing import LEARNERS, converse, data, tutor

SPEAKABLE = re.compile(r"[A-Za-z0-9 ,.?!':;-]+")


def reply(heard: str, said: str = "Let's talk about cats.", topic: str = "cats", level: int = 2, turn: int = 5) -> str:
    return tutor().speak([Message("assistant", said), Message("user", heard)], topic, level, turn=turn)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("learner", "level"), [(learner, None) for learner in LEARNERS] + [("silent", 0), ("echoing", 2), ("silent", 4)]
)
def test_five_thousand_turns_bring_no_whole_utterance_twice(learner: str, level: int | None) -> None:
    said = converse(5_000, LEARNERS[learner], level=level)

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


@pytest.mark.parametrize("level", range(5))
@pytest.mark.parametrize("heard", ["woof", "", "What is your name?", "bye", "dog dog dog dog"])
def test_each_attempt_at_a_turn_brings_words_that_none_before_it_brought(heard: str, level: int) -> None:
    history = [Message("assistant", "A dog says woof."), Message("user", heard)]

    for turn in (0, 7, 31, 250, 4_001):
        said = [tutor().speak(history, "dogs", level, turn=turn, attempt=attempt) for attempt in range(9)]
        assert len({*said}) == 9
        assert said == [Tutor(1, data()).speak(history, "dogs", level, turn=turn, attempt=each) for each in range(9)]
        assert tutor().speak(history, "dogs", level, turn=turn) == said[0]


def test_an_attempt_stays_with_its_topic() -> None:
    history = [Message("assistant", "A dog says woof."), Message("user", "woof")]

    said = [tutor().speak(history, "dogs", 2, turn=32, attempt=attempt) for attempt in range(9)]

    assert sum("dog" in text.lower() or "pupp" in text.lower() for text in said) >= 5


def test_its_own_question_is_answered_in_its_next_turn() -> None:
    assert "A cow says moo." in reply("", "What does a cow say?", "farm animals")
    assert "A cow says moo." in reply("blue", "What does a cow say?", "farm animals")


def mean_words(said: list[str]) -> float:
    return sum(len(text.split()) for text in said) / len(said)


@pytest.mark.parametrize("level", range(5))
def test_about_half_of_the_turns_ask(level: int) -> None:
    said = converse(610, LEARNERS["silent"], level=level)

    assert 0.38 <= sum(text.endswith("?") for text in said) / len(said) <= 0.6


def test_no_turn_after_turn_is_a_question_for_long() -> None:
    said = converse(610, LEARNERS["silent"], level=4)
    marks = "".join("?" if text.endswith("?") else "." for text in said)

    assert "????" not in marks
    assert ".." in marks


def test_utterances_grow_with_the_level() -> None:
    means = [mean_words(converse(300, LEARNERS["silent"], level=level)) for level in range(5)]

    assert means == sorted(means)
    assert means[0] <= 5.0
    assert means[4] >= 14.0
    assert [level_at(turn) for turn in (0, 20, 50, 150, 999)] == [0, 1, 2, 3, 4]


def test_the_first_thirty_turns_are_short() -> None:
    said = converse(30, LEARNERS["silent"])
    parts = [part for text in said for part in sentences(text)]

    assert mean_words(parts) <= 5.0
    assert max(len(sentences(text)) for text in said) <= 3


def test_a_story_goes_on_over_several_turns_whatever_the_learner_babbles() -> None:
    said = converse(610, LEARNERS["random"], level=2)
    stories = [story.text for topic in data().topics for story in topic.stories]
    begun = [(number, story) for number, text in enumerate(said) for story in stories if sentences(story)[0] in text]
    told = [story for number, story in begun if sentences(story)[-1] in said[min(number + 2, len(said) - 1)]]

    assert len(told) >= 15
    assert len(told) == len(begun)


def test_what_follows_an_answer_goes_on_about_the_same_thing() -> None:
    said = converse(610, LEARNERS["silent"], level=2)
    going_on = [text for text in said if re.match(r"[A-Z][^.?]+\. (It|They|He|She) [a-z]+ [^.?]+\.$", text)]

    assert len(going_on) > 40


def test_one_reaction_takes_the_place_of_the_answer() -> None:
    said = reply("what color is a banana", "What does a cow say?", "farm animals")

    assert "A banana is yellow." in said
    assert "moo" not in said


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


@pytest.mark.parametrize(
    "heard", ["A rider is a person on a horse. Did you ever fall off a horse?", "A real cat. Do you?"]
)
def test_it_is_not_asked_about_itself_by_words_that_only_stand_near(heard: str) -> None:
    assert "language model" not in reply(heard)


def test_a_when_clause_is_no_question() -> None:
    assert question_in("When I am cold, I put on a warm coat.") == ""
    assert question_in("what dog say") == "what dog say"


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
    assert re.search("cat|kitten|Pepper", tutor().speak([], "my kitten", 1))


def test_there_are_topics_enough_each_named_once() -> None:
    assert len(tutor().topics()) >= 60
    assert len(set(tutor().topics())) == len(tutor().topics())
