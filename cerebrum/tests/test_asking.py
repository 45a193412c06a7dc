"""What is asked about, and what is told of it."""

from __future__ import annotations

import pytest

from cerebrum.asking import Asked
from cerebrum.dialogue import Observation
from cerebrum.mind import Mind
from cerebrum.working_set import Remembered

TALK = ("How are you today?", "I come from Spain. I like it.", "That is nice. What do you do?", "I work a lot.")


def heard(*turns: str) -> Mind:
    mind = Mind()
    for seq, turn in enumerate(turns * 3, 1):
        mind.learn(Observation(seq, f"talk-{seq // 4}", turn))
    return mind


def asked(mind: Mind, turn: str) -> Asked:
    return Asked(mind._query(turn, Remembered()), mind.turns, mind.composer, mind.fluency)


def told(mind: Mind, turn: str, *kinds: str) -> dict[str, float]:
    """How much each candidate of these kinds tells of what a turn asks about."""
    candidates = mind.composer.compose(mind._query(turn, Remembered()), kinds)
    return {c.text: t for c, t in zip(candidates, asked(mind, turn).told(candidates), strict=True)}


def test_the_word_talked_about_outweighs_the_phrase_that_asks_for_it() -> None:
    mind = heard(*TALK, "So, tell me a little about you.", "A rinux is a grey flower.")

    about = asked(mind, "Tell me about the rinux.").about

    assert about["rinux"] > about["tell"]


def test_nothing_known_is_asked_where_no_rare_word_was_heard() -> None:
    question = asked(heard(*TALK), "zuzux")

    assert (question.about, question.told([])) == ({}, [])


def test_a_turn_that_names_a_thing_and_then_describes_it_tells_more_than_its_first_sentence() -> None:
    mind = heard(*TALK, "I saw a virix today. It was a pink tool.")

    tells = told(mind, "What is a virix?", "heard", "sentence")

    assert tells["I saw a virix today. It was a pink tool."] > tells["I saw a virix today."] > 0


def test_a_sentence_taken_out_of_a_turn_tells_its_share_only() -> None:
    mind = heard(*TALK, "I saw a virix today. It was a pink tool.")

    tells = told(mind, "What is a virix?", "pair", "sentence")

    assert all(share < 0.5 for text, share in tells.items() if "virix" in text and "pink" not in text)
    assert tells["I saw a virix today."] > 0


def test_of_two_things_it_may_be_the_one_heard_of_it_is_told() -> None:
    mind = heard(*TALK, "My ropox is a soup that sings.", "I saw a nozex today. It was a blue fish.")

    tells = told(mind, "Is a nozex a fish or a soup?", "heard")

    assert tells["I saw a nozex today. It was a blue fish."] > 4 * tells["My ropox is a soup that sings."] > 0


def test_what_was_not_said_of_a_thing_tells_nothing_of_it() -> None:
    mind = heard(*TALK, "I saw a nozex today. It was a blue fish.", "I saw a ropox today. It was a brown soup.")
    lie = "I saw a nozex today. It was a brown soup."

    tells = told(mind, "What is a nozex?", "pair", "crossover", "heard")

    assert lie in tells
    assert tells[lie] == 0.0 < tells["I saw a nozex today. It was a blue fish."]
    assert lie not in mind.respond("What is a nozex?").text


@pytest.mark.parametrize(("answer", "same"), [("A wug is blue.", True), ("I wug!", False)])
def test_a_word_that_stands_as_in_the_question_is_what_was_asked_about(answer: str, same: bool) -> None:
    mind = heard("It is a lot.", "It is the best.", "Is a cat the best?", "Is the cat a lot?", answer)

    role = asked(mind, "Tell me about the wug.")._role(answer.split(maxsplit=1)[0].lower(), "wug")

    assert role == 1.0 if same else role < 0.6
