from __future__ import annotations

import random
from pathlib import Path

import pytest

from cerebrum.dialogue import Observation
from cerebrum.errors import Forgotten, KeyReused, NotFound, StoreCorrupt, StoreError, Waking
from cerebrum.learner import Learner
from cerebrum.mind import Mind
from cerebrum.saved import SavedMinds
from cerebrum.store import Store
from tests.conftest import OpenLearner
from tests.stand_in import Parrot


def hear(learner: Learner, *texts: str) -> None:
    for text in texts:
        learner.exchange(text, "c")


def equal_hash(*texts: str, conversation: str = "c") -> str:
    """The state of a mind that heard exactly these."""
    mind = Parrot()
    for seq, text in enumerate(texts, 1):
        mind.learn(Observation(seq, conversation, text))
    return mind.state_hash()


# exchanges


def test_it_answers_from_what_it_heard_and_remembers_the_exchange(learner: Learner) -> None:
    first = learner.exchange("hello", "c", "ann")
    second = learner.exchange("how are you", "c", "ann")

    assert (first.seq, first.said, first.stage) == (1, "", "listening")
    assert (second.seq, second.said, second.stage) == (2, "hello", "words")
    assert second.why == {
        "kind": "recall",
        "score": 0.5,
        "features": {"last": 1.0},
        "sources": [{"start": 0, "end": 1, "seq": 1}],
    }
    assert [record.content.heard for record in learner.observations() if record.content] == ["how are you", "hello"]


def test_a_repeated_request_teaches_nothing_twice(learner: Learner) -> None:
    hear(learner, "before")
    first = learner.exchange("hello", "c", key="k")
    hear(learner, "between")
    state = learner.state_hash()

    again = learner.exchange("hello", "c", key="k")

    assert again.replayed
    assert not first.replayed
    assert (again.seq, again.said, again.at, again.stage, again.why) == (
        first.seq,
        first.said,
        first.at,
        first.stage,
        first.why,
    )
    assert (learner.state_hash(), learner.status().exchanges) == (state, 3)


@pytest.mark.parametrize("other", [("other", "c", ""), ("hello", "d", ""), ("hello", "c", "bob")])
def test_a_key_with_another_body_is_refused(learner: Learner, other: tuple[str, str, str]) -> None:
    learner.exchange("hello", "c", key="k")

    with pytest.raises(KeyReused):
        learner.exchange(*other, key="k")

    assert learner.status().exchanges == 1


def test_keys_outlive_a_restart(learner: Learner, open_learner: OpenLearner) -> None:
    first = learner.exchange("hello", "c", key="k")
    learner.close()

    again = open_learner()
    again.wake()

    assert again.exchange("hello", "c", key="k").at == first.at
    assert again.recorded("k").said == first.said
    with pytest.raises(NotFound):
        again.recorded("never")
    again.close()


def test_a_frozen_mind_answers_and_stays_as_it_is(learner: Learner) -> None:
    hear(learner, "hello", "you")
    state, cursor = learner.state_hash(), learner.cursor

    answer = learner.exchange("tell me", "c", key="k", frozen=True)

    assert (answer.seq, answer.said) == (None, "you")
    assert (learner.state_hash(), learner.cursor) == (state, cursor)
    with pytest.raises(NotFound):
        learner.recorded("k")


def test_what_cannot_be_written_is_not_learned(learner: Learner, monkeypatch: pytest.MonkeyPatch) -> None:
    hear(learner, "hello")
    state, cursor = learner.state_hash(), learner.cursor

    def full(*_: object) -> None:
        raise StoreError("no space left")

    with monkeypatch.context() as disk:
        disk.setattr(learner.store, "append", full)
        with pytest.raises(StoreError):
            learner.exchange("lost", "c", key="k")
        with pytest.raises(StoreError):
            learner.observe([("a", "lost")])

    assert (learner.state_hash(), learner.cursor) == (state, cursor)
    assert learner.exchange("not lost", "c", key="k").seq == 2


def test_what_the_mind_fails_on_is_passed_over_now_and_in_every_replay(
    learner: Learner, open_learner: OpenLearner, caplog: pytest.LogCaptureFixture
) -> None:
    hear(learner, "hello", "unlearnable", "you")
    state = learner.state_hash()
    assert learner.status().not_learned == 1
    learner.store.close()

    again = open_learner()
    again.wake()

    assert (again.state_hash(), again.status().exchanges, again.status().not_learned) == (state, 3, 1)
    assert "not learned seq=2" in caplog.text
    again.close()


# overhearing


def test_an_overheard_conversation_is_learned_once(learner: Learner) -> None:
    turns = [("a", "good morning"), ("b", "morning"), ("a", "tea")]

    heard = learner.observe(turns, key="k")
    again = learner.observe(turns, key="k")

    assert (heard.first, heard.last, heard.replayed) == (1, 3, False)
    assert (again.first, again.last, again.replayed) == (1, 3, True)
    assert learner.status().exchanges == 0
    assert learner.state_hash() == equal_hash("good morning", "morning", "tea", conversation="overheard:1")
    with pytest.raises(KeyReused):
        learner.observe([*turns, ("b", "milk")], key="k")
    with pytest.raises(KeyReused):
        learner.exchange("good morning", key="k")


# waking


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


# unlearning


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


# explaining


def test_every_word_is_traced_to_what_was_heard(learner: Learner) -> None:
    hear(learner, "hello you", "what")

    explained = learner.explain(2)

    assert explained.exchange.said == "hello you"
    assert [(word.text, word.sources) for word in explained.words] == [("hello", ((1, "hello you"),)), (" you", ())]
    learner.forget(1)
    assert learner.explain(2).words[0].sources == ((1, None),)
    with pytest.raises(NotFound):
        learner.explain(99)


# the real mind behind the same seam


def real(folder: Path) -> Learner:
    saved = SavedMinds(folder / "saved", "tests")
    learner = Learner(Store(folder / "mind.sqlite3"), saved, lambda: Mind(seed=7))
    learner.wake()
    return learner


def small_talk(seed: int, count: int) -> list[str]:
    chance = random.Random(seed)
    who, what, where = (
        ("the dog", "a bird", "my friend"),
        ("sings", "sleeps", "runs home"),
        ("now.", "again!", "today?"),
    )
    return [f"{chance.choice(who)} {chance.choice(what)} {chance.choice(where)}" for _ in range(count)]


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


def test_a_quiet_moment_empties_the_write_ahead_log(learner: Learner) -> None:
    hear(learner, "one", "two")
    log = learner.store.path.with_name(learner.store.path.name + "-wal")
    assert log.stat().st_size > 0

    learner.rest()

    assert log.stat().st_size == 0
