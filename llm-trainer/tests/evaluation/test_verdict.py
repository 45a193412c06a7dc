from __future__ import annotations

import pytest

from llm_trainer.evaluation import statistics
from llm_trainer.evaluation.production import rows_of
from llm_trainer.evaluation.verdict import judge
from tests.evaluation import speech
from tests.evaluation.speech import Reply, talk


@pytest.mark.parametrize(
    ("reply", "word"),
    [
        (speech.repeats_the_line, "imitates"),
        (speech.says_what_it_heard, "memorises"),
        (speech.makes_its_own, "composes"),
        (speech.babbles, "no evidence"),
        (speech.is_silent, "no evidence"),
    ],
)
def test_each_kind_of_learner_is_told_by_its_transcript(reply: Reply, word: str) -> None:
    verdict = judge(rows_of(talk(400, reply)))

    assert verdict.word == word, verdict
    assert verdict.sentence


def test_chance_is_seldom_taken_for_learning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "PERMUTATIONS", 500)
    monkeypatch.setattr(statistics, "RESAMPLES", 500)
    found = [judge(rows_of(talk(60, speech.babbles, seed)), seed).word for seed in range(30)]

    assert found.count("no evidence") >= 27


def test_of_few_exchanges_nothing_is_said() -> None:
    verdict = judge(rows_of(talk(49, speech.makes_its_own)))

    assert (verdict.word, verdict.confidence) == ("too early", "none")
    assert "49" in verdict.sentence


def test_the_same_record_gives_the_same_verdict() -> None:
    rows = rows_of(talk(120, speech.makes_its_own), 7)

    assert judge(rows, 7) == judge(rows_of(talk(120, speech.makes_its_own), 7), 7)


def test_what_was_heard_before_the_session_is_not_called_its_own() -> None:
    exchanges = talk(200, speech.makes_its_own)
    before = [exchange["cerebrum_response"] for exchange in exchanges]

    assert judge(rows_of(exchanges)).word == "composes"
    assert judge(rows_of(exchanges, before=before)).word == "memorises"


def test_the_numbers_stand_in_the_sentence() -> None:
    verdict = judge(rows_of(talk(400, speech.makes_its_own)))

    assert verdict.late is not None
    assert verdict.relevance is not None
    assert f"{100 * (verdict.late.relevance or 0):.0f} %" in verdict.sentence
    assert verdict.relevance.lower < (verdict.late.relevance or 0) < verdict.relevance.upper
    assert verdict.confidence == "high"
