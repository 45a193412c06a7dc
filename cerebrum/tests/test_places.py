"""Places: the nearest are found, in half the memory."""

from __future__ import annotations

import numpy as np

from cerebrum.places import NOWHERE, Places, best, nearness


def test_what_is_read_is_what_was_put_but_for_the_fifteenth_bit() -> None:
    chance = np.random.default_rng(0)
    wanted = chance.uniform(-1, 1, (3, 256)).astype(np.float32)
    places = Places(256)

    places.put([7, 0, 200], wanted)

    assert np.abs(places[[7, 0, 200]] - wanted).max() < 2**-15
    assert (places[7] == places[np.array([7])][0]).all()
    again = places[[7]]
    places.put([7], again)
    assert (places[[7]] == again).all()


def test_the_best_come_first_and_equals_in_order() -> None:
    scores = np.array([0.1, 0.9, 0.5, 0.9] + [0.0] * 20, np.float32)

    assert best(scores, 3).tolist() == [1, 3, 2]


def test_nearness_does_not_depend_on_how_many_others_are_compared_in_whole_pieces() -> None:
    places = np.random.default_rng(0).standard_normal((77, 256), dtype=np.float32)

    near = nearness(places, places[0])

    assert np.allclose(near, places @ places[0], rtol=1e-4, atol=1e-3)
    assert (nearness(places[:64], places[0]) == near[:64]).all()


def test_a_rough_scan_of_a_long_shelf_loses_none_of_the_very_near() -> None:
    chance = np.random.default_rng(0)
    places = chance.standard_normal((10_000, 256), dtype=np.float32) / np.float32(16)
    wanted = [5, 4321, 9998]
    places[wanted] = places[0] + chance.standard_normal((3, 256), dtype=np.float32) / np.float32(32)

    shelf = Places(256)
    shelf.make_room(len(places))
    shelf.put(slice(len(places)), places)
    near = shelf.nearness(len(places), places[0])

    assert sorted(best(near, 4).tolist()) == [0, *wanted]
    assert np.allclose(near[wanted], places[wanted] @ places[0], atol=1e-5)
    assert (near == NOWHERE).sum() > len(places) / 2
