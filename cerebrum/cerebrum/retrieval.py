"""What was heard, where it can be found again: by nearness to a context, and by the words in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from sys import intern
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cerebrum.features import Bag, Floats, once
from cerebrum.places import NOWHERE, Places
from cerebrum.ranking import REPLY, Towers, unit
from cerebrum.state import State
from cerebrum.tokenizer import fold, join

Flags = NDArray[np.bool_]


@dataclass(slots=True)
class Passage:
    """A whole turn, or one sentence of turns, heard once or often.

    ``origins`` are the places it came from: for a turn the ordinals of its observations, for a sentence
    (turn, first token). ``opened`` and ``followed`` say how often a sentence began a turn or came after another.
    """

    text: str
    tokens: tuple[str, ...]
    words: tuple[str, ...]
    bag: Bag
    origins: list[tuple[int, int]] = field(default_factory=list)
    opened: int = 0
    followed: int = 0


class Shelf:
    """Passages by text, by word and by place; a place goes stale as the towers learn, and is renewed in turn.

    ``lengths`` are those of the sums that the places were brought to length one from.
    """

    def __init__(self, towers: Towers) -> None:
        self.towers = towers
        self.passages: list[Passage] = []
        self.by_text: dict[str, int] = {}
        self.by_word: dict[str, list[int]] = {}
        self.places = Places(towers.width)
        self.lengths: Floats = np.zeros(256, np.float32)
        self.opens: Flags = np.zeros(256, np.bool_)
        self.follows: Flags = np.zeros(256, np.bool_)
        self.gone: dict[int, None] = {}
        self.renewed = 0

    def __len__(self) -> int:
        return len(self.passages)

    def put(self, text: str, tokens: Sequence[str], folded: Sequence[str], bag: Bag) -> int:
        """Keep a passage, or find it where it stands; return its number."""
        number = self.by_text.get(text)
        if number is not None:
            return number
        number = len(self.passages)
        self.passages.append(Passage(text, tuple(map(intern, tokens)), tuple(map(intern, folded)), bag))
        self._index(number)
        if number >= len(self.opens):
            self._make_room(number + max(256, number // 8))
        self.renew([number])
        return number

    def _make_room(self, size: int) -> None:
        self.places.make_room(size)
        lengths, opens, follows = self.lengths, self.opens, self.follows
        self.lengths = np.zeros(size, np.float32)
        self.opens, self.follows = np.zeros(size, np.bool_), np.zeros(size, np.bool_)
        self.lengths[: len(lengths)] = lengths
        self.opens[: len(opens)], self.follows[: len(follows)] = opens, follows

    def mark(self, number: int, *, opening: bool) -> None:
        """Note that a sentence opened a turn, or followed another sentence in one."""
        passage = self.passages[number]
        passage.opened += opening
        passage.followed += not opening
        self.opens[number], self.follows[number] = passage.opened > 0, passage.followed > 0

    def _index(self, number: int) -> None:
        passage = self.passages[number]
        self.by_text[passage.text] = number
        for word in dict.fromkeys(passage.words):
            self.by_word.setdefault(word, []).append(number)

    def drop(self, number: int) -> None:
        """Take a passage off the shelf: it is never found again."""
        passage = self.passages[number]
        self.gone[number] = None
        self.by_text.pop(passage.text, None)
        for word in dict.fromkeys(passage.words):
            self.by_word[word].remove(number)
            if not self.by_word[word]:
                del self.by_word[word]

    def renew(self, numbers: Iterable[int]) -> None:
        """Bring places up to date with the towers."""
        chosen = list(numbers)
        if chosen:
            places, lengths = unit(self.towers.sums(REPLY, [self.passages[k].bag for k in chosen]))
            self.places.put(chosen, places)
            self.lengths[chosen] = lengths[:, 0]

    def renew_next(self, count: int) -> None:
        """Bring the next ``count`` places up to date, in a round."""
        size = len(self.passages)
        if size:
            self.renew(sorted({(self.renewed + k) % size for k in range(min(count, size))}))
            self.renewed = (self.renewed + count) % size

    def embedded(self, towers: Towers, start: int, stop: int) -> tuple[Floats, Floats]:
        """Return places and lengths of the passages from ``start`` to ``stop`` by other towers."""
        places, lengths = unit(towers.sums(REPLY, [passage.bag for passage in self.passages[start:stop]]))
        return places, lengths[:, 0]

    def take_over(self, places: Floats, lengths: Floats) -> None:
        """Let the passages have these places and lengths, as many as there are."""
        self.places.put(slice(len(places)), places)
        self.lengths[: len(places)] = lengths

    def nearness(self, context: Floats) -> Floats:
        """Return how near each passage is to a context, shape (len(self),); those taken off are nowhere near.

        On a long shelf so are those that a rough scan puts far off.
        """
        near = self.places.nearness(len(self.passages), context)
        if self.gone:
            near[list(self.gone)] = NOWHERE
        return near

    def holding(self, word: str) -> list[int]:
        """Return the passages that hold a word, oldest first."""
        return self.by_word.get(word, [])

    def state(self) -> State:
        """Return everything that can influence later behaviour."""
        passages, at = self.passages, dict[str, int]()
        tokens = [at.setdefault(token, len(at)) for passage in passages for token in passage.tokens]
        return {
            "vocabulary": list(at),
            "tokens": np.array(tokens, np.int32),
            "token_ends": np.cumsum([len(p.tokens) for p in passages], dtype=np.int64),
            "rows": _end_to_end([p.bag.rows for p in passages], np.int32),
            "counts": _end_to_end([p.bag.counts for p in passages], np.float32),
            "row_ends": np.cumsum([len(p.bag.rows) for p in passages], dtype=np.int64),
            "origins": np.array([origin for p in passages for origin in p.origins], np.int64).reshape(-1, 2),
            "origin_ends": np.cumsum([len(p.origins) for p in passages], dtype=np.int64),
            "opened": np.array([p.opened for p in passages], np.int64),
            "followed": np.array([p.followed for p in passages], np.int64),
            "gone": list(self.gone),
            "renewed": self.renewed,
            "places": self.places.state(len(passages)),
            "lengths": self.lengths[: len(passages)],
        }

    def restore(self, state: State) -> None:
        """Become as the shelf that gave this state."""
        self.clear()
        self.gone, self.renewed = dict.fromkeys(state["gone"]), state["renewed"]
        vocabulary = [*map(intern, state["vocabulary"])]
        tokens = [vocabulary[k] for k in state["tokens"].tolist()]
        folded = [*map(intern, map(fold, tokens))]
        rows, counts = state["rows"], state["counts"]
        often = np.concatenate([[0], np.cumsum(counts != 1)]).tolist()
        origins = [*map(tuple, state["origins"].tolist())]
        ends = zip(*(state[f"{name}_ends"].tolist() for name in ("token", "row", "origin")), strict=True)
        marks = zip(state["opened"].tolist(), state["followed"].tolist(), strict=True)
        token, row, origin = 0, 0, 0
        for (token_end, row_end, origin_end), (opened, followed) in zip(ends, marks, strict=True):
            own = tuple(tokens[token:token_end])
            repeats = often[row_end] > often[row]
            bag = Bag(rows[row:row_end], counts[row:row_end] if repeats else once(row_end - row))
            heard = origins[origin:origin_end]
            said = tuple(filter(None, folded[token:token_end]))
            self.passages.append(Passage(join(own), own, said, bag, heard, opened, followed))
            token, row, origin = token_end, row_end, origin_end
        here = [(number, p) for number, p in enumerate(self.passages) if number not in self.gone]
        self.by_text = {passage.text: number for number, passage in here}
        by_word: defaultdict[str, list[int]] = defaultdict(list)
        for number, passage in here:
            for word in dict.fromkeys(passage.words):
                by_word[word].append(number)
        self.by_word = dict(by_word)
        size = len(self.passages)
        self._make_room(max(size, len(self.opens)))
        self.places.restore(state["places"])
        self.lengths[:size] = state["lengths"]
        self.opens[:size], self.follows[:size] = state["opened"] > 0, state["followed"] > 0

    def keep(self, numbers: Sequence[int]) -> None:
        """Keep only these passages, numbered anew in this order, which must be theirs."""
        chosen, places, held = list(numbers), self.places, self.by_word
        passages, lengths = [self.passages[k] for k in chosen], self.lengths[chosen]
        opens, follows = self.opens[chosen], self.follows[chosen]
        new = [-1] * len(self.passages)
        for number, old in enumerate(chosen):
            new[old] = number
        self.clear()
        self._make_room(max(256, len(passages)))
        places.keep(chosen)
        self.places.restore(places.state(len(passages)))
        self.passages, self.lengths[: len(passages)] = passages, lengths
        self.opens[: len(passages)], self.follows[: len(passages)] = opens, follows
        self.by_text = {passage.text: number for number, passage in enumerate(passages)}
        for word, holding in held.items():
            if left := [number for old in holding if (number := new[old]) >= 0]:
                self.by_word[word] = left

    def clear(self) -> None:
        """Empty the shelf."""
        self.__init__(self.towers)  # type: ignore[misc]


def _end_to_end(parts: Sequence[NDArray[Any]], kind: type) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, kind), *parts])
