"""What is answered when a turn is about something never heard of."""

from __future__ import annotations

import pytest

from cerebrum.dialogue import Observation
from cerebrum.mind import Mind
from cerebrum.strangers import Strangers
from cerebrum.working_set import Remembered
from tests.test_mind import talk, teach

KNOWN = [(f"What is a {thing}?", f"You saw the {thing} today.") for thing in ("river", "garden", "beach", "market") * 4]
UNKNOWN = [
    ("What is a plimo?", "I never met that."),
    ("What is a gralt?", "I never did. Tell me."),
    ("What is a snurf?", "That is new to me."),
    ("Where is the brelp?", "The brelp is there."),
]


@pytest.fixture(scope="module")
def mind() -> Mind:
    """Has heard sixteen conversations and four questions about new words. Tests must not teach it."""
    return teach(teach(Mind(), [*talk(count=16), *KNOWN]), UNKNOWN, 100)


def strangers(mind: Mind) -> Strangers:
    return Strangers(mind.turns, mind.contexts)


def test_the_share_of_what_was_never_heard_of_is_all_none_or_between(mind: Mind) -> None:
    own = strangers(mind)

    assert own.share(("?", "zuzux")) > own.share(("brelp", "zuzux")) > own.share(("brelp", "?")) == 0.0


def test_an_answer_of_not_knowing_is_nearer_to_what_not_knowing_lets_expect(mind: Mind) -> None:
    query = mind._query("A zuzux?", Remembered())
    candidates = mind.composer.compose(query, ("heard",))

    lost, _ = strangers(mind).weigh(query, candidates)

    found = {c.text: near for c, near in zip(candidates, lost, strict=True)}
    assert found["I never met that."] > found["The brelp is there."]


def test_where_all_words_were_heard_nothing_speaks_for_not_knowing(mind: Mind) -> None:
    query = mind._query("What is a lake?", Remembered())
    candidates = mind.composer.compose(query, ("heard",))

    lost, asserted = strangers(mind).weigh(query, candidates)

    assert not lost.any()
    assert not asserted.any()


def test_an_answer_that_takes_up_the_new_word_or_is_forgotten_is_not_learned_from() -> None:
    mind = teach(teach(Mind(), [*talk(count=16), *KNOWN]), UNKNOWN, 100)
    untaken = strangers(mind)._is_untaken
    answers = {mind.turns.passages[p.answer.turn].text for p in mind.contexts.pairs if untaken(p)}
    mind.forget(101)

    left = {mind.turns.passages[p.answer.turn].text for p in mind.contexts.pairs if untaken(p)}

    assert {"I never met that.", "That is new to me."} <= answers
    assert "The brelp is there." not in answers
    assert "I never met that." not in left


def test_what_is_known_is_told(mind: Mind) -> None:
    own = teach(teach(Mind(), [*talk(count=16), *KNOWN]), UNKNOWN, 100)
    own.learn(Observation(500, "fact", "A zorblat is a green fish."))

    assert "green fish" in own.respond("What is a zorblat?").text
