"""The prequential meter: sums, windows, and what may be concluded from them."""

from __future__ import annotations

import json
import math
import random

import pytest

from cerebrum.evaluation import Estimate, Prequential, saved, share
from cerebrum.models import Measured, Meter
from cerebrum.tokenizer import encode

WORDS = ["I", "you", "we", "like", "love", "see", "red", "green", "big", "apples", "dogs", "birds", "today", "here"]


def measured(bits: float, order_1: float, order_5: float) -> Measured:
    return Measured((bits,), (order_1,), (order_5,))


def sentence(chance: random.Random) -> list[str]:
    who, verb = chance.choice(WORDS[:3]), chance.choice(WORDS[3:6])
    return [who, f" {verb}", f" {chance.choice(WORDS[6:9])}", f" {chance.choice(WORDS[9:12])}", f" {WORDS[12]}", "."]


def heard(turns: list[list[str]]) -> Prequential:
    meter, sums, before = Meter(), Prequential(), set()
    for turn in turns:
        sums.note(meter.learn(turn), len("".join(turn)), heard_before=tuple(turn) in before)
        before.add(tuple(turn))
    return sums


def test_bits_per_character_counts_the_end_of_each_turn_as_one_character() -> None:
    sums = Prequential()
    sums.note(measured(30, 40, 35), 9, heard_before=False)
    sums.note(measured(10, 40, 35), 9, heard_before=False)
    assert sums.bits_per_character() == 2.0


def test_the_window_forgets_what_is_long_past() -> None:
    sums = Prequential(window=2)
    for bits in (100, 20, 10):
        sums.note(measured(bits, 1, 1), 4, heard_before=False)
    assert sums.bits_per_character_recently() == 3.0


def test_order_gain_is_measured_on_turns_never_heard_before_only() -> None:
    sums = Prequential()
    sums.note(measured(1, 10, 8), 5, heard_before=False)
    sums.note(measured(1, 10, 0.1), 5, heard_before=True)
    assert sums.order_gain().value == pytest.approx(0.2)
    assert sums.order_gain().n == 1


def test_word_order_is_gained_from_sentences_and_not_from_scrambled_words() -> None:
    chance = random.Random(0)
    turns = [sentence(chance) for _ in range(120)]
    scrambled = [chance.sample(turn, len(turn)) for turn in turns]
    assert heard(turns).order_gain().lower > 0.3
    assert heard(scrambled).order_gain().value < 0.1


def test_a_broken_record_proves_nothing() -> None:
    chance = random.Random(0)
    turns = [sentence(chance) for _ in range(10)]
    assert heard(turns * 20).order_gain().lower == 0


def test_fewer_than_thirty_turns_prove_nothing() -> None:
    assert saved([10.0] * 29, [1.0] * 29).lower == 0
    assert saved([10.0] * 30, [1.0] * 30).lower == pytest.approx(0.9)


def test_the_lower_bound_holds_nine_times_in_ten() -> None:
    chance = random.Random(1)
    held = 0
    for _ in range(400):
        before = [chance.uniform(5, 50) for _ in range(100)]
        after = [bits * chance.uniform(0.4, 1.0) for bits in before]
        held += saved(before, after).lower <= 0.3
    assert held / 400 == pytest.approx(0.9, abs=0.04)


@pytest.mark.parametrize(("hits", "trials"), [(0, 10), (1, 10), (30, 60), (10, 10)])
def test_a_share_has_wilsons_lower_bound(hits: int, trials: int) -> None:
    lower, z = share(hits, trials).lower, 1.2816
    assert 0 <= lower <= hits / trials
    assert (hits / trials - lower) ** 2 == pytest.approx(z * z * lower * (1 - lower) / trials, abs=1e-9)


def test_nothing_heard_is_nothing_measured() -> None:
    sums = Prequential()
    assert sums.bits_per_character() == sums.bits_per_character_recently() == 0.0
    assert sums.order_gain() == Estimate(0.0, 0.0, 0)
    assert share(0, 0) == Estimate(0.0, 0.0, 0)


def test_its_state_survives_json() -> None:
    sums, other = heard([encode("Hello you."), encode("Hello me.")]), Prequential()
    other.restore(json.loads(json.dumps(sums.state())))
    assert other.state() == sums.state()
    assert math.isfinite(other.bits_per_character())
