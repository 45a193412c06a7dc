"""Learning the towers anew from all pairs at once, a little with each observation, beside those that answer meanwhile.

A round: rows are made of the features' names and of the company they keep, steps taken, everything placed by the fresh
towers; then these and the places take over together. Where only one side is heard, what the other said is imagined anew
after each round but the last, from the towers just learned. Each observation does one slice, so none waits long, and a
mind saved in between goes on where it was: how far it has come is part of its state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from cerebrum.bridging import bridge_some, replies_in
from cerebrum.company import Company
from cerebrum.features import Floats
from cerebrum.lessons import Lessons
from cerebrum.ranking import CONTEXT, Towers
from cerebrum.retrieval import Shelf
from cerebrum.situations import Contexts, Pair
from cerebrum.state import State

_ROWS_AT_ONCE = 2000
_SENTENCES_AT_ONCE = 500
_STEPS_AT_ONCE = 8
_PLACES_AT_ONCE = 1500
_PAIRS_AT_ONCE = 384


class Relearning:
    """The towers to come, and how far they have come: ``phase`` is empty when there is nothing to do."""

    def __init__(self, towers: Towers, contexts: Contexts, turns: Shelf, sentences: Shelf, lessons: Lessons) -> None:
        self.towers, self.contexts, self.turns, self.sentences = towers, contexts, turns, sentences
        self.lessons = lessons
        self.stop()

    def stop(self) -> None:
        """Drop what was begun."""
        self.phase = ""
        self.steps = self.left = self.rounds = self.seen = 0
        self.is_young = False
        self.fresh: Towers | None = None
        self.company: Company | None = None
        self.met = 0
        self.imagined: list[Pair] = []
        self._begin_places()

    def begin(self, steps: int, imagined: int, *, is_young: bool) -> None:
        """Begin anew: ``steps`` steps a round, and what was not heard imagined anew ``imagined`` times.

        A young mind learns what a good reply is from sentences too, and compares answers with all others alike.
        """
        self.stop()
        self.steps, self.rounds, self.is_young = steps, imagined, is_young
        self._begin_round()

    def renumbered(self) -> None:
        """Find anew what was found of turns, sentences or pairs: they have other numbers now."""
        self._begin_places()
        self.seen = 0
        self.imagined = []
        if self.phase == "company":
            self._begin_company()

    def advance(self, chance: np.random.Generator) -> None:
        """Do one slice."""
        phases: dict[str, Callable[[np.random.Generator], None]] = {
            "rows": self._grow,
            "company": self._meet,
            "steps": self._learn,
            "places": self._place,
            "imagining": self._imagine,
        }
        if self.phase:
            phases[self.phase](chance)

    def _begin_round(self) -> None:
        self.phase, self.left = "rows", self.steps
        self.fresh = Towers(self.towers.features, self.towers.width)

    def _begin_places(self) -> None:
        self.places: list[list[Floats]] = [[], [], []]
        self.lengths: list[list[Floats]] = [[], [], []]
        self.said: list[Floats] = []

    def _fresh(self, rows: int | None = None) -> Towers:
        """Return the towers to come, with the next ``rows`` features' rows, or those of all features."""
        assert self.fresh is not None
        self.fresh.grow(self.fresh.features.since(self.fresh.known)[:rows])
        return self.fresh

    def _grow(self, _chance: np.random.Generator) -> None:
        if self._fresh(_ROWS_AT_ONCE).known == len(self.towers.features):
            self._begin_company()

    def _begin_company(self) -> None:
        self.phase, self.met = "company", 0
        fresh = self._fresh(0)
        self.company = Company(fresh.features, np.zeros((fresh.known, fresh.width), np.float32))

    def _meet(self, _chance: np.random.Generator) -> None:
        assert self.company is not None
        fresh, met = self._fresh(), self.sentences.passages[self.met : self.met + _SENTENCES_AT_ONCE]
        self.company.meet(fresh, [passage.bag for passage in met])
        self.met += len(met)
        if self.met == len(self.sentences):
            self.company.mix_into(fresh)
            self.company, self.phase = None, "steps"

    def _learn(self, chance: np.random.Generator) -> None:
        fresh = self._fresh()
        for _ in range(min(_STEPS_AT_ONCE, self.left)):
            self.lessons.learn_turns(fresh, chance, in_runs=not self.is_young)
            self.lessons.learn_sentences(fresh, chance, answers_move=self.is_young)
        self.left -= min(_STEPS_AT_ONCE, self.left)
        if not self.left:
            self.phase = "places"

    def _place(self, _chance: np.random.Generator) -> None:
        fresh, left = self._fresh(), _PLACES_AT_ONCE
        parts: tuple[Contexts | Shelf, ...] = (self.contexts, self.turns, self.sentences)
        for part, places, lengths in zip(parts, self.places, self.lengths, strict=True):
            start = sum(map(len, places))
            stop = min(len(part), start + left)
            left -= stop - start
            if stop > start:
                found = part.embedded(fresh, start, stop)
                places.append(found[0])
                lengths.append(found[1])
        if left:
            self._take_over(fresh)

    def _take_over(self, fresh: Towers) -> None:
        self.towers.become(fresh)
        parts: tuple[Contexts | Shelf, ...] = (self.contexts, self.turns, self.sentences)
        for part, places, lengths in zip(parts, self.places, self.lengths, strict=True):
            if sum(map(len, places)):
                part.take_over(np.concatenate(places), np.concatenate(lengths))
        rounds, steps, is_young = self.rounds, self.steps, self.is_young
        self.stop()
        if rounds:
            self.phase, self.rounds, self.steps, self.is_young = "imagining", rounds - 1, steps, is_young

    def _imagine(self, _chance: np.random.Generator) -> None:
        """Place the turns heard as contexts, then imagine what was said between the turns of the next pairs."""
        start = sum(map(len, self.said))
        if start < len(self.turns):
            bags = [passage.bag for passage in self.turns.passages[start : start + _PLACES_AT_ONCE]]
            self.said.append(self.towers.embed(CONTEXT, bags))
        if start + _PLACES_AT_ONCE < len(self.turns):
            return
        self.said = [np.concatenate(self.said)]
        pairs = self.contexts.pairs
        upto = min(len(pairs), self.seen + _PAIRS_AT_ONCE)
        self.imagined += bridge_some(self.towers, self.turns, self.said[0], pairs[self.seen : upto], replies_in(pairs))
        self.seen = upto
        if upto == len(pairs):
            self.contexts.imagine_anew(self.imagined)
            self.begin(self.steps, self.rounds, is_young=self.is_young)

    def state(self) -> State:
        """Return how far it has come; the pairs imagined so far are told by whoever numbers turns heard."""
        fresh = self.fresh.state() if self.fresh is not None else {}
        return {
            "phase": self.phase,
            "numbers": [self.steps, self.left, self.rounds, self.seen, self.met],
            "is_young": self.is_young,
            "company": np.zeros((0, 0), np.float32) if self.company is None else self.company.sums,
            "fresh": fresh,
            **{f"places{k}": _whole(found, (0, self.towers.width)) for k, found in enumerate(self.places)},
            **{f"lengths{k}": _whole(found, (0,)) for k, found in enumerate(self.lengths)},
            "said": _whole(self.said, (0, self.towers.width)),
        }

    def restore(self, state: State) -> None:
        """Become as the relearning that gave this state, but for the pairs imagined."""
        self.stop()
        self.phase, self.is_young = state["phase"], state["is_young"]
        self.steps, self.left, self.rounds, self.seen, self.met = state["numbers"]
        if self.phase == "company":
            self.company = Company(self.towers.features, np.array(state["company"], np.float32))
        if state["fresh"]:
            self.fresh = Towers(self.towers.features, self.towers.width)
            self.fresh.restore(state["fresh"])
        self.places = [[state[f"places{k}"]] for k in range(3)]
        self.lengths = [[state[f"lengths{k}"]] for k in range(3)]
        self.said = [state["said"]]


def _whole(found: Sequence[Floats], empty: tuple[int, ...]) -> NDArray[np.float32]:
    return np.concatenate([np.zeros(empty, np.float32), *found])
