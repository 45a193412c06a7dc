"""What speaks for a reply."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cerebrum.choice import share_in_order
from cerebrum.dialogue import Observation
from cerebrum.mind import Mind, Remembered

WORDS = st.lists(st.sampled_from("abcd"), max_size=9)


def slow_share(reply: list[str], heard: list[str]) -> float:
    best = [[0] * (len(heard) + 1) for _ in range(len(reply) + 1)]
    for i, word in enumerate(reply, 1):
        for j, other in enumerate(heard, 1):
            best[i][j] = best[i - 1][j - 1] + 1 if word == other else max(best[i - 1][j], best[i][j - 1])
    return best[-1][-1] / max(1, len(reply))


@given(WORDS, WORDS)
def test_echo_is_the_longest_common_subsequence(reply: list[str], heard: list[str]) -> None:
    assert share_in_order(reply, heard) == slow_share(reply, heard)


def heard(*turns: str) -> Mind:
    mind = Mind()
    for seq, turn in enumerate(turns * 3, 1):
        mind.learn(Observation(seq, f"talk-{seq // 4}", turn))
    return mind


TALK = ("How are you today?", "I come from Spain. I like it.", "That is nice. What do you do?", "I work a lot.")


def test_the_word_talked_about_outweighs_the_phrase_that_asks_for_it() -> None:
    mind = heard(*TALK, "So, tell me a little about you.", "A rinux is a grey flower.")
    query = mind._query("Tell me about the rinux.", Remembered())

    about = mind.judge._about(query)

    assert about["rinux"] > about["tell"]


def test_a_turn_that_names_a_thing_and_then_describes_it_tells_more_than_its_first_sentence() -> None:
    mind = heard(*TALK, "I saw a virix today. It was a pink tool.")
    query = mind._query("What is a virix?", Remembered())
    candidates = {c.text: c for c in mind.composer.compose(query, ("heard", "sentence"))}

    mind.judge.choose(query, list(candidates.values()), {}, {})

    whole, first = candidates["I saw a virix today. It was a pink tool."], candidates["I saw a virix today."]
    assert whole.features["fact"] > first.features["fact"] > 0


def test_a_sentence_taken_out_of_a_turn_tells_its_share_only() -> None:
    mind = heard(*TALK, "I saw a virix today. It was a pink tool.")
    query = mind._query("What is a virix?", Remembered())
    candidates = mind.composer.compose(query, ("pair", "sentence"))

    mind.judge.choose(query, candidates, {}, {})

    named = [c for c in candidates if "virix" in c.words and "pink" not in c.words]
    assert {c.kind for c in named} == {"pair", "sentence"}
    assert all(0 < c.features["fact"] < 0.5 for c in named)
