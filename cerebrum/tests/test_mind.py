"""What the mind promises, whatever it hears."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from cerebrum.dialogue import Observation
from cerebrum.growth import STAGES
from cerebrum.mind import Mind
from cerebrum.tokenizer import encode, fold, words

PLACES = ["lake", "forest", "river", "garden", "beach", "market", "station", "harbour"]
THINGS = ["swim", "read books", "feed the ducks", "draw", "sing", "take a walk", "count boats", "sleep"]


def talk(start: int = 0, count: int = 8) -> list[list[str]]:
    """Small conversations about places, each of four turns that answer one another."""
    return [
        [
            f"Do you like the {PLACES[k % 8]}?",
            f"Yes, I love the {PLACES[k % 8]}. I {THINGS[k % 8]} there number {k}.",
            f"That sounds nice! Who goes with you on day {k}?",
            f"My friend goes with me. We {THINGS[(k + 3) % 8]} too.",
        ]
        for k in range(start, start + count)
    ]


def teach(mind: Mind, dialogues: Iterable[Sequence[str]], first_seq: int = 1) -> Mind:
    seq = first_seq
    for number, dialogue in enumerate(dialogues):
        for turn in dialogue:
            mind.learn(Observation(seq, f"talk-{first_seq}-{number}", turn))
            seq += 1
    return mind


@pytest.fixture(scope="module")
def taught() -> Mind:
    """Has heard sixteen short conversations. Tests must not teach it."""
    return teach(Mind(), talk(count=16))


def test_an_empty_mind_is_silent_and_listens() -> None:
    mind = Mind()

    reply = mind.respond("Hello?")

    assert (reply.text, reply.kind, reply.sources) == ("", "silence", ())
    assert mind.stage == "listening"
    assert mind.vocabulary() == []


def test_after_one_turn_it_says_one_word_of_it() -> None:
    mind = teach(Mind(), [["Hello there"]])

    reply = mind.respond("Hello?")

    assert mind.stage == "words"
    assert reply.text in {"Hello", "there"}


def test_nothing_is_said_that_was_not_heard(taught: Mind) -> None:
    heard = {w for dialogue in talk(count=16) for turn in dialogue for w in words(turn)}

    for question in ("Do you like the zoo?", "lake", "??", "", "Who is Xyzzy?"):
        assert set(words(taught.respond(question).text)) <= heard


def test_every_token_of_a_reply_is_explained_by_a_turn_that_holds_it(taught: Mind) -> None:
    for dialogue in talk(count=8):
        reply = taught.respond(dialogue[0])
        said = [fold(t) for t in encode(reply.text)]

        explained = [k for source in reply.sources for k in range(source.start, source.end)]
        assert explained == list(range(len(said)))
        for source in reply.sources:
            assert " ".join(said[source.start : source.end]) in " ".join(words(source.text))


def test_answering_changes_nothing(taught: Mind) -> None:
    before = taught.state_hash()

    taught.respond("Do you like the lake?")
    taught.score("Do you like the lake?", ["Hello."])

    assert taught.state_hash() == before


def test_the_same_history_makes_the_same_mind_whatever_the_sequence_numbers() -> None:
    one, other = teach(Mind(), talk(), first_seq=1), teach(Mind(), talk(), first_seq=1)
    moved = Mind()
    for number, dialogue in enumerate(talk()):
        for k, turn in enumerate(dialogue):
            moved.learn(Observation(1000 + 10 * number + k, f"talk-1-{number}", turn))

    assert one.state_hash() == other.state_hash() == moved.state_hash()


def test_another_seed_makes_another_mind() -> None:
    assert teach(Mind(seed=1), talk()).state_hash() != teach(Mind(seed=2), talk()).state_hash()


def test_a_loaded_mind_is_the_same_and_learns_on_the_same(tmp_path: Path) -> None:
    mind = teach(Mind(), talk())
    mind.save(tmp_path / "mind")

    loaded = Mind.load(tmp_path / "mind")

    assert loaded.state_hash() == mind.state_hash()
    assert loaded.respond("Do you like the river?") == mind.respond("Do you like the river?")
    more = talk(8, 4)
    assert teach(loaded, more, 100).state_hash() == teach(mind, more, 100).state_hash()


def test_a_broken_file_is_no_mind(tmp_path: Path) -> None:
    (tmp_path / "mind").write_bytes(b"nothing of the kind")

    with pytest.raises(ValueError, match="mind"):
        Mind.load(tmp_path / "mind")


PROGRAM = """
from tests.test_mind import Mind, talk, teach
mind = teach(Mind(), talk())
print(mind.state_hash(), [mind.respond(d[0]).text for d in talk(count=4)])
"""


def test_neither_hash_seed_nor_threads_nor_process_matter() -> None:
    root = Path(__file__).parents[1]
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            cwd=root,
            env=os.environ | {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed, threads in (("0", "1"), ("4711", "2"))
    ]

    one, other = (run.communicate()[0] for run in runs)

    assert [run.returncode for run in runs] == [0, 0]
    assert one == other != ""


def test_what_is_forgotten_is_at_once_neither_said_nor_explained_nor_counted() -> None:
    mind = teach(Mind(), talk())
    mind.learn(Observation(500, "secret", "A zorblat is a green fish. It sings."))
    before = sum(t.bits for t in mind.score("A zorblat is a green fish."))
    assert "zorblat" in mind.respond("What is a zorblat?").text

    mind.forget(500)

    reply = mind.respond("What is a zorblat?")
    assert "zorblat" not in reply.text
    assert 500 not in [source.seq for source in reply.sources]
    assert mind.vocabulary("zorblat") == []
    assert sum(t.bits for t in mind.score("A zorblat is a green fish.")) > before + 5


def test_a_turn_heard_twice_survives_forgetting_it_once() -> None:
    mind = teach(Mind(), talk())
    for seq in (500, 501):
        mind.learn(Observation(seq, f"c{seq}", "A zorblat is a green fish."))

    mind.forget(500)

    reply = mind.respond("What is a zorblat?")
    assert "green fish" in reply.text
    assert {s.seq for s in reply.sources if "zorblat" in s.text} == {501}


def test_a_fact_is_known_from_one_hearing(taught: Mind) -> None:
    mind = teach(Mind(), talk(count=16))
    mind.learn(Observation(500, "facts", "A vobip is a purple bird."))
    mind.learn(Observation(501, "facts2", "The plonk is a heavy tool."))

    assert "purple bird" in mind.respond("What is a vobip?").text
    assert "heavy tool" in mind.respond("Tell me about the plonk.").text


def test_two_rare_things_are_never_mixed() -> None:
    mind = teach(Mind(), talk(count=12))
    facts = {"vobip": "purple bird", "dax": "yellow boat", "wug": "small cake", "plonk": "heavy tool"}
    for k, (name, what) in enumerate(facts.items()):
        mind.learn(Observation(600 + k, f"fact-{k}", f"A {name} is a {what}."))

    for name in facts:
        for question in (f"What is a {name}?", f"Tell me about a {name}.", f"Is a {name} a boat or a bird?"):
            for sentence in mind.respond(question).text.split("."):
                named = [n for n in facts if n in sentence]
                described = [n for n, what in facts.items() if what.split()[0] in sentence]
                assert not named or set(described) <= set(named), sentence


def test_it_does_not_repeat_itself_within_a_conversation() -> None:
    mind = teach(Mind(), talk(count=16))
    said: list[str] = []
    for k in range(5):
        reply = mind.respond("Do you like the lake?", "live").text
        said.append(reply)
        mind.learn(Observation(700 + k, "live", "Do you like the lake?", reply))

    assert len(set(said)) == len(said)


def test_stages_come_in_order_and_single_words_first() -> None:
    mind, reached = Mind(), ["listening"]
    for number, dialogue in enumerate(talk(count=16)):
        for k, turn in enumerate(dialogue):
            if mind.stage == "words":
                assert len(words(mind.respond(turn).text)) == 1
            mind.learn(Observation(4 * number + k, str(number), turn))
            reached.append(mind.stage)

    assert [s for s in STAGES if s in reached] == list(dict.fromkeys(reached))
    assert reached.index("phrases") > 20


def test_scoring_gives_every_token_and_says_less_for_what_was_heard(taught: Mind) -> None:
    text = "That sounds nice!"
    scored = taught.score(text)

    assert "".join(token.text for token in scored) == text
    assert all(token.bits > 0 for token in scored)
    assert sum(t.bits for t in scored) < sum(t.bits for t in taught.score("nice sounds That!"))


def test_the_vocabulary_counts_words_and_knows_where_each_was_first(taught: Mind) -> None:
    (lake,) = taught.vocabulary("lake")

    assert (lake.text, lake.count, lake.first_seq) == ("lake", 4, 1)


def test_measurements_are_numbers_about_what_was_heard(taught: Mind) -> None:
    measured = taught.measurements()

    assert measured["observations"] == 64
    assert 0 < measured["bits_per_character"] < 8
    assert measured["order_gain_lower"] <= measured["order_gain"]
    assert measured["recall_at_1_lower"] <= measured["recall_at_1"]


def test_the_working_set_is_bounded_and_the_rest_goes_on_working(tmp_path: Path) -> None:
    mind = teach(Mind(active_limit=40), talk(count=30))
    mind.learn(Observation(900, "late", "A zorblat is a green fish."))

    assert len(mind.turns) <= 44
    assert "green fish" in mind.respond("What is a zorblat?").text
    assert mind.measurements()["observations"] == 121
    mind.save(tmp_path / "mind")
    assert Mind.load(tmp_path / "mind").state_hash() == mind.state_hash()


def test_what_was_forgotten_is_not_imagined_between_two_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    mind = Mind()
    monkeypatch.setattr(mind.growth, "is_answered_unheard", lambda: True)
    mind.learn(Observation(1, "other", "A zorblat is green."))
    mind.learn(Observation(2, "here", "What is green?"))
    mind.forget(1)

    mind.learn(Observation(3, "here", "It is green."))

    turns = [mind.turns.passages[h.turn].text for pair in mind.contexts.pairs for h in pair.all]
    assert sorted(set(turns)) == ["It is green.", "What is green?"]
