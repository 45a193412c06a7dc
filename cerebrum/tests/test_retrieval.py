"""The shelf: passages by text, word and place."""

from __future__ import annotations

import numpy as np
import pytest

from cerebrum.features import Features
from cerebrum.places import NOWHERE
from cerebrum.ranking import CONTEXT, REPLY, Towers
from cerebrum.retrieval import Shelf
from cerebrum.state import digest
from cerebrum.tokenizer import encode, words

TURNS = ("The cat sleeps.", "A dog barks.", "It rains on the cat.")


@pytest.fixture
def shelf() -> Shelf:
    features = Features()
    made = Shelf(Towers(features))
    for text in TURNS:
        bag = features.bag(words(text), grow=True)
        made.towers.grow(features.since(made.towers.known))
        features.count(bag)
        made.put(text, encode(text), words(text), bag)
    return made


def test_a_text_stands_on_the_shelf_once(shelf: Shelf) -> None:
    bag = shelf.passages[1].bag

    assert shelf.put(TURNS[1], encode(TURNS[1]), words(TURNS[1]), bag) == 1
    assert len(shelf) == len(TURNS)


def test_passages_are_found_by_word_oldest_first(shelf: Shelf) -> None:
    assert shelf.holding("cat") == [0, 2]
    assert shelf.holding("owl") == []


def test_the_nearest_passage_is_the_one_with_the_same_words(shelf: Shelf) -> None:
    for number, passage in enumerate(shelf.passages):
        assert int(shelf.nearness(shelf.towers.context(passage.bag, None)).argmax()) == number


def test_what_was_taken_off_is_nowhere(shelf: Shelf) -> None:
    shelf.drop(0)

    assert shelf.nearness(shelf.towers.context(shelf.passages[0].bag, None))[0] == NOWHERE
    assert shelf.holding("cat") == [2]
    assert TURNS[0] not in shelf.by_text


def test_what_is_kept_is_numbered_anew_and_found_as_before(shelf: Shelf) -> None:
    place = shelf.places[2].copy()

    shelf.keep([2])

    assert (shelf.passages[0].text, shelf.holding("cat")) == (TURNS[2], [0])
    assert (shelf.places[0] == place).all()


def test_a_restored_shelf_gives_the_same_state(shelf: Shelf) -> None:
    shelf.drop(1)
    state = shelf.state()

    again = Shelf(shelf.towers)
    again.restore(state)

    assert again.by_word == shelf.by_word
    assert digest(again.state()) == digest(state)


def test_places_grown_stale_are_renewed_in_a_round(shelf: Shelf) -> None:
    shelf.towers.tables[REPLY] = shelf.towers.tables[CONTEXT] * -1

    for _ in TURNS:
        shelf.renew_next(1)

    assert np.allclose(
        shelf.places[: len(TURNS)], shelf.towers.embed(REPLY, [p.bag for p in shelf.passages]), atol=1e-4
    )
