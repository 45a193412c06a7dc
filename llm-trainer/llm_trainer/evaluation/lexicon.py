"""How far the learner has made each word its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from llm_trainer.evaluation.words import Kind

LINES_BEFORE = 3


@dataclass(frozen=True)
class Counts:
    """Words by state: heard in a line; said in imitation only; said of its own accord once; ``productive``: twice, in
    answer to different lines, at least once when it stood in none of the last three."""

    heard: int = 0
    echoed: int = 0
    produced: int = 0
    productive: int = 0


@dataclass
class _Word:
    is_heard: bool = False
    is_echoed: bool = False
    is_free: bool = False
    lines: set[str] = field(default_factory=set)

    @property
    def is_productive(self) -> bool:
        return len(self.lines) >= 2 and self.is_free


class Lexicon:
    """Takes in exchanges in their order."""

    def __init__(self) -> None:
        self._words: dict[str, _Word] = {}
        self._lines: deque[frozenset[str]] = deque(maxlen=LINES_BEFORE)
        self._counts = {"heard": 0, "echoed": 0, "produced": 0, "productive": 0}

    def add(self, line: Sequence[str], reply: Sequence[str], kind: Kind) -> Counts:
        """One exchange; the counts after it."""
        self._lines.append(frozenset(line))
        for word in set(line):
            entry = self._words.setdefault(word, _Word())
            self._counts["heard"] += not entry.is_heard
            entry.is_heard = True
        for word in set(reply):
            self._say(self._words.setdefault(word, _Word()), word, " ".join(line), kind)
        return Counts(**self._counts)

    def _say(self, entry: _Word, word: str, line: str, kind: Kind) -> None:
        if kind != "spontaneous":
            self._counts["echoed"] += not entry.is_echoed and not entry.lines
            entry.is_echoed = True
            return
        was_produced, was_productive = bool(entry.lines), entry.is_productive
        if len(entry.lines) < 2:
            entry.lines.add(line)
        entry.is_free = entry.is_free or not any(word in said for said in self._lines)
        self._counts["produced"] += not was_produced
        self._counts["echoed"] -= entry.is_echoed and not was_produced
        self._counts["productive"] += entry.is_productive and not was_productive
