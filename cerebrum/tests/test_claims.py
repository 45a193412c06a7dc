"""One's own claims hold, and what was said is not said again."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from cerebrum.claims import Frames, Said
from cerebrum.dialogue import Observation
from cerebrum.mind import Mind
from cerebrum.tokenizer import encode

REAL = Path(__file__).parents[3] / "shared" / "data" / "persona_chat.jsonl.gz"
TALK = (
    "How are you today?",
    "I come from Spain. I work a lot.",
    "That is nice. I like tea. I like big dogs.",
    "I come from Peru. I like rain.",
)


@pytest.fixture(scope="module")
def mind() -> Mind:
    """Has heard the talk three times. Tests must not teach it."""
    mind = Mind()
    for seq, turn in enumerate(TALK * 3, 1):
        mind.learn(Observation(seq, f"talk-{(seq - 1) // 4}", turn))
    return mind


def frames(mind: Mind) -> Frames:
    return Frames(mind.sentences, mind.contexts)


def said(mind: Mind, *replies: str) -> Said:
    return Said(replies, mind.ends, frames(mind))


def test_a_sentence_said_before_counts_by_its_share_of_the_words(mind: Mind) -> None:
    assert said(mind, "I work a lot.").compared(encode("I work a lot. That is nice today.")) == (0.5, 0.0)


def test_with_another_ending_a_sentence_is_the_same(mind: Mind) -> None:
    assert said(mind, "That is nice").compared(encode("That is nice.")) == (1.0, 0.0)


def test_an_own_claim_is_not_said_otherwise(mind: Mind) -> None:
    own = said(mind, "I work a lot. That is nice.")

    assert own.compared(encode("I work a bit.")) == (0.0, 1.0)
    assert own.compared(encode("I come from Peru.")) == (0.0, 0.0)


def test_what_one_speaker_was_heard_to_say_in_two_ways_contradicts_nothing(mind: Mind) -> None:
    assert frames(mind).varied(("i", "like")) == 1
    assert frames(mind).varied(("i", "work")) == 0
    again, otherwise = said(mind, "I like tea.").compared(encode("I like rain."))
    assert (again, otherwise) == (0.0, 0.5)


def test_two_turns_of_one_speaker_count_and_two_of_different_speakers_do_not() -> None:
    one, two = Mind(), Mind()
    for seq, turn in enumerate(("I come from Spain.", "Oh?", "I come from Peru.")):
        one.learn(Observation(seq, "talk", turn))
    for seq, turn in enumerate(("Oh?", "I come from Spain.", "I come from Peru.")):
        two.learn(Observation(seq, "talk", turn))

    assert [frames(m).varied(("i", "come", "from")) for m in (one, two)] == [1, 0]


def test_what_is_forgotten_was_not_heard_in_two_ways() -> None:
    mind = Mind()
    mind.learn(Observation(1, "talk", "I come from Spain. I come from Peru."))
    for seq in range(2, 20):
        mind.learn(Observation(seq, "talk", "Oh."))
    before = frames(mind).varied(("i", "come", "from"))

    mind.forget(1)

    assert (before, frames(mind).varied(("i", "come", "from"))) == (1, 0)


@pytest.mark.slow
def test_what_people_say_of_themselves_in_real_talk_contradicts_less_than_what_two_people_say() -> None:
    if not REAL.exists():
        pytest.skip(f"{REAL.name} is not beside the project")
    with gzip.open(REAL, "rt", encoding="utf-8") as lines:
        dialogues = [[turn["text"] for turn in json.loads(line)["turns"]] for line in lines][:160]
    mind = Mind()
    for number, dialogue in enumerate(dialogues[:30]):
        for turn in dialogue:
            mind.learn(Observation(len(mind.seqs) + 1, str(number), turn))
    people = [dialogue[0::2] for dialogue in dialogues[30:]]

    def contradicted(own: list[list[str]]) -> float:
        pairs = [(said(mind, *mine[:-1]), encode(other[-1])) for mine, other in zip(people, own, strict=True)]
        return sum(claims.compared(tokens)[1] for claims, tokens in pairs) / len(pairs)

    assert contradicted(people) < contradicted(people[1:] + people[:1])
