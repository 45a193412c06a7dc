"""A start: how far it has come, and that a saved mind changes nothing but the time it takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from cerebrum.errors import StoreCorrupt, Waking
from cerebrum.learner import Learner
from tests.conftest import OpenLearner
from tests.hearing import hear, real, small_talk


def test_it_says_how_far_it_has_come_while_waking(learner: Learner, open_learner: OpenLearner) -> None:
    hear(learner, *(f"utterance {n}" for n in range(50)))
    learner.store.close()
    waking = open_learner()

    with pytest.raises(Waking):
        waking.exchange("hello")
    waking.advance(0)
    waking.advance(0)
    status = waking.status()
    waking.wake()

    assert status.state == "waking"
    assert status.progress is not None
    assert (0 < status.progress.learned < 50, status.progress.of) == (True, 50)
    assert waking.status().state == "ok"
    waking.close()


def test_a_saved_mind_changes_nothing_but_the_time_it_takes(learner: Learner, open_learner: OpenLearner) -> None:
    hear(learner, "one", "two")
    assert learner.save() is not None
    hear(learner, "three")
    state = learner.state_hash()
    learner.store.close()

    shortened = open_learner()
    shortened.advance(0)
    assert shortened.status().progress is not None
    assert shortened._fold is not None
    assert shortened._fold.started_at == 2
    shortened.wake()
    assert shortened.state_hash() == state
    shortened.store.close()

    for path in (shortened.saved.folder).rglob("*"):
        if path.is_file():
            path.unlink()
    whole = open_learner()
    whole.wake()
    assert whole.state_hash() == state
    whole.store.close()


def test_a_saved_mind_of_another_record_is_passed_over(learner: Learner, open_learner: OpenLearner) -> None:
    hear(learner, "one", "two")
    learner.close()
    learner.store.path.unlink()
    other = open_learner()
    other.wake()
    hear(other, "three", "four")
    state = other.state_hash()
    other.store.close()

    again = open_learner()
    again.wake()

    assert again.state_hash() == state
    again.store.close()


def test_a_damaged_record_is_found_although_a_saved_mind_shortens_the_start(
    learner: Learner, open_learner: OpenLearner
) -> None:
    hear(learner, *(f"utterance {n}" for n in range(20)))
    learner.close()
    path = learner.store.path
    path.write_bytes(
        path.read_bytes().replace(b'utterance 4"', b'utterance X"').replace(b"utterance 4", b"utterance X")
    )

    again = open_learner()
    with pytest.raises(StoreCorrupt, match="record 5 "):
        again.wake()

    assert again.status().state == "damaged"
    assert "record 5 " in again.status().problem
    with pytest.raises(StoreCorrupt):
        again.exchange("hello")
    again.store.close()


def test_the_mind_is_the_same_after_a_restart_with_and_without_its_saved_self(tmp_path: Path) -> None:
    learner = real(tmp_path)
    hear(learner, *small_talk(1, 30))
    learner.save()
    hear(learner, *small_talk(2, 10))
    state, reply = learner.state_hash(), learner.exchange("the dog", frozen=True).said
    learner.store.close()

    shortened = real(tmp_path)
    assert (shortened.state_hash(), shortened.exchange("the dog", frozen=True).said) == (state, reply)
    shortened.saved.drop_from(0)
    shortened.store.close()
    whole = real(tmp_path)
    assert (whole.state_hash(), whole.exchange("the dog", frozen=True).said) == (state, reply)
    whole.store.close()
