"""The towers: nearness is overlap at first, and what was learned later."""

from __future__ import annotations

import numpy as np

from cerebrum.features import Bag, Features
from cerebrum.ranking import BEFORE, CONTEXT, REPLY, Example, Towers, product


def towers(*texts: str) -> tuple[Towers, list[Bag]]:
    features = Features()
    made = Towers(features)
    bags = []
    for text in texts:
        bags.append(features.bag(text.split(), grow=True))
        made.grow(features.since(made.known))
        features.count(bags[-1])
    return made, bags


def test_before_learning_nearness_is_overlap_of_words() -> None:
    made, (cat, cats_milk, rain) = towers("the cat sleeps", "the cat drinks", "it rains again")

    near = made.embed(REPLY, [cat, cats_milk, rain]) @ made.context(cat, None)

    assert near[0] > 0.99
    assert near[0] > near[1] > 0.3 > near[2]


def test_learning_brings_a_context_nearer_to_what_followed_it() -> None:
    questions = ["how are you", "what time now", "where is home", "who sings there"]
    answers = ["fine thanks friend", "half past nine", "over the hill", "my old aunt"]
    made, bags = towers(*questions, *answers)
    examples = [Example(bags[k], None, bags[4 + k], k) for k in range(4)]
    chance = np.random.default_rng(0)

    for _ in range(30):
        made.learn(CONTEXT, examples, chance)

    near = made.embed(REPLY, bags[4:]) @ made.embed(CONTEXT, bags[:4]).T
    assert (near.argmax(0) == np.arange(4)).all()


def test_towers_that_become_others_place_everything_as_those_did() -> None:
    made, bags = towers("how are you", "fine thanks", "what time now", "half past nine")
    fresh = Towers(made.features)
    fresh.grow(made.features.since(0))
    examples = [Example(bags[0], None, bags[1], 1), Example(bags[2], None, bags[3], 3)]
    fresh.learn(CONTEXT, examples, np.random.default_rng(0))
    expected = fresh.embed(CONTEXT, bags)
    assert (made.embed(CONTEXT, bags) != expected).any()

    made.become(fresh)

    assert (made.embed(CONTEXT, bags) == expected).all()


def test_what_is_a_good_reply_stays_where_only_the_text_before_it_learns() -> None:
    made, bags = towers("how are you", "fine thanks", "what time now", "half past nine")
    replies, sentences = made.embed(REPLY, bags), made.embed(BEFORE, bags)
    examples = [Example(bags[0], None, bags[1], 1), Example(bags[2], None, bags[3], 3)]

    made.learn(BEFORE, examples, np.random.default_rng(0), answers_move=False)

    assert (made.embed(REPLY, bags) == replies).all()
    assert (made.embed(BEFORE, bags) != sentences).any()


def test_a_sum_is_the_same_whatever_it_is_computed_beside() -> None:
    made, bags = towers(*(" ".join(f"w{k * j % 97}" for j in range(60)) for k in range(1, 9)))

    together, alone = made.sums(REPLY, bags), np.concatenate([made.sums(REPLY, [bag]) for bag in bags])

    assert (together == alone).all()


def test_the_earlier_turn_moves_a_context_a_little() -> None:
    made, (now, then) = towers("the cat sleeps", "it rains again")

    with_then = made.context(now, then)

    assert 0.9 < float(with_then @ made.context(now, None)) < 1.0


def test_a_product_in_pieces_is_the_product() -> None:
    chance = np.random.default_rng(0)
    left, right = (chance.standard_normal(shape, dtype=np.float32) for shape in ((100, 64), (64, 256)))

    assert np.allclose(product(left, right), left @ right, atol=1e-4)
    assert product(left[:0], right).shape == (0, 256)
