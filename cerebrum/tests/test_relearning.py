"""The towers are learned anew while the old ones answer, and take over once they know as much."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cerebrum import relearning, working_set
from cerebrum.dialogue import Observation
from cerebrum.mind import Mind

AT, SLICES = 24, 3
THINGS = ("cat", "dog")


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Learn the towers anew after a few turns, in slices so small that several are needed."""
    monkeypatch.setattr(working_set, "_ANEW", (AT,))
    monkeypatch.setattr(working_set, "_YOUNG", 0)
    monkeypatch.setattr(relearning, "_ROWS_AT_ONCE", 40)
    monkeypatch.setattr(relearning, "_SENTENCES_AT_ONCE", 20)
    monkeypatch.setattr(relearning, "_STEPS_AT_ONCE", SLICES)
    monkeypatch.setattr(relearning, "_PLACES_AT_ONCE", 30)
    monkeypatch.setattr(relearning, "_PAIRS_AT_ONCE", 16)


def hear(mind: Mind, upto: int) -> Mind:
    for k in range(len(mind.seqs), upto):
        mind.learn(Observation(k + 1, f"talk-{k // 8}", f"Turn {k} is about a {THINGS[k % 2]}. So, {k % 7}?"))
    return mind


def test_no_observation_waits_for_more_than_one_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    mind = hear(Mind(), AT - 1)
    steps: list[int] = []
    learn = mind.known.lessons.learn_turns
    monkeypatch.setattr(
        mind.known.lessons, "learn_turns", lambda *given, **how: (steps.append(1), learn(*given, **how))
    )

    for upto in range(AT, 2 * AT):
        steps.clear()
        hear(mind, upto)
        assert len(steps) <= SLICES + 1


def test_the_old_towers_answer_until_the_new_ones_know_as_much() -> None:
    mind = hear(Mind(), AT)
    old = mind.towers.tables
    seen = []
    while mind.known.relearning.phase:
        assert mind.towers.tables is old or len(mind.features) > len(old[0])
        seen.append(mind.known.relearning.phase)
        hear(mind, len(mind.seqs) + 1)

    assert list(dict.fromkeys(seen)) == ["rows", "company", "steps", "places"]
    assert mind.towers.known == len(mind.features)
    for part in (mind.contexts, mind.turns, mind.sentences):
        now = part.embedded(mind.towers, 0, len(part))[0]
        assert np.abs(part.places[: len(part)] - now).max() < 0.2


@pytest.mark.parametrize("one_sided", [False, True])
def test_saved_in_the_middle_of_it_a_mind_goes_on_as_if_it_had_not_been(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_sided: bool
) -> None:
    monkeypatch.setattr("cerebrum.growth.Growth.is_answered_unheard", lambda _: one_sided)
    restarted = hear(Mind(), AT - 1)
    seen: dict[str, None] = {}
    for upto in range(AT, 3 * AT):
        hear(restarted, upto)
        if restarted.known.relearning.phase not in seen:
            seen[restarted.known.relearning.phase] = None
            restarted.save(tmp_path / "mind")
            restarted = Mind.load(tmp_path / "mind")

    assert {"rows", "company", "steps", "places", "imagining"} - seen.keys() == (set() if one_sided else {"imagining"})
    assert restarted.state_hash() == hear(Mind(), 3 * AT - 1).state_hash()


def test_what_is_forgotten_in_the_middle_of_it_is_not_learned_by_the_new_towers() -> None:
    mind = hear(Mind(), AT + 4)
    assert mind.known.relearning.phase

    mind.forget(3)

    assert not mind.known.relearning.phase
    assert mind.known.relearning.fresh is None


def test_what_leaves_the_working_set_in_the_middle_of_it_is_not_placed() -> None:
    mind = hear(Mind(active_limit=20), 3 * AT)

    assert not mind.known.relearning.phase
    assert mind.respond("Is it about a cat?").text
