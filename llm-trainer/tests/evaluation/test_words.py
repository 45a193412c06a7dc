from __future__ import annotations

import pytest

from llm_trainer.evaluation.lexicon import Counts, Lexicon
from llm_trainer.evaluation.words import echo, kind_of_reply, sentences, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Don't! It’s ＦＩＮＥ.", ["don't", "it’s", "fine"]),
        ("3 cats, straße über_all", ["3", "cats", "straße", "über", "all"]),
        ("…", []),
        (None, []),
    ],
)
def test_words_are_letters_and_digits_with_inner_apostrophes(text: str | None, found: list[str]) -> None:
    assert words(text) == found


def test_sentences_without_a_word_are_none() -> None:
    assert sentences("Hello... there! !") == [["hello"], ["there"]]


@pytest.mark.parametrize(
    ("reply", "line", "kind"),
    [
        ("", "hello", "silent"),
        ("hello", "hello there", "ambiguous"),
        ("bread", "hello there", "spontaneous"),
        ("the big dog", "see the big brown dog", "imitation"),
        ("dog big the see", "see the big dog", "spontaneous"),
    ],
)
def test_a_reply_that_takes_four_fifths_of_its_words_in_their_order_is_an_imitation(
    reply: str, line: str, kind: str
) -> None:
    assert kind_of_reply(words(reply), echo(words(reply), words(line))) == kind


def test_a_word_is_productive_once_it_was_said_twice_in_answer_to_different_lines_and_once_unprompted() -> None:
    lexicon = Lexicon()

    assert lexicon.add(["a", "dog"], ["a", "dog"], "imitation") == Counts(heard=2, echoed=2)
    assert lexicon.add(["a", "cat"], ["my", "dog"], "spontaneous") == Counts(3, 1, 2, 0)
    for _ in range(3):
        lexicon.add(["rain"], [], "silent")
    assert lexicon.add(["sun"], ["dog"], "spontaneous") == Counts(5, 1, 2, 1)
