"""Words that stand in like company are alike before any answer was learned."""

from __future__ import annotations

import numpy as np
import pytest

from cerebrum.company import Company
from cerebrum.features import Bag, Features, Floats
from cerebrum.ranking import Towers, unit

SENTENCES = ("a cat drinks milk", "a kitten drinks milk", "his boat sails home", "her boat sails far")


@pytest.fixture
def features() -> Features:
    return Features()


@pytest.fixture
def bags(features: Features) -> list[Bag]:
    found = [features.bag(sentence.split(), grow=True) for sentence in SENTENCES]
    for bag in found:
        features.count(bag)
    return found


@pytest.fixture
def towers(features: Features, bags: list[Bag]) -> Towers:
    towers = Towers(features)
    towers.grow(features.since(0))
    return towers


def mixed(features: Features, towers: Towers, *pieces: list[Bag]) -> None:
    company = Company(features, np.zeros((towers.known, towers.width), np.float32))
    for piece in pieces:
        company.meet(towers, piece)
    company.mix_into(towers)


def row(features: Features, towers: Towers, name: str | tuple[str, str]) -> Floats:
    return towers.rows(np.array([features.rows[name]]))[0]


def alike(features: Features, towers: Towers, one: str, other: str) -> float:
    return float(np.prod(unit(np.stack([row(features, towers, one), row(features, towers, other)]))[0], 0).sum())


def test_what_stood_beside_the_same_words_is_alike(features: Features, bags: list[Bag], towers: Towers) -> None:
    before = alike(features, towers, "cat", "kitten")
    mixed(features, towers, bags)

    assert abs(before) < 0.2
    assert alike(features, towers, "cat", "kitten") > 0.1 + max(before, alike(features, towers, "cat", "boat"))


def test_rows_keep_their_length_and_are_the_same_in_all_tables(
    features: Features, bags: list[Bag], towers: Towers
) -> None:
    before = np.linalg.norm(row(features, towers, "cat"))
    mixed(features, towers, bags)

    assert np.linalg.norm(row(features, towers, "cat")) == pytest.approx(before, abs=1e-3)
    assert (towers.tables[0] == towers.tables[1]).all()
    assert (towers.tables[1] == towers.tables[2]).all()


def test_a_pair_of_words_keeps_its_row(features: Features, bags: list[Bag], towers: Towers) -> None:
    before = row(features, towers, ("drinks", "milk"))
    mixed(features, towers, bags)

    assert (row(features, towers, ("drinks", "milk")) == before).all()


def test_met_in_pieces_it_is_the_same_company(features: Features, bags: list[Bag], towers: Towers) -> None:
    whole, pieces = (Company(features, np.zeros((towers.known, towers.width), np.float32)) for _ in range(2))
    whole.meet(towers, bags)
    for bag in bags:
        pieces.meet(towers, [bag])

    assert np.abs(whole.sums - pieces.sums).max() < 1e-5


def test_a_word_heard_alone_and_one_met_later_keep_what_their_names_made(
    features: Features, bags: list[Bag], towers: Towers
) -> None:
    company = Company(features, np.zeros((towers.known, towers.width), np.float32))
    alone, later = features.bag(["hello"], grow=True), features.bag(["a", "comet", "drinks"], grow=True)
    towers.grow(features.since(towers.known))
    before = {name: row(features, towers, name) for name in ("hello", "comet")}

    company.meet(towers, [*bags, alone, later])
    company.mix_into(towers)

    for name, own in before.items():
        assert (row(features, towers, name) == own).all()
