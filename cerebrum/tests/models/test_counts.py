"""Counts of contexts: what was added can be taken back, what is rare may be dropped, probabilities stay proper."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cerebrum.models.counts import ContextCounts

ORDER = 4
EVENTS = st.lists(st.tuples(*[st.integers(0, 3)] * ORDER), max_size=40)


def counted(events: Sequence[tuple[int, ...]], limit: int = 1_000) -> ContextCounts:
    counts = ContextCounts(ORDER, limit)
    for *history, symbol in events:
        counts.observe(tuple(history), symbol)
    counts.settle()
    return counts


def distribution(counts: ContextCounts, history: tuple[int, ...]) -> list[float]:
    known = counts.types()
    return [counts.probability(history, symbol, 1 / 4 if known else 0.25) for symbol in range(4)]


@given(EVENTS, st.tuples(*[st.integers(0, 4)] * (ORDER - 1)))
def test_probabilities_sum_to_one(events: list[tuple[int, ...]], history: tuple[int, ...]) -> None:
    assert sum(distribution(counted(events), history)) == pytest.approx(1)


@given(EVENTS, EVENTS, st.tuples(*[st.integers(0, 3)] * (ORDER - 1)))
def test_removing_is_the_exact_inverse_of_adding(
    kept: list[tuple[int, ...]], gone: list[tuple[int, ...]], history: tuple[int, ...]
) -> None:
    mixed = [event for pair in zip(kept, gone, strict=False) for event in pair]
    mixed += kept[len(gone) :] + gone[len(kept) :]
    counts = counted(mixed)
    for *before, symbol in gone:
        counts.remove(before, symbol)
    counts.settle()
    assert counts.count_of_counts == counted(kept).count_of_counts
    assert distribution(counts, history) == pytest.approx(distribution(counted(kept), history))


@given(EVENTS)
def test_the_order_of_learning_does_not_matter(events: list[tuple[int, ...]]) -> None:
    for history in {tuple(event[:-1]) for event in events}:
        backwards = distribution(counted(events[::-1]), history)
        assert distribution(counted(events), history) == pytest.approx(backwards)


def test_a_context_met_once_costs_one_entry_beside_its_symbol() -> None:
    counts = counted([(1, 2, 3, 0)])
    assert (len(counts.nodes), len(counts.counts)) == (1, 1)


def test_beyond_the_limit_the_oldest_contexts_met_seldom_go_first() -> None:
    counts = ContextCounts(ORDER, limit=100)
    for at in range(200):
        counts.observe((at % 40, at % 40 + 1, at * 3 + 2), at % 20)
        counts.observe((700, 701, 702), 703)
        assert len(counts) <= 101
    counts.settle()
    latest, oldest = (199 % 40, 199 % 40 + 1, 199 * 3 + 2), (0, 1, 2)
    assert counts.probability(latest, 199 % 20, 0) > counts.probability(oldest, 0, 0)
    assert counts.probability((700, 701, 702), 703, 0) > 0.9


def test_forgetting_what_was_pruned_leaves_no_negative_count() -> None:
    counts = ContextCounts(ORDER, limit=10)
    events = [((at % 7, at % 5, at % 3), at % 4) for at in range(100)]
    for history, symbol in events:
        counts.observe(history, symbol)
    for history, symbol in events:
        counts.remove(history, symbol)
    counts.settle()
    assert (counts.counts.items()[1] > 0).all()
    assert all(0 <= p <= 1 for history, _ in events for p in distribution(counts, history))


def test_a_restored_state_goes_on_as_the_original() -> None:
    events = [(at % 3, at % 5, at % 2, at % 4) for at in range(60)]
    original, other = counted(events), ContextCounts(ORDER)
    other.restore(original.state())
    for counts in (original, other):
        counts.observe((2, 1, 0), 3)
        counts.settle()
    assert {name: array.tolist() for name, array in other.state().items()} == {
        name: array.tolist() for name, array in original.state().items()
    }
