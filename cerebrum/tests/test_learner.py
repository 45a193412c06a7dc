from __future__ import annotations

import pytest

from cerebrum.errors import KeyReused, NotFound, StoreError
from cerebrum.learner import Learner
from tests.conftest import OpenLearner
from tests.hearing import equal_hash, hear

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


def test_a_quiet_moment_empties_the_write_ahead_log(learner: Learner) -> None:
    hear(learner, "one", "two")
    log = learner.store.path.with_name(learner.store.path.name + "-wal")
    assert log.stat().st_size > 0

    learner.rest()

    assert log.stat().st_size == 0
