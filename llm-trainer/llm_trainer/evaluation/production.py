"""What each exchange shows, and what a stretch of them shows together."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Any

from llm_trainer.evaluation.lexicon import Counts, Lexicon
from llm_trainer.evaluation.relevance import Judge
from llm_trainer.evaluation.words import Kind, echo, kind_of_reply, sentences, words

OWN_REPLIES = 10
"""A reply that repeats one of its own last so many is a repetition."""
SENTENCE = 3
"""Sentences shorter than this are too short to tell whether they were taken over whole."""
BLOCK = 10
"""Exchanges of one topic interval: neighbours are alike, so chance is counted over blocks of them."""


@dataclass(frozen=True)
class Row:
    """One exchange. Lengths in words. Of ``long`` sentences (three words and more) ``whole`` were heard as they are."""

    number: int
    words_heard: int
    length: int
    utterances: int
    kind: Kind
    echo: float
    pairs: int
    fresh_pairs: int
    long: int
    whole: int
    relevance: float | None
    is_repetition: bool
    counts: Counts

    @property
    def is_spontaneous(self) -> bool:
        """Whether the reply is the learner's own."""
        return self.kind == "spontaneous"


def rows_of(exchanges: Iterable[Mapping[str, Any]], seed: int = 0, before: Iterable[str] = ()) -> list[Row]:
    """Measure exchanges, as the log shows them, in their order. Those without a known answer are left out.

    ``before``: lines that the learner heard earlier, so that what it took over from them is not called new.
    """
    lexicon, judge, heard, chance = Lexicon(), Judge(), _Heard(), Random(seed)
    own: deque[tuple[str, ...]] = deque(maxlen=OWN_REPLIES)
    for line_before in before:
        heard.add(sentences(line_before))
    rows: list[Row] = []
    total = 0
    for exchange in exchanges:
        said, answered = exchange.get("llm_to_cerebrum"), exchange.get("cerebrum_response")
        if not isinstance(said, str) or not isinstance(answered, str):
            continue
        line, reply, spoken = words(said), words(answered), sentences(answered)
        heard.add(sentences(said))
        judge.hear(line)
        total += len(line)
        echoed = echo(reply, line)
        kind = kind_of_reply(reply, echoed)
        pairs = list(pairwise(reply))
        long = [each for each in spoken if len(each) >= SENTENCE]
        rows.append(
            Row(
                number=int(exchange.get("number") or len(rows) + 1),
                words_heard=total,
                length=len(reply),
                utterances=len(spoken),
                kind=kind,
                echo=echoed,
                pairs=len(pairs),
                fresh_pairs=sum(pair not in heard.pairs for pair in pairs),
                long=len(long),
                whole=sum(heard.holds(each) for each in long),
                relevance=judge.picks(reply, chance),
                is_repetition=bool(reply) and tuple(reply) in own,
                counts=lexicon.add(line, reply, kind),
            )
        )
        own.append(tuple(reply))
    return rows


@dataclass(frozen=True)
class Stretch:
    """Some exchanges taken together; None where there was nothing to measure. Shares are from 0 to 1.

    ``length``: mean length of utterance in words (MLU-w: Brown 1973; Parker & Brorson 2005) of spontaneous replies.
    ``relevance``: how often a spontaneous reply is matched with the line it answers, of four. ``novelty``: bigrams of
    spontaneous replies never heard (McCoy et al. 2023). ``whole``: of their sentences of three words and more, those
    heard as they are. ``repetition``: replies equal to one of the learner's own last ten.
    """

    first: int
    last: int
    words_heard: int
    answered: float
    imitation: float
    repetition: float
    length: float | None
    relevance: float | None
    novelty: float | None
    whole: float | None


def stretch_of(rows: Sequence[Row]) -> Stretch:
    """Measure ``rows``, at least one, as one stretch."""
    free = [row for row in rows if row.is_spontaneous]
    judged = [row.relevance for row in free if row.relevance is not None]
    answered = sum(row.length > 0 for row in rows)
    return Stretch(
        first=rows[0].number,
        last=rows[-1].number,
        words_heard=rows[-1].words_heard,
        answered=answered / len(rows),
        imitation=sum(row.kind == "imitation" for row in rows) / len(rows),
        repetition=sum(row.is_repetition for row in rows) / len(rows),
        length=_share(sum(row.length for row in free), sum(row.utterances for row in free)),
        relevance=_share(sum(judged), len(judged)),
        novelty=_share(sum(row.fresh_pairs for row in free), sum(row.pairs for row in free)),
        whole=_share(sum(row.whole for row in free), sum(row.long for row in free)),
    )


def windows_of(rows: Sequence[Row], size: int = 100, least: int = 50, most: int = 120) -> list[list[Row]]:
    """The last ``size`` exchanges up to every tenth (or a few more, so that there are at most ``most`` windows).

    A hundred utterances are the usual sample (Brown 1973), fifty the least.
    """
    stride = max(BLOCK, -(-len(rows) // (most * BLOCK)) * BLOCK)
    return [list(rows[max(0, end - size) : end]) for end in range(least, len(rows) + 1, stride)]


def bins_of(rows: Sequence[Row], most: int = 40) -> list[list[Row]]:
    """Neighbouring exchanges in bins of equal size, a block at least; what does not fill the last is left out."""
    size = max(BLOCK, -(-len(rows) // most))
    return [list(rows[begin : begin + size]) for begin in range(0, len(rows) - size + 1, size)]


def _share(over: float, under: float) -> float | None:
    return over / under if under else None


class _Heard:
    """Every line heard so far, as pairs of words and as sentences to find others in."""

    def __init__(self) -> None:
        self.pairs: set[tuple[str, str]] = set()
        self._spaced: list[str] = []
        self._holding: dict[tuple[str, ...], list[int]] = defaultdict(list)
        self._known: set[tuple[str, ...]] = set()

    def add(self, spoken: Sequence[Sequence[str]]) -> None:
        line = [word for sentence in spoken for word in sentence]
        self.pairs.update(pairwise(line))
        for sentence in spoken:
            if tuple(sentence) in self._known:
                continue
            self._known.add(tuple(sentence))
            for triple in {tuple(sentence[i : i + SENTENCE]) for i in range(len(sentence) - SENTENCE + 1)}:
                self._holding[triple].append(len(self._spaced))
            self._spaced.append(f" {' '.join(sentence)} ")

    def holds(self, sentence: Sequence[str]) -> bool:
        """Whether these words were heard one after another, within one sentence."""
        triples = [tuple(sentence[i : i + SENTENCE]) for i in range(len(sentence) - SENTENCE + 1)]
        rarest: Sequence[int] = min((self._holding.get(triple, ()) for triple in triples), key=len)
        wanted = f" {' '.join(sentence)} "
        return any(wanted in self._spaced[place] for place in rarest)
