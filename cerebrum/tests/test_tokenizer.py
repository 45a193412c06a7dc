"""Tokens join back to the text; sentence ends are found, not given."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cerebrum.tokenizer import SentenceEnds, encode, fold, join, words


@given(st.text())
def test_tokens_join_back_to_the_text(text: str) -> None:
    assert "".join(encode(text)) == text


def test_a_word_keeps_its_apostrophe_and_the_blank_before_it() -> None:
    assert encode("Hi, don't go.") == ["Hi", ",", " don't", " go", "."]


def test_folding_ignores_case_and_blanks() -> None:
    assert fold(" Hello") == fold("hello")
    assert words("  Hello,\n World ") == ["hello", ",", "world"]


def heard(*turns: str) -> SentenceEnds:
    ends = SentenceEnds()
    for turn in turns:
        ends.learn(words(turn))
    return ends


def test_no_sentence_end_is_known_before_it_was_heard() -> None:
    tokens = encode("One. Two.")

    assert SentenceEnds().spans(tokens) == [(0, 4)]


def test_a_token_that_ends_turns_becomes_a_sentence_end_in_any_script() -> None:
    ends = heard(*["これ は 本 。"] * 6, *["あれ は 犬 。"] * 6)

    assert list(ends.ends) == ["。"]


def test_a_word_that_is_mostly_inside_turns_is_no_sentence_end() -> None:
    ends = heard(*["you are you and you know you like you ."] * 20)

    assert "you" not in ends.ends


def test_sentences_cover_the_turn_and_end_at_the_last_of_several_ends() -> None:
    ends = heard(*["It is so ."] * 12)
    tokens = encode("It costs 3.5 now. Really.. Yes")

    spans = ends.spans(tokens)

    assert [join(tokens[a:b]) for a, b in spans] == ["It costs 3.5 now.", "Really..", "Yes"]
    assert spans[0][0] == 0
    assert all(a[1] == b[0] for a, b in pairwise(spans))


def test_how_long_a_turn_is_on_average_follows_what_is_heard_and_forgotten() -> None:
    ends = SentenceEnds()
    assert ends.words_a_turn == 1.0

    ends.learn(words("one two three four"))
    ends.learn(words("five six"))
    assert ends.words_a_turn == 3.0

    ends.forget(words("five six"))
    restored = SentenceEnds()
    restored.restore(ends.state())
    assert ends.words_a_turn == restored.words_a_turn == 4.0


def test_forgetting_a_turn_takes_it_out_of_the_counts() -> None:
    ends = heard("One .", "Two .")

    ends.forget(words("Two ."))

    assert ends.turns == 1
    assert ends.total["two"] == 0
