"""What can be drawn on at once: turns, their sentences, what followed what, and the conversations they were heard in.

It is bounded. What leaves it stays in the towers, in the language models and in the record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from cerebrum.features import Bag, Features
from cerebrum.lessons import Lessons
from cerebrum.ranking import Towers
from cerebrum.relearning import Relearning
from cerebrum.retrieval import Shelf
from cerebrum.situations import Contexts, Heard
from cerebrum.tokenizer import SentenceEnds, fold, join

_RENEWED, _ROUND = 16, 100
_ANEW = (90, 200, 400, 800, 1600, 3200)
_YOUNG = 200
_OFTEN_FOR, _SELDOM = 5000, 4
_STEPS_ANEW, _STEPS_YOUNG = 0.35, 0.6
_IMAGINED_ANEW = 2


@dataclass(slots=True)
class Remembered:
    """The last turns heard in one conversation and the last replies given in it, newest last."""

    turns: list[Heard] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    own: Heard | None = None


class WorkingSet:
    """Turns and sentences on their shelves, with what followed them."""

    def __init__(self) -> None:
        self.features = Features()
        self.towers = Towers(self.features)
        self.turns, self.sentences = Shelf(self.towers), Shelf(self.towers)
        self.ends = SentenceEnds()
        self.contexts = Contexts(self.towers)
        self.lessons = Lessons(self.contexts, self.sentences)
        self.relearning = Relearning(self.towers, self.contexts, self.turns, self.sentences, self.lessons)
        self.conversations: dict[str, Remembered] = {}

    def bag(self, folded: Sequence[str]) -> Bag:
        """Return the bag of a text, giving rows to what is new in it."""
        bag = self.features.bag(folded, grow=True)
        self.towers.grow(self.features.since(self.towers.known))
        return bag

    def put(self, text: str, tokens: Sequence[str], folded: Sequence[str], ordinal: int) -> int:
        """Keep a turn and its sentences; return its number."""
        found_end = self.ends.learn(folded)
        bag = self.bag(folded)
        self.features.count(bag)
        number = self.turns.put(text, tokens, folded, bag)
        self.turns.passages[number].origins.append((ordinal, 0))
        if found_end:
            self._recut()
        else:
            self._cut(number)
        return number

    def _recut(self) -> None:
        self.sentences.clear()
        self.lessons.following.clear()
        self.relearning.renumbered()
        for number in range(len(self.turns)):
            self._cut(number)

    def _cut(self, number: int) -> None:
        tokens = self.turns.passages[number].tokens
        numbers = []
        for place, (start, end) in enumerate(self.ends.spans(tokens)):
            own = tokens[start:end]
            folded = [w for t in own if (w := fold(t))]
            sentence = self.sentences.put(join(own), own, folded, self.features.bag(folded))
            self.sentences.passages[sentence].origins.append((number, start))
            self.sentences.mark(sentence, opening=place == 0)
            numbers.append(sentence)
        self.lessons.following.extend(pairwise(numbers))

    def train(self, chance: np.random.Generator, ordinal: int, *, one_sided: bool) -> None:
        """Take one step of the towers, in turn with turns and with sentences, and bring some places up to date.

        The more was heard, the less one more observation can teach: from 5,000 on a step is taken with every second,
        from 15,000 on with every fourth.
        Whenever the observations have doubled, the towers are learned anew from all pairs, a slice with each of the
        next observations: what was learned from the first few turns, over and over, before there were more, would
        otherwise weigh too much for good. Where only one side is heard, what the other said is imagined anew too.
        """
        is_young = ordinal + 1 < _YOUNG
        if ordinal + 1 in _ANEW:
            steps = round((_STEPS_YOUNG if is_young else _STEPS_ANEW) * len(self.turns))
            self.relearning.begin(steps, _IMAGINED_ANEW if one_sided and not is_young else 0, is_young=is_young)
        step, between = divmod(ordinal, min(_SELDOM, 1 + ordinal // _OFTEN_FOR))
        if not between and step % 2:
            self.lessons.learn_turns(self.towers, chance, in_runs=not is_young)
        elif not between:
            self.lessons.learn_sentences(self.towers, chance, answers_move=is_young)
        self.relearning.advance(chance)
        for part in (self.contexts, self.turns, self.sentences) if not between else ():
            part.renew_next(min(_RENEWED, len(part) // _ROUND + 1))

    # -- letting go

    def leave(self, limit: int, ordinal: int) -> None:
        """Let turns leave once they are a tenth over the limit: the oldest of those heard only once first.

        ``ordinal`` is how many observations there were.
        """
        if len(self.turns) <= limit * 1.1:
            return
        here = [k for k in range(len(self.turns)) if k not in self.turns.gone]
        last = [self.turns.passages[k].origins[-1][0] for k in here]
        often = [len(self.turns.passages[k].origins) for k in here]
        worth = np.array([n / (ordinal - at) for n, at in zip(often, last, strict=True)])
        kept = sorted(here[k] for k in np.argsort(-worth, kind="stable")[:limit])
        turns = {old: new for new, old in enumerate(kept)}
        self.turns.keep(kept)
        self.contexts.keep(turns)
        self._leave_sentences(turns)
        self.relearning.renumbered()
        for memory in self.conversations.values():
            memory.turns = [h.moved(turns) for h in memory.turns if h.turn in turns]

    def _leave_sentences(self, turns: dict[int, int]) -> None:
        kept = []
        for number, passage in enumerate(self.sentences.passages):
            passage.origins = [(turns[turn], at) for turn, at in passage.origins if turn in turns]
            if passage.origins and number not in self.sentences.gone:
                kept.append(number)
        sentences = {old: new for new, old in enumerate(kept)}
        self.sentences.keep(kept)
        self.lessons.following = [
            (sentences[a], sentences[b]) for a, b in self.lessons.following if a in sentences and b in sentences
        ]

    def forget(self, ordinal: int) -> tuple[str, ...]:
        """Let nothing be drawn on any more that stems from an observation alone; return its words.

        They are empty when it has left the working set already. What the towers were learning anew is dropped: a mind
        built beside, without the observation, will take over.
        """
        self.contexts.forget(ordinal)
        self.relearning.stop()
        for memory in self.conversations.values():
            memory.turns = [h for h in memory.turns if h.ordinal != ordinal]
        for number, passage in enumerate(self.turns.passages):
            if (ordinal, 0) in passage.origins:
                self._forget(number, ordinal)
                return passage.words
        return ()

    def _forget(self, number: int, ordinal: int) -> None:
        passage = self.turns.passages[number]
        passage.origins.remove((ordinal, 0))
        self.ends.forget(passage.words)
        self.features.uncount(passage.bag)
        if passage.origins:
            return
        self.turns.drop(number)
        for sentence, own in enumerate(self.sentences.passages):
            if sentence not in self.sentences.gone and any(turn == number for turn, _ in own.origins):
                own.origins = [(turn, at) for turn, at in own.origins if turn != number]
                if not own.origins:
                    self.sentences.drop(sentence)
        self.lessons.following = [(a, b) for a, b in self.lessons.following if not {a, b} & self.sentences.gone.keys()]
