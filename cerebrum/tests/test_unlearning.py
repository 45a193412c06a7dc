"""What is deleted is gone at once, and soon as if it had never been heard."""

from __future__ import annotations

from pathlib import Path

import pytest

from cerebrum.dialogue import Observation
from cerebrum.errors import Forgotten
from cerebrum.learner import Learner
from tests.conftest import OpenLearner
from tests.hearing import equal_hash, hear, real, small_talk


def test_what_is_deleted_is_gone_at_once_and_soon_was_never_heard(learner: Learner) -> None:
    hear(learner, "one", "secret", "three")

    learner.forget(2)

    at_once = [word.text for word in learner.vocabulary()]
    assert at_once == ["one", "three"]
    assert learner.status().state == "rebuilding"
    assert learner.state_hash() != equal_hash("one", "three")
    learner.wake()
    assert learner.state_hash() == equal_hash("one", "three")
    assert learner.status().state == "ok"


def test_it_answers_and_learns_while_it_is_rebuilt(learner: Learner) -> None:
    texts = [f"utterance {n}" for n in range(40)]
    hear(learner, *texts)
    learner.forget(20)
    later = []

    while learner.status().state == "rebuilding":
        later.append(f"later {len(later)}")
        assert learner.exchange(later[-1], "c").said
        learner.advance(0)

    assert 10 < len(later) < 60
    assert learner.state_hash() == equal_hash(*texts[:19], *texts[20:], *later)


def test_it_tells_how_far_unlearning_has_come(learner: Learner) -> None:
    hear(learner, *(f"utterance {n}" for n in range(20)))
    learner.forget(7)
    told = []

    while (progress := learner.status().progress) is not None:
        told.append((progress.learned, progress.of))
        learner.advance(0)

    learned = [count for count, _ in told]
    assert learned[0] == 0
    assert learned == sorted(set(learned))
    assert {of for _, of in told} == {21}


@pytest.mark.parametrize("second", [3, 30])
def test_a_second_deletion_while_rebuilding_is_exact_too(learner: Learner, second: int) -> None:
    texts = [f"utterance {n}" for n in range(1, 41)]
    hear(learner, *texts)
    learner.forget(20)
    for _ in range(5):
        learner.advance(0)

    learner.forget(second)
    learner.wake()

    assert learner.state_hash() == equal_hash(*(t for n, t in enumerate(texts, 1) if n not in (20, second)))


def test_deletion_is_exact_across_a_restart_and_old_saved_minds(learner: Learner, open_learner: OpenLearner) -> None:
    hear(learner, "one", "two")
    learner.save()
    hear(learner, "secret", "four")
    learner.save()
    learner.forget(3)
    folders = sorted(path.name for path in learner.saved.folder.iterdir())
    learner.close()

    again = open_learner()
    again.wake()

    assert folders == ["000000000002"]
    assert again.state_hash() == equal_hash("one", "two", "four")
    again.close()


def test_a_saved_mind_that_a_crash_left_behind_a_deletion_is_not_used(
    learner: Learner, open_learner: OpenLearner
) -> None:
    hear(learner, "one", "secret")
    learner.save()
    learner.store.forget(2, "now")
    learner.store.close()

    again = open_learner()
    again.wake()

    assert again.state_hash() == equal_hash("one")
    again.close()


def test_a_deleted_exchange_does_not_come_back_by_its_key(learner: Learner) -> None:
    learner.exchange("secret", "c", key="k")
    learner.forget(1)
    learner.wake()

    for ask in (
        lambda: learner.exchange("secret", "c", key="k"),
        lambda: learner.recorded("k"),
        lambda: learner.explain(1),
    ):
        with pytest.raises(Forgotten):
            ask()
    assert learner.state_hash() == equal_hash()


def test_the_mind_equals_one_that_never_heard_what_was_deleted(tmp_path: Path) -> None:
    texts = small_talk(3, 40)
    learner = real(tmp_path / "forgot")
    never = real(tmp_path / "never")
    hear(learner, *texts)
    learner.forget(17)
    learner.wake()
    said = {record.seq: record.content.said for record in learner.store.records() if record.content}
    for seq, text in enumerate(texts, 1):
        if seq != 17:
            assert never._mind is not None
            never._mind.learn(Observation(seq, "c", text, said[seq]))

    assert learner.state_hash() == never.state_hash()
    learner.close()
    never.close()
