"""Did it learn? One word, one sentence with its numbers, and how sure that is.

Laws

* Three questions are asked of the transcript: did utterances grow longer, did replies come to belong more to the line
  they answer, do they belong to it more than chance at the end. Their p-values are held together by Holm.
* Only what the learner said of its own accord counts; imitations are told apart first.
* The words are steps, and the first that fits holds: ``too early``, ``imitates``, ``no evidence``, ``memorises``,
  ``composes``. The last says that sentences are its own, not that they are right: nobody here judges grammar, and
  generalising needs tests (new words, control arms) that a transcript cannot give.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from llm_trainer.evaluation import statistics
from llm_trainer.evaluation.production import BLOCK, Row, Stretch, bins_of, stretch_of
from llm_trainer.evaluation.relevance import CHANCE
from llm_trainer.evaluation.statistics import Interval, Trend

LEAST = 50
"""Exchanges below which nothing is said."""
SURE = 0.05
MOSTLY = 0.5
WHOLE = 2 / 3

Word = Literal["too early", "imitates", "no evidence", "memorises", "composes"]
Confidence = Literal["none", "low", "fair", "high"]


@dataclass(frozen=True)
class Question:
    """One question to the transcript. ``p`` is one-sided, ``held`` the same after Holm; small means yes."""

    name: str
    answer: str
    p: float
    held: float


@dataclass(frozen=True)
class Verdict:
    """What the transcript shows. ``early`` and ``late`` are its first and last third, 300 exchanges at most."""

    word: Word
    sentence: str
    confidence: Confidence
    because: str
    questions: tuple[Question, ...] = ()
    early: Stretch | None = None
    late: Stretch | None = None
    relevance: Interval | None = None
    length: Interval | None = None


def judge(rows: Sequence[Row], seed: int = 0) -> Verdict:
    """Weigh a session's exchanges. The same rows and seed give the same verdict."""
    if len(rows) < LEAST:
        told = f"{len(rows)} exchanges are too few to tell whether it learned; from {LEAST} on something can be said."
        return Verdict("too early", told, "none", f"fewer than {LEAST} exchanges")
    chance = Random(seed)
    third = min(300, max(LEAST // 2, len(rows) // 3))
    early, last = stretch_of(rows[:third]), rows[-third:]
    late = stretch_of(last)
    longer = _trend(rows, "length", chance)
    closer = _trend(rows, "relevance", chance)
    judged = [row.relevance or 0.0 if _is_judged(row) else 0.0 for row in last]
    samples = statistics.resampled(judged, [float(_is_judged(row)) for row in last], chance, BLOCK)
    relevance = Interval(samples[len(samples) // 40], samples[-1 - len(samples) // 40]) if samples else None
    length = statistics.interval(
        [row.length * row.is_spontaneous for row in last],
        [row.utterances * row.is_spontaneous for row in last],
        chance,
        BLOCK,
    )
    questions = _questions(early, late, longer, closer, statistics.above(samples, CHANCE) if samples else None)
    word = _word(late, questions)
    return Verdict(
        word,
        _sentence(word, third if word == "imitates" else len(rows), (early, late), questions, relevance),
        *_confidence(word, len(rows), questions),
        questions=questions,
        early=early,
        late=late,
        relevance=relevance,
        length=length,
    )


def _is_judged(row: Row) -> bool:
    return row.is_spontaneous and row.relevance is not None


def _trend(rows: Sequence[Row], measure: Literal["length", "relevance"], chance: Random) -> Trend | None:
    values = [getattr(stretch_of(each), measure) for each in bins_of(rows)]
    return statistics.trend([value for value in values if value is not None], chance)


def _questions(
    early: Stretch, late: Stretch, longer: Trend | None, closer: Trend | None, relevant: float | None
) -> tuple[Question, ...]:
    asked: dict[str, tuple[str, float]] = {}
    if longer:
        asked["utterances grew longer"] = (f"{_words(early.length)} to {_words(late.length)} words", longer.p)
    if closer:
        asked["replies came to belong more to their line"] = (
            f"{percent(early.relevance)} to {percent(late.relevance)}",
            closer.p,
        )
    if relevant is not None:
        asked["at the end they belong to it more than chance"] = (f"{percent(late.relevance)} against 25 %", relevant)
    held = statistics.holm({name: p for name, (_, p) in asked.items()})
    return tuple(Question(name, answer, p, held[name]) for name, (answer, p) in asked.items())


def _word(late: Stretch, questions: Sequence[Question]) -> Word:
    if late.imitation > MOSTLY:
        return "imitates"
    if not any(question.held < SURE for question in questions):
        return "no evidence"
    if late.whole is None or late.whole >= WHOLE:
        return "memorises"
    return "composes"


_OPENING: dict[Word, str] = {
    "imitates": "It imitates: {imitation} of its last {n} replies repeat the line they answer.",
    "no evidence": "There is no evidence of learning in these {n} exchanges.",
    "memorises": "It memorises: {whole} of its longer sentences were heard as they are.",
    "composes": "It composes: {own} of its longer sentences and {novelty} of its word pairs are its own.",
    "too early": "",
}


def _sentence(
    word: Word,
    count: int,
    ends: tuple[Stretch, Stretch],
    questions: Sequence[Question],
    relevance: Interval | None,
) -> str:
    early, late = ends
    own = None if late.whole is None else 1 - late.whole
    told = _OPENING[word].format(
        imitation=percent(late.imitation),
        n=count,
        whole=percent(late.whole) if late.whole is not None else "what there is",
        own=percent(own),
        novelty=percent(late.novelty),
    )
    if late.relevance is not None:
        told += f" A judge that sees shared words only finds the line it answered in {percent(late.relevance)} of cases"
        told += f" (95 %: {percent(relevance.lower)} to {percent(relevance.upper)}; chance 25 %)." if relevance else "."
    if early.length is not None and late.length is not None:
        grew = next((question for question in questions if question.name.startswith("utterances")), None)
        sure = f", {'beyond' if grew.held < SURE else 'within'} chance (p = {grew.held:.2g})" if grew else ""
        told += f" Its utterances went from {_words(early.length)} to {_words(late.length)} words{sure}."
    return told


def _confidence(word: Word, count: int, questions: Sequence[Question]) -> tuple[Confidence, str]:
    if not questions:
        return "low", "too few of its replies were its own to ask anything"
    best = min(question.held for question in questions)
    why = f"{count} exchanges; smallest p of {len(questions)} questions, held together: {best:.2g}"
    if word in ("no evidence", "imitates"):
        return ("fair" if count >= 300 else "low"), why
    if best < 0.01 and count >= 300:
        return "high", why
    return ("fair" if best < 0.01 or count >= 300 else "low"), why


def percent(share: float | None) -> str:
    """A share as people read it.

    >>> percent(0.256), percent(None)
    ('26 %', 'nothing')
    """
    return "nothing" if share is None else f"{100 * share:.0f} %"


def _words(value: float | None) -> str:
    return "?" if value is None else f"{value:.1f}"
