"""The tutor as a back end: what it is asked reaches it, what it says comes back."""

from __future__ import annotations

from collections.abc import Sequence

from llm_trainer.llm_server.backends.base import Message
from llm_trainer.llm_server.backends.tutoring import Tutoring
from llm_trainer.llm_server.speech import Deadlines, whole
from tests.llm_server.stand_ins import ask, run


class Echo:
    def speak(
        self,
        history: Sequence[Message],
        topic: str | None = None,
        level: int | None = None,
        seed: int | None = None,
        *,
        turn: int | None = None,
        attempt: int = 0,
    ) -> str:
        return f"{[each.text for each in history]} {topic} {level} {seed} {turn} {attempt}"

    def topics(self) -> Sequence[str]:
        return ["cats", "rain"]


def test_past_topic_level_seed_and_number_of_the_turn_reach_the_tutor() -> None:
    request = ask("moo", "A cow!", "cow", topic="cats", level=2, seed=9, turn=1, attempt=3)
    turn = run(whole(Tutoring(Echo()), request, Deadlines()))

    assert turn.text == "['moo', 'A cow!', 'cow'] cats 2 9 1 3"
    assert (turn.finish.model, turn.finish.reason) == ("tutor", "stop")


def test_signs_around_the_learners_words_do_not_reach_the_tutor() -> None:
    turn = run(whole(Tutoring(Echo()), ask("«moo»", "«A cow!»", "«cow"), Deadlines()))

    assert turn.text.startswith("['moo', '«A cow!»', 'cow']")


def test_without_a_seed_and_a_number_the_past_is_all_it_has_to_go_by() -> None:
    assert run(whole(Tutoring(Echo()), ask("x"), Deadlines())).text.endswith(" None None 0")


def test_it_says_plainly_that_it_is_no_language_model() -> None:
    status = run(Tutoring(Echo()).status())

    assert status.is_ready
    assert "not a language model" in status.detail
    assert Tutoring(Echo()).topics() == ("cats", "rain")
