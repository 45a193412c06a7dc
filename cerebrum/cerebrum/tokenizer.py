"""Text to tokens and back, and where sentences end, which is learned rather than given.

Laws: ``"".join(encode(text)) == text`` for every text; nothing here knows a language.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from functools import lru_cache

from cerebrum.state import State

_TOKEN = re.compile(r"\s*(?:\w+(?:['’]\w+)*|[^\w\s])|\s+\Z")

_FEW = 3
_LEAST_TURNS = 10
_MOST_TURNS = 2000
_SHARE_OF_TURNS = 0.01
_SHARE_OF_OCCURRENCES = 0.25
_ASKED = 1 << 16


def encode(text: str) -> list[str]:
    """Split text into tokens that carry the blanks before them, so that joining them gives the text back.

    >>> encode("Hi, you two.")
    ['Hi', ',', ' you', ' two', '.']
    """
    return _TOKEN.findall(text)


@lru_cache(maxsize=1 << 16)
def fold(token: str) -> str:
    """Return the token as it is compared: without blanks, in lower case."""
    return token.strip().lower()


def words(text: str) -> list[str]:
    """Return the folded tokens of a text, none of them empty."""
    return [word for token in encode(text) if (word := fold(token))]


def join(tokens: Iterable[str]) -> str:
    """Join tokens into an utterance, without blanks around it."""
    return "".join(tokens).strip()


class SentenceEnds:
    """The tokens that end sentences, told by how often they end turns.

    A token joins for good once it ended at least three turns, one in a hundred of all, and more than a quarter of
    its own occurrences. After two thousand turns none joins any more: cutting all turns anew would take too long.
    """

    def __init__(self) -> None:
        self.turns = 0
        self.words = 0
        self.final: Counter[str] = Counter()
        self.total: Counter[str] = Counter()
        self.ends: dict[str, None] = {}
        self._closes = _Closes(self.ends)

    def learn(self, folded: Sequence[str]) -> bool:
        """Count one turn; return whether a new sentence end was found by it."""
        if not folded:
            return False
        self.turns += 1
        self.words += len(folded)
        self.total.update(folded)
        last = folded[-1]
        self.final[last] += 1
        if last in self.ends or not _LEAST_TURNS < self.turns <= _MOST_TURNS:
            return False
        often = self.final[last] >= max(_FEW, _SHARE_OF_TURNS * self.turns)
        if often and self.final[last] > _SHARE_OF_OCCURRENCES * self.total[last]:
            self.ends[last] = None
            self._closes.clear()
            return True
        return False

    def forget(self, folded: Sequence[str]) -> None:
        """Take one turn back out of the counts (an end once found stays)."""
        if not folded:
            return
        self.turns -= 1
        self.words -= len(folded)
        self.total.subtract(folded)
        self.final[folded[-1]] -= 1

    @property
    def words_a_turn(self) -> float:
        """How many words a turn has on average; 1 when nothing was heard."""
        return self.words / self.turns if self.turns > 0 and self.words > 0 else 1.0

    def state(self) -> State:
        """Return everything that can influence later behaviour."""
        return {"turns": self.turns, "final": dict(self.final), "total": dict(self.total), "ends": list(self.ends)}

    def restore(self, state: State) -> None:
        """Become as the sentence ends that gave this state."""
        self.turns, self.final, self.total = state["turns"], Counter(state["final"]), Counter(state["total"])
        self.words = sum(self.total.values())
        self.ends = dict.fromkeys(state["ends"])
        self._closes = _Closes(self.ends)

    def spans(self, tokens: Sequence[str]) -> list[tuple[int, int]]:
        """Return where the sentences of a turn lie, as (start, end) over its tokens.

        Several ends in a row close one sentence, and an end with no blank after it closes none ("3.5").
        """
        found: list[tuple[int, int]] = []
        start, size, closes = 0, len(tokens), self._closes
        for at in [at for at, token in enumerate(tokens) if closes[token]]:
            if at + 1 < size and (not tokens[at + 1][0].isspace() or closes[tokens[at + 1]]):
                continue
            found.append((start, at + 1))
            start = at + 1
        if start < size:
            found.append((start, size))
        return found


class _Closes(dict[str, bool]):
    """Whether a token is a sentence end; what was asked once is known."""

    def __init__(self, ends: Container[str]) -> None:
        super().__init__()
        self.ends = ends

    def __missing__(self, token: str) -> bool:
        if len(self) > _ASKED:
            self.clear()
        closes = self[token] = fold(token) in self.ends
        return closes
