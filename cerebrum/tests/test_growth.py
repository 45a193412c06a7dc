"""Stages open on form and contingency together, shown on turns never heard before; nothing else opens them."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest

from cerebrum.dialogue import Observation
from cerebrum.evaluation import Estimate
from cerebrum.growth import STAGES, Growth
from cerebrum.mind import Mind

TALK = Path(__file__).parents[3] / "shared" / "data" / "persona_chat.jsonl.gz"


def grown(turns: int, hits: int, *, unheard: bool = True) -> Growth:
    growth = Growth()
    for k in range(turns):
        growth.note(unheard=unheard, found=k < hits)
    return growth


def gain(lower: float) -> Estimate:
    return Estimate(lower + 0.02, lower, 100)


def test_nothing_heard_is_listening_and_little_heard_is_words() -> None:
    assert Growth().stage(gain(0.9)) == "listening"
    assert grown(20, 20).stage(gain(0.9)) == "words"


def test_form_without_contingency_stays_at_phrases() -> None:
    assert grown(100, 5).stage(gain(0.5)) == "phrases"


def test_contingency_without_form_stays_at_phrases() -> None:
    assert grown(100, 60).stage(gain(0.01)) == "phrases"


def test_what_opens_sentences_early_does_not_after_a_thousand_turns() -> None:
    assert grown(100, 100).stage(gain(0.09)) == "sentences"
    assert grown(1000, 1000).stage(gain(0.09)) == "phrases"


def test_both_open_sentences_and_more_of_both_conversation() -> None:
    assert grown(100, 20).stage(gain(0.10)) == "sentences"
    assert grown(100, 40).stage(gain(0.30)) == "conversation"


def test_turns_heard_before_prove_nothing() -> None:
    assert grown(500, 500, unheard=False).stage(gain(0.5)) == "words"


def test_where_little_is_foretold_something_was_said_that_was_not_heard() -> None:
    assert grown(500, 40).is_answered_unheard()
    assert not grown(500, 200).is_answered_unheard()
    assert not grown(29, 0).is_answered_unheard()


def test_a_poor_hundred_after_many_good_ones_does_not_mean_one_side_was_unheard() -> None:
    growth = grown(400, 200)

    for _ in range(100):
        growth.note(unheard=True, found=False)

    assert not growth.is_answered_unheard()


def test_a_restored_growth_is_the_same() -> None:
    growth, other = grown(50, 20), Growth()

    other.restore(growth.state())

    assert other.state() == growth.state()
    assert other.is_answered_unheard() == growth.is_answered_unheard()
    assert other.stage(gain(0.2)) == growth.stage(gain(0.2))


def real(turns: int) -> list[tuple[str, str]]:
    """Real talk, as (conversation, turn)."""
    if not TALK.exists():
        pytest.skip(f"{TALK.name} is not beside the project")
    with gzip.open(TALK, "rt", encoding="utf-8") as lines:
        dialogues = [json.loads(line) for line in lines]
    return [(dialogue["id"], turn["text"]) for dialogue in dialogues for turn in dialogue["turns"]][:turns]


def reached(stream: list[tuple[str, str]]) -> str:
    """The furthest stage a mind was ever at while it heard the stream."""
    mind, furthest = Mind(), 0
    for seq, (conversation, turn) in enumerate(stream):
        mind.learn(Observation(seq, conversation, turn))
        furthest = max(furthest, STAGES.index(mind.stage))
    return STAGES[furthest]


@pytest.mark.slow
def test_real_talk_opens_sentences() -> None:
    assert reached(real(200)) in {"sentences", "conversation"}


@pytest.mark.slow
def test_shuffled_turns_never_open_sentences() -> None:
    stream = real(200)
    turns = [turn for _, turn in stream]
    random.Random(1).shuffle(turns)

    assert reached([(name, turn) for (name, _), turn in zip(stream, turns, strict=True)]) == "phrases"


@pytest.mark.slow
def test_scrambled_words_never_open_sentences() -> None:
    chance = random.Random(1)

    assert reached([(name, " ".join(chance.sample(t.split(), len(t.split())))) for name, t in real(200)]) == "phrases"


@pytest.mark.slow
def test_a_broken_record_never_opens_conversation() -> None:
    assert reached(real(40) * 5) != "conversation"
