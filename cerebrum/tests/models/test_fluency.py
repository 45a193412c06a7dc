"""Fluency: the shared promises of a language model, over folded words."""

from __future__ import annotations

import math

import pytest

from cerebrum.models import Fluency
from cerebrum.state import digest
from cerebrum.tokenizer import words

TURNS = ["I like red apples.", "Do you like apples?", "I like green apples, too.", "Do you like red apples?"]


def teach(turns: list[str]) -> Fluency:
    fluency = Fluency()
    for turn in turns:
        fluency.learn(words(turn))
    return fluency


@pytest.mark.parametrize("history", [[], ["like"], ["do", "you", "like"], ["zebra"], ["i", "like"]])
@pytest.mark.parametrize("turns", [[], TURNS[:1], TURNS])
def test_probabilities_sum_to_one(turns: list[str], history: list[str]) -> None:
    fluency = teach(turns)
    everything = [*fluency.ids, "never heard", *([None] if turns else [])]
    assert sum(fluency.probability(history, word) for word in everything) == pytest.approx(1)


def test_learning_makes_the_learned_less_surprising() -> None:
    fluency = teach(TURNS)
    before = sum(fluency.logs(words("You like apples, too?")))
    fluency.learn(words("You like apples, too?"))
    assert sum(fluency.logs(words("You like apples, too?"))) > before


def test_a_candidate_costs_the_same_alone_and_among_others() -> None:
    fluency = teach(TURNS)
    candidates = [words(turn) for turn in [*TURNS, "like zebra"]]
    assert fluency.rank(candidates) == [fluency.logs(candidate) for candidate in candidates]


def test_order_matters() -> None:
    fluency = teach(TURNS)
    assert sum(fluency.logs(words("do you like red apples"))) > sum(fluency.logs(words("red you do apples like")))


def test_surprise_is_how_much_less_likely_a_word_is_here_than_anywhere() -> None:
    fluency = teach(TURNS)
    usual, odd, _ = fluency.surprise(["do", "apples"])
    assert usual == 0
    assert odd == pytest.approx(fluency.logs(["do", "apples"])[1] - math.log(fluency.probability([], "apples")))
    assert odd < 0


def test_forgetting_is_exact_whatever_the_order() -> None:
    fluency = teach([*TURNS, TURNS[0], "Zebras like apples."])
    for turn in ("Zebras like apples.", TURNS[2], TURNS[0]):
        fluency.forget(words(turn))
    expected = teach([TURNS[1], TURNS[3], TURNS[0]])
    for turn in TURNS:
        assert fluency.logs(words(turn)) == pytest.approx(expected.logs(words(turn)), rel=1e-9)


def test_a_restored_model_goes_on_as_the_original() -> None:
    fluency, other = teach(TURNS), Fluency()
    other.restore(fluency.state())
    other.learn(["green", "zebras"])
    fluency.learn(["green", "zebras"])
    assert digest(other.state()) == digest(fluency.state())
