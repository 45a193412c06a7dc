"""What the towers learn from: turns that answered turns, and sentences that followed sentences."""

from __future__ import annotations

import numpy as np

from cerebrum.ranking import BEFORE, CONTEXT, Example, Towers
from cerebrum.retrieval import Shelf
from cerebrum.situations import Contexts

_BATCH = 64
_RUN = 4
_RUNS = 0.35
_FEW = 3


class Lessons:
    """Pairs drawn by chance from all that is in the working set. ``following`` holds numbers of sentences."""

    def __init__(self, contexts: Contexts, sentences: Shelf) -> None:
        self.contexts, self.sentences = contexts, sentences
        self.following: list[tuple[int, int]] = []

    def learn_turns(self, towers: Towers, chance: np.random.Generator, *, in_runs: bool) -> None:
        """Take one step towards what answered what.

        With ``in_runs`` a third of the steps, by chance, are on pairs heard one after another: an answer then competes
        with those given soon after it about the same things, not only with answers about others.
        """
        pairs = self.contexts.pairs
        if len(pairs) > _FEW:
            run = _RUN if in_runs and chance.random() < _RUNS else 1
            first = chance.integers(0, len(pairs), _BATCH // run)
            drawn = (first[:, None] + np.arange(run)).ravel() % len(pairs)
            towers.learn(CONTEXT, [pairs[k].example for k in drawn], chance)

    def learn_sentences(self, towers: Towers, chance: np.random.Generator, *, answers_move: bool) -> None:
        """Take one step towards what followed what within a turn."""
        if len(self.following) > _FEW:
            couples = [self.following[k] for k in chance.integers(0, len(self.following), _BATCH // 2)]
            passages = self.sentences.passages
            examples = [Example(passages[a].bag, None, passages[b].bag, b) for a, b in couples]
            towers.learn(BEFORE, examples, chance, answers_move=answers_move)
