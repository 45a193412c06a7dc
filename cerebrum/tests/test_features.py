"""Words and word pairs as weighted features."""

from __future__ import annotations

import numpy as np

from cerebrum.features import Features


def test_a_text_has_a_feature_for_each_word_and_each_pair() -> None:
    features = Features()

    assert len(features.bag(["a", "b", "a"], grow=True).rows) == len(features) == 4
    assert len(features.bag(["a", "unheard"]).rows) == 1


def test_it_tells_which_features_are_new_in_their_order() -> None:
    features = Features()
    features.bag(["a"], grow=True)
    known = len(features)
    features.bag(["a", "b"], grow=True)

    assert features.since(known) == ["b", ("a", "b")]
    assert features.since(len(features)) == []


def test_bags_are_weighed_to_length_one_and_rare_words_weigh_more() -> None:
    features = Features()
    bags = [features.bag(["the", name], grow=True) for name in ("cat", "dog", "owl")]
    for bag in bags:
        features.count(bag)

    packed = features.pack([bags[0], features.bag([]), bags[1]])

    first = packed.weights[packed.starts[0] : packed.starts[1]]
    assert np.isclose(np.linalg.norm(first), 1)
    assert first[0] < first[1]
    assert packed.starts[1] == packed.starts[2]


def test_rows_beyond_the_limit_are_shared_not_added() -> None:
    features = Features(limit=8)
    for k in range(50):
        bag = features.bag([f"word{k}"], grow=True)

    assert len(features) == 8
    assert bag.rows.max() < 8
    assert (features.bag(["word49"]).rows == bag.rows).all()
