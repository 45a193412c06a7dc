"""What every language model promises, kept by the meter."""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys

import pytest

from cerebrum.models import Meter
from cerebrum.models.past import Past
from cerebrum.state import digest
from cerebrum.tokenizer import encode

TURNS = [
    "Hello, how are you?",
    "I am fine. How are you?",
    "I like red apples and green apples.",
    "Do you like apples?",
    "Yes, I do! Red apples are the best.",
    "What's your name?",
]


@pytest.fixture
def taught() -> Meter:
    return teach(TURNS)


def teach(turns: list[str]) -> Meter:
    meter = Meter()
    for turn in turns:
        meter.learn(encode(turn))
    return meter


def test_learning_makes_the_learned_less_surprising(taught: Meter) -> None:
    before = sum(taught.measure(encode("the cat sat")))
    taught.learn(encode("the cat sat"))
    assert sum(taught.measure(encode("the cat sat"))) < before


def test_an_untrained_model_is_never_better_than_a_trained_one(taught: Meter) -> None:
    for turn in TURNS:
        assert sum(taught.measure(encode(turn), ())) < sum(Meter().measure(encode(turn), ()))


def test_nothing_unseen_is_certain(taught: Meter) -> None:
    for turn in ("zebra", "Привет", " \t", "🙂🙂", "apples Hello"):
        assert all(bits > 0 for bits in taught.measure([turn]))
        assert all(bits > 0 for bits in Meter().measure([turn]))


def test_measuring_changes_nothing(taught: Meter) -> None:
    before = digest(taught.state())
    taught.measure(encode("Never heard of it."), [encode("Hello")])
    assert digest(taught.state()) == before


def test_replay_equals_live(taught: Meter) -> None:
    assert digest(teach(TURNS).state()) == digest(taught.state())


def test_a_restored_model_goes_on_as_the_original(taught: Meter) -> None:
    other = Meter()
    other.restore(taught.state())
    assert digest(other.state()) == digest(taught.state())
    for turn in ("I like zebras.", "Hello, how are you?"):
        assert other.learn(encode(turn)) == taught.learn(encode(turn))
    assert digest(other.state()) == digest(taught.state())


def test_a_forgotten_turn_costs_no_less_than_had_it_never_been_heard(taught: Meter) -> None:
    known = sum(taught.measure(encode(TURNS[2])))
    taught.forget(2)
    never = teach(TURNS[:2] + TURNS[3:])
    assert sum(taught.measure(encode(TURNS[2]))) > 0.97 * sum(never.measure(encode(TURNS[2])))
    assert sum(taught.measure(encode(TURNS[2]))) > 2 * known


def test_forgetting_takes_a_turn_out_of_all_counts_exactly(taught: Meter) -> None:
    taught.forget(2)
    never = teach(TURNS[:2] + TURNS[3:])
    for part in ("sequence", "folded"):
        mine, theirs = getattr(taught, part).counts, getattr(never, part).counts
        assert mine.count_of_counts == theirs.count_of_counts
    words = {taught.words[symbol]: count for symbol, count in taught.frequencies.counts.items()}
    assert words == {never.words[symbol]: count for symbol, count in never.frequencies.counts.items()}


def test_after_forgetting_learning_goes_on(taught: Meter) -> None:
    for turn in (5, 0, 2):
        taught.forget(turn)
    before = sum(taught.measure(encode(TURNS[2])))
    taught.learn(encode(TURNS[2]))
    assert sum(taught.measure(encode(TURNS[2]))) < before
    for turn in (1, 3, 4, 6):
        taught.forget(turn)
    assert not taught.frequencies.counts


def test_the_state_does_not_depend_on_the_hash_seed(taught: Meter) -> None:
    code = f"""
from cerebrum.models import Meter
from cerebrum.state import digest

meter = Meter()
for turn in {[encode(turn) for turn in TURNS]!r}:
    meter.learn(turn)
print(digest(meter.state()))
"""
    for seed in ("0", "1"):
        env = {**os.environ, "PYTHONHASHSEED": seed}
        run = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
        assert run.stdout.strip() == digest(taught.state())


@pytest.mark.parametrize("context", [(), (["a"],), (["b", " a"], ["zebra"])])
def test_known_words_and_something_new_share_all_probability(context: tuple[list[str], ...]) -> None:
    meter = teach(["a b", "a a b", "b a", "a c"])
    past = Past(4, 3)
    for turn in context:
        for word in (*turn, ""):
            meter._go_on(past, word)
    known = sum(meter._predict(past, word).p for word in meter.words)
    assert known + meter._predict(past, "never heard").p == pytest.approx(1)


def test_a_word_costs_what_the_members_say_and_its_spelling_if_it_is_new(taught: Meter) -> None:
    known, _ = taught.measure([" apples"])
    new, _ = taught.measure([" pears"])
    assert known == pytest.approx(-math.log2(taught._predict(taught._past, " apples").p))
    assert new > -math.log2(taught._predict(taught._past, " pears").p)


def test_one_endless_word_is_measured_and_learned_in_bounded_time(taught: Meter) -> None:
    endless = "a" * 20_000
    assert 0 < taught.learn([endless]).bits[0] < math.inf
    assert taught.measure([endless])[0] < 50


def test_forgetting_what_was_partly_pruned_leaves_every_probability_above_zero() -> None:
    chance = random.Random(0)
    words = [f" w{number}" for number in range(30)]
    meter = Meter(limit=100)
    for _ in range(120):
        meter.learn(chance.choices(words, k=6))
    for turn in chance.sample(range(120), 80):
        meter.forget(turn)
        assert all(0 < bits < 200 for bits in meter.measure(chance.choices(words, k=20)))
    past = meter._past
    known = sum(meter._predict(past, word).p for word in meter._known)
    assert 0.5 < known + meter._predict(past, "never heard").p < 1 + 1e-9
