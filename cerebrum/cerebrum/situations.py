"""What was said when: pairs of a context and what came next, and the answer they let expect.

The expected answer is a kernel average (Nadaraya 1964, Watson 1964): the places of all answers heard, weighted by
how near their contexts are to this one. It knows at once what the towers need many steps to learn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from cerebrum.features import Bag, Floats
from cerebrum.places import Places, best
from cerebrum.ranking import CONTEXT, Example, Towers
from cerebrum.retrieval import Shelf
from cerebrum.state import State

_SHARPNESS = np.float32(10.0)
_KERNEL = 400


@dataclass(frozen=True, slots=True)
class Heard:
    """One turn as it was heard: the ordinal of its observation, its number on the shelf, its features.

    One's own reply to an observation has number -1, and its text in ``own``.
    """

    ordinal: int
    turn: int
    bag: Bag
    own: str = ""

    def moved(self, turns: Mapping[int, int]) -> Heard:
        """Return it with its turn numbered anew; one's own reply has no number."""
        return self if self.own else Heard(self.ordinal, turns[self.turn], self.bag)


@dataclass(frozen=True, slots=True)
class Pair:
    """A turn and up to two turns before it, each with its observation, so that all can be forgotten.

    ``imagined`` if one of them was not heard there but is thought to have been said.
    """

    said: Heard
    earlier: Heard | None
    answer: Heard
    imagined: bool = False

    @property
    def example(self) -> Example:
        """What the towers learn of it."""
        return Example(self.said.bag, self.earlier.bag if self.earlier else None, self.answer.bag, self.answer.turn)

    @property
    def all(self) -> tuple[Heard, ...]:
        """The turns in it."""
        return (self.said, self.answer) if self.earlier is None else (self.said, self.earlier, self.answer)


class Contexts:
    """Every pair heard, with the place of its context."""

    def __init__(self, towers: Towers) -> None:
        self.towers = towers
        self.pairs: list[Pair] = []
        self.places = Places(towers.width)
        self.answers = np.zeros(256, np.int64)
        self.renewed = 0

    def __len__(self) -> int:
        return len(self.pairs)

    def put(self, pair: Pair) -> None:
        """Add a pair."""
        number = len(self.pairs)
        self.pairs.append(pair)
        if number >= len(self.answers):
            self._make_room(number + max(256, number // 8))
        self.answers[number] = pair.answer.turn
        self._renew([number])

    def imagine_anew(self, imagined: Sequence[Pair]) -> None:
        """Put these pairs in place of all that were imagined before; their places are those of now."""
        heard = [k for k, pair in enumerate(self.pairs) if not pair.imagined]
        self.pairs, self.renewed = [*(self.pairs[k] for k in heard), *imagined], 0
        self.places.keep(heard)
        self._make_room(max(len(self.pairs), len(self.answers)))
        self.answers[: len(self.pairs)] = [pair.answer.turn for pair in self.pairs]
        self._renew(range(len(heard), len(self.pairs)))

    def embedded(self, towers: Towers, start: int, stop: int) -> tuple[Floats, Floats]:
        """Return the places of the contexts from ``start`` to ``stop`` by other towers, and no lengths."""
        places = towers.embed(CONTEXT, [pair.said.bag for pair in self.pairs[start:stop]])
        return places, np.zeros(0, np.float32)

    def take_over(self, places: Floats, _lengths: Floats) -> None:
        """Let the contexts have these places, as many as there are."""
        self.places.put(slice(len(places)), places)

    def _make_room(self, size: int) -> None:
        answers = self.answers
        self.answers = np.zeros(size, np.int64)
        self.answers[: len(answers)] = answers
        self.places.make_room(size)

    def replace_all(self, pairs: Sequence[Pair], places: State, renewed: int) -> None:
        """Hold these pairs at these places, whose renewal has come so far."""
        self.pairs, self.renewed = list(pairs), renewed
        self._make_room(max(len(pairs), len(self.answers)))
        self.places.restore(places)
        self.answers[: len(pairs)] = [pair.answer.turn for pair in pairs]

    def forget(self, ordinal: int) -> None:
        """Drop every pair with a turn of this observation in it."""
        kept = [k for k, pair in enumerate(self.pairs) if all(h.ordinal != ordinal for h in pair.all)]
        if len(kept) < len(self.pairs):
            self.pairs = [self.pairs[k] for k in kept]
            self.places.keep(kept)
            self.answers[: len(kept)] = self.answers[kept]

    def keep(self, turns: Mapping[int, int]) -> None:
        """Keep only the pairs all of whose turns are in ``turns``, which maps old numbers to new ones."""
        moved: dict[int, Heard | None] = {id(None): None}
        for heard in chain.from_iterable(pair.all for pair in self.pairs):
            if id(heard) not in moved and (heard.own or heard.turn in turns):
                moved[id(heard)] = heard.moved(turns)
        kept = [k for k, pair in enumerate(self.pairs) if all(id(heard) in moved for heard in pair.all)]
        self.places.keep(kept)
        self.pairs = [_of(self.pairs[k], moved) for k in kept]
        self.answers[: len(kept)] = [pair.answer.turn for pair in self.pairs]

    def expected(self, place: Floats, turns: Shelf) -> Floats:
        """Return the place, of length one, of what followed contexts near this one; zero when nothing was heard."""
        if not self.pairs:
            return np.zeros_like(place)
        near = self.places.nearness(len(self.pairs), place)
        return self.answered(best(near, _KERNEL), near, turns)

    def answered(self, top: Sequence[int] | NDArray[np.int64], near: Floats, turns: Shelf) -> Floats:
        """Return the place, of length one, of the answers of these pairs, the nearest first, weighted by nearness."""
        share = np.exp(_SHARPNESS * (near[top] - near[top[0]]))
        sums = np.einsum("i,ij->j", share, turns.places[self.answers[top]])
        whole: Floats = sums / (np.sqrt(np.einsum("i,i->", sums, sums)) + np.float32(1e-6))
        return whole

    def renew_next(self, count: int) -> None:
        """Bring the next ``count`` places up to date, in a round."""
        size = len(self.pairs)
        if size:
            self._renew(sorted({(self.renewed + k) % size for k in range(min(count, size))}))
            self.renewed = (self.renewed + count) % size

    def _renew(self, numbers: Sequence[int]) -> None:
        bags = [self.pairs[k].said.bag for k in numbers]
        self.places.put(numbers, self.towers.embed(CONTEXT, bags))


def _of(pair: Pair, moved: Mapping[int, Heard | None]) -> Pair:
    """Return the pair with other objects for its turns, by the identity of those."""
    said, earlier, answer = (moved[id(heard)] for heard in (pair.said, pair.earlier, pair.answer))
    assert said is not None
    assert answer is not None
    return Pair(said, earlier, answer, pair.imagined)
