"""The flat table does what a dictionary does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cerebrum.models.table import Table

KEYS = st.one_of(st.integers(0, 200), st.integers(2**48 - 50, 2**48 - 1))
VALUES = st.integers(-(2**31), 2**31 - 1).filter(bool)


@given(st.lists(st.tuples(KEYS, st.none() | VALUES), max_size=300))
def test_it_holds_what_a_dictionary_holds(steps: list[tuple[int, int | None]]) -> None:
    table, like = Table(), dict[int, int]()
    for key, value in steps:
        if value is not None:
            table.put(key, value)
            like[key] = value
        elif like.pop(key, None) is not None:
            table.remove(key)

    keys, values = table.items()
    assert dict(zip(keys.tolist(), values.tolist(), strict=True)) == like
    assert keys.tolist() == sorted(like)
    assert len(table) == len(like)
    assert all(table.get(key) == like.get(key, 0) for key, _ in steps)


@given(st.dictionaries(KEYS, VALUES, max_size=200), st.lists(KEYS, max_size=50))
def test_filled_at_once_it_is_as_filled_one_by_one(like: dict[int, int], others: list[int]) -> None:
    one, at_once = Table(), Table()
    for key, value in like.items():
        one.put(key, value)
    at_once.replace(*one.items())

    assert [at_once.get(key) for key in (*like, *others)] == [one.get(key) for key in (*like, *others)]
    for key in like:
        at_once.remove(key)
    assert len(at_once) == 0
