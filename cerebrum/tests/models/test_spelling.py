"""Spelling: unknown words share all probability there is, known words get none."""

from __future__ import annotations

from itertools import product

import pytest

from cerebrum.models.letters import _BANDS, Letters
from cerebrum.models.spelling import Spelling

WORDS = ["ab", "abc", "b", "ba", "cab"]
SHORT = ["".join(letters) for length in range(6) for letters in product("abc", repeat=length)]


@pytest.mark.parametrize("start", ["", "a", "ab", "abc", "zz", "cabab"])
def test_all_next_letters_share_all_probability(start: str) -> None:
    letters = Letters()
    for word in WORDS:
        letters.learn(word)
    history = [1] * 5 + [letters.ids.get(letter, 2) for letter in start]
    known = sum(letters._next(history, symbol, letter) for letter, symbol in letters.ids.items())
    new = letters._next(history, 2, "z") / letters._prior(ord("z"))
    assert known + new + letters._next(history, 0, "") == pytest.approx(1)


def test_all_letters_never_met_share_all_probability() -> None:
    letters = Letters()
    letters.learn("zebra 猫")
    shares, low = 0.0, 0
    for bound, _ in _BANDS:
        unmet = [code for code in range(low, bound) if chr(code) not in letters.ids]
        shares += len(unmet) * letters._prior(unmet[0])
        low = bound
    assert shares == pytest.approx(1)


def test_unknown_words_never_get_more_than_all_probability() -> None:
    spelling = Spelling()
    known: dict[str, None] = {}
    for word in WORDS:
        spelling.learn(word, "", known)
        known[word] = None
    total = sum(2 ** -spelling.cost(word, "", known) for word in SHORT if word not in known)
    assert 0.1 < total < 1


def test_ruling_out_a_known_word_leaves_more_to_the_others() -> None:
    letters = Letters()
    for word in WORDS:
        letters.learn(word)
    assert letters.cost("abca", dict.fromkeys(WORDS)) < letters.cost("abca", {})


def test_words_like_those_heard_are_likelier() -> None:
    spelling = Spelling()
    known: dict[str, None] = {}
    for word in (" walking", " talking", " looking", " cooking", " thinking"):
        spelling.learn(word, " am", known)
        known[word] = None
    assert spelling.cost(" baking", " am", known) < spelling.cost(" bnkiga", " am", known) - 7


@pytest.mark.parametrize("word", ["", "\x00", "é", "猫", "🙂", "\udc80", "a" * 5000])
def test_every_string_can_be_spelled(word: str) -> None:
    spelling = Spelling()
    cost = spelling.cost(word, "before", {})
    assert 0 < cost < float("inf")
    assert spelling.learn(word, "before", {}) < cost + 1
    assert spelling.cost(word, "before", {}) < cost


def test_a_forgotten_spelling_leaves_the_letters_as_they_were() -> None:
    letters, never = Letters(), Letters()
    for word in WORDS:
        letters.learn(word)
        if word != "cab":
            never.learn(word)
    letters.forget("cab")
    for word in ("cab", "bac", "abab"):
        assert letters.cost(word, {}) == pytest.approx(never.cost(word, {}))
