"""What speaks for a reply."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cerebrum.choice import share_in_order

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
